"""The exchange: what is accepted, what fills and at what price. Pure: `now` and the tick are arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from kis.simulator import codes
from kis.simulator.book import Account, Fill, Order
from kis.simulator.calendar import Calendar, Session
from kis.simulator.clock import us_date
from kis.simulator.listing import Listing
from kis.simulator.market_path import Tick

CENT = Decimal("0.01")
# An order meets the first tick that comes at least this long after it.
REACTION = timedelta(milliseconds=100)


class Refused(Exception):
    """An order that was never taken; `reason` is a key of `codes.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fees:
    """Shares of the traded value. `paper_buffer` is what paper holds back on a buy (section 4.9)."""

    commission: Decimal = Decimal("0.0025")
    sec: Decimal = Decimal("0.0000278")
    paper_buffer: Decimal = Decimal("0.007")

    def on(self, side: str, value: Decimal) -> Decimal:
        rate = self.commission + (self.sec if side == "sell" else 0)
        return (value * rate).quantize(CENT, ROUND_HALF_UP)

    def buffer(self, environment: str) -> Decimal:
        return self.paper_buffer if environment == codes.PAPER else self.commission


@dataclass(frozen=True, slots=True)
class NewOrder:
    symbol: str
    exchange: str  # NASD, NYSE, AMEX
    side: str
    quantity: int
    price: Decimal
    channel: str = codes.API_CHANNEL
    division: str = codes.LIMIT  # ORD_DVSN (4.0): 31 MOO and 33 MOC have the price 0
    starts_at: datetime | None = None  # of TWAP and VWAP with a window of their own
    ends_at: datetime | None = None
    daytime: bool = False  # came through the TR of the daytime session (4.6)
    reserved: bool = False  # a reservation, sent at the opening: the cut-off of the opening auction is not for it


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an execution notice tells. `what`: accepted, amended, cancelled, rejected, filled."""

    what: str
    order: Order
    quantity: int
    price: Decimal
    at: datetime


def usd(cents: int) -> Decimal:
    return Decimal(cents) / 100


class Exchange:
    def __init__(
        self,
        accounts: Iterable[Account],
        listings: Iterable[Listing],
        calendar: Calendar,
        fees: Fees | None = None,
        paper_blocked: Iterable[str] = (),
    ) -> None:
        self.accounts = {a.account_no: a for a in accounts}
        self.listings = {item.symbol: item for item in listings}
        self.calendar = calendar
        self.fees = fees or Fees()
        self._paper_blocked = frozenset(paper_blocked)
        self._changed: dict[tuple[str, date, str], Order] = {}

    def take_changes(self) -> list[Order]:
        """Every order that changed since the last call; of accounts, only those of these orders changed."""
        changed, self._changed = list(self._changed.values()), {}
        return changed

    # What a customer can ask for

    def place(self, account: Account, new: NewOrder, now: datetime) -> tuple[Order, list[Event]]:
        """Take a new order, or raise Refused. An accepted order is not yet a filled one."""
        session = self._open_session(account, now)
        self.check(account, new)
        self._check_means(account, new)
        account.start_day(us_date(now))
        order = self._record(account, new, "new", now, session)
        return order, [Event("accepted", order, order.quantity, order.price, now)]

    def check(self, account: Account, new: NewOrder) -> None:
        """What can be said of an order by itself, at any hour: its symbol and its price. Raises Refused."""
        self._check_symbol(account, new.symbol, new.exchange)
        if new.daytime and not self.listings[new.symbol].daytime:
            raise Refused("unknown_symbol")
        if new.division not in (codes.MOO, codes.MOC):
            self._check_price(new.price)

    def cancel(
        self, account: Account, number: str, quantity: int, now: datetime, channel: str = codes.API_CHANNEL
    ) -> tuple[Order, list[Event]]:
        """Cancel `quantity` of what is open (0: all of it). The cancel is a row of its own (Appendix E)."""
        original = self._original(account, number, now)
        cut = min(quantity, original.open) if quantity else original.open
        self._touch(original)
        original.open -= cut
        if not original.open:
            original.status = "cancelled"
        order = self._follow(account, original, "cancel", cut, Decimal(0), now, channel)
        order.status = "done"
        return order, [Event("cancelled", order, cut, original.price, now)]

    def amend(
        self, account: Account, number: str, quantity: int, price: Decimal, now: datetime
    ) -> tuple[Order, list[Event]]:
        """Replace what is open by a new number with this quantity and price (section 6.1)."""
        original = self._original(account, number, now)
        self._open_session(account, now)
        self._check_price(price)
        alive = original.open
        original.open = 0  # its reservation must not count against the replacement
        try:
            new = NewOrder(original.symbol, original.exchange, original.side, quantity, price)
            self._check_means(account, new)
        except Refused:
            original.open = alive
            raise
        self._touch(original)
        original.status = "replaced"
        order = self._follow(account, original, "amend", quantity, price, now, codes.API_CHANNEL)
        order.open = quantity
        return order, [Event("amended", order, quantity, price, now)]

    def doom(self, order: Order, reason: str) -> None:
        """The venue will reject this accepted order at the next tick (a late reject)."""
        order.doomed = reason
        self._touch(order)

    # What time does

    def on_tick(self, tick: Tick, now: datetime) -> list[Event]:
        """Match one symbol's open orders with one tick, oldest first, while its shares last."""
        taking = {"buy": tick.ask_size, "sell": tick.bid_size}
        giving = {"buy": tick.size, "sell": tick.size}
        events: list[Event] = []
        for account, order in self._queue(tick.symbol):
            if order.received_at + REACTION > now:
                continue
            if order.doomed:
                self._touch(order)
                events.append(self._reject(order, now))
                continue
            pool = giving if order.resting else taking
            price = self._price(order, tick)
            quantity = min(order.open, pool[order.side]) if price is not None else 0
            if price is not None and quantity:
                pool[order.side] -= quantity
                fee = self.fees.on(order.side, price * quantity)
                self._touch(order)
                account.apply(order, Fill(now, quantity, price, fee))
                events.append(Event("filled", order, quantity, price, now))
        return events

    def expire(self, now: datetime) -> list[Order]:
        """End every day order whose session is over (section 6.5). No notice is sent for it."""
        ended = [o for a in self.accounts.values() for o in a.working() if o.expires_at <= now]
        for order in ended:
            self._touch(order)
            order.open = 0
            order.status = "expired"
            order.reason = codes.EXPIRED_TEXT
        for account in self.accounts.values():
            account.forget_ended()
        return ended

    # Inside

    def _touch(self, order: Order) -> None:
        self._changed[order.account_no, order.date, order.number] = order

    def _queue(self, symbol: str) -> list[tuple[Account, Order]]:
        waiting = [(a, o) for a in self.accounts.values() for o in a.working(symbol)]
        return sorted(waiting, key=lambda pair: pair[1].received_at)

    def _price(self, order: Order, tick: Tick) -> Decimal | None:
        """An arriving order takes the other side's quote; a resting one waits for a trade at its limit."""
        buying = order.side == "buy"
        quote, last = usd(tick.ask if buying else tick.bid), usd(tick.last)
        if order.resting:
            reached = last <= order.price if buying else last >= order.price
            return order.price if reached else None
        marketable = quote <= order.price if buying else quote >= order.price
        if not marketable:
            order.resting = True
            self._touch(order)
        return quote if marketable else None

    def _reject(self, order: Order, now: datetime) -> Event:
        order.open = 0
        order.status = "rejected"
        order.reason, order.doomed = order.doomed, ""
        return Event("rejected", order, order.quantity, order.price, now)

    def _open_session(self, account: Account, now: datetime) -> Session:
        day = self.calendar.today(now)
        if not day.sessions:
            raise Refused("not_a_trading_day")
        allowed = [s for s in day.sessions if account.environment == codes.REAL or s.name == "regular"]
        found = next((s for s in allowed if s.covers(now)), None)
        if found is None:
            raise Refused("before_open" if now < allowed[0].start else "after_close")
        return Session(found.name, found.start, allowed[-1].end)

    def _check_symbol(self, account: Account, symbol: str, exchange: str) -> None:
        listing = self.listings.get(symbol)
        if listing is None or listing.market.order != exchange:
            raise Refused("unknown_symbol")
        if account.environment == codes.PAPER and symbol in self._paper_blocked:
            raise Refused("not_tradable")

    @staticmethod
    def _check_price(price: Decimal) -> None:
        if price < CENT:
            raise Refused("price_missing")
        tick = CENT if price >= 1 else Decimal("0.0001")
        if price % tick:
            raise Refused("off_tick")

    def _check_means(self, account: Account, new: NewOrder) -> None:
        if new.side == "sell":
            if new.quantity > account.sellable(new.symbol):
                raise Refused("not_enough_shares")
            return
        buffer = self.fees.buffer(account.environment)
        if new.quantity * new.price * (1 + buffer) > account.available(buffer):
            raise Refused("not_enough_cash")

    def _original(self, account: Account, number: str, now: datetime) -> Order:
        order = account.find(number, us_date(now))
        if order is None or order.kind == "cancel":
            raise Refused("no_original")
        if not order.alive:
            raise Refused("nothing_left")
        return order

    def _record(self, account: Account, new: NewOrder, kind: str, now: datetime, session: Session) -> Order:
        order = Order(
            number=self._number(account, now),
            date=us_date(now),
            account_no=account.account_no,
            symbol=new.symbol,
            exchange=new.exchange,
            side=new.side,
            kind=kind,
            quantity=new.quantity,
            price=new.price,
            received_at=now,
            expires_at=session.end,
            channel=new.channel,
            open=new.quantity,
            division=new.division,
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            daytime=new.daytime,
        )
        account.record(order)
        self._touch(order)
        return order

    def _follow(
        self,
        account: Account,
        original: Order,
        kind: str,
        quantity: int,
        price: Decimal,
        now: datetime,
        channel: str,
    ) -> Order:
        new = NewOrder(
            original.symbol,
            original.exchange,
            original.side,
            quantity,
            price,
            channel,
            original.division,
            original.starts_at,
            original.ends_at,
            original.daytime,
        )
        session = Session("", original.received_at, original.expires_at)
        order = self._record(account, new, kind, now, session)
        order.original = original.number
        order.open = 0
        return order

    @staticmethod
    def _number(account: Account, now: datetime) -> str:
        """Each account begins every day at the same small number, so numbers recur over days (6.1)."""
        first = 1000 + hashlib.sha256(account.account_no.encode()).digest()[0] * 37
        return account.next_number(us_date(now), first)
