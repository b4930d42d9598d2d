"""Money: what a trade moves at once, what moves when it settles, won for dollars, tax."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.simulator.accounts import read_one
from kis.simulator.book import Account, Holding
from kis.simulator.calendar import Calendar
from kis.simulator.exchange import Exchange, NewOrder, Refused
from kis.simulator.fees import Fees
from kis.simulator.listing import DEFAULT
from kis.simulator.market_path import Tick
from kis.simulator.settings import BadScenario, read_scenario

THURSDAY = datetime(2026, 3, 12, 15, tzinfo=UTC)
BUY = NewOrder("NVDA", "NASD", "buy", 10, Decimal("100.00"))
SELL = replace(BUY, side="sell")
RATE = Decimal(1400)


def account(cash="10000", held=0, **more):
    holdings = {"NVDA": Holding(held, Decimal(90 * held))} if held else {}
    return Account(
        "real", "k", "s", "6000000001", "hts", cash=Decimal(cash), deposit=Decimal(cash), holdings=holdings, **more
    )


def exchange(who, *, calendar=None, listings=DEFAULT, days=2):
    return Exchange([who], listings, calendar or Calendar("nyse-hours"), settlement_days=days, rate=RATE)


def trade(house, who, order, at, cents=10000):
    placed, _ = house.place(who, order, at)
    house.on_tick(Tick(order.symbol, 0, cents, cents - 1, cents + 1, 10**6, 10**6, 10**6), at, at_once=True)
    return placed


def morning(house, day):
    house.start_day(datetime(day.year, day.month, day.day, 13, tzinfo=UTC))


class TestSettlement:
    def test_cash_moves_at_once_the_deposit_and_the_shares_two_trading_days_later(self):
        who = account()
        house = exchange(who)
        morning(house, date(2026, 3, 12))
        trade(house, who, replace(BUY, price=Decimal(105)), THURSDAY)
        assert (who.cash, who.deposit) == (Decimal("8997.40"), 10000)
        assert (who.holdings["NVDA"].quantity, who.settled("NVDA")) == (10, 0)
        for day in (13, 14, 15):  # a Friday and a weekend
            morning(house, date(2026, 3, day))
            assert (who.deposit, who.settled("NVDA")) == (10000, 0)
        morning(house, date(2026, 3, 16))
        assert (who.deposit, who.settled("NVDA"), who.unsettled) == (who.cash, 10, [])

    def test_the_number_of_days_is_the_scenarios(self):
        assert read_scenario({"settlement_days": 1}).settlement_days == 1
        assert read_scenario({}).settlement_days == 2
        with pytest.raises(BadScenario):
            read_scenario({"settlement_days": "two"})
        who = account()
        house = exchange(who, days=1)
        morning(house, date(2026, 3, 12))
        trade(house, who, replace(BUY, price=Decimal(105)), THURSDAY)
        morning(house, date(2026, 3, 13))
        assert who.deposit == who.cash

    def test_what_a_sale_brings_can_be_spent_before_it_settles(self):
        who = account(cash="0", held=20)
        house = exchange(who)
        morning(house, date(2026, 3, 12))
        trade(house, who, replace(SELL, price=Decimal(99)), THURSDAY)
        assert who.unsettled_amount("sell") == who.cash == house.buying_power(who) > 990
        assert who.deposit == 0
        trade(house, who, replace(BUY, quantity=9, price=Decimal(101)), THURSDAY + timedelta(minutes=1))
        assert who.unsettled_amount("buy") > 900
        morning(house, date(2026, 3, 16))
        assert who.deposit == who.cash >= 0

    def test_a_day_that_was_slept_through_settles_all_that_was_due(self):
        who = account()
        house = exchange(who)
        morning(house, date(2026, 3, 12))
        trade(house, who, replace(BUY, price=Decimal(105)), THURSDAY)
        trade(house, who, replace(BUY, price=Decimal(105)), THURSDAY + timedelta(days=1))
        morning(house, date(2026, 4, 1))
        assert (who.deposit, who.settled("NVDA")) == (who.cash, 20)

    def test_an_account_whose_day_began_is_told_to_the_book(self):
        who = account()
        house = exchange(who)
        morning(house, date(2026, 3, 12))
        assert house.take_changes() == ([who], [])
        morning(house, date(2026, 3, 12))
        assert house.take_changes() == ([], [])


class TestWonForDollars:
    def test_without_integrated_margin_won_buy_nothing(self):
        who = account(cash="0", won=Decimal(10_000_000))
        with pytest.raises(Refused, match="not_enough_cash"):
            exchange(who).place(who, BUY, THURSDAY)

    def test_with_it_they_count_at_the_exchange_rate_and_pay_when_the_trade_settles(self):
        who = account(cash="500", won=Decimal(10_000_000), integrated=True)
        house = exchange(who)
        morning(house, date(2026, 3, 12))
        assert house.buying_power(who) == 500 + Decimal(10_000_000) / RATE
        assert house.buying_power(who, integrated=False) == 500
        trade(house, who, replace(BUY, price=Decimal(105)), THURSDAY)
        assert who.cash == 500 - Decimal("1002.60")
        morning(house, date(2026, 3, 16))
        assert (who.cash, who.deposit) == (0, 0)
        assert who.won == 10_000_000 - Decimal("502.60") * RATE

    def test_more_than_both_is_refused(self):
        who = account(cash="500", won=Decimal(700_000), integrated=True)
        with pytest.raises(Refused, match="not_enough_cash"):
            exchange(who).place(who, BUY, THURSDAY)

    def test_an_accounts_file_gives_them(self):
        row = {
            "environment": "real", "app_key": "k", "app_secret": "s", "account_no": "6100000001", "hts_id": "h",
            "cash_usd": "5", "cash_krw": "3000000", "integrated_margin": True, "after_market_extension": True,
        }  # fmt: skip
        who = read_one(row, DEFAULT)
        assert (who.cash, who.won, who.integrated, who.extension) == (5, 3_000_000, True, True)
        with pytest.raises(BadScenario, match="cash_krw"):
            read_one({**row, "cash_krw": "much"}, DEFAULT)


class TestFeesAndTax:
    def test_a_sale_pays_a_fee_by_the_share_up_to_a_limit(self):
        fees = Fees(commission=Decimal(0), sec=Decimal(0))
        assert fees.on("sell", Decimal(1000), 10_000) == Decimal("1.66")
        assert fees.on("sell", Decimal(1000), 1_000_000) == Decimal("8.30")
        assert fees.on("buy", Decimal(1000), 1_000_000) == 0

    def test_of_the_sale_of_a_partnership_a_tenth_is_kept_back(self):
        listings = tuple(replace(item, ptp=item.symbol == "NVDA") for item in DEFAULT)
        who = account(cash="0", held=20)
        house = exchange(who, listings=listings)
        order = trade(house, who, replace(SELL, price=Decimal(99)), THURSDAY)
        (fill,) = order.fills
        assert (fill.tax, who.cash) == (Decimal("99.99"), Decimal("999.90") - fill.fee - Decimal("99.99"))

    def test_any_other_sale_keeps_its_tax(self):
        who = account(cash="0", held=20)
        assert trade(exchange(who), who, replace(SELL, price=Decimal(99)), THURSDAY).fills[0].tax == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["buy", "sell", "cancel", "amend", "night"]), st.integers(1, 60), st.integers(8_000, 12_000)
        ),
        max_size=40,
    ),
    st.booleans(),
    st.booleans(),
)
def test_over_any_days_cash_shares_won_and_fees_add_up(steps, integrated, ptp):
    listings = tuple(replace(item, ptp=ptp) for item in DEFAULT)
    who = account(cash="3000", held=100, won=Decimal(2_000_000), integrated=integrated)
    house = exchange(who, calendar=Calendar(), listings=listings)
    at = datetime(2026, 3, 12, 15, tzinfo=UTC)
    house.start_day(at)
    for what, quantity, cents in steps:
        at += timedelta(hours=30 if what == "night" else 0, seconds=1)
        house.start_day(at)
        house.expire(at)
        number, price = (who.orders[-1].number if who.orders else "1"), Decimal(cents) / 100
        try:
            if what in ("buy", "sell"):
                trade(house, who, replace(BUY, side=what, quantity=quantity, price=price), at, 10_000)
            elif what == "cancel":
                house.cancel(who, number, quantity, at)
            elif what == "amend":
                house.amend(who, number, quantity, price, at)
        except Refused:
            pass
        held = who.holdings["NVDA"].quantity
        assert who.cash == who.deposit + sum(u.cash for u in who.unsettled)
        assert held == who.settled("NVDA") + sum(u.shares for u in who.unsettled)
        assert who.sellable("NVDA") >= 0 and house.buying_power(who) >= 0 and who.won >= 0
        assert integrated or who.deposit >= 0
        for order in who.orders:
            assert 0 <= order.open <= order.quantity - order.filled
    fills = [(o.side, f) for o in who.orders for f in o.fills]
    spent = sum((f.price * f.quantity * (1 if s == "buy" else -1) + f.fee + f.tax for s, f in fills), Decimal(0))
    exchanged = (2_000_000 - who.won) / RATE  # rounded up to the won, once a settlement
    assert 0 <= exchanged - (who.cash - 3000 + spent) <= Decimal(len(steps)) / RATE
    assert held_is(who, fills)


def held_is(who, fills):
    moved = sum(f.quantity * (1 if s == "buy" else -1) for s, f in fills)
    return who.holdings["NVDA"].quantity == 100 + moved
