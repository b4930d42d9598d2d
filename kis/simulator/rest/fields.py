"""Reading the fields of a call: quantities, prices, exchanges, times. Each raises BadField with the field's name."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from kis.simulator import codes
from kis.simulator.clock import SEOUL
from kis.simulator.rest.call import Call

LONGEST = 10  # digits of a quantity (section 4.1)
MOST = Decimal(10) ** 12  # USD; no price is as high


class BadField(Exception):
    """A value that KIS does not take; the text is the field's name."""


def whole(call: Call, name: str, *, zero: bool = False) -> int:
    """A whole number of shares; zero only where it stands for "all"."""
    text = call.params[name].strip()
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST or (int(text) == 0 and not zero):
        raise BadField(name)
    return int(text)


def amount(call: Call, name: str) -> Decimal:
    """A price in USD, zero when blank."""
    try:
        value = Decimal(call.params[name].strip() or "0")
    except InvalidOperation:
        raise BadField(name) from None
    if not value.is_finite() or not 0 <= value < MOST:
        raise BadField(name)
    return value


def exchange(call: Call) -> str:
    """`OVRS_EXCG_CD` of an order: the order family's codes only (section 4.0)."""
    code = call.params["OVRS_EXCG_CD"].strip()
    if code not in codes.ORDER_EXCHANGES | codes.OTHER_ORDER_EXCHANGES:
        raise BadField("OVRS_EXCG_CD")
    return code


def day(call: Call, name: str) -> date:
    """A date YYYYMMDD."""
    text = call.params[name].strip()
    try:
        if len(text) != 8 or not text.isascii() or not text.isdigit():
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise BadField(name) from None


def one_of(call: Call, name: str, allowed: tuple[str, ...]) -> str:
    """A code out of a short list."""
    code = call.params[name].strip()
    if code not in allowed:
        raise BadField(name)
    return code


def seoul_time(call: Call, name: str) -> datetime:
    """A clock time HHMMSS of Korea: the next moment that has it, seen from six hours ago.

    So a time that has just passed stays in the past, and one after midnight lies ahead (section 4.1).
    """
    text = call.params.get(name, "").strip()
    try:
        clock = datetime.strptime(text, "%H%M%S").replace(tzinfo=SEOUL).time()
    except ValueError:
        raise BadField(name) from None
    here = call.now.astimezone(SEOUL)
    found = datetime.combine(here.date(), clock, SEOUL)
    hours = (found - here).total_seconds() / 3600
    shift = 1 if hours < -6 else -1 if hours > 18 else 0
    return datetime.combine(date.fromordinal(here.toordinal() + shift), clock, SEOUL)
