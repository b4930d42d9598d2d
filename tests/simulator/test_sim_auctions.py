"""Opening and closing auctions, sliced orders, and a time that jumps: everything in its turn."""

import contextlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.simulator import accounts, codes
from kis.simulator.book import Account, Holding
from kis.simulator.calendar import Calendar
from kis.simulator.exchange import Exchange, NewOrder, Refused
from kis.simulator.listing import DEFAULT
from kis.simulator.market_path import Tick, tick_index
from kis.simulator.settings import read_scenario
from kis.simulator.world import World

CALENDAR = Calendar("nyse-hours")
DAY = CALENDAR.day(date(2026, 3, 12))
OPEN, CLOSE = DAY.regular().start, DAY.regular().end
EARLY = OPEN - timedelta(hours=2)  # pre-market
NOON = OPEN + timedelta(hours=3)
LOO = NewOrder("NVDA", "NASD", "buy", 10, Decimal("100.00"), division=codes.LOO)
MOO = replace(LOO, side="sell", price=Decimal(0), division=codes.MOO)
LOC, MOC = replace(LOO, division=codes.LOC), replace(MOO, division=codes.MOC)
TWAP = replace(LOO, quantity=60, division=codes.TWAP)


def account(environment="real", cash="100000", held=200, **more):
    holdings = {"NVDA": Holding(held, Decimal(90 * held))}
    money = Decimal(cash)
    return Account(environment, "k", "s", "6000000001", "hts", cash=money, deposit=money, holdings=holdings, **more)


def exchange(*who, **more):
    return Exchange(who, DEFAULT, CALENDAR, **more)


def tick(cents=10000, size=10**6):
    return Tick("NVDA", 0, cents, cents - 1, cents + 1, size, size, size)


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.reason


class TestAuctions:
    @pytest.mark.parametrize(("which", "limit", "market"), [("open", LOO, MOO), ("close", LOC, MOC)])
    def test_orders_wait_for_their_auction_and_trade_at_its_one_price(self, which, limit, market):
        who = account()
        house = exchange(who)
        at = EARLY if which == "open" else NOON
        buy, sell = house.place(who, limit, at)[0], house.place(who, market, at)[0]
        assert house.on_tick(tick(9000), at + timedelta(seconds=1)) == []
        events = house.auction(which, "NVDA", 9950, 1000, OPEN if which == "open" else CLOSE)
        assert [(e.order, e.quantity, e.price) for e in events] == [
            (sell, 10, Decimal("99.50")),
            (buy, 10, Decimal("99.50")),
        ]

    def test_a_limit_that_the_price_does_not_allow_ends_with_its_auction(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, LOO, EARLY)
        assert house.auction("open", "NVDA", 10001, 1000, OPEN) == []
        assert house.expire(OPEN) == [order]
        assert (order.status, order.open) == ("expired", 0)

    def test_the_other_auction_leaves_them_alone(self):
        who = account()
        house = exchange(who)
        house.place(who, LOC, EARLY)
        assert house.auction("open", "NVDA", 9000, 1000, OPEN) == []
        assert house.expire(OPEN) == []

    def test_shares_go_to_orders_without_a_limit_first_then_to_the_oldest(self):
        who = account()
        house = exchange(who)
        limit = replace(LOO, side="sell", price=Decimal(90))
        older, younger, market = (house.place(who, o, EARLY)[0] for o in (limit, limit, MOO))
        house.auction("open", "NVDA", 9500, 15, OPEN)
        assert (market.filled, older.filled, younger.filled) == (10, 5, 0)

    @pytest.mark.parametrize(
        ("order", "last"),
        [(LOO, OPEN - timedelta(minutes=2)), (LOC, CLOSE - timedelta(minutes=10))],
    )
    def test_before_an_auction_it_takes_no_more_orders(self, order, last):
        who = account()
        house = exchange(who)
        taken, _ = house.place(who, order, last - timedelta(seconds=1))
        assert refused(house.place, who, order, last) == "auction_closed"
        assert refused(house.amend, who, taken.number, 5, Decimal(99), last) == "auction_closed"
        house.cancel(who, taken.number, 0, last)

    def test_a_reservation_sent_at_the_opening_is_in_time_for_it(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, replace(MOO, reserved=True), OPEN)
        house.auction("open", "NVDA", 9950, 1000, OPEN)
        assert order.status == "filled"

    def test_an_amended_order_waits_for_the_same_auction(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, LOC, NOON)
        amended, _ = house.amend(who, order.number, 5, Decimal(101), NOON)
        house.auction("close", "NVDA", 10050, 1000, CLOSE)
        assert (amended.division, amended.filled, order.filled) == (codes.LOC, 5, 0)

    def test_a_doomed_order_trades_in_no_auction(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, LOC, NOON)
        house.doom(order, "거래소 거부")
        assert house.auction("close", "NVDA", 9000, 1000, CLOSE) == []


class TestSlices:
    def trade_all_day(self, house, start, end, size=10**6):
        at, events = start, []
        while at < end:
            events += house.on_tick(tick(9900, size), at)
            at += timedelta(seconds=10)
        return events

    def test_twap_trades_the_same_part_every_minute_of_its_window(self):
        who = account()
        house = exchange(who)
        start = OPEN + timedelta(hours=1)
        order, _ = house.place(
            who, replace(TWAP, starts_at=start, ends_at=start + timedelta(minutes=20)), OPEN + timedelta(minutes=30)
        )
        assert house.on_tick(tick(9900), start - timedelta(seconds=1)) == []
        events = self.trade_all_day(house, start, start + timedelta(minutes=20))
        assert [e.quantity for e in events] == [3] * 20
        assert [e.at - start for e in events] == [timedelta(minutes=n) for n in range(20)]
        assert {e.price for e in events} == {Decimal("99.01")} and order.status == "filled"

    def test_vwap_trades_along_with_the_markets_volume(self):
        who = account()
        half = OPEN + timedelta(minutes=5)

        def flow(symbol, start, end):
            """Nine tenths of the volume come in the second half of the window."""
            early = max(timedelta(0), min(end, half) - start) / timedelta(minutes=5)
            late = max(timedelta(0), end - max(start, half)) / timedelta(minutes=5)
            return round(1000 * early + 9000 * late)

        house = exchange(who, flow=flow)
        window = replace(TWAP, division=codes.VWAP, starts_at=OPEN, ends_at=OPEN + timedelta(minutes=10))
        order, _ = house.place(who, window, EARLY)
        self.trade_all_day(house, OPEN, half)
        assert order.filled == 6
        self.trade_all_day(house, half, half + timedelta(minutes=5))
        assert order.filled == 60

    def test_without_a_window_it_lasts_from_the_opening_to_the_close(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, TWAP, EARLY)
        assert house.span(order) == (OPEN, CLOSE)
        house.on_tick(tick(9900), OPEN + (CLOSE - OPEN) / 2)
        assert order.filled == 30
        assert house.expire(CLOSE) == [order]

    def test_parts_that_the_price_did_not_allow_are_made_up_for(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, replace(TWAP, starts_at=OPEN, ends_at=OPEN + timedelta(minutes=20)), EARLY)
        house.on_tick(tick(10500), OPEN + timedelta(minutes=5))
        assert order.filled == 0 and not order.resting
        house.on_tick(tick(9900), OPEN + timedelta(minutes=9))
        assert order.filled == 30

    def test_it_cannot_be_amended_but_cancelled(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, TWAP, EARLY)
        assert refused(house.amend, who, order.number, 5, Decimal(99), EARLY) == "not_amendable"
        house.cancel(who, order.number, 0, EARLY)
        assert order.status == "cancelled"


class TestSessionsOfOrders:
    def test_a_daytime_order_meets_daytime_trades_only_and_ends_with_the_session(self):
        who = account()
        house = exchange(who)
        evening = DAY.daytime.start + timedelta(hours=1)  # 22:00 of the eleventh in New York
        order, _ = house.place(who, NewOrder("NVDA", "NASD", "buy", 1, Decimal(99), daytime=True), evening)
        assert (order.date, order.expires_at) == (date(2026, 3, 12), DAY.daytime.end)
        assert house.on_tick(tick(9000), evening + timedelta(seconds=1)) == []
        assert refused(house.place, who, replace(LOO, division=codes.LIMIT), evening) in ("after_close", "before_open")
        (event,) = house.on_tick(tick(9800), evening + timedelta(seconds=2), daytime=True)
        assert event.order is order

    def test_it_is_found_by_its_number_before_and_after_midnight(self):
        who = account()
        house = exchange(who)
        new = NewOrder("NVDA", "NASD", "buy", 2, Decimal(50), daytime=True)
        first, _ = house.place(who, new, DAY.daytime.start)
        second, _ = house.amend(who, first.number, 1, Decimal(51), DAY.daytime.end - timedelta(hours=1))
        house.cancel(who, second.number, 0, DAY.daytime.end - timedelta(minutes=1))
        assert [o.status for o in who.orders] == ["replaced", "cancelled", "done"]

    @pytest.mark.parametrize(("environment", "at"), [("paper", DAY.daytime.start), ("real", NOON)])
    def test_it_is_refused_on_paper_and_outside_of_its_session(self, environment, at):
        who = account(environment)
        new = NewOrder("NVDA", "NASD", "buy", 1, Decimal(99), daytime=True)
        assert refused(exchange(who).place, who, new, at) == "before_open"

    @pytest.mark.parametrize("extension", [False, True])
    def test_the_after_market_extension_is_by_account(self, extension):
        who = account(extension=extension)
        house = exchange(who)
        late = DAY.orders_end(extension=False) + timedelta(minutes=1)
        house.place(who, replace(LOO, division=codes.LIMIT, price=Decimal(50)), NOON)
        assert (house.expire(late) == []) is extension
        if extension:
            house.place(who, replace(LOO, division=codes.LIMIT), late)
        else:
            assert refused(house.place, who, replace(LOO, division=codes.LIMIT), late) == "after_close"


def world(**more):
    scenario = {"calendar": "nyse-hours", "start": EARLY.isoformat(), "clock": {"mode": "stepped"}, "seed": 3, **more}
    made = World(read_scenario(scenario), accounts.seeded(3))
    made.heard = []
    made.on_event = made.heard.append
    return made, next(a for a in made.accounts if a.environment == "real")


class TestAJump:
    """Time that is advanced by hours or days plays what lies between, in order."""

    def test_auctions_fill_at_the_trades_beside_them_and_the_day_ends(self):
        market, who = world()
        who.holdings["KO"] = Holding(50, Decimal(3000))
        sells = replace(MOO, symbol="KO", exchange="NYSE")
        for order in (sells, replace(sells, division=codes.MOC), replace(LOO, price=Decimal(50), division=codes.LIMIT)):
            market.place(who, order, market.now())
        market.jump(EARLY + timedelta(days=2))
        opening, closing = (o.fills[0] for o in who.orders[:2])
        prices = market.market.prices
        assert (opening.at, opening.price * 100) == (OPEN, prices.tick("KO", tick_index(OPEN)).last)
        assert (closing.at, closing.price * 100) == (CLOSE, prices.tick("KO", tick_index(CLOSE) - 1).last)
        assert [o.status for o in who.orders] == ["filled", "filled", "expired"]

    def test_a_resting_order_fills_at_the_first_trade_that_reaches_it(self):
        market, who = world()
        prices, first = market.market.prices, tick_index(EARLY)
        lasts = {k: prices.tick("NVDA", k).last for k in range(first + 1, first + 4 * 3600)}
        limit = min(lasts.values()) + 20
        reached = next(k for k, last in lasts.items() if last <= limit and k > first + 1)
        market.place(who, replace(LOO, price=Decimal(limit) / 100, division=codes.LIMIT), market.now())
        market.jump(EARLY + timedelta(hours=1))
        (fill,) = who.orders[0].fills
        assert tick_index(fill.at) == reached

    def test_the_same_orders_fill_alike_in_one_jump_and_in_many_small_steps(self):
        found = []
        for steps in (1, 240):
            market, who = world()
            who.cash = who.deposit = Decimal(10**8)
            last = market.market.prices.tick("NVDA", tick_index(EARLY)).last
            for n in range(6):
                limit = Decimal(last - 300 + 60 * n) / 100
                market.place(who, replace(LOO, quantity=9000, price=limit, division=codes.LIMIT), market.now())
            for _ in range(steps):
                market.jump(market.now() + timedelta(hours=1) / steps)
            found.append([(o.number, o.status, o.fills) for o in who.orders])
        assert found[0] == found[1]
        assert max(len(fills) for _, _, fills in found[0]) > 10

    def test_years_without_orders_take_no_time_worth_telling(self):
        market, who = world()
        market.jump(EARLY + timedelta(days=1000))
        assert who.day == date(2028, 12, 6)

    def test_nothing_trades_while_paused_but_days_end(self):
        market, who = world()
        market.paused = True
        market.place(who, replace(LOO, price=Decimal(400), quantity=1), market.now())
        market.jump(EARLY + timedelta(days=1))
        assert [o.status for o in who.orders] == ["expired"]

    @settings(max_examples=12, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([codes.LIMIT, codes.LOO, codes.LOC, codes.MOO, codes.MOC, codes.TWAP, codes.VWAP]),
                st.sampled_from(["buy", "sell"]),
                st.integers(1, 40),
                st.integers(-300, 300),
                st.integers(0, 20 * 3600),
            ),
            max_size=12,
        )
    )
    def test_over_any_jumps_events_are_in_the_order_of_time_and_chains_hold(self, steps):
        market, who = world()
        who.holdings["NVDA"] = Holding(100, Decimal(9000))
        for division, side, quantity, away, seconds in steps:
            now = market.now()
            last = market.market.view("NVDA", now).tick.last
            price = Decimal(0) if division in (codes.MOO, codes.MOC) else Decimal(last + away) / 100
            new = NewOrder("NVDA", "NASD", side, quantity, price, division=division)
            if division not in (codes.MOO, codes.MOC) or side == "sell":
                with contextlib.suppress(Refused):
                    market.place(who, new, now)
            market.jump(now + timedelta(seconds=seconds))
            assert who.sellable("NVDA") >= 0
            assert who.cash == who.deposit + sum(u.cash for u in who.unsettled)
            assert all(o.expires_at > market.now() for o in who.working())
        times = [e.at for e in market.heard]
        assert times == sorted(times)
        for order in who.orders:
            assert order.filled + order.open <= order.quantity
            assert all(
                order.received_at <= f.at < order.expires_at or f.at in (OPEN, order.expires_at) for f in order.fills
            )
            if order.side == "buy":
                assert all(f.price <= order.price for f in order.fills)
