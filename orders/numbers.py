"""Numbers that the broker gave our orders: dated, without leading zeros, and every one of them kept (safety.md 1.7)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from orders.models import Order, Outcome, Request, RequestKind
from orders.moves import reread
from orders.others import taken_back
from orders.settlement import Number


def claimed_numbers(account_id: UUID, days: tuple[date, date]) -> set[Number]:
    """Every number that one of our orders or requests has on these US dates, both included."""
    dated = {"us_order_date__range": days}
    of_orders = Order.objects.filter(account_id=account_id, **dated).exclude(broker_order_id="")
    of_requests = Request.objects.filter(order__account_id=account_id, **dated).exclude(broker_order_id="")
    names = ("us_order_date", "broker_order_id")
    return set(of_orders.values_list(*names)) | set(of_requests.values_list(*names))


def keep_numbers(order: Order, numbers: Sequence[str], day: date, now: datetime) -> None:
    """Numbers that amends, ours or by phone, gave to our order. Somebody else keeping them first is as good."""
    known = set(order.requests.values_list("broker_order_id", flat=True))
    for number in numbers:
        if number not in known:
            try:
                with transaction.atomic(durable=True):
                    _keep(order, number, day, now)
                    taken_back(order, day, [number], now)
            except IntegrityError:
                continue  # the next look keeps it


def _keep(order: Order, number: str, day: date, now: datetime) -> None:
    """The number of our own amend of unknown outcome, if one waits for it; else an amend that somebody else sent."""
    amends = order.requests.filter(kind=RequestKind.AMEND)
    silent = amends.filter(broker_order_id="", outcome__in=[Outcome.UNKNOWN, Outcome.PENDING]).order_by("attempt")
    if (ours := silent.first()) is not None:
        ours.broker_order_id, ours.us_order_date, ours.outcome = number, day, Outcome.UNKNOWN
        ours.answered_at = ours.answered_at or now
        ours.save(update_fields=["broker_order_id", "us_order_date", "outcome", "answered_at"])
        return
    last = amends.order_by("-attempt").values_list("attempt", flat=True).first() or 0
    Request.objects.create(
        order=order, kind=RequestKind.AMEND, attempt=last + 1, outcome=Outcome.ACCEPTED, broker_order_id=number,
        us_order_date=day, committed_at=now, answered_at=now,
    )  # fmt: skip


def redate(order: Order, day: date, now: datetime) -> bool:
    """The broker dates the order otherwise than New York's calendar. False when that number is another order's."""
    was = order.us_order_date
    try:
        with transaction.atomic(durable=True):
            same = Order.objects.filter(pk=order.pk, us_order_date=was, broker_order_id=order.broker_order_id)
            if not same.update(us_order_date=day, updated_at=now):
                reread(order)
                return False
            numbered = order.requests.filter(us_order_date=was).exclude(broker_order_id="")
            numbered.update(us_order_date=day)
            taken_back(order, day, [order.broker_order_id], now)
    except IntegrityError:
        return False
    order.us_order_date = day
    return True
