"""One WebSocket that is kept: opened, watched for silence, and opened again when it is gone (sheet 5.1, 5.4, 5.9)."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import websockets.exceptions
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from kis.journal import Journal
from kis.transport import Clock
from market.errors import Text, Unreachable

OPEN_S = 10.0
BACKOFF_S, BACKOFF_LIMIT_S = 0.5, 30.0  # while connections fail
QUICK_S, QUICK_LIMIT_S = 0.1, 5.0  # after one that had worked; growing while they are short (5.1: no hammering)
STEADY_S = 60.0  # a connection that lasted this long was no short one
MAX_FRAME = 2**20

_quiet = logging.getLogger("kis.websocket")
_quiet.setLevel(logging.WARNING)  # below, the library would print frames with keys in them


class Lost(Exception):
    """The connection went, or is to go."""


class Connection:
    """`on_text` is called with every frame and answers what is to be sent back; `serve` runs while it is open."""

    def __init__(
        self,
        url: str,
        journal: Journal,
        *,
        prepare: Callable[[], Awaitable[None]],
        on_text: Callable[[str], str | None],
        serve: Callable[[], Awaitable[None]],
        on_end: Callable[[bool], None],
        silence_s: float,
        clock: Clock,
    ) -> None:
        """`prepare` is awaited before each connection; `on_end` is told whether the other side ended it.

        `silence_s`: without any frame for so long the connection counts as dead.
        """
        self._url, self._journal, self._clock = url, journal, clock
        self._prepare, self._on_text, self._serve, self._on_end = prepare, on_text, serve, on_end
        self._silence_s = silence_s
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._last_frame = 0.0
        self._good = False
        self._ended_by_us = False
        self._least_wait = 0.0
        self.last_frame_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def connect(self) -> None:
        """Open it, and keep it open from now on. Raises Unreachable, and what `prepare` raises."""
        if self._keeper is None:
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

    async def send(self, text: str) -> None:
        """Raises Lost."""
        if self._socket is None:
            raise Lost("not open")
        try:
            await self._socket.send(text)
        except websockets.exceptions.ConnectionClosed as error:
            raise Lost("closed") from error

    def is_good(self) -> None:
        """It was of use: should it go, the next one may come quickly."""
        self._good = True

    def wait_if_lost(self, seconds: float) -> None:
        """Should it go, the next one comes no sooner than this."""
        self._least_wait = seconds

    def end(self) -> None:
        """End this connection; the keeper makes the next one."""
        self._ended_by_us = True
        if self._socket is not None:
            self._socket.transport.abort()

    async def aclose(self) -> None:
        """Close it and stop."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await self._close()

    async def _open(self) -> None:
        await self._prepare()
        try:
            self._socket = await open_socket(
                self._url,
                open_timeout=OPEN_S,
                close_timeout=1,
                max_size=MAX_FRAME,
                compression=None,
                proxy=None,
                logger=_quiet,
            )
        except (OSError, TimeoutError, websockets.exceptions.WebSocketException) as error:
            raise no_socket() from error
        self._last_frame = time.monotonic()
        self._good = self._ended_by_us = False
        self._reader = asyncio.create_task(self._read(self._socket))
        self._journal.note("kis.socket_open", url=self._url)

    async def _keep(self) -> None:
        """Keep a connection: wait until it breaks, and make it again; for ever."""
        failed = short = 0
        while True:
            begun = time.monotonic()
            try:
                if self._reader is None:
                    await self._open()
                await self._stay()
            except Exception as error:  # whatever it was: without this loop nobody would see a price again
                why = f"{type(error).__name__}: {error}".strip(": ")
                self._journal.note("kis.socket_lost", logging.WARNING, why=why)
            was_open, good = self._reader is not None, self._good
            await self._close()
            if was_open:
                self._on_end(not self._ended_by_us)
            failed = 0 if good else failed + 1
            short = short + 1 if good and time.monotonic() - begun < STEADY_S else 0
            await asyncio.sleep(max(self._least_wait, _pause(failed, short)))

    async def _stay(self) -> None:
        """Serve until the reader ends, or nothing came for too long."""
        assert self._reader is not None
        serving = asyncio.ensure_future(self._serve())
        try:
            while True:
                left = self._last_frame + self._silence_s - time.monotonic()
                if left <= 0:
                    self._ended_by_us = True
                    raise Lost(f"silent for {self._silence_s:g} s")
                done, _ = await asyncio.wait({self._reader, serving}, timeout=left, return_when="FIRST_COMPLETED")
                if self._reader in done:
                    self._reader.result()
                    raise Lost("closed")
                if serving in done:
                    serving.result()
                    raise Lost("nothing left to serve")
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> None:
        async for message in socket:
            frame = message if isinstance(message, str) else message.decode(errors="replace")
            self._last_frame = time.monotonic()
            self.last_frame_at = self._clock()
            back = self._on_text(frame)
            if back is not None:
                await socket.send(back)

    async def _close(self) -> None:
        reader, self._reader = self._reader, None
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()  # a silent peer would not answer a polite close
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


def _pause(failed: int, short: int) -> float:
    """Seconds before the next connection; uneven, so that bots do not come back in step."""
    if failed:
        longest = min(BACKOFF_LIMIT_S, BACKOFF_S * 2 ** min(failed, 10))
    else:
        longest = min(QUICK_LIMIT_S, QUICK_S * 2 ** min(max(short - 1, 0), 10))
    return longest * random.uniform(0.7, 1.3)  # noqa: S311


def no_socket() -> Unreachable:
    return Unreachable(
        Text(
            "한국투자증권 실시간 서버에 연결할 수 없습니다. 다시 시도합니다.",
            "KIS's live server cannot be reached. It will be tried again.",
        )
    )
