"""A clock that stands where the simulator's does, for a process and for all that it forks.

A run lives through several trading days in seconds: the harness turns the simulator's clock, and this one with it.
Leases, timeouts and deadlines go by other clocks (the database's, the machine's uptime) and stay as they are.
"""

import sys
from datetime import UTC, datetime
from multiprocessing import RawValue
from typing import Any

OURS = ("accounts", "bots", "credentials", "instruments", "kis", "logs", "market", "orders", "positions", "rules")
_ahead = RawValue("d", 0.0)  # seconds; shared with every child


class _Kind(type):
    """Stands in for the class `datetime`: what is asked of it is asked of the real one."""

    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, datetime)

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime, name)

    def __call__(cls, *parts: Any, **named: Any) -> datetime:
        return datetime(*parts, **named)  # noqa: DTZ001  the caller's business

    def now(cls, tz: Any = None) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + _ahead.value, tz)


class _Moved(metaclass=_Kind):
    """`datetime` in modules whose clock was moved."""


def install() -> None:
    """From now on every module of ours, and Django, reads the moved clock. Import what shall read it first."""
    for name, module in list(sys.modules.items()):
        ours = name.partition(".")[0] in OURS and not name.startswith(("kis.simulator", "bots.chaos"))
        if (ours or name == "django.utils.timezone") and getattr(module, "datetime", None) is datetime:
            module.datetime = _Moved  # type: ignore[attr-defined]


def set_to(moment: datetime) -> None:
    """It is this moment now, here and in every process forked from here."""
    _ahead.value = (moment - datetime.now(UTC)).total_seconds()


def now() -> datetime:
    """The moved moment."""
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() + _ahead.value, UTC)
