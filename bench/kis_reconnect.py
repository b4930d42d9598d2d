"""How long a bot is without prices when its socket is cut: from the cut to the first new trade."""

import asyncio
import time
from datetime import datetime
from statistics import quantiles
from typing import Any

from bench.simulated import config_of
from kis.client import KisClient
from kis.realtime import RealtimeClient
from kis.simulator import testing
from market.data import Quote
from market.words import Environment

CUTS = 20
PATIENCE_S = 60.0


def measure() -> dict[str, Any]:
    """Cut the socket some times; the simulator trades four times a second, so a quarter second is the market's own."""
    with testing.start() as kis:
        seconds = asyncio.run(_cut_and_wait(kis))
    cuts = quantiles(seconds, n=100)
    return {
        "ok": len(seconds) == CUTS,
        "cuts": len(seconds),
        "seconds": {"p50": round(cuts[49], 3), "p90": round(cuts[89], 3), "max": round(max(seconds), 3)},
    }


async def _cut_and_wait(kis: testing.Simulated) -> list[float]:
    config = config_of(kis, Environment.REAL)
    ticks: asyncio.Queue[tuple[float, datetime]] = asyncio.Queue()

    def take(quote: Quote) -> None:
        ticks.put_nowait((time.monotonic(), quote.at))

    async with KisClient(config) as client:
        realtime = RealtimeClient(config, approval=client)
        realtime.on_tick(take)
        await realtime.connect()
        await realtime.subscribe("AAPL")
        try:
            return [await _one_cut(kis, ticks) for _ in range(CUTS)]
        finally:
            await realtime.aclose()


async def _one_cut(kis: testing.Simulated, ticks: asyncio.Queue[tuple[float, datetime]]) -> float:
    await asyncio.wait_for(ticks.get(), PATIENCE_S)
    await asyncio.to_thread(kis.control.fault, "drop_sockets", count=1)
    cut_at = time.monotonic()
    while True:
        heard_at, _ = await asyncio.wait_for(ticks.get(), PATIENCE_S)
        if heard_at - cut_at > 0.2:  # what was on its way when the line was cut has come by then
            return heard_at - cut_at
