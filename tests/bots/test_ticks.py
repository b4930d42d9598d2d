"""Quotes between processes."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bots.ticks import pack, unpack
from market.data import Quote
from market.words import Exchange, Session

NOON = datetime(2026, 3, 12, 16, 0, 0, 123456, tzinfo=UTC)
prices = st.decimals("0.0001", "99999", places=4)


@given(prices, st.none() | prices, st.none() | st.integers(0, 10**12), st.none() | st.sampled_from(Session))
def test_a_quote_arrives_as_it_was_sent(last, bid, volume, session):
    quote = Quote("BRK/B", Exchange.NYSE, last, NOON, NOON, bid=bid, ask=None, volume=volume, session=session)

    assert unpack(pack(quote)) == quote
