"""The account of a replay: cash, what each rule holds, and every fill, kept as numbers in arrays."""

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy

from backtests.engine.costs import ZERO, Costs
from market.errors import Text
from market.words import Side

MOST_UNFILLED = 1_000  # kept in detail; an account without cash may try every minute for years


class Ledger:
    """Every fill in the order in which it happened, a row of numbers each (COLUMNS).

    `quantity` is below zero for a sale; money in dollars. `bar`: of the rule's own series, in which it filled;
    `decided`: the bar on whose close it was wanted; `cash`: after the fill. `reasons` holds what a Python rule said,
    by rule and deciding bar.
    """

    COLUMNS = ("lane", "bar", "decided", "quantity", "price", "commission", "fees", "cash")
    __slots__ = ("add", "reasons", "rows")

    def __init__(self) -> None:
        self.rows = array("d")  # whole numbers too: they are far below 2^53
        self.add: Callable[[tuple[float, ...]], None] = self.rows.extend
        self.reasons: dict[tuple[int, int], str] = {}

    def __len__(self) -> int:
        return len(self.rows) // len(self.COLUMNS)

    def columns(self) -> dict[str, numpy.ndarray]:
        """An array for each column. Nothing can be added any more while somebody keeps one."""
        flat = numpy.frombuffer(self.rows, dtype=numpy.float64) if len(self) else numpy.empty(0)
        table = flat.reshape(-1, len(self.COLUMNS))
        whole = self.COLUMNS[:4]
        return {
            name: table[:, k].astype(numpy.int64) if name in whole else table[:, k]
            for k, name in enumerate(self.COLUMNS)
        }


@dataclass(slots=True)
class Unfilled:
    """An order, or what was left of it, that did not fill."""

    lane: int
    decided: int
    side: Side
    quantity: int
    reason: Text


@dataclass(slots=True)
class Veto:
    """A wish that was not granted, from bar `decided` on, `times` bars in a row."""

    lane: int
    decided: int
    side: Side
    guard: str
    reason: Text
    times: int = 1
    last: int = -1


@dataclass(slots=True)
class Holding:
    """What one rule holds."""

    quantity: int = 0
    average: Decimal | None = None  # without fees


class Book:
    """One cash account that all rules share."""

    def __init__(
        self, cash: Decimal, costs: Costs, lanes: int, *, settlement_days: int = 0, days: Sequence[int] = ()
    ) -> None:
        self.cash = cash
        self.costs = costs
        self.holdings = [Holding() for _ in range(lanes)]
        self.ledger = Ledger()
        self.unfilled: list[Unfilled] = []
        self.unfilled_count = 0
        self.vetoes: list[Veto] = []
        self.bought: dict[int, Decimal] = {}  # by New York's date, fees included
        self.realized: dict[int, Decimal] = {}  # the same, of what was sold
        self._settlement_days = settlement_days
        self._pending: deque[tuple[int, Decimal]] = deque()  # the day on which a sale was made, and its proceeds
        self._days = days  # every trading day of the replay, needed when sales settle later
        self._newest: dict[tuple[int, Side], Veto] = {}

    def spendable(self, day: int) -> Decimal:
        """Cash that has settled by this trading day."""
        if not self._settlement_days:
            return self.cash
        last = bisect_right(self._days, day) - 1 - self._settlement_days
        while self._pending and last >= 0 and self._pending[0][0] <= self._days[last]:
            self._pending.popleft()
        return self.cash - sum((amount for _, amount in self._pending), ZERO)

    def fill(self, lane: int, side: Side, quantity: int, price: Decimal, *, bar: int, decided: int, day: int) -> None:
        """Books one fill; a sale is never of more than is held."""
        holding, value, costs = self.holdings[lane], quantity * price, self.costs
        commission = value * costs.commission_pct / 100
        fees = costs.fees(side, quantity, price)
        if side is Side.BUY:
            self.cash -= value + commission
            held = holding.quantity
            holding.average = (
                price if holding.average is None or not held else (holding.average * held + value) / (held + quantity)
            )
            holding.quantity = held + quantity
            self.bought[day] = self.bought.get(day, ZERO) + value + commission
            self.realized[day] = self.realized.get(day, ZERO) - commission  # a fee is a loss at once, as in the ledger
        else:
            proceeds = value - commission - fees
            self.cash += proceeds
            gained = proceeds - quantity * (holding.average or ZERO)
            self.realized[day] = self.realized.get(day, ZERO) + gained
            holding.quantity -= quantity
            holding.average = holding.average if holding.quantity else None
            if self._settlement_days:
                self._pending.append((day, proceeds))
        signed = quantity if side is Side.BUY else -quantity
        self.ledger.add((lane, bar, decided, signed, float(price), float(commission), float(fees), float(self.cash)))

    def not_filled(self, lane: int, decided: int, side: Side, quantity: int, reason: Text) -> None:
        """Keeps what did not fill; beyond MOST_UNFILLED only how many there were."""
        self.unfilled_count += 1
        if len(self.unfilled) < MOST_UNFILLED:
            self.unfilled.append(Unfilled(lane, decided, side, quantity, reason))

    def veto(self, lane: int, decided: int, side: Side, guard: str, reason: Text) -> None:
        """Keeps why a wish was not granted; the same on the next bar is counted and not repeated."""
        newest = self._newest.get((lane, side))
        if newest is not None and newest.guard == guard and newest.last == decided - 1:
            newest.times += 1
            newest.last = decided
            return
        veto = Veto(lane, decided, side, guard, reason, last=decided)
        self._newest[lane, side] = veto
        self.vetoes.append(veto)
