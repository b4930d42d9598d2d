"""Sessions of trading days. New York decides the day; the rows come from the TradingDay table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from market.data import SessionView, aware
from market.words import Session

NEW_YORK = ZoneInfo("America/New_York")
SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class SessionSpan:
    """One session: [start, end) in UTC, and the trading day it belongs to."""

    trading_day: date
    session: Session
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ClosedPart:
    """A part of a trading day in which nothing trades, against the calendar; without times it is the whole day."""

    closed_from: datetime | None = None  # the day ends there
    closed_until: datetime | None = None  # the day begins there


def without_closures(spans: Iterable[SessionSpan], closed: Mapping[date, ClosedPart]) -> Iterator[SessionSpan]:
    """The sessions that are left when closures are taken away."""
    for span in spans:
        part = closed.get(span.trading_day)
        if part is None:
            yield span
        elif part.closed_from is not None or part.closed_until is not None:
            start = max(span.start, part.closed_until or span.start)
            end = min(span.end, part.closed_from or span.end)
            if start < end:
                yield replace(span, start=start, end=end)


def session_at(now: datetime, spans: Iterable[SessionSpan]) -> SessionView:
    """The session that contains `now`, or a view without one: the market is closed."""
    aware(now)
    for span in spans:
        if span.start <= now < span.end:
            return SessionView(span.session, span.trading_day, span.start, span.end)
    return SessionView(None)
