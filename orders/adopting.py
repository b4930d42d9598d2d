"""What is concluded from an answer, or from one look at the broker's list. Pure: nothing is written here."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from market.orders import ExecutionRow
from orders.domain import Event, State
from orders.readings import Fill, Reading, fill_from, is_ours
from orders.settlement import Number

# An answer that tells the number settles these; in any other state the order has a number already.
WAIT_FOR_NUMBER = frozenset({State.SUBMITTING, State.UNKNOWN, State.NOT_SEEN})
WAIT_FOR_ANSWER = frozenset({State.SUBMITTING, State.UNKNOWN})

# What a process that died or fell silent left behind, and what is known of it (safety.md 1.4, 1.6).
LEFT_BEHIND = {State.INTENT: Event.NOT_WRITTEN, State.SUBMITTING: Event.LOST}


class Asked(Protocol):
    """What an order asked for, as far as a row must agree with it."""

    symbol: str
    side: Any
    qty: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """What one reading changes: the event, and the shares that were filled since the last one."""

    event: Event
    fill: Fill | None


def adopt(filled: int, amount: Decimal, reading: Reading, *, complete: bool) -> Adoption | None:
    """What to adopt of a reading, beside what is booked: `filled` shares for `amount` dollars. None: nothing.

    An end is believed only from a complete list (safety.md 1.10); fills are facts from any.
    """
    if reading.filled_quantity < filled:
        return None  # older than what is booked
    fill = fill_from(filled, amount, reading)
    if fill is None and reading.filled_quantity > filled:
        return None  # the price is not known yet; the next look will have it
    event = None if reading.needs_complete_list and not complete else reading.event
    if event is None and fill is not None:
        event = Event.SEEN_PARTIALLY_FILLED
    return None if event is None else Adoption(event, fill)


def answer_agrees(number: str, numbers: Collection[str]) -> bool:
    """An answer that comes after the list was believed names a number that the order has, or once had."""
    return number in numbers


def is_row_of(row: ExecutionRow, order: Asked, *, amended: bool) -> bool:
    """A row under the order's first number must be that order; an amend may have changed the quantity."""
    return (row.symbol, row.side) == (order.symbol, order.side) and (amended or row.quantity == order.qty)


def is_anothers(
    row: ExecutionRow,
    *,
    ours: Collection[Number],
    waiting: Collection[tuple[str, str, int]],
    root: ExecutionRow | None = None,
) -> bool:
    """The row is an order of somebody else.

    `ours`: every number that one of our orders or requests has; rows about these are ours as well (safety.md 1.7).
    `root`: the order that the row continues, when another. `waiting`: symbol, side and quantity of our orders without
    a number; a row of the API channel that equals one, or continues one that does, may still turn out to be it, and
    is left for later.
    """
    first = root or row
    numbers = {(r.order_date, r.broker_order_id) for r in (row, first)} | {(row.order_date, row.original_id)}
    if any(number in ours for number in numbers) or row.request_kind == "cancel":
        return False
    parked = is_ours(first) and (first.symbol, first.side, first.quantity) in waiting
    return not parked
