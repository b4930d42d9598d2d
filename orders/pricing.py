"""How much, and at what limit. Pure; US dollars as Decimal, quantities in whole shares."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from market.ticks import down_to_tick, up_to_tick
from market.words import Side

BPS = Decimal(10_000)
MONEY_STEP = Decimal("0.0001")
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


def limit_price(side: Side, reference: Decimal, *, offset_bps: int = 0, last: Decimal | None = None) -> Decimal:
    """A valid limit `offset_bps` beyond the reference, against us, never past the collar around `last`.

    Rounded towards being filled (a buy up, a sell down): an order a fraction of a tick short of the touch would
    rest there for nothing, and what it costs is less than one tick. The collar rounds the other way.
    """
    share = Decimal(offset_bps) / BPS
    bound = collar(side, last if last is not None else reference)
    if side is Side.BUY:
        return min(up_to_tick(reference * (1 + share)), bound)
    return max(down_to_tick(reference * (1 - share)), bound)
