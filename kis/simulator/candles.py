"""A price that follows a file of candles: ticks, quotes and bars are those of the file.

Within a candle the price runs straight from the open to the nearer extreme, to the other one and to the close: the low
comes first when the candle rises. Between candles nothing trades and the last close stands. Before the first candle and
after the last one the seed's course goes on, scaled so that it meets the file.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import accumulate, pairwise
from pathlib import Path as File

from kis.simulator.calendar import Calendar
from kis.simulator.listing import Listing
from kis.simulator.market_path import TICKS_PER_MINUTE, TICKS_PER_SECOND, Bar, Path, join, tick_index

COLUMNS = ("time", "open", "high", "low", "close", "volume")


class BadCandles(ValueError):
    """The file cannot be used; the message says where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Candle:
    """The ticks first … end-1, prices in cents."""

    first: int
    end: int
    open: int
    high: int
    low: int
    close: int
    volume: int

    def corners(self) -> list[tuple[int, int]]:
        """(tick, price) where the straight runs meet."""
        n = self.end - self.first - 1
        nearer, farther = (self.low, self.high) if self.close >= self.open else (self.high, self.low)
        marks = (0, self.open), (n // 3, nearer), (2 * n // 3, farther), (n, self.close)
        return [(self.first + at, price) for at, price in marks]

    def at(self, k: int) -> int:
        for (start, left), (stop, right) in pairwise(self.corners()):
            if k <= stop:
                return left + (right - left) * (k - start) // (stop - start)
        raise IndexError(k)

    def bar(self, first: int, end: int) -> Bar:
        """Of a part: straight runs have their extremes at their ends."""
        lasts = [self.at(k) for k in (first, *(c for c, _ in self.corners() if first < c < end - 1), end - 1)]
        return Bar(first, lasts[0], max(lasts), min(lasts), lasts[-1])

    def traded(self, end: int) -> int:
        """Shares of the ticks before `end`."""
        return self.volume * (end - self.first) // (self.end - self.first)


class CandlePath:
    """The course of a symbol that a file tells. `candles` are in the order of time, at least one."""

    def __init__(self, seeded: Path, candles: list[Candle]) -> None:
        self.listing = seeded.listing
        self._seeded = seeded
        self._candles = candles
        self._firsts = [c.first for c in candles]
        self._before = list(accumulate((c.volume for c in candles), initial=0))
        self._start, self._end = candles[0].first, candles[-1].end
        self._early = candles[0].open, seeded.last_at(self._start)[1]
        self._late = candles[-1].close, seeded.last_at(self._end - 1)[1]

    def _scaled(self, cents: int, by: tuple[int, int]) -> int:
        return max(2, (cents * by[0] + by[1] // 2) // by[1])

    def last_at(self, k: int) -> tuple[int, int]:
        """(middle, last) at a tick, in cents."""
        if not self._start <= k < self._end:
            last = self._scaled(self._seeded.last_at(k)[1], self._early if k < self._start else self._late)
        else:
            candle = self._candles[bisect_right(self._firsts, k) - 1]
            last = candle.at(k) if k < candle.end else candle.close
        return last, last

    def bar(self, first: int, end: int) -> Bar | None:
        parts = [
            self._outside(first, min(end, self._start), self._early),
            *self._inside(max(first, self._start), min(end, self._end)),
            self._outside(max(first, self._end), end, self._late),
        ]
        bars = [bar for bar in parts if bar is not None]
        return join(bars) if bars else None

    def _outside(self, first: int, end: int, by: tuple[int, int]) -> Bar | None:
        bar = self._seeded.bar(first, end)
        if bar is None:
            return None
        prices = (self._scaled(cents, by) for cents in (bar.open, bar.high, bar.low, bar.close))
        return Bar(first, *prices)

    def _inside(self, first: int, end: int) -> Iterator[Bar]:
        if first >= end:
            return
        for candle in self._candles[
            max(0, bisect_right(self._firsts, first) - 1) : bisect_right(self._firsts, end - 1)
        ]:
            start, stop = max(first, candle.first), min(end, candle.end)
            if start < stop:
                yield candle.bar(start, stop)

    def size(self, k: int) -> int:
        return self.flow(k, k + 1)

    def sizes(self, k: int) -> tuple[int, int]:
        return self._seeded.sizes(k)

    def volume(self, first: int, k: int) -> int:
        return self.flow(first, k + 1)

    def flow(self, first: int, end: int) -> int:
        return self._traded(end) - self._traded(first) if end > first else 0

    def _traded(self, k: int) -> int:
        """Shares of the ticks from the first candle up to `k`, which may lie before it."""
        if k <= self._start:
            return -self._seeded.flow(k, self._start)
        if k >= self._end:
            return self._before[-1] + self._seeded.flow(self._end, k)
        i = bisect_right(self._firsts, k) - 1
        return self._before[i] + self._candles[i].traded(min(k, self._candles[i].end))


def read(file: File, listing: Listing, seed: int, calendar: Calendar) -> CandlePath:
    """The course of a CSV file with the columns time,open,high,low,close,volume, oldest row first.

    `time` is an ISO moment with its zone, on a whole minute, or a date: then the row is a whole trading day. Prices are
    USD, rounded to cents. A blank volume is that of the listing. Raises BadCandles.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise BadCandles(f"{file} cannot be read: {getattr(e, 'strerror', None) or e}") from e
    if not rows or any(c not in rows[0] for c in COLUMNS):
        raise BadCandles(f"{file} needs the columns {','.join(COLUMNS)} and at least one row")
    try:
        return CandlePath(Path(seed, listing), _candles(rows, listing, calendar))
    except BadCandles as e:
        raise BadCandles(f"{file}, {e}") from e


def _candles(rows: list[dict[str, str]], listing: Listing, calendar: Calendar) -> list[Candle]:
    daily = len((rows[0]["time"] or "").strip()) == 10
    starts = [(_day if daily else _minute)(row["time"], n, calendar) for n, row in enumerate(rows, 2)]
    width = min((b[0] - a[0] for a, b in pairwise(starts)), default=TICKS_PER_MINUTE)
    found: list[Candle] = []
    for n, ((first, end), row) in enumerate(zip(starts, rows, strict=True), 2):
        if found and first < found[-1].end:
            raise BadCandles(f"line {n}: the oldest row comes first, and no time twice")
        stop = end if daily else first + width
        found.append(_candle(row, n, first, stop, listing))
    return found


def _minute(text: str, n: int, calendar: Calendar) -> tuple[int, int]:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadCandles(f"line {n}: time is an ISO moment like the others, not {text!r}") from None
    if moment.tzinfo is None or moment.timestamp() % 60:
        raise BadCandles(f"line {n}: time has a zone and lies on a whole minute, not {text!r}")
    k = tick_index(moment)
    return k, k + TICKS_PER_MINUTE


def _day(text: str, n: int, calendar: Calendar) -> tuple[int, int]:
    try:
        day = calendar.day(date.fromisoformat(text.strip()))
    except ValueError:
        raise BadCandles(f"line {n}: time is a date like the others, not {text!r}") from None
    if not day.sessions:
        raise BadCandles(f"line {n}: {text} is no trading day of this calendar")
    return tuple(int(m.timestamp() * TICKS_PER_SECOND) for m in (day.sessions[0].start, day.sessions[-1].end))  # type: ignore[return-value]


def _candle(row: dict[str, str], n: int, first: int, end: int, listing: Listing) -> Candle:
    try:
        opened, high, low, close = (
            int((Decimal(row[c].strip()) * 100).quantize(Decimal(1), ROUND_HALF_UP)) for c in COLUMNS[1:5]
        )
        text = (row["volume"] or "").strip()
        volume = int(Decimal(text)) if text else listing.volume * (end - first)
    except (AttributeError, InvalidOperation, ValueError, OverflowError):
        raise BadCandles(f"line {n}: open, high, low and close are amounts in USD, volume a number of shares") from None
    if not (2 <= low <= min(opened, close) and max(opened, close) <= high and volume >= 0):
        raise BadCandles(f"line {n}: low is at least 0.02, the least of the four, and high the greatest; volume >= 0")
    return Candle(first, end, opened, high, low, close, volume)
