"""What a handler is given and what it gives back; and the texture of KIS's values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kis.simulator.book import Account
from kis.simulator.codes import GATEWAY_TEXTS
from kis.simulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """One checked call: the token, the TR id and the account fit."""

    side: str
    path: str
    tr_id: str
    tr_cont: str
    account: Account
    params: dict[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    body: dict[str, Any]
    tr_cont: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`fields` must be present in the query or body, even when empty (3.1)."""

    method: str
    path: str
    handle: Callable[[World, Call], Answer]
    fields: tuple[str, ...] = ()
    slow: bool = False  # worth a thread: it may compute many bars


ACCOUNT = ("CANO", "ACNT_PRDT_CD")
CTX = ("CTX_AREA_FK200", "CTX_AREA_NK200")


def padded(text: str, width: int = 80) -> str:
    """`msg1` of account TRs is filled with spaces to 80 bytes (3.4); Korean letters take two."""
    return text + " " * max(0, width - len(text.encode("cp949", "replace")))


def ok(output: dict[str, Any], code: str, text: str, tr_cont: str = "") -> Answer:
    return Answer({**output, "rt_cd": "0", "msg_cd": code, "msg1": text}, tr_cont)


def refusal(rt_cd: str, code: str, text: str, status: int = 200) -> Answer:
    return Answer({"rt_cd": rt_cd, "msg_cd": code, "msg1": text}, "", status)


def gateway(code: str, status: int = 500) -> Answer:
    """A refusal of the gateway: three keys only (2.5)."""
    return refusal("1", code, GATEWAY_TEXTS[code], status)


def bad_field(name: str) -> Answer:
    return refusal("1", "OPSQ2001", f"ERROR : INPUT INVALID_CHECK_{name}")


def missing_field(name: str) -> Answer:
    return refusal("2", "OPSQ2001", f"ERROR : INPUT_FIELD_NAME {name}")


def num(value: Decimal | int, places: int) -> str:
    """A number as KIS writes it: a fixed count of decimals, never an exponent."""
    return f"{Decimal(value):.{places}f}"


def price(cents: int, places: int = 4) -> str:
    return num(Decimal(cents) / 100, places)


def change(last: int, base: int) -> dict[str, str]:
    """`sign`, unsigned `diff`, signed `rate` of a price against the previous close (4.17)."""
    diff = last - base
    rate = Decimal(diff * 100) / base
    sign = "2" if diff > 0 else "5" if diff < 0 else "3"
    return {"sign": sign, "diff": price(abs(diff)), "rate": f"{rate:+.2f}" if diff else " 0.00"}
