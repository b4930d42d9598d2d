"""Lists that come in pages (sheet 3.3), and what they are worth when a page is missing."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kis import codes, messages
from kis.client import KisClient
from kis.transport import unreadable
from kis.wire.answers import Answer, Page
from kis.wire.calls import Call
from kis.wire.values import Unreadable
from market.errors import CredentialProblem, Throttled, TradingError
from market.orders import Listing, Statement
from market.words import Freshness, Lane


@dataclass(slots=True)
class Pages[T]:
    """What was read of a list. `spoiled`: rows are missing; `failure`: why reading stopped early."""

    read_at: datetime
    rows: list[T] = field(default_factory=list)
    spoiled: bool = False
    pages: int = 0
    failure: TradingError | None = None

    def add(self, other: "Pages[T]") -> None:
        """A list that is asked for in parts, such as one per exchange."""
        self.rows += other.rows
        self.spoiled |= other.spoiled
        self.pages += other.pages
        self.failure = self.failure or other.failure
        self.read_at = min(self.read_at, other.read_at)  # as old as its oldest part

    def listing[R](self, rows: tuple[R, ...]) -> Listing[R]:
        return Listing(rows, self.freshness(bool(rows)), self.complete, self.read_at)

    @property
    def complete(self) -> bool:
        return not self.spoiled and self.failure is None

    def freshness(self, some: bool) -> Freshness:
        """What it is worth; `some`: there are rows."""
        if self.complete:
            return Freshness.FRESH if some else Freshness.EMPTY
        if some or self.pages:
            return Freshness.PARTIAL
        return Freshness.THROTTLED if isinstance(self.failure, Throttled) else Freshness.FAILED


async def read_pages[T](first: Call, parse: Callable[[Answer], Page[T]], *, client: KisClient, lane: Lane) -> Pages[T]:
    """Every page, bounded, and stopped when a position repeats. Raises CredentialProblem only."""
    found = Pages[T](client.clock())
    call: Call | None = first
    seen: set[str] = set()
    while call is not None:
        position = call.fields[call.paging[1]] if call.paging else ""
        if position in seen or found.pages >= codes.MAX_PAGES:
            found.spoiled = True
            break
        seen.add(position)
        call = await _read_one(found, call, parse, client, lane)
    return found


class _HasRaw(Protocol):
    @property
    def raw(self) -> Mapping[str, Any]: ...


def repeated(rows: Iterable[_HasRaw]) -> bool:
    """Whether some row came twice, field by field."""
    seen = [json.dumps(dict(row.raw), sort_keys=True, default=str) for row in rows]
    return len(set(seen)) != len(seen)


async def read_statement[T: _HasRaw, S](
    first: Call,
    parse: Callable[[Answer], Page[T]],
    sums: Callable[[Answer], S | None],
    *,
    agree: Callable[[Sequence[T], S], bool] = lambda _rows, _sums: False,
    client: KisClient,
    lane: Lane,
) -> Statement[T, S]:
    """Every page with the broker's sums, of which the latest stand. Raises CredentialProblem only.

    Rows that are alike may be two trades or a row sent twice in the place of another: they are believed when the
    sums `agree`.
    """
    seen: list[S] = []

    def both(answer: Answer) -> Page[T]:
        found = sums(answer)
        if found is not None:
            seen.append(found)
        return parse(answer)

    found = await read_pages(first, both, client=client, lane=lane)
    rows = tuple(found.rows)
    total = seen[-1] if seen else None
    found.spoiled |= repeated(rows) and (total is None or not agree(rows, total))
    return Statement(rows, total, found.freshness(bool(rows)), found.complete, found.read_at)


async def _read_one[T](
    found: Pages[T], call: Call, parse: Callable[[Answer], Page[T]], client: KisClient, lane: Lane
) -> Call | None:
    """Add one page to what was found; the request for the next, or None."""
    try:
        answer = await client.read(call, lane=lane)
    except CredentialProblem:
        raise
    except TradingError as problem:
        found.failure = problem
        return None
    page = parse(answer)
    found.pages += 1
    found.rows += page.rows
    found.spoiled |= page.unreadable > 0
    if call.paging is None:
        return None
    try:
        return answer.next_page(call)
    except Unreadable:
        found.spoiled = True
        return None


class _Read(Protocol):
    """Anything that was read and says what it is worth."""

    @property
    def freshness(self) -> Freshness: ...

    @property
    def complete(self) -> bool: ...


def whole[R: _Read](found: R) -> R:
    """What was found itself. Raises Throttled or ReadFailed when some of it is missing."""
    if found.freshness is Freshness.THROTTLED:
        raise Throttled(messages.MESSAGES["EGW00201"], retry_after=1.0)
    if not found.complete:
        raise unreadable("output")
    return found


def complete[T](listing: Listing[T]) -> list[T]:
    """All rows of a listing. Raises as `whole`."""
    return list(whole(listing).rows)
