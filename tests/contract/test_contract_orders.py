"""Sheet 4.1, 4.2, 4.11, 6: an order far below the market, its place in the list, its end."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from kis import overseas_orders, overseas_quotes
from kis.wire.values import NEW_YORK
from market.errors import NotInPaper, Refused
from market.orders import AmendTicket, CancelTicket, OrderTicket
from market.ticks import down_to_tick
from market.words import Exchange, Lane, Side, TimeInForce

VISIBLE_S = 240.0  # on paper a new order may be missing from the list for minutes (4.11)


async def far_below(client) -> Decimal:
    last = (await overseas_quotes.get_price("AAPL", Exchange.NASDAQ, client=client)).last
    return down_to_tick(last * Decimal("0.8"))


async def placed(client):
    """An order that rests; when KIS's market is closed its refusal is what is tested."""
    price = await far_below(client)
    try:
        return await overseas_orders.place_order("AAPL", Side.BUY, 1, price, exchange=Exchange.NASDAQ, client=client)
    except Refused as refusal:
        assert refusal.code
        pytest.skip(f"the market is closed: {refusal.message.en}")


async def row_of(client, number: str, **wanted):
    day = client.clock().astimezone(NEW_YORK).date()
    async with asyncio.timeout(VISIBLE_S):
        while True:
            listing = await overseas_orders.read_executions(
                day - timedelta(days=1), day + timedelta(days=1), client=client, lane=Lane.TRACKING
            )
            for row in listing.rows:
                if row.broker_order_id == number and all(getattr(row, k) == v for k, v in wanted.items()):
                    return row
            await asyncio.sleep(0.05)


async def test_an_order_is_taken_listed_as_ours_and_cancelled_by_a_row_of_its_own(client):
    taken = await placed(client)
    row = await row_of(client, taken.broker_order_id)
    assert (row.symbol, row.side, row.quantity, row.request_kind) == ("AAPL", Side.BUY, 1, "new")
    assert row.channel.lower().startswith("openapi")
    cancelled = await overseas_orders.cancel_order(
        CancelTicket("AAPL", Exchange.NASDAQ, taken.broker_order_id), client=client
    )
    assert cancelled.broker_order_id != taken.broker_order_id
    cancel = await row_of(client, cancelled.broker_order_id)
    assert (cancel.request_kind, cancel.original_id) == ("cancel", taken.broker_order_id)
    assert (await row_of(client, taken.broker_order_id, open_quantity=0)).filled_quantity == 0


async def test_an_amend_has_a_new_number_and_the_old_one_is_dead(client):
    taken = await placed(client)
    lower = down_to_tick(await far_below(client) * Decimal("0.99"))
    amended = await overseas_orders.amend_order(
        AmendTicket("AAPL", Exchange.NASDAQ, taken.broker_order_id, 1, lower), client=client
    )
    try:
        assert amended.broker_order_id != taken.broker_order_id
        row = await row_of(client, amended.broker_order_id)
        assert (row.request_kind, row.original_id) == ("amend", taken.broker_order_id)
        with pytest.raises(Refused):
            await overseas_orders.cancel_order(
                CancelTicket("AAPL", Exchange.NASDAQ, taken.broker_order_id), client=client
            )
    finally:
        await overseas_orders.cancel_order(
            CancelTicket("AAPL", Exchange.NASDAQ, amended.broker_order_id), client=client
        )


async def test_a_symbol_of_another_exchange_is_refused_and_surely_not_taken(client):
    with pytest.raises(Refused) as refusal:
        await overseas_orders.place_order(
            "AAPL", Side.BUY, 1, await far_below(client), exchange=Exchange.NYSE, client=client
        )
    assert refusal.value.code


async def test_shares_that_are_not_held_cannot_be_sold(client):
    with pytest.raises(Refused):
        await overseas_orders.place_order("IBM", Side.SELL, 999_999, 5000, exchange=Exchange.NYSE, client=client)


async def test_paper_knows_no_auctions(client, target):
    ticket = OrderTicket(
        "AAPL", Exchange.NASDAQ, Side.BUY, 1, await far_below(client), time_in_force=TimeInForce.AT_OPEN
    )
    if not target.paper:
        prepared = await overseas_orders.prepare_order(ticket, client=client)
        await prepared.discard()
        return
    with pytest.raises(NotInPaper):
        await overseas_orders.prepare_order(ticket, client=client)
