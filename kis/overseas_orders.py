"""Orders, amends, cancels and the lists of orders of US stocks (sheet 4.1, 4.2, 4.10, 4.11, 4.16).

Reserved orders are in `reservations`, those of the daytime session in `daytime`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from kis import hours, overseas_quotes
from kis.client import KisClient, default_client
from kis.overseas_balance import Position, get_positions
from kis.paging import Pages, complete, read_pages, read_statement, repeated, whole
from kis.sending import PreparedCall, lane_of, prepare
from kis.wire import order_answers, order_calls
from kis.wire.answers import Answer, Page
from kis.wire.values import NEW_YORK
from market.data import aware
from market.errors import InvalidOrder, Text
from market.orders import (
    AmendTicket,
    CancelTicket,
    ExecutionRow,
    Listing,
    OrderAccepted,
    OrderTicket,
    SlicedOrder,
    SliceFill,
    SliceSums,
    Slicing,
    Statement,
)
from market.ticks import down_to_tick, up_to_tick
from market.words import Environment, Exchange, Freshness, Lane, Side, TimeInForce

__all__ = [
    "Execution",
    "OrderResponse",
    "Position",
    "amend_order",
    "cancel_order",
    "get_executions",
    "get_open_orders",
    "get_positions",
    "get_slice_fills",
    "get_sliced_orders",
    "marketable_limit",
    "place_order",
    "prepare_amend",
    "prepare_cancel",
    "prepare_order",
    "read_executions",
    "read_open_orders",
    "read_slice_fills",
    "read_sliced_orders",
]

OrderResponse = OrderAccepted
Execution = ExecutionRow

COLLAR = Decimal("0.03")  # how far beyond the last price a marketable limit may go
SEND_WITHIN_S = 5.0


async def prepare_order(
    ticket: OrderTicket, *, lane: Lane = Lane.ENTRY, client: KisClient
) -> PreparedCall[OrderAccepted]:
    """Everything of a new order but the write (4.1).

    A limit, a limit at an auction, a sell at an auction's market (no price), or a limit sliced as TWAP or VWAP;
    paper has day limits only. Nothing has been sent when it raises: InvalidOrder (a ValueError) for what KIS is
    known not to take, NotInPaper, Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    call = order_calls.order(client.config, ticket)
    if ticket.slicing is not None:
        check_window(ticket.slicing, client.clock())
    return await prepare(call, lane, client)


def check_window(slicing: Slicing, now: datetime) -> None:
    """Raises InvalidOrder for a window of TWAP or VWAP that KIS does not take at `now` (4.1).

    It begins in the future, within a day since KIS is told clock times only, and ends at least five minutes before
    the regular close in New York. Early closes are not known here.
    """
    if slicing.start is None or slicing.end is None:
        return
    begins, ends = (aware(moment).astimezone(UTC) for moment in (slicing.start, slicing.end))
    closing = ends.astimezone(NEW_YORK)
    if begins.replace(microsecond=0) <= now or ends >= now + timedelta(days=1):
        raise InvalidOrder(
            Text(
                "TWAP·VWAP 시작 시간은 지금 이후여야 하고, 하루 안에 끝나야 합니다.",
                "A TWAP or VWAP window begins in the future and ends within a day.",
            )
        )
    if closing.time() > hours.SLICED_UNTIL or closing.date() != begins.astimezone(NEW_YORK).date():
        raise InvalidOrder(
            Text(
                "TWAP·VWAP는 정규장 마감 5분 전(뉴욕 15:55)까지 끝나야 합니다.",
                "A TWAP or VWAP window ends at least five minutes before the regular close (15:55 in New York).",
            )
        )


async def prepare_amend(
    ticket: AmendTicket, *, lane: Lane = Lane.ENTRY, client: KisClient
) -> PreparedCall[OrderAccepted]:
    """Everything of an amend but the write (4.2): the answer carries a new number, and the old one is dead.

    An amend whose outcome is unknown may not be sent again (safety rules 1.8). Raises as `prepare_order`, and
    InvalidOrder for a TWAP or VWAP order, which KIS does not amend.
    """
    return await prepare(order_calls.amend(client.config, ticket), lane, client)


async def prepare_cancel(ticket: CancelTicket, *, client: KisClient) -> PreparedCall[OrderAccepted]:
    """Everything of a cancel but the write (4.2), in the most urgent lane. Raises as `prepare_order`.

    Sent for a daytime order it is Refused with APBK0918, and not sent again from here: see `daytime`.
    """
    return await prepare(order_calls.cancel(client.config, ticket), Lane.EXIT, client)


async def place_order(
    symbol: str,
    side: Literal["BUY", "SELL", "buy", "sell"] | Side,
    qty: int,
    price: Decimal | float | str | None,
    *,
    exchange: Exchange | None = None,
    time_in_force: TimeInForce = TimeInForce.DAY,
    slicing: Slicing | None = None,
    client: KisClient | None = None,
    collar: Decimal = COLLAR,
) -> OrderResponse:
    """Place an order of `qty` shares at a limit of `price` US dollars.

    `price` None: at an auction a market order (sells only); else, since KIS has no US market order, a limit `collar`
    (3 %) beyond the last price. `exchange` None: looked for by asking the price on each. Raises Refused, Throttled,
    Unreachable, OutcomeUnknown (look at `get_executions` before sending again), CredentialProblem, NoPrice,
    NotInPaper; InvalidOrder (a ValueError) for what KIS is known not to take.
    """
    client = client or default_client()
    way = Side.read(side)
    limit = Decimal(str(price)) if price is not None else None
    collared = limit is None and time_in_force is TimeInForce.DAY
    if collared or exchange is None:
        last = await overseas_quotes.find_price(symbol, exchange, client=client, lane=Lane.ENTRY)
        exchange = last.exchange
        limit = marketable_limit(last.last, way, collar) if collared else limit
    ticket = OrderTicket(symbol, exchange, way, qty, limit, time_in_force, slicing)
    prepared = await prepare_order(ticket, lane=lane_of(way), client=client)
    return await prepared.send(within=SEND_WITHIN_S)


def marketable_limit(last: Decimal, side: Side, collar: Decimal = COLLAR) -> Decimal:
    """A limit that should trade at once, at most `collar` (0.03 is 3 %) beyond `last`, on a tick."""
    if side is Side.BUY:
        return down_to_tick(last * (1 + collar))
    return up_to_tick(last * (1 - collar))


async def amend_order(ticket: AmendTicket, *, client: KisClient | None = None) -> OrderResponse:
    """Give what is open of an order another quantity and price. Raises as `place_order`; never sent twice."""
    prepared = await prepare_amend(ticket, client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def cancel_order(ticket: CancelTicket, *, client: KisClient | None = None) -> OrderResponse:
    """Cancel some or all that is left of an order. Raises as `place_order`."""
    prepared = await prepare_cancel(ticket, client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def get_executions(
    first: date | None = None,
    last: date | None = None,
    *,
    symbol: str = "",
    side: Side | None = None,
    filled: bool | None = None,
    client: KisClient | None = None,
) -> list[Execution]:
    """Orders with a US order date in [first, last], today's by default (4.11): one row an order, fills summed.

    Filters as in `read_executions`. Raises when the list could not be read completely.
    """
    client = client or default_client()
    today = _us_date(client)
    listing = await read_executions(
        first or last or today,
        last or today,
        symbol=symbol,
        side=side,
        filled=filled,
        client=client,
        lane=Lane.TRACKING,
    )
    return complete(listing)


async def read_executions(
    first: date,
    last: date,
    *,
    symbol: str = "",
    side: Side | None = None,
    filled: bool | None = None,
    client: KisClient,
    lane: Lane,
) -> Listing[ExecutionRow]:
    """The order list, every page, typed by what it is worth. Raises CredentialProblem only.

    `filled` True: orders with executions; False: orders with shares still open. KIS filters on real; on paper,
    which takes no filter, we do. On paper a new order may be missing for minutes.
    """
    found = await read_pages(
        order_calls.executions(client.config, first, last, symbol=symbol, side=side, filled=filled),
        order_answers.executions,
        client=client,
        lane=lane,
    )
    return found.listing(tuple(row for row in _once(found) if _wanted(row, symbol, side, filled)))


def _once(found: Pages[ExecutionRow]) -> Iterable[ExecutionRow]:
    """Each order once. A defect of 2025 repeated one row in the place of others (4.11): then some are missing."""
    once = {(row.order_date, row.broker_order_id): row for row in found.rows}
    found.spoiled |= len(once) != len(found.rows)
    return once.values()


def _wanted(row: ExecutionRow, symbol: str, side: Side | None, filled: bool | None) -> bool:
    if (symbol and row.symbol != symbol) or (side and row.side is not side):
        return False
    if filled is None:
        return True
    return row.filled_quantity > 0 if filled else row.open_quantity > 0


async def get_open_orders(*, client: KisClient | None = None) -> list[Execution]:
    """Orders that are still open. Raises when the list could not be read completely."""
    return complete(await read_open_orders(client=client or default_client(), lane=Lane.TRACKING))


async def read_open_orders(*, client: KisClient, lane: Lane) -> Listing[ExecutionRow]:
    """Orders that are still open, typed by what the answer is worth. Raises CredentialProblem only.

    Real has a list of them (4.10), which tells neither channel nor Korean date (`placed_at` None). Paper has none:
    there they are the rows of today's order list with open shares, and it may lag by minutes, so that on paper
    a missing order proves nothing.
    """
    if client.config.environment is Environment.PAPER:
        # Paper trades in the regular session only, all of which has one US date.
        listing = await read_executions(_us_date(client), _us_date(client), client=client, lane=lane)
        return _only_open(listing)
    found = await read_pages(order_calls.open_orders(client.config), order_answers.executions, client=client, lane=lane)
    return _only_open(found.listing(tuple(_once(found))))


def _only_open(listing: Listing[ExecutionRow]) -> Listing[ExecutionRow]:
    """An amended order lives on under the amend's number; a cancel's row is never an order."""
    rows = tuple(row for row in listing.rows if row.open_quantity > 0 and row.request_kind != "cancel")
    fresh = listing.freshness is Freshness.FRESH
    return replace(listing, rows=rows, freshness=Freshness.EMPTY if fresh and not rows else listing.freshness)


async def get_sliced_orders(on: date | None = None, *, client: KisClient | None = None) -> list[SlicedOrder]:
    """TWAP and VWAP orders of a day, today's by default (4.16). Raises when some are missing; NotInPaper."""
    client = client or default_client()
    return complete(await read_sliced_orders(on or _us_date(client), client=client, lane=Lane.TRACKING))


async def read_sliced_orders(on: date, *, client: KisClient, lane: Lane) -> Listing[SlicedOrder]:
    """TWAP and VWAP orders of a day, every page (4.16). Raises CredentialProblem and NotInPaper only."""

    def parse(answer: Answer) -> Page[SlicedOrder]:
        return order_answers.sliced_orders(answer, on)

    found = await read_pages(order_calls.sliced_orders(client.config, on), parse, client=client, lane=lane)
    found.spoiled |= repeated(found.rows)
    return found.listing(tuple(found.rows))


async def get_slice_fills(order: SlicedOrder, *, client: KisClient | None = None) -> Statement[SliceFill, SliceSums]:
    """The executions of a sliced order and their sum (4.16). Raises when some are missing; NotInPaper."""
    return whole(await read_slice_fills(order, client=client or default_client(), lane=Lane.TRACKING))


async def read_slice_fills(order: SlicedOrder, *, client: KisClient, lane: Lane) -> Statement[SliceFill, SliceSums]:
    """The executions of a sliced order, every page (4.16). Raises CredentialProblem and NotInPaper only."""
    return await read_statement(
        order_calls.slice_fills(client.config, order.order_date, order.branch, order.broker_order_id),
        order_answers.slice_fills,
        order_answers.slice_sums,
        client=client,
        lane=lane,
    )


def _us_date(client: KisClient) -> date:
    return client.clock().astimezone(NEW_YORK).date()
