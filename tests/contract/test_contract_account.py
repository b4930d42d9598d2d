"""Sheet 4.7 to 4.16: what an account answers about itself."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kis import overseas_balance, overseas_orders, reservations
from kis.wire.values import NEW_YORK
from market.errors import NotInPaper
from market.words import Exchange, Freshness, Lane

TOLD = (Freshness.FRESH, Freshness.EMPTY)


def today(client):
    return client.clock().astimezone(NEW_YORK).date()


async def test_holdings_are_a_whole_list_even_when_nothing_is_held(client):
    listing = await overseas_balance.read_holdings(client=client, lane=Lane.TRACKING)
    assert listing.complete
    assert listing.freshness in TOLD
    assert all(0 <= row.sellable_quantity <= row.quantity for row in listing.rows)


async def test_what_can_be_bought_is_told_in_dollars_and_in_shares(client):
    found = await overseas_balance.get_buying_power("AAPL", Exchange.NASDAQ, Decimal(100), client=client)
    assert found.usd >= 0
    assert found.max_quantity_usd * Decimal(100) <= found.usd or found.max_quantity_usd == 0


async def test_the_order_list_of_a_week_is_a_whole_list(client):
    day = today(client)
    listing = await overseas_orders.read_executions(day - timedelta(days=7), day, client=client, lane=Lane.TRACKING)
    assert listing.complete
    assert listing.freshness in TOLD
    assert all(row.filled_quantity <= row.quantity for row in listing.rows if row.request_kind == "new")


async def test_open_orders_are_told_on_either_side(client):
    listing = await overseas_orders.read_open_orders(client=client, lane=Lane.TRACKING)
    assert listing.complete
    assert all(row.open_quantity > 0 for row in listing.rows)


async def test_the_present_balance_tells_the_sums_in_won(client, target):
    found = await overseas_balance.get_present_balance(client=client)
    assert found.sums is not None
    if not target.paper:
        assert any(row.currency == "USD" for row in found.currencies)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c, day: overseas_balance.read_period_profit(day, day, client=c, lane=Lane.SCAN),
        lambda c, day: overseas_balance.read_transactions(day, day, client=c, lane=Lane.SCAN),
        lambda c, day: overseas_balance.read_settled_balance(day, client=c, lane=Lane.SCAN),
        lambda c, day: overseas_balance.read_margin(client=c, lane=Lane.SCAN),
        lambda c, day: overseas_orders.read_sliced_orders(day, client=c, lane=Lane.SCAN),
        lambda c, day: reservations.read_reservations(day, day, client=c, lane=Lane.SCAN),
    ],
    ids=["profit", "transactions", "settled balance", "margin", "sliced orders", "reservations"],
)
async def test_statements_are_whole_on_real_and_refused_with_a_substitute_on_paper(client, target, ask):
    question = ask(client, today(client) - timedelta(days=1))
    if target.paper:
        with pytest.raises(NotInPaper) as refused:
            await question
        assert refused.value.message.en
    else:
        found = await question
        assert getattr(found, "complete", True)
