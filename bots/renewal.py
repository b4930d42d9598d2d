"""Tokens are renewed while nothing trades: between the US after-market and the daytime session (safety.md 5.7).

What would end before the next morning is renewed in this one, spread over the window so that keys do not come all at
once. A token younger than six hours cannot be: KIS would only repeat it. It is renewed as soon as that is over.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, time, timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import Q
from redis.asyncio import Redis

from bots.broker import open_client
from credentials.models import ApiCredential, Purpose
from kis.client import KisClient
from kis.errors import NoPrice
from kis.overseas_quotes import get_price
from kis.token_store import AccessToken
from kis.tokens import renewable_at
from logs.services import record
from market.errors import Text, TradingError
from market.sessions import SEOUL
from market.words import Exchange, Lane

OPENS, CLOSES = time(9), time(10)  # Korean time
SPREAD = timedelta(minutes=45)


def next_window(now: datetime) -> datetime:
    """When the window opens next, after `now`."""
    today = datetime.combine(now.astimezone(SEOUL).date(), OPENS, tzinfo=SEOUL)
    return today if today > now else today + timedelta(days=1)


def due(now: datetime) -> list[ApiCredential]:
    """Keys in use whose token would end before the next window, and can be renewed now.

    In use are the keys of enabled accounts, and data keys that hold a token.
    """
    used = Q(account__enabled=True) | Q(purpose=Purpose.DATA)
    ending = Q(access_token__isnull=False, token_expire_at__lt=next_window(now))
    rows = ApiCredential.objects.filter(used, ending).select_related("account").order_by("token_expire_at")
    return [row for row in rows if _turn(row, now) <= now and renewable_at(_bare(row)) <= now]


def _bare(row: ApiCredential) -> AccessToken:
    assert row.token_expire_at is not None
    return AccessToken("", row.token_expire_at)


def _turn(row: ApiCredential, now: datetime) -> datetime:
    """This key's place in today's window, the same every day."""
    opens = datetime.combine(now.astimezone(SEOUL).date(), OPENS, tzinfo=SEOUL)
    return opens + SPREAD * (row.pk.int % 1000 / 1000)


async def renew_all(now: datetime) -> int:
    """Renew what is due; how many have a new token. Trouble with one key is journaled and harms no other."""
    redis = Redis.from_url(settings.REDIS_URL)
    try:
        keys = await sync_to_async(due)(now)
        return sum(await asyncio.gather(*(_renew(key, redis, now) for key in keys)))
    finally:
        await redis.aclose()


async def _renew(key: ApiCredential, redis: Redis, now: datetime) -> bool:
    client = await sync_to_async(open_client)(key, redis, for_data=True)
    try:
        token = await client.tokens.renew(next_window(now))
        if token.expires_at == key.token_expire_at:  # KIS was away, or somebody else is at it: next time
            return False
        await _try(client)
    except TradingError as problem:
        await sync_to_async(_journal)(key, problem, now)
        return False
    finally:
        await client.aclose()
    await sync_to_async(_journal)(key, None, now)
    return True


async def _try(client: KisClient) -> None:
    """One question, so that a token which is dead on arrival is known before the market opens."""
    with suppress(NoPrice):  # at this hour there may be none
        await get_price("AAPL", Exchange.NASDAQ, client=client, lane=Lane.SCAN)


def _journal(key: ApiCredential, problem: TradingError | None, now: datetime) -> None:
    message = Text("접근토큰을 미리 갱신했습니다.", "The access token was renewed ahead of time.")
    if problem is not None:
        message = Text(
            f"접근토큰을 미리 갱신하지 못했습니다. {problem.message.ko}",
            f"The access token could not be renewed ahead of time. {problem.message.en}",
        )
    record(
        account=key.account,
        kind="account",
        level="warning" if problem else "info",
        message=message,
        ctx={"key": str(key), "code": problem.code if problem else ""},
        at=now,
    )
