"""Booking what a reading of the list says: the order moves and its fills are written, together or not at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from logs.services import record
from market import points
from market.errors import Text
from market.words import Side
from orders.adopting import adopt
from orders.domain import FINAL, Event, State
from orders.models import Execution, Order
from orders.moves import call_person, move, reread
from orders.pricing import commission
from orders.readings import CENT_MILLIONTH, Fill, Reading
from orders.reserving import hint_holds
from orders.shapes import execution_shape
from positions.domain import Book, after_fill
from positions.services import book_fill, lock_position
from positions.shapes import decimal_text
from rules.models import RuleState

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Applied:
    moved: bool = False
    filled: int = 0


def apply_reading(
    order: Order, reading: Reading, *, complete: bool, at: datetime, read_at: datetime | None = None
) -> Applied:
    """Adopt one reading. Idempotent: the same reading again, or an older one, changes nothing.

    An end is believed only from a complete list (safety.md 1.10); fills are facts from any. `read_at`: when the list
    was read, `at` when not given.
    """
    adopted = adopt(order.filled_qty, booked_amount(order), reading, complete=complete)
    if adopted is None:
        return Applied()
    event, fill = adopted.event, adopted.fill
    changes = _changes(order, reading) | _hint_gone(order, reading, complete, read_at or at)
    if event is Event.SEEN_PARTIALLY_FILLED and reading.filled_quantity >= changes.get("qty", order.qty):
        event = Event.SEEN_FILLED
    before = State(order.status)
    try:
        with transaction.atomic(durable=True):
            booked = _book(order, event, fill, changes, at)
    except IntegrityError:
        booked = _clashed(order, reading, fill, at)
    if fill and booked:
        points.at("after_booking")
    return Applied(booked and State(order.status) is not before, fill.quantity if fill and booked else 0)


def booked_amount(order: Order) -> Decimal:
    """Dollars of the fills booked so far, by the broker's own average."""
    return order.filled_qty * (order.avg_fill_price or ZERO)


def _changes(order: Order, reading: Reading) -> dict[str, Any]:
    """What besides state and fills the list knows better: an amend by phone changes quantity, price and number."""
    changes: dict[str, Any] = {}
    quantity = max(reading.quantity or order.qty, reading.filled_quantity)
    if quantity != order.qty:
        changes["qty"] = quantity
    if order.possible_filled_qty > quantity:
        changes["possible_filled_qty"] = quantity
    if reading.broker_order_id != order.broker_order_id:
        changes |= {"broker_order_id": reading.broker_order_id, "price": reading.limit_price or order.price}
    return changes


def _hint_gone(order: Order, reading: Reading, complete: bool, read_at: datetime) -> dict[str, Any]:
    """What notices hinted at is given up when an end is read long after the last of them."""
    if not (complete and reading.needs_complete_list) or order.possible_filled_qty <= reading.filled_quantity:
        return {}
    holds_for = timedelta(seconds=settings.ORDER_HINT_HOLDS_SEC)
    if hint_holds(order.hinted_at, read_at, holds_for=holds_for):
        return {}
    return {"possible_filled_qty": reading.filled_quantity}


def _book(order: Order, event: Event, fill: Fill | None, changes: dict[str, Any], at: datetime) -> bool:
    """In the caller's transaction; locks in the house's order: position, order, rule state, ledger."""
    if fill is None:
        return move(order, event, at=at, **changes)
    lock_position(account_id=order.account_id, symbol=order.symbol, exchange=order.exchange)
    # of all that is filled, less what was taken: in however many readings the fills come, the fee is the same
    fee = max(ZERO, commission(1, fill.cumulative_amount, settings.KIS_COMMISSION_BPS) - order.fees)
    average = (fill.cumulative_amount / fill.cumulative_quantity).quantize(CENT_MILLIONTH, ROUND_HALF_EVEN)
    changes |= {"filled_qty": fill.cumulative_quantity, "avg_fill_price": average, "fees": order.fees + fee}
    if not move(order, event, at=at, **changes):
        reread(order)
        return False
    _write_fill(order, fill, fee, at)
    return True


def _write_fill(order: Order, fill: Fill, fee: Decimal, at: datetime) -> None:
    side = Side(order.side)
    execution = Execution.objects.create(
        order=order,
        account=order.account,
        symbol=order.symbol,
        side=side,
        qty=fill.quantity,
        price=fill.price,
        fee=fee,
        cumulative_qty=fill.cumulative_quantity,
        trading_day=order.trading_day,
        at=at,
    )
    ko = "매수" if side is Side.BUY else "매도"
    price = decimal_text(fill.price)
    record(
        account=order.account,
        rule_id=order.rule_id,
        kind="fill",
        message=Text(
            f"{order.symbol} {fill.quantity}주 {ko} 체결 @ ${price}",
            f"{'Bought' if side is Side.BUY else 'Sold'} {fill.quantity} {order.symbol} @ ${price}",
        ),
        ctx=execution_shape(execution),
        at=at,
    )
    if order.rule_id is not None:
        own_fill(order.rule_id, side, fill.quantity, fill.price, fee, at, enters=_enters(order, fill))
    book_fill(
        account=order.account,
        rule_id=order.rule_id,
        symbol=order.symbol,
        exchange=order.exchange,
        side=side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fee,
        at=at,
        trading_day=order.trading_day,
    )
    points.at("in_booking")


def _enters(order: Order, fill: Fill) -> bool:
    """The first fill of a buy is an entry of its rule; an order that was priced again is the same entry."""
    if order.side != Side.BUY or fill.cumulative_quantity > fill.quantity:
        return False
    first = order.decision_key.partition("#")[0]
    same = Order.objects.filter(Q(decision_key=first) | Q(decision_key__startswith=f"{first}#"), filled_qty__gt=0)
    return not same.exclude(pk=order.pk).exists()


def own_fill(
    rule_id: UUID, side: Side, quantity: int, price: Decimal, fee: Decimal, at: datetime, *, enters: bool = False
) -> None:
    """What the rule owns after its fill (safety.md 2.1), in the caller's transaction. `enters`: it is a new entry."""
    state = RuleState.objects.select_for_update(no_key=True).filter(rule_id=rule_id).first()
    if state is None:
        return
    book = after_fill(Book(state.qty, state.avg_price, state.realized_pnl), side, quantity, price, fee).book
    state.entries = max(state.entries, 1 if state.qty else 0) + enters if book.quantity else 0
    if book.quantity == 0:
        state.opened_at = state.high_since_entry = None
    elif side is Side.BUY:
        state.opened_at = state.opened_at or at
        state.high_since_entry = max(state.high_since_entry or price, price)
    state.qty, state.avg_price, state.realized_pnl = book.quantity, book.avg_price, book.realized_pnl
    state.save(update_fields=["qty", "entries", "avg_price", "realized_pnl", "opened_at", "high_since_entry"])


def _clashed(order: Order, reading: Reading, fill: Fill | None, at: datetime) -> bool:
    """A constraint of the database says that two of our rows cannot both be true: a person looks.

    The fill is a fact all the same and is booked; the state cannot open again, so what the order may still do stays
    counted as possibly filled.
    """
    reread(order)
    if order.filled_qty >= reading.filled_quantity and fill is not None:
        return False  # somebody else booked the same fill
    with transaction.atomic(durable=True):
        if not order.needs_person:
            why = Text(
                f"{order.symbol} 주문의 내역이 장부와 다릅니다. 주문번호 {reading.broker_order_id}을(를) 확인하세요.",
                f"The broker's row of an order of {order.symbol} contradicts our book. "
                f"Look at order number {reading.broker_order_id}.",
            )
            Order.objects.filter(pk=order.pk).update(needs_person=True)
            order.needs_person = True
            call_person(order.account, why, at=at, order_id=str(order.pk))
        if fill is None or order.status not in FINAL or fill.cumulative_quantity > order.qty:
            return False
        return _book(order, Event.SEEN_CANCELLED, fill, {"possible_filled_qty": order.qty}, at)
