"""How long a bot is without prices when its socket is cut: from the cut to the first new trade."""

import asyncio
import time
from statistics import quantiles
from typing import Any

from bench.simulated import config_of
from kis.client import KisClient
from kis.realtime import RealtimeClient
from kis.simulator import testing
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
    async with KisClient(config_of(kis, Environment.REAL)) as client:
        return [await _one_cut(kis, client) for _ in range(CUTS)]


async def _one_cut(kis: testing.Simulated, client: KisClient) -> float:
    """A client of its own for each, since one whose line breaks again and again waits longer and longer."""
    ticks: asyncio.Queue[float] = asyncio.Queue()
    back = asyncio.Event()
    realtime = RealtimeClient(client.config, approval=client)
    realtime.on_tick(lambda _quote: ticks.put_nowait(time.monotonic()))
    realtime.on_gap(back.set)
    await realtime.connect()
    try:
        await realtime.subscribe("AAPL")
        async with asyncio.timeout(PATIENCE_S):
            await ticks.get()
            cut_at = time.monotonic()
            await asyncio.to_thread(kis.control.fault, "drop_sockets", count=1)
            await back.wait()  # connected and registered again
            while not ticks.empty():
                ticks.get_nowait()
            return await ticks.get() - cut_at
    finally:
        await realtime.aclose()
