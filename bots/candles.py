"""Candles fetched from the broker and stored, for replays that people asked for and for the command."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from redis.asyncio import Redis

from accounts.models import User
from api.problems import ApiError
from backtests.models import BacktestRun
from backtests.services import Wanted, candles_came, no_candles, waiting_for_candles
from bots.broker import open_broker
from credentials.models import ApiCredential
from credentials.selectors import data_credential_of, trade_credential
from instruments.candles import store_candles
from instruments.selectors import exchange_of, session_spans
from kis.errors import ReadFailed
from market.broker import Broker
from market.data import Bar
from market.errors import Text, TradingError
from market.words import Timeframe

log = logging.getLogger("bots")

MINUTES_A_DAY = 16 * 60  # from the pre-market to the end of the after-market
MOST_BARS = 30_000  # of one series in one request: 250 pages of minutes
NO_KEY = Text(
    "시세를 읽을 수 있는 키가 없습니다. 실전 시세 키를 등록하거나 CSV 파일을 올려 주세요.",
    "There is no key that may read prices. Register a real data key, or bring a CSV file.",
)


async def fetch_for(run_id: UUID, now: datetime) -> int:
    """Store what the run waits for and let it go on; bars that were new. What fails is said in the run."""
    run = await BacktestRun.objects.select_related("person", "account").aget(pk=run_id)
    key = await sync_to_async(_key_for)(run)
    redis = Redis.from_url(settings.REDIS_URL)
    stored = 0
    try:
        for wanted in await sync_to_async(waiting_for_candles)(run, now):
            stored += await fetch(wanted, key=key, redis=redis, now=now)
    except (TradingError, ApiError) as problem:
        await sync_to_async(no_candles)(run=run, why=problem.message, now=now)
        return stored
    finally:
        await redis.aclose()
    await sync_to_async(candles_came)(run=run)
    return stored


async def fetch(wanted: Wanted, *, key: ApiCredential | None, redis: Redis, now: datetime) -> int:
    """Read the bars of one series back to `wanted.first` and store them; how many were new.

    Raises TradingError: no key, or the broker did not answer.
    """
    if key is None:
        raise ReadFailed(NO_KEY)
    broker = await sync_to_async(open_broker)(key, redis, for_data=True)
    try:
        bars = await _read(broker, wanted, now)
    finally:
        await broker.aclose()
    return await sync_to_async(_store)(wanted, bars, now)


async def _read(broker: Broker, wanted: Wanted, now: datetime) -> Sequence[Bar]:
    exchange = await sync_to_async(exchange_of)(wanted.symbol)
    days = max((now - wanted.first).days + 1, 1)
    if wanted.timeframe is Timeframe.D1:
        found = await broker.daily_bars(wanted.symbol, exchange, count=min(days, MOST_BARS))
        if not found.complete:
            raise ReadFailed(
                Text(
                    f"{wanted.symbol} 일봉을 다 받지 못했습니다.",
                    f"Not all daily bars of {wanted.symbol} could be read.",
                )
            )
        return found.rows
    minutes = wanted.timeframe.seconds // 60
    count = min(days * MINUTES_A_DAY // minutes + 1, MOST_BARS)
    return await broker.minute_bars(wanted.symbol, exchange, minutes=minutes, count=count)


def _store(wanted: Wanted, bars: Sequence[Bar], now: datetime) -> int:
    days = max((now - wanted.first).days + 2, 5)
    spans = () if wanted.timeframe is Timeframe.D1 else session_spans(now, days=days)
    return store_candles(wanted.symbol, wanted.timeframe, bars, spans=spans, source="kis")


def _key_for(run: BacktestRun) -> ApiCredential | None:
    return key_of(run.person) or (trade_credential(run.account) if run.account else None)


def key_of(person: User) -> ApiCredential | None:
    """The key through which this person may read prices."""
    return data_credential_of(person)
