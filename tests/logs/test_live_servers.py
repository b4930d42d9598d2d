"""The live journal over real servers, as a browser and a program meet it."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.db import connection
from websockets.asyncio.client import connect

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(settings.BASE_DIR)
SERVERS = {
    "daphne": ["daphne", "-b", "127.0.0.1", "-p", "{port}", "config.asgi:application"],
    "uvicorn": [
        "uvicorn",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--log-level",
        "warning",
        "config.asgi:application",
    ],
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment() -> dict[str, str]:
    """The test's own database, as the server has to see it."""
    db = connection.settings_dict
    url = f"postgresql://{db['USER']}:{db['PASSWORD']}@{db['HOST']}:{db['PORT']}/{db['NAME']}"
    return {**os.environ, "SUPABASE_DB_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}


@pytest.fixture(scope="module", params=SERVERS)
def address(request, django_db_setup) -> Iterator[str]:
    """A server of its own on the test's database, ready; gone afterwards. Its `host:port`."""
    port = free_port()
    arguments = [part.format(port=port) for part in SERVERS[request.param]]
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(f"http://127.0.0.1:{port}/healthz"):
            assert process.poll() is None, f"{request.param} did not start"
            assert time.monotonic() < deadline, f"{request.param} does not answer"
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


async def frames(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """The fields of one server-sent event after another."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            yield fields
            fields = {}


@asynccontextmanager
async def listening(address: str, token: str, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """A stream that has begun: its first frame (how soon to come back) has been read."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}", **headers}
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("GET", f"http://{address}/api/logs", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        async with aclosing(frames(response)) as found:
            assert "retry" in await anext(found)
            yield found


async def messages_of(found: AsyncIterator[dict[str, str]], count: int) -> list[tuple[int, str]]:
    """Number and sentence of the next events."""
    got = []
    async with asyncio.timeout(20):
        while len(got) < count:
            frame = await anext(found)
            if "data" in frame:
                log = json.loads(frame["data"])
                assert frame["event"] == log["kind"]
                assert int(frame["id"]) == log["id"]
                got.append((log["id"], log["message"]["en"]))
    return got


async def read(socket_, count: int) -> list[str]:
    async with asyncio.timeout(20):
        return [json.loads(await socket_.recv())["data"]["message"]["en"] for _ in range(count)]


async def test_events_arrive_at_once_and_a_dropped_reader_goes_on_where_they_were(
    address, write, aside, token_of, trader, paper_account, foreign_account
):
    token = await aside(token_of, trader)
    loop = asyncio.get_running_loop()
    await aside(write, "before", account=paper_account)
    async with listening(address, token, **{"Last-Event-ID": "0"}) as found:
        assert (await messages_of(found, 1))[0][1] == "before"
        await aside(write, "not theirs", account=foreign_account)
        await aside(write, "first", account=paper_account, kind="order")
        written = loop.time()
        [(last, text)] = await messages_of(found, 1)
        took = loop.time() - written
    assert (text, took < 1) == ("first", True)

    for number in range(3):
        await aside(write, f"missed {number}", account=paper_account)
    async with listening(address, token, **{"Last-Event-ID": str(last)}) as found:
        again = await messages_of(found, 3)
        await aside(write, "live again", account=paper_account)
        again += await messages_of(found, 1)

    assert [text for _, text in again] == ["missed 0", "missed 1", "missed 2", "live again"]


def other_connections() -> int:
    """Connections to the test's database, this one not counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND usename = current_user"
        )
        return cursor.fetchone()[0]


async def test_twenty_readers_cost_two_database_connections_and_none_when_they_have_gone(
    address, write, aside, token_of, trader, paper_account
):
    token = await aside(token_of, trader)
    before = await aside(other_connections)
    async with AsyncExitStack() as readers:
        found = [await readers.enter_async_context(listening(address, token)) for _ in range(20)]
        listening_live = [asyncio.create_task(messages_of(each, 1)) for each in found]
        while not all(task.done() for task in listening_live):  # who was not listening yet gets the next one
            await aside(write, "to all", account=paper_account)
            await asyncio.wait(listening_live, timeout=0.2)
        assert await aside(other_connections) - before <= 2

    async with asyncio.timeout(20):
        while await aside(other_connections) > before:  # noqa: ASYNC110 (the server has no way to tell us)
            await asyncio.sleep(0.1)


async def test_a_socket_gives_the_same_events_for_a_token_in_a_header_or_in_the_first_message(
    address, write, aside, token_of, trader, paper_account
):
    bearer = f"Bearer {await aside(token_of, trader)}"
    await aside(write, "before", account=paper_account)
    url = f"ws://{address}/ws/stream?account_id={paper_account.pk}"
    async with (
        connect(f"{url}&after=0", additional_headers={"Authorization": bearer}) as by_header,
        connect(url) as by_message,
    ):
        await by_message.send(json.dumps({"token": bearer, "after": 0}))
        assert await read(by_header, 1) == ["before"]
        assert await read(by_message, 1) == ["before"]
        await aside(write, "now", account=paper_account)
        assert await read(by_header, 1) == ["now"]
        assert await read(by_message, 1) == ["now"]

    async with connect(url) as stranger:
        await stranger.send(json.dumps({"token": "not a token"}))
        assert json.loads(await stranger.recv())["data"]["code"] == "denied"
        await asyncio.wait_for(stranger.wait_closed(), 10)
        assert stranger.close_code == 4401
