"""Bars as columns of numbers: what indicators read, live, in a preview and in a backtest alike. Pure.

Prices and volumes are float64 (the nearest to the exact ones), NaN where a value is not known. `start` is the
bar's beginning in whole seconds since 1970 UTC, strictly increasing; a bar of a day starts at midnight in New York.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy

from market.words import Timeframe

if TYPE_CHECKING:
    from market.data import Bar

FIELDS = ("open", "high", "low", "close", "volume")
DAY = 86_400
DAY_BEGINS = 8 * 3600  # UTC: 17:00 in Seoul, before New York's pre-market opens, summer and winter
DAYS_IN_BLOCK = 28  # of daily bars
_NEW_YORK = ZoneInfo("America/New_York")


class Columns:
    """Bars of one series, oldest first. Never changed once made; parts of it share its memory.

    `begins`: nothing lies before the first bar (a listing, or the first row of a file). `memo` holds what was
    already reckoned from exactly these bars, `anchors` what was found from their times alone.
    """

    __slots__ = (
        "_blocks",
        "_dates",
        "anchors",
        "begins",
        "close",
        "high",
        "low",
        "memo",
        "open",
        "start",
        "timeframe",
        "volume",
    )

    def __init__(
        self,
        timeframe: Timeframe,
        start: numpy.ndarray,
        open: numpy.ndarray,
        high: numpy.ndarray,
        low: numpy.ndarray,
        close: numpy.ndarray,
        volume: numpy.ndarray,
        *,
        begins: bool = False,
    ) -> None:
        self.timeframe = timeframe
        self.start = start
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.begins = begins
        self.memo: dict[Hashable, Any] = {}
        self.anchors: dict[int, int | None] = {}
        self._blocks: numpy.ndarray | None = None
        self._dates: numpy.ndarray | None = None

    @classmethod
    def of(cls, bars: "Sequence[Bar]", timeframe: Timeframe, begins: bool = False) -> "Columns":
        """From bars, whose missing values (None) become NaN."""
        start = numpy.array([int(bar.start.timestamp()) for bar in bars], dtype=numpy.int64)
        return cls(timeframe, start, *(_floats(getattr(bar, name) for bar in bars) for name in FIELDS), begins=begins)

    @classmethod
    def empty(cls, timeframe: Timeframe, begins: bool = False) -> "Columns":
        return cls.of((), timeframe, begins)

    def __len__(self) -> int:
        return len(self.start)

    def upto(self, n: int) -> "Columns":
        """The first `n` bars; shares memory."""
        return self if n == len(self) else self.between(0, n)

    def between(self, a: int, b: int) -> "Columns":
        """Bars `a` (included) to `b` (not); shares memory."""
        part = Columns(
            self.timeframe,
            self.start[a:b],
            self.open[a:b],
            self.high[a:b],
            self.low[a:b],
            self.close[a:b],
            self.volume[a:b],
            begins=self.begins and a == 0,
        )
        if self._blocks is not None:
            part._blocks = self._blocks[a:b]
        if self._dates is not None:
            part._dates = self._dates[a:b]
        return part

    def column(self, name: str) -> numpy.ndarray:
        """One of FIELDS."""
        if name not in FIELDS:
            raise KeyError(name)
        values: numpy.ndarray = getattr(self, name)
        return values

    def part(self, a: int, b: int, source: str = "close") -> "Columns":
        """Bars `a` to `b` with another column in the place of `close`: what an indicator reads, cut when it reads."""
        return _Part(self, a, b, source)

    def with_forming(
        self,
        start: int,
        close: float,
        open: float = numpy.nan,
        high: float = numpy.nan,
        low: float = numpy.nan,
        volume: float = numpy.nan,
    ) -> "Columns":
        """These bars and one more that is being made; what is not known of it is NaN. Copies."""
        values = (open, high, low, close, volume)
        return Columns(
            self.timeframe,
            numpy.append(self.start, numpy.int64(start)),
            *(numpy.append(self.column(name), value) for name, value in zip(FIELDS, values, strict=True)),
            begins=self.begins,
        )

    @property
    def blocks(self) -> numpy.ndarray:
        """The number of the block of every bar (int64, never falling): where recursive indicators may begin.

        A block is a day from 08:00 UTC; for daily bars 28 days counted from 1970.
        """
        if self._blocks is None:
            self._blocks = blocks_of(self.start, self.timeframe)
        return self._blocks

    @property
    def dates(self) -> numpy.ndarray:
        """The date in New York on which each bar begins, in days since 1970-01-01 (int64)."""
        if self._dates is None:
            self._dates = new_york_dates(self.start)
        return self._dates

    def resampled(self, timeframe: Timeframe) -> "Columns":
        """Longer bars made of these. The last may still be forming: `visible` says when one may be seen.

        When older bars are missing (`begins` is False), a first longer bar that may lack some is left out.
        """
        if timeframe is self.timeframe:
            return self
        if timeframe.seconds % self.timeframe.seconds:
            raise ValueError(f"no {timeframe} bars can be made of {self.timeframe} bars")
        daily = timeframe is Timeframe.D1
        keys = self.dates if daily else self.start // timeframe.seconds
        first = numpy.flatnonzero(numpy.diff(keys, prepend=keys[:1] - 1)) if len(self) else numpy.zeros(0, numpy.int64)
        if daily:
            start = numpy.array([_midnight(int(day)) for day in keys[first]], dtype=numpy.int64)
        else:
            start = keys[first] * timeframe.seconds
        if len(first) and not self.begins and (daily or self.start[0] != start[0]):
            first, start = first[1:], start[1:]
        return self._merged(timeframe, first, start)

    def _merged(self, timeframe: Timeframe, first: numpy.ndarray, start: numpy.ndarray) -> "Columns":
        if not len(first):
            return Columns.empty(timeframe, self.begins)
        last = numpy.append(first[1:], len(self)) - 1
        return Columns(
            timeframe,
            start,
            self.open[first],
            numpy.fmax.reduceat(self.high, first),
            numpy.fmin.reduceat(self.low, first),
            self.close[last],
            numpy.add.reduceat(self.volume, first),
            begins=self.begins,
        )


class _Part(Columns):
    """Some bars of a series; a column is cut out of it when somebody reads it."""

    __slots__ = ("_a", "_b", "_source", "_whole")

    def __init__(self, whole: Columns, a: int, b: int, source: str) -> None:
        self.timeframe = whole.timeframe
        self._whole, self._a, self._b, self._source = whole, a, b, source

    def __len__(self) -> int:
        return self._b - self._a

    def __getattr__(self, name: str) -> Any:
        if name in _CUT:
            value = getattr(self._whole, self._source if name == "close" else name)[self._a : self._b]
        elif name in _FRESH:
            value = {"begins": self._a == 0 and self._whole.begins, "memo": {}, "anchors": {}}.get(name)
        else:
            raise AttributeError(name)
        setattr(self, name, value)
        return value


_CUT = frozenset(("start", *FIELDS))
_FRESH = frozenset(("begins", "memo", "anchors", "_blocks", "_dates"))


class _Live(Columns):
    """The rows of a buffer at one moment. Rows before the last never change, so only the last is remembered here;
    a column is put together when somebody reads it, even long after the buffer has moved on."""

    __slots__ = ("_base", "_last", "_length")

    def __init__(
        self,
        timeframe: Timeframe,
        base: dict[str, numpy.ndarray],
        last: tuple[float, ...],
        length: int,
        begins: bool,
        anchors: dict[int, int | None],
    ) -> None:
        self.timeframe = timeframe
        self.begins = begins
        self.memo = {}
        self.anchors = anchors
        self.start = base["start"][:length]
        self._blocks = base["block"][:length]
        self._dates = None
        self._base = base
        self._last = last
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getattr__(self, name: str) -> numpy.ndarray:
        if name not in _PLACES:
            raise AttributeError(name)
        values: numpy.ndarray = self._base[name][: self._length].copy()
        values[-1] = self._last[_PLACES[name]]
        setattr(self, name, values)
        return values

    def between(self, a: int, b: int) -> Columns:
        if b >= self._length or b < 0:
            return Columns.between(self, a, b)
        base = self._base
        columns = (base[name][a:b] for name in FIELDS)
        part = Columns(self.timeframe, base["start"][a:b], *columns, begins=self.begins and a == 0)
        part._blocks = base["block"][a:b]
        return part


_PLACES = {name: place for place, name in enumerate(FIELDS)}


class ColumnsBuffer:
    """Columns that grow at the end, as prices come. Only the last row may still change. Not for several threads.

    `keep`: rows that are kept at least; older ones go now and then.
    """

    def __init__(self, timeframe: Timeframe, keep: int, begins: bool = False) -> None:
        if keep < 1:
            raise ValueError("a series keeps at least one bar")
        self.timeframe = timeframe
        self.keep = keep
        self.begins = begins
        self._length = 0
        self._base = _arrays(max(2 * keep, 16))
        self._last: tuple[float, ...] = ()
        self._anchors: dict[int, int | None] = {}
        self._view: Columns | None = None

    def __len__(self) -> int:
        return self._length

    def append(self, start: int, open: float, high: float, low: float, close: float, volume: float) -> None:
        """One more bar, later than all. `start` in seconds since 1970."""
        if self._length and start <= self._base["start"][self._length - 1]:
            raise ValueError("a bar begins after the one before it")
        if self._length == len(self._base["start"]):
            self._move()
        base, at = self._base, self._length
        base["start"][at] = start
        base["block"][at] = block_of(start, self.timeframe)
        self._length += 1
        self._anchors = {}
        self.replace_last(open, high, low, close, volume)

    def replace_last(self, open: float, high: float, low: float, close: float, volume: float) -> None:
        """What is now known of the newest bar."""
        at = self._length - 1
        if at < 0:
            raise ValueError("there is no bar yet")
        self._last = (open, high, low, close, volume)
        for name, value in zip(FIELDS, self._last, strict=True):
            self._base[name][at] = value
        self._view = None

    def load(self, columns: Columns) -> None:
        """Forget all, and begin with these bars (the newest `keep` of them)."""
        n = min(len(columns), self.keep)
        part = columns.between(len(columns) - n, len(columns))
        self._base = _arrays(max(2 * self.keep, 16))
        for name in ("start", *FIELDS):
            self._base[name][:n] = getattr(part, name)
        self._base["block"][:n] = blocks_of(part.start, self.timeframe)
        self._length, self.begins, self._view = n, part.begins, None
        self._last = tuple(float(self._base[name][n - 1]) for name in FIELDS) if n else ()
        self._anchors = {}

    def view(self) -> Columns:
        """All rows as they are now; later changes do not reach it."""
        if self._view is None:
            if self._length:
                self._view = _Live(self.timeframe, self._base, self._last, self._length, self.begins, self._anchors)
            else:
                self._view = Columns.empty(self.timeframe, self.begins)
        return self._view

    def _move(self) -> None:
        """Into new memory, because views still read the old."""
        kept = self.keep
        old, self._base = self._base, _arrays(len(self._base["start"]))
        for name, values in self._base.items():
            values[:kept] = old[name][self._length - kept : self._length]
        self._length, self.begins = kept, False


def block_of(start: int, timeframe: Timeframe) -> int:
    """The block of one bar, see Columns.blocks."""
    return start // (DAYS_IN_BLOCK * DAY) if timeframe is Timeframe.D1 else (start - DAY_BEGINS) // DAY


def blocks_of(start: numpy.ndarray, timeframe: Timeframe) -> numpy.ndarray:
    """The block of every bar, see Columns.blocks."""
    blocks: numpy.ndarray = start // (DAYS_IN_BLOCK * DAY) if timeframe is Timeframe.D1 else (start - DAY_BEGINS) // DAY
    return blocks


def visible(other: Columns, own: Timeframe, start: int) -> int:
    """How many bars of another series are over when the own bar that begins at `start` is.

    Daily bars of the other series are over once a later date has begun in New York; between two daily series the
    bar of the same date is seen.
    """
    if other.timeframe is not Timeframe.D1:
        return int(other.start.searchsorted(end_of(own, start) - other.timeframe.seconds, "right"))
    date = new_york_date(start)
    if own is Timeframe.D1:
        date += 1
    return int(other.start.searchsorted(_midnight(date), "left"))


def visible_all(other: Columns, own: Columns) -> numpy.ndarray:
    """`visible` for every bar of `own` (int64)."""
    if other.timeframe is not Timeframe.D1:
        return other.start.searchsorted(ends_of(own) - other.timeframe.seconds, "right")
    later = 1 if own.timeframe is Timeframe.D1 else 0
    return _each(own.dates, lambda day: int(other.start.searchsorted(_midnight(day + later), "left")))


def new_york_date(start: int) -> int:
    """The date in New York of one moment, in days since 1970-01-01."""
    return (start + _offset(start // DAY)) // DAY


def new_york_dates(start: numpy.ndarray) -> numpy.ndarray:
    """The date in New York of every moment of a rising series, in days since 1970-01-01."""
    # New York changes its clocks hours after its midnight: all moments of one day in UTC have the same shift
    # as far as the date goes, the one in force when that day began.
    return (start + _each(start // DAY, _offset)) // DAY


def _each(days: numpy.ndarray, reckon: Callable[[int], int]) -> numpy.ndarray:
    """`reckon` of every element of a rising series, called once for each distinct one."""
    first = numpy.flatnonzero(numpy.diff(days, prepend=days[:1] - 1))
    values = numpy.array([reckon(int(day)) for day in days[first]], dtype=numpy.int64)
    return numpy.repeat(values, numpy.diff(first, append=len(days)))


@lru_cache(maxsize=65_536)
def _offset(day: int) -> int:
    """New York's seconds ahead of UTC (below zero) when this day of UTC begins."""
    shift = (datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(days=day)).astimezone(_NEW_YORK).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0


def _midnight(date: int) -> int:
    """When a date begins in New York, in seconds since 1970."""
    return date * DAY - _offset(date)


def end_of(timeframe: Timeframe, start: int) -> int:
    """When the bar that begins at `start` is over, in seconds since 1970; a day at New York's next midnight."""
    if timeframe is Timeframe.D1:
        return _midnight(new_york_date(start) + 1)
    return start + timeframe.seconds


def ends_of(columns: Columns) -> numpy.ndarray:
    """`end_of` of every bar (int64)."""
    if columns.timeframe is Timeframe.D1:
        return _each(columns.dates, lambda day: _midnight(day + 1))
    ends: numpy.ndarray = columns.start + columns.timeframe.seconds
    return ends


def _floats(values: Iterable[Any]) -> numpy.ndarray:
    return numpy.array([numpy.nan if value is None else float(value) for value in values], dtype=numpy.float64)


def _arrays(rows: int) -> dict[str, numpy.ndarray]:
    whole = {name: numpy.zeros(rows, dtype=numpy.int64) for name in ("start", "block")}
    return whole | {name: numpy.empty(rows, dtype=numpy.float64) for name in FIELDS}
