"""The signal of a pattern as a rule asks for it: the same bar by bar as over a whole series, and unknown until told."""

import numpy
import pytest

from market.columns import Columns
from market.words import Timeframe
from rules.indicators.patterns import PATTERNS
from rules.indicators.values import PATTERN_UNKNOWN, pattern_at, pattern_series
from tests.rules.test_rules_patterns import walk

DAYS, BARS_A_DAY, DAY = 4, 78, 86_400
OPENS = 1_704_724_200  # 2024-01-08 09:30 in New York, a Monday


def five_minutes(begins: bool) -> Columns:
    prices = numpy.array(walk(21, DAYS * BARS_A_DAY, 0.01)).T.copy()
    start = [OPENS + day * DAY + at * 300 for day in range(DAYS) for at in range(BARS_A_DAY)]
    return Columns(Timeframe.M5, numpy.array(start, dtype=numpy.int64), *prices, numpy.ones(len(start)), begins=begins)


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("offset", [0, 3])
@pytest.mark.parametrize("name", ["doji", "engulfing", "hammer", "tasuki_gap", "tweezer_top", "three_inside"])
def test_bar_by_bar_and_over_the_whole_series_are_the_same(name, offset, begins):
    whole = five_minutes(begins)
    series = [None if signal == PATTERN_UNKNOWN else signal for signal in pattern_series(whole, name, offset).tolist()]
    assert [pattern_at(whole.upto(at + 1), name, offset) for at in range(len(whole))] == series
    assert set(series) - {None, 0}


@pytest.mark.parametrize("name", PATTERNS)
def test_it_is_unknown_until_all_bars_that_it_reads_are_there(name):
    series = pattern_series(five_minutes(begins=True), name)
    bars = PATTERNS[name].bars
    assert (series[: bars - 1] == PATTERN_UNKNOWN).all()
    assert (series[bars - 1 :] != PATTERN_UNKNOWN).all()


def test_without_older_bars_a_cut_series_knows_nothing_in_its_first_block():
    assert (pattern_series(five_minutes(begins=False), "doji")[:BARS_A_DAY] == PATTERN_UNKNOWN).all()
