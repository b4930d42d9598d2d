"""The three ways in which a condition is judged, over one random market, compared bar by bar and bit by bit.

live     bars.BarSeries fed with ticks, restarted at random from a history that reaches as far back as the rule needs,
         then MarketData and rules.domain.evaluate, as in a bot
step     rules.language.replay, one bar after the other
array    the same, all bars at once

One evaluation is the verdict of one rule at one bar on one way, compared with its verdict there on another.
"""

import random
import struct
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy

from bench.parity_conditions import LONGER, OTHER, Conditions
from bench.parity_series import random_columns
from bots.bars import BarSeries
from market.columns import Columns, end_of, visible
from market.data import AccountView, Bar, Bars, MarketData, OwnedPosition, Quote, SeriesKey
from market.words import Environment, EvaluateOn, Exchange, Timeframe
from rules.domain import Rule, evaluate
from rules.indicators.values import anchor_of
from rules.language import Compiled, to_text
from rules.language.arguments import reading_of
from rules.language.needs import SeriesNeed
from rules.language.nodes import OWN, Boolean, Call, Series
from rules.language.past import FLAT, PositionLike
from rules.language.replay import Replay

_ID = UUID(int=1)


@dataclass(frozen=True)
class Held:
    """A position as a backtest has it."""

    qty: int
    avg_price: float
    opened_at: float
    high_since_entry: float


@dataclass
class Found:
    """`kinds`: evaluations of each. `differences`: what was not the same, the first few of them."""

    kinds: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    different: int = 0

    def add(self, other: "Found") -> None:
        self.kinds += other.kinds
        self.different += other.different
        self.differences = (self.differences + other.differences)[:20]

    def compare(self, kind: str, of: str, at: int, one: Any, other: Any) -> None:
        self.kinds[kind] += 1
        if not same(one, other):
            self.report(f"{kind}: bar {at}: {one!r} and {other!r} of {of}")

    def report(self, text: str) -> None:
        self.different += 1
        if len(self.differences) < 20:
            self.differences.append(text)


def same(one: Any, other: Any) -> bool:
    """Floats bit by bit; everything else by value and kind."""
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack("d", one) == struct.pack("d", other)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


class Market:
    """One random market: a series of the rule's own and some beside it."""

    def __init__(self, rng: random.Random, bars: int) -> None:
        self.rng = rng
        self.timeframe = rng.choice((Timeframe.M1, Timeframe.M1, Timeframe.M5, Timeframe.H1, Timeframe.D1))
        self.own = random_columns(rng, self.timeframe, bars)
        other = random_columns(rng, self.timeframe, bars)
        self.columns: dict[Series, Columns] = {OWN: self.own, Series(OTHER, None): other}
        for longer in LONGER.get(self.timeframe, ()):
            self.columns[Series(None, longer)] = self.own.resampled(longer)
            self.columns[Series(OTHER, longer)] = other.resampled(longer)
        self.rows = {series: _bars(columns) for series, columns in self.columns.items()}
        self.position = self._position()

    def _position(self) -> PositionLike:
        if self.rng.random() < 0.7 or not len(self.own):
            return FLAT
        at = self.rng.randrange(len(self.own))
        paid = self.own.close.item(at)
        return Held(self.rng.randrange(1, 50), paid, float(self.own.start[0]), float(self.own.high[: at + 1].max()))

    def rule(self) -> tuple[Rule, Compiled]:
        """A rule, and the condition of it that is in question."""
        rng, held = self.rng, self.position is not FLAT
        node = Conditions(rng, self.columns, held=held).compiled().node
        rule = Rule(
            id=_ID,
            version=1,
            symbol="AAPL",
            exchange=Exchange.NASDAQ,
            timeframe=self.timeframe,
            evaluate_on=EvaluateOn.BAR_CLOSE,
            entry=Boolean(False) if held else node,
            exit=node if held else Boolean(False),
            buy_amount_usd=Decimal(1000),
            max_position=100,
            stop_loss_pct=Decimal("1.5") if held and rng.random() < 0.3 else None,
            trailing_stop_pct=Decimal("2") if held and rng.random() < 0.3 else None,
        )
        return rule, rule.compiled_exit if held else rule.compiled_entry

    def replay(self, compiled: Compiled, bars: int | None = None) -> Replay:
        """Over all of it, or over what was known once so many own bars were over."""
        if bars is None:
            return Replay(compiled, self.columns)
        start = int(self.own.start[bars - 1])
        cut = {s: c.upto(visible(c, self.timeframe, start)) for s, c in self.columns.items() if s != OWN}
        return Replay(compiled, cut | {OWN: self.own.upto(bars)})


class Bot:
    """The bars of one rule as a bot has them. `restart` forgets all and reads history again."""

    def __init__(self, market: Market, compiled: Compiled) -> None:
        self.market = market
        self.needs = compiled.checked.needs
        self.beside = _benchmarks(compiled)
        self.series: dict[Series, BarSeries] = {}
        self.fed: dict[Series, int] = {}

    def restart(self, i: int) -> None:
        """As of the end of own bar `i`, with no more history than a broker must give."""
        start = int(self.market.own.start[i])
        for series, columns in self.market.columns.items():
            if series != OWN and series not in self.needs:
                continue
            count = i + 1 if series == OWN else visible(columns, self.market.timeframe, start)
            first = self._first(series, count, start)
            rows = self.market.rows[series][first:count]
            bars = BarSeries(columns.timeframe, keep=self.market.rng.choice((600, 4000)))
            bars.keep_at_least(len(rows) + 1)
            moment = _moment(end_of(columns.timeframe, int(columns.start[count - 1]))) if rows else _moment(start)
            bars.fill(rows, moment, begins=columns.begins and not first)
            self.series[series], self.fed[series] = bars, count

    def _first(self, series: Series, count: int, start: int) -> int:
        """A random beginning of the history from which everything that the whole series tells is still told."""
        columns, need = self.market.columns[series], self.needs.get(series, SeriesNeed(bars=1))
        latest = count - max(need.bars, 1)
        if need.anchored is not None and count:
            anchor = anchor_of(columns, count - 1, need.anchored)
            latest = min(latest, 0 if anchor is None else anchor - 1)
        latest = min(latest, *(self._beside(columns, start, *each) for each in self.beside.get(series, ())), latest)
        if latest <= 0:
            return 0
        return self.market.rng.choice((latest, self.market.rng.randrange(latest + 1)))

    def _beside(self, columns: Columns, start: int, base: Series, bars: int) -> int:
        """Where a benchmark must begin: with the bars beside which it is read, however thinly those trade."""
        read = self.market.columns[base]
        count = visible(read, self.market.timeframe, start) if base != OWN else int(read.start.searchsorted(start)) + 1
        return int(columns.start.searchsorted(read.start[max(count - bars, 0)])) if len(read) else 0

    def move(self, i: int) -> None:
        """Take what traded until own bar `i` was over, as ticks."""
        start = int(self.market.own.start[i])
        for series, bars in self.series.items():
            columns = self.market.columns[series]
            count = i + 1 if series == OWN else visible(columns, self.market.timeframe, start)
            for k in range(self.fed[series], count):
                _trade(bars, self.market.rows[series][k])
            self.fed[series] = count

    def market_data(self, i: int, position: PositionLike) -> MarketData:
        """At the end of own bar `i`."""
        now = _moment(end_of(self.market.timeframe, int(self.market.own.start[i])))
        last = self.market.rows[OWN][i].close
        symbols = {None: "AAPL", OTHER: OTHER}
        others = {
            SeriesKey(symbols[series.symbol], series.timeframe or self.market.timeframe): bars.view_at(now)
            for series, bars in self.series.items()
            if series != OWN
        }
        return MarketData(
            now=now,
            symbol="AAPL",
            quote=Quote("AAPL", Exchange.NASDAQ, last, now, now),
            bars=_closed(self.series[OWN].view()),
            position=_owned(position),
            account=AccountView(Environment.PAPER),
            others=others,
        )


def _benchmarks(compiled: Compiled) -> dict[Series, list[tuple[Series, int]]]:
    """Of each series that is a benchmark, beside which it is read, and for how many bars of that."""
    found: dict[Series, list[tuple[Series, int]]] = {}
    for node, offset in compiled._slots:
        reading = reading_of(node) if isinstance(node, Call) else None
        if reading is not None and reading.benchmark is not None:
            found.setdefault(reading.benchmark, []).append((reading.series, reading.reach + offset))
    return found


def _closed(bars: Bars) -> Bars:
    """The newest bar is over too: in a bot the next trade says so, here the caller knows."""
    rows = bars.rows
    if not rows or rows[-1].closed:
        return bars
    last = rows[-1]
    over = Bar(last.start, last.open, last.high, last.low, last.close, last.volume)
    return Bars(bars.timeframe, (*rows[:-1], over), bars.complete, bars.begins, _ready=bars.columns)


def _trade(bars: BarSeries, bar: Bar) -> None:
    """Trades that make up the bar: at its first, highest, lowest and last price."""
    if bars._volume_before is None:
        bars._volume_before = 0
    traded = bars._volume_before
    for price, at, volume in (
        (bar.open, 0, 0),
        (bar.high, 1, bar.volume),
        (bar.low, 2, bar.volume),
        (bar.close, 3, bar.volume),
    ):
        moment = bar.start + timedelta(seconds=at)
        bars.add(Quote("", Exchange.NASDAQ, price, moment, moment, volume=traded + volume))


def _owned(position: PositionLike) -> OwnedPosition:
    if not isinstance(position, Held):
        return OwnedPosition()
    paid, high = Decimal(repr(position.avg_price)), Decimal(repr(position.high_since_entry))
    return OwnedPosition(position.qty, paid, _moment(position.opened_at), high)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _bars(columns: Columns) -> tuple[Bar, ...]:
    numbers = zip(
        *(getattr(columns, n).tolist() for n in ("start", "open", "high", "low", "close", "volume")), strict=True
    )
    return tuple(
        Bar(_moment(start), *(Decimal(repr(price)) for price in prices), int(volume))
        for start, *prices, volume in numbers
    )


def compare(seed: int, *, bars: int = 1200, live: int = 40, cuts: int = 2, rules: int = 4) -> Found:
    """Some rules on one market. `live`: bars judged live for each rule; `cuts`: times the series is cut for each."""
    rng = random.Random(seed)  # noqa: S311 - the same markets for the same seed
    market, found = Market(rng, bars), Found()
    if len(market.own) < 10:
        return found
    for _ in range(rules):
        rule, compiled = market.rule()
        _compare_rule(market, rule, compiled, found, live, cuts, seed)
    return found


def _compare_rule(
    market: Market, rule: Rule, compiled: Compiled, found: Found, live: int, cuts: int, seed: int
) -> None:
    name = f"seed {seed} {market.timeframe}: {to_text(compiled.node)}"
    replay, n = market.replay(compiled), len(market.own)
    stepped = _int8([replay.step(i, market.position) for i in range(n)])
    whole = replay.array()
    if whole is not None:
        _equal(found, "array = step", name, whole, stepped)
    if (stepped[: replay.first] >= 0).any():
        found.report(f"first {replay.first} is too late for {name}")
    for _ in range(cuts):
        _cut(market, compiled, found, name, stepped, market.rng.randrange(1, n + 1))
    _live(market, rule, compiled, replay, found, name, stepped, live)


def _cut(market: Market, compiled: Compiled, found: Found, name: str, stepped: numpy.ndarray, at: int) -> None:
    """What was known at the time is judged as in the whole: nothing later was read."""
    replay = market.replay(compiled, at)
    verdicts = replay.array()
    if verdicts is None:
        verdicts = _int8([replay.step(i, market.position) for i in range(at)])
    _equal(found, "cut = whole", name, verdicts, stepped[:at])


def _live(
    market: Market,
    rule: Rule,
    compiled: Compiled,
    replay: Replay,
    found: Found,
    name: str,
    stepped: numpy.ndarray,
    bars: int,
) -> None:
    rng, n = market.rng, len(market.own)
    first = rng.choice((0, max(n - bars, 0), rng.randrange(max(n - bars, 1))))
    bot = Bot(market, compiled)
    for i in range(first, min(first + bars, n)):
        if i == first or rng.random() < 0.05:
            bot.restart(i)
        bot.move(i)
        decision = evaluate(rule, bot.market_data(i, market.position))
        if decision.blocked:
            found.report(f"bar {i}: blocked, {decision.blocked.en}: {name}")
            continue
        verdict = None if stepped[i] < 0 else bool(stepped[i])
        found.compare("live = step", name, i, decision.verdict, verdict)
        if rng.random() < 0.1:
            _compare_values(compiled, replay, decision._look, found, name, i, market.position)


def _compare_values(
    compiled: Compiled, replay: Replay, look: Any, found: Found, name: str, i: int, position: PositionLike
) -> None:
    live, past = compiled.trace(look), replay.trace(i, position)
    for node, offset in compiled._slots:
        value = live.value(node, offset)
        found.compare(
            "value live = replay", f"{to_text(node)} [{offset}] in {name}", i, value, past.value(node, offset)
        )
        if isinstance(node, Call):
            leaf = replay.leaves.indicator(reading_of(node), offset)
            at = i - leaf.shift
            there = float("nan") if at < 0 else leaf.array.item(at)
            in_array = None if there != there else there
            found.compare("value live = array", f"{to_text(node)} [{offset}] in {name}", i, value, in_array)


def _equal(found: Found, kind: str, name: str, one: numpy.ndarray, other: numpy.ndarray) -> None:
    found.kinds[kind] += len(one)
    different = numpy.flatnonzero(one != other)
    for i in different[:3].tolist():
        found.report(f"{kind}: bar {i}: {one[i]} and {other[i]} of {name}")
    found.different += max(len(different) - 3, 0)


def _int8(verdicts: list[bool | None]) -> numpy.ndarray:
    return numpy.array([-1 if verdict is None else verdict for verdict in verdicts], dtype=numpy.int8)
