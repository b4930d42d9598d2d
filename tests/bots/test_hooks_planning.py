"""When hooks are due: New York's calendar decides, whatever the clock in Seoul says."""

from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from bots.hooks.planning import Due, Offsets, Participant, PlanTimes, days_of, due
from instruments.exchange_calendar import new_york_spans
from market.sessions import ClosedPart, without_closures
from rules.rebalancing import Rhythm, is_day_for

SEOUL = ZoneInfo("Asia/Seoul")
ONE = Participant(UUID(int=1))
PLAN = UUID(int=7)


def around(day: date):
    return tuple(new_york_spans(day - timedelta(days=8), day + timedelta(days=8)))


def hooks_of(day: date, *, who=ONE, plans=(), closed=None) -> dict[str, Due]:
    """The hooks of one trading day by name, found by walking through the time around it, minute by minute."""
    spans = tuple(without_closures(around(day), closed or {}))
    found: dict[str, Due] = {}
    now = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for minute in range(0, 30 * 60, 5):
        for one in due(now + timedelta(minutes=minute), spans, [who], plans):
            if one.trading_day == day:
                found.setdefault(one.hook, one)
    return found


def seoul(moment: datetime) -> str:
    return moment.astimezone(SEOUL).strftime("%d %H:%M")


class TestAnOrdinaryDay:
    def test_every_hook_has_its_moment(self):
        hooks = hooks_of(date(2026, 11, 24))

        assert {name: seoul(one.due_at) for name, one in hooks.items()} == {
            "before_open": "24 23:00",
            "open": "24 23:30",
            "close": "25 06:00",
            "end_of_day": "25 10:16",
        }

    def test_it_is_the_same_trading_day_on_the_evening_and_the_next_morning_in_seoul(self):
        assert {one.trading_day for one in hooks_of(date(2026, 11, 24)).values()} == {date(2026, 11, 24)}

    def test_preparation_may_come_late_while_the_market_is_open_and_never_after(self):
        one = hooks_of(date(2026, 11, 24))["before_open"]
        closes = datetime(2026, 11, 24, 21, tzinfo=UTC)

        assert one.until == closes
        assert "before_open" in names(closes - timedelta(seconds=1))
        assert "before_open" not in names(closes)

    def test_the_report_may_come_late_until_the_next_open(self):
        assert hooks_of(date(2026, 11, 24))["end_of_day"].until == datetime(2026, 11, 25, 14, 30, tzinfo=UTC)

    def test_fridays_report_may_come_until_mondays_open(self):
        assert hooks_of(date(2026, 11, 20))["end_of_day"].until == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

    def test_an_account_that_does_not_trade_still_has_its_day_ended(self):
        assert set(hooks_of(date(2026, 11, 24), who=Participant(UUID(int=2), trades=False))) == {"end_of_day"}

    def test_how_long_before_the_open_is_a_setting(self):
        now = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
        spans = around(date(2026, 11, 24))

        assert "before_open" in {d.hook for d in due(now, spans, [ONE])}
        short = due(now, spans, [ONE], offsets=Offsets(before_open=timedelta(minutes=10)))
        assert "before_open" not in {d.hook for d in short if d.trading_day == date(2026, 11, 24)}


def names(now: datetime) -> set[str]:
    today = now.astimezone(ZoneInfo("America/New_York")).date()
    return {one.hook for one in due(now, around(today), [ONE]) if one.trading_day == today}


class TestTheCalendar:
    @pytest.mark.parametrize(
        ("day", "opens_in_seoul"),
        [
            (date(2026, 3, 6), "06 23:30"),  # New York's clocks go forward on 8 March
            (date(2026, 3, 9), "09 22:30"),
            (date(2026, 10, 30), "30 22:30"),  # and back on 1 November
            (date(2026, 11, 2), "02 23:30"),
        ],
    )
    def test_daylight_saving_moves_every_hook_by_an_hour_in_seoul(self, day, opens_in_seoul):
        hooks = hooks_of(day)

        assert seoul(hooks["open"].due_at) == opens_in_seoul
        assert hooks["close"].due_at - hooks["open"].due_at == timedelta(hours=6, minutes=30)
        assert hooks["open"].due_at - hooks["before_open"].due_at == timedelta(minutes=30)

    def test_on_the_day_after_thanksgiving_the_close_is_at_one(self):
        hooks = hooks_of(date(2026, 11, 27))

        assert hooks["close"].due_at == datetime(2026, 11, 27, 18, tzinfo=UTC)
        assert hooks["end_of_day"].due_at == datetime(2026, 11, 27, 22, 16, tzinfo=UTC)

    @pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 11, 28), date(2026, 12, 25), date(2026, 7, 3)])
    def test_holidays_and_weekends_have_no_hooks(self, day):
        assert hooks_of(day) == {}

    def test_a_closure_that_nobody_planned_takes_its_hooks_away(self):
        day = date(2026, 11, 24)
        assert hooks_of(day, closed={day: ClosedPart()}) == {}

    def test_a_day_that_people_end_early_closes_then(self):
        day, early = date(2026, 11, 24), datetime(2026, 11, 24, 18, tzinfo=UTC)
        hooks = hooks_of(day, closed={day: ClosedPart(closed_from=early)})

        assert hooks["close"].due_at == early

    def test_a_day_that_begins_late_opens_then(self):
        day, late = date(2026, 11, 24), datetime(2026, 11, 24, 16, tzinfo=UTC)
        assert hooks_of(day, closed={day: ClosedPart(closed_until=late)})["open"].due_at == late

    def test_a_whole_year_has_each_hook_once_a_trading_day(self):
        spans = tuple(new_york_spans(date(2026, 1, 1), date(2026, 12, 31)))
        days = days_of(spans)

        assert len(days) == 251
        assert all(d.begins <= d.opens < d.closes <= d.ends for d in days)
        assert len(list(groupby(days, key=lambda d: d.trading_day))) == 251

    def test_a_naive_time_is_refused(self):
        with pytest.raises(ValueError, match="zone"):
            due(datetime(2026, 11, 24), (), [])


class TestRebalancing:
    def plan(self, rhythm: Rhythm, **more) -> PlanTimes:
        return PlanTimes(PLAN, UUID(int=1), rhythm, **more)

    def test_daily_is_so_many_minutes_after_the_open(self):
        one = hooks_of(date(2026, 11, 24), plans=[self.plan(Rhythm.DAILY, minutes_after_open=45)])[f"rebalance:{PLAN}"]

        assert one.due_at == datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
        assert one.until == datetime(2026, 11, 24, 20, 55, tzinfo=UTC)

    def test_on_a_short_day_a_late_plan_is_carried_out_before_the_close(self):
        plan = self.plan(Rhythm.DAILY, minutes_after_open=300)
        one = hooks_of(date(2026, 11, 27), plans=[plan])[f"rebalance:{PLAN}"]

        assert one.due_at == datetime(2026, 11, 27, 17, 45, tzinfo=UTC)

    def test_manual_is_never_due(self):
        assert not [h for h in hooks_of(date(2026, 11, 24), plans=[self.plan(Rhythm.MANUAL)]) if "rebalance" in h]

    def test_what_was_due_before_the_plan_was_switched_on_is_not_caught_up(self):
        late = datetime(2026, 11, 24, 18, tzinfo=UTC)
        assert len(hooks_of(date(2026, 11, 24), plans=[self.plan(Rhythm.DAILY, since=late)])) == 4

    def test_weekly_moves_over_a_holiday_to_the_next_trading_day(self):
        # Thursday 26 November 2026 is Thanksgiving
        assert is_day_for(Rhythm.WEEKLY, date(2026, 11, 27), date(2026, 11, 25), weekday=3)
        assert not is_day_for(Rhythm.WEEKLY, date(2026, 11, 25), date(2026, 11, 24), weekday=3)

    def test_friday_on_a_holiday_moves_to_monday(self):
        # Friday 3 July 2026 is a holiday
        assert is_day_for(Rhythm.WEEKLY, date(2026, 7, 6), date(2026, 7, 2), weekday=4)

    @pytest.mark.parametrize(
        ("month_day", "day", "before", "expected"),
        [
            (1, date(2026, 11, 2), date(2026, 10, 30), True),  # the first is a Sunday
            (1, date(2026, 11, 3), date(2026, 11, 2), False),
            (31, date(2026, 11, 30), date(2026, 11, 27), True),  # November has thirty days
            (31, date(2026, 3, 2), date(2026, 2, 27), True),  # 28 February is a Saturday
        ],
    )
    def test_monthly(self, month_day, day, before, expected):
        assert is_day_for(Rhythm.MONTHLY, day, before, month_day=month_day) is expected

    def test_every_week_and_every_month_of_a_year_has_its_day_once(self):
        days = days_of(tuple(new_york_spans(date(2026, 1, 1), date(2026, 12, 31))))
        weekly = [d for d in days if is_day_for(Rhythm.WEEKLY, d.trading_day, d.before, weekday=2)]
        monthly = [d for d in days if is_day_for(Rhythm.MONTHLY, d.trading_day, d.before, month_day=15)]

        assert len(weekly) == 52
        assert len(monthly) == 12
