"""The WebSocket side: sessions, registrations, quotes, execution notices, PINGPONG (section 5)."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import WSMsgType, web

from kis.simulator import codes, frames
from kis.simulator.book import Account
from kis.simulator.exchange import Event
from kis.simulator.faults import About, Fault
from kis.simulator.faults import sockets as struck_sockets
from kis.simulator.market import View
from kis.simulator.market_path import Tick, tick_time
from kis.simulator.rest.quotes import rsym
from kis.simulator.untrusted import read_json
from kis.simulator.world import World

ALPHABET = string.ascii_lowercase + string.digits
# What a struck registration is answered, and whether the reply says what it is about.
REPLIES = {
    "key_in_use": ("OPSP8996", False),
    "approval_forgotten": ("OPSP0011", False),
    "subscriptions_full": ("OPSP0008", True),
    "subscribe_later": ("OPSP0007", True),
}
# Bytes that may wait for a client that does not read; past this it is cut.
BACKLOG = 8_000_000


@dataclass(slots=True, eq=False)
class Session:
    """One connection. It belongs to an app key from its first accepted message on."""

    side: str
    socket: web.WebSocketResponse
    request: web.Request
    account: Account | None = None
    subscriptions: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # -> (iv, key)
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    silent: bool = False
    unanswered: float = 0.0  # seconds that we were awake since the client last answered
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)  # a frame in pieces must not be interrupted

    def about(self, tr_id: str = "", *, notice: bool = False) -> About:
        """What faults may ask about it."""
        account_no = self.account.account_no if self.account else ""
        return About(self.request.path, tr_id, account_no, self.side, server="ws", notice=notice)

    def say(self, text: str) -> None:
        if self.outbox.qsize() * 300 > BACKLOG:
            self.cut()
        elif not self.silent:
            self.outbox.put_nowait(text)

    def cut(self) -> None:
        """End without a close frame."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Sockets:
    """All sessions of both sides."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._rng = random.Random(f"sockets:{seed}")
        self.sessions: set[Session] = set()
        self._held: dict[str, datetime] = {}  # app key -> until when a closed session's slot is taken
        self._trades: dict[str, struck_sockets.Trades] = {}  # by registration key
        world.on_tick = self.on_tick
        world.on_daytime_tick = self.on_daytime_tick
        world.on_event = self.on_event

    def handler(self, side: str) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(side, request)

        return handle

    async def _serve(self, side: str, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, compress=False)
        if not socket.can_prepare(request).ok:
            return web.Response(status=404, text="Not Found")
        await socket.prepare(request)
        session = Session(side, socket, request)
        self.sessions.add(session)
        tasks = [asyncio.create_task(self._send(session)), asyncio.create_task(self._keep_alive(session))]
        try:
            async for message in socket:
                await self._hear(session, message.type, message.data)
        finally:
            for task in tasks:
                task.cancel()
            self._leave(session)
        return socket

    def _leave(self, session: Session) -> None:
        self.sessions.discard(session)
        fault = self._world.faults.strike("socket", session.about(), only=("slot_lingers",))
        self._hold(session, fault.seconds if fault else self._world.switches.slot_linger)

    def _hold(self, session: Session, seconds: float) -> None:
        """Keep the slot of the session's key taken for so long from now (5.1)."""
        if session.account is not None and seconds:
            until = self._world.clock.wall() + timedelta(seconds=seconds)
            key = session.account.app_key
            self._held[key] = max(until, self._held.get(key, until))

    async def _send(self, session: Session) -> None:
        while True:
            text = await session.outbox.get()
            try:
                await self._write(session, text)
            except (ConnectionError, RuntimeError):
                return

    async def _write(self, session: Session, text: str) -> None:
        """One text, whole; or in pieces, past the library, which knows only whole frames."""
        struck = self._world.faults.strikes("frame", session.about())
        async with session.writing:
            for message in [struck_sockets.GARBAGE, text] if "garbage_frames" in struck else [text]:
                if not struck.keys() - {"garbage_frames"}:
                    await session.socket.send_str(message)
                    continue
                for piece in struck_sockets.pieces(message, struck):
                    if session.request.transport is None:
                        return
                    session.request.transport.write(piece)
                    await asyncio.sleep(0)

    async def _keep_alive(self, session: Session) -> None:
        """PINGPONG as a text; a client that never answers is cut (5.4).

        Its silence is counted in our intervals, not by the clock: had we been stopped for minutes, it could not
        have been heard.
        """
        switches = self._world.switches
        while True:
            await asyncio.sleep(switches.ping_interval)
            session.unanswered += switches.ping_interval
            if session.unanswered > switches.ping_timeout:
                session.cut()
                return
            session.say(frames.ping(self._world.now()))

    async def _hear(self, session: Session, kind: WSMsgType, content: Any) -> None:
        if kind == WSMsgType.PING:
            if not session.silent:
                async with session.writing:
                    await session.socket.pong(content)
        elif kind == WSMsgType.PONG:
            session.unanswered = 0.0
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY):
            text = content if isinstance(content, str) else content.decode("utf-8", "replace")
            self.on_message(session, text)

    # Requests

    def on_message(self, session: Session, text: str) -> None:
        """One JSON message of the client: a PINGPONG echo, a registration or its end."""
        try:
            message = read_json(text)
        except ValueError:
            return session.say(frames.reply("OPSP9999", "(null)", ""))
        if not isinstance(message, dict) or not isinstance(message.get("header"), dict):
            return session.say(frames.reply("OPSP9998", "(null)", ""))
        header = message["header"]
        if header.get("tr_id") == "PINGPONG":
            session.unanswered = 0.0
            return None
        code, tr_id, tr_key = _read(header, message.get("body"))
        if code is None:
            account = self._world.desk.approved(str(header["approval_key"]), self._world.now())
            about = replace(
                session.about(tr_id, notice=self._is_notice(session.side, tr_id)),
                account_no=account.account_no if account else "",
            )
            if fault := self._world.faults.strike("reply", about):
                return self._struck_reply(session, fault, account, tr_id, tr_key)
        if code is None:
            code = self._enter(session, str(header["approval_key"]))
        if code is not None:
            return session.say(frames.reply(code, tr_id or "(null)", tr_key))
        if header["tr_type"] == "1":
            return self._subscribe(session, tr_id, tr_key)
        return self._unsubscribe(session, tr_id, tr_key)

    def _struck_reply(self, session: Session, fault: Fault, account: Account | None, tr_id: str, tr_key: str) -> None:
        """A registration that a fault answers (5.3)."""
        match fault.kind.name:
            case "notices_cut":
                return session.cut()
            case "reply_lost":
                session.account = session.account or account
                session.subscriptions[tr_id, tr_key] = self._secret(session, tr_id)
                return None
            case "approval_forgotten" if account is not None:
                self._world.desk.forget_approvals(account)
        code, naming = REPLIES[fault.kind.name]
        return session.say(frames.reply(code, tr_id if naming else "(null)", tr_key if naming else ""))

    def _enter(self, session: Session, approval_key: str) -> str | None:
        """Bind the session to the key's owner; one session per app key (5.1)."""
        account = self._world.desk.approved(approval_key, self._world.now())
        if account is None:
            return "OPSP0011"
        if session.account is account:
            return None
        if session.account is None:
            others = [s for s in self.sessions if s.account is account and s is not session]
            held = self._held.get(account.app_key)
            busy = bool(others) or (held is not None and held > self._world.clock.wall())
            if busy and self._world.switches.second_session != "drop_old":
                return "OPSP8996"
            for other in others:
                other.cut()
                other.account = None
            session.account = account
        return None

    def _subscribe(self, session: Session, tr_id: str, tr_key: str) -> None:
        if code := self._bad_subject(session, tr_id, tr_key):
            return session.say(frames.reply(code, tr_id, tr_key))
        notices = self._is_notice(session.side, tr_id)
        if notices and session.account is not None and tr_key != session.account.hts_id:
            return session.cut()  # section 5.2: a wrong HTS id ends the connection abruptly
        if (tr_id, tr_key) in session.subscriptions:
            secret = session.subscriptions[tr_id, tr_key]
            return session.say(frames.reply("OPSP0002", tr_id, tr_key, encrypted=self._flag(notices), secret=secret))
        if len(session.subscriptions) >= self._world.switches.registrations:
            return session.say(frames.reply("OPSP0008", tr_id, tr_key))
        secret = self._secret(session, tr_id)
        session.subscriptions[tr_id, tr_key] = secret
        return session.say(frames.reply("OPSP0000", tr_id, tr_key, encrypted=self._flag(notices), secret=secret))

    def _flag(self, notices: bool) -> bool:
        """What the reply says of encryption; the data of notices is encrypted all the same (5.3)."""
        return notices and self._world.switches.notice_encrypt_flag

    def _secret(self, session: Session, tr_id: str) -> tuple[str, str]:
        """One (iv, key) per TR id: clients keep them by TR id, not by key (Appendix A.1)."""
        for (other, _), secret in session.subscriptions.items():
            if other == tr_id:
                return secret
        return "".join(self._rng.choices(ALPHABET, k=16)), "".join(self._rng.choices(ALPHABET, k=32))

    def _unsubscribe(self, session: Session, tr_id: str, tr_key: str) -> None:
        found = session.subscriptions.pop((tr_id, tr_key), None)
        code = "OPSP0001" if found else "OPSP0003"
        notices = self._is_notice(session.side, tr_id)
        session.say(frames.reply(code, tr_id, tr_key, encrypted=self._flag(notices and bool(found)), secret=found))

    @staticmethod
    def _is_notice(side: str, tr_id: str) -> bool:
        return tr_id in (codes.WS_NOTICES[side], codes.WS_DOMESTIC_NOTICES[side])

    def _bad_subject(self, session: Session, tr_id: str, tr_key: str) -> str | None:
        if self._is_notice(session.side, tr_id):
            return None
        if tr_id not in (codes.WS_TRADES, codes.WS_BOOK, codes.WS_ASIA):
            return "OPSP8991"
        family, market = tr_key[:1], tr_key[1:4]
        daytime = family == "R" and market in codes.DAYTIME_MARKETS | set(codes.MARKETS)
        usual = family == "D" and market in set(codes.MARKETS) | codes.OTHER_QUOTE_MARKETS
        return None if len(tr_key) > 4 and (usual or daytime) else "OPSP8992"

    # Data

    def on_tick(self, tick: Tick) -> None:
        """A trade, to everyone registered for the symbol."""
        at = tick_time(tick.k)
        market = self._world.market
        self._spread(tick, False, lambda: market.view_at(tick.symbol, tick.k, market.calendar.session_at(at)))

    def on_daytime_tick(self, tick: Tick) -> None:
        """A trade of the daytime session, to those who registered its own key (5.2)."""
        market = self._world.market
        if market.listings[tick.symbol].daytime:
            self._spread(tick, True, lambda: market.daytime_view(tick.symbol, tick_time(tick.k)))

    def _spread(self, tick: Tick, daytime: bool, look: Callable[[], View | None]) -> None:
        """`look` is asked only when somebody listens."""
        listing = self._world.market.listings[tick.symbol]
        tr_key = rsym(listing, daytime=daytime)
        trades = self._listeners(codes.WS_TRADES, tr_key)
        books = self._listeners(codes.WS_BOOK, tr_key)
        if not (trades or books) or (view := look()) is None:
            return
        if trades:
            self._send_trades(trades, tr_key, frames.trade(listing, view))
        for listener in books:
            listener.say(frames.data(codes.WS_BOOK, [frames.book(listing, view)]))

    def _send_trades(self, listeners: list[Session], tr_key: str, record: list[str]) -> None:
        about = About(tr_id=codes.WS_TRADES, symbol=record[1], server="ws")
        struck = self._world.faults.strikes("tick", about)
        trades = self._trades.setdefault(tr_key, struck_sockets.Trades())
        for burst in trades.bursts(record, struck, self._world.switches.records_per_frame):
            frame = frames.data(codes.WS_TRADES, burst.records, count=burst.count)
            for listener in listeners:
                listener.say(frame)

    def _listeners(self, tr_id: str, tr_key: str) -> list[Session]:
        found = []
        for session in self.sessions:
            if (tr_id, tr_key) not in session.subscriptions:
                continue
            if session.side == codes.PAPER and not self._world.switches.paper_ticks:
                continue
            found.append(session)
        return found

    def strike_sockets(self) -> None:
        """Let socket faults strike: once a second and session, and when a fault is switched on."""
        if fault := self._world.faults.strike("socket", only=("friday_cut",)):
            for session in [s for s in self.sessions if fault.fits(s.about())]:
                self._hold(session, fault.seconds)
                session.cut()
        for session in [s for s in self.sessions if not s.silent]:
            fault = self._world.faults.strike("socket", session.about(), only=("silent_socket", "drop_sockets"))
            if fault is None:
                continue
            if fault.kind.name == "silent_socket":
                session.silent = True
            else:
                session.cut()

    def on_event(self, event: Event) -> None:
        """An execution notice, a moment after the event and perhaps before the order's own answer (5.8)."""
        account = self._world.exchange.accounts[event.order.account_no]
        if account.environment == codes.PAPER and not self._world.switches.paper_notices:
            return
        about = About(
            tr_id=codes.WS_NOTICES[account.environment],
            account_no=account.account_no,
            side=account.environment,
            symbol=event.order.symbol,
            server="ws",
        )
        struck = self._world.faults.strikes("notice", about)
        if "no_notices" in struck:
            return
        late = struck["late_notices"].seconds if "late_notices" in struck else 0.0
        delay = self._world.switches.notice_delay + late
        asyncio.get_running_loop().call_later(
            delay, self._notify, account, self._notice(account, event, struck), struck
        )

    def _notify(self, account: Account, fields: list[str], struck: dict[str, Fault]) -> None:
        tr_id = codes.WS_NOTICES[account.environment]
        for session in [s for s in self.sessions if s.side == account.environment]:
            secret = session.subscriptions.get((tr_id, account.hts_id))
            if secret is None:
                continue
            key = secret[1][::-1] if "notice_garbled" in struck else secret[1]
            frame = frames.notice(tr_id, fields, key, secret[0])
            if "notice_unencrypted" in struck:
                frame = frames.data(tr_id, [fields])
            for _ in range(2 if "duplicate_notices" in struck else 1):
                session.say(frame)

    def _notice(self, account: Account, event: Event, struck: dict[str, Fault]) -> list[str]:
        """Fills carry 25 fields, order events 24 (Appendix E); other lengths by fault or switch."""
        switches = self._world.switches
        listing = self._world.market.listings[event.order.symbol]
        wanted = switches.notice_fields if event.what == "filled" else switches.order_notice_fields
        if account.environment == codes.PAPER:
            wanted = switches.paper_notice_fields or wanted
        whole = frames.notice_fields(account, listing, event, switches)
        return struck_sockets.notice_fields(whole, wanted, struck)


def _read(header: dict[str, Any], body: Any) -> tuple[str | None, str, str]:
    """(error code or None, tr_id, tr_key) of a registration message (5.3)."""
    given = body.get("input") if isinstance(body, dict) else None
    tr_id = str(given.get("tr_id", "")) if isinstance(given, dict) else ""
    tr_key = str(given.get("tr_key", "")) if isinstance(given, dict) else ""
    checks = (
        ("OPSP9996", bool(header.get("approval_key"))),
        ("OPSP9997", "custtype" in header),
        ("OPSP8998", header.get("custtype") in ("P", "B")),
        ("OPSP8997", header.get("tr_type") in ("1", "2")),
        ("OPSP9992", isinstance(body, dict)),
        ("OPSP9991", isinstance(given, dict)),
        ("OPSP8991", bool(tr_id)),
        ("OPSP9990", bool(tr_key)),
    )
    return next((code for code, good in checks if not good), None), tr_id, tr_key
