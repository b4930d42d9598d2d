"""KIS's WebSocket: live trades and order books of US stocks, and execution notices (sheet section 5).

One connection per app key. It is kept alive, watched for silence, made again with all its registrations when it
breaks, and tells its listeners of every gap, since KIS repeats nothing.
"""

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime

from kis import codes, drift
from kis.client import KisClient
from kis.config import KisConfig
from kis.connection import OPEN_S, Connection
from kis.dialogue import Approval, Dialogue
from kis.journal import Journal, Masker, OnEvent
from kis.registrations import Registration, Registrations
from kis.transport import Clock, utc_now
from kis.wire import frames
from kis.wire.values import Unreadable
from market.data import Quote
from market.errors import Text
from market.orders import Notice
from market.prices import OrderBook
from market.words import Exchange

__all__ = ["RealtimeClient", "Registration"]

SILENCE_S = 60.0  # PINGPONG comes every few tens of seconds and counts as life
IN_USE_S = 60.0  # 5.3, OPSP8996: the old session's slot frees slowly

log = logging.getLogger("kis.realtime")


class RealtimeClient:
    """`connect`, `subscribe`, and the callbacks are called from the event loop as frames arrive.

    Callbacks are plain functions; one that raises is logged and harms no other.
    """

    def __init__(
        self,
        config: KisConfig | None = None,
        *,
        client: KisClient | None = None,
        approval: Approval | KisClient | None = None,
        on_event: OnEvent | None = None,
        silence_s: float = SILENCE_S,
        in_use_s: float = IN_USE_S,
        registrations: int = codes.MAX_REGISTRATIONS,
        clock: Clock = utc_now,
    ) -> None:
        """`client`: whose key and approval key are used; without one, nor a `config`, those of the `KIS_*` variables.
        `approval`: another way to an approval key, which all who hold the app key share: a client, or a coroutine
        function that gives one, asked once a connection.

        `silence_s`: without any frame for so long the connection counts as dead. `in_use_s`: the longest pause
        between attempts while KIS says that the key's session is in use. `registrations`: how many the key may have;
        some account types have fewer than 41.
        """
        config = config or (client.config if client else KisConfig.from_env(os.environ))
        self._config = config
        self._journal = Journal(Masker(config.secrets), config.masked_account, on_event)
        self._in_use_s = in_use_s
        self._clock = clock
        self._registrations = Registrations(self._journal, registrations, in_use_s, self._restored)
        self._connection = Connection(
            config.ws_url + codes.WS_PATH,
            self._journal,
            prepare=lambda: self._dialogue.begin(),
            on_text=self._take,
            serve=lambda: self._registrations.serve(self._dialogue),
            on_end=lambda by_peer: self._registrations.ended(by_peer=by_peer),
            silence_s=silence_s,
            clock=clock,
        )
        self._dialogue = Dialogue(approval or client, self._connection, self._journal)
        self._ciphers: dict[str, tuple[str, str]] = {}
        self._listed: dict[str, Exchange] = {}
        self._volumes: dict[str, tuple[str, int]] = {}
        self._takers: dict[str, Callable[[list[str], datetime], None]] = {
            codes.TICK_TR: self._take_tick,
            codes.BOOK_TR: self._take_book,
            **dict.fromkeys(codes.NOTICE_TR.values(), self._take_notice),
        }
        self._was_restored = False
        self._on_tick: list[Callable[[Quote], None]] = []
        self._on_book: list[Callable[[OrderBook], None]] = []
        self._on_notice: list[Callable[[Notice], None]] = []
        self._on_gap: list[Callable[[], None]] = []
        self._heard: dict[tuple[str, str], float] = {}  # by feed and key, on the monotonic clock
        self.last_tick_at: dict[str, datetime] = {}  # by symbol

    # --- what callers do ------------------------------------------------------------------------------------

    def on_tick(self, callback: Callable[[Quote], None]) -> None:
        """Called with every new trade; repetitions after a reconnect are left out."""
        self._on_tick.append(callback)

    def on_book(self, callback: Callable[[OrderBook], None]) -> None:
        """Called with every change of a followed order book."""
        self._on_book.append(callback)

    def on_notice(self, callback: Callable[[Notice], None]) -> None:
        """Called with every execution notice of this account: a hint to look at the order list."""
        self._on_notice.append(callback)

    def on_gap(self, callback: Callable[[], None]) -> None:
        """Called when the connection is back and registered: what came in between is lost, reconcile."""
        self._on_gap.append(callback)

    @property
    def connected(self) -> bool:
        return self._connection.is_open

    @property
    def last_frame_at(self) -> datetime | None:
        return self._connection.last_frame_at

    @property
    def notices_off(self) -> Text | None:
        """Why, once notices were switched off."""
        return self._registrations.notices_off

    @property
    def limit(self) -> int:
        """How many registrations the key has; less than asked for once KIS said that it is full."""
        return self._registrations.limit

    @property
    def subscriptions(self) -> tuple[Registration, ...]:
        """Everything that KIS has taken on this connection."""
        return self._registrations.taken()

    def silent(self, seconds: float) -> tuple[Registration, ...]:
        """Subscriptions that have had nothing for so long, or since they were taken: life is theirs, not the socket's.

        A quiet symbol is among them too; whether it trades, the price function tells.
        """
        before = time.monotonic() - seconds
        return tuple(r for r in self.subscriptions if self._last_life(r) < before)

    async def connect(self) -> None:
        """Open the connection and keep it open from now on.

        Raises Unreachable when it cannot be opened, CredentialProblem when KIS gives no approval key.
        """
        await self._connection.connect()

    async def run(self) -> None:
        """Stay until `aclose`; connects first if need be, trying for as long as it takes."""
        await self._connection.run()

    async def subscribe(
        self, symbol: str, exchange: Exchange = Exchange.NASDAQ, *, daytime: bool = False, patience_s: float = 0.0
    ) -> None:
        """Follow the trades of a symbol (5.6); `daytime`: in the daytime session, which is a feed of its own.

        Raises NoRoom beyond the registrations of the key, Refused when KIS does not know the symbol, Throttled when
        it takes nothing within `patience_s` (0: as long as a key in use is waited for).
        """
        await self._follow(codes.TICK_TR, symbol, exchange, daytime, patience_s)

    async def unsubscribe(self, symbol: str, exchange: Exchange = Exchange.NASDAQ, *, daytime: bool = False) -> None:
        """Stop following a symbol; harmless if it was not followed."""
        self._registrations.drop(Registration(codes.TICK_TR, frames.quote_key(symbol, exchange, daytime=daytime)))

    async def subscribe_book(
        self, symbol: str, exchange: Exchange = Exchange.NASDAQ, *, daytime: bool = False, patience_s: float = 0.0
    ) -> None:
        """Follow the ten best bids and asks of a symbol (5.7). Raises as `subscribe`."""
        await self._follow(codes.BOOK_TR, symbol, exchange, daytime, patience_s)

    async def unsubscribe_book(
        self, symbol: str, exchange: Exchange = Exchange.NASDAQ, *, daytime: bool = False
    ) -> None:
        """Stop following an order book; harmless if it was not followed."""
        self._registrations.drop(Registration(codes.BOOK_TR, frames.quote_key(symbol, exchange, daytime=daytime)))

    async def subscribe_notices(self, hts_id: str, *, patience_s: float = 0.0) -> None:
        """Ask for execution notices (5.8); only encrypted ones of this account are passed on.

        They come first: when the key has no room, the prices that were asked for last are dropped. A wrong HTS id
        closes the connection: after two such closes notices are off and CredentialProblem says so; everything else
        goes on.
        """
        registration = Registration(codes.NOTICE_TR[self._config.environment], hts_id)
        await self._registrations.add(registration, patience_s or self._patience_s)

    async def unsubscribe_notices(self, hts_id: str) -> None:
        """Ask for no more notices; harmless if none were asked for."""
        self._registrations.drop(Registration(codes.NOTICE_TR[self._config.environment], hts_id))

    async def aclose(self) -> None:
        """Close the connection and stop."""
        await self._connection.aclose()

    # --- the connection's needs -----------------------------------------------------------------------------

    @property
    def _patience_s(self) -> float:
        return 2 * self._in_use_s + OPEN_S

    async def _follow(self, feed: str, symbol: str, exchange: Exchange, daytime: bool, patience_s: float) -> None:
        self._listed[symbol] = exchange
        registration = Registration(feed, frames.quote_key(symbol, exchange, daytime=daytime))
        await self._registrations.add(registration, patience_s or self._patience_s)

    def _last_life(self, registration: Registration) -> float:
        heard = self._heard.get((registration.tr_id, registration.tr_key), 0.0)
        return max(heard, self._registrations.taken_at(registration) or 0.0)

    def _restored(self) -> None:
        if self._was_restored:
            self._call_all(self._on_gap)
        self._was_restored = True

    # --- frames ---------------------------------------------------------------------------------------------

    def _take(self, frame: str) -> str | None:
        """Handle one frame; what is to be sent back."""
        try:
            parsed = frames.parse(frame)
            if isinstance(parsed, frames.Data):
                self._take_data(parsed)
            elif parsed.is_ping:
                return frame  # PINGPONG is answered with its own text (5.4)
            else:
                self._take_reply(parsed)
        except Unreadable as field:
            self._journal.note("kis.frame_unreadable", logging.WARNING, field=str(field), length=len(frame))
        return None

    def _take_reply(self, reply: frames.Control) -> None:
        if reply.key and reply.iv:
            self._journal.mask.learn(reply.key, reply.iv)
            self._ciphers[reply.tr_id] = (reply.key, reply.iv)
        self._dialogue.hear(reply)

    def _take_data(self, data: frames.Data) -> None:
        take = self._takers.get(data.tr_id)
        if take is None:
            self._journal.drift("websocket", [data.tr_id[:16]])
            return
        now = self._connection.last_frame_at or self._clock()
        for record in frames.records(data, self._plain(data)):
            if shape := drift.record(data.tr_id, len(record)):
                self._journal.drift(data.tr_id, shape)
            try:
                take(record, now)
            except Unreadable as field:  # the others of the frame are read
                self._journal.drift(data.tr_id, {str(field): "unreadable"})

    def _take_tick(self, record: list[str], now: datetime) -> None:
        tick = frames.tick(record, now, self._listed)
        self._heard[codes.TICK_TR, tick.key] = time.monotonic()
        if self._is_new(tick):
            self.last_tick_at[tick.quote.symbol] = now
            self._call_all(self._on_tick, tick.quote)

    def _is_new(self, tick: frames.Tick) -> bool:
        """Trades have no number: the cumulative volume of the day and feed tells a repetition (5.6)."""
        volume = tick.quote.volume
        if volume is None:
            return True
        day, before = self._volumes.get(tick.key, ("", -1))
        if tick.trading_day < day or (tick.trading_day == day and volume <= before):
            return False
        self._volumes[tick.key] = (tick.trading_day, volume)
        return True

    def _take_book(self, record: list[str], now: datetime) -> None:
        key, book = frames.book(record, now, self._listed)
        self._heard[codes.BOOK_TR, key] = time.monotonic()
        self._call_all(self._on_book, book)

    def _take_notice(self, record: list[str], now: datetime) -> None:
        notice = frames.notice(record, now)
        ours = self._config.account_no, self._config.account_no[:8]
        if notice.account_no and notice.account_no in ours:  # a key without an account has no notices
            self._registrations.noticed()
            self._call_all(self._on_notice, notice)

    def _plain(self, data: frames.Data) -> str:
        if not data.encrypted:
            if data.tr_id in codes.NOTICE_TR.values():  # the socket is plain: only what is encrypted is KIS's (9 #50)
                raise Unreadable("encryption")
            return data.payload
        if data.tr_id not in self._ciphers:
            raise Unreadable("key")
        return frames.decrypt(data.payload, *self._ciphers[data.tr_id])

    def _call_all[**P](self, callbacks: list[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
        for callback in callbacks:
            try:
                callback(*args, **kwargs)
            except Exception:
                log.exception("a callback of the realtime client failed")
