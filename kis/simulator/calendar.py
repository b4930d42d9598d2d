"""When the simulated exchange is open. Data for the exchange and for `GET /calendar` alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kis.simulator import holidays as rules
from kis.simulator.clock import NEW_YORK, SEOUL, us_date

# KIS's own hours, on Korean clocks (section 6.4). New York's opening hours decide the rest.
DAYTIME_OPENS = time(10)  # and ends with the start of pre-market: 18:00, 17:00 in US daylight saving
AFTER_ENDS = time(7)  # orders of accounts without the after-market extension
EXTENSION_ENDS = time(9)


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a trading day; `end` does not belong to it."""

    name: str  # daytime | pre | regular | after
    start: datetime
    end: datetime

    def covers(self, now: datetime) -> bool:
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Day:
    """`sessions` are those whose trades make the day's bars; `daytime` began on the evening before."""

    date: date
    sessions: tuple[Session, ...]
    early_close: bool = False
    daytime: Session | None = None

    def session_at(self, now: datetime) -> Session | None:
        return next((s for s in self.sessions if s.covers(now)), None)

    def regular(self) -> Session | None:
        return next((s for s in self.sessions if s.name == "regular"), None)

    def orders_end(self, *, extension: bool) -> datetime:
        """When KIS takes no more usual orders of this day, and ends those that it took (6.4)."""
        last = self.sessions[-1]
        if last.name != "after":
            return last.end
        morning = datetime.combine(self.date + timedelta(days=1), EXTENSION_ENDS if extension else AFTER_ENDS, SEOUL)
        return min(last.end, morning.astimezone(UTC))


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


class Calendar:
    """`always`: every New York date is one regular session.

    `nyse-hours`: weekdays without the exchange's holidays, four sessions. `holidays` and `early_closes` come on top.
    """

    def __init__(self, kind: str = "always", holidays: Iterable[date] = (), early_closes: Iterable[date] = ()) -> None:
        if kind not in ("always", "nyse-hours"):
            raise ValueError(f"calendar must be 'always' or 'nyse-hours', not {kind!r}")
        self._kind = kind
        self._holidays = frozenset(holidays)
        self._early = frozenset(early_closes)
        self._days: dict[date, Day] = {}
        self._turned: dict[date, list[datetime]] = {}

    def day(self, day: date) -> Day:
        """The sessions of one New York date; none on a day without trading."""
        if day not in self._days:
            self._days[day] = self._always(day) if self._kind == "always" else self._nyse(day)
        return self._days[day]

    def today(self, now: datetime) -> Day:
        return self.day(us_date(now))

    def session_at(self, now: datetime) -> Session | None:
        """The session whose trades make today's bars: never the daytime session."""
        return self.today(now).session_at(now)

    def daytime_at(self, now: datetime) -> Day | None:
        """The trading day whose daytime session is on now."""
        today = us_date(now)
        for day in (self.day(today), self.day(today + timedelta(days=1))):
            if day.daytime is not None and day.daytime.covers(now):
                return day
        return None

    def last_open_day(self, day: date) -> Day:
        """The nearest day at or before `day` that has sessions."""
        for back in range(30):
            found = self.day(day - timedelta(days=back))
            if found.sessions:
                return found
        raise ValueError(f"no trading day in the 30 days before {day}")

    def business_day(self, day: date, after: int) -> date:
        """The `after`-th trading day behind `day`."""
        while after > 0:
            day += timedelta(days=1)
            after -= bool(self.day(day).sessions)
        return day

    def next_turn(self, after: datetime) -> datetime:
        """The next moment at which a session, an order's life or a date ends or begins."""
        day = us_date(after)
        found = next((m for m in self._turns(day) if m > after), None)
        return found or self._turns(day + timedelta(days=1))[0]

    def _turns(self, day: date) -> list[datetime]:
        """Of one New York date: its midnight first, then what its sessions bring, in the order of time."""
        if day not in self._turned:
            midnight, next_midnight = _at(day, time(0)), _at(day + timedelta(days=1), time(0))
            moments = {midnight}
            for found in (self.day(day), self.day(day + timedelta(days=1))):
                sessions = (*found.sessions, *([found.daytime] if found.daytime else []))
                moments |= {moment for s in sessions for moment in (s.start, s.end)}
                moments |= {found.orders_end(extension=e) for e in (False, True) if found.sessions}
            self._turned[day] = sorted(m for m in moments if midnight <= m < next_midnight)
        return self._turned[day]

    def _always(self, day: date) -> Day:
        midnight = _at(day, time(0)), _at(day + timedelta(days=1), time(0))
        return Day(day, (Session("regular", *midnight),))

    def _nyse(self, day: date) -> Day:
        if day.weekday() >= 5 or day in self._holidays | rules.closed(day.year):
            return Day(day, ())
        early = day in self._early | rules.early(day.year)
        close, last = (time(13), time(17)) if early else (time(16), time(20))
        sessions = (
            Session("pre", _at(day, time(4)), _at(day, time(9, 30))),
            Session("regular", _at(day, time(9, 30)), _at(day, close)),
            Session("after", _at(day, close), _at(day, last)),
        )
        opens = datetime.combine(day, DAYTIME_OPENS, SEOUL).astimezone(UTC)
        return Day(day, sessions, early, Session("daytime", opens, sessions[0].start))
