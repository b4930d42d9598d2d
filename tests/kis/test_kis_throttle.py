"""One budget per key: paced, the urgent first, nobody starved; alone when Redis is away."""

import asyncio
import os
import time
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import redis.asyncio

from kis.broker import KisBroker
from kis.simulator import testing
from kis.throttle import LocalBudget, RedisBudget
from market.words import Exchange, Lane

RATE = 20  # slow enough that all have asked before the next slot opens


@pytest.fixture
async def server():
    connection = redis.asyncio.from_url(os.environ["REDIS_URL"])
    yield connection
    await connection.aclose()


@pytest.fixture(params=["local", "redis"])
def budget(request, server):
    if request.param == "local":
        return LocalBudget(RATE, spare=1)
    return RedisBudget(server, f"test-{uuid4()}", RATE, spare=1)


async def served(budget, lanes):
    """The lanes in the order in which they got their slot, all having asked while the slot was taken."""
    order = []

    async def take(lane):
        await budget.take(lane)
        order.append(lane)

    await budget.take(Lane.SCAN)
    await asyncio.gather(*(take(lane) for lane in lanes))
    return order


async def test_slots_are_spaced_never_bursts(budget):
    begun = time.monotonic()
    await served(budget, [Lane.SCAN] * 10)
    assert time.monotonic() - begun >= 10 * 0.049


async def test_an_exit_goes_before_all_that_wait(budget):
    order = await served(budget, [Lane.SCAN, Lane.SCAN, Lane.TRACKING, Lane.ENTRY, Lane.EXIT])
    assert order[0] is Lane.EXIT
    assert order[1] is Lane.ENTRY


async def test_no_lane_is_starved_by_a_more_urgent_one(budget):
    order = await served(budget, [Lane.SCAN] + [Lane.EXIT] * 25)
    assert order.index(Lane.SCAN) <= 11


async def test_one_who_gave_up_takes_no_slot():
    budget = LocalBudget(20, spare=1)
    await budget.take(Lane.SCAN)
    waiting = asyncio.create_task(budget.take(Lane.EXIT))
    await asyncio.sleep(0)
    waiting.cancel()

    begun = time.monotonic()
    await budget.take(Lane.SCAN)
    assert time.monotonic() - begun < 0.09


async def test_two_processes_share_one_key(server):
    key = f"test-{uuid4()}"
    one, other = (RedisBudget(server, key, 100, spare=1) for _ in range(2))
    begun = time.monotonic()
    await asyncio.gather(*(b.take(Lane.SCAN) for b in (one, other) for _ in range(10)))
    assert time.monotonic() - begun >= 19 * 0.0095


async def test_without_redis_each_goes_on_alone_and_slower():
    away = redis.asyncio.from_url("redis://127.0.0.1:1/0")
    budget = RedisBudget(away, "key", 100, spare=1)
    begun = time.monotonic()
    for _ in range(6):
        await budget.take(Lane.EXIT)
    assert time.monotonic() - begun >= 5 * 0.0195
    await away.aclose()


class Door:
    """A way to Redis that can be shut."""

    def __init__(self):
        address = urlsplit(os.environ["REDIS_URL"])
        self.host, self.port_of_redis, self.port = address.hostname, address.port or 6379, 0
        self.url = ""

    async def open(self):
        self.server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        own, there = f"{self.host}:{self.port_of_redis}", f"127.0.0.1:{self.port}"
        self.url = os.environ["REDIS_URL"].replace(own, there)
        self.ways = []

    async def shut(self):
        self.server.close()
        for way in self.ways:
            way.cancel()

    async def _pass(self, reader, writer):
        there = await asyncio.open_connection(self.host, self.port_of_redis)
        for one, other in ((reader, there[1]), (there[0], writer)):
            self.ways.append(asyncio.create_task(self._copy(one, other)))

    async def _copy(self, reader, writer):
        try:
            while some := await reader.read(65536):
                writer.write(some)
        finally:
            writer.close()


async def test_when_redis_is_back_the_budget_is_shared_again(server, eventually):
    door = Door()
    await door.open()
    through = redis.asyncio.from_url(door.url)
    key = f"test-{uuid4()}"
    budget, other = RedisBudget(through, key, 200), RedisBudget(server, key, 200)
    (await budget.take(Lane.SCAN)).done()
    await door.shut()
    async with asyncio.timeout(3):
        (await budget.take(Lane.SCAN)).done("EGW00201")  # alone: nobody hears of it
    assert (await other.usage()).throttled_code == ""

    await door.open()

    async def heard():
        (await budget.take(Lane.SCAN)).done("EGW00201")
        await budget.settle()
        return (await other.usage()).throttled_code

    assert await eventually(heard) == "EGW00201"
    await through.aclose()


@pytest.mark.parametrize(("environment", "questions"), [("real", 40), ("paper", 4)])
async def test_the_budget_of_a_key_is_kept_without_one_refusal(config_of, make_client, environment, questions):
    """Against the limits that KIS announced: 18 a second on real, 1 on paper (3.5)."""
    events = []
    with testing.start() as limited:
        config = config_of(limited, environment)
        broker = KisBroker(make_client(config=config, on_event=events.append, budget=LocalBudget(config.rate)))
        await asyncio.gather(*(broker.quote("NVDA", Exchange.NASDAQ) for _ in range(questions)))
    asked = [e for e in events if e["tr_id"]]
    assert len(asked) == questions
    assert {e["msg_cd"] for e in asked} == {"MCA00000"}


async def test_a_budget_settles_although_its_last_words_have_just_arrived(server):
    """Asked in every order of the loop: what was said may be done and not yet forgotten."""
    budget = RedisBudget(server, f"test-{uuid4()}", 1000)
    async with asyncio.timeout(20):
        for turns in range(60):
            slots = [await budget.take(Lane.SCAN) for _ in range(3)]
            for slot in slots:
                slot.done()
            for _ in range(turns):
                await asyncio.sleep(0)
            await budget.settle()
