"""One rule as its bot sees it: the compiled rule, its bars, what it owns and remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bots.bars import BarSeries
from market.data import AccountView, MarketData, OwnedPosition, Quote, RuleMemory, SessionView
from market.words import Action, Freshness
from rules.domain import Decision, Rule, evaluate
from rules.models import RuleState, TradeRule

MARKET_SECOND = timedelta(seconds=1)  # the market's times have whole seconds


@dataclass
class Watch:
    row: TradeRule
    rule: Rule
    bars: BarSeries
    state: RuleState
    wanted: Action = Action.NONE  # by the latest look; a signal is an edge of it
    acted_on: str = ""  # the latest decision's key that was tried
    stored_at: datetime | None = None

    def look(self, *, now: datetime, quote: Quote | None, account: AccountView, session: SessionView) -> Decision:
        """Evaluate the rule on what is known now."""
        return evaluate(
            self.rule,
            MarketData(
                now=now,
                symbol=self.row.symbol,
                quote=quote,
                bars=self.bars.view(),
                position=owned(self.state),
                account=account,
                session=session,
                memory=memory(self.state),
            ),
        )

    def takes(self, decision: Decision) -> bool:
        """Remember what the rule wants now; True when it did not want that before."""
        before, self.wanted = self.wanted, decision.action
        return decision.action is not Action.NONE and decision.action is not before

    def first_time(self, key: str) -> bool:
        """True once per decision; the database refuses a repetition after a restart."""
        before, self.acted_on = self.acted_on, key
        return key != before

    @property
    def remembered(self) -> dict[str, str | int]:
        """What must outlive the process, JSON-safe."""
        return {"version": self.row.version, "wanted": self.wanted.value, "acted_on": self.acted_on}

    def recall(self, remembered: Mapping[str, Any]) -> None:
        """Take up what was remembered of this version of the rule."""
        if remembered.get("version") == self.row.version:
            self.wanted = Action(remembered["wanted"])
            self.acted_on = remembered["acted_on"]

    def due_to_store(self, decision: Decision, now: datetime) -> bool:
        """The latest evaluation is one row, refreshed at most once a second; a bar judged before says nothing new."""
        if not decision.looked and decision.bar_at is not None and decision.bar_at == self.state.last_bar_at:
            return False
        return self.stored_at is None or now - self.stored_at >= timedelta(seconds=1)


def owned(state: RuleState) -> OwnedPosition:
    return OwnedPosition(state.qty, state.avg_price, state.opened_at, state.high_since_entry)


def memory(state: RuleState) -> RuleMemory:
    return RuleMemory(state.last_entry_at, state.last_exit_at, state.last_bar_at)


def aged(quote: Quote, now: datetime, max_age: timedelta) -> Quote:
    """The quote, called stale when the market's time or ours says that it is old."""
    if now - quote.received_at > max_age or now - quote.at > max_age + MARKET_SECOND:
        return replace(quote, freshness=Freshness.STALE)
    return quote


def load(account_id: Any, known: Mapping[Any, Watch]) -> dict[Any, Watch]:
    """The enabled rules of an account, recompiled where their text changed, with fresh states."""
    watches: dict[Any, Watch] = {}
    for row in TradeRule.objects.filter(account_id=account_id, enabled=True).select_related("state"):
        old = known.get(row.pk)
        state, _ = (row.state, False) if hasattr(row, "state") else RuleState.objects.get_or_create(rule=row)
        if old is not None and old.row.version == row.version:
            old.row, old.state = row, state
            watches[row.pk] = old
        else:
            timeframe_same = old is not None and old.bars.timeframe == row.timeframe
            bars = old.bars if timeframe_same else BarSeries(row.compiled().timeframe)
            watches[row.pk] = Watch(row, row.compiled(), bars, state)
    return watches
