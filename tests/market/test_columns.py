"""Bars as columns: views, blocks, longer bars, what is visible, and the buffer of a live series."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.columns import Columns, ColumnsBuffer, end_of, ends_of, new_york_date, new_york_dates, visible, visible_all
from market.data import Bar, Bars
from market.sessions import NEW_YORK
from market.words import Timeframe

MARCH = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)  # three days before New York's clocks change


def minutes(count: int, *, start: datetime = MARCH, step: int = 60, begins: bool = False) -> Columns:
    at = int(start.timestamp()) + numpy.arange(count) * step
    close = 100 + numpy.arange(count) % 7 * 0.5
    return Columns(Timeframe.M1, at, close - 0.1, close + 1, close - 1, close, numpy.full(count, 10.0), begins=begins)


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).timestamp())


class TestColumns:
    def test_bars_become_the_nearest_floats_and_what_is_missing_nan(self):
        bar = Bar(MARCH, Decimal("10.10"), Decimal("10.3"), Decimal(10), Decimal("10.2"), 7)

        columns = Bars(Timeframe.M1, (bar,), begins=True).columns

        assert (columns.open[0], columns.close[0], columns.volume[0]) == (10.1, 10.2, 7.0)
        assert (len(columns), columns.start[0], columns.begins) == (1, int(MARCH.timestamp()), True)

    def test_a_part_shares_the_memory_of_the_whole_and_only_the_first_part_begins(self):
        whole = minutes(10, begins=True)
        assert numpy.shares_memory(whole.between(2, 5).close, whole.close)
        assert (whole.upto(5).begins, whole.between(1, 5).begins) == (True, False)
        assert whole.upto(10) is whole

    def test_a_part_with_a_source_reads_that_column_in_the_place_of_the_close(self):
        part = minutes(10).part(3, 6, "volume")
        assert (part.close.tolist(), len(part)) == ([10.0, 10.0, 10.0], 3)

    def test_a_block_of_minutes_begins_at_eight_in_utc(self):
        early, late = minutes(1, start=MARCH.replace(hour=7, minute=59)), minutes(1, start=MARCH.replace(hour=8))
        assert late.blocks[0] == early.blocks[0] + 1

    def test_a_block_of_days_is_twenty_eight_of_them(self):
        days = Columns(Timeframe.D1, numpy.arange(57) * 86_400, *[numpy.ones(57)] * 5)
        assert numpy.bincount(days.blocks).tolist() == [28, 28, 1]


class TestNewYork:
    @given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)))
    def test_the_date_of_a_moment_is_new_yorks(self, now):
        expected = (now.astimezone(NEW_YORK).date() - datetime(1970, 1, 1).date()).days
        assert new_york_date(int(now.timestamp())) == expected

    def test_all_moments_at_once_have_the_dates_of_each(self):
        start = int(MARCH.timestamp()) + numpy.arange(0, 400 * 86_400, 1800)
        assert new_york_dates(start).tolist() == [new_york_date(int(s)) for s in start]

    def test_a_day_ends_at_new_yorks_next_midnight_however_long_it_was(self):
        start = moment(2026, 3, 8)  # clocks change: 23 hours
        assert end_of(Timeframe.D1, start) - start == 23 * 3600


class TestLongerBars:
    def test_five_minutes_hold_the_first_highest_lowest_and_last_of_their_minutes(self):
        five = minutes(10, begins=True).resampled(Timeframe.M5)

        assert five.open.tolist() == [99.9, 102.4]
        assert (five.high.tolist(), five.low.tolist()) == ([103.0, 104.0], [99.0, 99.0])
        assert (five.close.tolist(), five.volume.tolist()) == ([102.0, 101.0], [50.0, 50.0])
        assert (five.start % 300).tolist() == [0, 0]

    def test_a_day_is_new_yorks_and_begins_at_its_midnight(self):
        whole = minutes(5 * 24, step=3600, begins=True)
        days = whole.resampled(Timeframe.D1)
        assert days.start.tolist() == [moment(2026, 3, day) for day in range(5, 5 + len(days))]

    def test_a_first_bar_that_may_lack_some_of_its_minutes_is_left_out(self):
        cut = minutes(20).between(3, 20)
        assert cut.resampled(Timeframe.M5).start[0] == cut.start[0] + 120

    def test_bars_cannot_be_made_shorter(self):
        with pytest.raises(ValueError, match="no 1m bars"):
            minutes(20, begins=True).resampled(Timeframe.M5).resampled(Timeframe.M1)


class TestVisible:
    def test_a_longer_bar_is_seen_when_it_is_over_not_before(self):
        own = minutes(12, begins=True)
        five = own.resampled(Timeframe.M5)
        assert [visible(five, Timeframe.M1, int(s)) for s in own.start] == [0] * 4 + [1] * 5 + [2] * 3

    def test_a_day_is_seen_when_a_later_one_has_begun_in_new_york(self):
        own = minutes(48, step=3600, begins=True)
        days = own.resampled(Timeframe.D1)
        seen = [visible(days, Timeframe.M1, int(s)) for s in own.start]
        assert seen == [
            int(new_york_date(int(s)) > new_york_date(int(own.start[0])))
            + int(new_york_date(int(s)) > new_york_date(int(own.start[0])) + 1)
            for s in own.start
        ]

    def test_between_two_daily_series_the_same_date_is_seen(self):
        days = minutes(96, step=3600, begins=True).resampled(Timeframe.D1)
        assert [visible(days, Timeframe.D1, int(s)) for s in days.start] == list(range(1, len(days) + 1))

    @pytest.mark.parametrize("other", [Timeframe.M1, Timeframe.M5, Timeframe.H1, Timeframe.D1])
    @pytest.mark.parametrize("own", [Timeframe.M1, Timeframe.M15, Timeframe.D1])
    def test_all_bars_at_once_see_what_each_sees(self, own, other):
        rng = numpy.random.default_rng(3)
        whole = minutes(6 * 1440, begins=True)
        mine = _some(whole.resampled(own), rng)
        theirs = _some(whole.resampled(other), rng)
        assert visible_all(theirs, mine).tolist() == [visible(theirs, own, int(s)) for s in mine.start]
        assert ends_of(mine).tolist() == [end_of(own, int(s)) for s in mine.start]


def _some(columns: Columns, rng: numpy.random.Generator) -> Columns:
    kept = rng.random(len(columns)) < 0.7
    return Columns(
        columns.timeframe,
        columns.start[kept],
        *(columns.column(n)[kept] for n in ("open", "high", "low", "close", "volume")),
    )


class TestBuffer:
    def test_a_view_never_changes_whatever_comes_later(self):
        buffer = ColumnsBuffer(Timeframe.M1, keep=4)
        buffer.append(60, 1, 2, 0.5, 1.5, 10)
        buffer.append(120, 1, 2, 0.5, 1.6, 10)
        before = buffer.view()

        buffer.replace_last(1, 3, 0.5, 2.9, 20)
        for minute in range(3, 40):
            buffer.append(60 * minute, 5, 5, 5, 5, 5)

        assert (before.close.tolist(), before.high.tolist(), before.start.tolist()) == ([1.5, 1.6], [2, 2], [60, 120])

    @given(st.integers(0, 2**32), st.integers(1, 9))
    def test_it_shows_the_newest_rows_of_all_that_it_was_given(self, seed, keep):
        rng = random.Random(seed)
        buffer, given_rows, views = ColumnsBuffer(Timeframe.M1, keep, begins=True), [], []
        for _ in range(rng.randrange(60)):
            values = [float(rng.randrange(100)) for _ in range(5)]
            if given_rows and rng.random() < 0.5:
                given_rows[-1] = (given_rows[-1][0], *values)
                buffer.replace_last(*values)
            else:
                given_rows.append((60 * len(given_rows), *values))
                buffer.append(*given_rows[-1])
            views.append((buffer.view(), list(given_rows)))
        for view, rows in views:
            assert min(keep, len(rows)) <= len(view) <= len(rows)
            assert view.begins == (len(view) == len(rows))
            assert view.start.tolist() == [row[0] for row in rows[-len(view) :]]
            assert view.close.tolist() == [row[4] for row in rows[-len(view) :]]
            assert view.upto(len(view) - 1).volume.tolist() == [row[5] for row in rows[-len(view) : -1]]

    def test_a_bar_that_is_not_later_is_refused(self):
        buffer = ColumnsBuffer(Timeframe.M1, keep=4)
        buffer.append(60, 1, 2, 0.5, 1.5, 10)
        with pytest.raises(ValueError, match="begins after"):
            buffer.append(60, 1, 2, 0.5, 1.5, 10)

    def test_what_was_loaded_is_shown_and_grows(self):
        buffer = ColumnsBuffer(Timeframe.M1, keep=3)
        buffer.load(minutes(8, begins=True))
        assert (len(buffer), buffer.view().begins) == (3, False)
        buffer.append(int((MARCH + timedelta(minutes=8)).timestamp()), 1, 1, 1, 1, 1)
        assert (len(buffer.view()), buffer.view().close[-1]) == (4, 1.0)
