"""Prices for one bot: the shared socket first, the broker's price function when it is silent.

A key's socket has one owner over all processes (safety.md 5.5). Every bot that may read the key tries to own it;
the owner publishes to Redis, and everybody, the owner too, reads there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bots import lease, ticks
from bots.broker import open_client
from credentials.models import ApiCredential
from kis.overseas_quotes import freshened
from kis.realtime import RealtimeClient
from market.broker import Broker
from market.data import Quote
from market.errors import TradingError
from market.words import Exchange, Freshness, Lane
from rules.models import TradeRule

log = logging.getLogger("bots.feed")
OWN_EVERY_SEC = 2.0  # a third of the socket lease: the next owner takes over within ten seconds
SILENT_SEC = 4.0  # after which the broker is asked over REST


@dataclass
class Feed:
    """Calls `on_quote` with every new price of the wanted symbols."""

    redis: Redis
    broker: Broker
    data_key: ApiCredential | None
    holder: str
    on_quote: Callable[[Quote], None]
    on_gap: Callable[[], None]
    attach: Callable[[RealtimeClient, str], Awaitable[None]] | None = None  # what else rides on the socket
    wanted: dict[str, Exchange] = field(default_factory=dict)
    seen_at: dict[str, datetime] = field(default_factory=dict)
    polled: dict[str, Quote] = field(default_factory=dict)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._poll())
            if self.data_key is not None:
                group.create_task(self._own_socket(self.data_key))

    def _take(self, quote: Quote) -> None:
        if quote.symbol in self.wanted:
            self.seen_at[quote.symbol] = datetime.now(UTC)
            self.on_quote(quote)

    def _hear(self, data: bytes) -> None:
        if data == ticks.GAP:
            self.on_gap()
        else:
            self._take(ticks.unpack(data))

    async def _listen(self) -> None:
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.psubscribe(ticks.CHANNEL + "*")
                    async for message in channel.listen():
                        if message["type"] == "pmessage":
                            self._hear(message["data"])
            except (RedisError, OSError) as e:
                log.warning("prices from other processes are away: %s", e)
                self.on_gap()
                await asyncio.sleep(1)

    async def _poll(self) -> None:
        """Ask for what has been silent, one symbol at a time; the key's budget sets the pace."""
        while True:
            await asyncio.sleep(0.5)
            for symbol, exchange in list(self.wanted.items()):
                seen = self.seen_at.get(symbol)
                if seen is not None and (datetime.now(UTC) - seen).total_seconds() < SILENT_SEC:
                    continue
                with suppress(TradingError):
                    await self._ask(symbol, exchange)

    async def _ask(self, symbol: str, exchange: Exchange) -> None:
        """A polled price has no time of its own: it is new only if the day's volume rose since the last look."""
        quote = freshened(await self.broker.quote(symbol, exchange, lane=Lane.SCAN), self.polled.get(symbol))
        self.polled[symbol] = quote
        if quote.freshness is Freshness.FRESH:
            self._take(quote)

    async def _own_socket(self, key: ApiCredential) -> None:
        socket: asyncio.Task | None = None
        try:
            while True:
                mine = await sync_to_async(lease.take_feed)(key.pk, self.holder)
                if socket is not None and (socket.done() or not mine):
                    await _end(socket)
                    socket = None
                if mine and socket is None:
                    socket = asyncio.create_task(self._serve_socket(key))
                await asyncio.sleep(OWN_EVERY_SEC)
        finally:
            if socket is not None:
                await _end(socket)
            await sync_to_async(lease.give_up_feed)(key.pk, self.holder)

    async def _serve_socket(self, key: ApiCredential) -> None:
        """Own the socket: subscribe to what every enabled rule wants, publish what comes."""
        client = await sync_to_async(open_client)(key, self.redis)
        realtime = RealtimeClient(client.config, approval=client)
        outbox: asyncio.Queue[Quote | None] = asyncio.Queue(maxsize=1000)
        realtime.on_tick(lambda quote: _offer(outbox, quote))
        realtime.on_gap(lambda: _offer(outbox, None))
        _offer(outbox, None)  # whatever the owner before us missed
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(realtime.run())
                if self.attach is not None:
                    group.create_task(self.attach(realtime, client.config.hts_id))
                group.create_task(self._publish(outbox))
                group.create_task(_follow_wishes(realtime))
        except* (TradingError, OSError) as failures:
            log.warning("the market-data socket ended: %s", failures.exceptions[0])
        finally:
            await realtime.aclose()
            await client.aclose()

    async def _publish(self, outbox: asyncio.Queue[Quote | None]) -> None:
        """Pass on every quote; None is a gap, of which every bot must know."""
        while True:
            quote = await outbox.get()
            if quote is None:
                await self.redis.publish(ticks.GAPS, ticks.GAP)
            else:
                await self.redis.publish(ticks.CHANNEL + quote.symbol, ticks.pack(quote))


async def _follow_wishes(realtime: RealtimeClient) -> None:
    subscribed: set[tuple[str, Exchange]] = set()
    while True:
        wishes = await sync_to_async(wanted_symbols)()
        for symbol, exchange in wishes - subscribed:
            await realtime.subscribe(symbol, exchange)
        for symbol, exchange in subscribed - wishes:
            await realtime.unsubscribe(symbol, exchange)
        subscribed = wishes
        await asyncio.sleep(2)


def wanted_symbols() -> set[tuple[str, Exchange]]:
    """What the enabled rules of all enabled accounts look at."""
    rules = TradeRule.objects.filter(enabled=True, account__enabled=True)
    return {(symbol, Exchange(exchange)) for symbol, exchange in rules.values_list("symbol", "exchange")}


def _offer(outbox: asyncio.Queue[Quote | None], quote: Quote | None) -> None:
    """The newest price matters most: when nobody takes them, the oldest goes."""
    if outbox.full():
        outbox.get_nowait()
    outbox.put_nowait(quote)


async def _end(task: asyncio.Task) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
