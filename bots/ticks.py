"""What the owner of a socket passes on through Redis: quotes and order books by key, notices by account.

A bot listens to the key that it may read, and to its own account. An account's number is never sent: the channel
says whose notices they are.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from market.data import Quote
from market.orders import Notice
from market.prices import BookLevel, OrderBook
from market.words import Exchange, Session, Side

GAP = b"gap"  # in place of a quote or a notice: some were missed, read anew
ALL = "*"  # no symbol is called that


def quotes(key: UUID, symbol: str = ALL) -> str:
    """The channel of a symbol's quotes through this key; with ALL, that of its gaps, and the pattern of all."""
    return f"bamsae:ticks:{key}:{symbol}"


def books(key: UUID, symbol: str) -> str:
    """The channel of a symbol's order book through this key."""
    return f"bamsae:books:{key}:{symbol}"


def book_wishes(key: UUID) -> str:
    """Who wants which order book: a sorted set of `exchange:symbol` by the second until when it is wanted."""
    return f"bamsae:books-wanted:{key}"


def polled(key: UUID) -> str:
    """Which symbols traded by the broker's price function: a sorted set of symbols by the second of the last look.

    It is how the socket's owner learns that a subscription is dead and not its symbol quiet.
    """
    return f"bamsae:polled:{key}"


def notices(account: UUID) -> str:
    """The channel of an account's execution notices."""
    return f"bamsae:notices:{account}"


def pack(quote: Quote) -> bytes:
    return orjson.dumps(
        {
            "symbol": quote.symbol,
            "exchange": quote.exchange.value,
            "last": str(quote.last),
            "bid": _text(quote.bid),
            "ask": _text(quote.ask),
            "volume": quote.volume,
            "at": quote.at,
            "received_at": quote.received_at,
            "session": quote.session.value if quote.session else None,
            "source": quote.source,
        }
    )


def unpack(data: bytes) -> Quote:
    raw = orjson.loads(data)
    return Quote(
        symbol=raw["symbol"],
        exchange=Exchange(raw["exchange"]),
        last=Decimal(raw["last"]),
        bid=_money(raw["bid"]),
        ask=_money(raw["ask"]),
        volume=raw["volume"],
        at=datetime.fromisoformat(raw["at"]),
        received_at=datetime.fromisoformat(raw["received_at"]),
        session=Session(raw["session"]) if raw["session"] else None,
        source=raw["source"],
    )


def pack_book(book: OrderBook) -> bytes:
    return orjson.dumps(
        {
            "symbol": book.symbol,
            "exchange": book.exchange.value,
            "at": book.at,
            "read_at": book.read_at,
            "bids": _levels(book.bids),
            "asks": _levels(book.asks),
            "total_bid_size": book.total_bid_size,
            "total_ask_size": book.total_ask_size,
        }
    )


def unpack_book(data: bytes) -> OrderBook:
    raw = orjson.loads(data)
    return OrderBook(
        symbol=raw["symbol"],
        exchange=Exchange(raw["exchange"]),
        at=datetime.fromisoformat(raw["at"]) if raw["at"] else None,
        read_at=datetime.fromisoformat(raw["read_at"]),
        bids=_read_levels(raw["bids"]),
        asks=_read_levels(raw["asks"]),
        last=None,
        open=None,
        high=None,
        low=None,
        previous_close=None,
        total_bid_size=raw["total_bid_size"],
        total_ask_size=raw["total_ask_size"],
    )


def pack_notice(notice: Notice) -> bytes:
    return orjson.dumps(
        {
            "broker_order_id": notice.broker_order_id,
            "original_id": notice.original_id,
            "side": notice.side.value if notice.side else None,
            "kind": notice.kind,
            "symbol": notice.symbol,
            "quantity": notice.quantity,
            "price": _text(notice.price),
            "received_at": notice.received_at,
        }
    )


def unpack_notice(data: bytes) -> Notice:
    """Without the account's number."""
    raw = orjson.loads(data)
    return Notice(
        account_no="",
        broker_order_id=raw["broker_order_id"],
        original_id=raw["original_id"],
        side=Side(raw["side"]) if raw["side"] else None,
        kind=raw["kind"],
        symbol=raw["symbol"],
        quantity=raw["quantity"],
        price=_money(raw["price"]),
        received_at=datetime.fromisoformat(raw["received_at"]),
    )


def _text(money: Decimal | None) -> str | None:
    return str(money) if money is not None else None


def _money(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _levels(levels: tuple[BookLevel, ...]) -> list[Any]:
    return [[str(level.price), level.size, level.change] for level in levels]


def _read_levels(rows: list[Any]) -> tuple[BookLevel, ...]:
    return tuple(BookLevel(Decimal(price), size, change) for price, size, change in rows)
