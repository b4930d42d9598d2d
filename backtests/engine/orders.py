"""How an order meets the bars that follow its decision. Pure arithmetic over one bar; nothing is remembered here."""

from dataclasses import dataclass
from decimal import Decimal

from backtests.engine.plan import Options
from market.ticks import down_to_tick, up_to_tick
from market.words import Side
from orders.pricing import BPS, limit_price
from rules.domain import Rule

HALF = Decimal("0.5")


@dataclass(slots=True)
class Working:
    """An order at the market. `limit` None: marketable. `day`: New York's date of the first bar it could fill in."""

    side: Side
    leaves: int
    decided: int
    placed_at: int  # seconds since 1970
    limit: Decimal | None = None
    day: int | None = None
    first_bar: bool = True
    entered: bool = False  # something of it has filled


def exact(value: float) -> Decimal:
    """The number as it is written, not as it is stored."""
    return Decimal(float.__repr__(value))


def factor(side: Side, bps: Decimal) -> Decimal:
    """What a price is multiplied with to move so far against this side."""
    return 1 + bps / BPS if side is Side.BUY else 1 - bps / BPS


def marketable_price(side: Side, price: Decimal, options: Options) -> Decimal:
    """What a marketable order pays or gets when the market is at `price`: spread, slippage, ticks."""
    against = options.slippage_bps + options.spread_bps * HALF
    if against:
        price *= factor(side, against)
    if options.ticks:
        price = up_to_tick(price) if side is Side.BUY else down_to_tick(price)
    return price


def limit_of(rule: Rule, side: Side, last: Decimal, options: Options) -> Decimal:
    """The limit by the rule's price policy: last, the touch or the far side, moved by its bps and ticks."""
    half = options.spread_bps * HALF
    other = Side.SELL if side is Side.BUY else Side.BUY
    reference = {"touch": last * factor(side, half), "passive": last * factor(other, half)}.get(rule.order_price, last)
    ticks, bps = rule.price_offset_ticks, rule.price_offset_bps
    return limit_price(side, reference, offset_bps=bps, offset_ticks=ticks, last=last)


def met_at(order: Working, opened: Decimal, low: Decimal, high: Decimal, options: Options) -> Decimal | None:
    """The price at which the order fills in a bar, None when the bar does not meet it.

    A limit that the open already meets fills at the open (with spread and slippage, never beyond the limit);
    otherwise the market must trade through it, and it fills at the limit.
    """
    price = marketable_price(order.side, opened, options)
    if order.limit is None:
        return price
    half = options.spread_bps * HALF
    at_open = opened * factor(order.side, half) if half else opened
    if order.side is Side.BUY:
        if at_open <= order.limit:
            return min(price, order.limit)
        return order.limit if low * factor(Side.BUY, half) < order.limit else None
    if at_open >= order.limit:
        return max(price, order.limit)
    return order.limit if high * factor(Side.SELL, half) > order.limit else None


def share_of_volume(volume: float, percent: Decimal | None, leaves: int) -> int:
    """Shares of this bar that the order may be."""
    return leaves if percent is None else min(leaves, int(exact(volume) * percent / 100))
