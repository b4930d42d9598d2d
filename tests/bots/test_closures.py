"""Closures that no calendar knew of are entered by an admin, and suspected when nothing trades (safety.md 4.4)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from bots.closures import enter_closure, lift_closure, nothing_trades, suspect
from instruments.exchange_calendar import new_york_spans
from instruments.models import Closure, TradingDay
from instruments.selectors import session_spans
from instruments.services import import_trading_days
from logs.models import ExecutionLog
from market.sessions import session_at

DAY = date(2026, 11, 24)


@pytest.fixture
def calendar(db):
    import_trading_days(new_york_spans(DAY - timedelta(days=5), DAY + timedelta(days=5)), source="exchange")


def session(now: datetime):
    return session_at(now, session_spans(now)).session


@pytest.mark.usefixtures("calendar")
class TestEntering:
    def test_a_closed_day_has_no_session_until_it_is_lifted(self, admin, now):
        assert session(now) == "regular"

        closure = enter_closure(trading_day=DAY, note="mourning", by=admin, now=now)
        assert session(now) is None

        lift_closure(closure=closure, by=admin, now=now)
        assert session(now) == "regular"

    def test_the_calendar_imported_again_does_not_open_it(self, admin, now):
        enter_closure(trading_day=DAY, by=admin, now=now)
        import_trading_days(new_york_spans(DAY, DAY), source="exchange")

        assert TradingDay.objects.filter(trading_day=DAY).count() == 3
        assert session(now) is None

    def test_a_day_can_end_early(self, admin, now):
        enter_closure(trading_day=DAY, closed_from=now + timedelta(hours=1), by=admin, now=now)

        assert session(now) == "regular"
        assert session(now + timedelta(hours=1)) is None

    def test_a_day_can_begin_late(self, admin, now):
        enter_closure(trading_day=DAY, closed_until=now, by=admin, now=now)

        assert session(now - timedelta(minutes=1)) is None
        assert session(now) == "regular"

    def test_it_is_journaled_by_whom(self, admin, now):
        enter_closure(trading_day=DAY, note="storm", by=admin, now=now)
        assert "admin@bamsae.test entered a closure of 2026-11-24. storm" in ExecutionLog.objects.get().message_en


@pytest.mark.usefixtures("calendar")
class TestOverHttp:
    def test_admins_enter_and_lift_and_everybody_sees(self, as_, admin, viewer):
        made = as_(admin).post("/api/closures", {"trading_day": "2026-11-24", "note": "storm"})
        assert made.status_code == 201, made.json()
        assert [c["note"] for c in as_(viewer).get("/api/closures").json()["results"]] == ["storm"]

        assert as_(admin).post("/api/closures", {"trading_day": "2026-11-24"}).status_code == 409
        assert as_(admin).delete(f"/api/closures/{made.json()['id']}").status_code == 204
        assert not Closure.objects.exists()

    def test_nobody_else_does(self, as_, trader):
        assert as_(trader).post("/api/closures", {"trading_day": "2026-11-24"}).status_code == 403

    @pytest.mark.parametrize(
        "times",
        [
            {"closed_from": "2026-11-25T18:00:00Z"},
            {"closed_from": "2026-11-24T18:00:00Z", "closed_until": "2026-11-24T16:00:00Z"},
        ],
    )
    def test_times_outside_the_day_or_two_at_once_are_refused(self, as_, admin, times):
        assert as_(admin).post("/api/closures", {"trading_day": "2026-11-24", **times}).status_code == 400


@pytest.mark.usefixtures("calendar")
class TestTheCommand:
    def test_it_enters_and_lifts(self, capsys):
        call_command("closure", "2026-11-24", "--from", "13:00", "--note", "storm")
        assert Closure.objects.get().closed_from == datetime(2026, 11, 24, 18, tzinfo=UTC)

        call_command("closure", "2026-11-24", "--lift")
        assert not Closure.objects.exists()

    def test_lifting_what_is_not_there_says_so(self):
        with pytest.raises(CommandError, match="No closure"):
            call_command("closure", "2026-11-24", "--lift")


class TestSuspicion:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            ({"SPY": 5, "AAPL": 7}, {"SPY": 5, "AAPL": 7}, True),
            ({"SPY": 5, "AAPL": 7}, {"SPY": 5, "AAPL": 8}, False),
            ({"SPY": 5}, {"AAPL": 7}, False),
            ({}, {}, False),
        ],
    )
    def test_only_volumes_that_all_stand_still_mean_it(self, before, after, expected):
        assert nothing_trades(before, after) is expected

    @pytest.mark.django_db(transaction=True)
    def test_when_nothing_trades_it_is_told_once(self, trading_account, kis):
        cache.clear()
        now = timezone.now()
        assert not async_to_sync(suspect)(now)  # the first look only remembers
        assert not async_to_sync(suspect)(now + timedelta(minutes=6))  # something traded since, or too little is known
        kis.control.clock(mode="frozen")
        async_to_sync(suspect)(now + timedelta(minutes=12))
        assert async_to_sync(suspect)(now + timedelta(minutes=18))
        assert async_to_sync(suspect)(now + timedelta(minutes=24))

        (row,) = ExecutionLog.objects.filter(ctx__event="closure_suspected")
        assert row.level == "error"
        assert row.account_id is None
