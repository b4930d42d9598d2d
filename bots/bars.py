"""Bars of one symbol, from the broker's history and then from ticks. Pure: time comes in with the ticks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import overload

from market.columns import Columns, ColumnsBuffer
from market.data import Bar, Bars, Quote
from market.sessions import NEW_YORK
from market.words import Session, Timeframe

KEEP = 600  # bars, unless a rule asks for more
LIVE = "websocket"  # the source of a quote that is one trade, and none is left out between two
SETTLES = timedelta(seconds=30)  # after its end the broker may still be counting a bar


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


@dataclass(frozen=True, slots=True)
class Difference:
    """A bar as its live prices made it, and as the broker tells it later."""

    ours: Bar
    theirs: Bar


class BarSeries:
    """Closed bars and the forming one. `complete` turns false at a gap, until history has filled it.

    `has_history`: the broker's bars are in it. Those of days are wanted anew every day: the broker corrects them,
    and a split changes all that came before. `keep`: bars that are kept at least. `complete` False at the start: the
    broker will be asked what came before, and until then nobody knows whether anything is missing.
    """

    def __init__(self, timeframe: Timeframe, keep: int = KEEP, *, complete: bool = True) -> None:
        self.timeframe = timeframe
        self.complete = complete
        self.has_history = False
        self.gaps = 0
        self._closed: tuple[Bar, ...] = ()
        self._forming: Bar | None = None
        self._numbers = ColumnsBuffer(timeframe, keep)  # of the very same bars, the forming one among them
        self._volume_before: int | None = None  # cumulative volume at the last tick
        self._latest: datetime | None = None  # the market's time of the newest tick
        self._whole = False  # we saw the forming bar from its first trade on, live and without a gap
        self._unchecked: set[datetime] = set()  # starts of closed bars that were seen so

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
        late = self._is_late(quote)
        traded = 0 if late else self._traded(quote)
        last = self._forming or (self._closed[-1] if self._closed else None)
        if last is not None and start < last.start:
            return False
        price = quote.last
        told = quote.source == LIVE and traded is not None
        self._whole &= told
        if last is not None and start == last.start:
            # A bar that history calls closed, and that trades on: our clock is ahead of the market's.
            high, low, volume = max(last.high, price), min(last.low, price), last.volume + (traded or 0)
            close = last.close if late else price
            self._replace(Bar(start, last.open, high, low, close, volume, closed=last.closed))
            return False
        if self._forming is not None:
            self._close(self._forming)
        self._whole = self._forming is not None and self.complete and told
        self._forming = Bar(start, price, price, price, price, traded or 0, closed=False)
        self._numbers.append(int(start.timestamp()), *_numbers(self._forming))
        self._closed = self._closed[max(len(self._closed) + 1 - len(self._numbers), 0) :]
        return last is not None

    def _close(self, bar: Bar) -> None:
        self._closed = (*self._closed, replace(bar, closed=True))
        self.has_history &= self.timeframe is not Timeframe.D1
        if self._whole and self.timeframe is not Timeframe.D1:  # of days the broker counts the regular session alone
            self._unchecked.add(bar.start)

    def _replace(self, bar: Bar) -> None:
        if self._forming is None:
            self._closed = (*self._closed[:-1], bar)
        else:
            self._forming = bar
        self._numbers.replace_last(*_numbers(bar))

    def _is_late(self, quote: Quote) -> bool:
        """Overtaken by a newer one: it may have set a high or a low, but it is not the latest price."""
        latest, before = self._latest, self._volume_before
        if latest is None or quote.at > latest:
            self._latest = quote.at
            return False
        fewer = before is not None and quote.volume is not None and quote.volume < before
        return quote.at < latest or fewer

    def _traded(self, quote: Quote) -> int | None:
        """Shares since the tick before; None when nobody can tell: after a gap, or where the count begins anew."""
        before, self._volume_before = self._volume_before, quote.volume
        if before is None or quote.volume is None or quote.volume < before:
            return None
        return quote.volume - before

    # --- the broker's own bars ------------------------------------------------------------------------------

    def unchecked(self, now: datetime) -> list[datetime]:
        """Starts of the bars that our ticks made and the broker has not yet told, oldest first, once they settled."""
        length = timedelta(seconds=self.timeframe.seconds)
        return sorted(start for start in self._unchecked if start + length + SETTLES <= now)

    def correct(self, history: Iterable[Bar], now: datetime) -> list[Difference]:
        """Compare what our ticks made with the broker's bars, and take theirs; what differed. Nothing else changes."""
        brought = {bar.start: replace(bar, closed=True) for bar in history}
        found = self._checked(brought, now)
        theirs = {one.ours.start: one.theirs for one in found}
        if theirs:
            self._load([theirs.get(bar.start, bar) for bar in self._rows()], begins=self._numbers.view().begins)
        return found

    def _checked(self, brought: dict[datetime, Bar], now: datetime) -> list[Difference]:
        due = [start for start in self.unchecked(now) if start in brought]
        self._unchecked -= set(due)
        ours = {bar.start: bar for bar in self._closed}
        pairs = [Difference(ours[start], brought[start]) for start in due if start in ours]
        return [pair for pair in pairs if _differ(pair.ours, pair.theirs)]

    def fill(
        self, history: Iterable[Bar], now: datetime, *, gaps: int | None = None, begins: bool = False
    ) -> list[Difference]:
        """Replace what is known with the broker's bars; the one that contains `now` stays open. See `correct`.

        What is older than they are goes: something may be missing in between. `gaps`: as it was when they were
        asked for; a gap since then is not filled by them. `begins`: the broker has nothing older than these.
        """
        forming = bar_start(now, self.timeframe)
        brought = {bar.start: bar for bar in history}
        found = self._checked(brought, now)
        known = {bar.start: bar for bar in self._rows() if bar.start >= min(brought, default=bar.start)}
        for start, bar in brought.items():
            ours = known.get(start)
            if start in self._unchecked and ours is not None:
                bar = ours  # it has just closed: the broker may not have counted all of it
            elif start == forming and ours is not None:
                bar = _joined(bar, ours)
            known[start] = replace(bar, closed=start < forming)
        self._load([known[start] for start in sorted(known)], begins=begins)
        self.complete = self.has_history = gaps is None or gaps == self.gaps
        return found

    def _load(self, rows: list[Bar], *, begins: bool) -> None:
        self._numbers.load(Columns.of(rows, self.timeframe, begins))
        rows = rows[len(rows) - len(self._numbers) :]
        self._forming = rows.pop() if rows and not rows[-1].closed else None
        self._closed = tuple(rows)

    def begin_anew(self) -> None:
        """Nobody can tell what is missing: what lies before a gap goes, and the series grows from ticks alone."""
        if not self.complete:
            if self.gaps:
                self._load([], begins=False)
            self.complete = True

    def mark_gap(self) -> None:
        self.complete = self.has_history = False
        self.gaps += 1
        self._volume_before = None
        self._whole = False

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


def _differ(one: Bar, other: Bar) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in ("open", "high", "low", "close", "volume"))


def _numbers(bar: Bar) -> tuple[float, float, float, float, float]:
    return float(bar.open), float(bar.high), float(bar.low), float(bar.close), float(bar.volume)


def _joined(theirs: Bar, ours: Bar) -> Bar:
    """The forming bar: the broker knows how it began, we know its latest price."""
    high, low = max(ours.high, theirs.high), min(ours.low, theirs.low)
    return replace(ours, open=theirs.open, high=high, low=low, volume=max(ours.volume, theirs.volume))
