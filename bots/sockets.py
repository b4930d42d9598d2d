"""The WebSocket of an app key: one owner over all processes, which passes on what it hears (safety.md 5.5).

Every bot that uses the key tries to own its socket; the lease is in database time. The owner publishes to Redis, and
everybody, the owner too, reads there. Should it die, the next one takes over within ten seconds.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bots import lease, ticks, wishes
from bots.broker import open_client
from bots.wishes import Followed, Wishes
from credentials.models import ApiCredential
from credentials.services import kis_config
from kis.errors import NoRoom
from kis.realtime import RealtimeClient, Registration
from market.data import Quote
from market.errors import CredentialProblem, Refused, Text, TradingError
from market.orders import Notice
from market.prices import OrderBook
from market.words import Exchange

log = logging.getLogger("bots.sockets")

OWN_EVERY_SEC = 1.0  # with the lease of five seconds: the next owner is there within ten
WISHES_EVERY_SEC = 1.5
PATIENCE_SEC = 8.0  # for one registration; a key in use is asked for again in the next round
REFUSED_SEC = 600.0  # what KIS does not know today it will not know in a second
OUTBOX = 2000
DEAD_SEC = 15.0  # a subscription that brings nothing for so long while its symbol trades
REVIVE_EVERY_SEC = 60.0  # at most so often for one symbol: KIS takes only so many messages

Message = tuple[str, bytes]  # channel and content


@dataclass
class SocketOwner:
    """Owns the socket of `key` whenever nobody else does. Notices are asked for with the customer's HTS id, if any."""

    redis: Redis
    key: ApiCredential
    holder: str
    outbox: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(maxsize=OUTBOX))
    notices_refused: Text | None = None
    owns: bool = False

    async def run(self) -> None:
        """For ever. A database that is away ends our ownership when the lease must have run out."""
        serving: asyncio.Task[None] | None = None
        sure_until = 0.0
        try:
            while True:
                asked_at = time.monotonic()
                try:
                    mine = await sync_to_async(lease.take_feed)(self.key.pk, self.holder)
                    sure_until = asked_at + lease.FEED_LEASE_SEC if mine else 0.0
                except DatabaseError as e:
                    log.warning("the owner of a socket cannot be asked for: %s", type(e).__name__)
                    mine = time.monotonic() < sure_until - OWN_EVERY_SEC
                self.owns = mine
                if serving is not None and (serving.done() or not mine):
                    await _end(serving)
                    serving = None
                if mine and serving is None:
                    serving = asyncio.create_task(self._serve())
                await asyncio.sleep(OWN_EVERY_SEC)
        finally:
            self.owns = False
            if serving is not None:
                await _end(serving)
            with suppress(DatabaseError):
                await sync_to_async(lease.give_up_feed)(self.key.pk, self.holder)

    async def _serve(self) -> None:
        """Follow what is wanted, pass on what comes."""
        client = await sync_to_async(open_client)(self.key, self.redis, for_data=True)
        config = await sync_to_async(kis_config)(self.key)  # its account tells whose notices are ours
        realtime = RealtimeClient(config, approval=client)
        realtime.on_tick(lambda quote: self._pass_quote(quote))
        realtime.on_book(lambda book: self._pass_book(book))
        realtime.on_notice(lambda notice: self._pass_notice(notice))
        realtime.on_gap(self._pass_gap)
        self._pass_gap()  # whatever the owner before us missed
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(realtime.run())
                group.create_task(self._publish())
                group.create_task(self._follow(realtime, config.hts_id))
        except* (TradingError, OSError, DatabaseError) as failures:
            log.warning("the socket ended: %s", failures.exceptions[0])
        finally:
            await realtime.aclose()
            await client.aclose()

    # --- what is wanted -------------------------------------------------------------------------------------

    async def _follow(self, realtime: RealtimeClient, hts_id: str) -> None:
        following, known, taking_over = Following(realtime), set[Registration](), True
        while True:
            with suppress(DatabaseError):
                wanted = await sync_to_async(wishes.of)(self.key, _now())
                await self._follow_notices(realtime, hts_id if wanted.notices else "")
                await self._revive(following)
                await following.match(wanted, await self._books())
            taken = set(realtime.subscriptions)
            if taking_over and taken - known:
                self._pass_gap()  # it may have taken minutes until KIS took them
            elif taken:
                taking_over = False
            known |= taken
            await asyncio.sleep(WISHES_EVERY_SEC)

    async def _revive(self, following: "Following") -> None:
        """Ask anew for what is dead: life belongs to each subscription, not to the socket (safety.md 4.1)."""
        silent = following.silent(time.monotonic())
        if not silent:
            return
        with suppress(RedisError, OSError):
            since = time.time() - DEAD_SEC
            words = await self.redis.zrangebyscore(ticks.polled(self.key.pk), since, "+inf")
            traded = {word.decode() for word in words}
            await following.drop_dead([item for item in silent if item[0][0] in traded])

    async def _follow_notices(self, realtime: RealtimeClient, hts_id: str) -> None:
        """A refusal is said once; the socket's prices go on."""
        if not hts_id or self.notices_refused is not None:
            return
        try:
            await realtime.subscribe_notices(hts_id, patience_s=PATIENCE_SEC)
        except (CredentialProblem, Refused) as e:
            self.notices_refused = e.message
            log.warning("no execution notices: %s", e.message.en)
        except TradingError as e:
            log.info("execution notices wait: %s", e.message.en)

    async def _books(self) -> set[Followed]:
        """Order books that somebody has asked for lately; see `want_book`."""
        with suppress(RedisError):
            words = await self.redis.zrangebyscore(ticks.book_wishes(self.key.pk), time.time(), "+inf")
            return {_read_wish(word) for word in words}
        return set()

    # --- what comes -----------------------------------------------------------------------------------------

    def _pass_quote(self, quote: Quote) -> None:
        self._offer(ticks.quotes(self.key.pk, quote.symbol), ticks.pack(quote))

    def _pass_book(self, book: OrderBook) -> None:
        self._offer(ticks.books(self.key.pk, book.symbol), ticks.pack_book(book))

    def _pass_notice(self, notice: Notice) -> None:
        if self.key.account_id is not None:
            self._offer(ticks.notices(self.key.account_id), ticks.pack_notice(notice))

    def _pass_gap(self) -> None:
        self._offer(ticks.quotes(self.key.pk), ticks.GAP)
        if self.key.account_id is not None:
            self._offer(ticks.notices(self.key.account_id), ticks.GAP)

    def _offer(self, channel: str, content: bytes) -> None:
        """The newest matters most: when nobody takes them, the oldest goes."""
        if self.outbox.full():
            self.outbox.get_nowait()
        self.outbox.put_nowait((channel, content))

    async def _publish(self) -> None:
        """All that waits goes in one round trip. What Redis did not take is lost, and said to be."""
        while True:
            waiting = [await self.outbox.get()]
            while not self.outbox.empty():
                waiting.append(self.outbox.get_nowait())
            try:
                async with self.redis.pipeline(transaction=False) as pipe:
                    for channel, content in waiting:
                        pipe.publish(channel, content)
                    await pipe.execute()
            except (RedisError, OSError) as e:
                log.warning("nobody hears the prices of this socket: %s", type(e).__name__)
                await asyncio.sleep(1)
                self._pass_gap()


@dataclass
class Following:
    """Keeps the registrations of a socket as they are wanted."""

    realtime: RealtimeClient
    trades: set[tuple[Followed, bool]] = field(default_factory=set)  # with the feed: daytime or not
    books: set[tuple[Followed, bool]] = field(default_factory=set)
    refused: dict[Followed, float] = field(default_factory=dict)  # until when it is left alone
    since: dict[tuple[Followed, bool], float] = field(default_factory=dict)  # taken when, on the monotonic clock
    revived: dict[tuple[Followed, bool], float] = field(default_factory=dict)

    async def match(self, wanted: Wishes, books: set[Followed]) -> None:
        """Drop what is not wanted any more, then add what is, the most needed first, as far as there is room."""
        known = [item for item in wanted.trades if self.refused.get(item, 0.0) < time.monotonic()]
        trades, fitting_books = wishes.fitting(
            Wishes(wanted.notices, tuple(known), wanted.daytime), books, self.realtime.limit
        )
        want_trades = [(item, wanted.daytime) for item in trades]
        want_books = [(item, wanted.daytime) for item in fitting_books]
        client = self.realtime
        for (symbol, exchange), daytime in self.trades - set(want_trades):
            await client.unsubscribe(symbol, exchange, daytime=daytime)
        for (symbol, exchange), daytime in self.books - set(want_books):
            await client.unsubscribe_book(symbol, exchange, daytime=daytime)
        self.trades = await self._add(want_trades, client.subscribe)
        self.books = await self._add(want_books, client.subscribe_book)
        now = time.monotonic()
        self.since = {item: self.since.get(item, now) for item in self.trades}

    def silent(self, now: float) -> list[tuple[Followed, bool]]:
        """Trades that were followed long enough, and brought nothing lately. Quiet symbols are among them."""
        ticked = self.realtime.last_tick_at
        before = _now() - timedelta(seconds=DEAD_SEC)
        return [
            item
            for item in sorted(self.trades)
            if now - self.since.get(item, now) > DEAD_SEC
            and now - self.revived.get(item, 0.0) > REVIVE_EVERY_SEC
            and ((at := ticked.get(item[0][0])) is None or at < before)
        ]

    async def drop_dead(self, dead: list[tuple[Followed, bool]]) -> None:
        """Give these up, so that the next `match` asks for them anew."""
        for (symbol, exchange), daytime in dead:
            log.warning("%s trades, and its subscription brings nothing: it is asked for anew", symbol)
            await self.realtime.unsubscribe(symbol, exchange, daytime=daytime)
            self.revived[(symbol, exchange), daytime] = time.monotonic()
            self.trades.discard(((symbol, exchange), daytime))
            self.since.pop(((symbol, exchange), daytime), None)

    async def _add(
        self, wanted: list[tuple[Followed, bool]], subscribe: Callable[..., Awaitable[None]]
    ) -> set[tuple[Followed, bool]]:
        """Those that are followed now. What is there already costs nothing."""
        done: set[tuple[Followed, bool]] = set()
        for item, daytime in wanted:
            symbol, exchange = item
            try:
                await subscribe(symbol, exchange, daytime=daytime, patience_s=PATIENCE_SEC)
            except Refused as e:
                self.refused[item] = time.monotonic() + REFUSED_SEC
                log.warning("%s is not followed live: %s", symbol, e.message.en)
            except NoRoom:
                log.info("no room for %s and what is less needed: their prices are asked for", symbol)
                break
            except TradingError as e:  # the key is in use, or KIS takes nothing now: the next round asks again
                log.info("%s waits for the socket: %s", symbol, e.message.en)
                break
            else:
                done.add((item, daytime))
        return done


async def want_book(redis: Redis, key: ApiCredential, symbol: str, exchange: Exchange, seconds: float = 10.0) -> None:
    """Ask the owner of this key's socket for an order book, for so long; ask again to go on. Read `ticks.books`."""
    await redis.zadd(ticks.book_wishes(key.pk), {f"{exchange.value}:{symbol}": time.time() + seconds})
    await redis.zremrangebyscore(ticks.book_wishes(key.pk), "-inf", time.time() - 60)


def _read_wish(word: bytes) -> Followed:
    exchange, _, symbol = word.decode().partition(":")
    return symbol, Exchange(exchange)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


def _now() -> datetime:
    return datetime.now(UTC)
