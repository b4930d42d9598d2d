"""The rules of the market that a replay follows when it is asked to."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.engine import Costs, Guards, Options, Plan, SessionTable, run
from backtests.engine.orders import limit_of
from market.sessions import SessionSpan
from market.ticks import tick_size
from market.words import Session, Side, Timeframe, TimeInForce
from orders.pricing import collar, limit_price
from orders.risk import Limits
from tests.backtests.series import BEGIN, DAY, bars, closes, rule, told

FREE = Costs.only(Decimal(0))


def replay(*rules, candles, cash="100000", costs=FREE, **options):
    return run(Plan(tuple(rules), candles, cash=Decimal(cash), costs=costs, options=Options(**options)), path="step")


def utc(*parts) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_half_the_spread_is_against_us():
    found = replay(
        rule("close > 11", "close < 9"), candles={"AAPL": bars((10, 12), (12, 8), (8, 8))}, spread_bps=Decimal(20)
    )
    assert [fill.price for fill in found.fills] == [12.012, 7.992]


def test_ticks_round_against_us():
    columns = bars((10, 12), (12.001, 8), (8.009, 8))
    assert [f.price for f in replay(rule("close > 11", "close < 9"), candles={"AAPL": columns}, ticks=True).fills] == [
        12.01,
        8.0,
    ]


def test_an_order_fills_by_its_share_of_volume_until_it_is_whole():
    columns = bars((10, 10, 10, 10, 99), *[(10, 10, 10, 10, 300)] * 5)
    found = replay(rule("volume < 100"), candles={"AAPL": columns}, volume_limit_pct=Decimal(10))
    assert told(found) == [(1, "buy", 30, 10.0), (2, "buy", 30, 10.0), (3, "buy", 30, 10.0), (4, "buy", 10, 10.0)]
    assert found.trades[0].quantity == 100


def test_what_a_day_did_not_fill_expires_with_it():
    columns = bars((10, 10, 10, 10, 99), (10, 10, 10, 10, 300), (10, 10, 10, 10, 300), step=DAY // 2)
    found = replay(rule("volume < 100"), candles={"AAPL": columns}, volume_limit_pct=Decimal(10))
    assert [quantity for _, _, quantity, _ in told(found)] == [30]
    assert [each.quantity for each in found.book.unfilled] == [70]


class TestLimitOrders:
    def test_a_limit_that_the_open_meets_fills_at_the_open(self):
        asks = rule("close == 10", order_price="last", price_offset_bps=100)
        found = replay(asks, candles={"AAPL": bars((10, 10), (9.5, 9.5))}, limit_orders=True)
        assert told(found) == [(1, "buy", 100, 9.5)]

    def test_otherwise_the_market_must_trade_through_it(self):
        asks = rule("close == 10", order_price="last", price_offset_bps=0)
        columns = bars((10, 10), (10.5, 11, 10, 10.5), (10.5, 11, 9.99, 10.5))
        assert told(replay(asks, candles={"AAPL": columns}, limit_orders=True)) == [(2, "buy", 100, 10.0)]

    def test_an_offset_of_ticks_moves_the_limit_against_us(self):
        asks = rule("close == 10", order_price="last", price_offset_bps=0, price_offset_ticks=5)
        columns = bars((10, 10), (10.04, 10.04), (10, 10.5))
        assert told(replay(asks, candles={"AAPL": columns}, limit_orders=True)) == [(1, "buy", 100, 10.04)]

    def test_a_passive_order_waits_on_the_far_side_of_the_spread(self):
        asks = rule("close == 10", order_price="passive", price_offset_bps=0)
        columns = bars((10, 10), (10, 10.1, 9.97, 10.1), (10.1, 10.1, 9.9, 10))
        found = replay(asks, candles={"AAPL": columns}, limit_orders=True, spread_bps=Decimal(100))
        assert told(found) == [(2, "buy", 100, 9.95)]

    def test_it_is_cancelled_when_its_patience_is_over(self):
        asks = rule("close == 10", order_price="last", price_offset_bps=0, cancel_after_sec=90)
        columns = bars((10, 10), (11, 11), (11, 11), (11, 11), (9, 9))
        found = replay(asks, candles={"AAPL": columns}, limit_orders=True)
        assert told(found) == []
        assert "cancel_after_sec" in found.book.unfilled[0].reason.en


class TestSessions:
    TABLE = SessionTable(
        (
            SessionSpan(date(2024, 1, 2), Session.PRE, utc(2024, 1, 2, 9), utc(2024, 1, 2, 14, 30)),
            SessionSpan(date(2024, 1, 2), Session.REGULAR, utc(2024, 1, 2, 14, 30), utc(2024, 1, 2, 14, 33)),
            SessionSpan(date(2024, 1, 3), Session.REGULAR, utc(2024, 1, 3, 14, 30), utc(2024, 1, 3, 14, 40)),
        )
    )
    START = int(utc(2024, 1, 2, 14, 28).timestamp())

    def test_a_rule_acts_only_in_its_sessions_early_closes_included(self):
        columns = closes(*[12] * 6, start=self.START)  # 14:28 … 14:33
        found = replay(rule("close > 11", "close > 11"), candles={"AAPL": columns}, sessions=self.TABLE)
        # the bar of 14:29 closes at 14:30, in the session; the one that closes at 14:33 is after it
        assert told(found) == [(2, "buy", 83, 12.0), (3, "sell", 83, 12.0), (4, "buy", 83, 12.0)]
        assert {veto.guard for veto in found.book.vetoes} == {"market_session"}

    def test_conditions_know_the_session(self):
        columns = closes(*[12] * 6, start=self.START)
        asks = rule("session.minutes_since_open == 2", sessions=(Session.REGULAR,))
        assert [bar for bar, *_ in told(replay(asks, candles={"AAPL": columns}, sessions=self.TABLE))] == [4]


@pytest.mark.parametrize(("force", "bar", "price"), [(TimeInForce.AT_OPEN, 3, 13.0), (TimeInForce.AT_CLOSE, 2, 12.5)])
def test_auction_orders_wait_for_the_first_or_the_last_price_of_a_day(force, bar, price):
    day = [(10, 10), (11, 12), (12, 12.5)]
    columns = bars(*day, (13, 13.5), (14, 14), step=DAY // 3, start=BEGIN - BEGIN % DAY + 5 * 3600)
    asks = rule("close == 10", time_in_force=force)
    assert told(replay(asks, candles={"AAPL": columns})) == [(bar, "buy", 100, price)]


def test_sales_may_be_spent_when_they_have_settled():
    columns = closes(*[10] * 8, timeframe=Timeframe.D1, start=1_704_171_600)
    trades = rule("close > 1", "close > 1", timeframe=Timeframe.D1)
    plain = replay(trades, candles={"AAPL": columns}, cash="1000")
    later = replay(trades, candles={"AAPL": columns}, cash="1000", settlement_days=2)
    assert [bar for bar, *_ in told(plain)] == [1, 2, 3, 4, 5, 6, 7]
    assert [bar for bar, *_ in told(later)] == [1, 2, 4, 5, 7]


class TestGuards:
    def test_the_guards_of_live_trading_reduce_and_veto(self):
        columns = closes(*[10] * 4)
        limits = Guards(account=Limits(max_order_usd=Decimal(500)))
        found = replay(rule("close > 1"), candles={"AAPL": columns}, guards=limits)
        assert told(found) == [(1, "buy", 49, 10.0)]  # the limit is 10 bps above: 49 shares stay below 500
        assert found.book.unfilled[0].quantity == 51

    def test_a_daily_limit_counts_what_was_bought(self):
        columns = closes(*[10] * 6)
        limits = Guards(account=Limits(daily_buy_usd=Decimal(1100)))
        found = replay(rule("close > 1", "close > 1"), candles={"AAPL": columns}, guards=limits)
        assert [(side, quantity) for _, side, quantity, _ in told(found)][:3] == [
            ("buy", 100),
            ("sell", 100),
            ("buy", 9),
        ]

    def test_open_positions_are_counted_over_symbols(self):
        limits = Guards(account=Limits(max_open_positions=1))
        candles = {"AAPL": closes(*[10] * 4), "MSFT": closes(*[20] * 4)}
        found = replay(rule("close > 1"), rule("close > 1", symbol="MSFT"), candles=candles, guards=limits)
        assert [fill.symbol for fill in found.fills] == ["AAPL"]
        assert {veto.guard for veto in found.book.vetoes} == {"max_open_positions"}


class TestSeveralRules:
    def test_share_one_cash_account_in_the_order_of_time_then_of_rules(self):
        candles = {"AAPL": closes(*[10] * 3), "MSFT": closes(*[20] * 3)}
        found = replay(rule("close > 1"), rule("close > 1", symbol="MSFT"), candles=candles, cash="1500")
        assert [(fill.symbol, fill.quantity) for fill in found.fills] == [("AAPL", 100), ("MSFT", 25)]
        assert found.final_equity == 1500

    def test_each_sells_only_what_it_bought(self):
        found = replay(
            rule("close == 10"), rule("close == 11", "close == 12"), candles={"AAPL": closes(10, 11, 12, 12)}
        )
        assert [(fill.rule, fill.side.value) for fill in found.fills] == [(0, "buy"), (1, "buy"), (1, "sell")]
        assert [holding.quantity for holding in found.book.holdings] == [100, 0]

    def test_the_equity_values_every_symbol_at_its_newest_close(self):
        candles = {"AAPL": bars((10, 10), (10, 11), (11, 12)), "MSFT": bars((20, 20), (20, 21), (21, 24))}
        found = replay(rule("close == 10"), rule("close == 20", symbol="MSFT"), candles=candles)
        assert found.curve.value.tolist() == [100_000, 100_150, 100_400]
        assert found.final_equity == 100_400

    def test_a_rule_may_read_another_symbol_and_a_longer_bar(self):
        candles = {"AAPL": closes(*[10] * 4), "QQQ": closes(1, 1, 5, 5)}
        assert [bar for bar, *_ in told(replay(rule("QQQ.close > 3"), candles=candles))] == [3]


@given(
    st.decimals("0.5", "2000", places=2),
    st.integers(-100, 100),
    st.integers(-200, 200),
    st.sampled_from(Side),
    st.sampled_from(["last", "touch", "passive"]),
)
def test_a_limit_is_the_one_that_a_bot_would_send(last, ticks, bps, side, policy):
    asks = rule("close == 10", order_price=policy, price_offset_bps=bps, price_offset_ticks=ticks)
    live = limit_price(side, last, offset_bps=bps, offset_ticks=ticks, last=last)
    assert limit_of(asks, side, last, Options()) == live
    assert live % tick_size(live) == 0
    assert live <= collar(side, last) if side is Side.BUY else live >= collar(side, last)
