"""Who may ask KIS next, and when: the rules of the rate budget (sheet 3.5). No clock, no waiting.

Three rules hold together, for what KIS counts by server second and key:

*Paced.* Slots open evenly, at `SPARE` of the allowed rate; nothing is saved up for a burst.
*Counted.* A request may be counted any time between its slot and its answer. It is therefore held against the limit
until one server second after its answer, and no slot opens while as many are held as KIS allows in a second. However
late a request arrives, no server second can see one too many.
*Learned.* A refusal for rate lowers the rate for everybody, and it recovers slowly.

`pacing.lua` is the same for all processes that share a key; the tests put both through the same claims.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from market.words import Lane

LANES = tuple(Lane)  # most urgent first
QUEUES = tuple((lane, ledger) for lane in LANES for ledger in (True, False))
PATIENCE = 9  # a queue that was passed over so often gets the next slot: each has a guaranteed share
SPARE = 0.95  # of the allowed rate; KIS says that it may refuse even below the limit
SLACK_MS = 25.0  # how late a slot may be taken without moving those after it: waking up late costs no slot
HOLD_MS = 3000.0  # how long a request without an answer is held: nothing of ours is written later than that
DECREASE = 0.7  # of the rate, after a second in which KIS refused
SETTLE_MS = 1000.0  # refusals within this time are one lesson
FLOOR = 1 / 6  # of the rate at least: what KIS allows a new key
RECOVERY_S = 300.0  # from nothing to the whole rate
LEDGER_PAUSE_MS = 1000.0  # for functions of the account, after EGW00215 (8.1: one to two seconds)
LEDGER_CODE = "EGW00215"
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What KIS allows: `rate` requests per second of our time, of which `spare` is used.

    `speed`: how many server seconds a second of ours has; 1 but for a simulator whose market runs faster.
    """

    rate: float
    spare: float = SPARE
    speed: float = 1.0

    @property
    def window_ms(self) -> float:
        """A server second on our clock."""
        return 1000 / self.speed

    def interval_ms(self, share: float) -> float:
        """Between two slots, at a share of the rate."""
        return 1000 / (self.rate * self.spare * share)

    def room(self, share: float) -> int:
        """Requests in a server second, at a share of the rate."""
        return max(1, math.floor(self.rate * share / self.speed + 1e-6))


@dataclass(frozen=True, slots=True)
class Granted:
    """The queue whose turn it is, the number by which its request is reported done, and when to ask again."""

    queue: int
    number: int
    again_ms: float


@dataclass(frozen=True, slots=True)
class Usage:
    """A budget in use, for people and metrics. `allowed` and `learned` are requests per second."""

    allowed: float
    learned: float
    last_second: Mapping[Lane, int]
    last_minute: Mapping[Lane, int]
    waiting: Mapping[Lane, int]
    under_way: int
    throttled_at: datetime | None
    throttled_code: str
    ledger_paused_until: datetime | None


def queue_of(lane: Lane, ledger: bool) -> int:
    return LANES.index(lane) * 2 + (0 if ledger else 1)


def by_lane(counts: Sequence[int]) -> dict[Lane, int]:
    """From counts by queue."""
    return {lane: counts[2 * n] + counts[2 * n + 1] for n, lane in enumerate(LANES)}


def is_ledger(queue: int) -> bool:
    return QUEUES[queue][1]


def moment_of(ms: float) -> datetime | None:
    return datetime.fromtimestamp(ms / 1000, UTC) if ms else None


@dataclass(slots=True)
class Lesson:
    """The share of the rate that KIS's refusals have left."""

    share: float = 1.0
    since: float = -math.inf

    def at(self, now: float) -> float:
        return min(1.0, self.share + max(0.0, now - self.since) / (RECOVERY_S * 1000)) if self.share < 1 else 1.0

    def refused(self, now: float) -> None:
        if now - self.since >= SETTLE_MS:
            self.share, self.since = max(FLOOR, self.at(now) * DECREASE), now


@dataclass(slots=True)
class Pacing:
    """The rules for one process. Times are milliseconds of any clock that only goes forward."""

    limits: Limits
    lesson: Lesson = field(default_factory=Lesson)
    next_at: float = -math.inf
    held: dict[int, float] = field(default_factory=dict)  # request -> until when it counts
    passed_over: list[int] = field(default_factory=lambda: [0] * len(QUEUES))
    paused_until: float = -math.inf
    throttled: tuple[float, str] = (0.0, "")
    used: dict[int, list[int]] = field(default_factory=dict)  # second -> by queue
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))  # type: ignore[type-arg]

    def ask(self, now: float, waiting: Sequence[int]) -> Granted | float:
        """The next slot for one of those who wait, counted by queue; else after how many milliseconds to ask."""
        share = self.lesson.at(now)
        if now < self.next_at:
            return self.next_at - now
        self.held = {number: until for number, until in self.held.items() if until > now}
        if len(self.held) >= self.limits.room(share):
            return min(min(self.held.values()), now + self.limits.window_ms) - now
        ready = [q for q, n in enumerate(waiting) if n and not (is_ledger(q) and now < self.paused_until)]
        if not ready:
            return max(1.0, self.paused_until - now)
        return self._grant(now, ready, share)

    def _grant(self, now: float, ready: list[int], share: float) -> Granted:
        chosen = next((q for q in ready if self.passed_over[q] >= PATIENCE), ready[0])
        for queue in ready:
            self.passed_over[queue] += 1
        self.passed_over[chosen] = 0
        begin = self.next_at if now - self.next_at <= SLACK_MS else now
        self.next_at = begin + self.limits.interval_ms(share)
        granted = Granted(chosen, next(self.numbers), self.next_at - now)
        self.held[granted.number] = now + HOLD_MS
        self._count(int(now // 1000), chosen)
        return granted

    def _count(self, second: int, queue: int) -> None:
        if second not in self.used:
            self.used = {at: counts for at, counts in self.used.items() if at > second - MINUTE_S}
            self.used[second] = [0] * len(QUEUES)
        self.used[second][queue] += 1

    def done(self, now: float, number: int, refused: str = "") -> None:
        """The request was answered, or not sent. `refused`: the code of a refusal for rate, if it was one."""
        if number in self.held:
            self.held[number] = now + self.limits.window_ms
        if refused:
            self.throttled = (now, refused)
            if refused == LEDGER_CODE:
                self.paused_until = now + LEDGER_PAUSE_MS
            else:
                self.lesson.refused(now)

    def usage(self, now: float, waiting: Sequence[int], clock_ms: float = 0.0) -> Usage:
        """`clock_ms`: what to add to `now` for the time of day."""
        second = int(now // 1000)
        return usage_of(
            self.limits,
            share=self.lesson.at(now),
            second=second,
            used=self.used,
            waiting=waiting,
            under_way=sum(until > now for until in self.held.values()),
            throttled=(self.throttled[0] + clock_ms if self.throttled[1] else 0.0, self.throttled[1]),
            paused_until=self.paused_until + clock_ms if self.paused_until > now else 0.0,
        )


def usage_of(
    limits: Limits,
    *,
    share: float,
    second: int,
    used: Mapping[int, Sequence[int]],
    waiting: Sequence[int],
    under_way: int,
    throttled: tuple[float, str],
    paused_until: float,
) -> Usage:
    """`second`: the current one; the last second is the whole one before, the last minute the sixty before."""
    nothing = [0] * len(QUEUES)
    minute = [counts for at, counts in used.items() if second - MINUTE_S <= at < second]
    return Usage(
        allowed=limits.rate,
        learned=round(limits.rate * share, 3),
        last_second=by_lane(used.get(second - 1, nothing)),
        last_minute=by_lane([sum(column) for column in zip(*minute, strict=True)] or nothing),
        waiting=by_lane(waiting),
        under_way=under_way,
        throttled_at=moment_of(throttled[0]),
        throttled_code=throttled[1],
        ledger_paused_until=moment_of(paused_until),
    )
