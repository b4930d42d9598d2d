"""Everything the three servers share: one market, one exchange, one set of books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from kis.simulator.book import Account, Order
from kis.simulator.clock import Clock, us_date
from kis.simulator.exchange import REACTION, Event, Exchange, NewOrder, Refused
from kis.simulator.faults import About, Faults
from kis.simulator.faults.ledger import twin_of
from kis.simulator.keys import KeyDesk, Rates
from kis.simulator.market import Market
from kis.simulator.market_path import Prices, Tick, tick_index, tick_time
from kis.simulator.memory import Memory
from kis.simulator.reservations import Reservations, late_text, text_of
from kis.simulator.settings import Scenario
from kis.simulator.tally import Tally

# After a stall (a stopped process, a busy machine) at most this many ticks are made up for.
CATCH_UP = 40
# Of these the sockets hear the newest: orders meet every trade, but nobody wants a burst of old prices.
FRESH = 8


class World:
    """`memory`, if given, is told of everything before anyone else is; without one, a restart begins anew."""

    def __init__(
        self, scenario: Scenario, accounts: list[Account], memory: Memory | None = None, clock: Clock | None = None
    ) -> None:
        self.scenario = scenario
        self.switches = scenario.switches
        self.clock = clock or Clock(scenario.start)
        self._memory = memory
        self.accounts = accounts
        self.market = Market(Prices(scenario.seed, scenario.listings), scenario.calendar, scenario.listings)
        self.exchange = Exchange(accounts, scenario.listings, scenario.calendar, scenario.fees, scenario.paper_blocked)
        self.reservations = Reservations(self.exchange, limited=self.switches.reservation_window)
        self.desk = KeyDesk(accounts, scenario.switches, None if memory else scenario.seed)
        self.rates = Rates()
        self.tally = Tally()
        self.faults = Faults(scenario.seed, self.now)
        for row in scenario.faults:
            self.faults.add(row)
        self.paused = False
        self._next_tick = tick_index(self.clock.now())
        self.on_event: Callable[[Event], None] = lambda event: None
        self.on_tick: Callable[[Tick], None] = lambda tick: None

    def now(self) -> datetime:
        return self.clock.now()

    # Orders: the exchange decides, the notices follow

    def place(self, account: Account, new: NewOrder, now: datetime) -> Order:
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
        order, events = self.exchange.cancel(account, number, quantity, now, **channel)
        self._tell(events)
        return order

    def amend(self, account: Account, number: str, new: NewOrder, now: datetime) -> Order:
        order, events = self.exchange.amend(account, number, new.quantity, new.price, now)
        self._tell(events)
        return order

    def keep(self) -> None:
        """Write down what has changed. Whoever hears of it hears of it after this: an answer, a notice."""
        orders = self.exchange.take_changes()
        rest = {**self.desk.take_changes(), **self.reservations.take_changes()}
        if self._memory is not None:
            accounts = {o.account_no: self.exchange.accounts[o.account_no] for o in orders}
            self._memory.keep(accounts.values(), orders, rest, self.now())

    def _tell(self, events: list[Event]) -> None:
        self.keep()
        for event in events:
            self.on_event(event)

    # Time

    def run_due_ticks(self, now: datetime) -> None:
        """Play every tick that is due. Called often; cheap when nothing is due."""
        due = tick_index(now)
        first = max(self._next_tick, due - CATCH_UP)
        self._next_tick = max(self._next_tick, due + 1)
        self.pass_time(now)
        if not self.paused:
            for k in range(first, due + 1):
                self.play(k, tick_time(k), heard=due - k < FRESH)

    def pass_time(self, now: datetime) -> None:
        """What the hour alone does: day orders end, a new day settles."""
        self.exchange.expire(now)
        for account in self.accounts:
            account.start_day(us_date(now))
        self.transmit_reservations(now)
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

    def step(self, now: datetime) -> None:
        """Play the current tick once more, for every order that has been accepted by now."""
        self.play(tick_index(now), now + REACTION)

    def play(self, k: int, at: datetime, *, heard: bool = True) -> None:
        """One tick of every symbol: trades reach the book, then, unless it is too old, the sockets."""
        if self.market.calendar.session_at(at) is None:
            return
        ticks = [self.market.prices.tick(symbol, k) for symbol in self.market.listings]
        self._tell([event for tick in ticks for event in self.exchange.on_tick(tick, at)])
        for tick in ticks if heard else ():
            self.on_tick(tick)
