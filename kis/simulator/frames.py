"""What goes over the socket: data frames, control replies, encrypted notices (section 5)."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from kis.simulator import codes
from kis.simulator.book import Account, Order
from kis.simulator.clock import SEOUL, new_york_hms, new_york_ymd, seoul_hms, seoul_ymd, ymd
from kis.simulator.exchange import Event
from kis.simulator.listing import Listing
from kis.simulator.market import View
from kis.simulator.rest.call import change, price
from kis.simulator.rest.quotes import book_levels, rsym
from kis.simulator.settings import Switches

PHASES = {"regular": "1", "pre": "1", "after": "3"}  # pre-market is recorded as 1 (Appendix E)


def encrypt(text: str, key: str, iv: str) -> str:
    """AES-256-CBC, PKCS#7, Base64; key and iv are the bytes of their characters (5.5)."""
    pad = PKCS7(128).padder()
    plain = pad.update(text.encode()) + pad.finalize()
    cipher = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


def data(tr_id: str, records: list[list[str]], *, count: int | None = None) -> str:
    """`0|TR|count|payload`; several records are joined by the same separator (5.5)."""
    payload = "^".join(field for record in records for field in record)
    return f"0|{tr_id}|{len(records) if count is None else count:03d}|{payload}"


def notice(tr_id: str, fields: list[str], key: str, iv: str) -> str:
    return f"1|{tr_id}|001|{encrypt('^'.join(fields), key, iv)}"


def reply(code: str, tr_id: str, tr_key: str, *, encrypted: bool = False, secret: tuple[str, str] | None = None) -> str:
    """A control reply; `secret` is (iv, key), sent with every success of a subscription (5.3)."""
    good = code in ("OPSP0000", "OPSP0001", "OPSP0002")
    body: dict[str, object] = {
        "rt_cd": "0" if code in ("OPSP0000", "OPSP0001") else "1" if good or code == "OPSP0003" else "9",
        "msg_cd": code,
        "msg1": codes.WS_REPLIES[code],
    }
    if secret is not None:
        body["output"] = {"iv": secret[0], "key": secret[1]}
    header = {"tr_id": tr_id, "tr_key": tr_key, "encrypt": "Y" if encrypted else "N"}
    return json.dumps({"header": header, "body": body}, ensure_ascii=False)


def ping(now: datetime) -> str:
    """Header only, and short enough for a pong frame (5.4, Appendix E)."""
    stamp = f"{now.astimezone(SEOUL):%Y%m%d%H%M%S}"
    return json.dumps({"header": {"tr_id": "PINGPONG", "datetime": stamp}})


def trade(listing: Listing, view: View) -> list[str]:
    """HDFSCNT0, 26 fields (5.6)."""
    tick, day, base = view.tick, view.day, view.previous.close
    moved = change(tick.last, base)
    sold = day.volume * 49 // 100
    bought = day.volume - sold
    return [
        rsym(listing, daytime=view.session == "daytime"),
        listing.symbol,
        "4",
        ymd(day.date),
        new_york_ymd(view.at),
        new_york_hms(view.at),
        seoul_ymd(view.at),
        seoul_hms(view.at),
        price(day.open),
        price(day.high),
        price(day.low),
        price(tick.last),
        moved["sign"],
        moved["diff"],
        moved["rate"].strip(),
        price(tick.bid),
        price(tick.ask),
        str(tick.bid_size),
        str(tick.ask_size),
        str(tick.size),
        str(day.volume),
        str(day.volume * base // 100),
        str(sold),
        str(bought),
        f"{bought * 100 / max(sold, 1):.2f}",
        PHASES.get(view.session or "", "1"),
    ]


def book(listing: Listing, view: View) -> list[str]:
    """HDFSASP0, 71 fields: 11 and ten levels of six (5.7)."""
    levels = book_levels(view)
    head = [
        rsym(listing, daytime=view.session == "daytime"),
        listing.symbol,
        "4",
        new_york_ymd(view.at),
        new_york_hms(view.at),
        seoul_ymd(view.at),
        seoul_hms(view.at),
        str(sum(level[2] for level in levels)),
        str(sum(level[3] for level in levels)),
        "0",
        "0",
    ]
    for bid, ask, bid_size, ask_size in levels:
        head += [price(bid), price(ask), str(bid_size), str(ask_size), "0", "0"]
    return head


def _implied(value: Decimal, width: int) -> str:
    """A price without its point, four decimals for the US (5.8)."""
    return f"{int(value * 10_000):0{width}d}"


USUAL = Switches()
KINDS = {"new": "0", "amend": "1", "cancel": "2"}
TYPES = {codes.MOO: "A", codes.LOO: "B", codes.MOC: "C", codes.LOC: "D"}  # ODER_KIND2; everything else is a limit: 2


def _slicing(order: Order) -> tuple[str, str, str]:
    """START_TM, END_TM, TM_DIV_TP: how TWAP and VWAP are spread; blank for others."""
    if order.division not in codes.SLICED_NAMES:
        return "", "", ""
    if order.starts_at is None or order.ends_at is None:
        return "", "", "02"
    return seoul_hms(order.starts_at), seoul_hms(order.ends_at), "00"


def notice_fields(account: Account, listing: Listing, event: Event, switches: Switches = USUAL) -> list[str]:
    """H0GSCNI0 / H0GSCNI9, all 25 fields (5.8); the caller cuts what this server would not send."""
    order, filled = event.order, event.what == "filled"
    total = filled and switches.notice_quantity == "total"
    return [
        account.hts_id,
        account.account_no,
        order.number,
        order.original,
        codes.SIDE_CODES[order.side],
        KINDS[order.kind],
        TYPES.get(order.division, "2"),
        order.symbol,
        f"{order.filled if total else event.quantity:010d}",
        _implied(event.price, 9),
        seoul_hms(event.at),
        "1" if event.what == "rejected" else "0",
        "2" if filled else "1",
        "1" if event.what == "accepted" else "2",
        codes.NOTICE_BRANCH,
        f"{order.quantity:09d}" if filled else "",
        "HONGGILDONG",
        listing.english[:14],
        listing.market.notice,
        "10",
        "",
        *_slicing(order),
        f"{int(event.price * 10**switches.notice_price12_decimals):012d}",
    ]
