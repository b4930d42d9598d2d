"""Our book beside the broker's holdings: what a difference means (safety.md 2.5). Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class InFlight:
    """What may explain a difference of one symbol, in shares.

    `buys`, `sells`: what open and unknown orders may still bring or take. `recent_buys`, `recent_sells`: fills so
    young that the broker's balance may not show them yet. `foreign`: bought (or sold, negative) through other
    channels and not yet in our book; `foreign_price` its average.
    """

    buys: int = 0
    sells: int = 0
    recent_buys: int = 0
    recent_sells: int = 0
    foreign: int = 0
    foreign_price: Decimal | None = None

    def covers(self, difference: int) -> bool:
        return -(self.sells + self.recent_buys) <= difference <= self.buys + self.recent_sells


class Finding(StrEnum):
    AGREES = "agrees"
    ADOPT_FOREIGN = "adopt_foreign"  # orders of other channels explain it: the shares belong to no rule
    COVERED = "covered"  # clears by itself
    BROUGHT_IN = "brought_in"  # never seen before, held at the broker
    DISPUTED = "disputed"  # nothing explains it: a person decides


def compare(book_quantity: int | None, broker_quantity: int, in_flight: InFlight) -> Finding:
    """What the broker's quantity means beside ours; `book_quantity` None when we have no row of the symbol."""
    difference = broker_quantity - (book_quantity or 0)
    if difference == 0:
        return Finding.AGREES
    if in_flight.foreign and in_flight.covers(difference - in_flight.foreign):
        return Finding.ADOPT_FOREIGN
    if in_flight.covers(difference):
        return Finding.COVERED
    return Finding.BROUGHT_IN if book_quantity is None else Finding.DISPUTED
