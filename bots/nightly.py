"""What is brought in and cleaned up by the schedule, account by account."""

import logging
import subprocess
import sys
from datetime import datetime, timedelta
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

from accounts.models import BrokerageAccount
from backtests.services import Wanted
from bots import candles
from bots.hooks.before_open import symbols_of
from credentials.models import ApiCredential
from credentials.selectors import data_credential_for, trade_credential
from instruments.candles import coverage
from instruments.models import TradingDay
from market.errors import TradingError
from market.words import Timeframe
from orders.domain import OPEN
from orders.models import Order
from rules.models import TradeRule

log = logging.getLogger("bots")

FIRST_DAYS = {True: timedelta(days=400), False: timedelta(days=10)}  # of a series never stored: days, minutes
IMPORT_WITHIN_SEC = 600
PUBLISHED = "published"


def accounts_with_orders_left() -> list[UUID]:
    """Accounts whose bot is not wanted and which have orders without an end: nobody else looks after them."""
    left = Order.objects.filter(status__in=[s.value for s in OPEN], account__enabled=False)
    return list(left.filter(account__credential__isnull=False).values_list("account_id", flat=True).distinct())


async def import_candles(now: datetime) -> int:
    """Store the bars that rules look at, each series once; how many were new. One that fails harms no other."""
    redis = Redis.from_url(settings.REDIS_URL)
    stored = 0
    try:
        for wanted, key in await sync_to_async(_wanted)(now):
            try:
                stored += await candles.fetch(wanted, key=key, redis=redis, now=now)
            except TradingError as e:
                log.warning("no candles of %s %s: %s", wanted.symbol, wanted.timeframe, e.message.en)
    finally:
        await redis.aclose()
    return stored


def _wanted(now: datetime) -> list[tuple[Wanted, ApiCredential]]:
    """Days of every symbol that is traded or held; the bars that enabled rules look at, where a key may read them."""
    found: dict[tuple[str, Timeframe], tuple[Wanted, ApiCredential]] = {}
    for account in BrokerageAccount.objects.filter(enabled=True, credential__isnull=False).order_by("created_at"):
        data, own = data_credential_for(account), trade_credential(account)
        series = [(symbol, Timeframe.D1) for symbol in symbols_of(account)]
        rules = TradeRule.objects.filter(account=account, enabled=True).values_list("symbol", "timeframe")
        series += [(symbol, Timeframe(timeframe)) for symbol, timeframe in rules]
        for symbol, timeframe in series:
            key = data or (own if timeframe is Timeframe.D1 else None)  # paper has no minute bars
            if key is not None and (symbol, timeframe) not in found:
                found[symbol, timeframe] = Wanted(symbol, timeframe, _first(symbol, timeframe, now)), key
    return list(found.values())


def _first(symbol: str, timeframe: Timeframe, now: datetime) -> datetime:
    """From the newest stored bar on, a day back for what was corrected."""
    known = coverage(symbol, timeframe)
    return known[1] - timedelta(days=1) if known else now - FIRST_DAYS[timeframe is Timeframe.D1]


def import_trading_days(now: datetime) -> bool:
    """The exchange's calendar a year ahead, by a process of its own: its library is large and no worker keeps it.

    False where a calendar that somebody publishes is in use: the exchange's is not written over it.
    """
    if TradingDay.objects.filter(source=PUBLISHED, end__gt=now).exists():
        return False
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_trading_days"]
    subprocess.run(command, check=True, timeout=IMPORT_WITHIN_SEC, stdin=subprocess.DEVNULL, capture_output=True)
    return True
