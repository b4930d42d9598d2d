"""Giving an order the number under which the broker has it: by the list, by a late answer, by a person's word."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from market import points
from market.errors import Text
from orders.domain import OPEN, Event, State
from orders.models import Order, Outcome, RequestKind
from orders.moves import call_person, journal_order, move, reread
from orders.others import taken_back


def claim(order: Order, day: date, number: str, at: datetime, *, why: Text | None = None) -> bool:
    """Give an order of unknown outcome its number. False: somebody was first, or the number is another order's.

    Beside a successor that is open already it stays ended under its number, and a person is called: its fills are
    booked all the same.
    """
    why = why or Text(f"주문 내역에서 찾았습니다. 주문번호 {number}.", f"found in the order list as number {number}.")
    ended = order.status == State.NOT_SEEN
    try:
        with transaction.atomic():
            points.at("in_settling")
            if not move(order, Event.ACCEPTED, at=at, why=why, **_named(day, number), needs_person=False):
                return False
            _number_request(order, day, number, at)
    except IntegrityError:
        reread(order)
        return ended and claim_ended(order, day, number, at)
    return True


def claim_ended(order: Order, day: date, number: str, at: datetime) -> bool:
    """The number of an order that silence had ended and whose rule has gone on: what it may fill is counted again."""
    try:
        with transaction.atomic():
            same = Order.objects.filter(pk=order.pk, status=State.NOT_SEEN, broker_order_id="")
            late = {"possible_filled_qty": order.qty, "day_read_at": None, "needs_person": True, "updated_at": at}
            if not same.update(**_named(day, number), **late):
                return False
            reread(order)
            _number_request(order, day, number, at)
            why = Text(
                f"도착하지 않은 것으로 보았던 {order.symbol} 주문이 증권사에 있습니다. 주문번호 {number}.",
                f"An order of {order.symbol} that seemed never to have arrived is at the broker, number {number}.",
            )
            call_person(order.account, why, at=at, order_id=str(order.pk))
    except IntegrityError:
        reread(order)
        return False
    return True


def renumber(order: Order, day: date, number: str, at: datetime, *, why: Text) -> bool:
    """Another number for an open order of which nothing is filled: the row that was believed is somebody else's.

    In the caller's transaction. False when there is more to it. Raises IntegrityError when another order has it.
    """
    if order.status not in OPEN or order.filled_qty:
        return False
    before = {"broker_order_id": order.broker_order_id, "us_order_date": order.us_order_date}
    same = Order.objects.filter(pk=order.pk, status=order.status, filled_qty=0, **before)
    if not same.update(**_named(day, number), needs_person=False, updated_at=at):
        return False
    order.requests.filter(**before).update(**_named(day, number))
    taken_back(order, day, [number], at)
    reread(order)
    journal_order(order, at=at, why=why)
    return True


def _named(day: date, number: str) -> dict[str, object]:
    return {"broker_order_id": number, "us_order_date": day}


def _number_request(order: Order, day: date, number: str, at: datetime) -> None:
    """The newest attempt is the one that arrived; what was noted as somebody else's under its number is not."""
    newest = order.requests.filter(kind=RequestKind.NEW).order_by("-attempt").first()
    if newest is not None:
        newest.broker_order_id, newest.us_order_date = number, day
        newest.outcome = Outcome.UNKNOWN if newest.outcome == Outcome.PENDING else newest.outcome
        newest.answered_at = newest.answered_at or at
        newest.save(update_fields=["broker_order_id", "us_order_date", "answered_at", "outcome"])
    taken_back(order, day, [number], at)
