"""The live journal: one reader of the table per process, and any number of people listening to it.

The table is the truth. A tap in Redis, or a second gone by, makes the hub read the new rows once and hand them to a
bounded queue per listener. Because order of `seq` is order of commit, "everything after n" has neither gap nor
repeat, for the hub and for a listener who comes back with the last number they saw.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections
from redis.exceptions import RedisError

from logs import selectors
from logs.events import DENIED, RENEW, SLOW, UNAVAILABLE, Beat, Ended, Event, Which
from logs.nudge import CHANNEL, SCOPE

POLL = 1.0  # seconds between looks when nobody taps
BEAT = 15.0  # seconds of silence before a sign of life
RECHECK = 25.0  # seconds a permission is believed without asking again
LIFE = 1800.0  # seconds; bounds what a server without back-pressure (Daphne) can pile up for a dead reader
ROOM = 1000  # events a listener may lag behind before they are let go
NEAR = 200  # numbers between a listener and the hub at which catching up ends and listening begins
PAGE = 500

NOTHING = selectors.Scope(frozenset(), house=False)

logger = logging.getLogger(__name__)


class AccessLost(Exception):
    """The listener's token is no longer good, or the account is no longer theirs to see."""


class Desk:
    """One thread with one database connection that outlives the questions."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def ask[T](self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer[T](self, question: Callable[[], T]) -> T:
        try:
            return question()
        except DatabaseError:
            connections.close_all()  # the next question gets a new connection
            raise

    def close(self) -> None:
        """After the question being answered, without waiting for it."""
        self._thread.submit(connections.close_all)
        self._thread.shutdown(wait=False)


class Listener:
    """A bounded queue, and what its owner asked for and may see."""

    def __init__(self, which: Which, scope: selectors.Scope, *, room: int = ROOM) -> None:
        self.which = which
        self.scope = scope
        self.live = False  # events are offered from now on; before, it reads the table
        self.stale = False  # the scope has to be read again before anything more is given out
        self.ended: Ended | None = None
        self._room = room
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()

    def offer(self, event: Event) -> None:
        if self.ended or not self.live:
            return
        if len(self._queue) >= self._room:
            self._queue.clear()
            self.ended = SLOW
        else:
            self._queue.append(event)
        self._wake.set()

    def doubt(self) -> None:
        self.stale = True
        self._wake.set()

    def take(self) -> Event | None:
        return self._queue.popleft() if self._queue else None

    async def wait(self, seconds: float) -> bool:
        """True when something came within that time."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True


class Hub:
    """Reads the journal once for everybody in this process. Works while somebody is attached."""

    def __init__(self, *, poll: float = POLL) -> None:
        self.position = 0  # everything up to here has been handed out
        self._poll = poll
        self._listeners: set[Listener] = set()
        self._accounts: set[UUID] = set()  # that every listener's scope has had the chance to know
        self._attached = 0
        self._tasks: list[asyncio.Task] = []
        self._started: asyncio.Task | None = None

    @asynccontextmanager
    async def attached(self) -> AsyncIterator[None]:
        """The first one in starts the reading, the last one out stops it."""
        self._attached += 1
        try:
            if self._started is None:
                self._reader, self._clients = Desk("journal"), Desk("journal-clients")
                self._started = asyncio.create_task(self._start())
            await asyncio.shield(self._started)
            yield
        finally:
            self._attached -= 1
            if not self._attached:
                self._stop()

    def enter(self, listener: Listener) -> None:
        """From now on the listener is told when what it may see changes."""
        self._listeners.add(listener)

    def go_live(self, listener: Listener) -> int:
        """From now on the listener also gets every event after the number returned."""
        listener.live = True
        return self.position

    @property
    def running(self) -> bool:
        """Whether it reads at all."""
        return bool(self._tasks)

    @property
    def audience(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    async def ask[T](self, question: Callable[[], T]) -> T:
        """Answer a listener's question to the database, at the desk they share."""
        return await self._clients.ask(question)

    async def _start(self) -> None:
        self._look = asyncio.Event()
        self.position = await self._reader.ask(selectors.newest_seq)
        self._accounts = await self._reader.ask(selectors.known_accounts)
        self._tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._hear())]

    def _stop(self) -> None:
        started, self._started = self._started, None
        if started is not None:
            started.cancel()
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        for desk in (self._reader, self._clients):
            desk.close()

    async def _pump(self) -> None:
        while True:
            try:
                while await self._read_page():
                    pass
            except DatabaseError as error:
                logger.warning("The journal cannot be read; trying again in %s s: %s", self._poll, error)
                await asyncio.sleep(self._poll)
            try:
                async with asyncio.timeout(self._poll):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()

    async def _read_page(self) -> bool:
        """Hand out the next page; True when there may be more."""
        rows = await self._reader.ask(partial(selectors.after, self.position, account_ids=None, house=True, limit=PAGE))
        for row in rows:
            self._hand_out(Event.of(row))
        return len(rows) == PAGE

    def _hand_out(self, event: Event) -> None:
        """To all who want it; of a new account to all who then see that it is theirs, since one of them opened it."""
        new = event.account_id is not None and event.account_id not in self._accounts
        if new:
            self._accounts.add(event.account_id)
            self._doubt_all()
        for listener in self._listeners:
            if listener.stale or listener.which.takes(event, listener.scope):
                listener.offer(event)
        self.position = event.seq

    async def _hear(self) -> None:
        """Listen for taps; with Redis away the poll goes on and this comes back by itself."""
        said = False
        while True:
            try:
                await self._hear_until_it_breaks()
            except (RedisError, OSError) as error:
                level = logging.DEBUG if said else logging.WARNING
                logger.log(level, "Redis does not answer; the live stream looks every %s s: %s", self._poll, error)
                said = True
            await asyncio.sleep(self._poll)

    async def _hear_until_it_breaks(self) -> None:
        client = redis.asyncio.from_url(settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=15)
        async with client, client.pubsub() as taps:
            await taps.subscribe(CHANNEL)
            self._heard(SCOPE)  # a tap may have been missed until now
            async for tap in taps.listen():
                if tap["type"] == "message":
                    self._heard(tap["data"])

    def _heard(self, message: bytes) -> None:
        self._look.set()
        if message == SCOPE:
            self._doubt_all()

    def _doubt_all(self) -> None:
        for listener in self._listeners:
            listener.doubt()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def the_hub() -> Hub:
    """The hub of the running event loop: one per process, as a server has one loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


class Follower:
    """One person following the journal from a number on: first from the table, then live."""

    def __init__(
        self,
        hub: Hub,
        which: Which,
        check: Callable[[], selectors.Scope],
        *,
        after: int | None = None,
        room: int = ROOM,
        beat: float = BEAT,
        recheck: float = RECHECK,
        life: float = LIFE,
    ) -> None:
        self._hub, self._which, self._check = hub, which, check
        self._after, self._room = after, room
        self._beat, self._recheck = beat, recheck
        now = asyncio.get_running_loop().time
        self._now, self._dies_at = now, now() + life * random.uniform(0.8, 1.0)  # noqa: S311 (not all at once)
        self._checked_at = now()
        self.seq = 0  # the last number given out or passed over

    async def events(self) -> AsyncIterator[Event | Beat | Ended]:
        """Every event after `after` exactly once, in order; ends with an `Ended` that says why."""
        try:
            async with self._hub.attached():
                self._listener = Listener(self._which, NOTHING, room=self._room)
                self._listener.stale = True
                self._hub.enter(self._listener)
                try:
                    async for item in self._follow():
                        yield item
                finally:
                    self._hub.leave(self._listener)
        except AccessLost:
            yield DENIED
        except DatabaseError as error:
            logger.warning("A stream ends because the database does not answer: %s", error)
            yield UNAVAILABLE

    async def _follow(self) -> AsyncIterator[Event | Beat | Ended]:
        await self._see_to_scope()
        self.seq = await self._begin()
        while self._hub.position - self.seq > NEAR:
            async for event in self._from_table(self._hub.position):
                yield event
        joined_at = self._hub.go_live(self._listener)  # no await since the loop's last look
        async for event in self._from_table(joined_at):
            yield event
        async for item in self._live():
            yield item

    async def _begin(self) -> int:
        """A number from the future (a database restored to yesterday) begins at the end."""
        if self._after is None:
            return self._hub.position
        return min(self._after, await self._hub.ask(selectors.newest_seq))

    async def _from_table(self, horizon: int) -> AsyncIterator[Event]:
        while self.seq < horizon:
            await self._see_to_scope()
            query = self._which.query(self._listener.scope)
            rows = await self._hub.ask(partial(selectors.after, self.seq, up_to=horizon, limit=PAGE, **query))
            for row in rows:
                await self._see_to_scope()
                self.seq = row.seq
                if self._which.takes(event := Event.of(row), self._listener.scope):
                    yield event
            if len(rows) < PAGE:
                self.seq = horizon

    async def _live(self) -> AsyncIterator[Event | Beat | Ended]:
        listener = self._listener
        beat_at = self._now() + self._beat
        while self._now() < self._dies_at:
            await self._see_to_scope()
            if listener.ended:
                yield listener.ended
                return
            event = listener.take()
            if event is None:
                if not await listener.wait(min(beat_at, self._dies_at) - self._now()):
                    beat_at = self._now() + self._beat
                    yield Beat()
            elif event.seq > self.seq and self._which.takes(event, listener.scope):
                self.seq = event.seq
                yield event
        yield RENEW

    async def _see_to_scope(self) -> None:
        """Ask again what they may see, when something changed or enough time has gone by."""
        if self._listener.stale or self._now() - self._checked_at >= self._recheck:
            self._listener.stale = False  # before asking: a change while asking makes it stale again
            self._listener.scope = await self._ask_scope()
            self._checked_at = self._now()

    async def _ask_scope(self) -> selectors.Scope:
        scope = await self._hub.ask(self._check)
        if self._which.account_id is not None and self._which.account_id not in scope.accounts:
            raise AccessLost
        return scope
