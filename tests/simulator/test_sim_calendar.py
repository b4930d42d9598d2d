"""Sessions: the exchanges' holidays by their rules, KIS's hours on Korean clocks, and what is published of them."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.simulator import holidays
from kis.simulator.calendar import Calendar
from kis.simulator.testing import ControlError, start

SEOUL = ZoneInfo("Asia/Seoul")
NYSE = Calendar("nyse-hours")
DAYS = st.dates(date(2022, 1, 1), date(2035, 12, 30))


def seoul(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SEOUL).astimezone(UTC)


class TestHolidays:
    @pytest.mark.parametrize(
        ("year", "closed"),
        [
            (2024, "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25"),
            (2025, "01-01 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25"),
            (2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25"),
            (2027, "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24"),
            (2028, "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25"),
        ],
    )
    def test_the_exchanges_are_closed_on_the_days_that_they_announced(self, year, closed):
        assert sorted(f"{d:%m-%d}" for d in holidays.closed(year)) == closed.split()

    @pytest.mark.parametrize(
        ("year", "early"),
        [(2024, "07-03 11-29 12-24"), (2025, "07-03 11-28 12-24"), (2026, "11-27 12-24"), (2027, "11-26")],
    )
    def test_they_close_at_one_on_the_days_that_they_announced(self, year, early):
        assert sorted(f"{d:%m-%d}" for d in holidays.early(year)) == early.split()
        for day in holidays.early(year):
            assert NYSE.day(day).early_close and NYSE.day(day).regular().end.astimezone(SEOUL).hour in (2, 3)

    def test_a_scenario_adds_days_of_its_own(self):
        mourning = date(2026, 3, 12)
        assert Calendar("nyse-hours", [mourning]).day(mourning).sessions == ()
        assert Calendar("nyse-hours", (), [mourning]).day(mourning).early_close
        assert NYSE.day(mourning).sessions


class TestHoursOnKoreanClocks:
    """Section 6.4, column by column."""

    @pytest.mark.parametrize(
        ("day", "daytime_ends", "pre", "opens", "closes"),
        [
            pytest.param(date(2026, 2, 12), 18, 18, (23, 30), 6, id="standard time"),
            pytest.param(date(2026, 7, 14), 17, 17, (22, 30), 5, id="US daylight saving"),
        ],
    )
    def test_daytime_pre_regular(self, day, daytime_ends, pre, opens, closes):
        found, next_day = NYSE.day(day), day + timedelta(days=1)
        assert (found.daytime.start, found.daytime.end) == (seoul(day, 10), seoul(day, daytime_ends))
        early, regular, after = found.sessions
        assert (early.start, regular.start) == (seoul(day, pre), seoul(day, *opens))
        assert regular.end == after.start == seoul(next_day, closes)

    @pytest.mark.parametrize("day", [date(2026, 2, 12), date(2026, 7, 14)])
    def test_orders_end_at_seven_or_with_the_extension_at_nine(self, day):
        found, next_day = NYSE.day(day), day + timedelta(days=1)
        assert found.orders_end(extension=False) == seoul(next_day, 7)
        assert found.orders_end(extension=True) == seoul(next_day, 9)

    def test_on_an_early_day_the_exchange_itself_ends_before(self):
        thanksgiving_friday = NYSE.day(date(2026, 11, 27))
        assert thanksgiving_friday.orders_end(extension=True) == datetime(2026, 11, 27, 22, tzinfo=UTC)

    def test_the_clocks_change_on_two_sundays_and_the_monday_after_follows(self):
        assert NYSE.day(date(2026, 3, 6)).regular().start.hour == 14
        assert NYSE.day(date(2026, 3, 9)).regular().start.hour == 13
        assert NYSE.day(date(2026, 10, 30)).regular().start.hour == 13
        assert NYSE.day(date(2026, 11, 2)).regular().start.hour == 14

    def test_the_daytime_session_belongs_to_the_trading_day_that_follows(self):
        sunday_evening = datetime(2026, 3, 9, 2, tzinfo=UTC)  # 22:00 in New York, 11:00 in Seoul
        assert NYSE.daytime_at(sunday_evening).date == date(2026, 3, 9)
        assert NYSE.session_at(sunday_evening) is None
        before_holiday = datetime(2026, 5, 25, 2, tzinfo=UTC)
        assert NYSE.daytime_at(before_holiday) is None

    @given(DAYS)
    def test_the_sessions_of_a_day_follow_each_other_and_its_orders_end_within_them(self, day):
        found = NYSE.day(day)
        if not found.sessions:
            assert found.daytime is None
            return
        chain = (found.daytime, *found.sessions)
        for one, following in pairwise(chain):
            assert one.start < one.end == following.start
        assert found.regular().end < found.orders_end(extension=False) <= found.orders_end(extension=True)
        assert found.orders_end(extension=True) <= found.sessions[-1].end


class TestTurns:
    @given(DAYS, st.integers(0, 86399))
    def test_no_session_begins_or_ends_between_a_moment_and_the_next_turn(self, day, second):
        now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
        turn = NYSE.next_turn(now)
        assert now < turn <= now + timedelta(hours=25)
        inside = now + (turn - now) / 2
        assert NYSE.session_at(now) == NYSE.session_at(inside)
        assert NYSE.daytime_at(now) == NYSE.daytime_at(inside)

    def test_a_business_day_counts_trading_days_only(self):
        assert NYSE.business_day(date(2026, 3, 12), 2) == date(2026, 3, 16)
        assert NYSE.business_day(date(2026, 11, 25), 2) == date(2026, 11, 30)
        assert Calendar().business_day(date(2026, 3, 13), 2) == date(2026, 3, 15)


@pytest.fixture(scope="module")
def kis():
    with start(clock="frozen", at="2026-03-12T16:00:00Z", scenario={"calendar": "nyse-hours"}) as kis:
        yield kis


class TestPublished:
    def test_unless_told_it_reaches_from_yesterday_to_forty_days_ahead(self, kis):
        days = kis.control.calendar()
        assert (days[0]["date"], days[-1]["date"]) == ("2026-03-11", "2026-04-21")
        assert next(d for d in days if d["date"] == "2026-04-03")["sessions"] == []  # Good Friday

    def test_days_from_and_to_choose_the_span(self, kis):
        assert kis.control.calendar(days=7)[-1]["date"] == "2026-03-19"
        span = kis.control.calendar(from_="2026-11-26", to="2026-11-27")
        assert [(d["date"], d["early_close"]) for d in span] == [("2026-11-26", False), ("2026-11-27", True)]
        assert len(kis.control.calendar(from_="2026-12-01", days=3)) == 4

    def test_all_four_sessions_are_named_with_the_day_they_belong_to(self, kis):
        day = kis.control.calendar()[1]
        assert [s["session"] for s in day["sessions"]] == ["daytime", "pre", "regular", "after"]
        assert day["sessions"][0]["start"] == "2026-03-12T01:00:00Z"

    @pytest.mark.parametrize("query", [{"days": "many"}, {"from_": "soon"}, {"days": -5}, {"days": 5000}])
    def test_a_span_that_is_none_is_refused(self, kis, query):
        with pytest.raises(ControlError) as caught:
            kis.control.calendar(**query)
        assert caught.value.status == 400


async def test_trades_of_the_daytime_session_come_under_its_own_key_with_the_day_that_follows(speak):
    tuesday_noon_in_seoul = "2026-03-10T03:00:00Z"
    with start(at=tuesday_noon_in_seoul, scenario={"calendar": "nyse-hours"}) as kis:
        real = speak.customer(kis, kis.accounts("real")[0])
        async with asyncio.timeout(10), real.socket() as socket:
            for key in ("DNASNVDA", "RBAQNVDA"):
                assert (await speak.ask(socket, real.registration("HDFSCNT0", key)))["body"]["rt_cd"] == "0"
            frame = await speak.hear(socket, lambda t: t.startswith("0|HDFSCNT0|"))
    fields = frame.split("|")[3].split("^")
    assert (fields[0], fields[3], fields[4]) == ("RBAQNVDA", "20260310", "20260309")
