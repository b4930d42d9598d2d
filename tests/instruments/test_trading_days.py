"""Sessions of trading days, as the exchange has them and as the table keeps them."""

import json
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from threading import Thread

import pytest
from django.core.management import CommandError, call_command

from instruments.exchange_calendar import new_york_spans
from instruments.models import TradingDay
from instruments.published_calendar import CalendarUnreadable, spans_in
from instruments.selectors import session_spans
from instruments.services import import_trading_days
from market.sessions import SessionSpan, session_at
from market.words import Session


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def times_of(day: date) -> dict[str, tuple[datetime, datetime]]:
    return {span.session.value: (span.start, span.end) for span in new_york_spans(day, day)}


class TestTheExchangesCalendar:
    def test_an_ordinary_winter_day(self):
        assert times_of(date(2026, 11, 24)) == {
            "pre": (utc(2026, 11, 24, 9), utc(2026, 11, 24, 14, 30)),
            "regular": (utc(2026, 11, 24, 14, 30), utc(2026, 11, 24, 21)),
            "after": (utc(2026, 11, 24, 21), utc(2026, 11, 25, 1)),
        }

    def test_the_day_after_thanksgiving_closes_at_one(self):
        assert times_of(date(2026, 11, 27))["regular"] == (utc(2026, 11, 27, 14, 30), utc(2026, 11, 27, 18))
        assert times_of(date(2026, 11, 27))["after"] == (utc(2026, 11, 27, 18), utc(2026, 11, 27, 22))

    @pytest.mark.parametrize("day", [date(2026, 11, 26), date(2026, 7, 3), date(2025, 1, 9), date(2026, 11, 28)])
    def test_holidays_mourning_and_weekends_have_no_session(self, day):
        assert times_of(day) == {}

    def test_daylight_saving_moves_the_utc_hours_over_one_weekend(self):
        before, after = date(2026, 10, 30), date(2026, 11, 2)

        assert times_of(before)["regular"][0] == utc(2026, 10, 30, 13, 30)
        assert times_of(after)["regular"][0] == utc(2026, 11, 2, 14, 30)
        assert times_of(before)["pre"][0] == utc(2026, 10, 30, 8)
        assert times_of(after)["pre"][0] == utc(2026, 11, 2, 9)

    def test_sessions_never_overlap(self):
        spans = list(new_york_spans(date(2026, 1, 1), date(2026, 12, 31)))

        assert all(a.end <= b.start for a, b in pairwise(spans))
        assert len({span.trading_day for span in spans}) == 251


def span(day: date, session: Session, start: datetime, hours: int) -> SessionSpan:
    return SessionSpan(day, session, start, start + timedelta(hours=hours))


@pytest.mark.django_db
class TestImport:
    DAY = date(2026, 11, 24)
    OPEN = utc(2026, 11, 24, 14)

    def test_importing_twice_keeps_one_row_and_the_newest_times(self):
        import_trading_days([span(self.DAY, Session.REGULAR, self.OPEN, 6)], source="exchange")
        import_trading_days([span(self.DAY, Session.REGULAR, self.OPEN, 3)], source="published")

        row = TradingDay.objects.get()
        assert (row.end, row.source) == (self.OPEN + timedelta(hours=3), "published")

    def test_a_session_that_is_no_more_is_removed_within_the_days_told(self):
        outside = self.DAY + timedelta(days=1)
        import_trading_days(
            [
                span(self.DAY, Session.PRE, self.OPEN - timedelta(hours=5), 5),
                span(self.DAY, Session.REGULAR, self.OPEN, 6),
                span(outside, Session.REGULAR, self.OPEN + timedelta(days=1), 6),
            ],
            source="exchange",
        )
        import_trading_days([span(self.DAY, Session.REGULAR, self.OPEN, 6)], source="published")

        left = set(TradingDay.objects.values_list("trading_day", "session"))
        assert left == {(self.DAY, "regular"), (outside, "regular")}

    def test_an_import_is_seen_at_the_next_look(self):
        assert session_spans(self.OPEN) == ()
        import_trading_days([span(self.DAY, Session.REGULAR, self.OPEN, 6)], source="exchange")

        view = session_at(self.OPEN, session_spans(self.OPEN))
        assert (view.session, view.trading_day) == (Session.REGULAR, self.DAY)

    def test_a_year_of_the_exchange_fits_the_table(self):
        call_command("import_trading_days", "--days", "200")

        assert TradingDay.objects.filter(session="regular").count() > 100

    def test_an_address_that_does_not_answer_is_one_sentence(self):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_trading_days", "--from", "http://127.0.0.1:9/calendar")

    def test_a_published_calendar_is_imported_over_http(self):
        body = {
            "days": [
                {
                    "date": "2026-11-22",
                    "sessions": [
                        {"session": "regular", "start": "2026-11-22T05:00:00Z", "end": "2026-11-23T05:00:00Z"}
                    ],
                    "early_close": False,
                },
                {"date": "2026-11-23", "sessions": []},
            ]
        }
        with published(body) as url:
            call_command("import_trading_days", "--from", url)

        assert TradingDay.objects.get().start == utc(2026, 11, 22, 5)


class published:  # noqa: N801  used as a context
    """A server that answers one document."""

    def __init__(self, body: object) -> None:
        text = json.dumps(body).encode()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Answer)

    def __enter__(self) -> str:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/calendar"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"days": None},
        {"days": [{"date": "2026-11-22"}]},
        {"days": [{"date": "2026-11-22", "sessions": [{"session": "noon", "start": "x", "end": "y"}]}]},
        {
            "days": [
                {
                    "date": "2026-11-22",
                    "sessions": [{"session": "regular", "start": "2026-11-22T05:00:00", "end": "2026-11-22T06:00:00"}],
                }
            ]
        },
    ],
    ids=["nothing", "null", "a day without sessions", "unknown words", "times without a zone"],
)
def test_what_is_no_calendar_is_refused(body):
    with pytest.raises(CalendarUnreadable):
        list(spans_in(body))
