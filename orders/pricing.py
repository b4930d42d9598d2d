"""How much, and at what limit. Pure; US dollars as Decimal, quantities in whole shares."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from market.data import Quote
from market.ticks import TICKS, down_to_tick, tick_size, up_to_tick
from market.words import Side
from rules.words import OrderPrice

BPS = Decimal(10_000)
MONEY_STEP = Decimal("0.0001")
LEAST = TICKS[0][1]  # no order is cheaper
# How far beyond the last price a limit may go, against us. An exit must get out: its collar is wider.
COLLAR_BPS = {Side.BUY: Decimal(200), Side.SELL: Decimal(1000)}


def commission(quantity: int, price: Decimal, bps: int | Decimal) -> Decimal:
    """The broker's fee on a fill, in dollars with four decimals."""
    return (quantity * price * Decimal(bps) / BPS).quantize(MONEY_STEP, ROUND_HALF_UP)


def cost(quantity: int, price: Decimal, bps: int | Decimal) -> Decimal:
    """What buying costs at most at this limit: price and fee."""
    return quantity * price + commission(quantity, price, bps)


def affordable(amount: Decimal, price: Decimal, bps: int | Decimal) -> int:
    """Whole shares whose cost, fee included, stays within `amount` dollars; never below 0."""
    if amount <= 0 or price <= 0:
        return 0
    quantity = int((amount / (price * (1 + Decimal(bps) / BPS))).to_integral_value(ROUND_FLOOR))
    # the fee is rounded up on its fourth decimal, which can tip the last share over
    while quantity > 0 and cost(quantity, price, bps) > amount:
        quantity -= 1
    return quantity


def collar(side: Side, last: Decimal) -> Decimal:
    """The worst valid limit for this side: a buy at most 2 % above the last price, a sell at most 10 % below."""
    share = COLLAR_BPS[side] / BPS
    return down_to_tick(last * (1 + share)) if side is Side.BUY else up_to_tick(last * (1 - share))


def bps_between(start: Decimal, price: Decimal) -> Decimal:
    """How far `price` lies above `start` (below: negative), in basis points of `start`."""
    return (price - start) / start * BPS


def limit_price(
    side: Side, reference: Decimal, *, offset_bps: int = 0, offset_ticks: int = 0, last: Decimal | None = None
) -> Decimal:
    """A valid limit that far beyond the reference, against us, never past the collar around `last`.

    Offsets below zero go the other way, for us. Rounded towards being filled (a buy up, a sell down): an order a
    fraction of a tick short of the touch would rest there for nothing, and what it costs is less than one tick. The
    collar rounds the other way.
    """
    share = Decimal(offset_bps) / BPS
    bound = collar(side, last if last is not None else reference)
    if side is Side.BUY:
        price = up_to_tick(reference * (1 + share))
        return min(max(up_to_tick(price + offset_ticks * tick_size(price)), LEAST), bound)
    price = down_to_tick(reference * (1 - share))
    return max(down_to_tick(price - offset_ticks * tick_size(price)), bound)


def policy_limit(side: Side, quote: Quote, *, order_price: str, offset_bps: int, offset_ticks: int) -> Decimal:
    """The limit by a rule's price policy: from the other side's price, our own side's or the last, moved against us.

    Where the quote lacks a side the last price stands for it.
    """
    theirs, ours = (quote.ask, quote.bid) if side is Side.BUY else (quote.bid, quote.ask)
    start = {OrderPrice.TOUCH: theirs, OrderPrice.PASSIVE: ours}.get(OrderPrice(order_price)) or quote.last
    return limit_price(side, start, offset_bps=offset_bps, offset_ticks=offset_ticks, last=quote.last)


def named_limit(side: Side, price: Decimal, *, last: Decimal) -> Decimal:
    """The valid limit nearest to the one that somebody named, never worse than it, and never past the collar."""
    if side is Side.BUY:
        return min(max(down_to_tick(price), LEAST), collar(side, last))
    return max(up_to_tick(price), collar(side, last))
