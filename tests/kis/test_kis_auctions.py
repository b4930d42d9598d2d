"""Orders at the auctions and sliced ones, against a simulated New York day whose clock is turned by the test."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from kis import overseas_orders, reservations
from market.errors import InvalidOrder, Refused
from market.orders import OrderTicket, Slicing
from market.words import Side, SliceBy, TimeInForce
from tests.kis.trading_day import CLOSED, NASDAQ, OPENED, TradingDay, trading_day

AT_OPEN, AT_CLOSE = TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE


@pytest_asyncio.fixture
async def day(config_of: Any) -> AsyncIterator[TradingDay]:
    async with trading_day(config_of) as found:
        yield found


async def test_orders_for_the_open_wait_for_it_and_trade_at_one_price(day):
    limited = await day.place("buy", 2, str(day.last * 2), time_in_force=AT_OPEN)
    at_market = await day.place("sell", 3, None, time_in_force=AT_OPEN)
    missed = await day.place("buy", 1, "1.00", time_in_force=AT_OPEN)
    assert (await day.order(limited)).filled_quantity == 0

    day.turn_to(OPENED)

    bought, sold, left = [await day.order(n) for n in (limited, at_market, missed)]
    assert (bought.filled_quantity, sold.filled_quantity, left.filled_quantity) == (2, 3, 0)
    assert bought.avg_fill_price == sold.avg_fill_price
    assert left.open_quantity == 0


async def test_orders_for_the_close_wait_for_it(day):
    day.turn_to(OPENED)
    limited = await day.place("buy", 2, str(day.last * 2), time_in_force=AT_CLOSE)
    at_market = await day.place("sell", 3, None, time_in_force=AT_CLOSE)
    day.kis.control.advance(600)
    assert (await day.order(limited)).filled_quantity == 0

    day.turn_to(CLOSED)

    assert [(await day.order(n)).filled_quantity for n in (limited, at_market)] == [2, 3]


async def test_nobody_sells_more_at_the_market_than_there_is(day):
    with pytest.raises(Refused):
        await day.place("sell", 11, None, time_in_force=AT_OPEN)


async def test_a_sliced_order_trades_inside_its_window_and_its_list_says_so(day):
    day.turn_to(OPENED)
    window = Slicing(SliceBy.TWAP, OPENED + timedelta(minutes=5), OPENED + timedelta(minutes=30))
    number = await day.place("buy", 6, str(day.last * 2), slicing=window)
    assert (await day.order(number)).filled_quantity == 0

    day.turn_to(OPENED + timedelta(minutes=31))

    row = await day.order(number)
    assert row.filled_quantity == 6
    assert row.slicing_text
    (listed,) = await overseas_orders.get_sliced_orders(client=day.client)
    assert (listed.broker_order_id, listed.quantity, listed.filled_quantity) == (number, 6, 6)
    told = await overseas_orders.get_slice_fills(listed, client=day.client)
    assert sum(fill.quantity for fill in told.rows) == told.sums.filled_quantity == 6
    assert (told.sums.fills, told.complete) == (len(told.rows), True)


async def test_a_window_that_has_begun_is_refused_here_by_the_markets_clock(day):
    day.turn_to(OPENED)
    with pytest.raises(InvalidOrder, match="future"):
        await day.place("buy", 6, "200.00", slicing=Slicing(SliceBy.TWAP, OPENED, OPENED + timedelta(minutes=30)))


async def test_a_reservation_becomes_an_order_at_the_open_and_its_list_names_it(day):
    ticket = OrderTicket("NVDA", NASDAQ, Side.BUY, 2, Decimal("20.00"))
    taken = await reservations.reserve_order(ticket, client=day.client)

    day.turn_to(OPENED)

    (row,) = await reservations.get_reservations(client=day.client)
    assert (row.reservation_id, row.quantity, row.cancelled) == (taken.reservation_id, 2, False)
    order = await day.order(row.broker_order_id)
    assert (order.symbol, order.quantity, order.order_date) == ("NVDA", 2, row.order_date)
