"""Single values as KIS writes them: strings, padded, signed, with trailing zeros, or blank (sheet 0.2)."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SEOUL = ZoneInfo("Asia/Seoul")

_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,12})?|\.\d{1,12})", re.ASCII)
_DATE = re.compile(r"\d{8}", re.ASCII)
_TIME = re.compile(r"\d{6}", re.ASCII)
_ORDER_NUMBER = re.compile(r"0*([1-9]\d{0,11})", re.ASCII)


class Unreadable(ValueError):
    """A field that must carry a value does not. The message names the field, never its content."""


def text(value: object) -> str:
    """The value as stripped text; "" for what is not text (null, a nested object)."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def decimal(value: object) -> Decimal | None:
    """The number, or None for a blank or anything that is not a plain decimal number."""
    word = text(value).replace(",", "")
    return Decimal(word) if _NUMBER.fullmatch(word) else None


def integer(value: object) -> int | None:
    """Whole shares; None for a blank, for text, and for a fraction ("4.0000" is four)."""
    number = decimal(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def day(value: object) -> date | None:
    """YYYYMMDD."""
    word = text(value)
    try:
        return date(int(word[:4]), int(word[4:6]), int(word[6:])) if _DATE.fullmatch(word) else None
    except ValueError:
        return None


def clock_time(value: object) -> time | None:
    """HHMMSS."""
    word = text(value)
    try:
        return time(int(word[:2]), int(word[2:4]), int(word[4:])) if _TIME.fullmatch(word) else None
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def moment(day_word: str, time_word: str, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC of a date and a time on the clock of `zone`; None when either is not one."""
    on, at = day(day_word), clock_time(time_word)
    if on is None or at is None:
        return None
    try:
        return datetime.combine(on, at, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def order_number(value: object) -> str:
    """The broker's order number without leading zeros, "" when there is none that can be read."""
    found = _ORDER_NUMBER.fullmatch(text(value))
    return found[1] if found else ""


def json_object(content: bytes) -> Mapping[str, Any] | None:
    """The JSON object in an answer, numbers kept as the text they are; None for anything else."""
    try:
        found = json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None
    return found if isinstance(found, dict) else None


class Row:
    """One object of an answer, read by name in any case. Absent, null and nested values read as blank."""

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self._fields = {str(name).lower(): value for name, value in raw.items()}

    def text(self, *names: str) -> str:
        """The first of these names that is not blank."""
        return next((found for name in names if (found := text(self._fields.get(name)))), "")

    def decimal(self, *names: str) -> Decimal | None:
        return decimal(self.text(*names))

    def integer(self, *names: str) -> int | None:
        return integer(self.text(*names))

    def day(self, *names: str) -> date | None:
        """A date, YYYYMMDD."""
        return day(self.text(*names))

    def shares(self, *names: str) -> int | None:
        """Whole and not negative; None for anything else."""
        found = self.integer(*names)
        return found if found is not None and found >= 0 else None

    def must_decimal(self, *names: str) -> Decimal:
        """Raises Unreadable."""
        if (found := self.decimal(*names)) is None:
            raise Unreadable(names[0])
        return found

    def must_integer(self, *names: str) -> int:
        """Not negative. Raises Unreadable."""
        if (found := self.shares(*names)) is None:
            raise Unreadable(names[0])
        return found

    @property
    def blank(self) -> bool:
        """Nothing but blanks and zeros: KIS's way to send no row (sheet 4.11)."""
        return all(not text(v) or decimal(v) == 0 for v in self._fields.values())


def rows(body: Mapping[str, Any] | None, *names: str) -> Iterator[Row]:
    """The rows under the first of these keys: of an array, or of the single object sent in its place."""
    for item in _items(body, names) or ():
        if isinstance(item, Mapping):
            yield Row(item)


def rows_missing(body: Mapping[str, Any] | None, *names: str) -> int:
    """How many rows are known to be missing under these keys: what is no row, or one when the part itself is away."""
    found = _items(body, names)
    return 1 if found is None else sum(not isinstance(item, Mapping) for item in found)


def _items(body: Mapping[str, Any] | None, names: tuple[str, ...]) -> list[object] | None:
    """What is under the first of these keys that holds an array or an object; None when none does."""
    fields = {str(name).lower(): value for name, value in (body or {}).items()}
    found = next((fields[name] for name in names if isinstance(fields.get(name), list | Mapping)), None)
    return found if found is None or isinstance(found, list) else [found]
