"""Everything the three servers share: one market, one exchange, one set of books."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kis.simulator import indices
from kis.simulator.book import Account, Order
from kis.simulator.clock import Clock
from kis.simulator.exchange import Event, Exchange, NewOrder, Refused
from kis.simulator.faults import About, Faults
from kis.simulator.faults.ledger import twin_of
from kis.simulator.keys import KeyDesk, Rates
from kis.simulator.market import Market
from kis.simulator.market_path import TICKS_PER_MINUTE, Prices, Print, Tick, tick_index
from kis.simulator.memory import Memory
from kis.simulator.passing import Passing, stride_of
from kis.simulator.reservations import Reservations, late_text, text_of
from kis.simulator.settings import Scenario
from kis.simulator.tally import Tally

# After a stall (a stopped process, a busy machine) the trades of at most these last seconds are made up for, counted
# on the machine's clock.
CATCH_UP = 10.0
# Of these the sockets hear the newest: orders meet every trade, but nobody wants a burst of old prices.
FRESH = 8
# A fast market shows the sockets at most about so many trades of a symbol in one of the machine's seconds.
HEARD = 40.0


class World:
    """`memory`, if given, is told of everything before anyone else is; without one, a restart begins anew."""

    def __init__(
        self, scenario: Scenario, accounts: list[Account], memory: Memory | None = None, clock: Clock | None = None
    ) -> None:
        self.scenario = scenario
        self.switches = scenario.switches
        self.clock = clock or scenario.new_clock()
        self._memory = memory
        self.accounts = accounts
        prices = Prices(scenario.seed, scenario.listings, scenario.courses())
        self.market = Market(prices, scenario.calendar, scenario.listings)
        self.indices = indices.market_of(scenario.seed, scenario.calendar, self.switches.exchange_rate)
        self.exchange = Exchange(
            accounts,
            scenario.listings,
            scenario.calendar,
            scenario.fees,
            scenario.paper_blocked,
            settlement_days=scenario.settlement_days,
            enforce_tick=self.switches.enforce_tick,
            daytime_follows=self.switches.daytime_date == "trading_day",
            rate=Decimal(scenario.switches.exchange_rate),
            flow=lambda symbol, start, end: prices.flow(symbol, tick_index(start), tick_index(end)),
        )
        self.reservations = Reservations(self.exchange, limited=self.switches.reservation_window)
        self.desk = KeyDesk(accounts, scenario.switches, None if memory else scenario.seed)
        self.rates = Rates(self.clock)
        self.tally = Tally()
        self.faults = Faults(scenario.seed, self.now)
        for row in scenario.faults:
            self.faults.add(row)
        self.paused = False
        self.on_event: Callable[[Event], None] = lambda event: None
        self.on_tick: Callable[[Tick], None] = lambda tick: None
        self.on_daytime_tick: Callable[[Tick], None] = lambda tick: None
        self._woken = self.clock.wall()
        self._clock_changed = False
        self._passing = Passing(
            self.market, self.exchange, self.clock.now(), turn=self.pass_time, tell=self._tell, hear=self._hear
        )

    def now(self) -> datetime:
        return self.clock.now()

    # Orders: the exchange decides, the notices follow

    def place(self, account: Account, new: NewOrder, now: datetime) -> Order:
        self.run_due_ticks(now)
        order, events = self.exchange.place(account, new, now)
        self._strike_venue(account, order)
        self._tell(events)
        return order

    def _strike_venue(self, account: Account, order: Order) -> None:
        struck = self.faults.strikes("venue", About("", "", account.account_no, account.environment, order.symbol))
        if "late_reject" in struck:
            self.exchange.doom(order, "거래소 거부")
        if "number_reused" in struck:
            account.orders.append(twin_of(order))

    def cancel(self, account: Account, number: str, quantity: int, now: datetime, **channel: Any) -> Order:
        self.run_due_ticks(now)
        order, events = self.exchange.cancel(account, number, quantity, now, **channel)
        self._tell(events)
        return order

    def amend(self, account: Account, number: str, new: NewOrder, now: datetime) -> Order:
        self.run_due_ticks(now)
        order, events = self.exchange.amend(account, number, new.quantity, new.price, now)
        self._tell(events)
        return order

    def keep(self) -> None:
        """Write down what has changed. Whoever hears of it hears of it after this: an answer, a notice."""
        accounts, orders = self.exchange.take_changes()
        rest = {**self.desk.take_changes(), **self.reservations.take_changes()}
        if self._clock_changed:
            rest["book"], self._clock_changed = [{"clock": self.clock.row()}], False
        if self._memory is not None:
            self._memory.keep(accounts, orders, rest, self.now())

    def _tell(self, events: list[Event]) -> None:
        self.keep()
        for event in events:
            self.on_event(event)

    # Time

    def run_due_ticks(self, now: datetime) -> None:
        """Play every tick that is due. Called often; cheap when nothing is due."""
        woken, self._woken = self._woken, self.clock.wall()
        heard = math.ceil((self._woken - woken).total_seconds() * HEARD)
        pace = max(1.0, self.clock.pace)
        self._passing.until(
            now,
            heard=min(FRESH, max(1, heard)),
            stride=stride_of(pace),
            back=timedelta(seconds=CATCH_UP * pace),
            paused=self.paused,
        )

    def turn_clock(self, mode: str, speed: float | None = None) -> None:
        """Go on in another mode of the clock. Raises BadClock."""
        self.run_due_ticks(self.now())
        self.clock.turn(mode, speed)
        self._clock_kept()

    def jump(self, to: datetime) -> None:
        """Set the clock ahead and play all that lies between. Raises BadClock."""
        self.run_due_ticks(self.now())
        self.clock.set(to)
        self._clock_changed = True  # written with the first thing that happens on the way: the book knows no later one
        self._passing.until(self.now(), heard=FRESH, paused=self.paused)
        self._clock_kept()

    def _clock_kept(self) -> None:
        self._clock_changed = True
        self.keep()

    def pass_time(self, now: datetime) -> None:
        """What the hour alone does: a new day settles, reservations go, auctions are held, day orders end."""
        self.exchange.start_day(now)
        self.transmit_reservations(now)
        if not self.paused:
            self._hold_auctions(now)
        self.exchange.expire(now)
        self.keep()

    def transmit_reservations(self, now: datetime) -> None:
        """Send what was left for an opening that has come; what cannot be sent keeps the reason (section 4.3)."""
        for reservation in self.reservations.due(now):
            account = self.exchange.accounts[reservation.account_no]
            if self.reservations.late(reservation, now):
                self.reservations.failed(reservation, late_text(account.environment), now)
                continue
            try:
                order, events = self.exchange.place(account, reservation.order, now)
            except Refused as e:
                self.reservations.failed(reservation, text_of(e, account.environment), now)
                continue
            self.reservations.sent(reservation, order, now)
            self._tell(events)

    def _hold_auctions(self, now: datetime) -> None:
        """At the very moment of an opening or a close. An auction trades as many shares as the minute beside it."""
        calendar, k = self.market.calendar, tick_index(now)
        closing = calendar.today(now - timedelta(microseconds=1)).regular()
        opening = calendar.today(now).regular()
        if closing is not None and closing.end == now:
            self._auction("close", k - 1, k - TICKS_PER_MINUTE, now)
        if opening is not None and opening.start == now:
            self._auction("open", k, k, now)

    def _auction(self, which: str, k: int, minute: int, now: datetime) -> None:
        prices = self.market.prices
        for symbol in sorted(self.exchange.waiting()):
            shares = prices.flow(symbol, minute, minute + TICKS_PER_MINUTE)
            self._tell(self.exchange.auction(which, symbol, prices.tick(symbol, k).last, shares, now))

    def step(self, now: datetime) -> None:
        """Play the current tick once more, for every order that has been accepted by now."""
        self.run_due_ticks(now)
        daytime = self.market.calendar.daytime_at(now) is not None
        if not (daytime or self.market.calendar.session_at(now)):
            return
        for symbol in self.market.listings:
            tick = self.market.prices.tick(symbol, tick_index(now))
            self._meet(tick, now)
            self._hear(tick, daytime)

    def push(self, symbol: str, trade: Print, now: datetime) -> None:
        """One trade, now: every order that has been accepted may meet it, and the sockets hear it."""
        self.run_due_ticks(now)
        self.market.prices.push(symbol, tick_index(now), trade)
        tick = self.market.prices.tick(symbol, tick_index(now))
        self._meet(tick, now)
        self._hear(tick, self.market.calendar.daytime_at(now) is not None)

    def _meet(self, tick: Tick, now: datetime) -> None:
        daytime = self.market.calendar.daytime_at(now) is not None
        self._tell(self.exchange.on_tick(tick, now, daytime=daytime, at_once=True))

    def _hear(self, tick: Tick, daytime: bool) -> None:
        (self.on_daytime_tick if daytime else self.on_tick)(tick)
