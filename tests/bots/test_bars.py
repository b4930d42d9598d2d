"""Bars of one symbol, from history and from ticks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.bars import BarSeries, Rows, bar_start
from market.data import Bar, Bars, Quote
from market.words import Exchange, Timeframe

NOON = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)


def tick(seconds: float, price: str, volume: int | None = None) -> Quote:
    at = NOON + timedelta(seconds=seconds)
    return Quote("AAPL", Exchange.NASDAQ, Decimal(price), at, at, volume=volume)


def bar(minute: int, close: str, *, low: str | None = None, high: str | None = None) -> Bar:
    price = Decimal(close)
    return Bar(NOON + timedelta(minutes=minute), price, Decimal(high or close), Decimal(low or close), price, 10)


class TestTicks:
    def test_a_bar_holds_the_first_highest_lowest_and_last_price_of_its_minute(self):
        series = BarSeries(Timeframe.M1)
        for second, price in ((1, "10.00"), (20, "10.50"), (40, "9.80"), (59, "10.10")):
            series.add(tick(second, price))

        (only,) = series.view().rows
        assert (only.open, only.high, only.low, only.close) == tuple(map(Decimal, ("10.00", "10.50", "9.80", "10.10")))
        assert not only.closed

    def test_the_first_tick_of_the_next_minute_closes_the_bar_before(self):
        series = BarSeries(Timeframe.M1)
        series.add(tick(30, "10"))

        assert series.add(tick(60, "11")) is True
        assert [b.closed for b in series.view().rows] == [True, False]

    def test_a_late_tick_of_a_closed_bar_changes_nothing(self):
        series = BarSeries(Timeframe.M1)
        series.add(tick(30, "10"))
        series.add(tick(61, "11"))
        before = series.view()

        series.add(tick(31, "99"))

        assert series.view() == before

    def test_a_bars_volume_is_what_the_days_volume_grew_by(self):
        series = BarSeries(Timeframe.M1)
        for second, volume in ((1, 1000), (2, 1100), (3, 1150)):
            series.add(tick(second, "10", volume))

        assert series.view().rows[-1].volume == 150

    @given(st.lists(st.tuples(st.integers(0, 600), st.decimals("1", "1000", places=2)), min_size=1, max_size=60))
    def test_whatever_the_order_of_ticks_bars_are_in_order_and_low_to_high(self, ticks):
        series = BarSeries(Timeframe.M1)
        for second, price in ticks:
            series.add(tick(second, str(price)))

        rows = series.view().rows
        assert [r.start for r in rows] == sorted({r.start for r in rows})
        assert all(r.low <= r.open <= r.high and r.low <= r.close <= r.high for r in rows)
        assert [r.closed for r in rows] == [True] * (len(rows) - 1) + [False]


class TestHistory:
    def test_history_comes_before_our_ticks_and_the_forming_bar_stays_open(self):
        series = BarSeries(Timeframe.M1)
        series.add(tick(125, "12"))

        series.fill([bar(0, "10"), bar(1, "11"), bar(2, "11.5", low="11", high="12.5")], NOON + timedelta(seconds=130))

        rows = series.view().rows
        assert [r.closed for r in rows] == [True, True, False]
        assert (rows[-1].open, rows[-1].high, rows[-1].low, rows[-1].close) == (
            Decimal("11.5"),
            Decimal("12.5"),
            Decimal("11"),
            Decimal("12"),
        )

    def test_a_gap_makes_the_window_incomplete_until_history_has_filled_it(self):
        series = BarSeries(Timeframe.M1)
        series.add(tick(1, "10"))
        series.mark_gap()
        assert not series.view().complete

        series.fill([bar(0, "10")], NOON + timedelta(seconds=10))

        assert series.view().complete


class TestColumns:
    def test_what_was_handed_out_is_not_changed_by_later_ticks(self):
        series = BarSeries(Timeframe.M1)
        series.add(tick(1, "10"))
        before = series.view()

        series.add(tick(2, "12"))
        series.add(tick(61, "9"))

        assert (before.columns.close.tolist(), [r.close for r in before.rows]) == ([10.0], [Decimal(10)])

    @given(
        st.lists(st.tuples(st.integers(0, 1500), st.decimals("1", "1000", places=2)), min_size=1, max_size=40),
        st.integers(1, 8),
        st.integers(0, 40),
    )
    def test_columns_and_rows_are_the_same_bars(self, ticks, keep, filled_after):
        series = BarSeries(Timeframe.M1, keep)
        for count, (second, price) in enumerate(ticks):
            if count == filled_after:
                series.fill([bar(m, "50") for m in range(second // 60 + 1)], NOON + timedelta(seconds=second))
            series.add(tick(second, str(price), volume=count * 7))

        seen = series.view()
        fresh = Bars(seen.timeframe, seen.rows).columns
        assert len(seen.rows) <= max(2 * keep, 16)
        for name in ("start", "open", "high", "low", "close", "volume"):
            assert getattr(seen.columns, name).tolist() == getattr(fresh, name).tolist()

    def test_a_series_keeps_as_many_bars_as_it_is_asked_to_and_wants_history_for_more(self):
        series = BarSeries(Timeframe.M1, keep=3)
        series.fill([bar(m, "10") for m in range(10)], NOON + timedelta(minutes=10))
        assert (len(series.view().rows), series.has_history) == (3, True)

        series.keep_at_least(8)

        assert not series.has_history
        series.fill([bar(m, "10") for m in range(10)], NOON + timedelta(minutes=10))
        assert len(series.view().rows) == 8

    def test_a_history_that_reaches_the_beginning_says_so(self):
        series = BarSeries(Timeframe.M1)
        series.fill([bar(0, "10")], NOON + timedelta(minutes=1), begins=True)
        assert series.view().begins and series.view().columns.begins


def test_a_bar_begins_at_a_whole_multiple_of_its_length():
    assert bar_start(NOON + timedelta(minutes=7, seconds=9), Timeframe.M5) == NOON + timedelta(minutes=5)


class TestRows:
    @given(st.integers(0, 4), st.booleans(), st.integers(-6, 6), st.integers(-6, 6))
    def test_bars_side_by_side_are_read_like_one_tuple(self, closed, forming, a, b):
        bars = tuple(bar(minute, "10") for minute in range(closed))
        last = bar(closed, "11") if forming else None
        rows, whole = Rows(bars, last), (*bars, last) if last else bars
        assert (len(rows), tuple(rows), rows) == (len(whole), whole, whole)
        assert rows[a:b] == whole[a:b]
        if -len(whole) <= a < len(whole):
            assert rows[a] == whole[a]
        else:
            with pytest.raises(IndexError):
                rows[a]
