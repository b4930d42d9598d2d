"""Orders, cancels and the order list of US stocks (sheet 4.1 to 4.6, 4.10, 4.11, 4.16)."""

from datetime import date
from decimal import Decimal
from typing import Literal

from kis import overseas_quotes
from kis.client import KisClient, default_client
from kis.overseas_balance import Position, get_positions
from kis.paging import complete, read_pages
from kis.sending import PreparedCall, prepare
from kis.wire import order_answers, order_calls
from kis.wire.values import NEW_YORK
from market.data import Quote
from market.orders import CancelTicket, ExecutionRow, Listing, OrderAccepted, OrderTicket
from market.ticks import down_to_tick, up_to_tick
from market.words import Exchange, Lane, Side

__all__ = [
    "Execution",
    "OrderResponse",
    "Position",
    "cancel_order",
    "get_executions",
    "get_positions",
    "marketable_limit",
    "place_order",
    "prepare_cancel",
    "prepare_order",
    "read_executions",
]

OrderResponse = OrderAccepted
Execution = ExecutionRow

COLLAR = Decimal("0.03")  # how far beyond the last price a marketable limit may go
SEND_WITHIN_S = 5.0


async def prepare_order(ticket: OrderTicket, *, lane: Lane = Lane.ENTRY, client: KisClient) -> PreparedCall:
    """Everything of a new order but the write (4.1).

    Nothing has been sent when it raises: NotInPaper, Throttled, Unreachable, ReadFailed, CredentialProblem;
    ValueError for a quantity below one or a price off the tick.
    """
    return await prepare(order_calls.order(client.config, ticket), lane, client)


async def prepare_cancel(ticket: CancelTicket, *, client: KisClient) -> PreparedCall:
    """Everything of a cancel but the write (4.2), in the most urgent lane. Raises as `prepare_order`."""
    return await prepare(order_calls.cancel(client.config, ticket), Lane.EXIT, client)


async def place_order(
    symbol: str,
    side: Literal["BUY", "SELL", "buy", "sell"] | Side,
    qty: int,
    price: Decimal | float | str | None,
    *,
    exchange: Exchange | None = None,
    client: KisClient | None = None,
    collar: Decimal = COLLAR,
) -> OrderResponse:
    """Place a day limit order of `qty` shares at `price` US dollars.

    `price` None: KIS has no US market order, so a limit `collar` (3 %) beyond the last price is sent. `exchange`
    None: looked for by asking the price on each. Raises Refused, Throttled, Unreachable, OutcomeUnknown (look at
    `get_executions` before sending again), CredentialProblem, NoPrice; ValueError for a price off the tick.
    """
    client = client or default_client()
    way = Side.read(side)
    last: Quote | None = None
    if price is None or exchange is None:
        last = await overseas_quotes.find_price(symbol, exchange, client=client, lane=Lane.ENTRY)
    limit = Decimal(str(price)) if price is not None else marketable_limit(_last(last), way, collar)
    ticket = OrderTicket(symbol, exchange or _listed(last), way, qty, limit)
    lane = Lane.EXIT if way is Side.SELL else Lane.ENTRY
    prepared = await prepare_order(ticket, lane=lane, client=client)
    return await prepared.send(within=SEND_WITHIN_S)


def marketable_limit(last: Decimal, side: Side, collar: Decimal = COLLAR) -> Decimal:
    """A limit that should trade at once, at most `collar` (0.03 is 3 %) beyond `last`, on a tick."""
    if side is Side.BUY:
        return down_to_tick(last * (1 + collar))
    return up_to_tick(last * (1 - collar))


def _last(quote: Quote | None) -> Decimal:
    assert quote is not None
    return quote.last


def _listed(quote: Quote | None) -> Exchange:
    assert quote is not None
    return quote.exchange


async def cancel_order(ticket: CancelTicket, *, client: KisClient | None = None) -> OrderResponse:
    """Cancel all that is left of an order. Raises as `place_order`."""
    prepared = await prepare_cancel(ticket, client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def get_executions(
    first: date | None = None, last: date | None = None, *, client: KisClient | None = None
) -> list[Execution]:
    """Orders with a US order date in [first, last], today's by default (4.11): one row an order, fills summed.

    Raises when the list could not be read completely.
    """
    client = client or default_client()
    today = client.clock().astimezone(NEW_YORK).date()
    listing = await read_executions(first or last or today, last or today, client=client, lane=Lane.TRACKING)
    return complete(listing)


async def read_executions(first: date, last: date, *, client: KisClient, lane: Lane) -> Listing[ExecutionRow]:
    """The order list, every page, typed by what it is worth. Raises CredentialProblem only."""
    found = await read_pages(
        order_calls.executions(client.config, first, last), order_answers.executions, client=client, lane=lane
    )
    once = {(row.order_date, row.broker_order_id): row for row in found.rows}
    # A defect of 2025 repeated one row in the place of others (4.11): then some are missing.
    found.spoiled |= len(once) != len(found.rows)
    return found.listing(tuple(once.values()))
