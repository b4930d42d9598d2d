"""Fill the TradingDay table, from the exchange's calendar or from a published one."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from instruments.exchange_calendar import new_york_spans
from instruments.published_calendar import CalendarUnreadable, fetch_spans
from instruments.services import import_trading_days
from market.sessions import NEW_YORK


class Command(BaseCommand):
    help = "Import trading days: `--from exchange` (a year ahead), or the URL of a calendar in JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="source", default="exchange", metavar="exchange|URL")
        parser.add_argument("--days", type=int, default=365, help="how far ahead, for the exchange")

    def handle(self, *, source: str, days: int, **_: Any) -> None:
        try:
            spans = self._exchange(days) if source == "exchange" else fetch_spans(source)
        except CalendarUnreadable as error:
            raise CommandError(
                f"달력을 읽을 수 없습니다. 주소를 확인하세요. / The calendar cannot be read, check the address: {error}"
            ) from None
        name = "exchange" if source == "exchange" else "published"
        count = import_trading_days(spans, source=name)
        if not count:
            raise CommandError(f"달력이 비어 있습니다. / The calendar at {source} has no sessions.")
        reach = max(span.trading_day for span in spans)
        self.stdout.write(f"{count}개 세션, {reach}까지 / {count} sessions, up to {reach}")

    @staticmethod
    def _exchange(days: int) -> list:
        today = timezone.now().astimezone(NEW_YORK).date()
        return list(new_york_spans(today - timedelta(days=30), today + timedelta(days=days)))
