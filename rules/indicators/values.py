"""The value of an indicator at a bar: one definition, asked live for the newest bar or for a whole series at once.

A windowed indicator is reckoned over exactly its last `reach` bars. A recursive or cumulative one is begun afresh at
an anchor: the first bar of the latest block of time (Columns.blocks) that lies at least `reach` bars before the
present block. So a value depends on bars alone, never on when a process started, and both ways give the same bits.
An offset looks back along the run of the present bar, so that a crossing never compares two runs.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy

from market.columns import Columns
from market.words import Timeframe
from rules.indicators.patterns import PATTERNS
from rules.indicators.registry import REGISTRY, Family, Indicator

Params = tuple[int | float | str, ...]

PATTERN_REACH = 60  # bars before the present block from which candle patterns are read
PATTERN_UNKNOWN = -128  # in an int8 series of a pattern
_MOST_BARS_A_DAY = 1440  # of one minute, with every session of a day
_SPARE = 2  # bars reckoned beyond those asked for: a crossing asks for the bar before


class _Spec(NamedTuple):
    indicator: Indicator
    windowed: bool
    reach: int


@lru_cache(maxsize=4096)
def _spec(name: str, params: Params) -> _Spec:
    indicator = REGISTRY[name]
    return _Spec(indicator, indicator.family is Family.WINDOW, indicator.reach(*params))


@lru_cache(maxsize=1024)
def _place(name: str, output: str | None) -> int:
    """Which of the indicator's outputs it is; None is the first."""
    return 0 if output is None else [each.name for each in REGISTRY[name].outputs].index(output)


def anchor_of(columns: Columns, at: int, reach: int) -> int | None:
    """The bar at which a run for bar `at` begins; None when older bars would be needed.

    The first block of a series whose older bars were cut off may itself be cut, so no run begins there.
    """
    blocks = columns.blocks
    settled = int(blocks.searchsorted(blocks[at])) - reach
    if settled < 0:
        return 0 if columns.begins else None
    anchor = int(blocks.searchsorted(blocks[settled]))
    return anchor if anchor or columns.begins else None


def _newest_anchor(columns: Columns, reach: int) -> int | None:
    anchors = columns.anchors
    if reach not in anchors:
        anchors[reach] = anchor_of(columns, len(columns) - 1, reach)
    return anchors[reach]


def value_at(
    columns: Columns,
    name: str,
    params: Params,
    output: str | None = None,
    source: str = "close",
    offset: int = 0,
) -> float | None:
    """The indicator at the newest bar, or what the run of the newest bar says of `offset` bars before; None unknown."""
    key = (name, params, source)
    run = columns.memo.get(key)
    if run is None or offset > run[0]:
        run = columns.memo[key] = _run_newest(columns, name, params, source, offset)
    if offset > run[0]:
        return None
    value = run[1][_place(name, output)].item(-1 - offset)
    return value if math.isfinite(value) else None


def _run_newest(
    columns: Columns, name: str, params: Params, source: str, offset: int
) -> tuple[int, tuple[numpy.ndarray, ...]]:
    """The furthest offset that the run tells of (-1: of none), and the run's outputs."""
    indicator, windowed, reach = _spec(name, params)
    n = len(columns)
    if windowed:
        first = max(n - reach - offset - _SPARE, 0)
        told = n - first - reach
    else:
        anchor = _newest_anchor(columns, reach) if n else None
        first = n if anchor is None else anchor
        told = n - 1 - first
    return (told, indicator.values(columns.part(first, n, source), *params)) if told >= 0 else (-1, ())


def series_of(
    columns: Columns,
    name: str,
    params: Params,
    output: str | None = None,
    source: str = "close",
    offset: int = 0,
) -> numpy.ndarray:
    """`value_at` for every bar as if it were the newest: float64, NaN where unknown."""
    return series_all(columns, name, params, source, ((output, offset),))[0]


def series_all(
    columns: Columns, name: str, params: Params, source: str, wanted: Sequence[tuple[str | None, int]]
) -> list[numpy.ndarray]:
    """Several outputs and offsets of one indicator, reckoned in one pass. In the order of `wanted`."""
    indicator, windowed, reach = _spec(name, params)
    picks = [(_place(name, output), offset) for output, offset in wanted]
    if windowed:
        outputs = indicator.values(columns.part(0, len(columns), source), *params)
        return [_finite(_windowed(outputs[place], reach, offset)) for place, offset in picks]
    series = [numpy.full(len(columns), numpy.nan) for _ in picks]
    for anchor, begin, end in runs(columns, reach):
        outputs = indicator.values(columns.part(anchor, end, source), *params)
        for values, (place, offset) in zip(series, picks, strict=True):
            first = max(begin, anchor + offset)
            if first < end:
                values[first:end] = outputs[place][first - offset - anchor : end - offset - anchor]
    return [_finite(values) for values in series]


def _windowed(values: numpy.ndarray, reach: int, offset: int) -> numpy.ndarray:
    series = numpy.full(len(values), numpy.nan)
    first = reach - 1
    if first + offset < len(values):
        series[first + offset :] = values[first : len(values) - offset]
    return series


def _finite(values: numpy.ndarray) -> numpy.ndarray:
    """What is beyond all floats is no value."""
    endless = numpy.isinf(values)
    if endless.any():
        values[endless] = numpy.nan
    return values


def runs(columns: Columns, reach: int) -> list[tuple[int, int, int]]:
    """The runs that give a whole series: (anchor, first bar it speaks of, end). Bars in none of them are unknown."""
    blocks = columns.blocks
    if not len(blocks):
        return []
    firsts = numpy.append(0, numpy.flatnonzero(blocks[1:] != blocks[:-1]) + 1)
    ends = numpy.append(firsts[1:], len(blocks))
    settled = firsts - reach
    anchors = firsts[firsts.searchsorted(numpy.maximum(settled, 0), "right") - 1]
    if not columns.begins:
        known = (settled >= 0) & (anchors > 0)
        firsts, ends, anchors = firsts[known], ends[known], anchors[known]
    # Runs from the same anchor are one run: what comes later changes nothing before it.
    last = numpy.append(anchors[1:] != anchors[:-1], True) if len(anchors) else numpy.zeros(0, bool)
    begins = firsts[numpy.append(True, last[:-1])] if len(anchors) else firsts
    return list(zip(anchors[last].tolist(), begins.tolist(), ends[last].tolist(), strict=True))


def pattern_at(columns: Columns, name: str, offset: int = 0) -> int | None:
    """+1 bullish, -1 bearish, 0 not there; None when there are too few bars to tell."""
    key = ("", name)
    run = columns.memo.get(key)
    if run is None:
        run = columns.memo[key] = _run_pattern(columns, name)
    return run[1].item(-1 - offset) if offset <= run[0] else None


def _run_pattern(columns: Columns, name: str) -> tuple[int, numpy.ndarray]:
    n = len(columns)
    anchor = _newest_anchor(columns, PATTERN_REACH) if n else None
    if anchor is None:
        return -1, numpy.zeros(0, numpy.int8)
    pattern = PATTERNS[name]
    return n - anchor - pattern.bars, pattern.run(columns.part(anchor, n))


def pattern_series(columns: Columns, name: str, offset: int = 0) -> numpy.ndarray:
    """`pattern_at` for every bar: int8, PATTERN_UNKNOWN where there are too few bars to tell."""
    pattern = PATTERNS[name]
    series = numpy.full(len(columns), PATTERN_UNKNOWN, dtype=numpy.int8)
    for anchor, begin, end in runs(columns, PATTERN_REACH):
        first = max(begin, anchor + offset + pattern.bars - 1)
        if first < end:
            found = pattern.run(columns.part(anchor, end))
            series[first:end] = found[first - offset - anchor : end - offset - anchor]
    return series


def bars_needed(name: str, params: Params, timeframe: Timeframe, offset: int = 0) -> int:
    """Bars that are certainly enough for a value at the newest bar, `offset` bars back."""
    _, windowed, reach = _spec(name, params)
    return reach + offset if windowed else anchored_bars(reach, timeframe) + offset


def anchored_bars(reach: int, timeframe: Timeframe) -> int:
    """Bars that certainly hold the anchor of the newest bar and one before it: two whole blocks and the reach.

    A series with fewer may do, see `anchor_of`: few symbols trade in every minute of the day.
    """
    in_block = 21 if timeframe is Timeframe.D1 else max(_MOST_BARS_A_DAY * 60 // timeframe.seconds, 1)
    return reach + 2 * in_block + 1
