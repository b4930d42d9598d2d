"""Candle patterns: textbook shapes, a second implementation, causality, and bars that no market would print."""

import random
from collections import Counter
from collections.abc import Sequence

import numpy
import pytest

from market.columns import Columns
from market.words import Timeframe
from rules.indicators.patterns import PATTERNS, REACH
from tests.rules.reference_patterns import reference
from tests.rules.textbook_patterns import QUIET, TEXTBOOK, Row

NAN = float("nan")

OFFICIAL = """
    doji dragonfly_doji gravestone_doji long_legged_doji hammer hanging_man inverted_hammer shooting_star marubozu
    closing_marubozu spinning_top belt_hold high_wave rickshaw_man engulfing harami harami_cross piercing
    dark_cloud_cover counterattack on_neck in_neck thrusting separating_lines kicking kicking_by_length matching_low
    gap_side_by_side_white dojistar morning_star morning_doji_star evening_star evening_doji_star three_white_soldiers
    three_black_crows three_inside three_outside abandoned_baby three_stars_in_south advance_block stalled_pattern
    tasuki_gap upside_gap_two_crows three_line_strike unique_three_river breakaway mat_hold rising_three_methods
    falling_three_methods ladder_bottom concealing_baby_swallow stick_sandwich tristar identical_three_crows two_crows
    up_down_gap_three_methods homing_pigeon
"""
EXTRA = """
    opening_marubozu tweezer_top tweezer_bottom meeting_lines matching_high deliberation downside_tasuki_gap
    upside_tasuki_gap side_by_side_white_lines
"""


def columns(rows: Sequence[Sequence[float]]) -> Columns:
    prices = numpy.array(rows, dtype=float).reshape(-1, 4).T.copy()
    n = prices.shape[1]
    return Columns(Timeframe.M1, numpy.arange(n, dtype=numpy.int64) * 60, *prices, numpy.ones(n))


def walk(seed: int, bars: int, tick: float) -> list[Row]:
    """A market in whole ticks, richer in dojis, gaps, bare candles and equal prices than a real one."""
    rng = random.Random(seed)
    rows, last = [], round(100 / tick)

    def ticks(size: float) -> int:
        return round(rng.gauss(0, size) / tick) if size else 0

    for _ in range(bars):
        opened = last + (ticks(1.2) if rng.random() < 0.5 else 0)
        close = opened + ticks(rng.choice([0, 0.1, 0.1, 0.4, 0.4, 1, 1, 2, 2]))
        high = max(opened, close) + abs(ticks(rng.choice([0, 0, 0.2, 1])))
        low = min(opened, close) - abs(ticks(rng.choice([0, 0, 0.2, 1])))
        rows.append((opened * tick, high * tick, low * tick, close * tick))
        last = close if close * tick > 50 else round(100 / tick)
    return rows


def shaken_textbook(seed: int) -> list[Row]:
    """Every example after its quiet candles, many times over, each price moved by a few hundredths."""
    rng = random.Random(seed)

    def shaken(row: Row) -> Row:
        opened, high, low, close = (round(price + rng.choice([0, 0, 0, -0.05, 0.05]), 2) for price in row)
        return (opened, max(opened, high, low, close), min(opened, high, low, close), close)

    return [shaken(row) for _name, _signal, rows in TEXTBOOK for row in (*QUIET, *rows)]


SERIES = {
    "cents": walk(11, 4000, 0.01),
    "tenths, where equal prices abound": walk(12, 4000, 0.1),
    "pennies": [tuple(price / 1000 for price in row) for row in walk(13, 1000, 0.1)],
    "textbook": [row for seed in range(4) for row in shaken_textbook(seed)],
    "a market that stops": [*walk(14, 200, 0.01), *[(99.99,) * 4] * 40, *walk(15, 60, 0.01)],
}


def test_every_pattern_of_the_official_builder_is_there_and_the_nine_of_its_signal_engine():
    assert {name for name, each in PATTERNS.items() if each.official} == set(OFFICIAL.split())
    assert {name for name, each in PATTERNS.items() if not each.official} == set(EXTRA.split())
    assert (len(OFFICIAL.split()), len(EXTRA.split())) == (57, 9)


@pytest.mark.parametrize(("name", "signal", "rows"), TEXTBOOK, ids=[f"{n}{s:+}" for n, s, _ in TEXTBOOK])
def test_the_textbook_example_is_seen_at_its_last_candle(name, signal, rows):
    assert PATTERNS[name].run(columns([*QUIET, *rows]))[-1] == signal
    assert reference(name)([*QUIET, *rows])[-1] == signal


@pytest.mark.parametrize(("name", "signal", "rows"), TEXTBOOK, ids=[f"{n}{s:+}" for n, s, _ in TEXTBOOK])
def test_it_takes_as_many_bars_as_it_says_and_one_fewer_are_not_enough(name, signal, rows):
    bars = PATTERNS[name].bars
    enough = [*QUIET, *rows][-bars:]
    assert len(enough) == bars
    assert PATTERNS[name].run(columns(enough))[-1] == signal
    assert not PATTERNS[name].run(columns(enough[1:])).any()


def test_every_signal_of_every_pattern_has_its_example():
    assert {(name, signal) for name, signal, _ in TEXTBOOK} == {
        (name, signal) for name, each in PATTERNS.items() for signal in each.signals
    }


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_second_implementation_sees_the_same(name, series):
    rows = SERIES[series]
    assert PATTERNS[name].run(columns(rows)).tolist() == reference(name)(rows)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_comparison_is_not_of_zeros_with_zeros(name):
    seen = Counter(signal for rows in SERIES.values() for signal in PATTERNS[name].run(columns(rows)).tolist())
    assert set(seen) - {0} == PATTERNS[name].signals


@pytest.mark.parametrize("name", PATTERNS)
def test_what_comes_later_changes_nothing(name):
    whole = columns(SERIES["cents"][:700])
    signals = PATTERNS[name].run(whole)
    for k in (0, 1, 2, 11, 12, 13, 300, 699):
        assert PATTERNS[name].run(whole.upto(k)).tolist() == signals[:k].tolist()


@pytest.mark.parametrize("series", ["cents", "textbook"])
@pytest.mark.parametrize("name", PATTERNS)
def test_what_lies_before_the_reach_changes_nothing(name, series):
    whole = columns(SERIES[series][:600])
    signals = PATTERNS[name].run(whole)
    for end in range(REACH, 600, 41):
        assert PATTERNS[name].run(whole.between(end - REACH, end))[-1] == signals[end - 1]


EDGES = {
    "nothing": [],
    "one bar": [(100, 101, 99, 100.5)],
    "two bars": [(100, 101, 99, 100.5)] * 2,
    "constant": [(100.0,) * 4] * 50,
    "zero": [(0.0,) * 4] * 50,
    "huge": [(1e300, 2e300, 1e299, 1.5e300), (1.5e300, 1.7e308, 1e300, 1e300)] * 25,
    "large": [(1e12, 2e12, 1e11, 1.5e12), (1.5e12, 2.5e12, 1e12, 1e12)] * 25,
    "tiny": [(1e-300, 2e-300, 5e-301, 1.5e-300)] * 50,
    "below zero": [(-1.0, 2.0, -3.0, 1.0)] * 50,
    "high below low": [(100.0, 90.0, 110.0, 101.0), (101.0, 95.0, 99.0, 90.0)] * 25,
    "no numbers": [(NAN,) * 4] * 50,
    "without end": [(float("inf"), float("inf"), float("-inf"), 1.0)] * 50,
    "holes": [row if at % 17 else (NAN, *row[1:]) for at, row in enumerate(walk(3, 300, 0.01))],
    "a bar that is being made": [*walk(4, 50, 0.01), (NAN, NAN, NAN, 101.0)],
}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.filterwarnings("error")
def test_no_series_breaks_it(name, edge):
    signals = PATTERNS[name].run(columns(EDGES[edge]))
    assert (len(signals), signals.dtype) == (len(EDGES[edge]), numpy.int8)
    assert set(signals.tolist()) - {0} <= PATTERNS[name].signals
    unknown = [at for at, row in enumerate(EDGES[edge]) if not numpy.isfinite(row).all()]
    assert not signals[unknown].any()


@pytest.mark.parametrize("name", PATTERNS)
def test_after_a_bar_without_numbers_it_begins_anew(name):
    before, after = SERIES["cents"][:300], SERIES["textbook"][:900]
    signals = PATTERNS[name].run(columns([*before, (100, NAN, 99, 100), *after]))
    assert signals[301:].tolist() == PATTERNS[name].run(columns(after)).tolist()


def test_every_text_is_in_both_languages():
    for each in PATTERNS.values():
        for text in (each.title, each.definition):
            assert any("가" <= letter <= "힣" for letter in text.ko)
            assert text.en.isascii()
