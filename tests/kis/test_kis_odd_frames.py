"""A server that says what KIS never said: the live client says so once, and goes on."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
import websockets.asyncio.server

from kis import journal
from kis.realtime import RealtimeClient
from market.words import Session
from tests.kis.listeners import Heard

TICK = (
    "DNASNVDA^NVDA^4^20260312^20260312^{at}^20260312^{at}^183.1000^185.0200^182.4400^{last}^2^1.1800^+0.64"
    "^184.2300^184.2500^120^300^4^{volume}^1803456789^3998012^4120455^103.06^1"
)


def trade(volume: int, last: str = "184.2400") -> str:
    return TICK.format(at="101509", last=last, volume=volume)


@pytest_asyncio.fixture
async def odd_server(make_client: Any, config_of: Any, kis: Any) -> AsyncIterator[Any]:
    """`odd_server(frames)`: a client of a server that takes every registration and then says these frames."""
    async with AsyncExitStack() as closing:

        async def make(*frames: str, first: str = "") -> tuple[Heard, list[dict[str, Any]]]:
            async def serve(socket: Any) -> None:
                async for text in socket:
                    message = json.loads(text)
                    if first:
                        await socket.send(first)
                    header = message["body"]["input"] | {"encrypt": "N"}
                    body = {"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS"}
                    await socket.send(json.dumps({"header": header, "body": body}))
                    for frame in frames:
                        await socket.send(frame)

            server = await closing.enter_async_context(websockets.asyncio.server.serve(serve, "127.0.0.1", 0))
            port = server.sockets[0].getsockname()[1]
            config = config_of(kis, "real", ws_url=f"ws://127.0.0.1:{port}")
            events: list[dict[str, Any]] = []
            realtime = RealtimeClient(config, approval=make_client(config=config), on_event=events.append)
            closing.push_async_callback(realtime.aclose)
            heard = Heard(realtime)
            await realtime.connect()
            await realtime.subscribe("NVDA")
            return heard, events

        journal.forget_drifts()
        yield make


class TestUnknownFrames:
    @pytest.mark.parametrize("code", ["", "SUCCESS", "OPSP00", "OPSP00000"])
    async def test_a_reply_without_one_of_kiss_codes_is_no_answer(self, odd_server, eventually, code):
        header = {"tr_id": "HDFSCNT0", "tr_key": "DNASNVDA", "encrypt": "N"}
        damaged = json.dumps({"header": header, "body": {"rt_cd": "9", "msg_cd": code, "msg1": ""}})
        heard, _ = await odd_server("0|HDFSCNT0|001|" + trade(1), first=damaged)
        await eventually(lambda: heard.ticks)

    async def test_each_unknown_shape_is_said_once_without_values_and_reading_goes_on(self, odd_server, eventually):
        heard, events = await odd_server(
            "0|HDFSCNT0|001|" + trade(1) + "^new^fields",
            "0|HDFSCNT0|001|" + trade(2) + "^new^fields",
            "0|HDFXXXX0|001|secret^of^nobody",
            "0|HDFSCNT0|001|" + trade(3, last=""),
            "hello",
            '{"header":{"tr_id":"NEWS"},"body":{}}',
            "0|HDFSCNT0|003|" + trade(4),
            "0|HDFSCNT0|001|" + trade(5),
        )
        await eventually(lambda: heard.ticks and heard.ticks[-1].volume == 5)
        assert [q.volume for q in heard.ticks] == [1, 2, 5]
        drifts = [(e["layout"], e["shape"]) for e in events if e["event"] == "kis.drift"]
        assert drifts == [
            ("HDFSCNT0", ["28 fields"]),
            ("websocket", ["HDFXXXX0"]),
            ("HDFSCNT0", {"LAST": "unreadable"}),
        ]
        assert "secret" not in repr(events)

    async def test_one_record_that_cannot_be_read_costs_no_other_of_its_frame(self, odd_server, eventually):
        heard, _ = await odd_server(f"0|HDFSCNT0|003|{trade(1)}^{trade(2, last='?')}^{trade(3)}")
        await eventually(lambda: len(heard.ticks) == 2)
        assert [q.volume for q in heard.ticks] == [1, 3]

    async def test_repetitions_are_dropped_by_the_volume_of_the_day_and_feed(self, odd_server, eventually):
        daytime = trade(4).replace("DNASNVDA", "RBAQNVDA")
        next_day = trade(2).replace("^4^20260312", "^4^20260313")
        heard, _ = await odd_server(
            *(f"0|HDFSCNT0|001|{t}" for t in (trade(5), trade(5), trade(4), daytime, trade(6), next_day, trade(7)))
        )
        await eventually(lambda: len(heard.ticks) == 4)
        assert [(q.volume, q.session) for q in heard.ticks] == [(5, None), (4, Session.DAYTIME), (6, None), (2, None)]

    async def test_a_notice_in_plain_text_is_not_believed(self, odd_server, eventually):
        plain = "0|H0GSCNI0|001|" + "^".join(["x"] * 25)
        heard, events = await odd_server(plain, "0|HDFSCNT0|001|" + trade(1))
        await eventually(lambda: heard.ticks)
        assert heard.notices == []
        assert any(e["event"] == "kis.frame_unreadable" and e["field"] == "encryption" for e in events)
