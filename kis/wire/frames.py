"""Frames of the WebSocket (sheet section 5): control messages, ticks, execution notices."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kis import codes
from kis.wire.values import NEW_YORK, Unreadable, decimal, integer, json_object, moment, order_number, text
from market.data import Quote
from market.orders import Notice
from market.prices import BookLevel, OrderBook
from market.words import Exchange, Session


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


REGISTER, UNREGISTER = "1", "2"
TICK_FIELDS = _names(
    "SYMB ZDIV TYMD XYMD XHMS KYMD KHMS OPEN HIGH LOW LAST SIGN DIFF RATE PBID PASK VBID VASK EVOL TVOL TAMT"
    " BIVL ASVL STRN MTYP"
)
TICK_FIELDS_NEEDED = 20  # up to the cumulative volume; the realtime key before them may be missing (5.6)
BOOK_HEAD = _names("SYMB ZDIV XYMD XHMS KYMD KHMS BVOL AVOL BDVL ADVL")
LEVEL_FIELDS = 6  # bid, ask, their sizes, their changes (5.7)
BOOK_LEVELS = 10
BOOK_FIELDS = BOOK_HEAD + tuple(
    f"{name}{n}" for n in range(1, BOOK_LEVELS + 1) for name in _names("PBID PASK VBID VASK DBID DASK")
)
NOTICE_FIELDS_NEEDED = 14  # up to ACPT_YN; 21 to 26 have been seen, and more may come
US_IMPLIED_DECIMALS = Decimal("0.0001")

_REALTIME_SYMBOL = re.compile(r"[DR](NAS|NYS|AMS|BAQ|BAY|BAA)\S+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Control:
    """A JSON message of the server: a reply to a registration, or PINGPONG."""

    tr_id: str
    tr_key: str
    code: str
    message: str
    key: str = field(default="", repr=False)
    iv: str = field(default="", repr=False)

    @property
    def is_ping(self) -> bool:
        return self.tr_id == "PINGPONG"

    @property
    def names_nothing(self) -> bool:
        """Errors come with "(null)" in place of what they are about (sheet 5.3)."""
        return self.tr_id in ("", "(null)")


@dataclass(frozen=True, slots=True)
class Data:
    """A data frame: `count` records in one payload (5.5)."""

    encrypted: bool
    tr_id: str
    count: int
    payload: str = field(repr=False)


class Fields(Mapping[str, str]):
    """A record by the names of its fields, looked up when somebody asks: the raw answer costs nothing beside a tick."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: tuple[str, ...], values: list[str]) -> None:
        self._names, self._values = names, values

    def __getitem__(self, name: str) -> str:
        try:
            return self._values[self._names.index(name)]
        except (ValueError, IndexError):
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names[: len(self._values)])

    def __len__(self) -> int:
        return min(len(self._names), len(self._values))


@dataclass(frozen=True, slots=True)
class Tick:
    """A trade, with what tells it apart from its repetition after a reconnect (5.6). `key`: its registration's."""

    quote: Quote
    trading_day: str
    key: str


def registration(approval_key: str, tr_type: str, tr_id: str, tr_key: str) -> str:
    """The message that registers or unregisters one subscription (5.2)."""
    header = {"approval_key": approval_key, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8"}
    return json.dumps({"header": header, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}})


def quote_key(symbol: str, exchange: Exchange, *, daytime: bool = False) -> str:
    """The free US feed of a symbol, such as DNASNVDA, or that of its daytime session, such as RBAQNVDA (5.2)."""
    if daytime:
        return f"R{codes.DAYTIME_QUOTE_EXCHANGE[exchange]}{symbol}"
    return f"D{codes.QUOTE_EXCHANGE[exchange]}{symbol}"


def parse(frame: str) -> Control | Data:
    """Raises Unreadable for what is neither a control message nor a data frame."""
    if frame[:1] in ("0", "1"):
        return _data(frame)
    found = json_object(frame.encode(errors="replace"))
    if found is None:
        raise Unreadable("frame")
    header, body = _mapping(found.get("header")), _mapping(found.get("body"))
    output = _mapping(body.get("output"))
    return Control(
        tr_id=text(header.get("tr_id")),
        tr_key=text(header.get("tr_key")),
        code=text(body.get("msg_cd")),
        message=text(body.get("msg1")),
        key=text(output.get("key")),
        iv=text(output.get("iv")),
    )


def _data(frame: str) -> Data:
    parts = frame.split("|", 3)  # the payload may hold the separator
    if len(parts) != 4 or len(parts[0]) != 1 or not parts[2].isascii() or not parts[2].isdigit():
        raise Unreadable("frame")
    return Data(parts[0] == "1", parts[1], int(parts[2][:6]), parts[3])


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def decrypt(payload: str, key: str, iv: str) -> str:
    """AES-256-CBC with PKCS#7, key and iv being the characters themselves (5.5). Raises Unreadable."""
    try:
        cipher = Cipher(algorithms.AES256(key.encode()), modes.CBC(iv.encode())).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = cipher.update(base64.b64decode(payload, validate=True)) + cipher.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (ValueError, binascii.Error):  # a wrong length, padding, alphabet or encoding
        raise Unreadable("payload") from None


def records(data: Data, payload: str) -> Iterator[list[str]]:
    """The records of a payload: `count` of them, joined by the same sign as their fields (5.5)."""
    fields = payload.split("^")
    if data.count == 1:
        yield fields
        return
    size, rest = divmod(len(fields), max(1, data.count))
    if data.count < 1 or rest or not size:
        raise Unreadable("count")
    for start in range(0, len(fields), size):
        yield fields[start : start + size]


def tick(record: list[str], received_at: datetime, listed: Mapping[str, Exchange]) -> Tick:
    """One trade (5.6): 26 fields, or 25 when the realtime key is left out; `listed` then tells the exchange.

    Raises Unreadable.
    """
    key, exchange, record = _subject(record, TICK_FIELDS_NEEDED, listed)
    at = _moment(record[3], record[4])
    if at is None:
        raise Unreadable("XHMS")
    last = _price(record[10])
    if last is None:
        raise Unreadable("LAST")
    quote = Quote(
        symbol=record[0].strip(),
        exchange=exchange,
        last=last,
        at=at,
        received_at=received_at,
        bid=_price(record[14]),
        ask=_price(record[15]),
        volume=_shares(record[19]),
        session=Session.DAYTIME if key[:2] == "RB" else None,  # MTYP does not tell the others apart (Appendix E)
        raw=Fields(TICK_FIELDS, record),
    )
    return Tick(quote, record[2].strip(), key)


def book(record: list[str], received_at: datetime, listed: Mapping[str, Exchange]) -> tuple[str, OrderBook]:
    """One order book (5.7) with its registration's key: 71 fields, or 70 without the realtime key.

    Fewer levels than ten are read as they come; a level without a price is none. Raises Unreadable.
    """
    key, exchange, record = _subject(record, len(BOOK_HEAD), listed)
    levels = [
        record[start : start + LEVEL_FIELDS]
        for start in range(len(BOOK_HEAD), len(record) - LEVEL_FIELDS + 1, LEVEL_FIELDS)
    ][:BOOK_LEVELS]
    found = OrderBook(
        symbol=record[0].strip(),
        exchange=exchange,
        at=_moment(record[2], record[3]),
        read_at=received_at,
        bids=_side(levels, 0),
        asks=_side(levels, 1),
        last=None,
        open=None,
        high=None,
        low=None,
        previous_close=None,
        total_bid_size=_shares(record[6]),
        total_ask_size=_shares(record[7]),
        raw=Fields(BOOK_FIELDS, record),
    )
    return key, found


def _side(levels: list[list[str]], side: int) -> tuple[BookLevel, ...]:
    """Bids are 0, asks 1: price, size and signed change stand two apart."""
    return tuple(
        BookLevel(price, _shares(level[side + 2]), integer(level[side + 4]))
        for level in levels
        if (price := _price(level[side])) is not None
    )


def _subject(record: list[str], needed: int, listed: Mapping[str, Exchange]) -> tuple[str, Exchange, list[str]]:
    """What a record is about: its registration's key, the exchange, and its fields from the symbol on.

    The realtime key in front may be missing (5.6, 5.7): then `listed` tells, and the key is that of the night.
    """
    first = record[0].strip()
    exchange = _exchange_in(first, record[1]) if len(record) > 1 else None
    if exchange is not None:
        key, record = first, record[1:]
    elif first in listed:
        exchange = listed[first]
        key = quote_key(first, exchange)
    else:
        raise Unreadable("SYMB")
    if len(record) < needed:
        raise Unreadable("fields")
    return key, exchange, record


# Prices, symbols and hours come again and again; what they mean is looked up instead of being worked out.


@lru_cache(maxsize=1024)
def _exchange_in(key: str, symbol: str) -> Exchange | None:
    """The exchange that a realtime key names; None when this is no key, or not that of the symbol after it."""
    if _REALTIME_SYMBOL.fullmatch(key) is None or key[4:] != symbol.strip():
        return None
    return codes.EXCHANGE_OF[key[1:4]]


@lru_cache(maxsize=16384)
def _price(word: str) -> Decimal | None:
    """Dollars; None for a blank, a zero or anything that is no price."""
    number = decimal(word)
    return number if number is not None and number > 0 else None


@lru_cache(maxsize=256)
def _hour(day_word: str, hour_word: str) -> datetime | None:
    return moment(day_word, hour_word + "0000", NEW_YORK)


def _moment(day_word: str, time_word: str) -> datetime | None:
    """As `values.moment` in New York, whose clock is only ever moved by whole hours on the hour."""
    hour = _hour(day_word, time_word[:2])
    if hour is None or len(time_word) != 6 or not time_word.isdigit() or not time_word.isascii():
        return moment(day_word, time_word, NEW_YORK)
    minute, second = int(time_word[2:4]), int(time_word[4:])
    return hour + timedelta(0, 60 * minute + second) if minute < 60 and second < 60 else None


def _shares(word: str) -> int | None:
    if len(word) <= 20 and word.isdigit() and word.isascii():
        return int(word)
    number = integer(word)
    return number if number is not None and number >= 0 else None


def notice(record: list[str], received_at: datetime) -> Notice:
    """One execution notice (5.8) by its leading positions, whatever its length. Raises Unreadable."""
    if len(record) < NOTICE_FIELDS_NEEDED:
        raise Unreadable("fields")
    number = order_number(record[2])
    if not number:
        raise Unreadable("ODER_NO")
    return Notice(
        account_no=record[1].strip(),
        broker_order_id=number,
        original_id=order_number(record[3]),
        side=codes.SIDE_OF.get(record[4].strip()),
        kind=_notice_kind(record),
        symbol=record[7].strip(),
        quantity=integer(record[8]),
        price=_notice_price(record[9]),
        received_at=received_at,
    )


def _notice_kind(record: list[str]) -> str:
    if record[11].strip() == "1":
        return "rejected"
    if record[12].strip() == "2":
        return "fill"
    if record[13].strip() == "3":
        return "cancelled"
    return {"1": "amended", "2": "cancelled"}.get(record[5].strip(), "accepted")


def _notice_price(word: str) -> Decimal | None:
    """An integer with four implied decimals (US); a written point is taken as it stands."""
    number = decimal(word)
    if number is None:
        return None
    return number if "." in word else number * US_IMPLIED_DECIMALS
