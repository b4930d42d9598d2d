"""Sessions of trading days. New York decides the day; the rows come from the TradingDay table."""

from collections.abc import Iterable
from dataclasses import dataclass
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


def session_at(now: datetime, spans: Iterable[SessionSpan]) -> SessionView:
    """The session that contains `now`, or a view without one: the market is closed."""
    aware(now)
    for span in spans:
        if span.start <= now < span.end:
            return SessionView(span.session, span.trading_day, span.start, span.end)
    return SessionView(None)
