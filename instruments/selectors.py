"""What can be traded, and when."""

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from api.problems import ApiError
from instruments.models import Closure, Instrument, TradingDay
from market.data import aware
from market.errors import Text
from market.sessions import ClosedPart, SessionSpan, without_closures
from market.words import Exchange, Session

FRESH_SEC = 30  # how long a process may go on with sessions that it has read
SLACK = timedelta(hours=1)  # so that a moving `around` is answered from one reading

_read: dict[int, tuple[float, datetime, tuple[SessionSpan, ...]]] = {}


def session_spans(around: datetime, days: int = 5) -> tuple[SessionSpan, ...]:
    """Sessions that touch `around` ± `days`, oldest first, without closures that people entered.

    Read at most twice a minute by a process.
    """
    aware(around)
    known = _read.get(days)
    if known and time.monotonic() - known[0] < FRESH_SEC and abs(around - known[1]) < SLACK:
        return known[2]
    reach = timedelta(days=days) + SLACK
    rows = TradingDay.objects.filter(market="US", end__gt=around - reach, start__lt=around + reach)
    planned = (
        SessionSpan(day, Session(session), start, end)
        for day, session, start, end in rows.order_by("start").values_list("trading_day", "session", "start", "end")
    )
    spans = tuple(without_closures(planned, _closed()))
    _read[days] = (time.monotonic(), around, spans)
    return spans


def _closed() -> dict[date, ClosedPart]:
    rows = Closure.objects.filter(market="US").values_list("trading_day", "closed_from", "closed_until")
    return {day: ClosedPart(start, end) for day, start, end in rows}


def forget_sessions() -> None:
    """Read the table anew at the next look."""
    _read.clear()


def instrument(symbol: str) -> Instrument:
    """The instrument of this symbol, in either case. Raises ApiError `unknown_symbol`."""
    found = Instrument.objects.filter(symbol=symbol.strip().upper()).first()
    if found is None:
        text = Text(f"{symbol}: 등록되지 않은 종목입니다.", f"{symbol}: no such instrument is registered.")
        raise ApiError("unknown_symbol", text, 400, {"symbol": [text]})
    return found


def exchange_of(symbol: str) -> Exchange:
    """Where it is listed. Raises ApiError `unknown_symbol`."""
    return Exchange(instrument(symbol).exchange)


def exchanges_of(symbols: Iterable[str]) -> dict[str, Exchange]:
    """Where each is listed; unknown ones are left out."""
    wanted = set(symbols)
    if not wanted:
        return {}
    rows = Instrument.objects.filter(symbol__in=wanted).values_list("symbol", "exchange")
    return {symbol: Exchange(exchange) for symbol, exchange in rows}


def instruments_like(text: str) -> QuerySet[Instrument]:
    """Tradable instruments whose symbol begins with the text or whose name, in either language, holds it."""
    found = Instrument.objects.filter(tradable=True)
    if not (text := text.strip()):
        return found
    return found.filter(Q(symbol__istartswith=text) | Q(name_ko__icontains=text) | Q(name_en__icontains=text))
