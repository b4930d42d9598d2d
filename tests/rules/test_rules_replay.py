"""A condition over a past: one bar after the other, and all bars at once. That both are what live code says is shown
in tests/parity; here stands what each can and cannot do."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy
import pytest

from bench.parity_paths import Held
from market.columns import Columns
from market.words import Timeframe
from rules.language import Compiled, parse
from rules.language.leaves import Quotes, SessionColumns
from rules.language.nodes import OWN, Series
from rules.language.reasons import reason_for
from rules.language.replay import Replay

OPENS = int(datetime(2026, 3, 12, 13, 30, tzinfo=UTC).timestamp())


def series(closes, timeframe=Timeframe.M1, *, start=OPENS) -> Columns:
    close = numpy.array(closes, dtype=numpy.float64)
    at = start + numpy.arange(len(close)) * timeframe.seconds
    return Columns(timeframe, at, close, close + 1, close - 1, close, numpy.full(len(close), 10.0), begins=True)


def replay(text, columns, others=None, **more) -> Replay:
    return Replay(Compiled(parse(text)), {OWN: columns} | (others or {}), **more)


def verdicts(found: Replay, position=None):
    every = range(len(found.leaves.own))
    return [found.step(i) if position is None else found.step(i, position) for i in every]


class TestStepAndArray:
    def test_a_crossing_is_unknown_until_both_bars_have_both_values(self):
        found = replay("sma(2) crosses_above sma(3)", series([5, 4, 3, 4, 6, 6, 1]))
        assert verdicts(found) == [None, None, None, False, True, False, False]
        assert found.array().tolist() == [-1, -1, -1, 0, 1, 0, 0]
        assert found.first == 3

    def test_one_part_settles_a_group_while_another_is_unknown(self):
        found = replay("close > 3 or sma(3) > 100", series([5, 1, 1, 1]))
        assert verdicts(found) == [True, None, False, False]
        assert found.array().tolist() == [1, -1, 0, 0]
        assert found.first == 0

    def test_an_earlier_bar_is_never_a_later_one(self):
        found = replay("close[2] > 0", series([5, 1, 1, 1]))
        assert verdicts(found) == [None, None, True, True]
        assert found.array().tolist() == [-1, -1, 1, 1]

    def test_exact_numbers_are_exact_where_floats_are_not(self):
        # 1.1 * 3 is 3.3000000000000003 in floats, 0.1 + 0.2 is 0.30000000000000004.
        columns = series([1.1, 0.1])
        assert verdicts(replay("close * 3 == 3.3", columns)) == [True, False]
        assert replay("close * 3 == 3.3", columns).array().tolist() == [1, 0]
        assert replay("close + 0.2 <= 0.3", columns).array().tolist() == [0, 1]
        assert verdicts(replay("close + 0.2 <= 0.3", columns)) == [False, True]

    def test_division_by_zero_is_unknown(self):
        found = replay("volume / (close - 5) > 1", series([5, 6, 20]))
        assert verdicts(found) == [None, True, False]
        assert found.array().tolist() == [-1, 1, 0]

    def test_what_is_beyond_all_floats_is_unknown(self):
        huge = " * ".join(["sma(1)"] * 25)
        found = replay(f"{huge} > 1", series([1e14, 2]))
        assert verdicts(found) == [None, True]
        assert found.array().tolist() == [-1, 1]
        assert [found.trace(i).value(parse(f"{huge} > 1")) for i in (0, 1)] == [None, True]

    @pytest.mark.parametrize(
        "text", ["close - 0.3 > 0.8", "close - 0.3 >= 0.8", "close - 0.3 == 0.8", "close - 0.3 != 0.8"]
    )
    def test_where_floats_are_too_near_decimals_decide(self, text):
        # 1.1 - 0.3 is 0.8000000000000000444 in floats.
        expected = text.split()[3] in (">=", "==")
        assert verdicts(replay(text, series([1.1]))) == [expected]
        assert replay(text, series([1.1])).array().tolist() == [int(expected)]

    def test_a_hole_in_a_column_is_unknown_only_there(self):
        columns = series([1, 2, 3, 4])
        columns.volume[1] = numpy.nan
        found = replay("volume > 5", columns)
        assert verdicts(found) == [True, None, True, True]
        assert found.array().tolist() == [1, -1, 1, 1]

    def test_without_bars_there_is_nothing_to_judge(self):
        found = replay("sma(2) > 1 and bullish(engulfing)", series([]))
        assert found.array().tolist() == []


class TestOtherSeries:
    def test_a_longer_bar_speaks_once_it_is_over(self):
        own = series(range(1, 12))
        found = replay("close(timeframe=5m) >= 5", own, {Series(None, Timeframe.M5): own.resampled(Timeframe.M5)})
        assert verdicts(found) == [None] * 4 + [True] * 7
        assert found.array().tolist() == [-1] * 4 + [1] * 7

    def test_another_symbol_speaks_by_its_newest_bar(self):
        other = series([10, 20], start=OPENS + 60)
        found = replay("QQQ.close > 15", series([1, 1, 1, 1]), {Series("QQQ", None): other})
        assert found.array().tolist() == [-1, 0, 1, 1]

    def test_a_series_that_is_not_there_is_unknown(self):
        found = replay("QQQ.sma(2) > 15 and bullish(engulfing, timeframe=1d)", series([1, 1]))
        assert verdicts(found) == [None, None]
        assert found.array().tolist() == [-1, -1]


class TestPosition:
    HELD = Held(qty=3, avg_price=2.0, opened_at=float(OPENS), high_since_entry=4.0)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("position.return_pct >= 50", [False, True, True]),
            ("position.drawdown_pct <= -25", [True, True, False]),
            ("position.held_minutes >= 2", [False, True, True]),
            ("position.qty == 3 and position.value > 8", [False, True, True]),
            ("position.avg_price * 2 <= close", [False, False, True]),
        ],
    )
    def test_what_is_held_is_told_at_the_close_of_each_bar(self, text, expected):
        found = replay(text, series([2, 3, 4]))
        assert verdicts(found, self.HELD) == expected
        assert found.array() is None

    def test_nothing_held_is_unknown(self):
        assert verdicts(replay("position.return_pct > 1", series([2, 3]))) == [None, None]

    def test_the_account_is_what_the_position_brings_along(self):
        class Rich(Held):
            cash_usd = Decimal("100")

        found = replay("account.cash >= 100", series([2]))
        assert (found.step(0), found.step(0, Rich(1, 1.0, 0.0, 1.0))) == (None, True)


class TestWhatCandlesDoNotTell:
    def test_bid_and_ask_are_unknown_unless_given(self):
        columns = series([2, 3])
        quotes = Quotes(bid=numpy.array([1.9, 2.9]), ask=numpy.array([2.0, 3.2]))
        assert verdicts(replay("spread < 0.2", columns)) == [None, None]
        assert verdicts(replay("spread < 0.2", columns, quotes=quotes)) == [True, False]
        assert verdicts(replay("bid >= 2", columns, quotes=quotes)) == [False, True]

    def test_the_session_is_unknown_unless_given(self):
        columns = series([2, 3])
        session = SessionColumns(["pre", "regular"], numpy.array([5.0, 1.0]), numpy.array([numpy.nan, 389.0]))
        assert verdicts(replay("session.phase == regular", columns)) == [None, None]
        assert verdicts(replay("session.phase == regular", columns, session=session)) == [False, True]
        assert verdicts(replay("session.minutes_to_close > 10", columns, session=session)) == [None, True]


def test_reasons_are_told_of_a_past_bar_as_of_a_present_one():
    found = replay("close > 2.5 and sma(2) > 1", series([2, 3]))
    trace = found.trace(1)
    assert trace.value(parse("close")) == Decimal("3.0")
    assert trace.value(parse("sma(2)")) == 2.5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rsi(14) > 50", "15 bars needed, 3 there"),
        ("close[5] > 1", "6 bars needed, 3 there"),
        ("QQQ.sma(5) > 1", "the 1m bars of QQQ are not there"),
        ("bullish(engulfing, timeframe=1d)", "1d bars"),
        ("position.return_pct > 1", "nothing is held"),
        ("spread < 1", "no bid or ask"),
        ("session.phase == regular", "no session is open"),
    ],
)
def test_of_what_was_unknown_the_reason_is_told(text, why):
    found = replay(text, series([1, 2, 3]))
    reason = reason_for(found.compiled, found.look(2))
    assert reason.result is None
    assert why in reason.because("en")
