"""The New York calendar a year ahead, from the exchange-calendars library.

Imported by commands and short tasks alone: the library brings pandas, which no web or bot process should carry.
"""

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from market.sessions import NEW_YORK, SessionSpan
from market.words import Session

PRE_OPENS = time(4)
AFTER_CLOSES = time(20)
AFTER_CLOSES_EARLY = time(17)  # on a day that closes at 13:00 the after session is as long as on any other
REGULAR_CLOSES = time(16)


def _in_new_york(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


def sessions_of(day: date, opens: datetime, closes: datetime) -> tuple[SessionSpan, ...]:
    """Pre, regular and after of one trading day, in UTC, from the regular session's open and close."""
    early = closes.astimezone(NEW_YORK).time() < REGULAR_CLOSES
    last = _in_new_york(day, AFTER_CLOSES_EARLY if early else AFTER_CLOSES)
    return (
        SessionSpan(day, Session.PRE, _in_new_york(day, PRE_OPENS), opens),
        SessionSpan(day, Session.REGULAR, opens, closes),
        SessionSpan(day, Session.AFTER, closes, last),
    )


def new_york_spans(first: date, last: date) -> Iterator[SessionSpan]:
    """Every session with a trading day in [first, last], as far as the exchange has published."""
    import exchange_calendars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library about pandas: nothing that a person here could act on
        calendar = exchange_calendars.get_calendar("XNYS", start=(first - timedelta(days=7)).isoformat())
    reach = min(last, calendar.last_session.date())
    schedule = calendar.schedule.loc[first.isoformat() : reach.isoformat()]
    for day, opens, closes in schedule[["open", "close"]].itertuples(name=None):
        yield from sessions_of(
            day.date(), opens.to_pydatetime().astimezone(UTC), closes.to_pydatetime().astimezone(UTC)
        )
