"""A calendar that a server publishes as JSON, such as the simulator's."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx

from market.data import aware
from market.sessions import SessionSpan
from market.words import Session


class CalendarUnreadable(ValueError):
    """The address does not answer, or what it says is no calendar."""


def spans_in(body: Mapping[str, Any]) -> Iterator[SessionSpan]:
    """Sessions in `{"days": [{"date", "sessions": [{"session", "start", "end"}]}]}`. Raises CalendarUnreadable."""
    try:
        for day in body["days"]:
            for session in day["sessions"]:
                start, end = (aware(datetime.fromisoformat(session[k])).astimezone(UTC) for k in ("start", "end"))
                yield SessionSpan(date.fromisoformat(day["date"]), Session(session["session"]), start, end)
    except (KeyError, TypeError, ValueError) as error:
        raise CalendarUnreadable(f"this is no calendar of days and sessions: {error}") from None


def fetch_spans(url: str) -> list[SessionSpan]:
    """The calendar published at the address. Raises CalendarUnreadable."""
    try:
        answer = httpx.get(url, timeout=10, trust_env=False).raise_for_status()
        return list(spans_in(answer.json()))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CalendarUnreadable(f"{url} does not answer: {error}") from None
    except CalendarUnreadable:
        raise
    except ValueError:
        raise CalendarUnreadable(f"{url} does not answer with JSON") from None
