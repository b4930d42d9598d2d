"""The listening addresses, and what becomes of them when the hosts cannot be reached (3.7)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from kis.simulator.faults.engine import About, Fault, Faults

BACKLOG = 256
PLUGS = 4  # connections that fill the queue of a host that nobody hears


class Door:
    """One listening address. Open; shut: connections are refused; or walled up: nothing is heard behind it."""

    def __init__(self, runner: web.AppRunner, bound: socket.socket, about: About) -> None:
        self.about = about
        self._runner, self._bound = runner, bound
        self._address = bound.getsockname()
        self._listener: asyncio.Server | None = None
        self._plugs: list[socket.socket] = []

    async def open(self) -> None:
        """Listen, with no connection left from before."""
        if self._listener is not None:
            return
        for plug in self._plugs:
            plug.close()
        self._plugs.clear()
        self._cut()
        if self._bound.fileno() < 0:
            self._bound = self._hold_port()
        loop = asyncio.get_running_loop()
        assert self._runner.server is not None
        self._listener = await loop.create_server(self._runner.server, sock=self._bound, backlog=BACKLOG)

    def shut(self) -> None:
        """Refuse whoever comes, and cut whoever is there."""
        self._stop_listening()
        self._cut()

    def wall_up(self) -> None:
        """Hear nothing: neither who comes nor who is there. What was sent meanwhile is lost."""
        self._stop_listening()
        self._bound.listen(0)
        for connection in self._connections():
            connection.pause_reading()
        for _ in range(PLUGS):  # with the queue full the system drops what comes, as a network would
            plug = socket.socket(self._bound.family, socket.SOCK_STREAM)
            plug.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                plug.connect(self._address)
            self._plugs.append(plug)

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()  # before its socket, which the loop still watches
        for held in (*self._plugs, self._bound):
            held.close()

    def _stop_listening(self) -> None:
        """End the listening socket, but keep its port: bound, and deaf."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._bound.close()
            self._bound = self._hold_port()

    def _hold_port(self) -> socket.socket:
        held = socket.socket(self._bound.family, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(self._address)
        return held

    def _connections(self) -> list[asyncio.Transport]:
        server = self._runner.server
        found = server.connections if server is not None else []
        return [c.transport for c in found if isinstance(c.transport, asyncio.Transport)]

    def _cut(self) -> None:
        for connection in self._connections():
            connection.abort()


class Doors:
    """All doors. A fault of the point `connect` closes those that it fits, for its `seconds`."""

    def __init__(self, faults: Faults, now: Callable[[], datetime]) -> None:
        self._faults, self._now = faults, now
        self._doors: list[Door] = []
        self._closed_by: Fault | None = None
        self._until = now()

    async def add(self, runner: web.AppRunner, bound: socket.socket, side: str, server: str) -> None:
        """Open one more."""
        door = Door(runner, bound, About(side=side, server=server))
        self._doors.append(door)
        await door.open()

    async def follow(self) -> None:
        """Open or close as the faults now want it. Called at every beat and whenever a fault is switched."""
        if self._closed_by is not None:
            if self._closed_by in self._faults.active and self._now() < self._until:
                return
            self._closed_by = None
            for door in self._doors:
                await door.open()
        if fault := self._faults.strike("connect"):
            self._closed_by, self._until = fault, self._now() + timedelta(seconds=fault.seconds)
            for door in (d for d in self._doors if fault.fits(d.about)):
                if fault.kind.name == "connect_refused":
                    door.shut()
                else:
                    door.wall_up()

    def close(self) -> None:
        for door in self._doors:
            door.close()
