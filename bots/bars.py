"""Bars of one symbol, from the broker's history and then from ticks. Pure: time comes in with the ticks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import overload

from market.columns import Columns, ColumnsBuffer
from market.data import Bar, Bars, Quote
from market.sessions import NEW_YORK
from market.words import Session, Timeframe

KEEP = 600  # bars, unless a rule asks for more


def bar_start(moment: datetime, timeframe: Timeframe) -> datetime:
    """The start of the bar that contains `moment`; a day starts at midnight in New York."""
    if timeframe is Timeframe.D1:
        return datetime.combine(moment.astimezone(NEW_YORK).date(), time(), NEW_YORK).astimezone(UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    whole = int((moment - epoch).total_seconds()) // timeframe.seconds * timeframe.seconds
    return epoch + timedelta(seconds=whole)


class Rows(Sequence[Bar]):
    """Closed bars and perhaps one more, side by side: with thousands of bars nothing is copied at every price."""

    __slots__ = ("_closed", "_last")

    def __init__(self, closed: tuple[Bar, ...], last: Bar | None) -> None:
        self._closed = closed
        self._last = last

    def __len__(self) -> int:
        return len(self._closed) + (self._last is not None)

    @overload
    def __getitem__(self, at: int) -> Bar: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Bar, ...]: ...
    def __getitem__(self, at: int | slice) -> Bar | tuple[Bar, ...]:
        last = self._last
        if last is None:
            return self._closed[at]
        if isinstance(at, slice):
            return self._whole()[at]
        if at == -1 or at == len(self._closed):
            return last
        return self._closed[at + 1 if at < 0 else at]

    def __iter__(self) -> Iterator[Bar]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._whole() == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def _whole(self) -> tuple[Bar, ...]:
        return self._closed if self._last is None else (*self._closed, self._last)


class BarSeries:
    """Closed bars and the forming one. `complete` turns false at a gap, until history has filled it.

    `has_history`: the broker's bars are in it. Those of days are wanted anew every day: the broker corrects them,
    and a split changes all that came before. `keep`: bars that are kept at least.
    """

    def __init__(self, timeframe: Timeframe, keep: int = KEEP) -> None:
        self.timeframe = timeframe
        self.complete = True
        self.has_history = False
        self.gaps = 0
        self._closed: tuple[Bar, ...] = ()
        self._forming: Bar | None = None
        self._numbers = ColumnsBuffer(timeframe, keep)  # of the very same bars, the forming one among them
        self._volume_before: int | None = None  # cumulative volume at the last tick

    @property
    def keep(self) -> int:
        return self._numbers.keep

    def keep_at_least(self, bars: int) -> None:
        """From now on so many; what has gone already comes back with the next history."""
        if bars > self.keep:
            numbers = ColumnsBuffer(self.timeframe, bars)
            numbers.load(self._numbers.view())
            self._numbers = numbers
            self.has_history = False

    def add(self, quote: Quote) -> bool:
        """Take a tick; True when it opened a new bar, so the one before has closed. Older ticks change nothing."""
        if self.timeframe is Timeframe.D1 and quote.session is Session.DAYTIME:
            return False  # the broker's days lack them, and a Sunday evening or a holiday's would make a day of its own
        start = bar_start(quote.at, self.timeframe)
        traded = self._traded(quote)
        last = self._forming or (self._closed[-1] if self._closed else None)
        if last is not None and start < last.start:
            return False
        price = quote.last
        if last is not None and start == last.start:
            # A bar that history calls closed, and that trades on: our clock is ahead of the market's.
            high, low, volume = max(last.high, price), min(last.low, price), last.volume + traded
            moved = Bar(start, last.open, high, low, price, volume, closed=last.closed)
            self._replace(moved)
            return False
        if self._forming is not None:
            self._closed = (*self._closed, replace(self._forming, closed=True))
            self.has_history &= self.timeframe is not Timeframe.D1
        self._forming = Bar(start, price, price, price, price, traded, closed=False)
        self._numbers.append(int(start.timestamp()), *_numbers(self._forming))
        self._closed = self._closed[max(len(self._closed) + 1 - len(self._numbers), 0) :]
        return last is not None

    def _replace(self, bar: Bar) -> None:
        if self._forming is None:
            self._closed = (*self._closed[:-1], bar)
        else:
            self._forming = bar
        self._numbers.replace_last(*_numbers(bar))

    def _traded(self, quote: Quote) -> int:
        before, self._volume_before = self._volume_before, quote.volume
        if before is None or quote.volume is None or quote.volume < before:
            return 0
        return quote.volume - before

    def fill(self, history: Iterable[Bar], now: datetime, *, gaps: int | None = None, begins: bool = False) -> None:
        """Replace what is known with the broker's bars; the one that contains `now` stays open.

        What is older than they are goes: something may be missing in between. `gaps`: as it was when they were
        asked for; a gap since then is not filled by them. `begins`: the broker has nothing older than these.
        """
        forming = bar_start(now, self.timeframe)
        brought = {bar.start: bar for bar in history}
        known = {bar.start: bar for bar in self._rows() if bar.start >= min(brought, default=bar.start)}
        for start, bar in brought.items():
            ours = known.get(start)
            if start == forming and ours is not None:
                bar = _joined(bar, ours)
            known[start] = replace(bar, closed=start < forming)
        self._load([known[start] for start in sorted(known)], begins=begins)
        self.complete = self.has_history = gaps is None or gaps == self.gaps

    def _load(self, rows: list[Bar], *, begins: bool) -> None:
        self._numbers.load(Columns.of(rows, self.timeframe, begins))
        rows = rows[len(rows) - len(self._numbers) :]
        self._forming = rows.pop() if rows and not rows[-1].closed else None
        self._closed = tuple(rows)

    def begin_anew(self) -> None:
        """Nobody can fill the gap: what lies before it goes, and the series grows from the ticks after it."""
        if not self.complete:
            self._load([], begins=False)
            self.complete = True

    def mark_gap(self) -> None:
        self.complete = self.has_history = False
        self.gaps += 1
        self._volume_before = None

    def view(self) -> Bars:
        """The bars as they are now; later ticks do not change what was handed out."""
        numbers = self._numbers.view()
        return Bars(self.timeframe, self._rows(), self.complete, numbers.begins, _ready=numbers)

    def view_at(self, now: datetime) -> Bars:
        """The bars for who looks at this series beside another one: a bar whose time is over has closed, also when
        nothing has traded since."""
        seen = self.view()
        forming = self._forming
        if forming is None or bar_start(now, self.timeframe) <= forming.start:
            return seen
        return replace(seen, rows=Rows(self._closed, replace(forming, closed=True)), _ready=seen.columns)

    def _rows(self) -> Rows:
        return Rows(self._closed, self._forming)


def _numbers(bar: Bar) -> tuple[float, float, float, float, float]:
    return float(bar.open), float(bar.high), float(bar.low), float(bar.close), float(bar.volume)


def _joined(theirs: Bar, ours: Bar) -> Bar:
    """The forming bar: the broker knows how it began, we know its latest price."""
    high, low = max(ours.high, theirs.high), min(ours.low, theirs.low)
    return replace(ours, open=theirs.open, high=high, low=low, volume=max(ours.volume, theirs.volume))
