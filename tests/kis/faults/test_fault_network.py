"""The hosts out of reach. `Unreachable` is a proof: no byte was written, so the order surely does not exist (1.3)."""

import asyncio
import time

import pytest

from kis import transport
from kis.auth import ensure_token
from kis.broker import KisBroker
from kis.realtime import RealtimeClient
from market.errors import OutcomeUnknown, TradingError, Unreachable
from market.words import Exchange

BOTH = {"server": "rest"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A dead host is given up sooner than users should, for the sake of the clock."""
    monkeypatch.setattr(transport, "CONNECT_S", 0.3)
    monkeypatch.setattr(transport, "READ_S", 0.3)
    monkeypatch.setattr(transport, "ATTEMPTS", 2)


@pytest.fixture
def client(make_client, who):
    return make_client("real", index=who, order_answer_s=0.3)


@pytest.mark.fault("connect_refused", "connect_blackhole")
async def test_an_order_that_cannot_be_prepared_is_unreachable_or_failed_and_never_sent(strike, kis, orders, fault):
    await ensure_token(client=orders.client)
    strike(fault, seconds=60, match=BOTH)
    with pytest.raises(TradingError) as away:
        await orders.prepare()
    assert not isinstance(away.value, OutcomeUnknown)
    kis.control.clear_faults()
    assert orders.booked() == []
    await orders.send()
    assert len(orders.booked()) == 1


@pytest.mark.fault("connect_refused")
async def test_an_order_whose_connection_was_cut_in_the_meantime_finds_nobody_and_was_not_sent(strike, kis, orders):
    prepared = await orders.prepare()
    strike("connect_refused", seconds=60, match=BOTH)
    await asyncio.sleep(0)  # let the end of the old connection be heard
    with pytest.raises((Unreachable, OutcomeUnknown)):
        await prepared.send(within=1)
    kis.control.clear_faults()
    assert orders.booked() == []


@pytest.mark.fault("connect_blackhole")
async def test_an_order_written_into_the_void_is_unknown(strike, kis, orders):
    prepared = await orders.prepare()
    strike("connect_blackhole", seconds=60, match=BOTH)
    with pytest.raises(OutcomeUnknown):
        await prepared.send(within=1)
    kis.control.clear_faults()
    assert orders.booked() == []
    assert await orders.listed() == set()


@pytest.mark.fault("connect_refused", "connect_blackhole")
async def test_a_question_fails_and_the_next_one_is_answered(strike, kis, client, fault):
    broker = KisBroker(client)
    await broker.quote("NVDA", Exchange.NASDAQ)
    strike(fault, seconds=60, match=BOTH)
    with pytest.raises(TradingError):
        await broker.quote("NVDA", Exchange.NASDAQ)
    kis.control.clear_faults()
    assert (await broker.quote("NVDA", Exchange.NASDAQ)).last > 0


@pytest.mark.fault("connect_refused")
async def test_an_outage_ends_by_itself(strike, client, eventually):
    broker = KisBroker(client)
    strike("connect_refused", seconds=2, match=BOTH)
    begun = time.monotonic()

    async def answered():
        try:
            return await broker.quote("NVDA", Exchange.NASDAQ)
        except TradingError:
            return None

    await eventually(answered)
    assert time.monotonic() - begun > 0.3


@pytest.mark.fault("connect_refused")
async def test_a_socket_that_cannot_be_opened_is_unreachable(strike, client):
    strike("connect_refused", seconds=60, match={"server": "ws"})
    realtime = RealtimeClient(client.config, approval=client)
    with pytest.raises(Unreachable):
        await realtime.connect()
    await realtime.aclose()
