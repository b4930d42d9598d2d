"""Whatever customers do, however the clock jumps, whenever the broker restarts: no cent and no share comes or goes."""

import contextlib
import random
from datetime import timedelta
from decimal import Decimal

import pytest

from kis.simulator import accounts, codes
from kis.simulator.exchange import NewOrder, Refused
from kis.simulator.memory import Memory
from kis.simulator.restart import open_world
from kis.simulator.settings import read_scenario

WEEKS = {  # each begins in New York's morning
    "US summer time begins": "2026-03-05T14:00:00Z",
    "US summer time ends": "2026-10-29T13:00:00Z",
    "a holiday and an early close": "2026-11-24T15:00:00Z",
    "two years meet": "2026-12-29T15:00:00Z",
}
JUMPS = (1, 30, 600, 600, 3600, 3600, 5 * 3600, 86400)  # seconds
TYPES = (codes.LIMIT, codes.LIMIT, codes.MOO, codes.LOO, codes.MOC, codes.LOC, codes.TWAP, codes.VWAP)


class Week:
    """A stepped market with a book, and customers who do anything."""

    def __init__(self, book, seed, about):
        self.book, self.rng, self.about = book, random.Random(seed), about
        scenario = read_scenario(about)
        given = accounts.of(scenario.accounts, scenario.listings, scenario.seed)
        self.cash = {a.account_no: a.cash for a in given}
        self.held = {a.account_no: {s: h.quantity for s, h in a.holdings.items()} for a in given}
        self.memory = Memory(book)
        self.world = open_world(self.memory, scenario, given, own_seed=False)

    def restart(self, _):
        self.memory.close()
        self.memory = Memory(self.book)
        self.world = open_world(self.memory, read_scenario(self.about), None, own_seed=False)

    def something_happens(self):
        acts = (self.order, self.revise, self.reserve, self.jump, self.restart)
        account = self.rng.choice(self.world.accounts)
        with contextlib.suppress(Refused):
            self.rng.choices(acts, (45, 15, 5, 30, 5))[0](account)

    def order(self, account):
        real, now = account.environment == codes.REAL, self.world.now()
        symbol = self.rng.choice(("NVDA", "ET", "KO"))
        division = self.rng.choice(TYPES) if real else codes.LIMIT
        daytime = real and self.world.market.calendar.daytime_at(now) is not None
        at_market = division in (codes.MOO, codes.MOC) and not daytime
        new = NewOrder(
            symbol,
            self.world.market.listings[symbol].market.order,
            "sell" if at_market else self.rng.choice(("buy", "sell")),
            self.rng.randint(1, 300),
            Decimal(0) if at_market else self.near(symbol, now),
            division=codes.LIMIT if daytime else division,
            daytime=daytime,
        )
        self.world.place(account, new, now)

    def near(self, symbol, now):
        market = self.world.market
        last = market.prices.tick(symbol, market.last_tick(now)).last
        return Decimal(last + self.rng.randint(-150, 150)) / 100

    def revise(self, account):
        for order in account.working()[:1]:
            if self.rng.random() < 0.5:
                self.world.cancel(account, order.number, self.rng.choice((0, 1)), self.world.now())
            else:
                price = order.price + Decimal("0.10")
                new = NewOrder(order.symbol, order.exchange, order.side, self.rng.randint(1, 200), price)
                self.world.amend(account, order.number, new, self.world.now())

    def reserve(self, account):
        new = NewOrder("NVDA", "NASD", "buy", self.rng.randint(1, 20), Decimal("181.00"))
        self.world.reservations.accept(account, new, self.world.now())
        self.world.keep()

    def jump(self, _):
        self.world.jump(self.world.now() + timedelta(seconds=self.rng.choice(JUMPS)))

    def must_balance(self, account):
        cash, held = self.cash[account.account_no], dict(self.held[account.account_no])
        for order in account.orders:
            sign = 1 if order.side == "buy" else -1
            cash -= sign * order.amount + order.fees + sum(f.tax for f in order.fills)
            held[order.symbol] = held.get(order.symbol, 0) + sign * order.filled
        assert account.cash == cash
        assert {s: h.quantity for s, h in account.holdings.items() if h.quantity} == {
            s: n for s, n in held.items() if n
        }
        assert account.deposit + sum(u.cash for u in account.unsettled) == cash
        assert all(u.settles > self.world.exchange.date_of(self.world.now()) for u in account.unsettled)
        assert cash > -1 and all(n >= 0 for n in held.values())

    def must_be_in_order(self, order):
        calendar, now = self.world.market.calendar, self.world.now()
        assert order.open >= 0 and order.filled + order.open <= order.quantity
        assert not order.alive or order.expires_at > now
        for fill in order.fills:
            assert order.received_at <= fill.at <= min(now, order.expires_at)
            assert fill.price <= order.price if order.side == "buy" else fill.price >= order.price
            last = fill.at - timedelta(microseconds=1)  # an auction stands at the very end of its session
            open_then = calendar.session_at(fill.at) or calendar.session_at(last)
            assert calendar.daytime_at(fill.at) if order.daytime else open_then


@pytest.mark.parametrize(("week", "kind"), [*((w, "nyse-hours") for w in WEEKS), ("two years meet", "always")])
def test_no_cent_and_no_share_comes_or_goes(tmp_path, week, kind):
    customers = [
        {"environment": side, "cash_usd": cash, "holdings": {"NVDA": 50, "ET": 500}, "after_market_extension": longer}
        for side, cash, longer in (("real", "30000", False), ("real", "4000", True), ("paper", "20000", False))
    ]
    about = {"start": WEEKS[week], "clock": {"mode": "stepped"}, "calendar": kind, "accounts": customers}
    found = Week(tmp_path / "book.json", f"{week} {kind}", about)
    for _ in range(80):
        found.something_happens()
        for account in found.world.accounts:
            found.must_balance(account)
            for order in account.orders:
                found.must_be_in_order(order)
    found.memory.close()
    assert sum(len(o.fills) for a in found.world.accounts for o in a.orders) > 3
