"""The one place that reads the clock, and the two zones that KIS speaks in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SEOUL = ZoneInfo("Asia/Seoul")

REAL, FAST, FROZEN, STEPPED = "real", "fast", "frozen", "stepped"
MODES = (REAL, FAST, FROZEN, STEPPED)
MAX_SPEED = 3600.0


class BadClock(ValueError):
    """A mode, a speed or a moment that the clock cannot take; the message says what was expected."""


def _wall() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Market time: the machine's, moved by an offset and, in mode `fast`, running `speed` times as fast.

    `frozen` and `stepped` stand still until they are told (`advance`, `set`, `turn`). What belongs to the wire and not
    to the market (PINGPONG, lingering slots, slow answers) goes by `wall`.
    """

    def __init__(
        self,
        start: datetime | None = None,
        offset: float = 0.0,
        *,
        mode: str = REAL,
        speed: float = 1.0,
        wall: Callable[[], datetime] = _wall,
    ) -> None:
        self._wall = wall
        self._since = wall()
        self._at = start or self._since + timedelta(seconds=offset)
        self.mode, self.speed = checked(mode, speed)

    @staticmethod
    def read(row: dict[str, Any], wall: Callable[[], datetime] = _wall) -> Clock:
        """The clock that `row` once described, as if nobody had looked away. Raises KeyError, TypeError, ValueError."""
        clock = Clock(wall=wall)
        clock._at, clock._since = datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["since"])
        clock.mode, clock.speed = checked(row["mode"], float(row["speed"]))
        return clock

    def row(self) -> dict[str, Any]:
        """What `read` needs: the market's moment at a moment of the machine, and how it goes on from there."""
        return {
            "mode": self.mode,
            "speed": self.speed,
            "at": self._at.isoformat(),
            "since": self._since.isoformat(),
        }

    def wall(self) -> datetime:
        """The machine's moment, aware, UTC."""
        return self._wall()

    @property
    def pace(self) -> float:
        """Seconds of the market per second of the machine; 0 when it stands still."""
        return self.speed if self.mode in (REAL, FAST) else 0.0

    def now(self) -> datetime:
        """The simulated moment, aware, UTC."""
        if not self.pace:
            return self._at
        return self._at + (self._wall() - self._since) * self.pace

    def wait_seconds(self, market_seconds: float) -> float:
        """How long that takes on the machine; a clock that stands still lends its unit."""
        return market_seconds / (self.pace or 1.0)

    def advance(self, seconds: float) -> None:
        """Jump ahead. Raises BadClock."""
        self.set(self.now() + timedelta(seconds=seconds))

    def set(self, moment: datetime) -> None:
        """Jump to a moment that is not past. Raises BadClock."""
        now = self.now()
        if moment.tzinfo is None or moment < now:
            raise BadClock(f"set is a moment with its zone, not before {now.isoformat()}: the market never goes back")
        self._at, self._since = moment.astimezone(UTC), self._wall()

    def turn(self, mode: str, speed: float | None = None) -> None:
        """Go on from here in another mode. `real` has the speed 1. Raises BadClock."""
        kept = 1.0 if mode == REAL else self.speed
        mode, speed = checked(mode, kept if speed is None else speed)
        self._at, self._since = self.now(), self._wall()
        self.mode, self.speed = mode, speed


def checked(mode: str, speed: float) -> tuple[str, float]:
    """Mode and speed as a clock takes them. Raises BadClock."""
    if mode not in MODES:
        raise BadClock(f"the clock's mode is one of {', '.join(MODES)}, not {mode!r}")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= MAX_SPEED:
        raise BadClock(f"speed is more than 0 and at most {MAX_SPEED:.0f}, not {speed!r}")
    if mode == REAL and speed != 1:
        raise BadClock("mode real has the speed 1; mode fast takes another")
    return mode, float(speed)


def us_date(now: datetime) -> date:
    """The New York calendar date: `ord_dt` (section 6.4)."""
    return now.astimezone(NEW_YORK).date()


def ymd(day: date) -> str:
    return f"{day:%Y%m%d}"


def seoul_ymd(now: datetime) -> str:
    return f"{now.astimezone(SEOUL):%Y%m%d}"


def seoul_hms(now: datetime) -> str:
    return f"{now.astimezone(SEOUL):%H%M%S}"


def new_york_ymd(now: datetime) -> str:
    return f"{now.astimezone(NEW_YORK):%Y%m%d}"


def new_york_hms(now: datetime) -> str:
    return f"{now.astimezone(NEW_YORK):%H%M%S}"


def utc_text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")
