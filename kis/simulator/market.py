"""The market as its readers see it: sessions, the day so far, bars. Prices in cents, times UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kis.simulator.calendar import Calendar, Day, Session
from kis.simulator.clock import us_date
from kis.simulator.listing import Listing
from kis.simulator.market_path import (
    TICKS_PER_MINUTE,
    Bar,
    Prices,
    Tick,
    join,
    tick_index,
    tick_time,
)

# Minute bars reach back this far; daily bars beyond it are read off a coarser grid.
HISTORY_DAYS = 31
REMEMBERED = 20_000  # bars of days


@dataclass(frozen=True, slots=True)
class DayBar:
    date: date
    open: int
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True, slots=True)
class View:
    """One symbol at one moment: the last trade, the day so far, and the close before it."""

    listing: Listing
    tick: Tick
    at: datetime  # when the last trade was
    day: DayBar
    previous: DayBar
    session: str | None  # pre, regular, after; None when closed


@dataclass(slots=True)
class _Progress:
    next_tick: int
    bar: Bar | None  # None: no trade yet


def _keep[K, V](cache: dict[K, V], key: K, value: V) -> V:
    """Remember what can be worked out again; a market that runs for years forgets all at once, now and then."""
    if len(cache) >= REMEMBERED:
        cache.clear()
    cache[key] = value
    return value


def _joined(*bars: Bar | None) -> Bar | None:
    traded = [bar for bar in bars if bar is not None]
    return join(traded) if traded else None


class Market:
    def __init__(self, prices: Prices, calendar: Calendar, listings: tuple[Listing, ...]) -> None:
        self.prices = prices
        self.calendar = calendar
        self.listings = {item.symbol: item for item in listings}
        self._progress: dict[tuple[str, date], _Progress] = {}
        self._done: dict[tuple[str, date, bool], DayBar] = {}
        self._before: dict[tuple[str, date], DayBar] = {}

    def trading_day(self, now: datetime) -> Day:
        """The day whose trades are the newest: today once its first session began, else the one before."""
        today = us_date(now)
        day = self.calendar.last_open_day(today)
        if day.sessions[0].start > now:
            day = self.calendar.last_open_day(day.date - timedelta(days=1))
        return day

    def last_tick(self, now: datetime) -> int:
        """The newest tick that has traded."""
        end = tick_index(self.trading_day(now).sessions[-1].end) - 1
        return min(tick_index(now), end)

    def view(self, symbol: str, now: datetime) -> View:
        k = self.last_tick(now)
        return self.view_at(symbol, k, self.calendar.session_at(now))

    def view_at(self, symbol: str, k: int, session: Session | None) -> View:
        """The symbol as of tick `k`."""
        day = self.trading_day(tick_time(k))
        previous = self.previous_day(symbol, day.date)
        name = session.name if session else None
        tick = self.prices.tick(symbol, k)
        return View(self.listings[symbol], tick, tick_time(k), self._day_so_far(symbol, day, k), previous, name)

    def daytime_view(self, symbol: str, now: datetime) -> View | None:
        """The symbol in the daytime session that is on now; None when there is none."""
        day = self.calendar.daytime_at(now)
        if day is None or day.daytime is None:
            return None
        first, k = tick_index(day.daytime.start), tick_index(now)
        bar = self.prices.bar(symbol, first, k + 1)
        so_far = DayBar(day.date, bar.open, bar.high, bar.low, bar.close, self.prices.volume(symbol, first, k))
        previous = self.previous_day(symbol, day.date)
        return View(self.listings[symbol], self.prices.tick(symbol, k), tick_time(k), so_far, previous, "daytime")

    def previous_day(self, symbol: str, day: date) -> DayBar:
        """The finished day before `day`."""
        if found := self._before.get((symbol, day)):
            return found
        before = self.calendar.last_open_day(day - timedelta(days=1))
        return _keep(self._before, (symbol, day), self.day_bar(symbol, before, exact=False))

    def _day_so_far(self, symbol: str, day: Day, k: int) -> DayBar:
        """Whole minutes are joined once and kept; the running minute is read anew."""
        first = tick_index(day.sessions[0].start)
        minute = k // TICKS_PER_MINUTE * TICKS_PER_MINUTE
        done = self._progress.get((symbol, day.date))
        if done is None or done.next_tick > minute:
            done = _Progress(first, None)
        so_far = _joined(done.bar, self.prices.traded(symbol, done.next_tick, minute))
        _keep(self._progress, (symbol, day.date), _Progress(minute, so_far))
        bar = _joined(so_far, self.prices.traded(symbol, max(first, minute), k + 1)) or self.prices.bar(
            symbol, k, k + 1
        )
        return DayBar(day.date, bar.open, bar.high, bar.low, bar.close, self.prices.volume(symbol, first, k))

    def day_bar(self, symbol: str, day: Day, *, exact: bool = True) -> DayBar:
        """The bar of a finished day. Its close is exact always, its extremes when `exact`."""
        if found := self._done.get((symbol, day.date, exact)):
            return found
        first, end = tick_index(day.sessions[0].start), tick_index(day.sessions[-1].end)
        bar = self.prices.bar(symbol, first, end) if exact else self._coarse(symbol, first, end)
        result = DayBar(day.date, bar.open, bar.high, bar.low, bar.close, self.prices.volume(symbol, first, end - 1))
        return _keep(self._done, (symbol, day.date, exact), result)

    def _coarse(self, symbol: str, first: int, end: int) -> Bar:
        starts = range(first, end, 240 * TICKS_PER_MINUTE)
        parts = [self.prices.traded(symbol, k, min(k + TICKS_PER_MINUTE, end)) for k in starts]
        found = _joined(*parts, self.prices.traded(symbol, end - TICKS_PER_MINUTE, end))
        return found or self.prices.bar(symbol, first, end)

    def days_back(self, last: date, now: datetime) -> Iterator[Day]:
        """Days with trades, from `last` (or today) backwards."""
        day = min(last, self.trading_day(now).date)
        while True:
            found = self.calendar.last_open_day(day)
            yield found
            day = found.date - timedelta(days=1)

    def daily(self, symbol: str, last: date, rows: int, now: datetime) -> list[DayBar]:
        """Daily bars, newest first; today's is the day so far."""
        today = self.trading_day(now).date
        bars: list[DayBar] = []
        for day in self.days_back(last, now):
            if len(bars) == rows:
                break
            if day.date == today:
                bars.append(self.view(symbol, now).day)
            else:
                bars.append(self.day_bar(symbol, day, exact=(today - day.date).days <= HISTORY_DAYS))
        return bars

    def minutes(
        self, symbol: str, width: int, newest: datetime, rows: int, now: datetime, *, only_today: bool = False
    ) -> list[tuple[Day, datetime, Bar, int]]:
        """Bars of `width` minutes starting at or before `newest`, newest first: (day, start, bar, volume).

        A width of minutes without a trade has no bar.
        """
        oldest = self.trading_day(now).date - timedelta(days=0 if only_today else HISTORY_DAYS)
        last = self.last_tick(now)
        found: list[tuple[Day, datetime, Bar, int]] = []
        for day in self.days_back(us_date(newest), now):
            if day.date < oldest:
                break
            first, step = tick_index(day.sessions[0].start), width * TICKS_PER_MINUTE
            end = min(tick_index(day.sessions[-1].end) - 1, last, tick_index(newest))
            for start in range(first + max(end - first, -1) // step * step, first - 1, -step):
                stop = min(start + step, last + 1, tick_index(day.sessions[-1].end))
                bar = self.prices.traded(symbol, start, stop)
                if bar is None:
                    continue
                volume = self.prices.volume(symbol, first, stop - 1) - self.prices.volume(symbol, first, start - 1)
                found.append((day, tick_time(start), bar, volume))
                if len(found) == rows:
                    return found
        return found
