"""What a jump of price or quantity between two days may be: a split, a stock dividend, another ticker. Pure.

Ratios are new shares for old ones, as in "2:1"; a reverse split is below one.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

WHOLE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 25, 30, 35, 40, 50, 60, 75, 80, 100, 150, 200, 250, 500, 1000)
SPLITS = (*map(Fraction, WHOLE), Fraction(3, 2), Fraction(4, 3), Fraction(5, 4), Fraction(5, 2))
REVERSE = tuple(1 / ratio for ratio in SPLITS)
STOCK_DIVIDENDS = (Fraction(6, 5), Fraction(11, 10), Fraction(21, 20))
KNOWN = (*SPLITS, *REVERSE, *STOCK_DIVIDENDS)


class JumpKind(StrEnum):
    SPLIT = "split"  # price and quantity say the same
    SYMBOL_CHANGE = "symbol_change"
    QUANTITY_JUMP = "quantity_jump"
    PRICE_JUMP = "price_jump"


@dataclass(frozen=True, slots=True)
class Seen:
    """One symbol, before the open. A close that is not known is None, and so is the broker's quantity.

    `slack`: how far our own close may be from the official one of the same day, as a share of it.
    `covered`: open orders or young fills explain that the broker's quantity is not ours.
    """

    our_qty: int
    broker_qty: int | None = None
    covered: bool = False
    our_close: Decimal | None = None
    previous_close: Decimal | None = None
    slack: Decimal = Decimal("0.015")


@dataclass(frozen=True, slots=True)
class Jump:
    """`ratio`: the split that it looks like, to be proposed; None when it looks like none."""

    kind: JumpKind
    ratio: Fraction | None = None


def judge(seen: Seen) -> Jump | None:
    """A jump in price or quantity; None when both are as they were."""
    by_price, price_jumped = _price(seen)
    by_shares = None if seen.covered else ratio_of_shares(seen.our_qty, seen.broker_qty)
    if price_jumped and not seen.covered and _agree(by_price, seen):
        return Jump(JumpKind.SPLIT, by_price)
    if price_jumped:
        return Jump(JumpKind.PRICE_JUMP, by_price)
    return Jump(JumpKind.QUANTITY_JUMP, by_shares) if by_shares is not None else None


def ratio_of_shares(ours: int, broker: int | None) -> Fraction | None:
    """The split after which `ours` shares are `broker` shares, fractions paid out; None when no usual one does it."""
    if not ours or not broker or ours == broker:
        return None
    fitting = [ratio for ratio in KNOWN if after_split(ours, ratio) == broker]
    exact = [ratio for ratio in fitting if ours * ratio == broker]
    return next(iter(exact or fitting), None)


def ratio_of_prices(before: Decimal, after: Decimal, slack: Decimal) -> Fraction | None:
    """The split that makes one price of the other; the nearest usual one within `slack`."""
    times = Fraction(before) / Fraction(after)
    near = min(KNOWN, key=lambda ratio: abs(times / ratio - 1))
    return near if abs(times / near - 1) <= Fraction(slack) else None


def after_split(shares: int, ratio: Fraction) -> int:
    """Whole shares after the split; what is left over is paid out in cash."""
    return shares * ratio.numerator // ratio.denominator


def ratio_text(ratio: Fraction | None) -> str | None:
    """As people say it: "2:1"."""
    return None if ratio is None else f"{ratio.numerator}:{ratio.denominator}"


def ratio_from(text: str) -> Fraction:
    """From "2:1". Raises ValueError for what is none."""
    new, _, old = text.strip().partition(":")
    ratio = Fraction(int(new), int(old or 1)) if old != "0" else Fraction(0)
    if not Fraction(1, 10_000) <= ratio <= 10_000:
        raise ValueError("new shares for old ones, such as 2:1")
    return ratio


def _price(seen: Seen) -> tuple[Fraction | None, bool]:
    if not seen.our_close or not seen.previous_close:
        return None, False
    before, after = sorted((seen.our_close, seen.previous_close))
    if after / before - 1 <= seen.slack:
        return None, False
    return ratio_of_prices(seen.our_close, seen.previous_close, max(seen.slack, Decimal("0.03"))), True


def _agree(ratio: Fraction | None, seen: Seen) -> bool:
    return ratio is not None and after_split(seen.our_qty, ratio) == seen.broker_qty
