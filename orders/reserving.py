"""What an order may still bring, take and cost: the reservation that every limit counts. Pure.

Whole shares; US dollars as Decimal.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from orders.domain import NAMELESS, OPEN, State
from orders.pricing import cost


@dataclass(frozen=True, slots=True)
class Commitment:
    """An order as far as limits care. `possible`: what notices hint at. `day_read`: the complete list of its day was
    read after that day's end. `amend_quantity`, `amend_price`: what an amend asks of the open remainder, until the
    list shows what became of it."""

    status: State
    quantity: int
    price: Decimal
    filled: int = 0
    possible: int = 0
    day_read: bool = False
    amend_quantity: int | None = None
    amend_price: Decimal | None = None


def holds_silence(status: State, *, day_read: bool) -> bool:
    """not_seen is silence, no proof: it keeps its reservation until its day's complete list was read."""
    return status is State.NOT_SEEN and not day_read


def is_nameless(status: State, *, day_read: bool) -> bool:
    """Whether the order could not be told from an identical one, so that none may be sent (safety.md 1.2)."""
    return status in NAMELESS and (status in OPEN or holds_silence(status, day_read=day_read))


def is_counted(it: Commitment) -> bool:
    """Open and unknown orders of any day, and ended ones that silence or a notice keeps in doubt.

    Midnight ends no doubt; the complete list of the order's day does.
    """
    doubtful = it.status is State.NOT_SEEN or it.possible > it.filled
    return it.status in OPEN or (doubtful and not it.day_read)


def may_still_fill(it: Commitment) -> int:
    """Shares the order may still bring or take.

    While open or silent all that is not filled, and what an amend asks for beside it (safety.md 1.8); after an end
    what notices hint at, until the day's complete list was read.
    """
    if it.status in OPEN or holds_silence(it.status, day_read=it.day_read):
        return max(0, it.quantity - it.filled) + (it.amend_quantity or 0)
    return 0 if it.day_read else max(0, min(it.possible, it.quantity) - it.filled)


def may_still_cost(it: Commitment, fee_bps: int | Decimal) -> Decimal:
    """What those shares may cost at most, fees included."""
    shares = may_still_fill(it)
    amended = min(it.amend_quantity or 0, shares)
    dearer = max(it.amend_price or it.price, it.price)
    return cost(shares - amended, it.price, fee_bps) + cost(amended, dearer, fee_bps)


def counts_in(it: Commitment, *, its_day: bool) -> bool:
    """Whether its dollars count in a day's limit: in its own, and in any while nobody knows whether it exists."""
    return its_day or is_nameless(it.status, day_read=it.day_read)


def hinted(quantity: int, filled: int, possible: int, shares: int) -> int:
    """The possible quantity after a notice of a fill; told twice it counts twice, never beyond the order."""
    return min(quantity, max(possible, filled) + shares)


def hint_holds(hinted_at: datetime | None, read_at: datetime, *, holds_for: timedelta) -> bool:
    """Whether a fill that a notice told may still be missing from a list read at `read_at`: lists lag by minutes."""
    return hinted_at is None or read_at - hinted_at < holds_for
