"""Prices on bad days: a blank is no number, and a price without a time is fresh only if its volume moved (4.1)."""

from decimal import Decimal

import pytest

from kis import errors
from kis.overseas_quotes import freshened
from market.errors import TradingError
from market.words import Exchange, Freshness

PRICE = "/uapi/overseas-price/v1/quotations/price"
NVDA = ("NVDA", Exchange.NASDAQ)


@pytest.mark.fault("blank_last")
async def test_a_blank_price_is_no_price(strike, broker):
    strike("blank_last", path=PRICE)
    with pytest.raises(errors.NoPrice):
        await broker.quote(*NVDA)


@pytest.mark.fault("missing_field")
async def test_a_missing_price_is_no_price(strike, broker):
    strike("missing_field", path=PRICE, match={"field": "last"})
    with pytest.raises(TradingError):
        await broker.quote(*NVDA)


@pytest.mark.fault("stale_quote")
async def test_a_price_whose_volume_stands_still_is_stale(strike, broker):
    strike("stale_quote", path=PRICE)
    first = await broker.quote(*NVDA)
    second = await broker.quote(*NVDA)
    assert freshened(second, first).freshness is Freshness.STALE
    assert (second.last, second.volume) == (first.last, first.volume)


@pytest.mark.fault("wrong_last")
async def test_a_wrong_price_is_passed_on_stale_and_never_made_fresh_by_itself(strike, kis, broker):
    """The client cannot know; a single answer says STALE, and guards above compare (3.1, 2.6)."""
    kis.control.pin("NVDA", "100.00")
    strike("wrong_last", path=PRICE)
    quote = await broker.quote(*NVDA)
    assert quote.last >= Decimal(500)
    assert quote.freshness is Freshness.STALE


@pytest.mark.fault("padded_fields", "bare_numbers", "signed_numbers", "array_for_object", "added_fields")
async def test_the_price_reads_the_same(strike, kis, broker, eventually, fault):
    kis.control.pin("KO", "61.50")

    async def pinned():
        return (await broker.quote("KO", Exchange.NYSE)).last == Decimal("61.50")

    await eventually(pinned)
    strike(fault, path=PRICE)
    assert (await broker.quote("KO", Exchange.NYSE)).last == Decimal("61.50")


@pytest.mark.fault("rate_limited", "rate_limited_429", "bad_gateway_502", "garbage_json", "token_expired_200")
async def test_a_price_is_asked_for_again(strike, broker, fault):
    strike(fault, path=PRICE, count=1)
    assert (await broker.quote(*NVDA)).last > 0


@pytest.mark.fault("clock_skew")
async def test_the_time_of_an_answer_is_ours_whatever_its_date_says(strike, client, broker):
    strike("clock_skew", seconds=600)
    quote = await broker.quote(*NVDA)
    assert abs((client.clock() - quote.received_at).total_seconds()) < 5
