"""Bars with another symbol's closes at the same moments: what `beta(252, SPY)` reads."""

import numpy

from market.columns import FIELDS, Columns
from rules.indicators.shapes import Given


class Beside(Columns):
    """The bars of a series; `benchmark` holds the other's close of the bar with the same start, NaN without one."""

    __slots__ = ("benchmark",)

    def __init__(self, columns: Columns, benchmark: numpy.ndarray) -> None:
        fields = (columns.column(name) for name in FIELDS)
        super().__init__(columns.timeframe, columns.start, *fields, begins=columns.begins)
        self.benchmark = benchmark

    def part(self, a: int, b: int, source: str = "close") -> Given:  # type: ignore[override]  # what `run` takes
        open, high, low, close, volume = (self.column(n)[a:b] for n in ("open", "high", "low", source, "volume"))
        return Given(open, high, low, close, volume, benchmark=self.benchmark[a:b])


def beside(columns: Columns, other: Columns) -> Columns:
    """The first with the closes of the second beside them; made once for the two."""
    key = ("beside", id(other))
    if key not in columns.memo:
        # The other is kept with it, so that its id is nobody else's.
        columns.memo[key] = (Beside(columns, _closes_at(other, columns.start)), other)
    made: Columns = columns.memo[key][0]
    return made


def _closes_at(other: Columns, start: numpy.ndarray) -> numpy.ndarray:
    closes = numpy.full(len(start), numpy.nan)
    if len(other):
        at = numpy.minimum(other.start.searchsorted(start), len(other) - 1)
        there = other.start[at] == start
        closes[there] = other.close[at[there]]
    return closes
