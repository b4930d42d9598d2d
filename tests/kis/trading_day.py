"""A simulated New York day for tests: an account with ten NVDA, and a clock that the test turns."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from kis import overseas_orders
from kis.client import KisClient
from kis.simulator import testing
from kis.throttle import LocalBudget
from market.orders import ExecutionRow
from market.words import Exchange

NASDAQ = Exchange.NASDAQ
BEFORE = datetime(2026, 3, 12, 13, 0, tzinfo=UTC)  # Thursday 09:00 in New York, 22:00 in Korea
OPENED = datetime(2026, 3, 12, 13, 31, tzinfo=UTC)
CLOSED = datetime(2026, 3, 12, 20, 1, tzinfo=UTC)
CUSTOMER = {
    "environment": "real",
    "app_key": "k" * 36,
    "app_secret": "s" * 180,
    "account_no": "5012345601",
    "hts_id": "customer",
    "cash_usd": "100000",
    "holdings": {"NVDA": {"quantity": 10, "average": "90"}},
}


class TradingDay:
    def __init__(self, kis: testing.Simulated, client: KisClient) -> None:
        self.kis, self.client = kis, client

    def turn_to(self, moment: datetime) -> None:
        self.kis.control.set_time(moment.isoformat())

    @property
    def last(self) -> Decimal:
        return Decimal(self.kis.control.state()["prices"]["NVDA"])

    async def place(self, side: Any, quantity: int, price: Any, **how: Any) -> str:
        """An order in NVDA; its number."""
        placed = await overseas_orders.place_order(
            "NVDA", side, quantity, price, exchange=NASDAQ, client=self.client, **how
        )
        return placed.broker_order_id

    async def trade(self, side: Any, quantity: int) -> ExecutionRow:
        """An order that is filled in the next minute; its row."""
        number = await self.place(side, quantity, None)
        self.kis.control.advance(60)
        row = await self.order(number)
        assert row.filled_quantity == quantity
        return row

    async def order(self, number: str) -> ExecutionRow:
        today = self.client.clock().date()
        found = await overseas_orders.get_executions(today - timedelta(days=1), today, client=self.client)
        return next(row for row in found if row.broker_order_id == number)


@asynccontextmanager
async def trading_day(config_of: Callable[..., Any], **switches: Any) -> AsyncIterator[TradingDay]:
    """It begins at `BEFORE` and stands still until it is turned."""
    with testing.start(
        scenario={"start": BEFORE.isoformat(), "calendar": "nyse-hours"},
        accounts=[CUSTOMER],
        switches={"rate_real": 0, "token_interval": 0.0, **switches},
        clock="stepped",
    ) as kis:
        async with KisClient(config_of(kis, "real"), budget=LocalBudget(500), clock=kis.control.now) as client:
            yield TradingDay(kis, client)
