"""A day of real processes: each account's bot is started, meets its end, and is started again."""

import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings

from bots.chaos import life
from bots.chaos.plan import DayPlan, End, Fate, fate

if TYPE_CHECKING:
    from bots.chaos.run import Run, Tenant

LOOK_SEC = 0.03
AGAIN_SEC = 0.3  # between two tries to start a bot whose lease is held by somebody who may live
STOP_WITHIN_SEC = 8.0
STOPPED = os.WUNTRACED if hasattr(os, "WUNTRACED") else 0


@dataclass(slots=True)
class Bot:
    """One process. `frozen_at`: when it was stopped; past its lease it goes on."""

    tenant: "Tenant"
    pid: int
    end: End
    born: float
    frozen_at: float | None = None
    thawed: bool = False

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)


class Nest:
    """Forks the bots of a day and sees to it that each meets its end."""

    def __init__(self, run: "Run", number: int, day: DayPlan) -> None:
        self._run, self._day = run, day
        self._rng = run.plan.rng("processes", number)
        self._bots: list[Bot] = []
        self._next_try: dict[object, float] = {}

    def live(self) -> None:
        """Until the day is over; then those that are left are told to stop, and the deaf are killed."""
        started = time.monotonic()
        strikes = list(self._day.strikes)
        while (now := time.monotonic()) - started < self._run.plan.day_sec:
            while strikes and now - started >= strikes[0].at:
                self._run.strike(strikes.pop(0), self._rng)
            self._look_after(now)
            time.sleep(LOOK_SEC)
        self._end_day()

    def _look_after(self, now: float) -> None:
        for bot in list(self._bots):
            self._reap(bot)
            if bot in self._bots:
                self._let_it_meet(bot, now)
        for tenant in self._run.tenants:
            awake = any(b.tenant is tenant and b.frozen_at is None for b in self._bots)
            if not awake and now >= self._next_try.get(tenant.id, 0.0):
                self._start(tenant, now)

    def _start(self, tenant: "Tenant", now: float) -> None:
        end = fate(self._rng)
        pid = life.fork(partial(life.bot, tenant.id, end), self._run.log, self._run.plant)
        self._bots.append(Bot(tenant, pid, end, now))
        self._next_try[tenant.id] = now + AGAIN_SEC

    def _reap(self, bot: Bot) -> None:
        pid, status = os.waitpid(bot.pid, os.WNOHANG | STOPPED)
        if pid == 0:
            return
        if os.WIFSTOPPED(status):
            bot.frozen_at = bot.frozen_at or time.monotonic()
            return
        self._bots.remove(bot)
        alone = not any(b.tenant is bot.tenant for b in self._bots)
        self._run.ended(bot.tenant, str(bot.end), status, free=alone and self._rng.random() < 0.8)

    def _let_it_meet(self, bot: Bot, now: float) -> None:
        if bot.frozen_at is not None:
            if not bot.thawed and now - bot.frozen_at > settings.BOT_LEASE.total_seconds() + 0.7:
                bot.thawed = True
                bot.signal(signal.SIGCONT)
            return
        if bot.end.fate is Fate.LIVE or now - bot.born < bot.end.seconds:
            return
        match bot.end.fate:
            case Fate.KILL | Fate.POINT | Fate.FREEZE_AT:  # a point that it never came to
                bot.signal(signal.SIGKILL)
            case Fate.FREEZE:
                bot.signal(signal.SIGSTOP)
            case Fate.TERM:
                bot.signal(signal.SIGTERM)
                bot.end = End(Fate.KILL, now - bot.born + STOP_WITHIN_SEC)

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
