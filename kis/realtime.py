"""KIS's WebSocket: live trades of US stocks and execution notices (sheet section 5).

One connection per app key. It is kept alive, watched for silence, made again with all its registrations when it
breaks, and tells its listeners of every gap, since KIS repeats nothing.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import websockets.exceptions
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from kis import codes
from kis.auth import get_approval_key
from kis.client import KisClient
from kis.config import KisConfig
from kis.errors import NoRoom
from kis.journal import Journal, Masker, OnEvent
from kis.transport import Clock, utc_now
from kis.wire import frames
from kis.wire.values import Unreadable
from market.data import Quote
from market.errors import CredentialProblem, Refused, Text, Throttled, Unreachable
from market.orders import Notice
from market.words import Exchange

OPEN_S = 10.0
REPLY_S = 5.0
SILENCE_S = 60.0  # PINGPONG comes every few tens of seconds and counts as life
BACKOFF_S, BACKOFF_LIMIT_S = 0.5, 30.0
IN_USE_S = 60.0  # 5.3, OPSP8996: the old session's slot frees slowly
STEADY_S = 60.0  # a connection that lasted this long begins its back-off anew
NOTICE_CLOSES = 2  # abrupt closes after asking for notices that switch them off
MAX_FRAME = 2**20

_quiet = logging.getLogger("kis.websocket")
_quiet.setLevel(logging.WARNING)  # below, the library would print frames with keys in them

Approval = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Registration:
    """One of the 41: a feed and what it is about."""

    tr_id: str
    tr_key: str

    @property
    def is_notice(self) -> bool:
        return self.tr_id in codes.NOTICE_TR.values()


class _Lost(Exception):
    """The connection went while something was asked on it."""


class RealtimeClient:
    """`connect`, `subscribe`, and the callbacks are called from the event loop as frames arrive.

    Callbacks are plain functions; one that raises is logged and harms no other.
    """

    def __init__(
        self,
        config: KisConfig,
        *,
        approval: Approval | KisClient,
        on_event: OnEvent | None = None,
        silence_s: float = SILENCE_S,
        in_use_s: float = IN_USE_S,
        registrations: int = codes.MAX_REGISTRATIONS,
        clock: Clock = utc_now,
    ) -> None:
        """`approval`: a client, or a coroutine function that gives an approval key; asked once a connection.

        `silence_s`: without any frame for so long the connection counts as dead. `in_use_s`: how long to wait when
        KIS says that the key's session is in use. `registrations`: how many the key may have; some account types
        have fewer than 41.
        """
        self._config = config
        self._approval = approval
        self._journal = Journal(Masker(config.secrets), config.masked_account, on_event)
        self._silence_s, self._in_use_s = silence_s, in_use_s
        self._registrations = registrations
        self._clock = clock
        self._socket: ClientConnection | None = None
        self._approval_key = ""
        self._wanted: dict[Registration, None] = {}  # in the order they were asked for
        self._ciphers: dict[str, tuple[str, str]] = {}
        self._listed: dict[str, Exchange] = {}
        self._volumes: dict[str, tuple[str, int]] = {}
        self._asking = asyncio.Lock()  # one message at a time: an error reply does not say what it is about
        self._asked: tuple[Registration, asyncio.Future[frames.Control | None]] | None = None
        self._ready = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._was_open = False
        self._wait_before_open = 0.0
        self._notice_closes = 0
        self._on_tick: list[Callable[[Quote], None]] = []
        self._on_notice: list[Callable[[Notice], None]] = []
        self._on_gap: list[Callable[[], None]] = []
        self._last_frame = 0.0
        self.last_frame_at: datetime | None = None
        self.last_tick_at: dict[str, datetime] = {}  # by symbol: life is judged per subscription
        self.notices_off: Text | None = None  # why, once they were switched off

    # --- what callers do ------------------------------------------------------------------------------------

    def on_tick(self, callback: Callable[[Quote], None]) -> None:
        """Called with every new trade; repetitions after a reconnect are left out."""
        self._on_tick.append(callback)

    def on_notice(self, callback: Callable[[Notice], None]) -> None:
        """Called with every execution notice of this account: a hint to look at the order list."""
        self._on_notice.append(callback)

    def on_gap(self, callback: Callable[[], None]) -> None:
        """Called when the connection is back and registered: what came in between is lost, reconcile."""
        self._on_gap.append(callback)

    @property
    def connected(self) -> bool:
        return self._ready.is_set()

    @property
    def subscriptions(self) -> tuple[Registration, ...]:
        return tuple(self._wanted)

    async def connect(self) -> None:
        """Open the connection and keep it open from now on.

        Raises Unreachable when it cannot be opened, CredentialProblem when KIS gives no approval key.
        """
        if self._keeper is not None:
            return
        await self._open()
        self._keeper = asyncio.create_task(self._keep())

    async def run(self) -> None:
        """Stay until `aclose`; connects first if need be, trying for as long as it takes."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        keeper = self._keeper
        try:
            await asyncio.shield(keeper)
        except asyncio.CancelledError:
            if not keeper.cancelled():  # we were told to stop, not the connection
                raise

    async def subscribe(self, symbol: str, exchange: Exchange = Exchange.NASDAQ) -> None:
        """Follow the trades of a symbol (5.6).

        Raises NoRoom beyond the registrations of the key, Refused when KIS does not know the key, Unreachable.
        """
        self._listed[symbol] = exchange
        await self._add(Registration(codes.TICK_TR, frames.tick_key(symbol, exchange)))

    async def unsubscribe(self, symbol: str, exchange: Exchange = Exchange.NASDAQ) -> None:
        """Stop following a symbol; harmless if it was not followed."""
        registration = Registration(codes.TICK_TR, frames.tick_key(symbol, exchange))
        followed = registration in self._wanted
        self._wanted.pop(registration, None)
        if followed and self.connected:
            with contextlib.suppress(_Lost):  # a new connection starts without it anyway
                await self._ask(registration, frames.UNREGISTER)

    async def subscribe_notices(self, hts_id: str) -> None:
        """Ask for execution notices (5.8); only encrypted ones of this account are passed on.

        A wrong HTS id closes the connection: after two such closes notices are off and CredentialProblem says so.
        Everything else goes on.
        """
        registration = Registration(codes.NOTICE_TR[self._config.environment], hts_id)
        for _attempt in range(2 * NOTICE_CLOSES):
            if self.notices_off is not None:
                raise CredentialProblem(self.notices_off)
            try:
                return await self._add(registration)
            except _Lost:
                if not self.connected:
                    self._count_notice_close()
        raise _not_now()

    async def aclose(self) -> None:
        """Close the connection and stop."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await self._close()

    # --- registrations --------------------------------------------------------------------------------------

    async def _add(self, registration: Registration) -> None:
        if registration in self._wanted:
            return
        if len(self._wanted) >= self._registrations:
            raise _no_room()
        for attempt in range(3):
            await self._until_connected()
            try:
                reply = await self._ask(registration, frames.REGISTER)
            except _Lost:
                if registration.is_notice:
                    raise
                continue
            if self._judge(reply):
                self._wanted[registration] = None
                return
            await asyncio.sleep(_backoff(attempt))
        raise _not_now()

    async def _until_connected(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), self._in_use_s + OPEN_S)
        except TimeoutError:
            raise _no_socket() from None

    async def _ask(self, registration: Registration, tr_type: str) -> frames.Control:
        """Send one message and await its reply. Raises _Lost."""
        async with self._asking:
            socket = self._socket
            if socket is None:
                raise _Lost
            reply: asyncio.Future[frames.Control | None] = asyncio.get_running_loop().create_future()
            self._asked = (registration, reply)
            message = frames.registration(self._approval_key, tr_type, registration.tr_id, registration.tr_key)
            try:
                await socket.send(message)
                answer = await asyncio.wait_for(reply, REPLY_S)
            except (websockets.exceptions.ConnectionClosed, TimeoutError) as error:
                raise _Lost from error
            finally:
                self._asked = None
            if answer is None:
                raise _Lost("closed")
            self._journal.note(
                "kis.registration", tr_id=registration.tr_id, tr_type=tr_type, msg_cd=answer.code, msg1=answer.message
            )
            return answer

    def _judge(self, reply: frames.Control) -> bool:
        """True: registered. False: ask again later. Raises what else there is (5.3)."""
        if reply.code in codes.WS_OK:
            return True
        if reply.code == codes.WS_FULL:
            raise _no_room()
        if reply.code in codes.WS_NEW_APPROVAL or reply.code == codes.WS_IN_USE:
            self._reopen(self._in_use_s if reply.code == codes.WS_IN_USE else 0.0)
            return False
        if reply.code in codes.WS_LATER:
            return False
        words = f"{reply.message} ({reply.code})"
        raise Refused(
            Text(f"실시간 등록이 거부되었습니다: {words}", f"KIS refused the registration: {words}"), code=reply.code
        )

    def _reopen(self, wait: float) -> None:
        """End this connection; the keeper makes the next one, after `wait` seconds."""
        self._ready.clear()
        self._wait_before_open = wait
        if self._socket is not None:
            self._socket.transport.abort()

    def _count_notice_close(self) -> None:
        self._notice_closes += 1
        if self._notice_closes >= NOTICE_CLOSES and self.notices_off is None:
            self.notices_off = Text(
                "HTS ID로 체결통보를 등록하면 연결이 끊깁니다. 체결통보를 끕니다. HTS ID를 확인하세요.",
                "Asking for notices with this HTS id breaks the connection: notices are off. Check the HTS id.",
            )
            self._journal.note("kis.notices_off", logging.WARNING)
            for registration in [r for r in self._wanted if r.is_notice]:
                del self._wanted[registration]

    # --- the connection -------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """Approval key, socket, reader. Raises Unreachable, CredentialProblem, ReadFailed."""
        self._approval_key = await self._ask_approval()
        self._journal.mask.learn(self._approval_key)
        try:
            self._socket = await open_socket(
                self._config.ws_url + codes.WS_PATH,
                open_timeout=OPEN_S,
                close_timeout=1,
                max_size=MAX_FRAME,
                compression=None,
                proxy=None,
                logger=_quiet,
            )
        except (OSError, TimeoutError, websockets.exceptions.WebSocketException) as error:
            raise _no_socket() from error
        self._last_frame = time.monotonic()
        self._reader = asyncio.create_task(self._read(self._socket))
        self._ready.set()
        self._journal.note("kis.socket_open", url=self._config.ws_url)

    async def _ask_approval(self) -> str:
        if isinstance(self._approval, KisClient):
            return await get_approval_key(client=self._approval)
        return await self._approval()

    async def _keep(self) -> None:
        """Keep a connection: wait until it breaks, make it again, register all, tell of the gap; for ever."""
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                if self._reader is None:
                    await self._open()
                    await self._restore()
                await self._stay()
            except Exception as error:  # whatever it was: without this loop nobody would see a price again
                self._journal.note(
                    "kis.socket_lost", logging.WARNING, why=f"{type(error).__name__}: {error}".strip(": ")
                )
            await self._close()
            failures = 0 if time.monotonic() - begun > STEADY_S else failures + 1
            wait, self._wait_before_open = self._wait_before_open, 0.0
            await asyncio.sleep(max(wait, _backoff(failures)))

    async def _restore(self) -> None:
        """Register everything again, notices first, and tell of the gap."""
        for registration in sorted(self._wanted, key=lambda r: not r.is_notice):
            try:
                reply = await self._ask(registration, frames.REGISTER)
            except _Lost:
                if registration.is_notice and not self.connected:
                    self._count_notice_close()
                raise
            try:
                if not self._judge(reply):
                    raise _Lost(reply.code)
            except (Refused, NoRoom) as problem:
                self._journal.note(
                    "kis.registration_lost", logging.WARNING, tr_key=registration.tr_key, why=str(problem)
                )
        if self._was_open:
            self._call_all(self._on_gap)
        self._was_open = True

    async def _stay(self) -> None:
        """Until the reader ends, or nothing came for too long."""
        assert self._reader is not None
        self._was_open = True
        while True:
            left = self._last_frame + self._silence_s - time.monotonic()
            if left <= 0:
                raise _Lost(f"silent for {self._silence_s:g} s")
            done, _ = await asyncio.wait({self._reader}, timeout=left)
            if done:
                self._reader.result()
                raise _Lost("closed")

    async def _close(self) -> None:
        self._ready.clear()
        reader, self._reader = self._reader, None
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()  # a silent peer would not answer a polite close
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    # --- frames ---------------------------------------------------------------------------------------------

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                frame = message if isinstance(message, str) else message.decode(errors="replace")
                self._last_frame = time.monotonic()
                self.last_frame_at = now = self._clock()
                try:
                    if self._take(frame, now):
                        await socket.send(frame)  # PINGPONG is answered with its own text (5.4)
                except Unreadable as field:
                    self._journal.note("kis.frame_unreadable", logging.WARNING, field=str(field), length=len(frame))
        finally:
            self._ready.clear()
            if self._asked is not None and not self._asked[1].done():
                self._asked[1].set_result(None)

    def _take(self, frame: str, now: datetime) -> bool:
        """Handle one frame; True if it is to be sent back."""
        parsed = frames.parse(frame)
        if isinstance(parsed, frames.Control):
            return parsed.is_ping or self._take_reply(parsed)
        if parsed.tr_id == codes.TICK_TR:
            self._take_ticks(parsed, now)
        elif parsed.tr_id in codes.NOTICE_TR.values():
            self._take_notices(parsed, now)
        return False

    def _take_reply(self, reply: frames.Control) -> bool:
        if reply.key and reply.iv:
            self._journal.mask.learn(reply.key, reply.iv)
            self._ciphers[reply.tr_id] = (reply.key, reply.iv)
        if self._asked is not None and not self._asked[1].done():
            registration, answer = self._asked
            if reply.names_nothing or registration == Registration(reply.tr_id, reply.tr_key):
                answer.set_result(reply)
        return False

    def _take_ticks(self, data: frames.Data, now: datetime) -> None:
        for record in frames.records(data, self._plain(data)):
            tick = frames.tick(record, now, self._listed)
            if self._is_new(tick):
                self.last_tick_at[tick.quote.symbol] = now
                self._call_all(self._on_tick, tick.quote)

    def _is_new(self, tick: frames.Tick) -> bool:
        """Trades have no number: the cumulative volume of the day tells a repetition (5.6)."""
        volume = tick.quote.volume
        if volume is None:
            return True
        day, before = self._volumes.get(tick.quote.symbol, ("", -1))
        if tick.trading_day < day or (tick.trading_day == day and volume <= before):
            return False
        self._volumes[tick.quote.symbol] = (tick.trading_day, volume)
        return True

    def _take_notices(self, data: frames.Data, now: datetime) -> None:
        if not data.encrypted:  # the socket is plain: only what is encrypted comes from KIS (9 #50)
            self._journal.note("kis.notice_not_encrypted", logging.WARNING)
            return
        for record in frames.records(data, self._plain(data)):
            notice = frames.notice(record, now)
            if notice.account_no in (self._config.account_no, self._config.account_no[:8]):
                self._notice_closes = 0
                self._call_all(self._on_notice, notice)

    def _plain(self, data: frames.Data) -> str:
        if not data.encrypted:
            return data.payload
        if data.tr_id not in self._ciphers:
            raise Unreadable("key")
        return frames.decrypt(data.payload, *self._ciphers[data.tr_id])

    def _call_all[**P](self, callbacks: list[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
        for callback in callbacks:
            try:
                callback(*args, **kwargs)
            except Exception:
                _quiet.exception("a callback of the realtime client failed")


def _backoff(failures: int) -> float:
    longest = min(BACKOFF_LIMIT_S, BACKOFF_S * 2 ** min(failures, 10))
    return longest * random.uniform(0.7, 1.3)  # noqa: S311  so that bots do not come back in step


def _no_room() -> NoRoom:
    return NoRoom(
        Text(
            "실시간 등록은 앱키당 41건까지입니다. 나머지는 REST로 조회합니다.",
            "An app key has 41 live registrations. Follow the rest by REST.",
        ),
        code=codes.WS_FULL,
    )


def _not_now() -> Throttled:
    return Throttled(
        Text(
            "실시간 등록을 지금 받지 않습니다. 잠시 뒤 다시 시도합니다.",
            "KIS takes no registration now. It will be tried again shortly.",
        ),
        retry_after=BACKOFF_LIMIT_S,
    )


def _no_socket() -> Unreachable:
    return Unreachable(
        Text(
            "한국투자증권 실시간 서버에 연결할 수 없습니다. 다시 시도합니다.",
            "KIS's live server cannot be reached. It will be tried again.",
        )
    )
