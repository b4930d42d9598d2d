"""The account's own socket: encrypted execution notices, each a hint to read the order list (safety.md 5.6)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from asgiref.sync import sync_to_async
from redis.asyncio import Redis

from accounts.models import BrokerageAccount
from bots.broker import open_client
from credentials.selectors import trade_credential
from credentials.services import kis_config
from kis.realtime import RealtimeClient
from market.errors import TradingError
from market.orders import Notice

log = logging.getLogger("bots.notices")


async def listen_to_notices(
    account: BrokerageAccount,
    redis: Redis,
    on_notice: Callable[[Notice], Awaitable[None]],
    on_gap: Callable[[], None],
) -> None:
    """Hear of fills at once. Without an HTS id nothing is heard, and everything works from the list alone."""
    key = await sync_to_async(trade_credential)(account)
    config = await sync_to_async(kis_config)(key)
    if not config.hts_id:
        return
    while True:
        client = await sync_to_async(open_client)(key, redis)
        realtime = RealtimeClient(client)
        inbox: asyncio.Queue[Notice] = asyncio.Queue()
        realtime.on_notice(inbox.put_nowait)
        realtime.on_gap(on_gap)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(realtime.run())
                group.create_task(_hand_on(inbox, config.account_no, on_notice))
                await realtime.subscribe_notices(config.hts_id)
        except* (TradingError, OSError) as failures:
            log.warning("the notice socket of %s ended: %s", account.nickname, failures.exceptions[0])
        finally:
            with suppress(OSError):
                await realtime.aclose()
            await client.aclose()
        await asyncio.sleep(5)


async def _hand_on(
    inbox: asyncio.Queue[Notice], account_no: str, on_notice: Callable[[Notice], Awaitable[None]]
) -> None:
    while True:
        notice = await inbox.get()
        if account_no.startswith(notice.account_no[:8]):  # eight or ten digits (kis-protocol 5.8)
            await on_notice(notice)
