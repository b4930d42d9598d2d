"""The value of an indicator at a bar: where a run begins, and that one bar and a whole series are told the same."""

import random
import struct

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.parity_series import random_columns
from market.columns import Columns
from market.words import Timeframe
from rules.indicators.patterns import PATTERNS
from rules.indicators.registry import REGISTRY, Family
from rules.indicators.values import (
    PATTERN_UNKNOWN,
    anchor_of,
    bars_needed,
    pattern_at,
    pattern_series,
    runs,
    series_all,
    series_of,
    value_at,
)

DAY = 86_400
EIGHT = 8 * 3600  # UTC: where a block of minutes begins


def days_of_minutes(days: int, minutes: int, *, begins: bool) -> Columns:
    """So many minutes on each of so many days, from 14:30 UTC."""
    start = (20_000 + numpy.arange(days))[:, None] * DAY + 52_200 + numpy.arange(minutes) * 60
    close = 100 + numpy.random.default_rng(1).integers(-50, 50, days * minutes) / 100
    one = numpy.ones(days * minutes)
    return Columns(Timeframe.M1, start.ravel(), close, close + 1, close - 1, close, one, begins=begins)


class TestAnchor:
    def test_without_reach_it_is_the_first_bar_of_the_present_block(self):
        columns = days_of_minutes(3, 10, begins=False)
        assert [anchor_of(columns, at, 0) for at in (10, 19, 20, 29)] == [10, 10, 20, 20]

    def test_it_is_the_first_bar_of_the_latest_block_that_lies_the_reach_before_the_present_one(self):
        columns = days_of_minutes(5, 10, begins=False)
        assert [anchor_of(columns, 45, reach) for reach in (1, 10, 11, 20, 30)] == [30, 30, 20, 20, 10]

    def test_the_first_block_of_a_cut_series_may_itself_be_cut_so_no_run_begins_there(self):
        columns = days_of_minutes(3, 10, begins=False)
        assert (anchor_of(columns, 5, 0), anchor_of(columns, 15, 5)) == (None, None)

    def test_a_series_with_nothing_before_it_anchors_at_its_first_bar(self):
        columns = days_of_minutes(3, 10, begins=True)
        assert [anchor_of(columns, at, 500) for at in (0, 15, 29)] == [0, 0, 0]

    def test_a_night_in_seoul_is_one_block(self):
        start = numpy.array([20_000 * DAY + EIGHT + 60 * m for m in (0, 600, 1439, 1440)])
        columns = Columns(Timeframe.M1, start, *[numpy.ones(4)] * 5)
        assert numpy.diff(columns.blocks).tolist() == [0, 0, 1]

    @given(st.integers(0, 2**32), st.integers(0, 400))
    def test_the_runs_of_a_series_begin_at_the_anchors_of_its_bars(self, seed, reach):
        rng = random.Random(seed)
        columns = random_columns(rng, rng.choice((Timeframe.M1, Timeframe.H1, Timeframe.D1)), 300)
        anchors: list[int | None] = [None] * len(columns)
        for anchor, begin, end in runs(columns, reach):
            anchors[begin:end] = [anchor] * (end - begin)
        assert anchors == [anchor_of(columns, at, reach) for at in range(len(columns))]


def bits(value: float | None) -> bytes | None:
    return None if value is None or value != value else struct.pack("d", value)


@pytest.mark.parametrize("name", [each.name for each in REGISTRY.values() if not each.benchmark])
def test_one_bar_and_the_whole_series_have_the_same_bits(name):
    indicator, rng = REGISTRY[name], random.Random(name)
    for timeframe in (Timeframe.M1, Timeframe.D1):
        columns = random_columns(rng, timeframe, 900)
        wanted = [(output.name, offset) for output in indicator.outputs for offset in (0, 1, 3)]
        series = series_all(columns, name, indicator.defaults, "close", wanted)
        for at in sorted(rng.sample(range(len(columns)), 25)):
            known = columns.upto(at + 1)
            for (output, offset), values in zip(wanted, series, strict=True):
                value = value_at(known, name, indicator.defaults, output, "close", offset)
                assert bits(value) == bits(values[at]), (name, output, offset, at)


@pytest.mark.parametrize("name", [each.name for each in REGISTRY.values() if not each.benchmark])
def test_what_lies_before_the_bars_that_are_needed_changes_nothing(name):
    indicator, columns = REGISTRY[name], days_of_minutes(40, 20, begins=False)
    long = max(indicator.reach(*indicator.defaults), 1)
    for at in (len(columns) - 1, len(columns) - 15):
        anchor = anchor_of(columns, at, long)
        first = at + 1 - long if indicator.family is Family.WINDOW else None if anchor is None else anchor - 1
        if first is None or first < 0:
            continue
        for output in indicator.outputs:
            whole = value_at(columns.upto(at + 1), name, indicator.defaults, output.name)
            cut = value_at(columns.between(first, at + 1), name, indicator.defaults, output.name)
            assert bits(whole) == bits(cut)


@pytest.mark.parametrize("name", list(PATTERNS))
def test_a_pattern_is_told_alike_at_one_bar_and_over_the_series(name):
    rng = random.Random(name)
    columns = random_columns(rng, Timeframe.M1, 600)
    for offset in (0, 2):
        series = pattern_series(columns, name, offset)
        for at in rng.sample(range(len(columns)), 40):
            found = pattern_at(columns.upto(at + 1), name, offset)
            assert (PATTERN_UNKNOWN if found is None else found) == series[at]


def test_a_source_takes_the_place_of_the_close():
    columns = days_of_minutes(2, 30, begins=True)
    assert value_at(columns, "sma", (5,), None, "volume") == 1.0
    assert series_of(columns, "sma", (5,), None, "volume")[-1] == 1.0


def test_before_the_first_value_and_without_bars_it_is_unknown():
    columns = days_of_minutes(1, 30, begins=True)
    assert value_at(columns.upto(4), "sma", (5,)) is None
    assert value_at(columns.upto(5), "sma", (5,)) is not None
    assert value_at(columns.upto(5), "sma", (5,), offset=1) is None
    assert value_at(columns.upto(14), "rsi", (14,)) is None
    assert value_at(columns.upto(15), "rsi", (14,)) is not None
    assert value_at(columns.upto(0), "rsi", (14,)) is None
    assert len(series_of(columns.upto(0), "rsi", (14,))) == 0


def test_a_window_needs_its_bars_and_an_anchored_value_whole_blocks_before_it():
    assert bars_needed("sma", (20,), Timeframe.M1, 1) == 21
    assert bars_needed("rsi", (14,), Timeframe.M1) == 280 + 2 * 1440 + 1
    assert bars_needed("rsi", (14,), Timeframe.D1) == 280 + 2 * 21 + 1
