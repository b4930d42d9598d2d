"""Market time as it passes: ticks meet orders, sessions end and auctions are held, each in its turn."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from kis.simulator.exchange import Event, Exchange
from kis.simulator.market import Market
from kis.simulator.market_path import TICKS_PER_MINUTE, TICKS_PER_SECOND, Tick, tick_index, tick_time

# A stretch longer than this is first asked whether anything in it can matter.
WORTH_ASKING = 5 * TICKS_PER_SECOND
# Up to this many market seconds a second every tick is played; beyond, fewer, but one a second at least.
EVERY_TICK_UP_TO = 60.0


def stride_of(pace: float) -> int:
    """Of how many ticks one is played when the market runs that fast."""
    return 1 if pace <= EVERY_TICK_UP_TO else 2 if pace <= 2 * EVERY_TICK_UP_TO else TICKS_PER_SECOND


class Passing:
    """Plays the time from where it stands to where it is told.

    `turn` is called at every moment at which something ends or begins, and at the end; `tell` hears of every tick's
    events, even when there are none; `hear` of the newest trades, with whether they are the daytime session's.
    """

    def __init__(
        self,
        market: Market,
        exchange: Exchange,
        now: datetime,
        *,
        turn: Callable[[datetime], None],
        tell: Callable[[list[Event]], None],
        hear: Callable[[Tick, bool], None],
    ) -> None:
        self._market, self._exchange = market, exchange
        self._next, self._turned = tick_index(now), now
        self._turn, self._tell, self._hear = turn, tell, hear

    def until(
        self, now: datetime, *, heard: int, stride: int = 1, back: timedelta | None = None, paused: bool = False
    ) -> None:
        """Play what is due by `now`, at most `back` of it; what lies before has no trades, but all its turns.

        Of the trades the newest `heard` are heard. While `paused` there are none.
        """
        due = tick_index(now)
        first = self._next if back is None else max(self._next, tick_index(now - back))
        self._next = max(self._next, due + 1)
        loud = due + 1 - heard * stride
        while (moment := self._next_turn()) <= now:
            stop = min(due + 1, max(first, math.ceil(moment.timestamp() * TICKS_PER_SECOND)))
            if not paused:
                self._trade(first, stop, loud, stride)
            first, self._turned = stop, moment
            self._turn(moment)
        if not paused:
            self._trade(first, due + 1, loud, stride)
        self._turned = max(self._turned, now)
        self._turn(now)

    def _next_turn(self) -> datetime:
        turn, end = self._market.calendar.next_turn(self._turned), self._exchange.next_end(self._turned)
        return turn if end is None else min(turn, end)

    def _trade(self, first: int, stop: int, loud: int, stride: int) -> None:
        """The ticks first … stop-1, which lie within one session or none."""
        at = tick_time(first)
        daytime = self._market.calendar.daytime_at(at) is not None
        if first >= stop or not (daytime or self._market.calendar.session_at(at)):
            return
        k = first
        while k < stop:
            end = min(stop, (k // TICKS_PER_MINUTE + 1) * TICKS_PER_MINUTE)
            busy = [s for s in sorted(self._exchange.waiting()) if not self._idle(s, k, end)]
            if not busy and end <= loud:
                k = end if self._exchange.waiting() else min(stop, max(end, loud))
                continue
            for j in range(-(-k // stride) * stride, end, stride):
                self._play(j, busy, heard=j >= loud, daytime=daytime)
            k = end

    def _idle(self, symbol: str, first: int, end: int) -> bool:
        if end - first <= WORTH_ASKING:
            return False
        bar = self._market.prices.bar(symbol, first, end)
        return self._exchange.idle(symbol, bar.low, bar.high, tick_time(end))

    def _play(self, k: int, busy: list[str], *, heard: bool, daytime: bool) -> None:
        """One tick: trades reach the book, then, unless they are too old, the sockets."""
        prices, at = self._market.prices, tick_time(k)
        ticks = {s: prices.tick(s, k) for s in (self._market.listings if heard else busy) if not prices.quiet(s, k)}
        met = [ticks[s] for s in busy if s in ticks]
        self._tell([event for tick in met for event in self._exchange.on_tick(tick, at, daytime=daytime)])
        if heard:
            for tick in ticks.values():
                if tick.size:
                    self._hear(tick, daytime)
