"""Whose turn it is at the key's rate limit: one budget per app key, over all processes (sheet 3.5).

Slots are paced, never bursts, since KIS counts by server second. The most urgent lane goes first; a lane that
was passed over `PATIENCE` times gets the next slot, so that each has a guaranteed share.
"""

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Awaitable
from typing import Any, Protocol, cast

import redis.exceptions

from market.words import Lane

log = logging.getLogger("kis.throttle")

LANES = tuple(Lane)  # most urgent first
PATIENCE = 9
SPARE = 0.95  # of the allowed rate: the way to KIS squeezes what left evenly spaced
REDIS_TIMEOUT_S = 0.5
REDIS_AWAY_S = 1.0  # how long a broken Redis is left alone
ALONE = 0.5  # of the rate, while nobody can be asked what the others take
GRACE_MS = 100  # how late a waiter in Redis may come back before its place is forgotten


class Budget(Protocol):
    """Right to one request at a time."""

    async def take(self, lane: Lane) -> None:
        """Return when it is this lane's turn; the request should follow at once."""
        ...


class LocalBudget:
    """A budget within one process: for library users, and while Redis is away."""

    def __init__(self, rate: float, *, spare: float = SPARE) -> None:
        """`rate`: requests per second that KIS allows; `spare`: the part of it that is used."""
        self._interval = 1 / (rate * spare)
        self._next_at = 0.0
        self._waiting: dict[Lane, list[tuple[int, asyncio.Future[None]]]] = {lane: [] for lane in LANES}
        self._passed_over = dict.fromkeys(LANES, 0)
        self._order = itertools.count()
        self._pacer: asyncio.Task[None] | None = None

    async def take(self, lane: Lane) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting[lane], (next(self._order), turn))
        if self._pacer is None or self._pacer.done():
            self._pacer = asyncio.create_task(self._pace())
        await turn

    async def _pace(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self._next_at - time.monotonic()))
            turn = self._next_turn()  # chosen only now: an exit that came while we slept goes first
            if turn is None:
                return
            self._next_at = time.monotonic() + self._interval
            turn.set_result(None)

    def _next_turn(self) -> asyncio.Future[None] | None:
        for queue in self._waiting.values():
            while queue and queue[0][1].done():  # given up: cancelled while waiting
                heapq.heappop(queue)
        waiting = [lane for lane in LANES if self._waiting[lane]]
        if not waiting:
            return None
        starved = (lane for lane in waiting if self._passed_over[lane] >= PATIENCE)
        chosen = next(starved, waiting[0])
        for lane in waiting:
            self._passed_over[lane] += 1
        self._passed_over[chosen] = 0
        return heapq.heappop(self._waiting[chosen])[1]


# One hash per key: `next` is when the next slot opens (ms of the server's clock); `until:<n>` how long the
# waiters of lane n keep their place; `over:<n>` how often the lane was passed over. Answers 0 for a slot
# taken, else after how many milliseconds to ask again.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local mine, interval, patience, grace = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lanes = tonumber(ARGV[5])
local key = KEYS[1]
local function number(name) return tonumber(redis.call('HGET', key, name) or '0') end
local function come_back(ms)
  redis.call('HSET', key, 'until:' .. mine, string.format('%.3f', now + ms + grace))
  redis.call('PEXPIRE', key, 60000)
  return tostring(math.max(ms, 1))
end
local opens = number('next')
if opens - now > interval * 2 then opens = now end
if now < opens then return come_back(opens - now) end
local first, starved = nil, nil
for lane = 0, lanes - 1 do
  if lane == mine or number('until:' .. lane) > now then
    if first == nil then first = lane end
    if starved == nil and number('over:' .. lane) >= patience then starved = lane end
  end
end
if (starved or first) ~= mine then return come_back(math.min(interval / 4, 20)) end
for lane = 0, lanes - 1 do
  if lane ~= mine and number('until:' .. lane) > now then redis.call('HINCRBY', key, 'over:' .. lane, 1) end
end
redis.call('HSET', key, 'next', string.format('%.3f', now + interval), 'over:' .. mine, 0, 'until:' .. mine, 0)
redis.call('PEXPIRE', key, 60000)
return '0'
"""


class RedisBudget:
    """One budget for all processes that hold the key. When Redis is away each goes on alone, at half the rate."""

    def __init__(
        self, redis: Any, key_fingerprint: str, rate: float, *, spare: float = SPARE, prefix: str = "bamsae:kis:rate"
    ) -> None:
        """`redis`: a `redis.asyncio.Redis`; `key_fingerprint`: the keyed hash of the app key, never the key."""
        self._redis = redis
        self._key = f"{prefix}:{key_fingerprint}"
        self._interval_ms = 1000 / (rate * spare)
        self._alone = LocalBudget(rate, spare=spare * ALONE)
        self._away_until = 0.0

    async def take(self, lane: Lane) -> None:
        while time.monotonic() >= self._away_until:
            try:
                wait_ms = await asyncio.wait_for(self._ask(lane), REDIS_TIMEOUT_S)
            except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
                self._away_until = time.monotonic() + REDIS_AWAY_S
                log.warning("Redis is away, pacing alone: %s", type(error).__name__)
                break
            if wait_ms == 0:
                return
            await asyncio.sleep(wait_ms / 1000)
        await self._alone.take(lane)

    async def _ask(self, lane: Lane) -> float:
        arguments = (LANES.index(lane), f"{self._interval_ms:.3f}", PATIENCE, GRACE_MS, len(LANES))
        answer = await cast(Awaitable[Any], self._redis.eval(TAKE, 1, self._key, *arguments))
        return float(answer)
