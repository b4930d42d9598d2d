"""A day of real processes: each account's bot is started, meets its end, and is started again."""

import os
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import RawValue
from typing import TYPE_CHECKING

from django.conf import settings

from bots.chaos import life
from bots.chaos.plan import DayPlan, End, Fate, fate

if TYPE_CHECKING:
    from bots.chaos.run import Run, Tenant

LOOK_SEC = 0.03
AGAIN_SEC = 0.1  # between two looks whether the lease of somebody who may live has run out
STOP_WITHIN_SEC = 8.0
LONGEST_LIFE_SEC = 8.0  # of one that makes no order
LONGEST = 4  # times as long as it should be a day may last
STOPPED = os.WUNTRACED if hasattr(os, "WUNTRACED") else 0


@dataclass(slots=True)
class Bot:
    """One process. `frozen_at`: when it was stopped; past its lease it goes on."""

    tenant: "Tenant"
    pid: int
    end: End
    born: float
    sign: life.Sign = field(default_factory=lambda: RawValue("d", 0.0))
    frozen_at: float | None = None
    thawed: bool = False

    def is_due(self, now: float) -> bool:
        """Whether the time of its end has come: so long after its first order, or when there will be none."""
        since = self.sign.value or (now if not self.end.early else self.born)
        return now - since >= self.end.seconds or now - self.born > LONGEST_LIFE_SEC

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)


class Nest:
    """Forks the bots of a day and sees to it that each meets its end."""

    def __init__(self, run: "Run", number: int, day: DayPlan) -> None:
        self._run, self._day = run, day
        self._rng = run.plan.rng("processes", number)
        self._bots: list[Bot] = []
        self._next_try: dict[object, float] = {}
        self._orders_before = run.orders_so_far()

    def live(self) -> None:
        """Until the day is over; then those that are left are told to stop, and the deaf are killed."""
        started = time.monotonic()
        strikes = list(self._day.strikes)
        while not self._is_over((now := time.monotonic()) - started):
            while strikes and now - started >= strikes[0].at:
                self._run.strike(strikes.pop(0), self._rng)
            self._look_after(now)
            time.sleep(LOOK_SEC)
        self._end_day()

    def _is_over(self, elapsed: float) -> bool:
        """On a busy machine a bot may need longer until it trades: a day without an order tries nothing."""
        day = self._run.plan.day_sec
        if elapsed < day:
            return False
        return elapsed > day * LONGEST or self._run.orders_so_far() > self._orders_before

    def _look_after(self, now: float) -> None:
        for bot in list(self._bots):
            self._reap(bot)
            if bot in self._bots:
                self._let_it_meet(bot, now)
        for tenant in self._run.tenants:
            awake = any(b.tenant is tenant and b.frozen_at is None for b in self._bots)
            if not awake and now >= self._next_try.get(tenant.id, 0.0):
                self._next_try[tenant.id] = now + AGAIN_SEC
                if self._run.lease_is_free(tenant):
                    self._start(tenant, now)

    def _start(self, tenant: "Tenant", now: float) -> None:
        bot = Bot(tenant, 0, fate(self._rng), now)
        bot.pid = life.fork(partial(life.bot, tenant.id, bot.end, bot.sign), self._run.log, self._run.plant)
        self._bots.append(bot)

    def _reap(self, bot: Bot) -> None:
        pid, status = os.waitpid(bot.pid, os.WNOHANG | STOPPED)
        if pid == 0:
            return
        if os.WIFSTOPPED(status):
            bot.frozen_at = bot.frozen_at or time.monotonic()
            return
        self._bots.remove(bot)
        alone = not any(b.tenant is bot.tenant for b in self._bots)
        self._run.ended(bot.tenant, pid, bot.end.name, status, free=alone and self._rng.random() < 0.9)

    def _let_it_meet(self, bot: Bot, now: float) -> None:
        if bot.frozen_at is not None:
            if not bot.thawed and now - bot.frozen_at > settings.BOT_LEASE.total_seconds() + 0.7:
                bot.thawed = True
                bot.signal(signal.SIGCONT)
            return
        if bot.end.fate is Fate.LIVE or not bot.is_due(now):
            return
        match bot.end.fate:
            case Fate.KILL | Fate.POINT | Fate.FREEZE_AT:  # a point that it never came to
                bot.signal(signal.SIGKILL)
            case Fate.FREEZE:
                bot.signal(signal.SIGSTOP)
            case Fate.TERM:
                bot.signal(signal.SIGTERM)
                bot.end = End(Fate.LIVE)

    def _end_day(self) -> None:
        """Half of the days end with a deploy, half with a power cut."""
        gently = self._rng.random() < 0.5
        for bot in self._bots:
            bot.signal(signal.SIGCONT)
            bot.signal(signal.SIGTERM if gently else signal.SIGKILL)
        until = time.monotonic() + STOP_WITHIN_SEC
        while self._bots:
            for bot in list(self._bots):
                if time.monotonic() > until:
                    bot.signal(signal.SIGKILL)
                bot.frozen_at = None
                self._reap(bot)
            time.sleep(LOOK_SEC)
