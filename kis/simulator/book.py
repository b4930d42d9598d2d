"""Accounts and their orders: plain records and the sums over them. No rules of the exchange, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)


@dataclass(slots=True)
class Holding:
    quantity: int = 0
    cost: Decimal = ZERO  # USD, of the shares held now

    @property
    def average(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else ZERO


@dataclass(frozen=True, slots=True)
class Fill:
    at: datetime
    quantity: int
    price: Decimal
    fee: Decimal  # commission and, on sells, the SEC fee


@dataclass(slots=True)
class Order:
    """One number of the book: a new order, an amend or a cancel (section 6.1).

    `open` is the quantity still alive at the exchange (`nccs_qty`); a cancel never has any.
    """

    number: str
    date: date  # the US date
    account_no: str
    symbol: str
    exchange: str
    side: str  # buy | sell
    kind: str  # new | amend | cancel
    quantity: int
    price: Decimal
    received_at: datetime
    expires_at: datetime
    channel: str
    original: str = ""
    open: int = 0
    status: str = "working"  # working partially_filled filled cancelled replaced rejected expired done
    reason: str = ""
    fills: list[Fill] = field(default_factory=list)
    doomed: str = ""  # a rejection that the venue has still to announce
    resting: bool = False  # has met a tick that it could not trade with
    division: str = "00"  # ORD_DVSN (section 4.0)
    starts_at: datetime | None = None  # of TWAP and VWAP with a window of their own
    ends_at: datetime | None = None
    daytime: bool = False  # came through the TR of the daytime session (section 4.6)

    @property
    def filled(self) -> int:
        return sum(f.quantity for f in self.fills)

    @property
    def amount(self) -> Decimal:
        return sum((f.price * f.quantity for f in self.fills), ZERO)

    @property
    def average(self) -> Decimal:
        return self.amount / self.filled if self.fills else ZERO

    @property
    def alive(self) -> bool:
        return self.open > 0


@dataclass(slots=True)
class Account:
    environment: str
    app_key: str
    app_secret: str
    account_no: str  # 10 digits
    hts_id: str
    cash: Decimal = ZERO  # after every trade so far
    deposit: Decimal = ZERO  # settlement basis: moves overnight (Appendix E)
    holdings: dict[str, Holding] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    live: list[Order] = field(default_factory=list)  # those that may still be alive, for speed
    realised: Decimal = ZERO
    day: date | None = None  # the US date that `deposit` and the day's sums belong to
    bought_today: Decimal = ZERO
    sold_today: Decimal = ZERO  # net of fees
    numbers: dict[date, int] = field(default_factory=dict)

    def working(self, symbol: str | None = None) -> list[Order]:
        """Orders alive at the exchange, oldest first."""
        return [o for o in self.live if o.alive and symbol in (None, o.symbol)]

    def record(self, order: Order) -> None:
        self.orders.append(order)
        if order.kind != "cancel":
            self.live.append(order)

    def forget_ended(self) -> None:
        self.live = [o for o in self.live if o.alive]

    def find(self, number: str, day: date) -> Order | None:
        """The order with this number on this US date; leading zeros do not matter."""
        wanted = number.strip().lstrip("0")
        matches = (o for o in reversed(self.orders) if o.date == day and o.number.lstrip("0") == wanted)
        return next(matches, None)

    def reserved(self, buffer: Decimal) -> Decimal:
        """USD that open buys hold back, with the broker's buffer on top."""
        open_buys = (o.open * o.price for o in self.working() if o.side == "buy")
        return sum(open_buys, ZERO) * (1 + buffer)

    def available(self, buffer: Decimal) -> Decimal:
        return self.cash - self.reserved(buffer)

    def sellable(self, symbol: str) -> int:
        held = self.holdings[symbol].quantity if symbol in self.holdings else 0
        return held - sum(o.open for o in self.working(symbol) if o.side == "sell")

    def start_day(self, day: date) -> None:
        """Settle once a new date has come: the trades before it move the deposit."""
        if self.day is None or day > self.day:
            self.day, self.deposit = day, self.cash
            self.bought_today = self.sold_today = ZERO

    def next_number(self, day: date, first: int) -> str:
        """The next order number of the day; numbers begin anew every day."""
        self.numbers[day] = self.numbers.get(day, first - 1) + 1
        return f"{self.numbers[day]:010d}"

    def apply(self, order: Order, fill: Fill) -> None:
        """Book one execution: order, holding, cash."""
        order.fills.append(fill)
        order.open -= fill.quantity
        order.status = "partially_filled" if order.open else "filled"
        holding = self.holdings.setdefault(order.symbol, Holding())
        value = fill.price * fill.quantity
        if order.side == "buy":
            holding.quantity += fill.quantity
            holding.cost += value
            self.cash -= value + fill.fee
            self.bought_today += value + fill.fee
            return
        cost = (holding.average * fill.quantity).quantize(Decimal("0.00000001"), ROUND_DOWN)
        holding.quantity -= fill.quantity
        holding.cost = holding.cost - cost if holding.quantity else ZERO
        self.cash += value - fill.fee
        self.sold_today += value - fill.fee
        self.realised += value - fill.fee - cost
