"""Execution notices of an account: each a hint to read the order list at once (safety.md 1.9, 5.6).

They come from the owner of the key's socket. Without an HTS id nothing is heard, and everything works from the list.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bots import ticks
from market.orders import Notice

log = logging.getLogger("bots.notices")
AGAIN_SEC = 1.0


@dataclass
class Notices:
    """`on_gap`: notices may have been missed, so read the list."""

    account_id: UUID
    redis: Redis
    on_notice: Callable[[Notice], Awaitable[None]]
    on_gap: Callable[[], None]

    async def listen(self) -> None:
        """Pass on what comes, for ever."""
        missed = False
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.subscribe(ticks.notices(self.account_id))
                    async for message in channel.listen():
                        if message["type"] == "message":
                            await self._hear(message["data"])
                        elif message["type"] == "subscribe":  # again: also when the library connected anew by itself
                            if missed:
                                self.on_gap()
                            missed = True
            except (RedisError, OSError) as e:
                log.warning("notices from the socket's owner are away: %s", type(e).__name__)
                missed = True
                self.on_gap()
                await asyncio.sleep(AGAIN_SEC)

    async def _hear(self, data: bytes) -> None:
        if data == ticks.GAP:
            self.on_gap()
        else:
            await self.on_notice(ticks.unpack_notice(data))
