"""The judge: bar after bar, each rule looks, orders meet the market, the book is kept. Everything else must agree."""

from collections.abc import Callable, Sequence

import numpy

from backtests.engine.book import Book
from backtests.engine.lane import Judge, Lane
from backtests.engine.plan import Plan
from market.columns import Columns
from market.words import Side, Timeframe

Progress = Callable[[float], None]
REPORT_EVERY = 65_536  # bars between two reports of progress
CALLS_A_REPORT = 16  # the same where a Python strategy is called for each: a slow one may take 0.2 s a call
OPENS, CLOSES = 34_200, 57_600  # seconds after midnight: New York's regular session, for the order of daily bars
_CLOSE, _OPEN = 0, 1  # at the same moment a bar first closes; then the next opens


def run_step(plan: Plan, judges: Sequence[Judge], progress: Progress | None = None) -> Book:
    """Replays every bar; the book holds what came of it."""
    book = new_book(plan)
    lanes = [Lane(number, plan, book, judge) for number, judge in enumerate(judges)]
    for lane in lanes:
        lane.meet(lanes)
    for judge, lane in zip(judges, lanes, strict=True):
        judge.attach(lane)
    if len(lanes) == 1:
        _one(lanes[0], progress)
    else:
        _several(lanes, progress)
    for lane in lanes:
        lane.finish()
    return book


def new_book(plan: Plan) -> Book:
    settlement = plan.options.settlement_days
    days = sorted({int(day) for columns in plan.series for day in columns.dates}) if settlement else []
    return Book(plan.cash, plan.costs, len(plan.rules), settlement_days=settlement, days=days)


def _one(lane: Lane, progress: Progress | None) -> None:
    """A single rule: stretches in which nothing can happen but its own wish are walked without ceremony."""
    i, n, every = 0, len(lane.columns), _report_every([lane])
    while i < n:
        if progress:
            progress(i / n)
        end = min(n, i + every)
        while i < end:
            if lane.order is not None:
                lane.on_bar(i)
                lane.on_close(i)
                i += 1
            elif lane.quantity and (lane.watches_high or lane.adds):
                lane.on_close(i)
                i += 1
            elif lane.quantity:
                i = _until(lane, Side.SELL, i, end)
            else:
                i = _until(lane, Side.BUY, i, end)


def _until(lane: Lane, side: Side, i: int, end: int) -> int:
    """Looks at one close after the other until the rule wants something; the bar after that one."""
    looks, position = lane.entry if side is Side.BUY else lane.exit, lane.position
    for at in range(i, end):
        wish = looks(at, position)
        if wish:
            lane.decide(side, at, wish)
            return at + 1
    return end


def _several(lanes: list[Lane], progress: Progress | None) -> None:
    """Several rules: their bars in the order of time, then of the rules."""
    times, kinds, numbers, places = _events([lane.columns for lane in lanes])
    order = numpy.lexsort((numbers, kinds, times))
    total, every = len(order), _report_every(lanes)
    for k, event in enumerate(order.tolist()):
        lane, i = lanes[numbers[event]], int(places[event])
        if kinds[event] == _CLOSE:
            lane.on_close(i)
        elif lane.order is not None:
            lane.on_bar(i)
        if progress and k % every == 0:
            progress(k / total)


def _report_every(lanes: Sequence[Lane]) -> int:
    return CALLS_A_REPORT if any(lane.rule.program is not None for lane in lanes) else REPORT_EVERY


def _events(series: Sequence[Columns]) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """When, what (a close or an open), whose and which bar."""
    times, kinds, numbers, places = [], [], [], []
    for number, columns in enumerate(series):
        opens, closes = moments(columns)
        for kind, moment in ((_CLOSE, closes), (_OPEN, opens)):
            times.append(moment)
            kinds.append(numpy.full(len(moment), kind, dtype=numpy.int8))
            numbers.append(numpy.full(len(moment), number, dtype=numpy.int16))
            places.append(numpy.arange(len(moment), dtype=numpy.int32))
    return tuple(numpy.concatenate(each) for each in (times, kinds, numbers, places))  # type: ignore[return-value]


def moments(columns: Columns) -> tuple[numpy.ndarray, numpy.ndarray]:
    """When each bar opens and closes, in seconds since 1970; a daily bar with New York's regular session."""
    if columns.timeframe is Timeframe.D1:
        return columns.start + OPENS, columns.start + CLOSES
    return columns.start, columns.start + columns.timeframe.seconds
