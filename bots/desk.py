"""What it takes to send for an account: its lease, its key, a client of the broker; given back at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from redis.asyncio import Redis

from accounts.models import BrokerageAccount
from bots import lease as leases
from bots.broker import open_broker
from bots.lease import Lease
from credentials.models import ApiCredential
from credentials.selectors import trade_credential
from market.broker import Broker


@dataclass(frozen=True, slots=True)
class Desk:
    account: BrokerageAccount
    lease: Lease
    key: ApiCredential
    broker: Broker
    redis: Redis


@asynccontextmanager
async def taken(account: BrokerageAccount) -> AsyncIterator[Desk | None]:
    """The account's desk for as long as the block lasts; None when another process has it, or there is no key."""
    key = await sync_to_async(trade_credential)(account)
    lease = await sync_to_async(leases.acquire)(account.pk, leases.me()) if key else None
    if key is None or lease is None:
        yield None
        return
    redis = Redis.from_url(settings.REDIS_URL, max_connections=50)
    broker = None
    try:
        broker = await sync_to_async(open_broker)(key, redis)
        yield Desk(account, lease, key, broker, redis)
    finally:
        with suppress(DatabaseError):
            await sync_to_async(leases.release)(lease)
        if broker is not None:
            await broker.aclose()
        await redis.aclose()
