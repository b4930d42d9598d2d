"""Writing to the journal from other connections, and reading it as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections

from logs import services
from logs.events import Beat, Ended, Event

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture
def write() -> Callable:
    """`write("text", account=…)`: one committed event."""

    def make(message: str = "something happened", **fields: Any):
        return services.record(message=message, at=AT, **fields)

    return make


@pytest.fixture
def aside() -> Callable:
    """`await aside(function)`: the function in a thread with a connection of its own, closed afterwards."""

    def alone(function: Callable, *args: Any, **fields: Any) -> Any:
        try:
            return function(*args, **fields)
        finally:
            connections.close_all()

    async def run(function: Callable, *args: Any, **fields: Any) -> Any:
        return await asyncio.to_thread(alone, function, *args, **fields)

    return run


@pytest.fixture
def collect() -> Callable:
    """`await collect(stream, 3)`: the next three events, or what ends the stream; fails after ten seconds."""

    async def run(stream: AsyncIterator[Event | Beat | Ended], count: int) -> list[Event | Ended]:
        found: list[Event | Ended] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                item = await anext(stream)
                if not isinstance(item, Beat):
                    found.append(item)
                if isinstance(item, Ended):
                    break
        return found

    return run
