"""A cancel that a person asks for is carried out even when the account's bot is off."""

from decimal import Decimal
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from bots import desk, lease
from bots.errand import accounts_waiting
from bots.tasks import run_errand
from market.data import Quote
from market.orders import OrderIntent
from market.words import Exchange, Side
from orders.models import Instruction, Order
from orders.services import request_cancel, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def resting_order(trading_account):
    """An order far below the market, which nobody's bot looks after."""
    return async_to_sync(place_far_below)(trading_account)


async def place_far_below(account) -> Order:
    now = timezone.now()
    last = Quote("AAPL", Exchange.NASDAQ, Decimal(200), now, now, volume=1000)
    intent = OrderIntent(str(uuid4()), "AAPL", Exchange.NASDAQ, Side.BUY, 1, Decimal(20), "far below the market")
    async with desk.taken(account) as ours:
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
