"""A hook is a row that whoever is alive executes once, late if still allowed (safety.md 6.2)."""

from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

from bots.hooks import running
from bots.hooks.running import ATTEMPTS, NotYet, claim, close_overdue, run_due, run_one
from bots.models import HookRun, HookStatus
from bots.selectors import db_now
from instruments.exchange_calendar import new_york_spans
from instruments.services import import_trading_days
from logs.models import ExecutionLog
from market.errors import Text, Unreachable

DAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calendar():
    import_trading_days(new_york_spans(DAY - timedelta(days=10), DAY + timedelta(days=10)), source="exchange")


@pytest.fixture
def enabled(account, credential):
    account.enabled = True
    account.save()
    return account


@pytest.fixture
def run(account) -> HookRun:
    """A hook that may be tried now."""
    now = db_now()
    return HookRun.objects.create(
        hook="open", account=account, trading_day=DAY, due_at=now, until=now + timedelta(hours=1)
    )


class Work:
    """Counts how often it was done; fails as often as it is told to."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.done = 0

    async def __call__(self, run: HookRun, now: datetime) -> dict:
        self.done += 1
        if self.problems:
            raise self.problems.pop(0)
        return {"done": self.done}


def events(name: str) -> list[ExecutionLog]:
    return list(ExecutionLog.objects.filter(ctx__event=name).order_by("id"))


def try_now(run: HookRun) -> None:
    HookRun.objects.filter(pk=run.pk).update(not_before=None)


class TestWhatIsDue:
    def test_half_an_hour_before_the_open_preparation_is_due_and_the_row_is_made_once(self, calendar, enabled, now):
        moment = datetime.combine(DAY, now.time(), now.tzinfo).replace(hour=14, minute=0)

        first, second = run_due(moment), run_due(moment)

        assert first == second
        made = HookRun.objects.filter(trading_day=DAY)
        assert [(row.hook, row.account_id, row.status) for row in made] == [("before_open", enabled.pk, "pending")]

    def test_what_is_done_is_not_due_again(self, calendar, enabled, now):
        (pk,) = [p for p in run_due(now) if HookRun.objects.get(pk=p).hook == "open"]
        assert run_one(pk, now, Work())

        assert pk not in run_due(now)

    def test_an_account_without_a_key_has_no_hooks(self, calendar, account, now):
        account.enabled = True
        account.save()

        assert run_due(now) == []

    def test_an_account_that_neither_trades_nor_holds_has_no_hooks(self, calendar, account, credential, now):
        assert run_due(now) == []

    def test_one_that_still_holds_something_has_its_day_ended(self, calendar, account, credential, now):
        from positions.models import Position

        Position.objects.create(account=account, symbol="KO", exchange="nyse", qty=1)
        after_the_day = now.replace(day=25, hour=2)

        assert {row.hook for row in HookRun.objects.filter(pk__in=run_due(after_the_day))} == {"end_of_day"}


class TestOnce:
    def test_two_workers_with_connections_of_their_own_do_it_once(self, run):
        work, claimed, together = Work(), [], Barrier(6)

        def worker() -> None:
            together.wait()
            claimed.append(claim(run.pk, f"worker:{len(claimed)}:{id(claimed)}", db_now()))
            connections.close_all()

        threads = [Thread(target=worker) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert claimed.count(True) == 1
        assert work.done == 0

    def test_two_beats_at_once_make_one_row_and_do_it_once(self, calendar, enabled, now):
        work, together = Work(), Barrier(2)

        def beat() -> None:
            together.wait()
            for pk in run_due(now):
                run_one(pk, now, work)
            connections.close_all()

        threads = [Thread(target=beat) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        rows = HookRun.objects.filter(trading_day=DAY)
        assert sorted(row.hook for row in rows) == ["before_open", "open"]
        assert {row.status for row in rows} == {"done"}
        assert work.done == HookRun.objects.filter(status="done").count()

    def test_delivered_again_after_it_is_done_nothing_happens(self, run):
        work = Work()
        assert run_one(run.pk, db_now(), work)
        assert not run_one(run.pk, db_now(), work)
        assert work.done == 1


class TestLate:
    def test_it_may_be_late_until_its_time_is_over(self, run):
        just_before = run.until - timedelta(seconds=1)
        assert run_one(run.pk, just_before, Work())

    def test_after_that_it_is_missed_and_journaled(self, run):
        assert not run_one(run.pk, run.until, Work())
        assert close_overdue(run.until) == 1

        run.refresh_from_db()
        assert run.status == HookStatus.MISSED
        assert [row.level for row in events("hook_failed")] == ["error"]


class TestFailure:
    def test_it_is_tried_again_after_a_pause_and_both_are_journaled(self, run):
        work = Work(Unreachable(Text("연결할 수 없습니다.", "It cannot be reached.")))
        run_one(run.pk, db_now(), work)
        run.refresh_from_db()
        assert (run.status, run.attempts) == (HookStatus.FAILED, 1)
        assert not run_one(run.pk, db_now(), work)  # the pause is not over

        try_now(run)
        assert run_one(run.pk, db_now(), work)

        run.refresh_from_db()
        assert run.status == HookStatus.DONE
        assert [(row.level, row.ctx["last"]) for row in events("hook_failed")] == [("warning", False)]
        assert "It cannot be reached." in events("hook_failed")[0].message_en

    def test_it_is_given_up_after_so_many_attempts(self, run):
        work = Work(*[ValueError("broken")] * 10)
        for _ in range(ATTEMPTS + 3):
            try_now(run)
            run_one(run.pk, db_now(), work)

        run.refresh_from_db()
        assert work.done == ATTEMPTS
        assert run.status == HookStatus.GIVEN_UP
        assert [row.level for row in events("hook_failed")] == ["warning"] * (ATTEMPTS - 1) + ["error"]

    def test_waiting_for_somebody_is_no_failure(self, run):
        work = Work(*[NotYet(Text("기다립니다.", "It waits."), after_sec=0)] * (ATTEMPTS + 2))
        for _ in range(ATTEMPTS + 3):
            assert run_one(run.pk, db_now(), work)

        run.refresh_from_db()
        assert (run.status, run.attempts) == (HookStatus.DONE, 0)
        assert events("hook_failed") == []


class TestRestartInTheMiddle:
    def test_a_run_whose_process_died_is_taken_over_when_its_claim_ends(self, run):
        assert claim(run.pk, "dead:1", db_now())
        assert not run_one(run.pk, db_now(), Work())  # the claim holds

        self.let_the_claim_end(run)
        work = Work()
        assert run_one(run.pk, db_now(), work)

        run.refresh_from_db()
        assert (run.status, run.attempts, work.done) == (HookStatus.DONE, 1, 1)

    def test_what_kills_its_process_each_time_is_given_up(self, run):
        for turn in range(ATTEMPTS + 1):
            claim(run.pk, f"dead:{turn}", db_now())
            self.let_the_claim_end(run)
        assert not claim(run.pk, "next", db_now())

        assert close_overdue(db_now()) == 1
        run.refresh_from_db()
        assert run.status == HookStatus.GIVEN_UP

    def test_who_lost_the_claim_does_not_write_over_the_one_who_has_it(self, run):
        class Slow(Work):
            async def __call__(self, run, now):
                from asgiref.sync import sync_to_async

                await sync_to_async(TestRestartInTheMiddle.let_the_claim_end)(run)
                assert await sync_to_async(claim)(run.pk, "other", now)
                return {"who": "the slow one"}

        run_one(run.pk, db_now(), Slow())

        run.refresh_from_db()
        assert (run.status, run.holder, run.result) == (HookStatus.RUNNING, "other", None)

    @staticmethod
    def let_the_claim_end(run: HookRun) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bots_hookrun SET not_before = clock_timestamp() - interval '1 second' WHERE id = %s", [run.pk]
            )


def test_a_claim_outlasts_what_a_run_may_take():
    assert running.CLAIM_SEC > running.WITHIN_SEC + 10
