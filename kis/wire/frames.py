"""Frames of the WebSocket (sheet section 5): control messages, ticks, execution notices."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kis import codes
from kis.wire.values import NEW_YORK, Unreadable, decimal, integer, json_object, moment, order_number, text
from market.data import Quote
from market.orders import Notice
from market.words import Exchange

REGISTER, UNREGISTER = "1", "2"
TICK_FIELDS_NEEDED = 21  # of 26: up to the cumulative volume
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


@dataclass(frozen=True, slots=True)
class Tick:
    """A trade, with what tells it apart from its repetition after a reconnect (5.6)."""

    quote: Quote
    trading_day: str


def registration(approval_key: str, tr_type: str, tr_id: str, tr_key: str) -> str:
    """The message that registers or unregisters one subscription (5.2)."""
    header = {"approval_key": approval_key, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8"}
    return json.dumps({"header": header, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}})


def tick_key(symbol: str, exchange: Exchange) -> str:
    """The free US feed of a symbol, such as DNASNVDA."""
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
    size, rest = divmod(len(fields), max(1, data.count))
    if data.count < 1 or rest or not size:
        raise Unreadable("count")
    for start in range(0, len(fields), size):
        yield fields[start : start + size]


def tick(record: list[str], received_at: datetime, listed: Mapping[str, Exchange]) -> Tick:
    """One trade (5.6): 26 fields, or 25 when the realtime key is left out; `listed` then tells the exchange.

    Raises Unreadable.
    """
    key, record = _without_realtime_key(record)
    if len(record) < TICK_FIELDS_NEEDED - 1:
        raise Unreadable("fields")
    exchange = codes.EXCHANGE_OF.get(key[1:4]) or listed.get(record[0].strip())
    at = moment(record[3], record[4], NEW_YORK)
    last = decimal(record[10])
    if exchange is None or at is None or not last or last < 0 or not record[0]:
        raise Unreadable("tick")
    quote = Quote(
        symbol=record[0].strip(),
        exchange=exchange,
        last=last,
        at=at,
        received_at=received_at,
        bid=decimal(record[14]) or None,
        ask=decimal(record[15]) or None,
        volume=integer(record[19]),
    )
    return Tick(quote, record[2])


def _without_realtime_key(record: list[str]) -> tuple[str, list[str]]:
    first = record[0].strip()
    if len(record) > 1 and _REALTIME_SYMBOL.fullmatch(first) and first[4:] == record[1].strip():
        return first, record[1:]
    return "", record


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
