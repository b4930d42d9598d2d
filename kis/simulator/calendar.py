"""When the simulated exchange is open. Data for the exchange and for `GET /calendar` alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kis.simulator.clock import NEW_YORK, us_date


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a trading day; `end` does not belong to it."""

    name: str  # pre | regular | after
    start: datetime
    end: datetime

    def covers(self, now: datetime) -> bool:
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    sessions: tuple[Session, ...]
    early_close: bool = False

    def session_at(self, now: datetime) -> Session | None:
        return next((s for s in self.sessions if s.covers(now)), None)

    def regular(self) -> Session | None:
        return next((s for s in self.sessions if s.name == "regular"), None)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


class Calendar:
    """`always`: every New York date is one regular session. `nyse-hours`: weekdays, three sessions."""

    def __init__(self, kind: str = "always", holidays: Iterable[date] = (), early_closes: Iterable[date] = ()) -> None:
        if kind not in ("always", "nyse-hours"):
            raise ValueError(f"calendar must be 'always' or 'nyse-hours', not {kind!r}")
        self._kind = kind
        self._holidays = frozenset(holidays)
        self._early = frozenset(early_closes)
        self._days: dict[date, Day] = {}

    def day(self, day: date) -> Day:
        """The sessions of one New York date; none on a day without trading."""
        if day not in self._days:
            self._days[day] = self._always(day) if self._kind == "always" else self._nyse(day)
        return self._days[day]

    def today(self, now: datetime) -> Day:
        return self.day(us_date(now))

    def session_at(self, now: datetime) -> Session | None:
        return self.today(now).session_at(now)

    def last_open_day(self, day: date) -> Day:
        """The nearest day at or before `day` that has sessions."""
        for back in range(30):
            found = self.day(day - timedelta(days=back))
            if found.sessions:
                return found
        raise ValueError(f"no trading day in the 30 days before {day}")

    def _always(self, day: date) -> Day:
        midnight = _at(day, time(0)), _at(day + timedelta(days=1), time(0))
        return Day(day, (Session("regular", *midnight),))

    def _nyse(self, day: date) -> Day:
        if day.weekday() >= 5 or day in self._holidays:
            return Day(day, ())
        early = day in self._early
        close, last = (time(13), time(17)) if early else (time(16), time(20))
        sessions = (
            Session("pre", _at(day, time(4)), _at(day, time(9, 30))),
            Session("regular", _at(day, time(9, 30)), _at(day, close)),
            Session("after", _at(day, close), _at(day, last)),
        )
        return Day(day, sessions, early)
