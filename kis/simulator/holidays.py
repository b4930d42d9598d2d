"""The days on which the New York exchanges are closed, or close early, by their rules of 2022 and later.

Days of mourning and storms are in nobody's rules: a scenario names them (`holidays`, `early_closes`).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 3, 4, 5, 6


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last(year: int, month: int, weekday: int) -> date:
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _observed(day: date) -> date:
    """A Saturday's holiday is kept on the Friday before, a Sunday's on the Monday after."""
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the epact."""
    golden, century = year % 19, year // 100
    leap_shift, moon_shift = century - century // 4, (8 * century + 13) // 25
    epact = (leap_shift - moon_shift + 19 * golden + 15) % 30
    moon = epact - epact // 28 * (1 - epact // 28 * (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - leap_shift) % 7
    days = moon - weekday
    month = 3 + (days + 40) // 44
    return date(year, month, days + 28 - 31 * (month // 4))


@lru_cache(maxsize=64)
def closed(year: int) -> frozenset[date]:
    """Whole days without trading."""
    days = {
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        easter(year) - timedelta(days=2),
        _last(year, 5, MONDAY),
        _observed(date(year, 6, 19)),
        _observed(date(year, 7, 4)),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 11, THURSDAY, 4),
        _observed(date(year, 12, 25)),
    }
    # A New Year's Day on a Saturday is not made up for: the old year's last Friday is traded.
    new_year = date(year, 1, 1)
    if new_year.weekday() != SATURDAY:
        days.add(_observed(new_year))
    return frozenset(days)


@lru_cache(maxsize=64)
def early(year: int) -> frozenset[date]:
    """Days whose regular session ends at 13:00: around Independence Day, Thanksgiving and Christmas."""
    candidates = {
        date(year, 7, 3),
        _nth(year, 11, THURSDAY, 4) + timedelta(days=1),
        date(year, 12, 24),
    }
    return frozenset(d for d in candidates if d.weekday() <= FRIDAY and d not in closed(year))
