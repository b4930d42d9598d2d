"""Five servers on one loop: REST and WebSocket of both sides, and control."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from kis.simulator import accounts
from kis.simulator.codes import PAPER, REAL
from kis.simulator.control import Control
from kis.simulator.faults.doors import Doors
from kis.simulator.rest.gateway import Gateway
from kis.simulator.world import World
from kis.simulator.ws import Sockets

# How often due ticks are looked for; a tick is a quarter of a second.
BEAT = 0.05


class PortTaken(Exception):
    """The address cannot be bound; the message is for people."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(256)
    except (OSError, OverflowError) as e:
        found.close()
        reason = getattr(e, "strerror", None) or str(e)
        raise PortTaken(f"port {port} on {host} cannot be used: {reason}. Choose another port, or 0.") from e
    return found


def listen_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """The real side's socket on N and the paper side's on N+1; with 0, any two."""
    first = listen(host, port)
    try:
        return first, listen(host, port + 1 if port else 0)
    except PortTaken:
        first.close()
        raise


def _url(scheme: str, bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@dataclass
class Simulator:
    """The running servers. `ready` is what the command prints."""

    world: World
    host: str
    rest_port: int
    ws_port: int
    ready: dict[str, Any] = field(default_factory=dict)
    _runners: list[web.AppRunner] = field(default_factory=list)
    _beat: asyncio.Task[None] | None = None
    _doors: Doors | None = None

    async def start(self) -> None:
        """Bind, serve and let the market run. Raises PortTaken."""
        rest = dict(zip((REAL, PAPER), listen_pair(self.host, self.rest_port), strict=True))
        ws = dict(zip((REAL, PAPER), listen_pair(self.host, self.ws_port), strict=True))
        control = listen(self.host, 0)
        sockets = Sockets(self.world, self.world.scenario.seed)
        doors = self._doors = Doors(self.world.faults, self.world.now)
        for side in (REAL, PAPER):
            await doors.add(await self._runner(_catch_all(Gateway(self.world, side))), rest[side], side, "rest")
            await doors.add(await self._runner(_catch_all(sockets.handler(side))), ws[side], side, "ws")
        await web.SockSite(await self._runner(Control(self.world, sockets, doors).app()), control).start()
        self._beat = asyncio.create_task(self._run_market(sockets))
        self.ready = {side: {"rest": _url("http", rest[side]), "ws": _url("ws", ws[side])} for side in (REAL, PAPER)}
        self.ready["accounts"] = [accounts.public(a) for a in self.world.accounts]
        self.ready["control"] = _url("http", control)

    async def _stamp(self, request: web.Request, response: web.StreamResponse) -> None:
        """The Date header tells the simulated time, which a client may measure its clock against."""
        told = self.world.now() + timedelta(seconds=response.get("skew", 0.0))
        response.headers["Date"] = format_datetime(told, usegmt=True)
        if self.world.switches.lower_case_headers:
            named = [(name.lower(), value) for name, value in response.headers.items()]
            response.headers.clear()
            response.headers.extend(named)
        if request.path.startswith(("/uapi/", "/oauth2/")) and response.status != 404:
            sent = request.headers.get("appkey", "")
            key = sent if self.world.desk.by_app_key(sent) else ""
            self.world.tally.add(key, request.path, response.status, response.get("code", ""))

    async def _runner(self, app: web.Application) -> web.AppRunner:
        app.on_response_prepare.append(self._stamp)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await runner.setup()
        self._runners.append(runner)
        return runner

    async def _run_market(self, sockets: Sockets) -> None:
        second = 0
        while True:
            self.world.run_due_ticks(self.world.now())
            wall = int(self.world.clock.wall().timestamp())
            if wall > second:
                second = wall
                sockets.strike_sockets()
            if self._doors is not None:
                await self._doors.follow()
            await asyncio.sleep(BEAT)

    async def until(self, stop: asyncio.Event) -> None:
        """Serve until told to stop. Raises what ended the market: with its time at a stand, every answer would lie."""
        assert self._beat is not None
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({told, self._beat}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if self._beat.done():
            self._beat.result()

    async def stop(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
        if self._doors is not None:
            self._doors.close()
        for runner in self._runners:
            await runner.cleanup()


def _catch_all(handler: Any) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    return app
