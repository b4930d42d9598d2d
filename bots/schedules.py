"""The schedule as it comes: rows that an admin may edit, and how to bring back those that were lost or broken.

The migrations make the rows once and never touch them again; `manage.py schedules` compares and restores.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

SEOUL, NEW_YORK = "Asia/Seoul", "America/New_York"
QUEUE = "tasks"


@dataclass(frozen=True, slots=True)
class Cron:
    minute: str
    hour: str
    timezone: str
    day_of_week: str = "*"

    def as_dict(self) -> dict[str, Any]:
        every = {"day_of_month": "*", "month_of_year": "*"}
        return {"minute": self.minute, "hour": self.hour, "day_of_week": self.day_of_week, **every,
                "timezone": self.timezone}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """`when`: seconds between two runs, or a crontab. `expires_sec`: a message nobody took by then is dropped."""

    name: str
    task: str
    when: int | Cron
    expires_sec: int


SCHEDULES = (
    Schedule("ensure bots", "bots.ensure_bots", 10, 9),
    Schedule("run hooks", "bots.run_hooks", 10, 9),
    Schedule("deliver notifications", "logs.deliver_notifications", 5, 5),
    Schedule("clean up unfilled orders", "bots.clean_up_orders", 60, 50),
    Schedule("watch for closures", "bots.watch_closures", 300, 240),
    Schedule("renew tokens", "bots.renew_tokens", Cron("3-58/5", "9-15", SEOUL), 240),
    Schedule("import instruments", "bots.import_instruments", Cron("20", "3", NEW_YORK), 3600),
    Schedule("import candles", "bots.import_candles", Cron("30", "21", NEW_YORK), 3600),
    Schedule("import trading days", "bots.import_trading_days", Cron("0", "12", NEW_YORK, "sun"), 3600),
    Schedule("delete old rows", "bots.delete_old_rows", Cron("40", "10", SEOUL), 3600),
    Schedule("end silent backtests", "backtests.end_silent", 60, 50),
)


class Condition(StrEnum):
    """How a row stands beside the schedule as it comes. `changed` is an admin's right; the others are faults."""

    AS_IT_COMES = "ok"
    CHANGED = "changed"
    MISSING = "missing"
    OFF = "off"
    BROKEN = "broken"  # another task, no time, or a queue that no worker reads


FAULTS = frozenset({Condition.MISSING, Condition.OFF, Condition.BROKEN})


@dataclass(frozen=True, slots=True)
class Standing:
    """One schedule: its row if there is one, and when it was sent last."""

    schedule: Schedule
    condition: Condition
    row: PeriodicTask | None

    @property
    def last_run_at(self) -> datetime | None:
        return self.row.last_run_at if self.row else None

    def late(self, now: datetime) -> bool:
        """Not sent for far longer than it should be: nobody beats. A crontab is given two days beyond its week."""
        if self.row is None or not self.row.enabled or isinstance(self.schedule.when, Cron):
            return False
        # beat writes the times down every few minutes
        allowed = max(timedelta(minutes=10), 10 * timedelta(seconds=self.schedule.when))
        return self.last_run_at is None or now - self.last_run_at > allowed


def standings() -> Iterator[Standing]:
    """Every schedule and how its row stands."""
    names = [schedule.name for schedule in SCHEDULES]
    rows = PeriodicTask.objects.filter(name__in=names).select_related("interval", "crontab")
    known = {row.name: row for row in rows}
    for schedule in SCHEDULES:
        row = known.get(schedule.name)
        yield Standing(schedule, _condition(schedule, row), row)


def restore(*, everything: bool = False) -> list[str]:
    """Make missing, broken and switched-off rows as they come; with `everything` also those that an admin changed.

    The names of those that were made anew.
    """
    wanted = FAULTS | ({Condition.CHANGED} if everything else frozenset())
    with transaction.atomic():
        names = []
        for standing in list(standings()):
            if standing.condition in wanted:
                _write(standing.schedule)
                names.append(standing.schedule.name)
        if names:
            PeriodicTasks.update_changed()
    return names


def _condition(schedule: Schedule, row: PeriodicTask | None) -> Condition:
    if row is None:
        return Condition.MISSING
    timed = row.interval or row.crontab or row.solar or row.clocked
    if row.task != schedule.task or timed is None or row.queue != QUEUE or row.one_off:
        return Condition.BROKEN
    if not row.enabled:
        return Condition.OFF
    same = _same_time(schedule.when, row) and row.expire_seconds == schedule.expires_sec
    return Condition.AS_IT_COMES if same else Condition.CHANGED


def _same_time(when: int | Cron, row: PeriodicTask) -> bool:
    if isinstance(when, Cron):
        if row.crontab is None:
            return False
        wanted = when.as_dict() | {"timezone": when.timezone}
        return all(str(getattr(row.crontab, name)) == value for name, value in wanted.items())
    return row.interval is not None and (row.interval.every, row.interval.period) == (when, "seconds")


def _write(schedule: Schedule) -> None:
    if isinstance(schedule.when, Cron):
        crontab, _ = CrontabSchedule.objects.get_or_create(**schedule.when.as_dict())
        time: dict[str, Any] = {"crontab": crontab, "interval": None}
    else:
        interval, _ = IntervalSchedule.objects.get_or_create(every=schedule.when, period="seconds")
        time = {"interval": interval, "crontab": None}
    PeriodicTask.objects.update_or_create(
        name=schedule.name,
        defaults={
            **time,
            "task": schedule.task,
            "queue": QUEUE,
            "expire_seconds": schedule.expires_sec,
            "expires": None,
            "enabled": True,
            "one_off": False,
            "solar": None,
            "clocked": None,
        },
    )
