"""What an account earned, traded, settled and may still order, over simulated days: real side only."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from kis import errors, overseas_balance, overseas_orders
from market.words import Freshness, Lane, Side
from tests.kis.trading_day import NASDAQ, OPENED, TradingDay, trading_day

DAY = date(2026, 3, 12)
NEXT_DAY = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
A_WEEK_LATER = datetime(2026, 3, 19, 15, 0, tzinfo=UTC)
TRADING = "/uapi/overseas-stock/v1/trading/"


@pytest_asyncio.fixture
async def day(config_of: Any) -> AsyncIterator[TradingDay]:
    async with trading_day(config_of) as found:
        found.turn_to(OPENED)
        yield found


class TestProfit:
    async def test_it_is_told_from_the_day_after_and_adds_up(self, day):
        sold = await day.trade("sell", 3)
        today = await overseas_balance.get_period_profit(DAY, DAY, client=day.client)
        assert (today.rows, today.freshness, today.complete) == ((), Freshness.EMPTY, True)

        day.turn_to(NEXT_DAY)
        found = await overseas_balance.get_period_profit(DAY, DAY, client=day.client)

        (row,) = found.rows
        assert (row.trade_date, row.symbol, row.exchange, row.quantity) == (DAY, "NVDA", NASDAQ, 3)
        assert (row.proceeds, row.cost) == (sold.filled_amount, Decimal(270))
        assert row.fees > 0
        assert row.profit == row.proceeds - row.cost - row.fees == found.sums.profit
        assert (found.freshness, found.complete) == (Freshness.FRESH, True)

    async def test_it_can_be_asked_for_one_symbol(self, day):
        await day.trade("sell", 1)
        day.turn_to(NEXT_DAY)
        assert (await overseas_balance.get_period_profit(DAY, DAY, symbol="KO", client=day.client)).rows == ()


class TestTransactions:
    async def test_each_trade_has_its_side_its_settlement_and_the_fees_charged(self, day):
        bought, sold = await day.trade("buy", 4), await day.trade("sell", 3)
        found = await overseas_balance.get_transactions(DAY, DAY, client=day.client)
        rows = {row.side: row for row in found.rows}
        assert (rows[Side.BUY].quantity, rows[Side.SELL].quantity) == (4, 3)
        assert (rows[Side.BUY].amount, rows[Side.SELL].amount) == (bought.filled_amount, sold.filled_amount)
        assert all(row.settlement_date > row.trade_date == DAY for row in found.rows)
        assert all(row.domestic_fee > 0 for row in found.rows)
        assert (found.sums.bought, found.sums.sold) == (bought.filled_amount, sold.filled_amount)

    async def test_one_side_alone(self, day):
        await day.trade("buy", 1)
        assert (await overseas_balance.get_transactions(DAY, DAY, side=Side.SELL, client=day.client)).rows == ()

    async def test_two_trades_alike_are_two_when_the_sums_agree(self, day):
        day.kis.control.pin("NVDA", "100.00")
        day.kis.control.advance(5)
        for _ in range(2):
            await day.place("buy", 1, "101.00")
        day.kis.control.advance(60)
        found = await overseas_balance.get_transactions(DAY, DAY, client=day.client)
        assert (len(found.rows), found.complete) == (2, True)

    @pytest.mark.parametrize("fault", ["rows_doubled", "half_page"])
    async def test_when_they_do_not_it_is_partial(self, day, fault):
        await day.trade("buy", 1)
        await day.trade("buy", 2)
        day.kis.control.fault(fault, match={"path": TRADING + "inquire-period-trans"})
        found = await overseas_balance.read_transactions(DAY, DAY, client=day.client, lane=Lane.TRACKING)
        assert (found.freshness, found.complete) == (Freshness.PARTIAL, False)
        with pytest.raises(errors.ReadFailed):
            await overseas_balance.get_transactions(DAY, DAY, client=day.client)

    async def test_they_are_read_to_the_last_page(self, day):
        for _ in range(23):
            await day.place("buy", 1, None)
        day.kis.control.advance(300)
        filled = await overseas_orders.get_executions(DAY, DAY, filled=True, client=day.client)
        found = await overseas_balance.get_transactions(DAY, DAY, client=day.client)
        assert len(found.rows) == len(filled) > 20


class TestSettlement:
    async def test_shares_are_settled_some_days_after_the_trade(self, day):
        await day.trade("buy", 4)
        today = await overseas_balance.get_settled_balance(DAY, client=day.client)
        day.turn_to(A_WEEK_LATER)
        later = await overseas_balance.get_settled_balance(client=day.client)
        assert [balance.holdings[0].quantity for balance in (today, later)] == [10, 14]
        assert later.holdings[0].avg_price == today.holdings[0].avg_price
        assert later.currencies[0].deposit < today.currencies[0].deposit
        assert today.sums.assets > 0
        assert (today.freshness, today.complete) == (Freshness.FRESH, True)

    async def test_the_margin_is_that_of_dollars_in_the_us(self, day):
        power = await overseas_balance.get_buying_power("NVDA", NASDAQ, day.last, client=day.client)
        margin = await overseas_balance.get_margin(client=day.client)
        assert (margin.deposit, margin.margin) == (Decimal(100_000), 0)
        assert margin.orderable == power.usd
        assert margin.fx_rate == power.fx_rate
        assert margin.raw["natn_name"] == "미국"
