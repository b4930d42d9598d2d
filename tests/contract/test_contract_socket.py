"""Sheet 5: the live connection, its registrations, its keep-alive."""

import asyncio

import pytest

from kis.realtime import RealtimeClient
from market.words import Exchange


@pytest.fixture
async def realtime(client, target):
    live = RealtimeClient(target.config, approval=client)
    await live.connect()
    yield live
    await live.aclose()


async def test_a_registration_is_confirmed_and_can_be_taken_back(realtime):
    await realtime.subscribe("AAPL", Exchange.NASDAQ)
    await realtime.unsubscribe("AAPL", Exchange.NASDAQ)
    assert realtime.connected


async def test_the_server_is_heard_again_and_again_although_nothing_trades(realtime):
    first = await _heard(realtime, None)
    await _heard(realtime, first)
    assert realtime.connected


async def test_prices_arrive_where_the_side_has_them(realtime, target):
    if target.paper:
        return  # 1.3: paper has no live prices; the registration alone is tested above
    ticks: asyncio.Queue = asyncio.Queue()
    realtime.on_tick(ticks.put_nowait)
    await realtime.subscribe("AAPL", Exchange.NASDAQ)
    quote = await asyncio.wait_for(ticks.get(), 20)
    assert quote.symbol == "AAPL"
    assert quote.at.tzinfo is not None


async def test_notices_are_registered_by_the_hts_id(realtime, target):
    if not target.config.hts_id:
        pytest.skip("KIS_HTS_ID is not set")
    await realtime.subscribe_notices(target.config.hts_id)
    assert realtime.notices_off is None


async def _heard(realtime: RealtimeClient, after):
    async with asyncio.timeout(60):
        while realtime.last_frame_at in (None, after):  # noqa: ASYNC110  PINGPONG calls nobody
            await asyncio.sleep(0.02)
    return realtime.last_frame_at
