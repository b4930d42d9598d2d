"""Quotes between processes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bots.ticks import moved, pack, unpack
from market.data import Quote
from market.words import Exchange, Session

NOON = datetime(2026, 3, 12, 16, 0, 0, 123456, tzinfo=UTC)
prices = st.decimals("0.0001", "99999", places=4)


@given(prices, st.none() | prices, st.none() | st.integers(0, 10**12), st.none() | st.sampled_from(Session))
def test_a_quote_arrives_as_it_was_sent(last, bid, volume, session):
    quote = Quote("BRK/B", Exchange.NYSE, last, NOON, NOON, bid=bid, ask=None, volume=volume, session=session)

    assert unpack(pack(quote)) == quote


class TestPolledPrice:
    """The price function gives no time: only a moved volume proves that a price is new."""

    quote = Quote("AAPL", Exchange.NASDAQ, Decimal(10), NOON, NOON, volume=100)

    def test_the_first_look_proves_nothing(self):
        assert moved(None, self.quote) is None

    def test_the_same_volume_proves_nothing(self):
        assert moved(self.quote, replace(self.quote, last=Decimal(11))) is None

    def test_a_grown_volume_proves_a_new_price(self):
        assert moved(self.quote, replace(self.quote, volume=101)).last == Decimal(10)

    def test_a_price_without_volume_proves_nothing(self):
        assert moved(self.quote, replace(self.quote, volume=None)) is None
