"""Bars of one symbol, from the broker's history and then from ticks. Pure: time comes in with the ticks."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from market.data import Bar, Bars, Quote
from market.sessions import NEW_YORK
from market.words import Timeframe

KEEP = 600  # bars; more than any indicator's declared window


def bar_start(moment: datetime, timeframe: Timeframe) -> datetime:
    """The start of the bar that contains `moment`; a day starts at midnight in New York."""
    if timeframe is Timeframe.D1:
        return datetime.combine(moment.astimezone(NEW_YORK).date(), time(), NEW_YORK).astimezone(UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    whole = int((moment - epoch).total_seconds()) // timeframe.seconds * timeframe.seconds
    return epoch + timedelta(seconds=whole)


class BarSeries:
    """Closed bars and the forming one. `complete` turns false at a gap, until history has filled it.

    `has_history`: the broker's bars are in it. Those of days are wanted anew every day: the broker corrects them,
    and a split changes all that came before.
    """

    def __init__(self, timeframe: Timeframe) -> None:
        self.timeframe = timeframe
        self.complete = True
        self.has_history = False
        self.gaps = 0
        self._rows: deque[Bar] = deque(maxlen=KEEP)
        self._volume_before: int | None = None  # cumulative volume at the last tick

    def add(self, quote: Quote) -> bool:
        """Take a tick; True when it opened a new bar, so the one before has closed. Older ticks change nothing."""
        start = bar_start(quote.at, self.timeframe)
        traded = self._traded(quote)
        last = self._rows[-1] if self._rows else None
        if last is not None and start < last.start:
            return False
        if last is not None and start == last.start:
            self._rows[-1] = replace(
                last,
                high=max(last.high, quote.last),
                low=min(last.low, quote.last),
                close=quote.last,
                volume=last.volume + traded,
            )
            return False
        if last is not None:
            self._rows[-1] = replace(last, closed=True)
            self.has_history &= self.timeframe is not Timeframe.D1
        price = quote.last
        self._rows.append(Bar(start, price, price, price, price, traded, closed=False))
        return last is not None

    def _traded(self, quote: Quote) -> int:
        before, self._volume_before = self._volume_before, quote.volume
        if before is None or quote.volume is None or quote.volume < before:
            return 0
        return quote.volume - before

    def fill(self, history: Iterable[Bar], now: datetime, *, gaps: int | None = None) -> None:
        """Replace what is known with the broker's bars; the one that contains `now` stays open.

        What is older than they are goes: something may be missing in between. `gaps`: as it was when they were
        asked for; a gap since then is not filled by them.
        """
        forming = bar_start(now, self.timeframe)
        brought = {bar.start: bar for bar in history}
        known = {bar.start: bar for bar in self._rows if bar.start >= min(brought, default=bar.start)}
        for start, bar in brought.items():
            ours = known.get(start)
            if start == forming and ours is not None:
                bar = _joined(bar, ours)
            known[start] = replace(bar, closed=start < forming)
        self._rows = deque((known[start] for start in sorted(known)), maxlen=KEEP)
        self.complete = self.has_history = gaps is None or gaps == self.gaps

    def mark_gap(self) -> None:
        self.complete = self.has_history = False
        self.gaps += 1
        self._volume_before = None

    def view(self) -> Bars:
        return Bars(self.timeframe, tuple(self._rows), self.complete)


def _joined(theirs: Bar, ours: Bar) -> Bar:
    """The forming bar: the broker knows how it began, we know its latest price."""
    high, low = max(ours.high, theirs.high), min(ours.low, theirs.low)
    return replace(ours, open=theirs.open, high=high, low=low, volume=max(ours.volume, theirs.volume))
