"""Bars that were seen, kept for ever: a correction is a new version beside the old one (safety.md 4.2)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from instruments.models import Candle
from market.columns import Columns
from market.data import Bar
from market.sessions import NEW_YORK, SessionSpan
from market.words import Session, Timeframe

_SAME = ("open", "high", "low", "close", "volume")


def store_candles(
    symbol: str,
    timeframe: Timeframe,
    bars: Sequence[Bar],
    *,
    spans: Sequence[SessionSpan] = (),
    source: str,
) -> int:
    """Keep the closed bars; how many were new or corrected. What is there already is not written again.

    `spans` are the sessions around the bars: they say which session a minute bar belongs to (regular when none does).
    """
    closed = {bar.start: bar for bar in bars if bar.closed}
    if not closed:
        return 0
    with transaction.atomic():
        known = {row.start: row for row in newest(symbol, timeframe, first=min(closed), last=max(closed))}
        fresh = [
            _row(symbol, timeframe, bar, known.get(start), spans, source)
            for start, bar in sorted(closed.items())
            if start not in known or _differs(known[start], bar)
        ]
        # somebody else may store the same bars at the same moment
        Candle.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2000)
    return len(fresh)


def newest(
    symbol: str, timeframe: Timeframe, *, first: datetime | None = None, last: datetime | None = None
) -> QuerySet[Candle]:
    """The latest version of every stored bar that starts in [first, last], oldest first."""
    rows = Candle.objects.filter(symbol=symbol, timeframe=timeframe)
    if first is not None:
        rows = rows.filter(start__gte=first)
    if last is not None:
        rows = rows.filter(start__lte=last)
    return rows.order_by("start", "-version").distinct("start")


def read_columns(
    symbol: str,
    timeframe: Timeframe,
    *,
    first: datetime | None = None,
    last: datetime | None = None,
    sessions: Iterable[Session] = (Session.REGULAR,),
) -> Columns:
    """The stored bars of these sessions as columns; empty when there are none."""
    rows = newest(symbol, timeframe, first=first, last=last)
    if timeframe is not Timeframe.D1:
        rows = rows.filter(session__in=[session.value for session in sessions])
    found = rows.values_list("start", *_SAME).iterator(chunk_size=5000)
    return Columns.of([Bar(*values) for values in found], timeframe, begins=True)


def coverage(symbol: str, timeframe: Timeframe) -> tuple[datetime, datetime] | None:
    """The starts of the first and the last stored bar; None without any."""
    ends = Candle.objects.filter(symbol=symbol, timeframe=timeframe).aggregate(first=Min("start"), last=Max("start"))
    return (ends["first"], ends["last"]) if ends["first"] else None


def day_start(day: date) -> datetime:
    """Midnight in New York: where a daily bar starts."""
    return datetime.combine(day, time(), NEW_YORK)


def _differs(row: Candle, bar: Bar) -> bool:
    return any(getattr(row, name) != getattr(bar, name) for name in _SAME)


def _row(
    symbol: str, timeframe: Timeframe, bar: Bar, before: Candle | None, spans: Sequence[SessionSpan], source: str
) -> Candle:
    return Candle(
        symbol=symbol,
        timeframe=timeframe,
        start=bar.start,
        version=before.version + 1 if before else 1,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        session=_session_of(bar.start, timeframe, spans),
        source=source,
    )


def _session_of(start: datetime, timeframe: Timeframe, spans: Sequence[SessionSpan]) -> Session:
    if timeframe is Timeframe.D1:
        return Session.REGULAR
    return next((span.session for span in spans if span.start <= start < span.end), Session.REGULAR)
