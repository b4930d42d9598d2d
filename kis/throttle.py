"""Whose turn it is at the key's rate limit: one budget per app key, over all processes (sheet 3.5).

The rules are in `pacing`; here is the waiting. `LocalBudget` serves one process; `RedisBudget` all that hold a key.

While Redis is away each process goes on alone at half the rate. That is safe for one process and not for ten: by
safety rule 4.3 only the holder of an account's lease calls KIS then, which is for the callers to see to.
"""

import asyncio
import json
import logging
import secrets
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from kis import pacing
from kis.pacing import MINUTE_S, QUEUES, SPARE, Granted, Limits, Pacing, Usage, queue_of, usage_of
from market.words import Lane

__all__ = ["Budget", "Limits", "LocalBudget", "RedisBudget", "Slot", "Usage"]

log = logging.getLogger("kis.throttle")

REDIS_TIMEOUT_S = 1.0
REDIS_AWAY_S = 1.0  # how long a broken Redis is left alone, doubling with every vain try
REDIS_AWAY_LIMIT_S = 8.0
ALONE = 0.5  # of the rate, while nobody can be asked what the others take
GRACE_MS = 100.0  # how late a waiter in Redis may come back before its place is forgotten
SCRIPT = Path(__file__).with_name("pacing.lua").read_text(encoding="utf-8")
PREFIX = "bamsae:kis:rate"


class Slot:
    """The right to one request. Say `done` when its answer has come, or when it will not be sent."""

    def __init__(self, done: Callable[[str], None]) -> None:
        self._done: Callable[[str], None] | None = done

    def done(self, refused: str = "") -> None:
        """`refused`: the code when KIS refused for rate, from which all who share the key learn. Once is enough."""
        tell, self._done = self._done, None
        if tell is not None:
            tell(refused)


class Budget(Protocol):
    """Right to one request at a time."""

    async def take(self, lane: Lane, *, ledger: bool = False) -> Slot:
        """Return when it is this lane's turn; the request should follow at once. `ledger`: it asks the account's
        back-end, which has a limit of its own (EGW00215)."""
        ...

    async def usage(self) -> Usage:
        """How much of the budget is in use."""
        ...

    async def settle(self) -> None:
        """Return when what was said of finished requests has arrived."""
        ...


class _Waiting(ABC):
    """Those who wait within one process, and the task that gets them their slots."""

    def __init__(self) -> None:
        self._queues: list[deque[asyncio.Future[Slot]]] = [deque() for _ in QUEUES]
        self._pacer: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def take(self, lane: Lane, *, ledger: bool = False) -> Slot:
        turn: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        queue = self._queues[queue_of(lane, ledger)]
        if not queue:
            self._news.set()  # somebody more urgent, perhaps: to be said at once
        queue.append(turn)
        if self._pacer is None or self._pacer.done():
            self._pacer = asyncio.create_task(self._pace())
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                turn.result().done()
            raise

    async def _pace(self) -> None:
        while any(self._counts()):
            self._news.clear()
            found = await self._ask(self._counts())
            if isinstance(found, Granted):
                self._hand_over(found)
                found = found.again_ms
            if any(self._counts()):
                await self._wait(found / 1000)
            else:
                await self._nobody_waits()  # somebody may have come when it returns

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    def _counts(self) -> list[int]:
        for queue in self._queues:
            while queue and queue[0].done():  # given up: cancelled while waiting
                queue.popleft()
        return [sum(not turn.done() for turn in queue) for queue in self._queues]

    def _hand_over(self, granted: Granted) -> None:
        slot = Slot(lambda refused: self._finished(granted.number, refused))
        self._counts()
        for queue in (self._queues[granted.queue], *self._queues):
            turn = next((turn for turn in queue if not turn.done()), None)
            if turn is not None:
                turn.set_result(slot)
                return
        slot.done()  # all gave up while it was asked for

    @abstractmethod
    async def _ask(self, counts: Sequence[int]) -> Granted | float:
        """A slot for one of those who wait, or in how many milliseconds to ask again."""

    @abstractmethod
    async def _nobody_waits(self) -> None:
        """The last one was served or gave up."""

    @abstractmethod
    def _finished(self, number: int, refused: str) -> None:
        """The request of this slot is over; `refused` as in `Slot.done`."""


def _now_ms() -> float:
    return time.monotonic() * 1000


class LocalBudget(_Waiting):
    """A budget within one process: for library users, and while Redis is away."""

    def __init__(self, rate: float, *, spare: float = SPARE, speed: float = 1.0) -> None:
        """`rate`: requests per second that KIS allows; `spare`: the part of it that is used; `speed`: see `Limits`."""
        super().__init__()
        self._pacing = Pacing(Limits(rate, spare, speed))

    async def usage(self) -> Usage:
        return self._pacing.usage(_now_ms(), self._counts(), clock_ms=time.time() * 1000 - _now_ms())

    async def settle(self) -> None:
        """Nothing is said to anybody else."""

    async def _ask(self, counts: Sequence[int]) -> Granted | float:
        return self._pacing.ask(_now_ms(), counts)

    async def _nobody_waits(self) -> None:
        """Nobody else need know."""

    def _finished(self, number: int, refused: str) -> None:
        self._pacing.done(_now_ms(), number, refused)


class RedisBudget(_Waiting):
    """One budget for all processes that hold the key. When Redis is away each goes on alone, at half the rate."""

    def __init__(
        self,
        redis: Any,
        key_fingerprint: str,
        rate: float,
        *,
        spare: float = SPARE,
        speed: float = 1.0,
        ledger: str = "",
        prefix: str = PREFIX,
    ) -> None:
        """`redis`: a `redis.asyncio.Redis`; `key_fingerprint`: the keyed hash of the app key, never the key.

        `ledger`: what all keys of one ledger have in common, such as the environment: EGW00215 holds them all up.
        """
        super().__init__()
        self._redis = redis
        self._limits = Limits(rate, spare, speed)
        self._keys = _keys(prefix, key_fingerprint, ledger)
        self._script = redis.register_script(SCRIPT)
        self._rules = _rules(self._limits)
        self._process = secrets.token_hex(8)
        self._alone = Pacing(Limits(rate, spare * ALONE, speed))
        self._away_until, self._away_s = 0.0, REDIS_AWAY_S
        self._said: set[asyncio.Task[None]] = set()

    async def usage(self) -> Usage:
        """Of all processes. Raises redis.exceptions.RedisError or TimeoutError while Redis is away."""
        state, held, ledger, used = self._keys
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            async with self._redis.pipeline(transaction=True) as asked:
                asked.time().hgetall(state).zrange(held, 0, -1, withscores=True).get(ledger).hgetall(used)
                answers = await asked.execute()
        return _usage(self._limits, *answers)

    async def _ask(self, counts: Sequence[int]) -> Granted | float:
        if time.monotonic() >= self._away_until:
            try:
                queue, number, wait = await self._call("ask", self._process, *counts)
            except Exception as error:  # whatever is wrong there, requests go on
                self._is_away(error)
            else:
                return float(wait) if int(queue) < 0 else Granted(int(queue), int(number), float(wait))
        found = self._alone.ask(_now_ms(), counts)
        return Granted(found.queue, -found.number, found.again_ms) if isinstance(found, Granted) else found

    async def _nobody_waits(self) -> None:
        if time.monotonic() >= self._away_until:
            await self._say("ask", self._process, *[0] * len(QUEUES))

    def _finished(self, number: int, refused: str) -> None:
        if number < 0:  # taken alone
            self._alone.done(_now_ms(), -number, refused)
            return
        # An answer does not wait for this; the budget holds the request a little longer if it gets lost.
        task = asyncio.get_running_loop().create_task(self._say("done", number, refused))
        self._said.add(task)
        task.add_done_callback(self._said.discard)

    async def settle(self) -> None:
        while self._said:  # emptied here: a task that is done may not yet have taken itself out
            said, self._said = self._said, set()
            await asyncio.gather(*said, return_exceptions=True)

    async def _say(self, *words: object) -> None:
        try:
            await self._call(*words)
        except Exception as error:  # only a hint: what is held runs out by itself
            self._is_away(error)

    async def _call(self, command: object, *words: object) -> list[bytes | str]:
        asked = asyncio.ensure_future(self._script(keys=self._keys, args=[command, "", self._rules, *words]))
        try:
            # Twice: when this process itself was asleep the first time is over before the answer can be looked at.
            for _ in range(2):
                if (await asyncio.wait({asked}, timeout=REDIS_TIMEOUT_S / 2))[0]:
                    answer = asked.result()
                    self._away_s = REDIS_AWAY_S
                    return answer
            raise TimeoutError
        finally:
            asked.cancel()

    def _is_away(self, error: Exception) -> None:
        self._away_until = time.monotonic() + self._away_s
        self._away_s = min(REDIS_AWAY_LIMIT_S, 2 * self._away_s)
        log.warning("Redis is away, pacing alone: %s", type(error).__name__)


def _keys(prefix: str, key_fingerprint: str, ledger: str) -> list[str]:
    own = f"{prefix}:{key_fingerprint}"
    return [own, f"{own}:held", f"{prefix}:ledger:{ledger}" if ledger else f"{own}:ledger", f"{own}:used"]


def _rules(limits: Limits) -> str:
    """What `pacing.lua` needs to know, as JSON."""
    return json.dumps(
        {
            "interval_ms": limits.interval_ms(1),
            "room": limits.rate / limits.speed,
            "window_ms": limits.window_ms,
            "patience": pacing.PATIENCE,
            "slack_ms": pacing.SLACK_MS,
            "hold_ms": pacing.HOLD_MS,
            "grace_ms": GRACE_MS,
            "decrease": pacing.DECREASE,
            "settle_ms": pacing.SETTLE_MS,
            "floor": pacing.FLOOR,
            "recovery_s": pacing.RECOVERY_S,
            "ledger_code": pacing.LEDGER_CODE,
            "ledger_pause_ms": pacing.LEDGER_PAUSE_MS,
        }
    )


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def _usage(
    limits: Limits,
    at: tuple[int, int],
    state: dict[Any, Any],
    held: list[tuple[Any, float]],
    paused: bytes | str | None,
    used: dict[Any, Any],
) -> Usage:
    now = at[0] * 1000 + at[1] / 1000
    facts = {_text(name): _text(value) for name, value in state.items()}
    lesson = pacing.Lesson(float(facts.get("share", 1)), float(facts.get("share_at", 0)))
    seconds = [[int(word) for word in _text(line).split()] for line in used.values()]
    waits = [value.split() for name, value in facts.items() if name.startswith("who:")]
    fresh = [[int(word) for word in counts] for back, *counts in waits if float(back) >= now]
    paused_until = float(_text(paused) or 0)
    return usage_of(
        limits,
        share=lesson.at(now),
        second=at[0],
        used={second: counts for second, *counts in seconds if second >= at[0] - MINUTE_S},
        waiting=[sum(column) for column in zip(*fresh, strict=True)] or [0] * len(QUEUES),
        under_way=sum(until > now for _number, until in held),
        throttled=(float(facts.get("throttled_at", 0)), facts.get("throttled_code", "")),
        paused_until=paused_until if paused_until > now else 0.0,
    )
