"""One rule as its bot sees it: the compiled rule, its bars, what it owns and remembers."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from bots.bars import BarSeries
from bots.series import SeriesBook, needs_of
from instruments.selectors import exchanges_of
from market.data import AccountView, MarketData, Quote, SeriesKey, SessionView
from market.errors import Text
from market.words import Action, Exchange, Freshness
from rules.domain import Decision, Rule, evaluate
from rules.language import ConditionError
from rules.models import RuleState, TradeRule
from rules.services import stop_rule

log = logging.getLogger("bots")

BROKE_INSIDE = Text(
    "규칙을 판단하다가 내부 오류가 났습니다. 운영 기록에 자세한 내용이 있습니다.",
    "An internal error occurred while the rule was judged. The operator's log has the details.",
)
MARKET_SECOND = timedelta(seconds=1)  # the market's times have whole seconds


@dataclass
class Watch:
    row: TradeRule
    rule: Rule
    book: SeriesBook
    state: RuleState
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)  # of the other symbols that it looks at
    wanted: Action = Action.NONE  # by the latest look; a signal is an edge of it
    acted_on: str = ""  # the latest decision's key that was tried
    stored_at: datetime | None = None

    @property
    def bars(self) -> BarSeries:
        """The series that the rule is about."""
        return self.book[self.key]

    @property
    def has_all_bars(self) -> bool:
        """Whether no series that the rule looks at has a hole."""
        return all(self.book[key].complete for key in (self.key, *self.others))

    @cached_property
    def key(self) -> SeriesKey:
        return SeriesKey(self.rule.symbol, self.rule.timeframe)

    @cached_property
    def others(self) -> tuple[SeriesKey, ...]:
        """The other series that it looks at."""
        return tuple(key for key in needs_of(self.rule) if key != self.key)

    def market(self, *, now: datetime, quote: Quote | None, account: AccountView, session: SessionView) -> MarketData:
        """All that the rule may know now; what comes later does not reach it."""
        return MarketData(
            now=now,
            symbol=self.row.symbol,
            quote=quote,
            bars=self.bars.view(),
            position=self.state.owned(),
            account=account,
            session=session,
            memory=self.state.memory(),
            others=self.book.others(self.others, now) if self.others else {},
        )

    def look(self, *, now: datetime, quote: Quote | None, account: AccountView, session: SessionView) -> Decision:
        """Evaluate the rule on what is known now."""
        return evaluate(self.rule, self.market(now=now, quote=quote, account=account, session=session))

    def told(self, decision: Decision) -> dict[str, Any]:
        """The evaluation as it is stored; of a strategy also what its code printed."""
        printed = getattr(self.rule.program, "printed", ())
        return {**decision.as_dict(), "printed": list(printed)} if printed else decision.as_dict()

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


def aged(quote: Quote, now: datetime, max_age: timedelta) -> Quote:
    """The quote, called stale when the market's time or ours says that it is old."""
    if now - quote.received_at > max_age or now - quote.at > max_age + MARKET_SECOND:
        return replace(quote, freshness=Freshness.STALE)
    return quote


def load(account_id: Any, known: Mapping[Any, Watch], book: SeriesBook) -> dict[Any, Watch]:
    """The enabled rules of an account, recompiled where their text changed, with fresh states.

    A rule that cannot be compiled any more is switched off; the others go on. See `follow` for their bars in `book`.
    """
    watches: dict[Any, Watch] = {}
    for row in TradeRule.objects.filter(account_id=account_id, enabled=True).select_related("state"):
        old = known.get(row.pk)
        state, _ = (row.state, False) if hasattr(row, "state") else RuleState.objects.get_or_create(rule=row)
        if old is not None and old.row.version == row.version:
            old.row, old.state = row, state
            watches[row.pk] = old
        elif (watch := _compiled(row, state, book)) is not None:
            watches[row.pk] = watch
    return watches


def follow(book: SeriesBook, watches: Mapping[Any, Watch]) -> bool:
    """Let the book keep what these rules look at. True when history must be read. Belongs to the event loop."""
    exchanges = {symbol: exchange for watch in watches.values() for symbol, exchange in watch.exchanges.items()}
    return book.follow((watch.rule for watch in watches.values()), exchanges)


def _compiled(row: TradeRule, state: RuleState, book: SeriesBook) -> Watch | None:
    try:
        rule = row.compiled()
        others = {key.symbol for key in needs_of(rule)} - {rule.symbol}  # checks the conditions, too
    except Exception as broken:
        because = broken.text if isinstance(broken, ConditionError) else BROKE_INSIDE
        log.exception("rule %s cannot be compiled", row.pk)
        stop_rule(rule_id=row.pk, version=row.version, because=because, now=datetime.now(UTC))
        return None
    return Watch(row, rule, book, state, exchanges_of(others))


def switch_off(watch: Watch, because: Text, now: datetime) -> bool:
    """The rule broke: it is switched off with the reason in the journal; see rules.services.stop_rule."""
    rule_id: UUID = watch.row.pk
    return stop_rule(rule_id=rule_id, version=watch.row.version, because=because, now=now)
