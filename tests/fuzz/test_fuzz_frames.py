"""Whatever a socket brings, the parser answers with a value or with Unreadable, and the live client stays alive."""

import asyncio
import base64
import contextlib
import json
import time
from datetime import UTC, datetime

import pytest
import websockets
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from kis.config import KisConfig
from kis.realtime import RealtimeClient
from kis.wire import frames
from kis.wire.values import Unreadable
from market.errors import TradingError
from market.words import Environment, Exchange

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

KEY, IV = "abcdefghijklmnopqrstuvwxyz012345", "0123456789abcdef"
TRADE = (
    "DNASNVDA^NVDA^4^20260312^20260312^101509^20260312^231509^183.1000^185.0200^182.4400^184.2400^2^1.1800^+0.64^"
    "184.2300^184.2500^120^300^4^9812345^1803456789^3998012^4120455^103.06^1"
)
BOOK = "DNASNVDA^NVDA^4^20260312^101509^20260312^231509^1450^1720^0^-20" + "".join(
    f"^184.{23 - n:02}00^184.{25 + n:02}00^{120 + n}^{300 + n}^0^0" for n in range(10)
)
NOTICE = (
    "htsuser1^5012345601^0000040901^^02^0^2^NVDA^0000000004^001842400^231509^0^2^2^01790^000000010^HONGGILDONG^NVIDIA^"
    "6^10^^^^^"
)
REPLY = json.dumps(
    {
        "header": {"tr_id": "HDFSCNT0", "tr_key": "DNASNVDA", "encrypt": "N"},
        "body": {"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS", "output": {"iv": IV, "key": KEY}},
    }
)
PING = json.dumps({"header": {"tr_id": "PINGPONG", "datetime": "20260312231500"}})


def sealed(plain: str) -> str:
    pad = PKCS7(128).padder()
    padded = pad.update(plain.encode("utf-8", "surrogatepass")) + pad.finalize()
    cipher = Cipher(algorithms.AES256(KEY.encode()), modes.CBC(IV.encode())).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


def frame(rng, damaged) -> str:
    """A frame of any kind, damaged inside, outside, or not at all."""
    kind = rng.randrange(6)
    inside = damaged if rng.random() < 0.5 else lambda text, _: text
    whole = [
        lambda: f"0|HDFSCNT0|{rng.choice(['001', '1', '002', '000', '019'])}|{inside(TRADE, rng)}",
        lambda: f"0|HDFSCNT0|003|{'^'.join(inside(TRADE, rng) for _ in range(3))}",
        lambda: f"0|HDFSASP0|001|{inside(BOOK, rng)}",
        lambda: f"1|{rng.choice(['H0GSCNI0', 'H0GSCNI9'])}|001|{sealed(inside(NOTICE, rng))}",
        lambda: inside(REPLY, rng),
        lambda: inside(PING, rng),
    ][kind]()
    return damaged(whole, rng) if rng.random() < 0.5 else whole


def read(text: str, now: datetime) -> None:
    """All that a client does with a frame."""
    parsed = frames.parse(text)
    if isinstance(parsed, frames.Control):
        return
    payload = frames.decrypt(parsed.payload, KEY, IV) if parsed.encrypted else parsed.payload
    for record in frames.records(parsed, payload):
        for reader in (frames.tick, frames.book):
            with contextlib.suppress(Unreadable):
                reader(record, now, {"NVDA": Exchange.NASDAQ})
        with contextlib.suppress(Unreadable):
            frames.notice(record, now)


def test_the_parser_raises_nothing_but_unreadable(seconds, rng, damaged):
    now, until, count = datetime.now(UTC), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        text = frame(rng, damaged)
        count += 1
        try:
            read(text, now)
        except Unreadable:
            continue
        except Exception as error:
            pytest.fail(f"{type(error).__name__}: {error} after {count} frames, in {text!r}")
    assert count > 100 * seconds


async def test_a_hostile_server_cannot_stop_the_live_client(seconds, rng, damaged, caplog):
    """It is flooded with damaged frames between good ones, and still hears the good ones at the end."""
    heard: list = []

    async def flood(socket) -> None:
        replies = asyncio.create_task(_answer(socket))
        last = 9_812_345
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                for _ in range(200):
                    await socket.send(frame(rng, damaged))
                last += 4
                await socket.send("0|HDFSCNT0|001|" + TRADE.replace("9812345", str(last)))
                await asyncio.sleep(0.01)
        replies.cancel()

    async with websockets.serve(flood, "127.0.0.1", 0, max_size=None) as server:
        port = server.sockets[0].getsockname()[1]
        config = KisConfig(
            Environment.REAL, "k" * 36, "s" * 180, "5012345601", "htsuser1", ws_url=f"ws://127.0.0.1:{port}"
        )
        live = RealtimeClient(config, approval=_key)
        live.on_tick(heard.append)
        await live.connect()
        while not live.subscriptions:  # a damaged reply may be a refusal
            with contextlib.suppress(TradingError):
                await live.subscribe("NVDA", Exchange.NASDAQ)
        until = time.monotonic() + seconds
        async with asyncio.timeout(seconds + 60):
            while time.monotonic() < until:
                before = len(heard)
                while len(heard) == before:  # noqa: ASYNC110  the callback is a plain function
                    await asyncio.sleep(0.05)
        await live.aclose()
    assert not [r for r in caplog.records if "callback" in r.message]


async def _key() -> str:
    return "5f8a7c1e-0000-4000-8000-000000000000"


async def _answer(socket) -> None:
    """Confirm each registration."""
    async for message in socket:
        asked = json.loads(message) if str(message).startswith("{") else {}
        given = asked.get("body", {}).get("input") if isinstance(asked, dict) else None
        if given:
            reply = json.loads(REPLY)
            reply["header"] |= {"tr_id": given["tr_id"], "tr_key": given["tr_key"]}
            await socket.send(json.dumps(reply))
