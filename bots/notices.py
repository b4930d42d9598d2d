"""Execution notices of an account: each a hint to read the order list at once (safety.md 1.9, 5.6)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from redis.asyncio import Redis

from bots.broker import open_client
from credentials.models import ApiCredential
from kis.realtime import RealtimeClient
from market.errors import TradingError
from market.orders import Notice

log = logging.getLogger("bots.notices")
AGAIN_SEC = 5.0


@dataclass
class Notices:
    """Hears of fills at once. Without an HTS id nothing is heard, and everything works from the list alone."""

    key: ApiCredential
    redis: Redis
    on_notice: Callable[[Notice], Awaitable[None]]
    on_gap: Callable[[], None]
    inbox: asyncio.Queue[Notice] = field(default_factory=asyncio.Queue)

    async def attach(self, realtime: RealtimeClient, hts_id: str) -> None:
        """Ask for notices on this socket. A refusal is said once; the socket's prices go on."""
        realtime.on_notice(self.inbox.put_nowait)
        realtime.on_gap(self.on_gap)
        if not hts_id:
            return
        try:
            await realtime.subscribe_notices(hts_id)
        except TradingError as e:
            log.warning("no execution notices: %s", e.message.en)

    async def hand_on(self) -> None:
        """Pass on what comes in, for ever."""
        while True:
            await self.on_notice(await self.inbox.get())

    async def own_socket(self) -> None:
        """A socket for notices alone: paper has no prices on its own (kis-protocol 1.3)."""
        client = await sync_to_async(open_client)(self.key, self.redis)
        try:
            if not client.config.hts_id:
                return
            while True:
                realtime = RealtimeClient(client.config, approval=client)
                try:
                    await realtime.connect()
                    await self.attach(realtime, client.config.hts_id)
                    await realtime.run()
                except TradingError as e:
                    log.warning("the notice socket ended: %s", e.message.en)
                finally:
                    await realtime.aclose()
                await asyncio.sleep(AGAIN_SEC)
        finally:
            await client.aclose()
