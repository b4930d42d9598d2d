"""Orders of the same account that Bamsae did not make: noted, and taken back when one turns out to be ours."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from accounts.models import BrokerageAccount
from logs.services import record
from market.errors import Text
from market.orders import ExecutionRow
from orders.models import ForeignOrder, Order
from orders.moves import call_person
from orders.readings import is_original, is_ours


def note_foreign(account: BrokerageAccount, row: ExecutionRow, at: datetime) -> bool:
    """Note an order of somebody else; True when it is new.

    One through the API channel has no intent that explains it: a person is called (safety.md 1.6).
    """
    with transaction.atomic(durable=True):
        figures = {"filled_qty": row.filled_quantity, "avg_fill_price": row.avg_fill_price}
        seen, new = ForeignOrder.objects.select_for_update().get_or_create(
            account=account,
            us_order_date=row.order_date,
            broker_order_id=row.broker_order_id,
            defaults={
                "symbol": row.symbol, "side": row.side, "qty": row.quantity, "price": row.limit_price,
                "channel": row.channel[:40], "seen_at": at, **figures,
            },
        )  # fmt: skip
        if not new and row.filled_quantity > seen.filled_qty:
            ForeignOrder.objects.filter(pk=seen.pk).update(**figures, updated_at=at)
        if new:
            _tell(account, row, at)
    return new


def _tell(account: BrokerageAccount, row: ExecutionRow, at: datetime) -> None:
    text = Text(
        f"밤새가 내지 않은 주문({row.channel}): {row.side} {row.quantity} {row.symbol}, {row.broker_order_id}",
        f"An order that Bamsae did not make: {row.side} {row.quantity} {row.symbol} through {row.channel}, "
        f"number {row.broker_order_id}",
    )
    if is_ours(row) and is_original(row):
        call_person(account, text, at=at, broker_order_id=row.broker_order_id)
    else:
        record(account=account, kind="log", level="info", message=text, at=at)


def taken_back(order: Order, day: date, numbers: Iterable[str], at: datetime) -> int:
    """These numbers are the order's: what was noted under them as somebody else's is no longer counted so.

    In the caller's transaction. Shares that the book took over as foreign leave it at the next reconciliation, since
    the order's own fills bring them again.
    """
    rows = ForeignOrder.objects.filter(
        account_id=order.account_id, us_order_date=day, broker_order_id__in=list(numbers), order=None
    )
    return rows.update(order=order, filled_qty=0, updated_at=at)
