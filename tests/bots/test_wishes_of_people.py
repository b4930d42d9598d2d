"""What people ask reaches the broker within a second while the bot runs. A real bot, the real wire, the simulator."""

import time
from decimal import Decimal

import pytest

from accounts.models import BrokerageAccount
from orders.models import Instruction, Order
from rules.models import StrategySignal
from rules.services import update_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

WITHIN_SEC = 1.0
# The broker's own pace: paper takes about one request a second, and others may wait before ours.
PACE_SEC = 4.0


def rows(kis, kind: str) -> list[dict]:
    return [row for row in kis.control.orders(kis.accounts("paper")[0]["account_no"]) if row["kind"] == kind]


@pytest.fixture
def resting(write_rule, start_bot, eventually):
    """A running bot whose rule has an order far below the market."""
    write_rule(order_price="last", price_offset_bps=-900, cooldown_sec=600)
    start_bot()
    return eventually(lambda: Order.objects.filter(status="working").first(), 120)


def test_a_cancel_is_taken_up_within_a_second_and_reaches_the_broker(resting, as_, trader, kis, eventually):
    api = as_(trader)
    api.get(f"/api/orders/{resting.pk}")  # the first request of a process loads half the house
    began = time.monotonic()
    assert api.post(f"/api/orders/{resting.pk}:cancel").status_code == 202
    eventually(lambda: Instruction.objects.filter(claimed_by__isnull=False).exists())
    taken_up = time.monotonic() - began
    eventually(lambda: rows(kis, "cancel"))
    arrived = time.monotonic() - began

    eventually(lambda: Order.objects.get(pk=resting.pk).status == "cancelled")
    assert Instruction.objects.get().status == "done"
    assert taken_up < WITHIN_SEC * 3 and arrived < WITHIN_SEC + PACE_SEC, (taken_up, arrived)


def test_from_the_answer_of_a_halt_on_nothing_is_submitted_and_its_cancels_reach_the_broker(
    resting, write_rule, as_, admin, trader, kis, eventually, trading_account
):
    eager = write_rule(symbol="MSFT", cooldown_sec=0)  # wants to buy at every price
    eventually(lambda: Order.objects.filter(rule=eager).exists(), 120)

    api = as_(admin)
    api.get("/api/bots:halt")
    began = time.monotonic()
    answer = api.post("/api/bots:halt", {"cancel_orders": True, "reason": "확인"})
    answered = list(Order.objects.filter(status__in=["intent", "submitting"]).values_list("pk", flat=True))
    sent = Order.objects.exclude(placed_at=None).exclude(pk__in=answered).count()
    assert answer.json()["trading_state"] == "halted"
    eventually(lambda: any(row["symbol"] == "AAPL" for row in rows(kis, "cancel")))
    arrived = time.monotonic() - began

    update_rule(rule=eager, by=trader, buy_amount_usd=Decimal(900))  # a new version: all its wishes are news again
    eventually(lambda: StrategySignal.objects.filter(rule=eager, type="veto", rule_version=2).exists(), 120)
    assert Order.objects.exclude(placed_at=None).exclude(pk__in=answered).count() == sent
    assert arrived < WITHIN_SEC + 2 * PACE_SEC, arrived

    api.post("/api/bots:resume")
    assert BrokerageAccount.objects.get(pk=trading_account.pk).trading_state == "active"


def test_a_running_bot_sells_everything_and_is_halted(write_rule, start_bot, as_, trader, kis, eventually):
    rule = write_rule()
    start_bot()
    eventually(lambda: Order.objects.filter(status="filled").exists(), 120)

    body = {"account_id": str(rule.account_id), "sell_out": True, "confirm": rule.account.nickname}
    assert as_(trader).post("/api/bots:halt", body).json()["instructions"]

    eventually(lambda: Instruction.objects.get().status == "done", 150)
    assert Order.objects.get(side="sell").rule_id == rule.pk
    assert BrokerageAccount.objects.get(pk=rule.account_id).trading_state == "halted"
    held = kis.control.account(kis.accounts("paper")[0]["account_no"])["holdings"]
    assert not held.get("AAPL", {}).get("qty")
