"""The one place that reads the clock, and the two zones that KIS speaks in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SEOUL = ZoneInfo("Asia/Seoul")


class Clock:
    """The simulator's time: the machine's, moved by a fixed offset (scenario key `start`)."""

    def __init__(self, start: datetime | None = None, offset: float = 0.0) -> None:
        self._offset = start - datetime.now(UTC) if start else timedelta(seconds=offset)

    @property
    def offset(self) -> float:
        """Seconds ahead of the machine's clock."""
        return self._offset.total_seconds()

    def now(self) -> datetime:
        """The simulated moment, aware, UTC."""
        return datetime.now(UTC) + self._offset


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
