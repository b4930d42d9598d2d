"""What a candle pattern is, and how TA-Lib is asked for one.

TA-Lib calls a candle long, short or a doji by averages over the bars before it, and carries them as running sums. Two
things are done so that a signal depends on those bars alone: prices go in as whole numbers of 1/10^8, whose sums are
exact, so no rounding is left over from older bars; and a bar without numbers ends the run instead of poisoning it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy
from numpy.typing import NDArray

from market.columns import Columns
from market.errors import Text

Signals = NDArray[numpy.int8]  # -1 bearish, 0 not there, +1 bullish, one for each bar
Run = Callable[[Columns], Signals]
Find = Callable[..., NDArray[numpy.int32]]  # open, high, low, close (all finite) -> any integer, by its sign

REACH = 60  # bars before the block in which a run begins; the longest look back is 15
SCALE = 1e8  # prices have at most eight decimals, cf. market.prices
BODIES, RANGES = 10, 5  # bars averaged for long, short, doji and shadows; for equal, near and far alone
BULLISH = frozenset({1})
BEARISH = frozenset({-1})
EITHER = frozenset({1, -1})


@dataclass(frozen=True, slots=True)
class Pattern:
    """`candles` is how many the pattern is made of; `bars` how many must be there before it can be told, those that
    the averages read among them; `signals` those that `run` can give beside 0.

    `run` gives one signal a bar, at the bar that completes the pattern. It is causal (`run(x)[:k] == run(x[:k])`)
    and never raises: where the averages lack bars, or a bar lacks a number, the signal is 0."""

    name: str
    title: Text
    definition: Text
    candles: int
    bars: int
    signals: frozenset[int]
    run: Run
    official: bool = True  # one of the 57 that the official strategy builder offers


def pattern(
    name: str,
    title: tuple[str, str],
    candles: int,
    signals: frozenset[int],
    find: Find,
    definition: tuple[str, str],
    official: bool = True,
    before: int = BODIES,
) -> Pattern:
    """A row of the tables: texts as (Korean, English); `before` is how many bars before its first candle it reads."""
    run = partial(signs, find=find)
    return Pattern(name, Text(*title), Text(*definition), candles, candles + before, signals, run, official)


def signs(columns: Columns, find: Find) -> Signals:
    """The signs of `find` over each unbroken run of bars; 0 at bars that lack a price."""
    with numpy.errstate(over="ignore", invalid="ignore"):
        prices = numpy.array((columns.open, columns.high, columns.low, columns.close)) * SCALE
    prices = numpy.rint(prices, out=prices)
    finite = numpy.isfinite(prices)
    if finite.all():
        return numpy.sign(find(*prices)).astype(numpy.int8) if len(columns) else numpy.zeros(0, numpy.int8)
    found = numpy.zeros(len(columns), numpy.int8)
    for first, end in _unbroken(finite.all(axis=0)):
        found[first:end] = numpy.sign(find(*prices[:, first:end].copy()))
    return found


def _unbroken(whole: NDArray[numpy.bool_]) -> list[tuple[int, int]]:
    """[first, end) of each run of True."""
    edges = numpy.flatnonzero(numpy.diff(whole, prepend=False, append=False)).tolist()
    return list(pairwise(edges))[::2]


def rising(find: Find) -> Find:
    """Only the bullish half."""
    return lambda *prices: numpy.maximum(find(*prices), 0)


def falling(find: Find) -> Find:
    """Only the bearish half."""
    return lambda *prices: numpy.minimum(find(*prices), 0)


def turned(find: Find) -> Find:
    """The same shape with the opposite signal."""
    return lambda *prices: -find(*prices)


def mirrored(find: Find) -> Find:
    """The shape upside down: what was a low is a high, what was black is white."""
    return lambda opened, high, low, close: -find(-opened, -low, -high, -close)
