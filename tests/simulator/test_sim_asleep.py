"""A simulator that was stopped (SIGSTOP) and goes on (SIGCONT): nothing crashes, nobody is cut for its own sleep."""

import asyncio
import json
import os
import signal
import sys
from datetime import datetime

import pytest

from kis.simulator.testing import start, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
TRADES = "HDFSCNT0"
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}


@pytest.fixture(scope="module")
def hasty():
    """PINGPONG five times a second; a client that is silent for a second is cut."""
    with start(switches={**FREE, "ping_interval": 0.2, "ping_timeout": 1.0}) as kis:
        yield kis


@pytest.fixture
def real(hasty, speak):
    return speak.customer(hasty, hasty.accounts("real")[0])


async def asleep(kis, seconds):
    os.kill(kis.process.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)  # the length of the sleep is what is tested
    finally:
        os.kill(kis.process.pid, signal.SIGCONT)


async def listen(socket, seconds):
    """What comes in this time, every PINGPONG echoed: the times of the trades."""
    times = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                text = await socket.recv()
                if "PINGPONG" in text:
                    await socket.send(text)
                elif text.startswith(f"0|{TRADES}|"):
                    fields = text.split("|", 3)[3].split("^")
                    times.append(datetime.strptime(fields[4] + fields[5], "%Y%m%d%H%M%S"))
    except TimeoutError:
        return times


@pytest.mark.parametrize("seconds", [3, pytest.param(20, marks=pytest.mark.long)])
async def test_a_session_that_answers_outlives_the_brokers_sleep_and_prices_go_on_without_a_burst(
    hasty, real, speak, seconds
):
    async with asyncio.timeout(seconds + 30), real.socket() as socket:
        await speak.ask(socket, real.registration(TRADES, "DNASNVDA"))
        before = await listen(socket, 1.5)
        await asleep(hasty, seconds)
        after = await listen(socket, 3)
    assert before and after
    assert after == sorted(after)
    # Two seconds of what was missed at the most, and then the usual four a second.
    assert len(after) <= 4 * (3 + 2) + 2
    assert (after[-1] - before[-1]).total_seconds() >= seconds


async def test_a_client_that_gave_up_meanwhile_is_let_in_again(hasty, real, speak):
    first = await real.socket()
    register = real.registration(TRADES, "DNASNVDA")
    await speak.ask(first, register)
    os.kill(hasty.process.pid, signal.SIGSTOP)
    try:
        first.transport.abort()
        coming = asyncio.create_task(asyncio.wait_for(real.socket(), 20))
        await asyncio.sleep(0.2)  # it knocks while nobody hears
    finally:
        os.kill(hasty.process.pid, signal.SIGCONT)
    async with asyncio.timeout(10), await coming as second:
        assert (await speak.ask(second, register))["body"]["msg_cd"] == "OPSP0000"
        assert await listen(second, 1.0)


async def test_orders_go_on_where_they_stood(hasty, speak):
    paper = speak.customer(hasty, hasty.accounts("paper")[0])
    number = await asyncio.to_thread(paper.accepted, "buy", "NVDA", 1, "50.00")
    calls = [asyncio.create_task(asyncio.to_thread(paper.ccnl))]
    await asleep(hasty, 1)
    assert json.loads((await calls[0]).text)["rt_cd"] == "0"
    await asyncio.to_thread(hasty.control.pin, "NVDA", "49.00")
    row = await asyncio.to_thread(paper.row_when, number, nccs_qty="0")
    assert row["ft_ccld_unpr3"] == "50.00000000"
    assert wait_for(hasty.control.state)["now"]
    hasty.control.unpin()
