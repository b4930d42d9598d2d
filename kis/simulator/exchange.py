"""The exchange: what is accepted, what fills and at what price. Pure: `now` and the tick are arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from kis.simulator import codes
from kis.simulator.book import Account, Fill, Order
from kis.simulator.calendar import Calendar
from kis.simulator.clock import us_date
from kis.simulator.fees import CENT, Fees
from kis.simulator.listing import Listing
from kis.simulator.market_path import Tick

# An order meets the first tick that comes at least this long after it.
REACTION = timedelta(milliseconds=100)
AT_OPEN, AT_CLOSE = frozenset({codes.MOO, codes.LOO}), frozenset({codes.MOC, codes.LOC})
AUCTIONS = {"open": AT_OPEN, "close": AT_CLOSE}
AT_MARKET = frozenset({codes.MOO, codes.MOC})
SLICED = frozenset({codes.TWAP, codes.VWAP})
# How long before an auction it takes no more orders. The sheet does not say when KIS stops; these are the exchanges'.
CUT_OFF = {"open": timedelta(minutes=2), "close": timedelta(minutes=10)}
# A sliced order trades a part more each time this long has passed.
SLICE = timedelta(minutes=1)


class Refused(Exception):
    """An order that was never taken; `reason` is a key of `codes.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    """`rate` is KRW a dollar; `settlement_days` counts trading days; `flow` counts a symbol's shares in a span."""

    def __init__(
        self,
        accounts: Iterable[Account],
        listings: Iterable[Listing],
        calendar: Calendar,
        fees: Fees | None = None,
        paper_blocked: Iterable[str] = (),
        *,
        settlement_days: int = 2,
        enforce_tick: bool = True,
        daytime_follows: bool = True,
        rate: Decimal = Decimal(1000),
        flow: Callable[[str, datetime, datetime], int] = lambda symbol, start, end: int((end - start) / SLICE),
    ) -> None:
        self.accounts = {a.account_no: a for a in accounts}
        self.listings = {item.symbol: item for item in listings}
        self.calendar = calendar
        self.fees = fees or Fees()
        self.rate = rate
        self._paper_blocked = frozenset(paper_blocked)
        self._settlement_days = settlement_days
        self._enforce_tick, self._daytime_follows = enforce_tick, daytime_follows
        self._flow = flow
        self._changed: dict[tuple[str, date, str], Order] = {}
        self._moved: dict[str, Account] = {}
        self._day: date | None = None  # the last that was begun for all

    def take_changes(self) -> tuple[list[Account], list[Order]]:
        """Every order that changed since the last call, and every account whose money may have."""
        orders, self._changed = list(self._changed.values()), {}
        moved, self._moved = self._moved, {}
        moved |= {o.account_no: self.accounts[o.account_no] for o in orders}
        return list(moved.values()), orders

    def date_of(self, now: datetime) -> date:
        """The date of an order that comes now: New York's, and in the daytime session the trading day's that follows.

        The sheet leaves the daytime session open (6.4); its quotes bear the following day.
        """
        day = self.calendar.daytime_at(now) if self._daytime_follows else None
        return day.date if day else us_date(now)

    def buying_power(self, account: Account, *, integrated: bool | None = None) -> Decimal:
        """USD that buys may still cost, their buffer included. `integrated`: with the won, by default as it is set."""
        free = account.available(self.fees.buffer(account.environment))
        return free + account.won / self.rate if (account.integrated if integrated is None else integrated) else free

    # What a customer can ask for

    def place(self, account: Account, new: NewOrder, now: datetime) -> tuple[Order, list[Event]]:
        """Take a new order, or raise Refused. An accepted order is not yet a filled one."""
        ends = self._ends(account, new, now)
        self.check(account, new)
        self._check_means(account, new)
        self._start_day(account, now)
        order = self._record(account, new, "new", now, ends)
        return order, [Event("accepted", order, order.quantity, order.price, now)]

    def check(self, account: Account, new: NewOrder) -> None:
        """What can be said of an order by itself, at any hour: its symbol and its price. Raises Refused."""
        self._check_symbol(account, new.symbol, new.exchange)
        if new.daytime and not self.listings[new.symbol].daytime:
            raise Refused("unknown_symbol")
        if new.division not in AT_MARKET:
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
        if original.division in SLICED:
            raise Refused("not_amendable")
        new = replace(_again(original), quantity=quantity, price=price)
        self._ends(account, new, now)
        self.check(account, new)
        alive = original.open
        original.open = 0  # its reservation must not count against the replacement
        try:
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

    def on_tick(self, tick: Tick, now: datetime, *, daytime: bool = False, at_once: bool = False) -> list[Event]:
        """Match one symbol's open orders with one tick, oldest first, while its shares last.

        Orders of the daytime session meet its ticks only, and the others theirs. `at_once`: even the youngest.
        """
        taking = {"buy": tick.ask_size, "sell": tick.bid_size}
        giving = {"buy": tick.size, "sell": tick.size}
        events: list[Event] = []
        for account, order in self._queue(tick.symbol):
            if order.daytime != daytime or order.expires_at <= now:
                continue
            if order.received_at + REACTION > now and not at_once:
                continue
            if order.doomed:
                self._touch(order)
                events.append(self._reject(order, now))
                continue
            if order.division in AT_OPEN | AT_CLOSE:
                continue
            pool = giving if order.resting else taking
            price = self._price(order, tick)
            quantity = min(self._ready(order, now), pool[order.side]) if price is not None else 0
            if price is not None and quantity:
                pool[order.side] -= quantity
                events.append(self._fill(account, order, quantity, price, now))
        return events

    def auction(self, which: str, symbol: str, cents: int, shares: int, now: datetime) -> list[Event]:
        """`open` or `close`: one price for all, orders without a limit first, then the oldest, while shares last.

        What is left ends with `expire`: these orders live until their auction.
        """
        price, left = usd(cents), {"buy": shares, "sell": shares}
        waiting = [(a, o) for a, o in self._queue(symbol) if o.division in AUCTIONS[which] and not o.daytime]
        events: list[Event] = []
        for account, order in sorted(waiting, key=lambda pair: pair[1].division not in AT_MARKET):
            within = order.division in AT_MARKET or (
                price <= order.price if order.side == "buy" else price >= order.price
            )
            quantity = min(order.open, left[order.side]) if within and not order.doomed else 0
            if quantity:
                left[order.side] -= quantity
                events.append(self._fill(account, order, quantity, price, now))
        return events

    def waiting(self) -> set[str]:
        """Symbols in which someone has an open order."""
        return {o.symbol for a in self._busy() for o in a.working()}

    def idle(self, symbol: str, low: int, high: int, end: datetime) -> bool:
        """True when trades between these prices (cents), all before `end`, can do nothing to any open order."""
        return all(self._unmoved(o, usd(low), usd(high), end) for _, o in self._queue(symbol))

    def next_end(self, after: datetime) -> datetime | None:
        """When the next open order ends by itself."""
        return min((o.expires_at for a in self._busy() for o in a.live if o.expires_at > after), default=None)

    def expire(self, now: datetime) -> list[Order]:
        """End every day order whose session is over (section 6.5). No notice is sent for it."""
        ended = [o for a in self._busy() for o in a.working() if o.expires_at <= now]
        for order in ended:
            self._touch(order)
            order.open = 0
            order.status = "expired"
            order.reason = codes.EXPIRED_TEXT
        for account in self._busy():
            account.forget_ended()
        return ended

    def start_day(self, now: datetime) -> None:
        """Begin the trading day of this moment for every account: what is due settles."""
        day = self.date_of(now)
        if day != self._day:
            self._day = day
            for account in self.accounts.values():
                self._start_day(account, now)

    # Inside

    def _touch(self, order: Order) -> None:
        self._changed[order.account_no, order.date, order.number] = order

    def _start_day(self, account: Account, now: datetime) -> None:
        day = self.date_of(now)
        if account.day is None or account.day < day:
            account.start_day(day)
            if account.integrated:
                account.exchange_won(self.rate)
            self._moved[account.account_no] = account

    def _fill(self, account: Account, order: Order, quantity: int, price: Decimal, now: datetime) -> Event:
        value = price * quantity
        # Fees are those of the whole order, rounded once: many small fills cost what one large one does.
        fee = self.fees.on(order.side, order.amount + value, order.filled + quantity) - order.fees
        tax = self.fees.withheld(order.side, value, ptp=self.listings[order.symbol].ptp)
        self._touch(order)
        settles = self.calendar.business_day(order.date, self._settlement_days)
        account.apply(order, Fill(now, quantity, price, fee, tax), settles)
        return Event("filled", order, quantity, price, now)

    def _unmoved(self, order: Order, low: Decimal, high: Decimal, end: datetime) -> bool:
        if order.doomed:
            return False
        if order.division in AT_OPEN | AT_CLOSE:
            return True
        if order.division in SLICED:
            if self._ready(order, end) == 0:
                return True
        elif not order.resting:
            return False
        return low > order.price if order.side == "buy" else high < order.price

    def _ready(self, order: Order, now: datetime) -> int:
        """How much of an order may trade by now; of a sliced one, a part more every minute (4.1)."""
        if order.division not in SLICED:
            return order.open
        start, end = self.span(order)
        if now < start:
            return 0
        slices = max(1, -((start - end) // SLICE))
        reached = min(slices, (now - start) // SLICE + 1)
        if reached == slices:
            return order.open
        part, whole = reached, slices
        if order.division == codes.VWAP and (total := self._flow(order.symbol, start, end)):
            part, whole = self._flow(order.symbol, start, start + reached * SLICE), total
        return max(0, min(order.open, order.quantity * part // whole - order.filled))

    def span(self, order: Order) -> tuple[datetime, datetime]:
        """When a sliced order trades: its own window, or from its arrival (not before the opening) to the close."""
        regular = self.calendar.day(order.date).regular()
        opening = regular.start if regular else order.received_at
        return order.starts_at or max(order.received_at, opening), order.ends_at or order.expires_at

    def _busy(self) -> list[Account]:
        """Accounts that may have open orders: few, among many."""
        return [a for a in self.accounts.values() if a.live]

    def _queue(self, symbol: str) -> list[tuple[Account, Order]]:
        waiting = [(a, o) for a in self._busy() for o in a.working(symbol)]
        return sorted(waiting, key=lambda pair: pair[1].received_at)

    def _price(self, order: Order, tick: Tick) -> Decimal | None:
        """An arriving order takes the other side's quote; a resting one waits for a trade at its limit.

        Each part of a sliced order arrives anew.
        """
        buying = order.side == "buy"
        quote, last = usd(tick.ask if buying else tick.bid), usd(tick.last)
        if order.resting:
            reached = last <= order.price if buying else last >= order.price
            return order.price if reached else None
        marketable = quote <= order.price if buying else quote >= order.price
        if not marketable and order.division not in SLICED:
            order.resting = True
            self._touch(order)
        return quote if marketable else None

    def _reject(self, order: Order, now: datetime) -> Event:
        order.open = 0
        order.status = "rejected"
        order.reason, order.doomed = order.doomed, ""
        return Event("rejected", order, order.quantity, order.price, now)

    def _ends(self, account: Account, new: NewOrder, now: datetime) -> datetime:
        """When an order that comes now ends by itself. Raises Refused outside of its session (6.4)."""
        if new.daytime:
            day = self.calendar.daytime_at(now)
            if day is None or day.daytime is None or account.environment != codes.REAL:
                raise Refused("before_open")
            return day.daytime.end
        day = self.calendar.today(now)
        regular = day.regular()
        if regular is None:
            raise Refused("not_a_trading_day")
        start, end = regular.start, regular.end
        if account.environment == codes.REAL:
            start, end = day.sessions[0].start, day.orders_end(extension=account.extension)
        if not start <= now < end:
            raise Refused("before_open" if now < start else "after_close")
        if new.division in SLICED:
            return new.ends_at or _in_time(regular.end, now)
        if new.division in AT_OPEN:
            return regular.start if new.reserved and now <= regular.start else _in_time(regular.start, now, "open")
        return _in_time(regular.end, now, "close") if new.division in AT_CLOSE else end

    def _check_symbol(self, account: Account, symbol: str, exchange: str) -> None:
        listing = self.listings.get(symbol)
        if listing is None or listing.market.order != exchange:
            raise Refused("unknown_symbol")
        if account.environment == codes.PAPER and symbol in self._paper_blocked:
            raise Refused("not_tradable")

    def _check_price(self, price: Decimal) -> None:
        if price < CENT:
            raise Refused("price_missing")
        tick = CENT if price >= 1 else Decimal("0.0001")
        if price % tick and self._enforce_tick:
            raise Refused("off_tick")

    def _check_means(self, account: Account, new: NewOrder) -> None:
        if new.side == "sell":
            if new.quantity > account.sellable(new.symbol):
                raise Refused("not_enough_shares")
            return
        buffer = self.fees.buffer(account.environment)
        if new.quantity * new.price * (1 + buffer) > self.buying_power(account):
            raise Refused("not_enough_cash")

    def named(self, account: Account, number: str, now: datetime) -> Order | None:
        """The order of today that bears this number, or one of yesterday's daytime session that still lives."""
        wanted = number.strip().lstrip("0")
        alive = (o for o in account.working() if o.daytime and o.number.lstrip("0") == wanted)
        return account.find(number, self.date_of(now)) or next(alive, None)

    def _original(self, account: Account, number: str, now: datetime) -> Order:
        order = self.named(account, number, now)
        if order is None or order.kind == "cancel":
            raise Refused("no_original")
        if not order.alive:
            raise Refused("nothing_left")
        return order

    def _record(self, account: Account, new: NewOrder, kind: str, now: datetime, ends: datetime) -> Order:
        order = Order(
            number=self._number(account, now),
            date=self.date_of(now),
            account_no=account.account_no,
            symbol=new.symbol,
            exchange=new.exchange,
            side=new.side,
            kind=kind,
            quantity=new.quantity,
            price=new.price,
            received_at=now,
            expires_at=ends,
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
        new = replace(_again(original), quantity=quantity, price=price, channel=channel)
        order = self._record(account, new, kind, now, original.expires_at)
        order.original = original.number
        order.open = 0
        return order

    def _number(self, account: Account, now: datetime) -> str:
        """Each account begins every day at the same small number, so numbers recur over days (6.1)."""
        first = 1000 + hashlib.sha256(account.account_no.encode()).digest()[0] * 37
        return account.next_number(self.date_of(now), first)


def _again(order: Order) -> NewOrder:
    """What the customer would say to place this order once more."""
    return NewOrder(
        order.symbol,
        order.exchange,
        order.side,
        order.quantity,
        order.price,
        division=order.division,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        daytime=order.daytime,
    )


def _in_time(ends: datetime, now: datetime, auction: str = "") -> datetime:
    """`ends`, unless the auction then takes no more orders, or it is past. Raises Refused."""
    if now >= ends - CUT_OFF.get(auction, timedelta(0)):
        raise Refused("auction_closed" if auction else "after_close")
    return ends
