"""Hooks against a broker: the day is prepared, ended and told; with the account's bot, and without."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from bots import desk, lease
from bots.hooks import work
from bots.hooks.days import day_of
from bots.hooks.running import run_due, run_one
from bots.models import HookRun
from instruments.candles import coverage
from instruments.selectors import session_spans
from logs.models import ExecutionLog
from market.data import Quote
from market.orders import OrderIntent
from market.sessions import session_at
from market.words import Exchange, Session, Side, Timeframe
from orders.models import Order
from orders.services import recover, submit
from positions.models import EquityPoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def today():
    """The trading day that the simulator's market is in."""
    now = timezone.now()
    session = session_at(now, session_spans(now))
    assert session.session is Session.REGULAR
    return session.trading_day


def hook(name: str, account, day, now: datetime | None = None) -> HookRun:
    """A hook that is due, and done at once."""
    at = now or timezone.now()
    run, _ = HookRun.objects.get_or_create(
        hook=name,
        account=account,
        trading_day=day,
        defaults={"due_at": at - timedelta(seconds=1), "until": at + timedelta(hours=3)},
    )
    HookRun.objects.filter(pk=run.pk).update(not_before=None)
    assert run_one(run.pk, at, work.do)
    run.refresh_from_db()
    return run


async def bought(account, quantity: int, limit: str) -> Order:
    now = timezone.now()
    last = Quote("AAPL", Exchange.NASDAQ, Decimal(200), now, now, volume=1000)
    intent = OrderIntent(f"test:{now}", "AAPL", Exchange.NASDAQ, Side.BUY, quantity, Decimal(limit), "for the test")
    async with desk.taken(account) as ours:
        await recover(account=account, broker=ours.broker, fence=ours.lease.fence, now=now)
        return await submit(
            account=account, rule=None, decision=None, intent=intent, broker=ours.broker, fence=ours.lease.fence,
            now=now, quote=last,
        )  # fmt: skip


def journal(**conditions) -> ExecutionLog:
    return ExecutionLog.objects.filter(**conditions).latest("id")


class TestBeforeTheOpen:
    def test_token_bars_positions_and_states_are_told_in_one_row(self, trading_account, write_rule, today):
        write_rule()

        run = hook("before_open", trading_account, today)

        assert run.status == "done", run.result
        row = journal(ctx__hook="before_open")
        assert row.account_id == trading_account.pk
        assert row.ctx["history"] == ["AAPL"]
        assert row.ctx["holdings_complete"] is True
        assert row.ctx["trading_state"] == row.ctx["house_state"] == "active"
        assert row.ctx["rules"] == 1
        assert datetime.fromisoformat(row.ctx["token_expires_at"]) > timezone.now()
        assert ExecutionLog.objects.filter(ctx__hook="before_open").count() == 1

    def test_the_days_of_what_is_traded_are_stored(self, trading_account, write_rule, today):
        write_rule()
        hook("before_open", trading_account, today)

        first, last = coverage("AAPL", Timeframe.D1)
        assert last - first > timedelta(days=60)

    def test_a_bot_that_does_not_run_and_a_state_that_is_not_active_are_problems(self, trading_account, today):
        trading_account.trading_state = "reducing"
        trading_account.save()

        hook("before_open", trading_account, today)

        row = journal(ctx__hook="before_open")
        assert row.level == "warning"
        said = " ".join(problem["en"] for problem in row.ctx["problems"])
        assert "The bot does not run yet." in said
        assert "The account is reducing." in said

    def test_a_broker_that_does_not_answer_is_asked_again_and_then_told(self, trading_account, write_rule, today, kis):
        write_rule()
        kis.kill()

        first = hook("before_open", trading_account, today)
        assert first.status == "failed"
        hook("before_open", trading_account, today)
        third = hook("before_open", trading_account, today)

        assert third.status == "done"
        assert journal(ctx__hook="before_open").level == "warning"


class TestEndOfDay:
    def test_the_day_is_read_to_its_end_and_told(self, trading_account, today, kis):
        kis.control.pin("AAPL", "200.00")
        order = async_to_sync(bought)(trading_account, 5, "202.00")
        assert order.status in {"working", "filled", "partially_filled"}

        run = hook("end_of_day", trading_account, today)
        while run.status == "pending":
            run = hook("end_of_day", trading_account, today)

        assert run.status == "done", run.result
        row = journal(ctx__event="daily_summary")
        assert row.ctx["reconciled"] is True
        assert row.ctx["buys"] >= 1
        assert row.ctx["sells"] == 0
        assert Decimal(row.ctx["bought_usd"]) >= 1000
        assert row.ctx["unknown_orders"] == 0
        assert row.ctx["trading_day"] == today.isoformat()
        assert "결산" in row.message and "realised" in row.message_en

    def test_the_books_are_the_brokers_afterwards(self, trading_account, today, kis):
        kis.control.pin("AAPL", "200.00")
        async_to_sync(bought)(trading_account, 3, "202.00")
        while hook("end_of_day", trading_account, today).status == "pending":
            pass

        theirs = kis.control.account(kis.accounts("paper")[0]["account_no"])["holdings"]
        ours = {p.symbol: p.qty for p in trading_account.positions.filter(qty__gt=0)}
        assert ours == {symbol: held["qty"] for symbol, held in theirs.items()}

    def test_while_another_process_has_the_account_it_waits(self, trading_account, today):
        held = lease.acquire(trading_account.pk, "bot:1")

        run = hook("end_of_day", trading_account, today)

        assert (run.status, run.attempts) == ("pending", 0)
        assert run.result["waiting"]["en"]
        assert held.fence() == held.token

    def test_a_broker_that_stays_away_does_not_keep_the_day_untold(self, trading_account, today, kis):
        kis.kill()
        for _ in range(5):
            run = hook("end_of_day", trading_account, today)

        assert run.status == "done"
        row = journal(ctx__event="daily_summary")
        assert row.ctx["reconciled"] is False
        assert row.level == "warning"
        assert "not reconciled" in row.message_en

    def test_a_day_is_told_once(self, trading_account, today):
        while hook("end_of_day", trading_account, today).status == "pending":
            pass
        run = HookRun.objects.get(hook="end_of_day")

        assert not run_one(run.pk, timezone.now(), work.do)
        assert ExecutionLog.objects.filter(ctx__event="daily_summary").count() == 1

    def test_a_point_of_the_equity_curve_is_of_that_day(self, trading_account, today, start_bot, eventually, kis):
        trading_account.enabled = True
        trading_account.save()
        start_bot()
        eventually(lambda: lease.acquire(trading_account.pk, "nobody") is None)
        run = hook("end_of_day", trading_account, today)

        def ended() -> bool:
            nonlocal run
            if run.status == "pending":
                run = hook("end_of_day", trading_account, today)
            return run.status == "done"

        eventually(ended)
        summary = journal(ctx__event="daily_summary").ctx
        if summary["equity_usd"] is not None:
            assert EquityPoint.objects.filter(trading_day=today).exists()


class TestOpenAndClose:
    def test_an_order_that_is_left_is_told_at_the_close(self, trading_account, today, kis):
        kis.control.pin("AAPL", "200.00")
        order = async_to_sync(bought)(trading_account, 1, "20.00")

        run = hook("close", trading_account, today)

        assert run.status == "done", run.result
        assert [left["order_id"] for left in run.result["left"]] == [str(order.pk)]
        assert "1 orders are left." in journal(ctx__hook="close").message_en

    def test_orders_of_earlier_days_are_read_to_their_end_at_the_open(self, trading_account, today, kis):
        kis.control.pin("AAPL", "200.00")
        order = async_to_sync(bought)(trading_account, 1, "20.00")
        yesterday = today - timedelta(days=1)
        Order.objects.filter(pk=order.pk).update(trading_day=yesterday)

        run = hook("open", trading_account, today)

        assert run.status == "done", run.result
        assert run.result["running"] is False
        assert "The bot does not run" in journal(ctx__hook="open").message_en


def test_the_schedule_finds_the_hooks_of_the_simulators_day(trading_account, today):
    trading_account.enabled = True
    trading_account.save()
    now = timezone.now()

    found = HookRun.objects.filter(pk__in=run_due(now), trading_day=today)

    assert {row.hook for row in found} >= {"before_open", "open"}
    assert day_of(today, now).opens <= now
