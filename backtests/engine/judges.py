"""What a rule thinks of each bar: its conditions over arrays, or the Python strategy called as it is called live."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, overload

import numpy

from backtests.engine.candles import by_symbol
from backtests.engine.lane import Held, Judge, Lane
from backtests.engine.orders import exact
from backtests.engine.plan import Plan, PlanError
from market.columns import FIELDS, Columns, end_of, ends_of, visible
from market.data import AccountView, Bar, Bars, MarketData, OwnedPosition, Quote, RuleMemory, SeriesKey, SessionView
from market.errors import Text
from market.words import Action, Environment, Session, Side
from rules.domain import Decision, evaluate
from rules.language.leaves import SessionColumns
from rules.language.needs import Needs
from rules.language.nodes import OWN, Series
from rules.language.reasons import reason_for
from rules.language.replay import Replay

_HIGH = frozenset(("position.high_since_entry", "position.drawdown_pct"))
_BUYS, _SELLS = Text("매수함", "so it buys"), Text("매도함", "so it sells")


def judges_of(plan: Plan) -> tuple[Judge, ...]:
    """One for each rule. Raises PlanError when a series that a rule reads is not given."""
    return tuple(
        ConditionJudge(plan, number) if rule.program is None else ProgramJudge(plan, number)
        for number, rule in enumerate(plan.rules)
    )


class ConditionJudge:
    """A rule of conditions."""

    def __init__(self, plan: Plan, number: int) -> None:
        rule = plan.rules[number]
        self.rule = rule
        self.compiled = {Side.BUY: rule.compiled_entry, Side.SELL: rule.compiled_exit}
        series = series_of(plan, number, rule.needs)
        session = session_columns(plan, number)
        entry = Replay(self.compiled[Side.BUY], series, session=session)
        self.replays = {
            Side.BUY: entry,
            Side.SELL: Replay(self.compiled[Side.SELL], series, session=session, beside=entry),
        }
        names = {name for replay in self.replays.values() for name in replay.leaves.names}
        self.watches_high = bool(_HIGH & self.replays[Side.SELL].leaves.names)
        self.watches_account = any(name.startswith("account.") for name in names)
        self.entry: Callable[[int, Held], Any] = self.replays[Side.BUY].step
        self.exit: Callable[[int, Held], Any] = self.replays[Side.SELL].step

    def attach(self, lane: Lane) -> None:
        """A rule that looks at its account must be told which bar the account is looked at."""
        if self.watches_account:
            self.entry = lane.entry = _looking(lane, self.replays[Side.BUY].step)
            self.exit = lane.exit = _looking(lane, self.replays[Side.SELL].step)

    def because(self, side: Side, bar: int, position: Any) -> Text:
        """Why it acted at this bar."""
        reason = reason_for(self.compiled[side], self.replays[side].look(bar, position))  # type: ignore[arg-type]
        end = _BUYS if side is Side.BUY else _SELLS
        return Text(f"{reason.because('ko')} {end.ko}", f"{reason.because('en')}, {end.en}")


def _looking(lane: Lane, step: Callable[..., Any]) -> Callable[[int, Held], Any]:
    def look(i: int, position: Held) -> Any:
        lane.seen = i
        return step(i, position)

    return look


def series_of(plan: Plan, number: int, needs: Needs) -> dict[Series, Columns]:
    """The series that a rule reads, by the name it reads them by. Raises PlanError for one that is not given."""
    rule = plan.rules[number]
    found = {OWN: plan.series[number]}
    for series in needs:
        if series == OWN:
            continue
        symbol, timeframe = series.symbol or rule.symbol, series.timeframe or rule.timeframe
        columns = by_symbol(plan.candles, symbol, timeframe)
        if columns is None:
            raise PlanError(
                f"규칙이 읽는 {symbol}의 {timeframe} 봉이 없습니다. --candles {symbol}@{timeframe}=파일 로 주세요.",
                f"The rule reads {timeframe} bars of {symbol}, which are not given: --candles "
                f"{symbol}@{timeframe}=FILE.",
            )
        found[series] = columns
    return found


def session_columns(plan: Plan, number: int) -> SessionColumns | None:
    """Where in its trading day each bar ends; None when no table of sessions is given: it is then unknown."""
    table = plan.options.sessions
    if table is None:
        return None
    ends = ends_of(plan.series[number])
    spans = [table.at(int(end)) for end in ends]
    nan = float("nan")
    since = [nan if s is None else (e - s.start.timestamp()) / 60 for e, s in zip(ends.tolist(), spans, strict=True)]
    left = [nan if s is None else (s.end.timestamp() - e) / 60 for e, s in zip(ends.tolist(), spans, strict=True)]
    return SessionColumns(
        [None if s is None else s.session.value for s in spans], numpy.array(since), numpy.array(left)
    )


class Past:
    """A whole series as bars, each made once; `until` shows the first so many of them, as live code knows them."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._made: list[Bar] = []

    def until(self, n: int) -> Bars:
        rows: Any = PastRows(self, n)
        return Bars(self.columns.timeframe, rows, begins=self.columns.begins, _ready=self.columns.upto(n))

    def bars(self, n: int) -> list[Bar]:
        """All bars made so far: at least the first `n`."""
        made, columns = self._made, self.columns
        for k in range(len(made), n):
            start = datetime.fromtimestamp(columns.start.item(k), UTC)
            opened, high, low, close = (exact(getattr(columns, name).item(k)) for name in FIELDS[:4])
            made.append(Bar(start, opened, high, low, close, int(columns.volume[k])))
        return made


class PastRows(Sequence[Bar]):
    """The bars of a series up to a moment."""

    __slots__ = ("_n", "_past")

    def __init__(self, past: Past, n: int) -> None:
        self._past, self._n = past, n

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, at: int) -> Bar: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Bar, ...]: ...
    def __getitem__(self, at: int | slice) -> Bar | tuple[Bar, ...]:
        bars = self._past.bars(self._n)
        if isinstance(at, slice):
            return tuple(bars[slice(*at.indices(self._n))])
        k = at if at >= 0 else at + self._n
        if not 0 <= k < self._n:
            raise IndexError(at)
        return bars[k]


class ProgramJudge:
    """A Python strategy, called through the evaluator of live trading at every bar."""

    watches_high = True
    watches_account = True

    def __init__(self, plan: Plan, number: int) -> None:
        self.plan, self.rule = plan, plan.rules[number]
        self.columns = plan.series[number]
        self._own = Past(self.columns)
        self._pasts = {
            SeriesKey(name.partition("@")[0], columns.timeframe): Past(columns)
            for name, columns in plan.candles.items()
            if (name.partition("@")[0], columns.timeframe) != (self.rule.symbol, self.rule.timeframe)
        }
        self.lane: Lane | None = None
        self.broke: Text | None = None
        self.broke_at: int | None = None

    def attach(self, lane: Lane) -> None:
        self.lane, self.broke, self.broke_at = lane, None, None

    def entry(self, i: int, position: Held) -> Decision | None:
        return self._decision(i, position, Action.ENTRY)

    def exit(self, i: int, position: Held) -> Decision | None:
        return self._decision(i, position, Action.EXIT)

    def _decision(self, i: int, position: Held, wanted: Action) -> Decision | None:
        """Nothing once it has broken a limit: live it is switched off then."""
        if self.broke is not None:
            return None
        decision = evaluate(self.rule, self.market(i, position))
        if decision.away is not None:  # nothing is known of what it would have done
            raise PlanError(decision.away.ko, decision.away.en)
        if decision.broke is not None:
            self.broke, self.broke_at = decision.broke, i
        return decision if decision.action is wanted else None

    def market(self, i: int, position: Held) -> MarketData:
        """All that the rule may know when bar `i` has closed."""
        lane, rule, columns = self.lane, self.rule, self.columns
        assert lane is not None
        lane.seen = i
        now = datetime.fromtimestamp(end_of(columns.timeframe, int(columns.start[i])), UTC)
        close = exact(columns.close[i])
        return MarketData(
            now=now,
            symbol=rule.symbol,
            quote=Quote(rule.symbol, rule.exchange, close, now, now),
            bars=self._own.until(i + 1),
            position=owned(position),
            account=AccountView(
                Environment.REAL, position.buying_power_usd, position.equity_usd, cash_usd=position.cash_usd
            ),
            session=self._session(now),
            memory=RuleMemory(),
            others=self._others(i),
        )

    def _session(self, now: datetime) -> SessionView:
        table = self.plan.options.sessions
        return table.view(int(now.timestamp())) if table else SessionView(Session.REGULAR)

    def _others(self, i: int) -> Mapping[SeriesKey, Bars]:
        """Every other series that was given, as far as it was over then."""
        own, start = self.columns.timeframe, self.columns.start.item(i)
        return {key: past.until(visible(past.columns, own, start)) for key, past in self._pasts.items()}

    def because(self, side: Side, bar: int, position: Any) -> Text:
        return Text("전략이 이유를 말하지 않음", "The strategy gave no reason")


def owned(held: Held) -> OwnedPosition:
    """The position as live code knows it."""
    if not held.qty:
        return OwnedPosition()
    opened = None if held.opened_at is None else datetime.fromtimestamp(held.opened_at, UTC)
    return OwnedPosition(held.qty, held.avg_price, opened, _decimal(held.high_since_entry), held.entries)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else exact(value)
