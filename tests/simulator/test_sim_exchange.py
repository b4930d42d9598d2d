"""The rules of the exchange: what is taken, what fills, at what price, and what it costs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.simulator.book import Account, Holding
from kis.simulator.calendar import Calendar
from kis.simulator.exchange import Exchange, NewOrder, Refused
from kis.simulator.listing import DEFAULT
from kis.simulator.market_path import Tick
from kis.simulator.testing import ControlError, start

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
SOON = NOW + timedelta(milliseconds=250)
BUY = NewOrder("NVDA", "NASD", "buy", 10, Decimal("100.00"))
SELL = replace(BUY, side="sell")


def tick(last=10000, size=200, shown=300, symbol="NVDA", spread=1):
    return Tick(symbol, 0, last, last - spread, last + spread, shown, shown, size)


def account(environment="paper", cash="10000", held=0, number="5000000001"):
    holdings = {"NVDA": Holding(held, Decimal(90 * held))} if held else {}
    money = Decimal(cash)
    return Account(environment, "k", "s", number, "hts", cash=money, deposit=money, holdings=holdings)


def exchange(*accounts, calendar=None, blocked=()):
    return Exchange(accounts, DEFAULT, calendar or Calendar(), paper_blocked=blocked)


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.reason


class TestFilling:
    def test_many_small_fills_cost_what_one_large_one_does(self):
        who = account("real", cash="200.50")
        house = exchange(who)
        house.place(who, replace(BUY, quantity=100, price=Decimal("2.00")), NOW)
        for _ in range(100):
            house.on_tick(tick(199, size=1, shown=1), SOON)
        assert (who.holdings["NVDA"].quantity, who.cash) == (100, Decimal("0.00"))

    def test_nothing_trades_at_or_after_its_end_even_before_it_was_ended(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        assert house.on_tick(tick(9000), order.expires_at) == []
        assert order.open == 10

    def test_an_arriving_buy_takes_the_ask_not_its_limit(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, replace(BUY, price=Decimal("105.00")), NOW)
        house.on_tick(tick(10000), SOON)
        assert (order.status, order.average) == ("filled", Decimal("100.01"))

    def test_an_arriving_sell_takes_the_bid(self):
        who = account(held=10)
        house = exchange(who)
        order, _ = house.place(who, replace(SELL, price=Decimal("95.00")), NOW)
        house.on_tick(tick(10000), SOON)
        assert order.average == Decimal("99.99")

    def test_a_resting_buy_fills_at_its_limit_when_the_market_trades_there(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        house.on_tick(tick(10001), SOON)
        house.on_tick(tick(10001), SOON)
        assert order.status == "working"
        house.on_tick(tick(10000), SOON)
        assert (order.status, order.average) == ("filled", Decimal("100.00"))

    def test_a_resting_sell_fills_at_its_limit_when_the_market_trades_through(self):
        who = account(held=10)
        house = exchange(who)
        order, _ = house.place(who, replace(SELL, price=Decimal("101.00")), NOW)
        house.on_tick(tick(10000), SOON)
        house.on_tick(tick(10250), SOON)
        assert order.average == Decimal("101.00")

    def test_no_tick_within_a_tenth_of_a_second_reaches_an_order(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, replace(BUY, price=Decimal("105")), NOW)
        assert house.on_tick(tick(), NOW + timedelta(milliseconds=99)) == []
        assert order.filled == 0

    def test_a_large_order_fills_in_parts_of_what_is_shown(self):
        who = account(cash="1000000")
        house = exchange(who)
        _order, _ = house.place(who, replace(BUY, quantity=700, price=Decimal("105")), NOW)
        events = [e for _ in range(3) for e in house.on_tick(tick(shown=300), SOON)]
        assert [e.quantity for e in events] == [300, 300, 100]
        assert [o.status for o in who.orders] == ["filled"]

    def test_two_orders_share_what_is_shown_the_older_first(self):
        first, second = account(number="5000000001", cash="100000"), account(number="5000000002", cash="100000")
        house = exchange(first, second)
        aggressive = replace(BUY, quantity=200, price=Decimal("105"))
        house.place(second, aggressive, NOW)
        house.place(first, aggressive, NOW + timedelta(milliseconds=1))
        house.on_tick(tick(shown=300), SOON)
        assert (second.orders[0].filled, first.orders[0].filled) == (200, 100)

    def test_another_symbols_tick_fills_nothing(self):
        who = account()
        house = exchange(who)
        house.place(who, replace(BUY, price=Decimal("105")), NOW)
        assert house.on_tick(tick(symbol="AAPL"), SOON) == []


class TestMoney:
    def test_a_buy_costs_price_and_commission(self):
        who = account(cash="10000")
        house = exchange(who)
        house.place(who, replace(BUY, price=Decimal("105")), NOW)
        house.on_tick(tick(10000), SOON)
        assert who.cash == Decimal("10000") - Decimal("1000.10") - Decimal("2.50")

    def test_a_sell_pays_commission_and_sec_fee_and_realises_against_average_cost(self):
        who = account(held=20, cash="0")
        house = exchange(who)
        house.place(who, replace(SELL, price=Decimal("99")), NOW)
        house.on_tick(tick(10000), SOON)
        fee = Decimal("2.53")  # 0.25 % and the SEC fee of 999.90, to the cent
        assert who.cash == Decimal("999.90") - fee
        assert who.realised == Decimal("999.90") - fee - 900
        assert (who.holdings["NVDA"].quantity, who.holdings["NVDA"].average) == (10, Decimal(90))

    def test_the_deposit_moves_when_a_trade_settles_two_trading_days_later(self):
        who = account(cash="10000")
        who.start_day(date(2026, 3, 12))
        house = exchange(who)
        house.place(who, replace(BUY, price=Decimal("105")), NOW)
        house.on_tick(tick(), SOON)
        assert who.deposit == 10000 and who.bought_today == 10000 - who.cash
        who.start_day(date(2026, 3, 13))
        assert (who.deposit, who.bought_today) == (10000, 0)
        who.start_day(date(2026, 3, 14))
        assert who.deposit == who.cash

    def test_open_buys_hold_money_back_and_a_cancel_frees_it(self):
        who = account(cash="2100")
        house = exchange(who)
        order, _ = house.place(who, replace(BUY, price=Decimal("100")), NOW)
        assert refused(house.place, who, replace(BUY, quantity=11), NOW) == "not_enough_cash"
        house.cancel(who, order.number, 0, NOW)
        house.place(who, replace(BUY, quantity=11), NOW)

    @settings(max_examples=80, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["buy", "sell", "cancel", "amend", "tick"]),
                st.integers(1, 400),
                st.integers(9_000, 11_000),
            ),
            max_size=40,
        )
    )
    def test_whatever_happens_nothing_is_oversold_overspent_or_lost(self, steps):
        who = account(cash="50000", held=300)
        house = exchange(who)
        start = who.cash
        at = NOW
        for what, quantity, cents in steps:
            at += timedelta(milliseconds=250)
            number = who.orders[-1].number if who.orders else "1"
            price = Decimal(cents) / 100
            try:
                if what == "tick":
                    house.on_tick(tick(cents, size=quantity, shown=quantity), at)
                elif what == "cancel":
                    house.cancel(who, number, quantity, at)
                elif what == "amend":
                    house.amend(who, number, quantity, price, at)
                else:
                    house.place(who, replace(BUY, side=what, quantity=quantity, price=price), at)
            except Refused:
                pass
            assert who.sellable("NVDA") >= 0
            assert who.available(Decimal("0.0025")) >= 0
            assert all(0 <= o.open <= o.quantity - o.filled for o in who.orders)
        fills = [(o.side, f) for o in who.orders for f in o.fills]
        spent = sum((f.price * f.quantity * (1 if s == "buy" else -1) + f.fee for s, f in fills), Decimal(0))
        assert who.cash == start - spent
        moved = sum(f.quantity * (1 if s == "buy" else -1) for s, f in fills)
        assert who.holdings["NVDA"].quantity == 300 + moved


class TestRefusals:
    @pytest.mark.parametrize(
        ("order", "reason"),
        [
            pytest.param(replace(BUY, exchange="NYSE"), "unknown_symbol", id="listed elsewhere"),
            pytest.param(replace(BUY, symbol="ZZZZ"), "unknown_symbol", id="not listed"),
            pytest.param(replace(BUY, price=Decimal(0)), "price_missing", id="a market order does not exist"),
            pytest.param(replace(BUY, price=Decimal("100.005")), "off_tick", id="half a cent"),
            pytest.param(replace(BUY, quantity=1000), "not_enough_cash", id="too dear"),
            pytest.param(SELL, "not_enough_shares", id="nothing held"),
            pytest.param(replace(BUY, symbol="TSLA"), "not_tradable", id="not on paper"),
        ],
    )
    def test_it_refuses(self, order, reason):
        who = account()
        house = exchange(who, blocked=["TSLA"])
        assert refused(house.place, who, order, NOW) == reason
        assert who.orders == []

    def test_shares_in_an_open_sell_cannot_be_sold_again(self):
        who = account(held=10)
        house = exchange(who)
        house.place(who, replace(SELL, quantity=6, price=Decimal("110")), NOW)
        assert refused(house.place, who, replace(SELL, quantity=5), NOW) == "not_enough_shares"

    @pytest.mark.parametrize(
        ("environment", "hour", "reason"),
        [
            ("paper", 12, "before_open"),  # 08:00 in New York: pre-market, which paper has not
            ("paper", 21, "after_close"),
            ("real", 7, "before_open"),
            ("real", 12, None),
            ("real", 21, None),
        ],
    )
    def test_outside_its_sessions_a_side_refuses(self, environment, hour, reason):
        who = account(environment)
        house = exchange(who, calendar=Calendar("nyse-hours"))
        at = NOW.replace(hour=hour)
        if reason is None:
            house.place(who, BUY, at)
        else:
            assert refused(house.place, who, BUY, at) == reason

    def test_there_is_no_trading_on_a_sunday(self):
        who = account()
        house = exchange(who, calendar=Calendar("nyse-hours"))
        assert refused(house.place, who, BUY, NOW + timedelta(days=3)) == "not_a_trading_day"


class TestCancelAndAmend:
    def test_a_cancel_is_a_row_of_its_own_naming_what_it_cancels(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        cancel, _ = house.cancel(who, order.number.lstrip("0"), 0, NOW)
        assert (cancel.kind, cancel.original, cancel.quantity, cancel.price) == ("cancel", order.number, 10, 0)
        assert cancel.number != order.number
        assert (order.status, order.open) == ("cancelled", 0)

    def test_part_of_an_order_can_be_cancelled(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        house.cancel(who, order.number, 4, NOW)
        assert (order.open, order.alive) == (6, True)

    def test_what_is_filled_cannot_be_cancelled(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, replace(BUY, price=Decimal("105")), NOW)
        house.on_tick(tick(), SOON)
        assert refused(house.cancel, who, order.number, 0, SOON) == "nothing_left"

    def test_an_order_of_the_daytime_session_bears_its_number_past_midnight_in_new_york(self):
        who = account("real")
        house = Exchange([who], DEFAULT, Calendar("nyse-hours"), daytime_follows=False)
        evening = datetime(2026, 3, 12, 3, 0, tzinfo=UTC)  # 23:00 in New York, 12:00 in Korea
        order, _ = house.place(who, replace(BUY, daytime=True), evening)
        assert order.date == date(2026, 3, 11)
        house.cancel(who, order.number, 0, evening + timedelta(hours=2))
        assert order.status == "cancelled"

    def test_a_number_of_yesterday_is_not_known_today(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        assert refused(house.cancel, who, order.number, 0, NOW + timedelta(days=1)) == "no_original"

    def test_an_amend_replaces_the_order_by_a_new_number_and_the_old_one_dies(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        amended, _ = house.amend(who, order.number, 5, Decimal("101.00"), NOW)
        assert (order.status, order.open, amended.original, amended.open) == ("replaced", 0, order.number, 5)
        assert refused(house.cancel, who, order.number, 0, NOW) == "nothing_left"
        house.on_tick(tick(10000), SOON)
        assert (amended.status, order.filled) == ("filled", 0)

    def test_an_amend_that_cannot_be_paid_changes_nothing(self):
        who = account(cash="1100")
        house = exchange(who)
        order, _ = house.place(who, BUY, NOW)
        assert refused(house.amend, who, order.number, 100, Decimal(100), NOW) == "not_enough_cash"
        assert (order.status, order.open, len(who.orders)) == ("working", 10, 1)


class TestDays:
    def test_a_day_order_ends_with_its_session_and_says_so(self):
        who = account()
        house = exchange(who, calendar=Calendar("nyse-hours"))
        order, _ = house.place(who, BUY, NOW)
        assert house.expire(datetime(2026, 3, 12, 19, 59, 59, tzinfo=UTC)) == []
        assert house.expire(datetime(2026, 3, 12, 20, tzinfo=UTC)) == [order]
        assert (order.status, order.open, order.reason) == ("expired", 0, "DFD 장종료로 취소")

    def test_numbers_have_ten_digits_and_begin_anew_every_day(self):
        who = account()
        house = exchange(who)
        small = replace(BUY, quantity=1)
        today = [house.place(who, small, NOW)[0].number for _ in range(3)]
        tomorrow = house.place(who, small, NOW + timedelta(days=1))[0]
        assert [int(n) - int(today[0]) for n in today] == [0, 1, 2]
        assert all(len(n) == 10 for n in today)
        assert tomorrow.number == today[0]
        assert tomorrow.date == date(2026, 3, 13)

    def test_the_order_date_is_new_yorks(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, BUY, datetime(2026, 3, 13, 3, 59, tzinfo=UTC))
        assert order.date == date(2026, 3, 12)

    def test_a_doomed_order_is_rejected_by_the_venue_and_never_fills(self):
        who = account()
        house = exchange(who)
        order, _ = house.place(who, replace(BUY, price=Decimal("105")), NOW)
        house.doom(order, "거래소 거부")
        (event,) = house.on_tick(tick(), SOON)
        assert (event.what, order.status, order.filled, order.reason) == ("rejected", "rejected", 0, "거래소 거부")


FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}


@pytest.fixture(scope="module")
def pushed():
    """A market that stands still, and trades only what is pushed; a cancel takes a while to arrive."""
    with start(clock="frozen", switches={**FREE, "cancel_latency": 0.5}) as kis:
        kis.control.push_tick("NVDA", "100.00")
        yield kis


class TestPushedTrades:
    @pytest.fixture(autouse=True)
    def _speaking(self, pushed, speak):
        self.control = pushed.control
        self.who = speak.customer(pushed, pushed.accounts("paper")[0])
        self.control.push_tick("NVDA", "100.00")

    def order(self, number):
        return next(o for o in self.control.orders(self.who.account_no) if o["order_number"] == number)

    def test_an_order_fills_by_the_shares_that_are_pushed_and_no_others(self):
        number = self.who.accepted("buy", "NVDA", 10, "99.00")
        self.control.push_tick("NVDA", "99.50")
        assert self.order(number)["filled"] == 0
        for size, filled in ((3, 3), (4, 7), (5, 10)):
            self.control.push_tick("NVDA", "98.90", size)
            assert self.order(number)["filled"] == filled
        assert {f["price"] for f in self.order(number)["fills"]} == {"99.00"}

    def test_an_arriving_order_takes_the_pushed_quote(self):
        number = self.who.accepted("buy", "NVDA", 10, "105.00")
        self.control.push_tick("NVDA", "100.00", 1, bid="99.90", ask="100.40", ask_size=4)
        assert (self.order(number)["filled"], self.order(number)["average_price"]) == (4, "100.4")
        self.who.revise("cancel", number, "NVDA")

    def test_what_fills_while_a_cancel_is_on_its_way_is_filled_and_the_cancel_says_so(self):
        number = self.who.accepted("buy", "NVDA", 10, "99.00")
        self.control.push_tick("NVDA", "99.50")
        with ThreadPoolExecutor() as threads:
            cancel = threads.submit(self.who.revise, "cancel", number, "NVDA")
            self.control.push_tick("NVDA", "98.90", 100)
            assert cancel.result().json()["msg_cd"] == "40330000"
        assert (self.order(number)["status"], self.order(number)["filled"]) == ("filled", 10)

    def test_after_a_part_has_filled_the_cancel_ends_the_rest(self):
        number = self.who.accepted("buy", "NVDA", 10, "99.00")
        self.control.push_tick("NVDA", "99.50")
        with ThreadPoolExecutor() as threads:
            cancel = threads.submit(self.who.revise, "cancel", number, "NVDA")
            self.control.push_tick("NVDA", "98.90", 4)
            assert cancel.result().json()["rt_cd"] == "0"
        found = self.control.orders(self.who.account_no)
        assert (self.order(number)["status"], self.order(number)["filled"], found[-1]["qty"]) == ("cancelled", 4, 6)

    @pytest.mark.parametrize(
        "body",
        [
            {"symbol": "NVDA"},
            {"symbol": "NVDA", "price": "1.005"},
            {"symbol": "NVDA", "price": "1", "size": 0},
            {"symbol": "NVDA", "price": "1", "bid": "2"},
            {"symbol": "NVDA", "price": "NaN"},
            {"symbol": "ZZZZ", "price": "1"},
        ],
    )
    def test_what_is_no_trade_is_refused(self, body):
        with pytest.raises(ControlError) as caught:
            self.control.call("POST", "/ticks", body)
        assert caught.value.status == 400


def test_a_closed_market_takes_no_pushed_trade():
    saturday = {"at": "2026-03-14T16:00:00Z", "scenario": {"calendar": "nyse-hours"}}
    with start(clock="frozen", **saturday) as kis, pytest.raises(ControlError, match="closed"):
        kis.control.push_tick("NVDA", "100.00")
