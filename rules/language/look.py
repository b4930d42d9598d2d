"""What a compiled condition can see: one moment of the market, from one rule's point of view."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy

from market.data import Bar, MarketData, Quote
from market.words import Timeframe
from rules.indicators import REGISTRY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FormingBar:
    """The bar that a quote is making. What was not seen of it is None."""

    start: datetime
    close: Decimal
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: int | None = None


Row = Bar | FormingBar


class Look:
    """One moment. Whatever cannot be known is None ("unknown"), never a number that stands for it.

    `rows` are the bars the rule may see, oldest first. `current` is False when they end too long ago to speak of
    now: everything that is made of bars is then unknown.
    """

    __slots__ = ("current", "market", "quote", "rows")

    def __init__(self, market: MarketData, rows: tuple[Row, ...], *, current: bool = True) -> None:
        self.market = market
        self.quote: Quote | None = market.quote
        self.rows = rows
        self.current = current and market.bars.complete

    def bar(self, field: str, offset: int) -> Decimal | None:
        """One value of the bar `offset` bars before the newest; None when it is not there."""
        if not self.current or offset >= len(self.rows):
            return None
        value = getattr(self.rows[-1 - offset], field)
        return value if value is None or isinstance(value, Decimal) else Decimal(value)

    def column(self, field: str, window: int, offset: int) -> numpy.ndarray | None:
        """Exactly `window` values ending `offset` bars before the newest, float64; None when any is missing."""
        end = len(self.rows) - offset
        if not self.current or end < window:
            return None
        taken = [getattr(row, field) for row in self.rows[end - window : end]]
        if None in taken:
            return None
        return numpy.array([float(value) for value in taken], dtype=numpy.float64)

    def indicator(self, name: str, source: str, parameters: tuple[int, ...], offset: int) -> float | None:
        """None while warming up."""
        indicator = REGISTRY[name]
        values = self.column(source, indicator.window(*parameters), offset)
        return None if values is None else indicator.compute(values, *parameters)


def closed_bars(market: MarketData) -> tuple[Bar, ...]:
    """The bars that had closed at `market.now`, whatever else the series holds: nobody sees the future here."""
    rows, end = market.bars.rows, len(market.bars.rows)
    while end and not has_closed(rows[end - 1], market):
        end -= 1
    return rows[:end]


def has_closed(bar: Bar, market: MarketData) -> bool:
    """A daily bar ends with its session, not 24 hours after it began, so there the mark alone decides."""
    if market.bars.timeframe is Timeframe.D1:
        return bar.closed and bar.start <= market.now
    return bar.closed and bar.start + span(market.bars.timeframe) <= market.now


def with_forming(market: MarketData) -> tuple[Row, ...]:
    """The closed bars and the one that the quote is making.

    The forming bar's close is the quote's price, and its high and low include it. When the series does not
    carry the forming bar, only its close is known. A quote from inside a bar that has already closed makes no bar.
    """
    closed, quote = closed_bars(market), market.quote
    if quote is None:
        return closed
    started = market.bars.rows[len(closed)] if len(market.bars.rows) > len(closed) else None
    if started is not None and not started.closed and started.start <= market.now:
        return (*closed, _moved_to(started, quote.last))
    start = slot_start(quote.at, market.bars.timeframe)
    if closed and start <= closed[-1].start:
        return closed
    return (*closed, FormingBar(start, quote.last))


def _moved_to(bar: Bar, price: Decimal) -> FormingBar:
    high, low = max(bar.high, price), min(bar.low, price)
    return FormingBar(bar.start, price, open=bar.open, high=high, low=low, volume=bar.volume)


def slot_start(moment: datetime, timeframe: Timeframe) -> datetime:
    """The start of the bar of this length that contains the moment, counted from the epoch in UTC."""
    step = span(timeframe)
    return _EPOCH + (moment - _EPOCH) // step * step


def span(timeframe: Timeframe) -> timedelta:
    return timedelta(seconds=timeframe.seconds)
