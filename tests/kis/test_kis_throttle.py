"""One budget per key: paced, the urgent first, nobody starved; alone when Redis is away."""

import asyncio
import os
import time
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
