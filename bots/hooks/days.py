"""The trading day that a hook is of."""

from datetime import date, datetime

from bots.hooks.planning import Day, days_of
from bots.hooks.running import LOOK_BACK_DAYS
from instruments.selectors import session_spans
from market.errors import Text, TradingError


class NoSuchDay(TradingError):
    """The calendar has the day no more: it was closed after the hook was planned."""


def day_of(trading_day: date, now: datetime) -> Day:
    """The day's sessions. Raises NoSuchDay."""
    for day in days_of(session_spans(now, days=LOOK_BACK_DAYS)):
        if day.trading_day == trading_day:
            return day
    raise NoSuchDay(
        Text(f"{trading_day}은(는) 거래일이 아닙니다.", f"{trading_day} is no trading day any more."), code="no_day"
    )
