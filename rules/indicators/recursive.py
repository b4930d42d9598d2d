"""Averages that remember everything since the anchor, run by TA-Lib where it can."""

from collections.abc import Callable

import numpy

from rules.indicators.shapes import Array
from rules.indicators.ta_lib import talib


def shifted(smooth: Callable[..., Array], values: Array, *parameters: float) -> Array:
    """The smoothing of the distances from the first value: where nothing moves the average is that very value."""
    base = first_of(values)
    return base + smooth(values - base, *parameters)


def first_of(values: Array) -> float:
    lead = leading(values)
    return float(values[lead]) if lead < len(values) else 0.0


def ema(values: Array, n: int) -> Array:
    """Begins with the mean of the first n, then moves by 2/(n+1) of the difference. Leading NaN are stepped over."""
    return shifted(plain_ema, values, n)


def plain_ema(values: Array, n: int) -> Array:
    """The same without the shift: for what never falls below 0 and may fade to it."""
    lead = leading(values)
    found = numpy.full(len(values), numpy.nan)
    if len(values) - lead < n:
        return found
    found[lead:] = values[lead:] if n == 1 else talib.EMA(values[lead:], n)
    return found


def wilder(values: Array, n: int) -> Array:
    """Wilder's average: begins with the mean of the first n, then moves by 1/n of the difference.

    That is an EMA of 2n-1, which TA-Lib is made to begin at our seed.
    """
    lead = leading(values)
    found = numpy.full(len(values), numpy.nan)
    if len(values) - lead < n:
        return found
    known = values[lead:]
    if n == 1:
        found[lead:] = known
        return found
    length = 2 * n - 1
    seed = float(numpy.cumsum(known[:n])[-1]) / n
    run = talib.EMA(numpy.concatenate((numpy.full(length, seed), known[n:])), length)
    found[lead + n - 1 :] = run[length - 1 :]
    return found


def leading(values: Array) -> int:
    """How many NaN come before the first value."""
    for at, value in enumerate(values[:2].tolist()):  # there are seldom more
        if value == value:
            return at
    known = ~numpy.isnan(values)
    return int(known.argmax()) if known.any() else len(values)


def changes(values: Array) -> Array:
    """Each value less the one before; NaN at the first."""
    found = numpy.full(len(values), numpy.nan)
    found[1:] = values[1:] - values[:-1]
    return found


def rises_and_falls(values: Array, n: int) -> tuple[Array, Array]:
    """Wilder's averages of the rises and of the falls, both from the second bar on."""
    moves = changes(values)
    return wilder(numpy.maximum(moves, 0.0), n), wilder(numpy.maximum(-moves, 0.0), n)


def adaptive(values: Array, alpha: Array, start: int) -> Array:
    """Moves at each bar by that bar's alpha of the difference; the bar before `start` gives the value to begin from."""
    found = numpy.full(len(values), numpy.nan)
    if start >= len(values):
        return found
    now = float(values[start - 1])
    run = []
    for x, a in zip(values[start:].tolist(), alpha[start:].tolist(), strict=True):
        now += a * (x - now)
        run.append(now)
    found[start:] = run
    return found


def filled(values: Array) -> Array:
    """Each NaN replaced by the last value before it; those before the first value stay."""
    places = numpy.where(numpy.isnan(values), 0, numpy.arange(len(values)))
    return values[numpy.maximum.accumulate(places)]
