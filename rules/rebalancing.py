"""Bringing an account back to the weights that a person wants. Pure; US dollars as Decimal, whole shares.

What is not said to be in a symbol is kept as cash. Nothing is done while every symbol lies within the band around its
weight; when one does not, all are brought as near to their weights as whole shares and the cash allow.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, Decimal
from enum import StrEnum

from market.errors import Text, TradingError
from market.words import Side

ZERO = Decimal(0)
HUNDRED = Decimal(100)
BPS = Decimal(10_000)
LEAST_BAND = Decimal("0.5")  # percent of the whole: less would trade for the fees alone
FEE_STEP = Decimal("0.0001")


class Rhythm(StrEnum):
    """When a plan is carried out."""

    MANUAL = "manual"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class NoPrice(TradingError):
    """Without every price nobody knows what the whole is worth, so no weight means anything."""

    def __init__(self, symbols: list[str]) -> None:
        names = ", ".join(symbols)
        super().__init__(
            Text(
                f"{names}의 가격을 몰라 비중을 계산할 수 없습니다. 시세가 들어오면 다시 시도하세요.",
                f"No price of {names}, so no weight can be reckoned. Try again when prices arrive.",
            ),
            code="no_price",
        )


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of one symbol in the account, and how many of them rules own."""

    quantity: int = 0
    owned_by_rules: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """`weights`: symbol to percent of the whole, together at most 100; the rest is cash.

    `band_pct`: percentage points of the whole by which a symbol may be off. `include_rule_positions`: shares that
    rules own are part of the whole too, and may be sold.
    """

    weights: Mapping[str, Decimal]
    band_pct: Decimal
    include_rule_positions: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """One order to be made; `price` is what it was reckoned with."""

    symbol: str
    side: Side
    quantity: int
    price: Decimal

    @property
    def value(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Line:
    """One symbol of the plan: what it is and what it should be, in shares, dollars and percent of the whole."""

    symbol: str
    quantity: int
    price: Decimal
    value: Decimal
    weight_pct: Decimal
    target_pct: Decimal
    target_value: Decimal

    @property
    def off(self) -> Decimal:
        """Dollars too much (above 0) or too little."""
        return self.value - self.target_value


def rebalance(
    plan: Plan, holdings: Mapping[str, Held], prices: Mapping[str, Decimal], cash: Decimal, fee_bps: int | Decimal
) -> tuple[Trade, ...]:
    """The trades that bring the account back to its weights: sells first, the furthest off first in each half.

    `cash`: what may be spent. What the buys cost, fees included, never exceeds the cash and what the sells bring,
    less the share that is to stay cash. Run again on what comes of it, nothing is left to do. Raises NoPrice.
    """
    lines = _lines(plan, holdings, prices, cash, ZERO)
    if not any(_outside(plan, line, _whole(lines, cash)) for line in lines):
        return ()
    expected = sum((_fee(t, fee_bps) for t in _wanted(lines, _whole(lines, cash))), ZERO)
    lines = _lines(plan, holdings, prices, cash, expected)  # the fees leave the whole, so the weights are of the rest
    wanted = _wanted(lines, _whole(lines, cash) - expected)
    sells = tuple(t for t in wanted if t.side is Side.SELL)
    whole = _whole(lines, cash) - expected
    spendable = cash + sum((t.value - _fee(t, fee_bps) for t in sells), ZERO) - whole * _rest(plan) / HUNDRED
    return (*sells, *_bought(tuple(t for t in wanted if t.side is Side.BUY), spendable, fee_bps))


def lines_of(
    plan: Plan, holdings: Mapping[str, Held], prices: Mapping[str, Decimal], cash: Decimal
) -> tuple[Line, ...]:
    """Each symbol beside its weight, in the plan's order. Raises NoPrice."""
    return _lines(plan, holdings, prices, cash, ZERO)


def is_day_for(
    rhythm: Rhythm, day: date, before: date | None, *, weekday: int | None = None, month_day: int | None = None
) -> bool:
    """Whether a plan of this rhythm is carried out on the trading day; `before` is the trading day before it.

    `weekday` counts from Monday as 0, `month_day` from 1; a date on which nothing trades moves to the next trading
    day, and the 31st of a short month is its last day.
    """
    if rhythm in (Rhythm.MANUAL, Rhythm.DAILY):
        return rhythm is Rhythm.DAILY
    since = before if before is not None else day - timedelta(days=1)
    passed = (since + timedelta(days=n) for n in range(1, (day - since).days + 1))
    if rhythm is Rhythm.WEEKLY:
        return any(d.weekday() == (weekday or 0) for d in passed)
    return any(d.day == min(month_day or 1, calendar.monthrange(d.year, d.month)[1]) for d in passed)


def _lines(
    plan: Plan, holdings: Mapping[str, Held], prices: Mapping[str, Decimal], cash: Decimal, fees: Decimal
) -> tuple[Line, ...]:
    missing = sorted(s for s in plan.weights if prices.get(s, ZERO) <= 0)
    if missing:
        raise NoPrice(missing)
    quantities = {symbol: _movable(holdings.get(symbol, Held()), plan) for symbol in plan.weights}
    whole = cash + sum((quantities[s] * prices[s] for s in plan.weights), ZERO) - fees
    return tuple(
        Line(
            symbol=symbol,
            quantity=quantities[symbol],
            price=prices[symbol],
            value=quantities[symbol] * prices[symbol],
            weight_pct=quantities[symbol] * prices[symbol] / whole * HUNDRED if whole > 0 else ZERO,
            target_pct=weight,
            target_value=max(whole, ZERO) * weight / HUNDRED,
        )
        for symbol, weight in plan.weights.items()
    )


def _movable(held: Held, plan: Plan) -> int:
    own = 0 if plan.include_rule_positions else held.owned_by_rules
    return max(0, held.quantity - own)


def _whole(lines: tuple[Line, ...], cash: Decimal) -> Decimal:
    return cash + sum((line.value for line in lines), ZERO)


def _rest(plan: Plan) -> Decimal:
    return HUNDRED - sum(plan.weights.values(), ZERO)


def _outside(plan: Plan, line: Line, whole: Decimal) -> bool:
    """Off by more than the band, and by a whole share at least: less than that nobody can mend."""
    return abs(line.off) > max(whole * plan.band_pct / HUNDRED, line.price)


def _wanted(lines: tuple[Line, ...], whole: Decimal) -> tuple[Trade, ...]:
    """To the nearest whole share, the furthest off first. What is not worth its fee is left as it is."""
    found = []
    for line in sorted(lines, key=lambda line: (-abs(line.off), line.symbol)):
        if abs(line.off) < max(line.price, whole * LEAST_BAND / HUNDRED):
            continue
        quantity = int((abs(line.off) / line.price).to_integral_value(ROUND_HALF_DOWN))
        if line.off > 0:
            found.append(Trade(line.symbol, Side.SELL, min(quantity, line.quantity), line.price))
        else:
            found.append(Trade(line.symbol, Side.BUY, quantity, line.price))
    return tuple(trade for trade in found if trade.quantity > 0)


def _bought(buys: tuple[Trade, ...], spendable: Decimal, fee_bps: int | Decimal) -> tuple[Trade, ...]:
    """As much of the buys as can be paid."""
    found = []
    for trade in buys:
        each = trade.price * (1 + Decimal(fee_bps) / BPS)
        quantity = min(trade.quantity, max(0, int((spendable / each).to_integral_value(ROUND_FLOOR))))
        part = Trade(trade.symbol, trade.side, quantity, trade.price)
        while part.quantity > 0 and part.value + _fee(part, fee_bps) > spendable:  # the fee is rounded up
            part = Trade(part.symbol, part.side, part.quantity - 1, part.price)
        if part.quantity > 0:
            spendable -= part.value + _fee(part, fee_bps)
            found.append(part)
    return tuple(found)


def _fee(trade: Trade, fee_bps: int | Decimal) -> Decimal:
    return (trade.value * Decimal(fee_bps) / BPS).quantize(FEE_STEP)
