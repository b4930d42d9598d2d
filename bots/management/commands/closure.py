"""Enter or lift a closure that no calendar knew of."""

from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from api.problems import ApiError
from bots.closures import enter_closure, lift_closure
from instruments.models import Closure
from market.sessions import NEW_YORK


class Command(BaseCommand):
    help = "Close a trading day against the calendar: closure 2026-12-09 [--from 13:00 | --until 11:00] [--lift]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--from", dest="closed_from", type=time.fromisoformat, help="closed from, in New York")
        parser.add_argument("--until", dest="closed_until", type=time.fromisoformat, help="closed until, in New York")
        parser.add_argument("--note", default="")
        parser.add_argument("--lift", action="store_true", help="the calendar holds again")

    def handle(self, *, day: date, lift: bool, note: str, **times: Any) -> None:
        if lift:
            self._lift(day)
            return
        moments = {
            name: datetime.combine(day, times[name], NEW_YORK)
            for name in ("closed_from", "closed_until")
            if times[name] is not None
        }
        try:
            enter_closure(trading_day=day, note=note, by=None, now=timezone.now(), **moments)
        except ApiError as error:
            raise CommandError(f"{error.message.ko} / {error.message.en}") from None
        self.stdout.write(f"{day} 휴장을 입력했습니다. / {day} is closed.")

    def _lift(self, day: date) -> None:
        closure = Closure.objects.filter(trading_day=day).first()
        if closure is None:
            raise CommandError(f"{day} 휴장은 입력되어 있지 않습니다. / No closure of {day} was entered.")
        lift_closure(closure=closure, by=None, now=timezone.now())
        self.stdout.write(f"{day} 휴장을 지웠습니다. / The calendar holds again on {day}.")
