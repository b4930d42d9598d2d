"""Orders, cancels, holdings and the order list of US stocks (sheet 4.1, 4.2, 4.7, 4.9, 4.11)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Literal

from kis import codes, errors, hashkey, overseas_quotes
from kis.client import KisClient, default_client
from kis.paging import Pages, read_pages
from kis.transport import Line, unreadable, uptime
from kis.wire import answers, calls
from kis.wire.calls import Call
from kis.wire.values import NEW_YORK, Unreadable
from market.data import Quote
from market.errors import Throttled
from market.orders import (
    BuyingPower,
    CancelTicket,
    ExecutionRow,
    Holding,
    Listing,
    OrderAccepted,
    OrderTicket,
)
from market.ticks import down_to_tick, up_to_tick
from market.words import Exchange, Freshness, Lane, Side

OrderResponse = OrderAccepted
Position = Holding
Execution = ExecutionRow

COLLAR = Decimal("0.03")  # how far beyond the last price a marketable limit may go
SEND_WITHIN_S = 5.0
NONE = Decimal(0)


class PreparedCall:
    """An order or a cancel ready to be written: token, hash, rate slot and connection are in hand."""

    def __init__(self, client: KisClient, call: Call, line: Line, *, token: str, body_hash: str, lane: Lane) -> None:
        self._client, self._call, self._line = client, call, line
        self._token, self._hash, self._lane = token, body_hash, lane
        self._spent = False

    async def send(self, *, within: float) -> OrderAccepted:
        """Write it, once; see `market.broker.Prepared`. `within`: seconds on a clock that counts sleep."""
        deadline = uptime() + within
        self._spend()
        try:
            answer = await self._client.transport.write_once(
                self._call,
                self._line,
                token=self._token,
                body_hash=self._hash,
                deadline=deadline,
                lane=self._lane.value,
            )
        finally:
            self._line.release()
        accepted = answers.accepted(answer)
        if accepted is not None:
            return accepted
        if errors.is_token_refusal(answer):
            await self._client.tokens.refused(self._token)
        raise errors.order_error(answer)

    async def discard(self) -> None:
        """It will not be sent. Harmless after `send`. The rate slot has passed, the connection goes back."""
        if not self._spent:
            self._spend()
            self._line.release()

    def _spend(self) -> None:
        if self._spent:
            raise RuntimeError("this request was sent or discarded already")
        self._spent = True


async def prepare_order(ticket: OrderTicket, *, lane: Lane = Lane.ENTRY, client: KisClient) -> PreparedCall:
    """Everything of a new order but the write (4.1).

    Nothing has been sent when it raises: NotInPaper, Throttled, Unreachable, ReadFailed, CredentialProblem;
    ValueError for a quantity below one or a price off the tick.
    """
    return await _prepare(calls.order(client.config, ticket), lane, client)


async def prepare_cancel(ticket: CancelTicket, *, client: KisClient) -> PreparedCall:
    """Everything of a cancel but the write (4.2), in the most urgent lane. Raises as `prepare_order`."""
    return await _prepare(calls.cancel(client.config, ticket), Lane.EXIT, client)


async def _prepare(call: Call, lane: Lane, client: KisClient) -> PreparedCall:
    token = await client.tokens.ensure()
    line = await client.transport.line()
    try:
        if client.hashkey_required:
            # On the same line: its connection is then open and just used.
            body_hash = await hashkey.sign_order_async(call.fields, client=client, lane=lane, line=line)
        else:
            body_hash = ""
            await client.transport.open(line)
        await client.budget.take(lane)
    except BaseException:
        line.release()
        raise
    return PreparedCall(client, call, line, token=token.value, body_hash=body_hash, lane=lane)


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


async def get_positions(*, client: KisClient | None = None) -> list[Position]:
    """All US holdings (4.7). Raises when the list could not be read completely."""
    listing = await read_holdings(client=client or default_client(), lane=Lane.TRACKING)
    return _complete(listing)


async def get_executions(
    first: date | None = None, last: date | None = None, *, client: KisClient | None = None
) -> list[Execution]:
    """Orders with a US order date in [first, last], today's by default (4.11): one row an order, fills summed.

    Raises when the list could not be read completely.
    """
    client = client or default_client()
    today = client.clock().astimezone(NEW_YORK).date()
    listing = await read_executions(first or last or today, last or today, client=client, lane=Lane.TRACKING)
    return _complete(listing)


def _complete[T](listing: Listing[T]) -> list[T]:
    if listing.freshness is Freshness.THROTTLED:
        raise Throttled(codes.MESSAGES["EGW00201"], retry_after=1.0)
    if not listing.complete:
        raise unreadable("output")
    return list(listing.rows)


async def read_executions(first: date, last: date, *, client: KisClient, lane: Lane) -> Listing[ExecutionRow]:
    """The order list, every page, typed by what it is worth. Raises CredentialProblem only."""
    found = await read_pages(calls.executions(client.config, first, last), answers.executions, client=client, lane=lane)
    once = {(row.order_date, row.broker_order_id): row for row in found.rows}
    # A defect of 2025 repeated one row in the place of others (4.11): then some are missing.
    found.spoiled |= len(once) != len(found.rows)
    return found.listing(tuple(once.values()))


async def read_holdings(*, client: KisClient, lane: Lane) -> Listing[Holding]:
    """All US holdings, one row a symbol and exchange, typed by what it is worth. Raises CredentialProblem only."""
    found = Pages[answers.KeyedHolding](client.clock())
    for call, exchange in calls.balances(client.config):
        found.add(await read_pages(call, partial(answers.holdings, asked=exchange), client=client, lane=lane))
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
    answer = await client.read(calls.buying_power(client.config, symbol, exchange, price), lane=lane)
    try:
        return answers.buying_power(answer)
    except Unreadable as field:
        raise unreadable(str(field)) from field
