"""Quotes, order books and notices between processes."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bots.ticks import pack, pack_book, pack_notice, unpack, unpack_book, unpack_notice
from market.data import Quote
from market.orders import Notice
from market.prices import BookLevel, OrderBook
from market.words import Exchange, Session, Side

NOON = datetime(2026, 3, 12, 16, 0, 0, 123456, tzinfo=UTC)
prices = st.decimals("0.0001", "99999", places=4)
sizes = st.none() | st.integers(0, 10**9)
levels = st.lists(st.builds(BookLevel, prices, sizes, st.none() | st.integers(-(10**6), 10**6)), max_size=10).map(tuple)


@given(prices, st.none() | prices, st.none() | st.integers(0, 10**12), st.none() | st.sampled_from(Session))
def test_a_quote_arrives_as_it_was_sent(last, bid, volume, session):
    quote = Quote("BRK/B", Exchange.NYSE, last, NOON, NOON, bid=bid, ask=None, volume=volume, session=session)

    assert unpack(pack(quote)) == quote


@given(levels, levels, sizes, st.none() | st.just(NOON))
def test_an_order_book_arrives_as_it_was_sent(bids, asks, total, at):
    nothing = dict.fromkeys(("last", "open", "high", "low", "previous_close"))
    book = OrderBook(
        "KO", Exchange.NYSE, at, NOON, bids, asks, total_bid_size=total, total_ask_size=None, **nothing
    )  # fmt: skip

    assert unpack_book(pack_book(book)) == book


@given(st.none() | st.sampled_from(Side), sizes, st.none() | prices)
def test_a_notice_arrives_without_the_accounts_number(side, quantity, price):
    notice = Notice("5012345601", "40901", "", side, "fill", "NVDA", quantity, price, NOON)
    sent = pack_notice(notice)

    assert b"50123456" not in sent
    arrived = unpack_notice(sent)
    assert (arrived.broker_order_id, arrived.side, arrived.quantity) == ("40901", side, quantity)
    assert (arrived.price, arrived.kind, arrived.received_at) == (price, "fill", NOON)
    assert arrived.price is None or isinstance(arrived.price, Decimal)
