"""Accounts and their orders: plain records and the sums over them. No rules of the exchange, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_UP, Decimal

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
    fee: Decimal  # commission and, on sells, the fees of the exchanges
    tax: Decimal = ZERO  # withheld from the sale of a partnership (section 6.5)
    cost: Decimal | None = None  # of the shares that were sold; None on a buy, and in books of earlier versions


@dataclass(slots=True)
class Unsettled:
    """Trades of one day, symbol and side whose cash and stock move on `settles`, a New York date."""

    settles: date
    traded: date
    symbol: str
    side: str
    quantity: int
    amount: Decimal  # USD: what a buy costs with its fees, what a sale brings in without them

    @property
    def cash(self) -> Decimal:
        return self.amount if self.side == "sell" else -self.amount

    @property
    def shares(self) -> int:
        return self.quantity if self.side == "buy" else -self.quantity


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
    def fees(self) -> Decimal:
        return sum((f.fee for f in self.fills), ZERO)

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
    deposit: Decimal = ZERO  # settlement basis: moves when a trade settles (Appendix E)
    won: Decimal = ZERO  # KRW
    integrated: bool = False  # integrated margin: buys may be paid in KRW (section 6.5)
    extension: bool = False  # orders live through the after-market extension (section 6.4)
    holdings: dict[str, Holding] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    live: list[Order] = field(default_factory=list)  # those that may still be alive, for speed
    realised: Decimal = ZERO
    day: date | None = None  # the US date that `deposit` and the day's sums belong to
    bought_today: Decimal = ZERO
    sold_today: Decimal = ZERO  # net of fees
    numbers: dict[date, int] = field(default_factory=dict)
    unsettled: list[Unsettled] = field(default_factory=list)

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

    def settled(self, symbol: str) -> int:
        """Shares on a settlement basis."""
        held = self.holdings[symbol].quantity if symbol in self.holdings else 0
        return held - sum(u.shares for u in self.unsettled if u.symbol == symbol)

    def unsettled_amount(self, side: str) -> Decimal:
        """USD that trades of one side still have to move."""
        return sum((u.amount for u in self.unsettled if u.side == side), ZERO)

    def start_day(self, day: date) -> None:
        """A new trading day: the sums of the day begin anew, and what is due settles."""
        if self.day is not None and day <= self.day:
            return
        self.day = day
        self.bought_today = self.sold_today = ZERO
        self.deposit += sum((u.cash for u in self.unsettled if u.settles <= day), ZERO)
        self.unsettled = [u for u in self.unsettled if u.settles > day]

    def exchange_won(self, rate: Decimal) -> None:
        """Pay what is missing in dollars with won, at `rate` KRW a dollar, rounded up to the won."""
        missing = -self.deposit
        if missing > 0:
            self.won -= (missing * rate).quantize(Decimal(1), ROUND_UP)
            self.deposit += missing
            self.cash += missing

    def next_number(self, day: date, first: int) -> str:
        """The next order number of the day; numbers begin anew every day."""
        self.numbers[day] = self.numbers.get(day, first - 1) + 1
        return f"{self.numbers[day]:010d}"

    def apply(self, order: Order, fill: Fill, settles: date) -> None:
        """Book one execution: order, holding, cash. Deposit and settled shares move on `settles`."""
        order.fills.append(fill)
        order.open -= fill.quantity
        order.status = "partially_filled" if order.open else "filled"
        holding = self.holdings.setdefault(order.symbol, Holding())
        value = fill.price * fill.quantity
        if order.side == "buy":
            amount = value + fill.fee
            holding.quantity += fill.quantity
            holding.cost += value
            self.cash -= amount
            self.bought_today += amount
        else:
            amount = value - fill.fee - fill.tax
            cost = (holding.average * fill.quantity).quantize(Decimal("0.00000001"), ROUND_DOWN)
            holding.quantity -= fill.quantity
            cost = cost if holding.quantity else holding.cost
            order.fills[-1] = replace(fill, cost=cost)
            holding.cost -= cost
            self.cash += amount
            self.sold_today += amount
            self.realised += amount - cost
        self._settle_later(order, fill.quantity, amount, settles)

    def _settle_later(self, order: Order, quantity: int, amount: Decimal, settles: date) -> None:
        for known in self.unsettled:
            if (known.settles, known.traded, known.symbol, known.side) == (
                settles,
                order.date,
                order.symbol,
                order.side,
            ):
                known.quantity += quantity
                known.amount += amount
                return
        self.unsettled.append(Unsettled(settles, order.date, order.symbol, order.side, quantity, amount))
