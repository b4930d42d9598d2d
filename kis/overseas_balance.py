"""What an account holds, owns and earned in US stocks (sheet 4.7 to 4.9, 4.12 to 4.15)."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from kis.client import KisClient, default_client
from kis.paging import Pages, complete, read_pages
from kis.transport import unreadable
from kis.wire import balance_answers, balance_calls
from kis.wire.values import Unreadable
from market.orders import BuyingPower, Holding, Listing
from market.words import Exchange, Lane

Position = Holding
NONE = Decimal(0)


async def get_positions(*, client: KisClient | None = None) -> list[Position]:
    """All US holdings (4.7). Raises when the list could not be read completely."""
    listing = await read_holdings(client=client or default_client(), lane=Lane.TRACKING)
    return complete(listing)


async def read_holdings(*, client: KisClient, lane: Lane) -> Listing[Holding]:
    """All US holdings, one row a symbol and exchange, typed by what it is worth. Raises CredentialProblem only."""
    found = Pages[balance_answers.KeyedHolding](client.clock())
    for call, exchange in balance_calls.balances(client.config):
        found.add(await read_pages(call, partial(balance_answers.holdings, asked=exchange), client=client, lane=lane))
    once = dict(reversed(found.rows))  # repeated rows were seen (4.7); the first stands
    return found.listing(tuple(_by_symbol(once.values())))


def _by_symbol(holdings: Iterable[Holding]) -> list[Holding]:
    """Cash and loan rows of one symbol summed, the average price weighted by quantity."""
    merged: dict[tuple[Exchange, str], Holding] = {}
    for row in holdings:
        key = row.exchange, row.symbol
        merged[key] = _sum(merged[key], row) if key in merged else row
    return sorted(merged.values(), key=lambda h: (h.symbol, h.exchange))


def _sum(one: Holding, other: Holding) -> Holding:
    quantity = one.quantity + other.quantity
    cost = one.avg_price * one.quantity + other.avg_price * other.quantity
    known = one.unrealized_pnl is not None and other.unrealized_pnl is not None
    return replace(
        one,
        quantity=quantity,
        sellable_quantity=one.sellable_quantity + other.sellable_quantity,
        avg_price=cost / quantity,
        unrealized_pnl=(one.unrealized_pnl or NONE) + (other.unrealized_pnl or NONE) if known else None,
    )


async def read_buying_power(
    symbol: str, exchange: Exchange, price: Decimal, *, client: KisClient, lane: Lane
) -> BuyingPower:
    """What can be bought (4.9). Raises Throttled, Unreachable, ReadFailed, CredentialProblem, Refused."""
    answer = await client.read(balance_calls.buying_power(client.config, symbol, exchange, price), lane=lane)
    try:
        return balance_answers.buying_power(answer)
    except Unreadable as field:
        raise unreadable(str(field)) from field
