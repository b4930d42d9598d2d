"""What a rule wants done, given what is known. No clock, no database, no network.

Three-valued: a condition is true, false or unknown (warming up, no bid, nothing held …). Unknown never acts.

What a rule sees:
- on `bar_close`: closed bars only, and each bar is judged once, when the series it needs are there; `price` is the
  quote's at that moment. Of other series it sees what was over when its own newest bar was.
- on `tick`: also the bar that is forming, with the quote's price as its close. Of other series, what is over now.

Stops are conditions like any other (`Rule.exit_node`): they are looked at when the rule looks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from market.data import Bar, Bars, MarketData
from market.errors import Text
from market.words import Action, EvaluateOn, Exchange, Freshness, Session, Side, Timeframe, TimeInForce
from rules.language import OWN, Compiled, Look, Node, Series, SeriesNeed, bind_params
from rules.language.look import Seen, closed_bars, span, with_forming
from rules.language.needs import look_back, merged
from rules.language.nodes import AnyOf, Boolean, Comparator, Comparison, Name
from rules.language.params import number_node
from rules.language.reasons import Reason, reason_for

# A bar of an earlier session must not be acted on. Inside a session the newest bar may be old: nothing traded since.
LATE_BAR = timedelta(seconds=60)
DAILY_GAP = timedelta(days=5)  # a long weekend lies between two daily bars
# A refused exit must be able to try again soon, however long the rule cools down between entries.
LONGEST_EXIT_SLOT = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Python strategy answers. `quantity` in shares, at least 1; `limit_price` in dollars; `reason` is its own
    words, shown as they are."""

    action: Action
    quantity: int | None = None
    limit_price: Decimal | None = None
    reason: str | None = None


class StrategyBroke(Exception):
    """A Python strategy failed, broke a limit, or answered what is no wish; the rule must be switched off."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class StrategyAway(Exception):
    """This machine could not run the Python strategy now. The rule stays on and is asked again."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Program(Protocol):
    """A Python strategy. The same market and rule give the same wish."""

    def decide(self, market: MarketData, rule: "Rule") -> Wish:
        """What it wants. `market` holds only bars that the rule may see. Raises StrategyBroke and StrategyAway."""
        ...

    def with_params(self, params: Mapping[str, Decimal | str]) -> "Program":
        """The same strategy with other values of its parameters."""
        ...


@dataclass(frozen=True)
class Rule:
    """One version of a rule. Amounts in US dollars; `max_position` in shares."""

    id: UUID
    version: int
    symbol: str
    exchange: Exchange
    timeframe: Timeframe
    evaluate_on: EvaluateOn
    entry: Node
    exit: Node
    buy_amount_usd: Decimal
    max_position: int
    time_in_force: TimeInForce = TimeInForce.DAY
    cooldown_sec: int = 60
    sessions: tuple[Session, ...] = (Session.REGULAR,)
    order_price: str = "touch"
    price_offset_bps: int = 10
    cancel_after_sec: int | None = None
    reprice_times: int = 0
    reprice_after_sec: int | None = None
    max_slippage_bps: int | None = None
    at_close: str = "leave"
    close_margin_sec: int = 60
    max_entries: int = 1
    params: Mapping[str, Decimal | str] = field(default_factory=dict, hash=False)
    stop_loss_pct: Decimal | None = None
    take_profit_pct: Decimal | None = None
    trailing_stop_pct: Decimal | None = None
    price_offset_ticks: int = 0
    mode: str = "dsl"
    program: Program | None = None

    @cached_property
    def entry_node(self) -> Node:
        """The entry condition with its parameters. Raises ConditionError."""
        return bind_params(self.entry, self.params)

    @cached_property
    def exit_node(self) -> Node:
        """The exit condition with its parameters, or any of the stops. Raises ConditionError."""
        exit = bind_params(self.exit, self.params)
        stops = tuple(self._stops())
        if not stops:
            return exit
        return AnyOf(stops if exit == Boolean(False) else (exit, *stops))

    def _stops(self) -> Iterator[Node]:
        """`position.return_pct <= -5` and the like; percentages of the entry, or of the high since."""
        stops = (
            ("position.return_pct", Comparator.LE, self.stop_loss_pct, -1),
            ("position.return_pct", Comparator.GE, self.take_profit_pct, 1),
            ("position.drawdown_pct", Comparator.LE, self.trailing_stop_pct, -1),
        )
        for name, op, percent, sign in stops:
            if percent is not None:
                yield Comparison(op, Name(name), number_node(percent.normalize() * sign))

    @cached_property
    def compiled_entry(self) -> Compiled:
        return Compiled(self.entry_node)

    @cached_property
    def compiled_exit(self) -> Compiled:
        return Compiled(self.exit_node)

    @cached_property
    def needs(self) -> Mapping[Series, SeriesNeed]:
        """The bars of each series that both conditions and the program must see."""
        conditions = (self.compiled_entry.checked.needs, self.compiled_exit.checked.needs)
        return merged(*conditions, getattr(self.program, "needs", {}))

    @property
    def look_back(self) -> int:
        """Bars of its own that matter to both conditions."""
        return look_back(self.needs)


@dataclass(frozen=True)
class Decision:
    """What the rule wants, and why. Reasons, score and sentences are made when asked for, from the values that
    decided.

    `looked`: the conditions were judged; otherwise `blocked` says what prevented it. `judged_bar`: the start of the
    bar that a bar-close rule has now judged and must remember. `key`: unique for ever for an entry or exit.
    `quantity`, `limit_price`, `said`: a Python strategy's own; `broke`: why it must be switched off;
    `away`: why it could not be asked now (nothing was judged, and the same bar is asked about again).
    """

    action: Action
    side: Side  # the side that was in question: exit when holding, else entry
    rule_id: UUID
    rule_version: int
    at: datetime
    blocked: Text | None = None
    key: str | None = None
    verdict: bool | None = None
    bar_at: datetime | None = None
    judged_bar: datetime | None = None
    quote_at: datetime | None = None
    price: Decimal | None = None
    quantity: int | None = None
    limit_price: Decimal | None = None
    said: str | None = None
    broke: Text | None = None
    away: Text | None = None
    looked: bool = False
    _compiled: Compiled | None = field(default=None, repr=False, compare=False)
    _look: Look | None = field(default=None, repr=False, compare=False)

    @property
    def quote_age(self) -> timedelta | None:
        return None if self.quote_at is None else self.at - self.quote_at

    @cached_property
    def reasons(self) -> Reason | None:
        if self._compiled is None or self._look is None:
            return None
        return reason_for(self._compiled, self._look)

    @property
    def score(self) -> float:
        """How near the condition in question is to true, 0 to 1 (rules.language.reasons); 0 when blocked."""
        if self.reasons is None:
            return float(self.action is not Action.NONE)
        return round(self.reasons.score, 5)

    def explain(self, language: str) -> str:
        """One sentence in "ko" or "en"."""
        consequence = _CONSEQUENCES[self.action is not Action.NONE, self.side]
        if self.reasons is not None:
            why = self.reasons.because(language)
        elif self.blocked:
            why = getattr(self.blocked, language)
        else:
            why = self.said or getattr(_PROGRAM_WANTS[self.action is not Action.NONE], language)
        return f"{why} {consequence.ko}" if language == "ko" else f"{why}, {consequence.en}"

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe, for the stored evaluation."""
        age, reasons = self.quote_age, self.reasons
        nearest = reasons.nearest if reasons else None
        return {
            "action": self.action.value,
            "side": self.side.value,
            "rule_id": str(self.rule_id),
            "rule_version": self.rule_version,
            "at": _iso(self.at),
            "verdict": self.verdict,
            "score": self.score,
            "key": self.key,
            "blocked": self.blocked.as_dict() if self.blocked else None,
            "explanation": {"ko": self.explain("ko"), "en": self.explain("en")},
            "inputs": {
                "price": None if self.price is None else format(self.price, "f"),
                "quote_at": _iso(self.quote_at),
                "quote_age_sec": None if age is None else age.total_seconds(),
                "bar_at": _iso(self.bar_at),
                "bar_age_sec": None if self.bar_at is None else (self.at - self.bar_at).total_seconds(),
                "others": self._others(),
            },
            "order": {
                "quantity": self.quantity,
                "limit_price": None if self.limit_price is None else format(self.limit_price, "f"),
            },
            "broke": self.broke.as_dict() if self.broke else None,
            "nearest": nearest.as_dict() if nearest else None,
            "reasons": reasons.as_dict() if reasons else None,
        }

    def _others(self) -> list[dict[str, str | None]]:
        """The newest bar that was seen of every other series; None when it could not be relied on."""
        if self._compiled is None or self._look is None:
            return []
        others = [series for series in self._compiled.checked.needs if series != OWN]
        seen = {series: self._look.seen(series) for series in others}
        return [
            {"symbol": s.symbol, "timeframe": s.timeframe, "bar_at": _iso(bars[-1].start if bars else None)}
            for s, bars in seen.items()
        ]


_CONSEQUENCES: Mapping[tuple[bool, Side], Text] = {
    (True, Side.BUY): Text("매수함", "so it buys"),
    (True, Side.SELL): Text("매도함", "so it sells"),
    (False, Side.BUY): Text("매수하지 않음", "so it does not buy"),
    (False, Side.SELL): Text("매도하지 않음", "so it does not sell"),
}

_PROGRAM_WANTS: Mapping[bool, Text] = {
    True: Text("전략 코드가 원하여", "The strategy's code wants it"),
    False: Text("전략 코드가 아무것도 원하지 않아", "The strategy's code wants nothing"),
}

_NOT_ACTING: Mapping[Session, Text] = {
    Session.DAYTIME: Text("규칙이 주간거래 시간을 쓰지 않아", "The rule does not act in the daytime session"),
    Session.PRE: Text("규칙이 프리마켓 시간을 쓰지 않아", "The rule does not act in the pre-market"),
    Session.REGULAR: Text("규칙이 정규장 시간을 쓰지 않아", "The rule does not act in the regular session"),
    Session.AFTER: Text("규칙이 애프터마켓 시간을 쓰지 않아", "The rule does not act in the after-market"),
}

_NOT_FRESH: Mapping[Freshness, Text] = {
    Freshness.EMPTY: Text("시세 답이 비어 있어", "The quote is empty"),
    Freshness.STALE: Text("시세가 오래되어", "The quote is stale"),
    Freshness.PARTIAL: Text("시세가 일부만 와서", "The quote is partial"),
    Freshness.THROTTLED: Text("호출 한도로 시세를 받지 못해", "The quote was refused by the rate limit"),
    Freshness.FAILED: Text("시세를 받지 못해", "The quote could not be read"),
}


def evaluate(rule: Rule, market: MarketData) -> Decision:
    """What the rule wants at this moment; the same inputs give the same decision, everywhere.

    Raises ValueError when the market data is of another symbol or timeframe: that is a mistake of the caller's.
    """
    _must_belong(rule, market)
    side = Side.SELL if market.position.qty else Side.BUY
    by_bar = rule.evaluate_on is EvaluateOn.BAR_CLOSE
    seen, blocked = _seen(market, by_bar)
    blocked = _session_problem(rule, market) or _quote_problem(market) or blocked
    if blocked:
        return _decision(rule, market, side, seen, blocked=blocked)
    look = Look(market, seen, current=by_bar or _reach_now(market, seen), by_bar=by_bar)
    found = judged = _judged(rule, market, look, side)
    if side is Side.SELL and rule.max_entries > 1 and found["verdict"] is False and _may_look_to_add(rule, market):
        judged = _judged(rule, market, look, Side.BUY)
        found = judged if judged["verdict"] else found
    side = found.pop("side", side)
    if by_bar and found["looked"] and not (found.get("broke") is None and _awaits_bars(rule, look, judged)):
        found["judged_bar"] = seen[-1].start
    return _decision(rule, market, side, seen, **found)


def may_add(rule: Rule, held: int, entries: int) -> bool:
    """Whether a rule that holds these shares, bought by so many entries, may enter again (safety.md 2.3).

    It then does so only when its exit is surely not true: with both true it exits, and an unknown exit adds no risk.
    """
    entries = max(entries, 1)  # shares that nobody counted an entry for, from before or given by a person, had one
    return 0 < held < rule.max_position and entries < rule.max_entries


def _may_look_to_add(rule: Rule, market: MarketData) -> bool:
    """A program has been asked about both sides at once."""
    return rule.program is None and may_add(rule, market.position.qty, market.position.entries)


def _judged(rule: Rule, market: MarketData, look: Look, side: Side) -> dict[str, Any]:
    """What the condition of this side says, and where it says nothing the rule's program."""
    compiled = rule.compiled_exit if side is Side.SELL else rule.compiled_entry
    verdict = compiled.verdict(look)
    if rule.program is not None and not verdict:
        adds = verdict is False and may_add(rule, market.position.qty, market.position.entries)
        return _asked(rule, rule.program, market, look, side, adds=adds)
    action = (Action.EXIT if side is Side.SELL else Action.ENTRY) if verdict else Action.NONE
    return {"looked": True, "action": action, "verdict": verdict, "_compiled": compiled, "_look": look, "side": side}


def _awaits_bars(rule: Rule, look: Look, found: Mapping[str, Any]) -> bool:
    """Nothing could be said because bars are missing that history may still bring: after a gap, or at a start.

    The bar is then not judged, and is looked at again while it is the newest.
    """
    if found["verdict"] or (found["verdict"] is False and rule.program is None):
        return False
    return any(not look.seen(series) for series in rule.needs)


def _session_problem(rule: Rule, market: MarketData) -> Text | None:
    """A bar that closes while the rule may not act is judged when it may: a day's at the open, not in the night."""
    session = market.session.session
    if session is None or session in rule.sessions:
        return None
    return _NOT_ACTING[session]


def _asked(
    rule: Rule, program: Program, market: MarketData, look: Look, side: Side, *, adds: bool = False
) -> dict[str, Any]:
    """What a Python strategy makes of the decision. It sells only what it has; while it holds it buys if it may add."""
    try:
        wish = program.decide(_as_seen(market, look), rule)
    except StrategyAway as away:
        return {"looked": False, "away": away.text, "blocked": away.text, "verdict": None}
    except StrategyBroke as broke:
        return {"looked": True, "verdict": None, "broke": broke.text, "blocked": broke.text}
    if adds and wish.action is Action.ENTRY:
        side = Side.BUY
    asked = Action.EXIT if side is Side.SELL else Action.ENTRY
    if wish.action is not asked:
        return {"looked": True, "said": wish.reason, "verdict": False}
    held = market.position.qty
    most = held if side is Side.SELL else rule.max_position - held
    return {
        "looked": True,
        "side": side,
        "action": asked,
        "verdict": True,
        "quantity": None if wish.quantity is None else min(wish.quantity, most),
        "limit_price": wish.limit_price,
        "said": wish.reason,
    }


def _as_seen(market: MarketData, look: Look) -> MarketData:
    """The market with only those bars in it that the rule may see."""
    others = {key: look.seen(Series(key.symbol, key.timeframe)) for key in market.others}
    bars = _bars_of(look.rows)
    return replace(
        market,
        bars=bars if look.current else replace(bars, complete=False),  # they end too long ago to speak of now
        others={key: _bars_of(seen) for key, seen in others.items() if seen is not None},
    )


def _bars_of(seen: Seen) -> Bars:
    whole, rows = seen.bars, seen.bars.rows[: seen.closed]
    if isinstance(seen.forming, Bar):
        rows = (*rows, seen.forming)
    if len(rows) == len(whole.rows) and rows[-1:] == whole.rows[-1:]:
        return whole
    return Bars(whole.timeframe, rows, whole.complete, whole.begins)


def quantity_for(rule: Rule, price: Decimal, held: int = 0) -> int:
    """Whole shares that the rule's amount buys at this price in dollars; with those held at most its maximum.

    May be 0.
    """
    if price <= 0:
        raise ValueError("a price is above zero")
    return min(int((rule.buy_amount_usd / price).to_integral_value(ROUND_FLOOR)), max(0, rule.max_position - held))


def decision_key(rule: Rule, side: Side, *, bar_at: datetime | None, now: datetime) -> str:
    """Rule, side and bar time; for tick rules the cool-down slot of `now` instead (safety.md 1.4)."""
    if rule.evaluate_on is EvaluateOn.BAR_CLOSE:
        return f"{rule.id}:{side}:{_iso(bar_at)}"
    length = max(rule.cooldown_sec, 1)
    if side is Side.SELL:
        length = min(length, LONGEST_EXIT_SLOT)
    return f"{rule.id}:{side}:{int(now.timestamp()) // length * length}"


def _must_belong(rule: Rule, market: MarketData) -> None:
    quote = market.quote
    if market.symbol != rule.symbol or (quote is not None and quote.symbol != rule.symbol):
        raise ValueError(f"rule {rule.id} is about {rule.symbol}, the market data is not")
    if market.bars.timeframe is not rule.timeframe:
        raise ValueError(f"rule {rule.id} reads {rule.timeframe} bars, not {market.bars.timeframe}")


def _quote_problem(market: MarketData) -> Text | None:
    quote = market.quote
    if quote is None:
        return Text("시세가 없어", "There is no quote")
    if quote.freshness is not Freshness.FRESH:
        return _NOT_FRESH[quote.freshness]
    if quote.last <= 0:
        return Text("시세가 0 이어서", "The quote has no price")
    return None


def _seen(market: MarketData, by_bar: bool) -> tuple[Seen, Text | None]:
    """The bars the rule may see, and why a bar-close rule must not judge the newest."""
    if not by_bar:
        return with_forming(market), None
    seen = closed_bars(market)
    return seen, _bar_problem(seen, market)


def _bar_problem(rows: Seen, market: MarketData) -> Text | None:
    if not rows.closed:
        return Text("닫힌 봉이 아직 없어", "No bar has closed yet")
    judged, newest = market.memory.last_bar_at, rows[-1].start
    if judged is not None and newest <= judged:
        return Text("이 봉은 이미 판단하여", "This bar has been judged already")
    ended = newest + span(market.bars.timeframe)
    allowed = DAILY_GAP if market.bars.timeframe is Timeframe.D1 else span(market.bars.timeframe) + LATE_BAR
    opens = market.session.opens_at
    if market.now - ended > allowed and not (opens is not None and ended > opens):
        return Text("마지막 봉이 이번 장의 것이 아니어서", "The last bar is not of this session")
    return None


def _reach_now(market: MarketData, rows: Seen) -> bool:
    """Whether a forming bar that only the quote knows follows the newest bar: next to it, or first of a session.

    A series that carries its own forming bar says by `complete` whether something is missing.
    """
    if rows.forming is None or len(rows) < 2 or rows[-1].open is not None:
        return True
    length, forming = span(market.bars.timeframe), rows[-1].start
    ended = rows[-2].start + length
    if market.bars.timeframe is Timeframe.D1:
        return forming - ended <= DAILY_GAP
    opens = market.session.opens_at
    return forming <= ended or (opens is not None and ended <= opens < forming + length)


def _decision(rule: Rule, market: MarketData, side: Side, seen: Seen, **found: Any) -> Decision:
    """The decision with what was found put in. A dataclass's own frozen __init__ costs more than a whole look."""
    bar_at = seen[-1].start if seen else None
    quote = market.quote
    values: dict[str, Any] = {
        **_NOTHING_FOUND,
        "action": Action.NONE,
        "side": side,
        "rule_id": rule.id,
        "rule_version": rule.version,
        "at": market.now,
        "bar_at": bar_at,
        "quote_at": quote.at if quote else None,
        "price": quote.last if quote else None,
        **found,
    }
    if values["action"] is not Action.NONE:
        values["key"] = decision_key(rule, side, bar_at=bar_at, now=market.now)
    decision = object.__new__(Decision)
    decision.__dict__.update(values)
    return decision


_NOTHING_FOUND: Mapping[str, Any] = {f.name: f.default for f in fields(Decision) if f.default is not MISSING}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
