"""Ten processes with one key: how much of the rate they use, and whether KIS ever has to say no.

Nine processes ask for prices as fast as the shared budget lets them; the tenth does so too, and now and then
wants a slot in the most urgent lane, whose wait is measured. The judge is the simulator, which counts by server second.
"""

import asyncio
import multiprocessing
import os
import time
from dataclasses import dataclass, replace
from statistics import quantiles
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from bench.simulated import Simulated, config_of, token_of
from kis.client import KisClient
from kis.config import KisConfig
from kis.overseas_quotes import get_price
from kis.simulator import testing
from kis.throttle import RedisBudget
from kis.token_store import AccessToken, Doubt, MemoryTokenStore
from kis.wire import quote_calls
from market.errors import TradingError
from market.words import Environment, Exchange, Lane

PROCESSES = 10
ASKING = 3  # questions at a time in each process
URGENT_EVERY_S = 0.5
WARM_UP_S = 20.0  # ten interpreters start


@dataclass(frozen=True, slots=True)
class Share:
    """What a process is told: all in one value, since it is started anew."""

    config: KisConfig
    token: AccessToken
    redis_url: str
    prefix: str
    begin: float  # of time.time: when all are ready
    until: float
    urgent: bool


def measure(seconds: float, *, speed: float) -> dict[str, Any]:
    """Run for `seconds` of real time; market time and the rates on both sides are `speed`-fold."""
    with testing.start(speed=speed, switches={"hashkey_counts": True}) as kis:
        config = replace(config_of(kis, Environment.REAL), speed=speed)
        token = token_of(config)
        begin, prefix = time.time() + WARM_UP_S, uuid4().hex
        shares = [
            Share(config, token, os.environ["REDIS_URL"], prefix, begin, begin + seconds, urgent=n == 0)
            for n in range(PROCESSES)
        ]
        with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
            waits = [wait for found in pool.map(_work, shares, chunksize=1) for wait in found]
        return _verdict(_answers(kis, config), config.rate, seconds, waits)


def _answers(kis: Simulated, config: KisConfig) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in kis.control.calls():
        if row["app_key"] == config.app_key:
            found[row["code"]] = found.get(row["code"], 0) + row["count"]
    return found


def _verdict(answers: dict[str, int], rate: float, seconds: float, waits: list[float]) -> dict[str, Any]:
    """`used` is the part of what the rate allowed in these seconds."""
    total, refused = sum(answers.values()), answers.get("EGW00201", 0) + answers.get("EGW00215", 0)
    used = (total - refused) / (rate * seconds)
    cuts = quantiles(waits, n=100) if len(waits) > 1 else [0.0] * 99
    return {
        "ok": refused == 0 and used >= 0.9,
        "processes": PROCESSES,
        "seconds": round(seconds, 1),
        "allowed_per_second": rate,
        "calls": total,
        "refused_for_rate": refused,
        "used": round(used, 4),
        "urgent_waits": len(waits),
        "urgent_wait_ms": {"p50": _ms(cuts[49]), "p99": _ms(cuts[98]), "max": _ms(max(waits, default=0.0))},
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _work(share: Share) -> list[float]:
    return asyncio.run(_ask(share))


async def _ask(share: Share) -> list[float]:
    store = MemoryTokenStore()
    await store.claim(await store.read())
    await store.put(share.token, Doubt.NONE, 0.0)
    redis = Redis.from_url(share.redis_url)
    budget = RedisBudget(redis, "bench", share.config.rate, speed=share.config.speed, prefix=f"bench:{share.prefix}")
    waits: list[float] = []
    await asyncio.sleep(max(0.0, share.begin - time.time()))
    async with KisClient(share.config, token_store=store, budget=budget) as client, asyncio.TaskGroup() as group:
        for _ in range(ASKING):
            group.create_task(_ask_for_prices(client, share.until))
        if share.urgent:
            group.create_task(_want_urgently(client, share, waits))
    await redis.aclose()
    return waits


async def _ask_for_prices(client: KisClient, until: float) -> None:
    while time.time() < until:
        try:
            await get_price("AAPL", Exchange.NASDAQ, client=client)
        except TradingError:
            await asyncio.sleep(0.05)  # the simulator has counted it


async def _want_urgently(client: KisClient, share: Share, waits: list[float]) -> None:
    """A slot as a cancel takes it, used for a question, so that the simulator counts it like the others."""
    call = quote_calls.price(Environment.REAL, "AAPL", Exchange.NASDAQ)
    while time.time() < share.until:
        begun = time.monotonic()
        slot = await client.budget.take(Lane.EXIT)
        waits.append(time.monotonic() - begun)
        try:
            await client.transport.exchange(call, token=share.token.value)
        finally:
            slot.done()
        await asyncio.sleep(URGENT_EVERY_S)
