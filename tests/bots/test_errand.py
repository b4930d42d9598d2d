"""A cancel that a person asks for is carried out even when the account's bot is off."""

import threading
import time
from decimal import Decimal
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone

from bots import desk, lease
from bots.errand import accounts_waiting
from bots.tasks import run_errand
from market.data import Quote
from market.orders import OrderIntent
from market.words import Exchange, Side
from orders.models import Instruction, Order
from orders.services import request_cancel, request_order, request_sell_out, submit
from positions.models import AccountBook

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def resting_order(trading_account):
    """An order far below the market, which nobody's bot looks after."""
    return async_to_sync(place_far_below)(trading_account)


async def place_far_below(account) -> Order:
    now = timezone.now()
    last = Quote("AAPL", Exchange.NASDAQ, Decimal(200), now, now, volume=1000)
    intent = OrderIntent(str(uuid4()), "AAPL", Exchange.NASDAQ, Side.BUY, 1, Decimal(20), "far below the market")
    async with desk.taken(account) as ours:
        await AccountBook.objects.aupdate_or_create(account=account, defaults={"reconciled_at": now})
        return await submit(
            account=account,
            rule=None,
            decision=None,
            intent=intent,
            broker=ours.broker,
            fence=ours.lease.fence,
            now=now,
            quote=last,
        )


def test_it_is_cancelled_at_the_broker_and_the_account_is_free_again(resting_order, trader, kis):
    asked = request_cancel(order=resting_order, by=trader, now=timezone.now())
    assert accounts_waiting() == [resting_order.account_id]

    run_errand(str(resting_order.account_id))

    assert Instruction.objects.get(pk=asked.pk).status == "done"
    assert Order.objects.get(pk=resting_order.pk).status in {"pending_cancel", "cancelled"}
    rows = kis.control.orders(kis.accounts("paper")[0]["account_no"])
    assert sorted(row["kind"] for row in rows) == ["cancel", "new"]
    assert accounts_waiting() == []
    assert lease.acquire(resting_order.account_id, "next:1") is not None


def test_nothing_is_done_while_a_bot_has_the_account(trading_account, admin):
    held = lease.acquire(trading_account.pk, f"bot:{uuid4()}")

    run_errand(str(trading_account.pk))

    assert held.fence() == held.token


@pytest.fixture
def errands_at_once(settings, monkeypatch):
    """A worker is there: what is put on its queue is begun at once, on a thread of its own."""
    threads = []

    def begin(args, **_options):
        def work():
            try:
                run_errand(*args)
            finally:
                connection.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    monkeypatch.setattr(run_errand, "apply_async", begin)
    yield
    for thread in threads:
        thread.join(60)


def test_asked_over_http_with_no_bot_it_reaches_the_broker_within_a_second_or_so(
    resting_order, errands_at_once, as_, trader, kis, eventually
):
    """The wish itself starts the errand: nobody waits for the schedule's next turn."""
    api, began = as_(trader), time.monotonic()
    assert api.post(f"/api/orders/{resting_order.pk}:cancel").status_code == 202

    account_no = kis.accounts("paper")[0]["account_no"]
    eventually(lambda: any(row["kind"] == "cancel" for row in kis.control.orders(account_no)))
    took = time.monotonic() - began
    eventually(lambda: Order.objects.get(pk=resting_order.pk).status == "cancelled")

    assert took < 20, f"{took:.1f} s; the schedule's turn, and a whole recovery before it, would be far more"
    eventually(lambda: lease.acquire(resting_order.account_id, "next:1") is not None)


def test_an_order_that_a_person_wants_is_sent_and_everything_is_sold_again(
    trading_account, errands_at_once, trader, kis, eventually
):
    """No bot runs: the errand waits for a price that has moved, buys, and later sells all and halts the account."""
    account_no = kis.accounts("paper")[0]["account_no"]
    request_order(account=trading_account, side=Side.BUY, symbol="AAPL", qty=3, by=trader)
    eventually(lambda: kis.control.account(account_no)["holdings"].get("AAPL", {}).get("qty") == 3, 120)
    eventually(lambda: Order.objects.get().status == "filled")
    eventually(lambda: Instruction.objects.get().status == "done")

    asked = request_sell_out(account=trading_account, by=trader)
    eventually(lambda: Instruction.objects.get(pk=asked.pk).status == "done", 150)

    trading_account.refresh_from_db()
    assert trading_account.trading_state == "halted"
    assert not kis.control.account(account_no)["holdings"].get("AAPL", {}).get("qty")
