"""Prices for one bot: the shared socket first, the broker's price function for what is silent there.

Silent are symbols beyond the 41 of the socket, a subscription that died, and all of them while the socket is away.
Prices of held symbols ride in the exit lane (safety.md 4.3); what one bot asked for, the others hear.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bots import ticks
from bots.broker import open_client
from credentials.models import ApiCredential
from kis.client import KisClient
from kis.overseas_quotes import freshened, get_price
from market.data import Quote, SessionView
from market.errors import TradingError
from market.words import Environment, Exchange, Freshness, Lane, Session

log = logging.getLogger("bots.feed")

SILENT_SEC = 4.0  # after which the broker is asked
ASK_EVERY_SEC = 2.0  # at most so often for one symbol
CLOSED_SEC = 60.0  # the same while the market is closed
LOOK_SEC = 0.25
POLLED_KEPT_SEC = 600
PAUSE_SEC = {Environment.REAL: 0.12, Environment.PAPER: 2.0}  # between questions: half of what the key may ask


@dataclass
class Feed:
    """Calls `on_quote` with every new price of the wanted symbols, read through `key`.

    `may_ask_alone`: whether we may ask the broker while Redis is away and nobody can know what the others ask. On a
    key that several bots share only one of them may (safety.md 4.3).
    """

    redis: Redis
    key: ApiCredential
    on_quote: Callable[[Quote], None]
    on_gap: Callable[[], None]
    wanted: dict[str, Exchange] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    session: SessionView = field(default_factory=lambda: SessionView(None))
    seen: dict[str, float] = field(default_factory=dict)  # when a new price came, on the monotonic clock
    asked: dict[str, float] = field(default_factory=dict)
    polled: dict[str, tuple[SessionView, Quote]] = field(default_factory=dict)  # the last look, and in which session
    latest: dict[str, Quote] = field(default_factory=dict)
    may_ask: Callable[[], bool] = lambda: True  # a bot that may have lost its lease asks nothing
    may_ask_alone: Callable[[], bool] = lambda: True
    deaf: bool = False  # Redis is away

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._poll())

    def _take(self, quote: Quote) -> None:
        """A price we polled comes back to us through Redis: the second time it is no news."""
        if quote.symbol not in self.wanted or quote == self.latest.get(quote.symbol):
            return
        self.latest[quote.symbol] = quote
        self.seen[quote.symbol] = time.monotonic()
        self.on_quote(quote)

    async def _listen(self) -> None:
        channels = ticks.quotes(self.key.pk)
        missed = False
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.psubscribe(channels)
                    async for message in channel.listen():
                        if message["type"] == "pmessage":
                            self._hear(message["channel"], message["data"])
                        elif message["type"] == "psubscribe":  # again: also when the library connected anew by itself
                            if missed:
                                self.on_gap()
                            missed, self.deaf = True, False
            except (RedisError, OSError) as e:
                log.warning("prices from the socket's owner are away: %s", type(e).__name__)
                missed = True
                if not self.deaf:  # once now, and once when we hear again
                    self.deaf = True
                    self.on_gap()
                await asyncio.sleep(1)

    def _hear(self, channel: bytes, data: bytes) -> None:
        if data == ticks.GAP:
            self.on_gap()
        elif channel.decode().rpartition(":")[2] in self.wanted:
            self._take(ticks.unpack(data))

    # --- what is silent -------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        """Ask for what has been silent, one symbol at a time, held ones first."""
        client = await sync_to_async(open_client)(self.key, self.redis, for_data=True)
        try:
            while True:
                symbol = self._most_silent(time.monotonic())
                if symbol is None:
                    await asyncio.sleep(LOOK_SEC)
                    continue
                self.asked[symbol] = time.monotonic()
                with suppress(TradingError, DatabaseError):  # the token lives in the database
                    await self._ask(symbol, client)
                await asyncio.sleep(PAUSE_SEC[client.config.environment])
        finally:
            await client.aclose()

    def _most_silent(self, now: float) -> str | None:
        """Held before others, then whoever was asked for longest ago; None when nothing is due, or not by us."""
        if not self.may_ask() or (self.deaf and not self.may_ask_alone()):
            return None
        every = ASK_EVERY_SEC if self.session.session is not None else CLOSED_SEC
        never = -CLOSED_SEC - 1
        due = [
            symbol
            for symbol in self.wanted
            if now - self.seen.get(symbol, never) >= SILENT_SEC and now - self.asked.get(symbol, never) >= every
        ]
        return min(due, key=lambda symbol: (symbol not in self.held, self.asked.get(symbol, never)), default=None)

    async def _ask(self, symbol: str, client: KisClient) -> None:
        """A polled price has no time of its own: it is new only if its volume rose since a look in the same session.

        The daytime feed counts for itself, and before the first trade of a day the other one shows the day before.
        """
        exchange, session = self.wanted[symbol], self.session
        daytime = session.session is Session.DAYTIME and client.config.environment is Environment.REAL
        lane = Lane.EXIT if symbol in self.held else Lane.SCAN
        found = await get_price(symbol, exchange, daytime=daytime, client=client, lane=lane)
        before = self.polled.get(symbol)
        comparable = before is not None and session.session is not None and _same(before[0], session)
        quote = freshened(found, before[1] if before and comparable else None)
        self.polled[symbol] = session, quote
        if quote.freshness is Freshness.FRESH:
            self._take(quote)
            await self._pass_on(quote)

    async def _pass_on(self, quote: Quote) -> None:
        """To the other bots, and to the owner of the socket, on which this symbol is silent although it trades."""
        with suppress(RedisError, OSError):
            async with self.redis.pipeline(transaction=False) as pipe:
                pipe.publish(ticks.quotes(self.key.pk, quote.symbol), ticks.pack(quote))
                pipe.zadd(ticks.polled(self.key.pk), {quote.symbol: time.time()})
                pipe.expire(ticks.polled(self.key.pk), POLLED_KEPT_SEC)
                await pipe.execute()


def _same(one: SessionView, other: SessionView) -> bool:
    return (one.session, one.trading_day) == (other.session, other.trading_day)
