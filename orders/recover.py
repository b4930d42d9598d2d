"""Start is recovery (safety.md 6.1): what a process left behind is closed or asked about, never sent again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from accounts.models import BrokerageAccount
from market import points
from market.broker import Broker
from market.errors import Text, Unreachable
from orders.adopting import LEFT_BEHIND
from orders.domain import State
from orders.listing import NEVER_SENT, TrackReport, mark_lost
from orders.models import Order, Outcome, Request
from orders.moves import move
from orders.submit import Fence
from orders.track import reconcile, track

NOT_READ = Text(
    "증권사 주문 내역을 아직 읽지 못했습니다. 읽을 때까지 거래하지 않습니다.",
    "The broker's order list could not be read yet. Nothing is traded until it was.",
)


async def recover(*, account: BrokerageAccount, broker: Broker, fence: Fence, now: datetime) -> TrackReport:
    """Call it once with the lease in hand, before anything else.

    Intents that never reached submitting end not_sent; submitting becomes unknown; then the broker's order list
    and holdings are read. Harmless to repeat. Raises what `fence` raises, and Unreachable while the list cannot be
    read: nothing may be traded before it was.
    """
    report = await recover_orders(account=account, broker=broker, fence=fence, now=now)
    await reconcile(account=account, broker=broker, now=now)
    return report


async def recover_orders(*, account: BrokerageAccount, broker: Broker, fence: Fence, now: datetime) -> TrackReport:
    """The half of it that cancels need: what was left is closed and the order list read. Raises as `recover`."""
    await sync_to_async(close_what_was_left, thread_sensitive=True)(account, fence, now)
    report = await track(account=account, broker=broker, now=now)
    if not report.readable:
        raise Unreachable(NOT_READ)
    return report


def close_what_was_left(account: BrokerageAccount, fence: Callable[[], Any], now: datetime) -> None:
    with transaction.atomic(durable=True):
        fence()
        for order in _left(account, State.INTENT):
            move(order, LEFT_BEHIND[State.INTENT], at=now, why=NEVER_SENT)
    points.at("in_recovery")
    for order in _left(account, State.SUBMITTING):
        mark_lost(order, now)
    Request.objects.filter(order__account=account, outcome=Outcome.PENDING).update(outcome=Outcome.UNKNOWN)


def _left(account: BrokerageAccount, state: State) -> list[Order]:
    return list(Order.objects.filter(account=account, status=state).select_related("account").order_by("created_at"))


__all__ = ["Fence", "close_what_was_left", "recover", "recover_orders"]
