"""Schedules can be lost and brought back; old rows go, and what must stay stays."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from celery import current_app
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

from bots import retention
from bots.models import HookRun
from bots.retention import delete_old
from bots.schedules import SCHEDULES, Condition, restore, standings
from logs.models import ExecutionLog
from logs.services import record
from market.errors import Text
from orders.models import Execution, Order, OrderLook, Request
from positions.models import EquityPoint
from rules.models import SignalType, StrategySignal

pytestmark = pytest.mark.django_db


def conditions() -> dict[str, str]:
    return {found.schedule.name: found.condition for found in standings()}


class TestSchedules:
    def test_the_migrations_make_every_row_as_it_comes(self):
        assert set(conditions().values()) == {Condition.AS_IT_COMES}

    def test_every_task_is_known_to_the_workers(self):
        current_app.loader.import_default_modules()
        assert {s.task for s in SCHEDULES} <= set(current_app.tasks)

    def test_what_is_missing_off_or_broken_is_restored_and_what_an_admin_chose_is_not(self):
        PeriodicTask.objects.filter(name="run hooks").delete()
        PeriodicTask.objects.filter(name="ensure bots").update(enabled=False)
        PeriodicTask.objects.filter(name="renew tokens").update(task="bots.no_such")
        rare = PeriodicTask.objects.get(name="clean up unfilled orders")
        rare.interval = rare.interval.__class__.objects.create(every=120, period="seconds")
        rare.save()

        assert conditions()["clean up unfilled orders"] == Condition.CHANGED
        assert sorted(restore()) == ["ensure bots", "renew tokens", "run hooks"]
        assert {name for name, found in conditions().items() if found != Condition.AS_IT_COMES} == {
            "clean up unfilled orders"
        }
        assert restore(everything=True) == ["clean up unfilled orders"]
        assert restore() == []

    def test_the_command_lists_and_restores(self):
        PeriodicTask.objects.filter(name="run hooks").delete()
        out = StringIO()
        call_command("schedules", stdout=out)
        assert "없음 / missing" in out.getvalue()

        call_command("schedules", "--restore", stdout=out)
        assert "restored: run hooks" in out.getvalue()
        assert PeriodicTask.objects.get(name="run hooks").enabled

    def test_one_that_was_not_sent_for_long_is_late(self, now):
        PeriodicTask.objects.filter(name="run hooks").update(last_run_at=now - timedelta(minutes=11))
        PeriodicTask.objects.filter(name="ensure bots").update(last_run_at=now - timedelta(seconds=30))
        late = {found.schedule.name for found in standings() if found.late(now)}

        assert "run hooks" in late
        assert "ensure bots" not in late

    def test_the_admins_first_page_shows_when_each_was_sent(self, client, admin, now):
        PeriodicTask.objects.filter(name="run hooks").update(last_run_at=now)
        client.force_login(admin)

        page = client.get("/admin/").content.decode()

        assert "예약 작업" in page and "run hooks" in page


@pytest.fixture
def kept(settings):
    for name in ("LOGS", "SIGNALS", "LOOKS", "EQUITY", "HOOKS", "CRASHES", "DELIVERIES"):
        setattr(settings, f"RETENTION_{name}_DAYS", 30)


@pytest.fixture
def rule(account, trader):
    from instruments.services import ensure_instruments
    from rules.services import create_rule

    ensure_instruments()
    return create_rule(account=account, by=trader, symbol="AAPL", buy_amount_usd=Decimal(100), max_position=1,
                       entry_condition="price > 0", exit_condition="false")  # fmt: skip


@pytest.mark.usefixtures("kept")
class TestRetention:
    def test_old_journal_rows_go_in_batches_and_young_ones_stay(self, account, now, monkeypatch):
        monkeypatch.setattr(retention, "BATCH", 3)
        for days in (40, 35, 31, 31, 31, 31, 31, 29, 0):
            record(account=account, message=Text("x", "x"), at=now - timedelta(days=days))
        ExecutionLog.objects.filter(seq__isnull=True).update(seq=None)
        for number, row in enumerate(ExecutionLog.objects.order_by("id"), start=1_000_000):
            ExecutionLog.objects.filter(pk=row.pk).update(seq=number)

        assert delete_old(now)["journal"] == 7
        assert ExecutionLog.objects.count() == 2
        assert delete_old(now)["journal"] == 0

    def test_signals_go(self, rule, now):
        for days in (31, 1):
            StrategySignal.objects.create(rule=rule, rule_version=1, type=SignalType.VETO, score=0, payload={},
                                          created_at=now - timedelta(days=days))  # fmt: skip
        assert delete_old(now)["signals"] == 1

    def test_of_each_old_day_the_last_point_of_the_equity_curve_stays(self, account, now):
        for day in (date(2026, 9, 1), date(2026, 9, 2), now.date()):
            for hour in (15, 16, 17):
                at = now.replace(month=day.month, day=day.day, hour=hour)
                EquityPoint.objects.create(account=account, trading_day=day, at=at, cash=1, positions_value=0, equity=1)
        assert delete_old(now)["equity"] == 4
        assert [p.at.hour for p in EquityPoint.objects.order_by("at")] == [17, 17, 15, 16, 17]

    def test_hooks_go_when_they_ended(self, account, now):
        past = now - timedelta(days=60)
        for hook, status in (("open", "done"), ("close", "running")):
            HookRun.objects.create(hook=hook, account=account, trading_day=past.date(), due_at=past, until=past,
                                   status=status)  # fmt: skip
        assert delete_old(now)["hooks"] == 1

    def test_orders_requests_executions_and_open_evidence_never_go(self, account, now):
        past = now - timedelta(days=4000)
        order = Order.objects.create(account=account, decision_key="k", symbol="AAPL", exchange="nasdaq", side="buy",
                                     qty=2, price=1, status="unknown", trading_day=past.date(), created_at=past,
                                     placed_at=past)  # fmt: skip
        Request.objects.create(order=order, kind="new", committed_at=past)
        Execution.objects.create(order=order, account=account, symbol="AAPL", side="buy", qty=1, price=1,
                                 cumulative_qty=1, trading_day=past.date(), at=past)  # fmt: skip
        OrderLook.objects.create(order=order, at=past, read_at=past, last_at=past, freshness="fresh", complete=True,
                                 finding="wait")  # fmt: skip
        delete_old(now)

        assert (Order.objects.count(), Request.objects.count(), Execution.objects.count()) == (1, 1, 1)
        assert OrderLook.objects.count() == 1

    def test_zero_days_keeps_them_for_ever(self, account, now, settings):
        settings.RETENTION_LOGS_DAYS = 0
        record(account=account, message=Text("x", "x"), at=now - timedelta(days=4000))

        assert "journal" not in delete_old(now)
        assert ExecutionLog.objects.count() == 1
