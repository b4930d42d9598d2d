"""Answers to REST requests: what all of them share, and those of the log-in (sheet sections 2 and 3)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kis import codes, functions
from kis.wire.calls import Call
from kis.wire.values import SEOUL, Row, Unreadable, moment, rows, rows_missing, text


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is None when it was not a JSON object; `tr_cont` is the paging header."""

    status: int
    body: Mapping[str, Any] | None = field(repr=False)
    tr_cont: str
    received_at: datetime
    retry_after: float | None = None

    @property
    def result(self) -> str:
        """rt_cd: "0" is success."""
        return text((self.body or {}).get("rt_cd"))

    @property
    def code(self) -> str:
        """msg_cd of the business APIs, error_code of the token endpoint (sheet 2.1, 2.5)."""
        body = self.body or {}
        return text(body.get("msg_cd")) or text(body.get("error_code"))

    @property
    def message(self) -> str:
        body = self.body or {}
        return text(body.get("msg1")) or text(body.get("error_description"))

    @property
    def ok(self) -> bool:
        return self.status == 200 and self.result == "0"

    def next_page(self, call: Call) -> Call | None:
        """The request for the page after this one; None on the last.

        Unreadable when its key is missing, or when there is a key but no word on whether it leads anywhere.
        """
        more = self.tr_cont.strip().upper()
        fields = {str(k).lower(): v for k, v in (self.body or {}).items()}
        names = [name.lower() for name in call.paging or functions.CTX200]
        search, position = (fields.get(name) for name in names)
        leads_on = isinstance(position, str) and bool(position.strip())
        if more not in codes.MORE_PAGES:
            if more not in codes.LAST_PAGE and leads_on and call.paging:
                raise Unreadable("tr_cont")  # the header was lost on the way: a full list cannot be claimed (3.3)
            return None
        if not isinstance(search, str) or not isinstance(position, str) or not leads_on:
            raise Unreadable(names[1])
        return call.next_page(search, position)


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Rows of one page; `unreadable` counts rows that were there and could not be read."""

    rows: tuple[T, ...]
    unreadable: int = 0


def must[T](value: T | None, name: str) -> T:
    """The value; raises Unreadable when it is blank."""
    if not value:
        raise Unreadable(name)
    return value


def page[T](found: Iterable[Row], read: Callable[[Row], T | None]) -> Page[T]:
    """Rows read one by one: `read` answers None for what is no row and raises Unreadable for what must be one."""
    good: list[T] = []
    unreadable = 0
    for row in found:
        try:
            item = read(row)
        except Unreadable:
            unreadable += 1
        else:
            if item is not None:
                good.append(item)
    return Page(tuple(good), unreadable)


def table[T](answer: Answer, read: Callable[[Row], T | None], *names: str) -> Page[T]:
    """The rows under the first of these names, read as by `page`.

    An answer of success without that part proves no emptiness: it counts as unreadable, unless KIS says in its code
    that there is nothing.
    """
    found = page(rows(answer.body, *names), read)
    missing = 0 if answer.code in codes.NOTHING_FOUND else rows_missing(answer.body, *names)
    return Page(found.rows, found.unreadable + missing)


def access_token(answer: Answer) -> tuple[str, datetime] | None:
    """The token and its end in UTC (2.1); the end is Korean time without a zone. None when either is not there."""
    body = Row(answer.body or {})
    value = body.text("access_token")
    day_word, _, time_word = body.text("access_token_token_expired").partition(" ")
    ends = moment(day_word.replace("-", ""), time_word.strip().replace(":", ""), SEOUL)
    if answer.status != 200 or ends is None or not _header_safe(value):
        return None
    return value, ends


def approval_key(answer: Answer) -> str:
    """The WebSocket's key (2.3), "" when there is none."""
    return Row(answer.body or {}).text("approval_key") if answer.status == 200 else ""


def body_hash(answer: Answer) -> str:
    """The hash for the `hashkey` header (2.4), "" when there is none that could travel in one."""
    value = Row(answer.body or {}).text("hash")
    return value if answer.status == 200 and _header_safe(value) else ""


def _header_safe(value: str) -> bool:
    return 0 < len(value) <= 512 and value.isascii() and value.isprintable() and " " not in value
