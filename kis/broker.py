"""KIS as the house knows a broker: `market.broker.Broker` on top of this package."""

from datetime import date
from decimal import Decimal

from kis import overseas_balance, overseas_bars, overseas_orders, overseas_quotes
from kis.client import KisClient
from kis.sending import PreparedCall
from market.broker import Broker
from market.data import Bar, BarListing, Quote
from market.orders import (
    AmendTicket,
    BuyingPower,
    CancelTicket,
    ExecutionRow,
    Holding,
    Listing,
    OrderAccepted,
    OrderTicket,
)
from market.words import Exchange, Lane


class KisBroker(Broker):
    """One account at KIS. `aclose` closes the client's connections."""

    def __init__(self, client: KisClient) -> None:
        self.client = client
        self.environment = client.config.environment

    async def prepare_order(self, ticket: OrderTicket, *, lane: Lane) -> PreparedCall[OrderAccepted]:
        return await overseas_orders.prepare_order(ticket, lane=lane, client=self.client)

    async def prepare_cancel(self, ticket: CancelTicket) -> PreparedCall[OrderAccepted]:
        return await overseas_orders.prepare_cancel(ticket, client=self.client)

    async def prepare_amend(self, ticket: AmendTicket, *, lane: Lane = Lane.ENTRY) -> PreparedCall[OrderAccepted]:
        return await overseas_orders.prepare_amend(ticket, lane=lane, client=self.client)

    async def open_orders(self, *, lane: Lane = Lane.TRACKING) -> Listing[ExecutionRow]:
        return await overseas_orders.read_open_orders(client=self.client, lane=lane)

    async def executions(self, first: date, last: date, *, lane: Lane = Lane.TRACKING) -> Listing[ExecutionRow]:
        return await overseas_orders.read_executions(first, last, client=self.client, lane=lane)

    async def holdings(self, *, lane: Lane = Lane.TRACKING) -> Listing[Holding]:
        return await overseas_balance.read_holdings(client=self.client, lane=lane)

    async def buying_power(
        self, symbol: str, exchange: Exchange, price: Decimal, *, lane: Lane = Lane.TRACKING
    ) -> BuyingPower:
        return await overseas_balance.read_buying_power(symbol, exchange, price, client=self.client, lane=lane)

    async def quote(self, symbol: str, exchange: Exchange, *, lane: Lane = Lane.SCAN) -> Quote:
        return await overseas_quotes.get_price(symbol, exchange, client=self.client, lane=lane)

    async def minute_bars(self, symbol: str, exchange: Exchange, *, minutes: int, count: int) -> tuple[Bar, ...]:
        return await overseas_bars.get_minute_bars(symbol, exchange, minutes=minutes, count=count, client=self.client)

    async def daily_bars(self, symbol: str, exchange: Exchange, *, count: int, adjusted: bool = True) -> BarListing:
        return await overseas_bars.read_daily_bars(
            symbol, exchange, count=count, adjusted=adjusted, client=self.client, lane=Lane.SCAN
        )

    async def aclose(self) -> None:
        await self.client.aclose()
