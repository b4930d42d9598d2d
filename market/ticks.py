"""Minimum price steps of US shares."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

# SEC rule 612 (kis-protocol 6.5): below the ceiling on the left, the step on the right. US dollars.
TICKS = (
    (Decimal(1), Decimal("0.0001")),
    (Decimal("Infinity"), Decimal("0.01")),
)


def tick_size(price: Decimal) -> Decimal:
    """The step, in dollars, on which a price of this height must lie."""
    return next(step for ceiling, step in TICKS if price < ceiling)


def down_to_tick(price: Decimal) -> Decimal:
    """The highest valid price not above `price`."""
    tick = tick_size(price)
    return (price / tick).to_integral_value(ROUND_FLOOR) * tick


def up_to_tick(price: Decimal) -> Decimal:
    """The lowest valid price not below `price`."""
    tick = tick_size(price)
    return (price / tick).to_integral_value(ROUND_CEILING) * tick


def is_on_tick(price: Decimal) -> bool:
    return down_to_tick(price) == price
