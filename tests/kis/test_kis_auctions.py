"""Orders at the auctions and sliced ones, against a simulated New York day whose clock is turned by the test."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from kis import overseas_orders, reservations
from kis.client import KisClient
from kis.simulator import testing
from kis.throttle import LocalBudget
from market.errors import InvalidOrder, Refused
from market.orders import OrderTicket, Slicing
from market.words import Exchange, Side, SliceBy, TimeInForce

NASDAQ = Exchange.NASDAQ
BEFORE = datetime(2026, 3, 12, 13, 0, tzinfo=UTC)  # 09:00 in New York, 22:00 in Korea
OPENED = datetime(2026, 3, 12, 13, 31, tzinfo=UTC)
CLOSED = datetime(2026, 3, 12, 20, 1, tzinfo=UTC)
AT_OPEN, AT_CLOSE = TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE


class Day:
    """A simulator, a client with its clock, and ten shares of NVDA in the account."""

    def __init__(self, kis: Any, client: KisClient) -> None:
        self.kis, self.client = kis, client

    async def place(self, side: str, quantity: int, price: str | None, **how: Any) -> str:
        placed = await overseas_orders.place_order(
            "NVDA", side, quantity, price, exchange=NASDAQ, client=self.client, **how
        )
        return placed.broker_order_id

    async def order(self, number: str) -> Any:
        day = self.client.clock().date()
        found = await overseas_orders.get_executions(day - timedelta(days=1), day, client=self.client)
        return next(row for row in found if row.broker_order_id == number)

    @property
    def last(self) -> Decimal:
        return Decimal(self.kis.control.state()["prices"]["NVDA"])


@pytest_asyncio.fixture
async def day(config_of: Any) -> AsyncIterator[Day]:
    scenario = {"start": BEFORE.isoformat(), "calendar": "nyse-hours"}
    accounts = [
        {
            "environment": "real",
            "app_key": "k" * 36,
            "app_secret": "s" * 180,
            "account_no": "5012345601",
            "hts_id": "customer",
            "cash_usd": "100000",
            "holdings": {"NVDA": 10},
        }
    ]
    switches = {"rate_real": 0, "token_interval": 0.0}
    with testing.start(scenario=scenario, accounts=accounts, switches=switches, clock="stepped") as kis:
        async with KisClient(config_of(kis, "real"), budget=LocalBudget(500), clock=kis.control.now) as client:
            yield Day(kis, client)


async def test_orders_for_the_open_wait_for_it_and_trade_at_one_price(day):
    limited = await day.place("buy", 2, str(day.last * 2), time_in_force=AT_OPEN)
    at_market = await day.place("sell", 3, None, time_in_force=AT_OPEN)
    missed = await day.place("buy", 1, "1.00", time_in_force=AT_OPEN)
    assert (await day.order(limited)).filled_quantity == 0

    day.kis.control.set_time(OPENED.isoformat())

    bought, sold, left = [await day.order(n) for n in (limited, at_market, missed)]
    assert (bought.filled_quantity, sold.filled_quantity, left.filled_quantity) == (2, 3, 0)
    assert bought.avg_fill_price == sold.avg_fill_price
    assert left.open_quantity == 0


async def test_orders_for_the_close_wait_for_it(day):
    day.kis.control.set_time(OPENED.isoformat())
    limited = await day.place("buy", 2, str(day.last * 2), time_in_force=AT_CLOSE)
    at_market = await day.place("sell", 3, None, time_in_force=AT_CLOSE)
    day.kis.control.advance(600)
    assert (await day.order(limited)).filled_quantity == 0

    day.kis.control.set_time(CLOSED.isoformat())

    assert [(await day.order(n)).filled_quantity for n in (limited, at_market)] == [2, 3]


async def test_nobody_sells_more_at_the_market_than_there_is(day):
    with pytest.raises(Refused):
        await day.place("sell", 11, None, time_in_force=AT_OPEN)


async def test_a_sliced_order_trades_inside_its_window_and_its_list_says_so(day):
    day.kis.control.set_time(OPENED.isoformat())
    window = Slicing(SliceBy.TWAP, OPENED + timedelta(minutes=5), OPENED + timedelta(minutes=30))
    number = await day.place("buy", 6, str(day.last * 2), slicing=window)
    assert (await day.order(number)).filled_quantity == 0

    day.kis.control.set_time((OPENED + timedelta(minutes=31)).isoformat())

    row = await day.order(number)
    assert row.filled_quantity == 6
    assert row.slicing_text


async def test_a_window_that_has_begun_is_refused_here_by_the_markets_clock(day):
    day.kis.control.set_time(OPENED.isoformat())
    with pytest.raises(InvalidOrder, match="future"):
        await day.place("buy", 6, "200.00", slicing=Slicing(SliceBy.TWAP, OPENED, OPENED + timedelta(minutes=30)))


async def test_a_reservation_becomes_an_order_at_the_open_and_its_list_names_it(day):
    ticket = OrderTicket("NVDA", NASDAQ, Side.BUY, 2, Decimal("20.00"))
    taken = await reservations.reserve_order(ticket, client=day.client)

    day.kis.control.set_time(OPENED.isoformat())

    (row,) = await reservations.get_reservations(client=day.client)
    assert (row.reservation_id, row.quantity, row.cancelled) == (taken.reservation_id, 2, False)
    order = await day.order(row.broker_order_id)
    assert (order.symbol, order.quantity, order.order_date) == ("NVDA", 2, row.order_date)
