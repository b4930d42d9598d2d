"""Quotes between processes: the owner of a socket publishes each one, every bot that may read listens."""

from datetime import datetime
from decimal import Decimal

import orjson

from market.data import Quote
from market.words import Exchange, Session

CHANNEL = "bamsae:ticks:"
GAP = b"gap"  # in place of a quote: prices were missed, bars must be read again
GAPS = CHANNEL + "*"  # no symbol is called that


def pack(quote: Quote) -> bytes:
    return orjson.dumps(
        {
            "symbol": quote.symbol,
            "exchange": quote.exchange.value,
            "last": str(quote.last),
            "bid": str(quote.bid) if quote.bid is not None else None,
            "ask": str(quote.ask) if quote.ask is not None else None,
            "volume": quote.volume,
            "at": quote.at,
            "received_at": quote.received_at,
            "session": quote.session.value if quote.session else None,
        }
    )


def unpack(data: bytes) -> Quote:
    raw = orjson.loads(data)
    return Quote(
        symbol=raw["symbol"],
        exchange=Exchange(raw["exchange"]),
        last=Decimal(raw["last"]),
        bid=Decimal(raw["bid"]) if raw["bid"] is not None else None,
        ask=Decimal(raw["ask"]) if raw["ask"] is not None else None,
        volume=raw["volume"],
        at=datetime.fromisoformat(raw["at"]),
        received_at=datetime.fromisoformat(raw["received_at"]),
        session=Session(raw["session"]) if raw["session"] else None,
    )
