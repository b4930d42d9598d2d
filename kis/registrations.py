"""What a key's WebSocket is registered for: 41 at most, notices first, asked for again on every new connection.

One task asks, one message at a time, because an error reply does not say what it is about (sheet 5.3).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from kis import codes
from kis.errors import NoRoom
from kis.journal import Journal
from kis.wire import frames
from market.errors import CredentialProblem, Refused, Text, Throttled, TradingError

LATER_S, LATER_LIMIT_S = 0.5, 30.0  # after "retry later", doubling
IN_USE_STEPS = 12  # the first wait for a key in use is this part of the longest, doubling
NOTICE_CLOSES = 2  # abrupt closes after asking for notices that switch them off
PROBATION_S = 2.0  # so soon after asking for notices a close is their doing


@dataclass(frozen=True, slots=True)
class Registration:
    """One of the 41: a feed and what it is about."""

    tr_id: str
    tr_key: str

    @property
    def is_notice(self) -> bool:
        return self.tr_id in codes.NOTICE_TR.values()


class Link(Protocol):
    """The connection as it is needed here. Everything raises `kis.connection.Lost` when it is gone."""

    async def ask(self, registration: Registration, tr_type: str) -> frames.Control: ...

    async def renew_approval(self) -> None:
        """End this connection; the next one has a new approval key."""
        ...

    def is_good(self) -> None:
        """KIS took a registration: this connection is worth having."""
        ...

    def wait_if_lost(self, seconds: float) -> None:
        """Should this connection end, the next one comes no sooner than this."""
        ...


@dataclass(slots=True, eq=False)
class _Wish:
    outcome: asyncio.Future[None]
    taken_at: float | None = None  # by KIS, on this connection
    tries: int = 0
    again_at: float = 0.0


@dataclass(eq=False)
class Registrations:
    """`limit`: how many the key may have; learned when KIS says that it is full. `in_use_s`: the longest wait."""

    journal: Journal
    limit: int
    in_use_s: float
    on_restored: Callable[[], None]
    wanted: dict[Registration, _Wish] = field(default_factory=dict)  # in the order they were asked for
    notices_off: Text | None = None  # why, once they were switched off

    def __post_init__(self) -> None:
        self._most = self.limit
        self._dropped: list[Registration] = []  # still registered at KIS
        self._news = asyncio.Event()
        self._in_use = 0
        self._notice_asked_at: float | None = None
        self._notice_closes = 0

    # --- what callers do ------------------------------------------------------------------------------------

    async def add(self, registration: Registration, patience_s: float) -> None:
        """Want it, and wait until KIS has taken it.

        Raises NoRoom, Refused, CredentialProblem (notices that break connections), or Throttled when KIS does not
        take it in time; it is then not wanted any more.
        """
        if registration.is_notice and self.notices_off is not None:
            raise CredentialProblem(self.notices_off)
        wish = self.wanted.get(registration) or self._want(registration)
        try:
            await asyncio.wait_for(asyncio.shield(wish.outcome), patience_s)
        except TimeoutError:
            self._forget(registration)
            raise not_now() from None
        except asyncio.CancelledError:
            if wish.taken_at is None:
                self._forget(registration)
            raise

    def drop(self, registration: Registration) -> None:
        """Do not want it any more; harmless if it was not wanted."""
        wish = self._forget(registration)
        if wish is not None and wish.taken_at is not None:
            self._dropped.append(registration)
            self._news.set()

    def taken(self) -> tuple[Registration, ...]:
        return tuple(r for r, wish in self.wanted.items() if wish.taken_at is not None)

    def taken_at(self, registration: Registration) -> float | None:
        """When KIS took it on this connection, on the monotonic clock."""
        wish = self.wanted.get(registration)
        return wish.taken_at if wish else None

    def _want(self, registration: Registration) -> _Wish:
        if len(self.wanted) >= self.limit and not (registration.is_notice and self._make_room()):
            raise no_room()
        wish = self.wanted[registration] = _Wish(asyncio.get_running_loop().create_future())
        self._dropped = [r for r in self._dropped if r != registration]
        self._news.set()
        return wish

    def _make_room(self) -> bool:
        """Notices come first: the prices that were asked for last go. Who wants them follows by REST."""
        last = next((r for r in reversed(self.wanted) if not r.is_notice), None)
        if last is None:
            return False
        self.journal.note("kis.registration_dropped", logging.WARNING, tr_key=last.tr_key, why="notices come first")
        self.drop(last)
        return True

    def _forget(self, registration: Registration, why: TradingError | None = None) -> _Wish | None:
        wish = self.wanted.pop(registration, None)
        if wish is not None and not wish.outcome.done():
            wish.outcome.set_exception(why or not_now())
            wish.outcome.exception()  # nobody may be waiting for it any more
        return wish

    # --- while a connection lasts ---------------------------------------------------------------------------

    async def serve(self, link: Link) -> None:
        """Register everything, notices first, then whatever is wanted from now on. Ends only with the connection."""
        self._begin()
        restored = False
        while True:
            self._news.clear()
            if self._dropped:
                await link.ask(self._dropped.pop(0), frames.UNREGISTER)
            elif (registration := self._next()) is not None:
                await self._register(registration, link)
            else:
                if not restored:
                    restored = True
                    self.on_restored()
                await self._rest()

    def ended(self, *, by_peer: bool) -> None:
        """The connection is gone. Nothing is registered any more."""
        asked_at, self._notice_asked_at = self._notice_asked_at, None
        if asked_at is not None and by_peer and time.monotonic() - asked_at < PROBATION_S:
            self._count_notice_close()
        self._begin()

    def noticed(self) -> None:
        """A notice came: asking for them did no harm."""
        self._notice_closes = 0

    def _begin(self) -> None:
        self.limit = self._most  # what was full yesterday may have room
        self._dropped.clear()  # a new connection starts without them
        for wish in self.wanted.values():
            wish.taken_at, wish.tries, wish.again_at = None, 0, 0.0

    def _next(self) -> Registration | None:
        now = time.monotonic()
        due = [r for r, wish in self.wanted.items() if wish.taken_at is None and wish.again_at <= now]
        return min(due, key=lambda r: not r.is_notice, default=None)

    async def _rest(self) -> None:
        """Until there is something new to ask, or something to ask again."""
        waiting = [wish.again_at for wish in self.wanted.values() if wish.taken_at is None]
        try:
            async with asyncio.timeout_at(_loop_time(min(waiting)) if waiting else None):
                await self._news.wait()
        except TimeoutError:
            return

    async def _register(self, registration: Registration, link: Link) -> None:
        if registration.is_notice:
            self._notice_asked_at = time.monotonic()
        reply = await link.ask(registration, frames.REGISTER)
        wish = self.wanted.get(registration)
        if reply.code in codes.WS_OK:
            self._in_use = 0
            link.is_good()
            link.wait_if_lost(0.0)
            if wish is None:  # nobody wants it any more
                self._dropped.append(registration)
            else:
                wish.taken_at = time.monotonic()
                if not wish.outcome.done():
                    wish.outcome.set_result(None)
        elif reply.code == codes.WS_IN_USE:
            await self._wait_for_the_other(link)
        elif reply.code in codes.WS_NEW_APPROVAL:
            await link.renew_approval()
        elif wish is not None:
            self._refused(registration, wish, reply)

    def _refused(self, registration: Registration, wish: _Wish, reply: frames.Control) -> None:
        if reply.code in codes.WS_LATER:
            wish.again_at = time.monotonic() + min(LATER_LIMIT_S, LATER_S * 2**wish.tries)
            wish.tries += 1
            return
        if reply.code == codes.WS_FULL:
            self.limit = max(1, len(self.taken()))  # some account types have fewer than 41 (5.1)
            if registration.is_notice and self._make_room():
                return
        problem = no_room() if reply.code == codes.WS_FULL else refused(reply)
        if wish.outcome.done():  # it was registered once: whoever wanted it is not waiting any more
            self.journal.note(
                "kis.registration_lost", logging.WARNING, tr_key=registration.tr_key, why=problem.message.en
            )
        self._forget(registration, problem)

    async def _wait_for_the_other(self, link: Link) -> None:
        """Another session of the key lives, or its slot is not free yet: ask again on this connection (5.1, 5.3).

        Connecting anew would be hammering, and helps nobody.
        """
        wait = min(self.in_use_s, self.in_use_s / IN_USE_STEPS * 2**self._in_use)
        self._in_use += 1
        link.wait_if_lost(wait)
        self.journal.note("kis.key_in_use", logging.WARNING, wait_s=wait)
        await asyncio.sleep(wait)

    def _count_notice_close(self) -> None:
        self._notice_closes += 1
        if self._notice_closes < NOTICE_CLOSES or self.notices_off is not None:
            return
        self.notices_off = Text(
            "HTS ID로 체결통보를 등록하면 연결이 끊깁니다. 체결통보를 끕니다. HTS ID를 확인하세요.",
            "Asking for notices with this HTS id breaks the connection: notices are off. Check the HTS id.",
        )
        self.journal.note("kis.notices_off", logging.WARNING)
        for registration in [r for r in self.wanted if r.is_notice]:
            self._forget(registration, CredentialProblem(self.notices_off))


def _loop_time(moment: float) -> float:
    """A moment of the monotonic clock on the clock of the event loop."""
    return asyncio.get_running_loop().time() + moment - time.monotonic()


def no_room() -> NoRoom:
    return NoRoom(
        Text(
            "실시간 등록은 앱키당 41건까지입니다. 나머지는 REST로 조회합니다.",
            "An app key has 41 live registrations. Follow the rest by REST.",
        ),
        code=codes.WS_FULL,
    )


def refused(reply: frames.Control) -> Refused:
    words = f"{reply.message} ({reply.code})"
    text = Text(f"실시간 등록이 거부되었습니다: {words}", f"KIS refused the registration: {words}")
    return Refused(text, code=reply.code)


def not_now() -> Throttled:
    return Throttled(
        Text(
            "실시간 등록을 지금 받지 않습니다. 잠시 뒤 다시 시도합니다.",
            "KIS takes no registration now. It will be tried again shortly.",
        ),
        retry_after=LATER_LIMIT_S,
    )
