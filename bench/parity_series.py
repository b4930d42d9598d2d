"""Random bars of every shape a market has: gaps, nights, long sessions, thin trading, prices that stand still."""

import random

import numpy

from market.columns import FIELDS, Columns
from market.words import Timeframe

DAY = 86_400
FIRST_DAY = 19_783  # 2024-03-01: New York's clocks change nine days later
OPENING = {"regular": (13.5, 20), "extended": (8, 24), "all day": (0, 24), "an hour": (14, 15)}  # hours of UTC


def random_columns(rng: random.Random, timeframe: Timeframe, bars: int) -> Columns:
    """About so many bars of one series."""
    numbers = numpy.random.default_rng(rng.getrandbits(64))
    start = _daily(numbers, bars) if timeframe is Timeframe.D1 else _intraday(rng, numbers, timeframe, bars)
    return _priced(rng, numbers, timeframe, start)


def _daily(numbers: numpy.random.Generator, bars: int) -> numpy.ndarray:
    days = FIRST_DAY - 1500 + numpy.flatnonzero(numbers.random(bars * 2) < 0.7)[:bars]
    days = days[(days + 3) % 7 < 5]  # 1970-01-01 was a Thursday
    nothing = [numpy.zeros(len(days))] * len(FIELDS)
    return Columns(Timeframe.H1, days * DAY + 12 * 3600, *nothing, begins=True).resampled(Timeframe.D1).start


def _intraday(rng: random.Random, numbers: numpy.random.Generator, timeframe: Timeframe, bars: int) -> numpy.ndarray:
    opens, closes = OPENING[rng.choice(list(OPENING))]
    of_day = numpy.arange(int(opens * 3600), int(closes * 3600), timeframe.seconds) // timeframe.seconds
    of_day = numpy.unique(of_day) * timeframe.seconds
    traded = rng.choice((1.0, 1.0, 0.95, 0.5, 0.1))
    days = int(bars / max(len(of_day) * traded, 0.2)) + 2
    start = (numpy.arange(FIRST_DAY, FIRST_DAY + days)[:, None] * DAY + of_day).ravel()
    start = start[((start // DAY + 3) % 7 < 5) | (rng.random() < 0.2)]
    start = start[numbers.random(len(start)) < traded]
    if rng.random() < 0.3 and len(start) > 20:  # an outage
        at = rng.randrange(len(start) - 10)
        start = numpy.delete(start, slice(at, at + rng.randrange(1, 10)))
    return start[:bars]


def _priced(rng: random.Random, numbers: numpy.random.Generator, timeframe: Timeframe, start: numpy.ndarray) -> Columns:
    n = len(start)
    level = 10.0 ** rng.uniform(-1, 4)
    tick = rng.choice((0.01, 0.0001, 0.5)) if level > 1 else 0.0001
    moves = numbers.standard_normal(n) * rng.choice((0.0005, 0.005, 0.05))
    moves[numbers.random(n) < rng.choice((0.0, 0.5, 0.97))] = 0.0
    if rng.random() < 0.2 and n > 50:  # stands still for a while
        at = rng.randrange(n - 40)
        moves[at : at + rng.randrange(10, n - at)] = 0.0
    close = level * numpy.exp(numpy.cumsum(moves - moves.mean()))
    opened = numpy.append(close[:1], close[:-1]) * (
        1 + (numbers.standard_normal(n) * 0.001) * (numbers.random(n) < 0.5)
    )
    width = numpy.abs(numbers.standard_normal(n)) * rng.choice((0.0, 0.001, 0.01))
    volume = numbers.integers(0, rng.choice((2, 1000, 10_000_000)), n).astype(numpy.float64)
    open_, close = _ticked(opened, tick), _ticked(close, tick)
    high = numpy.maximum(_ticked(numpy.maximum(opened, close) * (1 + width), tick), numpy.maximum(open_, close))
    low = numpy.minimum(_ticked(numpy.minimum(opened, close) * (1 - width), tick), numpy.minimum(open_, close))
    return Columns(timeframe, start, open_, high, low, close, volume, begins=rng.random() < 0.5)


def _ticked(values: numpy.ndarray, tick: float) -> numpy.ndarray:
    """Whole ticks, at least one; each the nearest float to a price of four decimals."""
    ticks = numpy.maximum(numpy.rint(values / tick), 1)
    return numpy.round(ticks * round(tick * 10_000)) / 10_000
