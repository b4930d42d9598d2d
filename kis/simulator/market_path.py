"""Prices as a function of (seed, symbol, time): the same for a tick, a bar and a restart.

A symbol's middle price is a slow wander (value noise in several octaves, straight within each
minute) plus one oscillation of 20 to 40 seconds. Trades print at the bid or the ask around it.
All prices are whole cents. Time is counted in ticks of a quarter second since the epoch.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import add

from kis.simulator.listing import Listing

TICKS_PER_SECOND = 4
TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
# (period in minutes, share of the price): each octave moves about as far as a random walk would.
OCTAVES = ((1, 0.0004), (8, 0.0012), (64, 0.003), (512, 0.008), (4096, 0.02), (32768, 0.04))
MASK = (1 << 64) - 1


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


class Path:
    """The unpinned path of one symbol."""

    def __init__(self, seed: int, listing: Listing) -> None:
        self.listing = listing
        digest = hashlib.sha256(f"{seed}:{listing.symbol}".encode()).digest()
        self._key = int.from_bytes(digest[:8])
        period = 20 + digest[8] % 21
        amplitude = listing.base_cents * (0.005 + digest[9] / 255 * 0.005)
        phase = digest[10] / 255 * 2 * math.pi
        self._period = period
        self._wave = [amplitude * math.sin(2 * math.pi * s / period + phase) for s in range(period)]
        self._waves = (self._wave * 4)[: period + 60]  # any 60 seconds in one slice
        self._bounce = [1 if _mix(self._key ^ i) & 1 else -1 for i in range(1024)]
        seconds = [self._bounce[i : i + 4] for i in range(0, 1024, 4)]
        self._highest = [max(s) for s in (*seconds, *seconds[:60])]
        self._lowest = [min(s) for s in (*seconds, *seconds[:60])]
        self._noise = lru_cache(maxsize=20_000)(self._noise)  # type: ignore[method-assign]
        self._slow = lru_cache(maxsize=20_000)(self._slow)  # type: ignore[method-assign]

    def _noise(self, octave: int, index: int) -> float:
        return _mix(self._key ^ _mix(index * 8 + octave)) / MASK * 2 - 1

    def _slow(self, minute: int) -> float:
        """The wander at a full minute, in cents."""
        drift = 0.0
        for octave, (period, weight) in enumerate(OCTAVES):
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

    def jitter(self, k: int) -> int:
        return _mix(self._key ^ (k * 2 + 1)) % self.listing.volume

    def sizes(self, k: int) -> tuple[int, int]:
        """Displayed shares at bid and ask."""
        x = _mix(self._key ^ (k * 4 + 3))
        return 100 + x % 400, 100 + (x >> 20) % 400


@dataclass(slots=True)
class _Pin:
    first: int
    last: int | None  # the first tick that is free again
    cents: int


class Prices:
    """Every symbol's path, with the pins that tests set through the control server."""

    def __init__(self, seed: int, listings: tuple[Listing, ...]) -> None:
        self.paths = {item.symbol: Path(seed, item) for item in listings}
        self._pins: dict[str, list[_Pin]] = {item.symbol: [] for item in listings}

    def pin(self, symbol: str, cents: int, k: int) -> None:
        """Hold the price from tick `k` on."""
        self.unpin(symbol, k)
        self._pins[symbol].append(_Pin(k, None, cents))

    def unpin(self, symbol: str, k: int) -> None:
        pins = self._pins[symbol]
        if pins and pins[-1].last is None:
            pins[-1].last = k
            if pins[-1].first >= k:
                pins.pop()

    def pinned(self, symbol: str) -> int | None:
        pins = self._pins[symbol]
        return pins[-1].cents if pins and pins[-1].last is None else None

    def _pin_at(self, symbol: str, k: int) -> int | None:
        pins = self._pins[symbol]
        i = bisect_right(pins, k, key=lambda p: p.first) - 1
        if i >= 0 and (pins[i].last is None or k < pins[i].last):  # type: ignore[operator]
            return pins[i].cents
        return None

    def _pins_touch(self, symbol: str, first: int, end: int) -> bool:
        return any(p.first < end and (p.last is None or p.last > first) for p in self._pins[symbol])

    def tick(self, symbol: str, k: int) -> Tick:
        path = self.paths[symbol]
        pin = self._pin_at(symbol, k)
        mid, last = (pin, pin) if pin is not None else path.last_at(k)
        bid_size, ask_size = path.sizes(k)
        size = path.listing.volume + path.jitter(k) - path.jitter(k - 1)
        return Tick(symbol, k, last, mid - 1, mid + 1, bid_size, ask_size, size)

    def volume(self, symbol: str, first: int, k: int) -> int:
        """Shares traded from the day's first tick through tick `k`."""
        path = self.paths[symbol]
        return path.listing.volume * (k - first + 1) + path.jitter(k) if k >= first else 0

    def bar(self, symbol: str, first: int, end: int) -> Bar:
        """The bar of the ticks first … end-1. `first` lies on a minute."""
        whole = (end - first) // TICKS_PER_MINUTE
        if whole > 10 and not self._pins_touch(symbol, first, end):
            minute = first // TICKS_PER_MINUTE
            span = self.paths[symbol].span_bar(minute, minute + whole)
            k = first + whole * TICKS_PER_MINUTE
            return span if k == end else join([span, self._slow_bar(symbol, k, end)])
        parts: list[Bar] = []
        k = first
        while k < end:
            stop = min(k + TICKS_PER_MINUTE, end)
            if stop - k == TICKS_PER_MINUTE and not self._pins_touch(symbol, k, stop):
                parts.append(self.paths[symbol].minute_bar(k // TICKS_PER_MINUTE))
            else:
                parts.append(self._slow_bar(symbol, k, stop))
            k = stop
        return join(parts)

    def _slow_bar(self, symbol: str, first: int, end: int) -> Bar:
        path = self.paths[symbol]
        lasts = []
        for k in range(first, end):
            pin = self._pin_at(symbol, k)
            lasts.append(path.last_at(k)[1] if pin is None else pin)
        return Bar(first, lasts[0], max(lasts), min(lasts), lasts[-1])


def join(bars: list[Bar]) -> Bar:
    """One bar over consecutive bars."""
    return Bar(
        bars[0].start_tick,
        bars[0].open,
        max(b.high for b in bars),
        min(b.low for b in bars),
        bars[-1].close,
    )
