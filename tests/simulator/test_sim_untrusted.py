"""What nobody should send is answered, by KIS's words or by a sentence; and the market goes on."""

import asyncio
from datetime import UTC, datetime

import pytest

from kis.simulator import accounts
from kis.simulator.app import Simulator
from kis.simulator.settings import Scenario
from kis.simulator.world import World

DEEP = "[" * 50_000 + "]" * 50_000
HALF = '{"A": "\\ud800"}'  # half a surrogate pair: JSON may say it, UTF-8 cannot
TRADING = "/uapi/overseas-stock/v1/trading/"
JSON = {"Content-Type": "application/json"}


class TestBodies:
    @pytest.mark.parametrize("body", [DEEP, HALF, '{"A": NaN}'])
    def test_no_body_breaks_a_call(self, real, body):
        token = real.http.post("/oauth2/tokenP", content=body, headers=JSON)
        assert (token.status_code, token.json()["error_code"]) == (403, "EGW00101")
        order = real.http.post(TRADING + "order", content=body, headers=real.headers("TTTT1002U"))
        assert (order.status_code, order.json()["msg_cd"]) == (500, "EGW00202")
        hashed = real.http.post("/uapi/hashkey", content=body, headers=real.headers(""))
        assert hashed.json()["msg_cd"] == "EGW00101"

    @pytest.mark.parametrize("text", [DEEP, '{"header": {"tr_id": "\\ud800"}, "body": {}}'])
    async def test_no_text_deafens_a_socket(self, real, speak, text):
        async with real.socket() as socket:
            assert (await speak.ask(socket, text))["body"]["msg_cd"] == "OPSP9999"
            reply = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
            assert reply["body"]["msg_cd"] == "OPSP0000"


class TestControl:
    @pytest.mark.parametrize(
        "fault",
        [
            '{"name": "slow_answer", "seconds": NaN}',
            '{"name": "slow_answer", "seconds": -1}',
            '{"name": "connect_refused", "seconds": 1e300}',
            '{"name": "slow_answer", "every": 1e400}',
            '{"name": "slow_answer", "count": 1e400}',
            '{"name": "slow_answer", "after": 1e400}',
            '{"name": ["slow_answer"]}',
        ],
    )
    def test_a_fault_that_could_never_be_carried_out_is_refused(self, kis, real, fault):
        answer = real.http.post(kis.info["control"] + "/faults", content=fault)
        assert answer.status_code == 400 and answer.json()["error"]
        assert real.price("NVDA")["last"]

    @pytest.mark.parametrize("price", ["NaN", "Infinity", "1e400000", "1e30"])
    @pytest.mark.parametrize("call", ["/orders", "/price", "/ticks"])
    def test_a_price_that_no_market_has_is_refused(self, kis, real, call, price):
        body = {"account_no": real.account_no, "symbol": "NVDA", "side": "buy", "qty": 1, "price": price}
        answer = real.http.post(kis.info["control"] + call, json=body)
        assert answer.status_code == 400 and answer.json()["error"]

    @pytest.mark.parametrize(
        ("call", "body"),
        [("/price", {"symbol": ["NVDA"], "price": "1"}), ("/ticks", {"symbol": "NVDA", "price": "1", "size": 10**40})],
    )
    def test_neither_is_a_list_a_symbol_nor_a_universe_of_shares_a_trade(self, kis, real, call, body):
        assert real.http.post(kis.info["control"] + call, json=body).status_code == 400

    def test_the_calendar_ends_somewhere(self, kis, real):
        for query in ("from=9999-12-31&to=9999-12-31", "from=0001-01-01&to=0001-01-02", "days=999999999999"):
            assert real.http.get(f"{kis.info['control']}/calendar?{query}").status_code == 400


async def test_a_market_that_breaks_ends_the_simulator_instead_of_standing_still():
    world = World(Scenario(start=datetime(2026, 3, 12, 14, 30, tzinfo=UTC)), accounts.seeded(1))
    simulator = Simulator(world, "127.0.0.1", 0, 0)
    await simulator.start()

    def broken(tick):
        raise RuntimeError("broken")

    world.on_tick = broken
    try:
        with pytest.raises(RuntimeError, match="broken"):
            await asyncio.wait_for(simulator.until(asyncio.Event()), 10)
    finally:
        await simulator.stop()
