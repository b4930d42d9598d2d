"""Prices as a function of (seed, symbol, time): the same for a tick, a bar and a restart.

A symbol's middle price is a slow wander (value noise in several octaves, straight within each
minute) plus one oscillation of 20 to 40 seconds. Trades print at the bid or the ask around it.
All prices are whole cents. Time is counted in ticks of a quarter second since the epoch.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import add
from typing import Protocol

from kis.simulator.listing import Listing

TICKS_PER_SECOND = 4
TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
# (period in minutes, share of the price): each octave moves about as far as a random walk would.
OCTAVES = ((1, 0.0004), (8, 0.0012), (64, 0.003), (512, 0.008), (4096, 0.02), (32768, 0.04))
SWINGING = 64
MASK = (1 << 64) - 1
# Minutes whose middle price is kept, for each symbol: two days, since days that are over have their bars kept.
REMEMBERED = 3_000


def tick_index(now: datetime) -> int:
    """The tick that contains this moment."""
    return int(now.timestamp() * TICKS_PER_SECOND)


def tick_time(k: int) -> datetime:
    return datetime.fromtimestamp(k / TICKS_PER_SECOND, UTC)


def _mix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@dataclass(frozen=True, slots=True)
class Tick:
    """One trade and the best quote around it; prices in cents."""

    symbol: str
    k: int
    last: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    size: int


@dataclass(frozen=True, slots=True)
class Bar:
    start_tick: int
    open: int
    high: int
    low: int
    close: int


class Course(Protocol):
    """Where one symbol's price goes when nobody holds it. Spans are ticks first … end-1."""

    listing: Listing

    def last_at(self, k: int) -> tuple[int, int]: ...

    def bar(self, first: int, end: int) -> Bar | None: ...

    def size(self, k: int) -> int: ...

    def sizes(self, k: int) -> tuple[int, int]: ...

    def volume(self, first: int, k: int) -> int: ...

    def flow(self, first: int, end: int) -> int: ...


class Path:
    """The course of one symbol that the seed makes."""

    def __init__(self, seed: int, listing: Listing) -> None:
        self.listing = listing
        digest = hashlib.sha256(f"{seed}:{listing.symbol}".encode()).digest()
        self._key = int.from_bytes(digest[:8])
        period = 20 + digest[8] % 21
        amplitude = listing.base_cents * (0.005 + digest[9] / 255 * 0.005) * listing.volatility
        # What moves within an hour or so swings further; the level of weeks stays.
        self._octaves = [(p, w * listing.volatility if p <= SWINGING else w) for p, w in OCTAVES]
        phase = digest[10] / 255 * 2 * math.pi
        self._period = period
        self._wave = [amplitude * math.sin(2 * math.pi * s / period + phase) for s in range(period)]
        self._waves = (self._wave * 4)[: period + 60]  # any 60 seconds in one slice
        self._bounce = [1 if _mix(self._key ^ i) & 1 else -1 for i in range(1024)]
        seconds = [self._bounce[i : i + 4] for i in range(0, 1024, 4)]
        self._highest = [max(s) for s in (*seconds, *seconds[:60])]
        self._lowest = [min(s) for s in (*seconds, *seconds[:60])]
        self._noise = lru_cache(maxsize=REMEMBERED)(self._noise)  # type: ignore[method-assign]
        self._slow = lru_cache(maxsize=REMEMBERED)(self._slow)  # type: ignore[method-assign]

    def _noise(self, octave: int, index: int) -> float:
        return _mix(self._key ^ _mix(index * 8 + octave)) / MASK * 2 - 1

    def _slow(self, minute: int) -> float:
        """The wander at a full minute, in cents."""
        drift = 0.0
        for octave, (period, weight) in enumerate(self._octaves):
            index, rest = divmod(minute, period)
            left, right = self._noise(octave, index), self._noise(octave, index + 1)
            drift += weight * (left + (right - left) * rest / period)
        return self.listing.base_cents * (1 + drift)

    def _mids(self, minute: int) -> list[int]:
        """The middle price of each second of a minute, in cents."""
        start, step = self._slow(minute), (self._slow(minute + 1) - self._slow(minute)) / 60
        phase = minute * 60 % self._period
        waves = self._waves[phase : phase + 60]
        return [int(start + step * s + wave + 0.5) for s, wave in enumerate(waves)]

    def _mid(self, second: int) -> int:
        minute, s = divmod(second, 60)
        start, end = self._slow(minute), self._slow(minute + 1)
        return int(start + (end - start) / 60 * s + self._wave[second % self._period] + 0.5)

    def _shift(self, minute: int) -> int:
        return _mix(self._key ^ minute) & 255

    def last_at(self, k: int) -> tuple[int, int]:
        """(middle, last) at a tick, in cents."""
        minute, within = divmod(k, TICKS_PER_MINUTE)
        mid = self._mid(k // TICKS_PER_SECOND)
        return mid, mid + self._bounce[(self._shift(minute) * 4 + within) & 1023]

    def minute_bar(self, minute: int) -> Bar:
        """The bar of a whole minute: exactly the extremes of its 240 ticks."""
        mids, shift = self._mids(minute), self._shift(minute)
        return Bar(
            minute * TICKS_PER_MINUTE,
            mids[0] + self._bounce[(shift * 4) & 1023],
            max(map(add, mids, self._highest[shift : shift + 60])),
            min(map(add, mids, self._lowest[shift : shift + 60])),
            mids[59] + self._bounce[(shift * 4 + 239) & 1023],
        )

    def span_bar(self, minute: int, end: int) -> Bar:
        """The bar of the whole minutes minute … end-1: exact, though only few minutes are looked into."""
        slow = [self._slow(m) for m in range(minute, end + 1)]
        edges = list(zip(slow, slow[1:], range(minute, end), strict=False))
        reach = max(self._wave) + 2  # how far above the slower end of a minute it can trade, and below
        high, low = 0, 1 << 60
        for left, right, m in sorted(edges, key=lambda e: -max(e[0], e[1])):
            if max(left, right) + reach <= high:
                break
            high = max(high, self.minute_bar(m).high)
        for left, right, m in sorted(edges, key=lambda e: min(e[0], e[1])):
            if min(left, right) + min(self._wave) - 2 >= low:
                break
            low = min(low, self.minute_bar(m).low)
        first, last = self.minute_bar(minute), self.minute_bar(end - 1)
        return Bar(first.start_tick, first.open, high, low, last.close)

    def bar(self, first: int, end: int) -> Bar | None:
        """The bar of any span: its extremes are those of its ticks."""
        if first >= end:
            return None
        whole, last = -(-first // TICKS_PER_MINUTE), end // TICKS_PER_MINUTE
        if whole >= last:
            return self._tick_bar(first, end)
        parts = [self._tick_bar(first, whole * TICKS_PER_MINUTE)] if first % TICKS_PER_MINUTE else []
        if last - whole > 10:
            parts.append(self.span_bar(whole, last))
        else:
            parts += [self.minute_bar(minute) for minute in range(whole, last)]
        if end % TICKS_PER_MINUTE:
            parts.append(self._tick_bar(last * TICKS_PER_MINUTE, end))
        return join(parts)

    def _tick_bar(self, first: int, end: int) -> Bar:
        lasts = [self.last_at(k)[1] for k in range(first, end)]
        return Bar(first, lasts[0], max(lasts), min(lasts), lasts[-1])

    def jitter(self, k: int) -> int:
        return _mix(self._key ^ (k * 2 + 1)) % self.listing.volume

    def size(self, k: int) -> int:
        """Shares of the trade at tick `k`."""
        return self.listing.volume + self.jitter(k) - self.jitter(k - 1)

    def volume(self, first: int, k: int) -> int:
        """Shares traded from the day's first tick through tick `k`."""
        return self.listing.volume * (k - first + 1) + self.jitter(k) if k >= first else 0

    def flow(self, first: int, end: int) -> int:
        """Shares traded by the ticks first … end-1: exactly the sum of their sizes."""
        return self.listing.volume * (end - first) + self.jitter(end - 1) - self.jitter(first - 1) if end > first else 0

    def sizes(self, k: int) -> tuple[int, int]:
        """Displayed shares at bid and ask."""
        x = _mix(self._key ^ (k * 4 + 3))
        return 100 + x % 400, 100 + (x >> 20) % 400


@dataclass(frozen=True, slots=True)
class Print:
    """A trade that a test pushes, and the quote around it; prices in cents."""

    last: int
    bid: int
    ask: int
    size: int
    bid_size: int
    ask_size: int


@dataclass(slots=True)
class _Hold:
    """From `first` on the price stands: pinned, with trades going on at it, or pushed, with none but `trade`."""

    first: int
    last: int | None  # the first tick that is free again
    cents: int
    trade: Print | None = None


class Prices:
    """Every symbol's course, with what tests hold or push through the control server."""

    def __init__(self, seed: int, listings: tuple[Listing, ...], courses: Iterable[Course] = ()) -> None:
        self.paths: dict[str, Course] = {item.symbol: Path(seed, item) for item in listings}
        self.paths |= {course.listing.symbol: course for course in courses}
        self._holds: dict[str, list[_Hold]] = {item.symbol: [] for item in listings}
        self._prints: dict[str, list[tuple[int, Print]]] = {item.symbol: [] for item in listings}

    def pin(self, symbol: str, cents: int, k: int) -> None:
        """Hold the price from tick `k` on; trades go on."""
        self.unpin(symbol, k)
        self._holds[symbol].append(_Hold(k, None, cents))

    def push(self, symbol: str, k: int, trade: Print) -> None:
        """One trade at tick `k`; from then on this symbol trades only by what is pushed."""
        self.unpin(symbol, k)
        self._holds[symbol].append(_Hold(k, None, trade.last, trade))
        self._prints[symbol].append((k, trade))

    def unpin(self, symbol: str, k: int) -> None:
        """From tick `k` on the price follows its course again."""
        holds = self._holds[symbol]
        if holds and holds[-1].last is None:
            holds[-1].last = k
            if holds[-1].first >= k:
                holds.pop()

    def quiet(self, symbol: str, k: int) -> bool:
        """True where only pushed trades happen."""
        hold = self._hold_at(symbol, k)
        return hold is not None and hold.trade is not None

    def _hold_at(self, symbol: str, k: int) -> _Hold | None:
        holds = self._holds[symbol]
        i = bisect_right(holds, k, key=lambda p: p.first) - 1
        hold = holds[i] if i >= 0 else None
        return hold if hold is not None and (hold.last is None or k < hold.last) else None

    def tick(self, symbol: str, k: int) -> Tick:
        path, hold = self.paths[symbol], self._hold_at(symbol, k)
        if hold is not None and (trade := hold.trade) is not None:
            size = trade.size if k == hold.first else 0
            return Tick(symbol, k, trade.last, trade.bid, trade.ask, trade.bid_size, trade.ask_size, size)
        mid, last = path.last_at(k) if hold is None else (hold.cents, hold.cents)
        bid_size, ask_size = path.sizes(k)
        return Tick(symbol, k, last, mid - 1, mid + 1, bid_size, ask_size, path.size(k))

    def volume(self, symbol: str, first: int, k: int) -> int:
        """Shares traded from the day's first tick through tick `k`."""
        return self.paths[symbol].volume(first, k) + self._pushed(symbol, first, k + 1)

    def flow(self, symbol: str, first: int, end: int) -> int:
        """Shares traded by the ticks first … end-1: exactly the sum of their sizes."""
        return self.paths[symbol].flow(first, end) + self._pushed(symbol, first, end)

    def _pushed(self, symbol: str, first: int, end: int) -> int:
        """What pushed trades put in the place of those that would have been there."""
        more = sum(trade.size for at, trade in self._prints[symbol] if first <= at < end)
        for hold in self._holds[symbol]:
            if hold.trade is not None:
                stop = end if hold.last is None else min(hold.last, end)
                more -= self.paths[symbol].flow(max(hold.first, first), stop)
        return more

    def bar(self, symbol: str, first: int, end: int) -> Bar:
        """The bar of the ticks first … end-1; flat at the price that stood when there was no trade."""
        found = self.traded(symbol, first, end)
        if found is None:
            cents = self.tick(symbol, max(first, end - 1)).last
            return Bar(first, cents, cents, cents, cents)
        return found

    def traded(self, symbol: str, first: int, end: int) -> Bar | None:
        """The bar of the ticks first … end-1; None when there was no trade."""
        parts: list[Bar | None] = []
        k = first
        for hold in self._holds[symbol]:
            start, stop = max(hold.first, k), end if hold.last is None else min(hold.last, end)
            if start >= stop:
                continue
            parts.append(self.paths[symbol].bar(k, start))
            parts.append(self._held_bar(symbol, hold, start, stop))
            k = stop
        parts.append(self.paths[symbol].bar(k, end))
        bars = [bar for bar in parts if bar is not None]
        return join(bars) if bars else None

    def _held_bar(self, symbol: str, hold: _Hold, first: int, end: int) -> Bar | None:
        if hold.trade is None:
            return Bar(first, hold.cents, hold.cents, hold.cents, hold.cents)
        lasts = [trade.last for k, trade in self._prints[symbol] if first <= k < end]
        return Bar(first, lasts[0], max(lasts), min(lasts), lasts[-1]) if lasts else None


def join(bars: list[Bar]) -> Bar:
    """One bar over consecutive bars."""
    return Bar(
        bars[0].start_tick,
        bars[0].open,
        max(b.high for b in bars),
        min(b.low for b in bars),
        bars[-1].close,
    )
