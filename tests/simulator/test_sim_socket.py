"""Section 5: registrations, quotes, execution notices, keep-alive."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

from kis.simulator.testing import start

NOTICES = {"paper": "H0GSCNI9", "real": "H0GSCNI0"}


def is_data(tr_id):
    return lambda text: text[1:].startswith(f"|{tr_id}|")


class TestRegistration:
    @pytest.mark.parametrize("path", ["", "/", "/tryitout", "/tryitout/HDFSCNT0"])
    async def test_every_path_in_use_is_accepted(self, real, speak, path):
        async with real.socket(path) as socket:
            reply = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
        assert (reply["body"]["rt_cd"], reply["body"]["msg1"]) == ("0", "SUBSCRIBE SUCCESS")
        assert reply["header"] == {"tr_id": "HDFSCNT0", "tr_key": "DNASNVDA", "encrypt": "N"}
        assert (len(reply["body"]["output"]["iv"]), len(reply["body"]["output"]["key"])) == (16, 32)

    async def test_twice_registered_is_said_and_an_end_is_confirmed(self, real, speak):
        key = real.approve()
        async with real.socket() as socket:
            codes = [
                (await speak.ask(socket, real.registration("HDFSASP0", "DNYSIBM", kind, key)))["body"]["msg_cd"]
                for kind in ("1", "1", "2", "2")
            ]
        assert codes == ["OPSP0000", "OPSP0002", "OPSP0001", "OPSP0003"]

    async def test_the_42nd_registration_is_too_many(self, real, speak):
        key = real.approve()
        async with real.socket() as socket:
            codes = [
                (await speak.ask(socket, real.registration("HDFSCNT0", f"DNASX{n}", key=key)))["body"]["msg_cd"]
                for n in range(42)
            ]
        assert codes == ["OPSP0000"] * 41 + ["OPSP0008"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            pytest.param({"approval_key": "nobody"}, "OPSP0011", id="unknown approval key"),
            pytest.param({"approval_key": ""}, "OPSP9996", id="no approval key"),
            pytest.param({"custtype": "X"}, "OPSP8998", id="bad custtype"),
            pytest.param({"tr_type": "3"}, "OPSP8997", id="bad tr_type"),
            pytest.param({"tr_id": "HDFSXXX0"}, "OPSP8991", id="unknown tr_id"),
            pytest.param({"tr_key": "NVDA"}, "OPSP8992", id="bad tr_key"),
            pytest.param({"tr_key": ""}, "OPSP9990", id="no tr_key"),
        ],
    )
    async def test_a_bad_request_is_answered_with_its_code(self, real, speak, change, code):
        message = json.loads(real.registration("HDFSCNT0", "DNASNVDA"))
        for part in (message["header"], message["body"]["input"]):
            part.update({k: v for k, v in change.items() if k in part})
        async with real.socket() as socket:
            reply = await speak.ask(socket, json.dumps(message))
        assert reply["body"]["msg_cd"] == code
        assert reply["body"]["rt_cd"] != "0"

    @pytest.mark.parametrize(("text", "code"), [("not json", "OPSP9999"), ("{}", "OPSP9998"), ("[1]", "OPSP9998")])
    async def test_nonsense_is_answered_and_the_session_lives_on(self, real, speak, text, code):
        async with real.socket() as socket:
            assert (await speak.ask(socket, text))["body"]["msg_cd"] == code
            good = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
        assert good["body"]["rt_cd"] == "0"

    async def test_a_second_session_of_the_same_app_key_is_turned_away_until_the_first_is_gone(self, real, speak):
        register = real.registration("HDFSCNT0", "DNASNVDA")
        async with real.socket() as second:
            async with real.socket() as first:
                await speak.ask(first, register)
                reply = await speak.ask(second, register)
                assert (reply["body"]["rt_cd"], reply["body"]["msg_cd"]) == ("9", "OPSP8996")
            for _ in range(50):
                reply = await speak.ask(second, register)
                if reply["body"]["rt_cd"] == "0":
                    return
                await asyncio.sleep(0.05)
        pytest.fail("the slot was never free again")


class TestQuotes:
    async def test_trades_come_several_times_a_second_with_26_fields(self, real, speak):
        async with asyncio.timeout(10), real.socket() as socket:
            await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
            frames = [await speak.hear(socket, is_data("HDFSCNT0")) for _ in range(6)]
        records = [f.split("|", 3)[3].split("^") for f in frames]
        assert all(f.startswith("0|HDFSCNT0|001|DNASNVDA^NVDA^4^") for f in frames)
        assert {len(r) for r in records} == {26}
        volumes = [int(r[20]) for r in records]
        assert volumes == sorted(set(volumes))

    async def test_an_order_book_has_71_fields(self, real, speak):
        async with asyncio.timeout(10), real.socket() as socket:
            await speak.ask(socket, real.registration("HDFSASP0", "DAMSSPY"))
            frame = await speak.hear(socket, is_data("HDFSASP0"))
        assert len(frame.split("|", 3)[3].split("^")) == 71

    async def test_a_pinned_price_arrives(self, real, speak, kis):
        kis.control.pin("NVDA", "99.99")
        async with asyncio.timeout(10), real.socket() as socket:
            await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
            await speak.hear(socket, lambda t: is_data("HDFSCNT0")(t) and t.split("^")[11] == "99.9900")

    async def test_paper_says_success_and_sends_nothing(self, paper, speak):
        async with paper.socket() as socket:
            reply = await speak.ask(socket, paper.registration("HDFSCNT0", "DNASNVDA"))
            assert reply["body"]["rt_cd"] == "0"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.2):
                    await speak.hear(socket, is_data("HDFSCNT0"))

    async def test_after_the_end_of_a_registration_nothing_comes(self, real, speak):
        key = real.approve()
        async with real.socket() as socket:
            await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA", key=key))
            await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA", "2", key))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):
                    await speak.hear(socket, is_data("HDFSCNT0"))


class TestNotices:
    async def test_acceptance_then_fill_arrive_encrypted(self, customer, speak, kis):
        kis.control.pin("NVDA", "100.00")
        tr_id = NOTICES[customer.side]
        async with asyncio.timeout(15), customer.socket() as socket:
            reply = await speak.ask(socket, customer.registration(tr_id, customer.account["hts_id"]))
            assert reply["header"]["encrypt"] == "Y"
            number = await asyncio.to_thread(customer.accepted, "buy", "NVDA", 10, "101.00")
            raw = [await speak.hear(socket, is_data(tr_id)) for _ in range(2)]
        accepted, filled = (speak.decrypt(frame, reply) for frame in raw)
        assert all(frame.startswith(f"1|{tr_id}|001|") for frame in raw)
        assert (len(accepted), len(filled)) == (24, 25)
        assert accepted[:5] == [customer.account["hts_id"], customer.account_no, number, "", "02"]
        assert (accepted[8], accepted[9], accepted[12], accepted[15]) == ("0000000010", "001010000", "1", "")
        assert (filled[8], filled[9], filled[12], filled[15]) == ("0000000010", "001000100", "2", "000000010")

    async def test_each_execution_has_a_notice_of_its_own_quantity(self, paper, speak, kis):
        kis.control.pin("KO", "60.00")
        async with asyncio.timeout(20), paper.socket() as socket:
            reply = await speak.ask(socket, paper.registration("H0GSCNI9", paper.account["hts_id"]))
            number = await asyncio.to_thread(paper.accepted, "buy", "KO", 1200, "61.00", "NYSE")
            quantities = []
            while sum(quantities) < 1200:
                fields = speak.decrypt(await speak.hear(socket, is_data("H0GSCNI9")), reply)
                if fields[12] == "2":
                    quantities.append(int(fields[8]))
        assert len(quantities) > 1 and sum(quantities) == 1200
        assert [f["qty"] for f in kis.control.orders(paper.account_no)[0]["fills"]] == quantities
        assert number

    async def test_a_cancel_and_an_order_by_phone_are_told(self, paper, speak, kis):
        async with asyncio.timeout(15), paper.socket() as socket:
            reply = await speak.ask(socket, paper.registration("H0GSCNI9", paper.account["hts_id"]))
            order = await asyncio.to_thread(kis.control.phone_order, paper.account_no, "NVDA", "buy", 3, "50.00")
            await asyncio.to_thread(paper.revise, "cancel", order["order_number"], "NVDA")
            first, second = [speak.decrypt(await speak.hear(socket, is_data("H0GSCNI9")), reply) for _ in range(2)]
        assert (first[2], first[5], first[8]) == (order["order_number"], "0", "0000000003")
        assert (second[3], second[5], second[8]) == (order["order_number"], "2", "0000000003")

    async def test_a_wrong_hts_id_ends_the_connection_without_a_close_frame(self, paper):
        async with paper.socket() as socket:
            await socket.send(paper.registration("H0GSCNI9", "somebody"))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is None

    async def test_the_other_sides_notice_id_is_not_known(self, paper, speak):
        async with paper.socket() as socket:
            reply = await speak.ask(socket, paper.registration("H0GSCNI0", paper.account["hts_id"]))
        assert reply["body"]["msg_cd"] == "OPSP8991"


@pytest.fixture(scope="module")
def hasty():
    with start(switches={"ping_interval": 0.2, "ping_timeout": 1.0}) as kis:
        yield kis


class TestKeepAlive:
    async def test_a_client_that_never_answers_is_cut(self, hasty, speak):
        customer = speak.customer(hasty, hasty.accounts("real")[0])
        async with asyncio.timeout(10), customer.socket() as socket:
            with pytest.raises(ConnectionClosed):
                while True:
                    assert json.loads(await socket.recv())["header"]["tr_id"] == "PINGPONG"

    @pytest.mark.parametrize("way", ["echo", "pong"])
    async def test_an_echo_and_a_pong_frame_both_keep_it_alive(self, hasty, speak, way):
        customer = speak.customer(hasty, hasty.accounts("real")[0])
        async with asyncio.timeout(10), customer.socket() as socket:
            for _ in range(10):
                text = await socket.recv()
                await (socket.send(text) if way == "echo" else socket.pong(text))
