"""The wire itself: connections that close, answers that say when to come back, and what is written once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kis import errors, transport
from kis.config import KisConfig
from kis.journal import Journal, Masker
from kis.throttle import LocalBudget
from kis.transport import Transport, uptime
from kis.wire.calls import Call
from market.errors import OutcomeUnknown, Throttled
from market.words import Environment, Lane

QUESTION = Call("GET", "/uapi/overseas-price/v1/quotations/price", "HHDFS00000300", {"SYMB": "NVDA"})
ORDER = Call("POST", "/uapi/overseas-stock/v1/trading/order", "TTTT1002U", {"PDNO": "NVDA", "CANO": "50000001"})


class Wire:
    """A server that is told, request by request, what to answer; `None` hangs up."""

    def __init__(self):
        self.answers, self.seen, self.connections = [], [], 0

    def will(self, *answers):
        self.answers += answers

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower()[:15] == b"content-length:"), 0
                )
                self.seen.append(head.split(b" ")[0].decode() + " " + (await reader.readexactly(length)).decode())
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def answer(status=200, code="MCA00000", rt_cd="0", *headers):
    body = json.dumps({"rt_cd": rt_cd, "msg_cd": code, "msg1": "", "output": {}}).encode()
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def wire():
    told = Wire()
    server = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield told
    server.close()


@pytest.fixture
async def line(wire, monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", dict.fromkeys(Environment, 0.01))
    config = KisConfig(Environment.REAL, "key-of-36", "secret-of-180", rest_url=wire.url)
    events = []
    made = Transport(config, Journal(Masker(config.secrets), "", events.append), order_answer_s=1.0)
    made.events = events
    yield made
    await made.aclose()


async def ask(line):
    return await line.read(QUESTION, budget=LocalBudget(500), lane=Lane.SCAN, tokens=None)


async def write(line, call=ORDER):
    return await line.write_once(
        call, await line.line(), token="t", body_hash="", deadline=uptime() + 5, lane=Lane.ENTRY.value
    )


async def test_a_question_whose_kept_connection_was_closed_is_asked_again(wire, line):
    wire.will(answer(), None, answer())
    await ask(line)
    assert (await ask(line)).ok
    assert len(wire.seen) == 3
    assert wire.connections == 2


async def test_an_order_whose_kept_connection_was_closed_is_unknown_and_written_once(wire, line):
    wire.will(None, answer())
    with pytest.raises(OutcomeUnknown):
        await write(line)
    assert [seen.split(" ")[0] for seen in wire.seen] == ["POST"]


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", ["EGW00201", "EGW00215", "EGW00001", "OPSQ0003", "90020000"])
async def test_what_will_pass_is_asked_again_whatever_the_status(wire, line, monkeypatch, status, code):
    monkeypatch.setattr(transport, "pause", lambda _seconds: asyncio.sleep(0))
    wire.will(answer(status, code, "1"), answer())
    assert (await ask(line)).ok


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", ["EGW00201", "EGW00301", "OPSQ0003", "90020000", "APBK0952"])
async def test_an_order_is_never_written_again_whatever_the_answer(wire, line, status, code):
    wire.will(answer(status, code, "1"), answer())
    assert (await write(line)).code == code
    assert len(wire.seen) == 1


async def test_429_says_when_to_come_back(wire, line, monkeypatch):
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)

    monkeypatch.setattr(transport, "pause", pause)
    wire.will(answer(429, "", "", "Retry-After: 3"), answer())
    assert (await ask(line)).ok
    assert pauses == [3]


async def test_who_must_wait_long_is_told_so_at_once(wire, line):
    wire.will(answer(429, "", "", "Retry-After: 3600"), answer())
    with pytest.raises(Throttled) as told:
        await ask(line)
    assert (told.value.code, told.value.retry_after) == ("429", 3600)
    assert len(wire.seen) == 1


async def test_a_date_to_come_back_is_understood(wire, line):
    at = datetime.now(UTC) + timedelta(seconds=90)
    wire.will(answer(429, "", "", f"Retry-After: {format_datetime(at, usegmt=True)}"), b"")
    with pytest.raises(Throttled) as told:
        await ask(line)
    assert 85 < told.value.retry_after <= 91


@pytest.mark.parametrize("word", ["soon", "-1", "1.5e3", "٣", "Wed, 99 Xyz 2026"])
async def test_a_time_to_come_back_that_is_none_is_passed_over(wire, line, word):
    wire.will(answer(429, "", "", f"Retry-After: {word}".encode().decode("latin-1")))
    found = errors.order_error(await write(line))
    assert isinstance(found, Throttled)
    assert found.retry_after == 1.0


async def test_the_journal_says_what_was_asked_and_names_neither_account_nor_key(wire, line):
    wire.will(answer(200, "APBK0952", "7"))
    await write(line)
    (event,) = line.events
    assert {name: event[name] for name in ("method", "tr_id", "status", "rt_cd", "msg_cd", "lane")} == {
        "method": "POST", "tr_id": "TTTT1002U", "status": 200, "rt_cd": "7", "msg_cd": "APBK0952", "lane": "entry",
    }  # fmt: skip
    assert event["fields"] == {"PDNO": "NVDA"}
    assert event["seconds"] >= 0
    assert not any(secret in str(event) for secret in ("50000001", "key-of-36", "secret-of-180"))
