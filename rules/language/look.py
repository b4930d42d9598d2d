"""What a compiled condition can see: one moment of the market, from one rule's point of view."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import overload

from market.columns import Columns, visible
from market.data import Bar, Bars, MarketData, Quote, SeriesKey
from market.words import Timeframe
from rules.language.beside import beside
from rules.language.nodes import OWN, Series

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPANS = {timeframe: timedelta(seconds=timeframe.seconds) for timeframe in Timeframe}


@dataclass(frozen=True, slots=True)
class FormingBar:
    """The bar that a quote is making, when the series does not carry it: all but its close is unknown."""

    start: datetime
    close: Decimal
    open: None = None
    high: None = None
    low: None = None
    volume: None = None


Row = Bar | FormingBar


class Seen(Sequence[Row]):
    """The bars of a series that may be seen, oldest first: the first `closed` rows, and perhaps one that is forming.

    Nothing is copied until somebody asks for it.
    """

    __slots__ = ("_columns", "bars", "closed", "forming")

    def __init__(self, bars: Bars, closed: int, forming: Row | None = None) -> None:
        self.bars = bars
        self.closed = closed
        self.forming = forming
        self._columns: Columns | None = None

    def __len__(self) -> int:
        return self.closed + (self.forming is not None)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, at: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(at, slice):
            return self.rows[at]
        index = at if at >= 0 else at + len(self)
        if index == self.closed and self.forming is not None:
            return self.forming
        if not 0 <= index < self.closed:
            raise IndexError(at)
        return self.bars.rows[index]

    @property
    def rows(self) -> tuple[Row, ...]:
        rows = tuple(self.bars.rows[: self.closed])
        return rows if self.forming is None else (*rows, self.forming)

    @property
    def columns(self) -> Columns:
        """The same bars as numbers."""
        if self._columns is None:
            self._columns = self._as_columns()
        return self._columns

    def _as_columns(self) -> Columns:
        columns, count, forming = self.bars.columns, self.closed, self.forming
        if forming is None:
            if count == len(columns):
                return columns
            key = ("upto", count)  # every rule that looks at these bars shares what is reckoned of them
            if key not in columns.memo:
                columns.memo[key] = columns.upto(count)
            part: Columns = columns.memo[key]
            return part
        rows = self.bars.rows
        if len(rows) == count + 1 and forming is rows[count]:
            return columns  # which has that very bar as its last
        start = int((forming.start - _EPOCH).total_seconds())
        values = (_float(getattr(forming, name)) for name in ("close", "open", "high", "low", "volume"))
        return columns.upto(count).with_forming(start, *values)


class Look:
    """One moment. Whatever cannot be known is None ("unknown"), never a number that stands for it.

    `rows` are the bars the rule may see of its own series. `current` is False when they end too long ago to speak of
    now: everything that is made of them is then unknown. Other series show the bars that were over when the newest
    closed bar of the own series was (`by_bar`), or at `market.now`.
    """

    __slots__ = ("_others", "by_bar", "current", "market", "price", "quote", "rows")

    def __init__(self, market: MarketData, rows: Seen, *, current: bool = True, by_bar: bool = True) -> None:
        self.market = market
        self.quote: Quote | None = market.quote
        self.price: Decimal | None = None if market.quote is None else market.quote.last
        self.rows = rows
        self.current = current and market.bars.complete
        self.by_bar = by_bar
        self._others: dict[Series, Seen | None] = {}

    def bar(self, field: str, offset: int) -> Decimal | None:
        """One value of the own bar `offset` bars before the newest; None when it is not there."""
        return _value(self.rows, field, offset) if self.current else None

    def bar_of(self, series: Series, field: str, offset: int) -> Decimal | None:
        """The same of any series."""
        seen = self.seen(series)
        return None if seen is None else _value(seen, field, offset)

    def columns(self) -> Columns | None:
        """The own bars as numbers; None when they do not speak of now, or are none."""
        return self.rows.columns if self.current and len(self.rows) else None

    def columns_of(self, series: Series) -> Columns | None:
        """The same of any series; None when it is not there or has holes."""
        seen = self.seen(series)
        return seen.columns if seen is not None and len(seen) else None

    def columns_beside(self, series: Series, benchmark: Series) -> Columns | None:
        """The bars of a series with the closes of another beside them."""
        columns, other = self.columns_of(series), self.columns_of(benchmark)
        return None if columns is None or other is None else beside(columns, other)

    def seen(self, series: Series) -> Seen | None:
        """The bars of a series that may be seen; None when they cannot be relied on."""
        if series not in self._others:
            self._others[series] = self._find(series)
        return self._others[series]

    def _find(self, series: Series) -> Seen | None:
        market = self.market
        whole = series.named(market.symbol, market.bars.timeframe)
        if series == OWN or (whole.symbol, whole.timeframe) == (market.symbol, market.bars.timeframe):
            return self.rows if self.current else None
        assert whole.symbol is not None and whole.timeframe is not None
        bars = market.others.get(SeriesKey(whole.symbol, whole.timeframe))
        if bars is None or not bars.complete:
            return None
        count = closed_count(bars, market.now)
        if self.by_bar and len(self.rows):
            start = int((self.rows[-1].start - _EPOCH).total_seconds())
            count = min(count, visible(bars.columns, market.bars.timeframe, start))
        return Seen(bars, count)


def _value(rows: Seen, field: str, offset: int) -> Decimal | None:
    if offset >= len(rows):
        return None
    value = getattr(rows[-1 - offset], field)
    return value if value is None or isinstance(value, Decimal) else Decimal(value)


def _float(value: Decimal | int | None) -> float:
    return float("nan") if value is None else float(value)


def closed_bars(market: MarketData) -> Seen:
    """The bars that had closed at `market.now`, whatever else the series holds: nobody sees the future here."""
    return Seen(market.bars, closed_count(market.bars, market.now))


def closed_count(bars: Bars, now: datetime) -> int:
    """How many of the rows had closed by then."""
    rows, end = bars.rows, len(bars.rows)
    while end and not has_closed(rows[end - 1], bars.timeframe, now):
        end -= 1
    return end


def has_closed(bar: Bar, timeframe: Timeframe, now: datetime) -> bool:
    """A daily bar ends with its session, not 24 hours after it began, so there the mark alone decides."""
    if timeframe is Timeframe.D1:
        return bar.closed and bar.start <= now
    return bar.closed and bar.start + _SPANS[timeframe] <= now


def with_forming(market: MarketData) -> Seen:
    """The closed bars and the one that the quote is making.

    The forming bar's close is the quote's price, and its high and low include it. When the series does not
    carry the forming bar, only its close is known. A quote from inside a bar that has already closed makes no bar.
    """
    closed, quote = closed_bars(market), market.quote
    if quote is None:
        return closed
    count, rows = closed.closed, market.bars.rows
    started = rows[count] if len(rows) > count else None
    if started is not None and not started.closed and started.start <= market.now:
        return Seen(market.bars, count, _moved_to(started, quote.last))
    start = slot_start(quote.at, market.bars.timeframe)
    if count and start <= rows[count - 1].start:
        return closed
    return Seen(market.bars, count, FormingBar(start, quote.last))


def _moved_to(bar: Bar, price: Decimal) -> Bar:
    if bar.close == price and bar.low <= price <= bar.high:
        return bar
    high, low = max(bar.high, price), min(bar.low, price)
    return Bar(bar.start, bar.open, high, low, price, bar.volume, closed=False)


def slot_start(moment: datetime, timeframe: Timeframe) -> datetime:
    """The start of the bar of this length that contains the moment, counted from the epoch in UTC."""
    step = span(timeframe)
    return _EPOCH + (moment - _EPOCH) // step * step


def span(timeframe: Timeframe) -> timedelta:
    return _SPANS[timeframe]
