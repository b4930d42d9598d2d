"""Fetch bars from the broker and store them."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from redis.asyncio import Redis

from accounts.models import User
from api.problems import ApiError
from backtests.asked import DEFAULT_REACH, Wanted
from bots.candles import NO_KEY, fetch, key_of
from market.errors import TradingError
from market.words import Timeframe


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError("2026-01-31 같은 날짜여야 합니다 / it must be a date such as 2026-01-31") from None


class Command(BaseCommand):
    help = "Fetch bars of a symbol from KIS and store them as candles."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("symbol")
        parser.add_argument("--timeframe", default="1d", choices=[timeframe.value for timeframe in Timeframe])
        parser.add_argument(
            "--from", dest="first", type=_day, help="the first day; five years of days, a month of minutes"
        )
        parser.add_argument("--person", help="e-mail of the person whose key reads the prices; anybody's without it")

    def handle(self, *, symbol: str, timeframe: str, first: datetime | None, person: str | None, **_: Any) -> None:
        now = timezone.now()
        length = Timeframe(timeframe)
        wanted = Wanted(symbol.strip().upper(), length, first or now - DEFAULT_REACH[length])
        people = User.objects.filter(is_active=True, **({"email": person} if person else {}))
        key = next((key for one in people.order_by("date_joined") if (key := key_of(one))), None)
        if key is None:
            raise CommandError(str(NO_KEY))
        try:
            stored = async_to_sync(_fetch)(wanted, key, now)
        except (TradingError, ApiError) as problem:
            raise CommandError(str(problem.message)) from None
        self.stdout.write(f"{wanted.name}: 새 봉 {stored}개 / {stored} new bars")


async def _fetch(wanted: Wanted, key: Any, now: datetime) -> int:
    redis = Redis.from_url(settings.REDIS_URL)
    try:
        return await fetch(wanted, key=key, redis=redis, now=now)
    finally:
        await redis.aclose()
