"""Every fault by name: what the client sees, and what the broker's book then says."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from kis.simulator.faults import KINDS, About, BadFault, Faults
from kis.simulator.faults.kinds import POINTS
from kis.simulator.testing import ControlError, wait_for

START = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
TRADING = "/uapi/overseas-stock/v1/trading/"


def booked(kis, customer):
    return [o["status"] for o in kis.control.orders(customer.account_no)]


class TestOrdersInDoubt:
    """The order is on the book; the client cannot know (6.3)."""

    def test_accept_then_timeout(self, paper, kis):
        assert paper.token
        kis.control.fault("accept_then_timeout", count=1)
        paper.http.timeout = httpx.Timeout(0.5)
        with pytest.raises(httpx.ReadTimeout):
            paper.order("buy", "NVDA", 1, "50.00")
        assert booked(kis, paper) == ["working"]

    def test_accept_then_reset(self, paper, kis):
        kis.control.fault("accept_then_reset", count=1)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            paper.order("buy", "NVDA", 1, "50.00")
        assert booked(kis, paper) == ["working"]

    def test_egw00302_after_acceptance(self, paper, kis):
        kis.control.fault("egw00302_after_acceptance", count=1)
        answer = paper.order("buy", "NVDA", 1, "50.00")
        assert (answer.status_code, answer.json()["msg_cd"]) == (500, "EGW00302")
        assert booked(kis, paper) == ["working"]

    def test_garbage_json(self, paper, kis):
        kis.control.fault("garbage_json", count=1, match={"path": "order"})
        answer = paper.order("buy", "NVDA", 1, "50.00")
        with pytest.raises(ValueError):
            answer.json()
        assert booked(kis, paper) == ["working"]

    def test_slow_answer(self, paper, kis):
        assert paper.token
        kis.control.fault("slow_answer", count=1, seconds=0.5)
        began = time.monotonic()
        assert paper.order("buy", "NVDA", 1, "50.00").json()["rt_cd"] == "0"
        assert time.monotonic() - began > 0.5

    def test_a_refused_order_does_not_use_up_the_fault(self, paper, kis):
        kis.control.fault("accept_then_reset", count=1)
        assert paper.order("sell", "NVDA", 1, "50.00").json()["rt_cd"] != "0"
        assert kis.control.faults()["active"][0]["struck"] == 0

    def test_late_reject(self, paper, kis):
        kis.control.fault("late_reject", count=1)
        kis.control.pin("NVDA", "100.00")
        number = paper.accepted("buy", "NVDA", 1, "101.00")
        row = paper.row_when(number, prcs_stat_name="거부")
        assert (row["ft_ccld_qty"], row["nccs_qty"]) == ("0", "0")
        assert row["rjct_rson"] and row["rjct_rson_name"]


class TestRefusedAtTheGate:
    """Nothing reaches the book."""

    @pytest.mark.parametrize(
        ("name", "status", "code"),
        [
            ("rate_limited", 500, "EGW00201"),
            ("rate_limited_200", 200, "EGW00201"),
            ("ledger_limited", 500, "EGW00215"),
            ("token_expired", 500, "EGW00123"),
        ],
    )
    def test_by_code(self, paper, kis, name, status, code):
        assert paper.token
        kis.control.fault(name, count=1)
        answer = paper.order("buy", "NVDA", 1, "50.00")
        assert (answer.status_code, answer.json()["msg_cd"], answer.json()["rt_cd"]) == (status, code, "1")
        assert booked(kis, paper) == []

    def test_maintenance_answers_503_without_json(self, paper, kis):
        assert paper.token
        kis.control.fault("maintenance_503", count=1)
        answer = paper.order("buy", "NVDA", 1, "50.00")
        assert answer.status_code == 503
        assert booked(kis, paper) == []

    def test_the_ledgers_limit_is_not_about_quotations(self, paper, kis):
        kis.control.fault("ledger_limited")
        assert paper.price("NVDA")["last"]


class TestLists:
    def test_a_lagging_list_hides_the_young_while_the_balance_has_moved(self, paper, kis):
        kis.control.fault("list_lags", seconds=60)
        kis.control.pin("NVDA", "100.00")
        paper.accepted("buy", "NVDA", 1, "101.00")
        wait_for(lambda: paper.balance("NASD").json()["output1"])
        assert paper.ccnl().json()["output"]["odno"] == ""
        kis.control.clear_faults("list_lags")
        assert len(paper.ccnl().json()["output"]) == 1


class TestNotices:
    async def notices(self, paper, speak, seconds=1.5):
        """The decrypted notices of one resting order."""
        found = []
        async with paper.socket() as socket:
            reply = await speak.ask(socket, paper.registration("H0GSCNI9", paper.account["hts_id"]))
            await asyncio.to_thread(paper.accepted, "buy", "NVDA", 1, "50.00")
            try:
                async with asyncio.timeout(seconds):
                    while True:
                        frame = await speak.hear(socket, lambda t: t.startswith("1|"))
                        found.append(speak.decrypt(frame, reply))
            except TimeoutError:
                return found

    async def test_no_notices(self, paper, kis, speak):
        kis.control.fault("no_notices")
        assert await self.notices(paper, speak) == []

    async def test_duplicate_notices(self, paper, kis, speak):
        kis.control.fault("duplicate_notices")
        first, second = await self.notices(paper, speak)
        assert first == second

    async def test_notice_21_fields(self, paper, kis, speak):
        kis.control.fault("notice_21_fields")
        (fields,) = await self.notices(paper, speak)
        assert len(fields) == 21


class TestSockets:
    async def test_a_silent_socket_stays_open_and_says_nothing(self, real, kis, speak):
        async with real.socket() as socket:
            await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
            await asyncio.to_thread(kis.control.fault, "silent_socket", match={"account_no": real.account_no})
            with pytest.raises(TimeoutError):
                while True:
                    async with asyncio.timeout(1.5):
                        await socket.recv()

    async def test_a_dropped_socket_ends_without_a_close_frame(self, real, kis, speak):
        async with asyncio.timeout(10), real.socket() as socket:
            await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA"))
            await asyncio.to_thread(kis.control.fault, "drop_sockets", count=1, match={"account_no": real.account_no})
            await socket.wait_closed()
        assert socket.protocol.close_rcvd is None


class TestRegistry:
    def test_every_fault_names_its_section_of_the_sheet(self, kis):
        known = kis.control.faults()["known"]
        assert {f["name"] for f in known} == set(KINDS)
        assert all(f["section"] and f["what"] for f in known)

    def test_an_unknown_name_is_refused_with_the_list(self, kis):
        with pytest.raises(ControlError, match="accept_then_timeout"):
            kis.control.fault("nonsense")

    @pytest.mark.parametrize(
        "row",
        [
            {"probability": 2},
            {"probability": "often"},
            {"match": {"colour": "red"}},
            {"count": "x"},
            {"sometimes": True},
            {"after": "soon"},
            {"after": 60, "until": 30},
            {"after": 60, "until": 120, "every": 100},
        ],
    )
    def test_bad_options_are_refused(self, row):
        with pytest.raises(BadFault):
            Faults(1).add({"name": "rate_limited", **row})

    def test_a_count_is_used_up_and_a_match_narrows(self):
        faults = Faults(1)
        faults.add({"name": "rate_limited", "count": 2, "match": {"account_no": "1"}})
        struck = [bool(faults.strike("before", About("/uapi/x", "T", account))) for account in "2111"]
        assert struck == [False, True, True, False]

    def test_the_path_of_orders_does_not_mean_that_of_cancels(self):
        faults = Faults(1)
        faults.add({"name": "accept_then_reset", "match": {"path": "order"}})
        assert faults.strike("accepted", About(TRADING + "order-rvsecncl")) is None
        assert faults.strike("accepted", About(TRADING + "order"))

    def test_probability_is_drawn_from_the_seed(self):
        def draws():
            faults = Faults(5)
            faults.add({"name": "rate_limited", "probability": 0.3})
            return [bool(faults.strike("before", About("/uapi/x"))) for _ in range(200)]

        assert draws() == draws()
        assert 30 < sum(draws()) < 90

    def test_the_catalogue_has_more_than_forty(self):
        assert len(KINDS) >= 40
        assert {k.point for k in KINDS.values()} == set(POINTS)


class TestTimes:
    """When a fault is due: in seconds of the market's time since it was switched on, or from moment to moment."""

    @pytest.fixture
    def clock(self):
        class Clock:
            at = START

            def __call__(self):
                return self.at

        return Clock()

    def struck(self, clock, row, seconds):
        """Which of the looks at these seconds it strikes."""
        faults = Faults(1, clock)
        faults.add({"name": "rate_limited", **row})
        found = []
        for second in seconds:
            clock.at = START + timedelta(seconds=second)
            if faults.strike("before", About("/uapi/x")):
                found.append(second)
        return found

    def test_from_after_to_until(self, clock):
        assert self.struck(clock, {"after": 10, "until": 20}, range(0, 40, 5)) == [10, 15]

    def test_until_alone_and_after_alone(self, clock):
        assert self.struck(clock, {"until": 10}, range(0, 20, 5)) == [0, 5]
        clock.at = START
        assert self.struck(clock, {"after": 10}, range(0, 20, 5)) == [10, 15]

    def test_every_repeats_the_window(self, clock):
        row = {"after": 10, "until": 20, "every": 30}
        assert self.struck(clock, row, range(0, 90, 5)) == [10, 15, 40, 45, 70, 75]

    def test_with_every_the_count_is_of_each_window(self, clock):
        row = {"after": 10, "until": 20, "every": 30, "count": 1}
        assert self.struck(clock, row, range(0, 90, 5)) == [10, 40, 70]

    def test_a_moment_of_the_market(self, clock):
        row = {"after": "2026-03-13T00:00:10+09:00", "until": START + timedelta(seconds=20)}
        assert self.struck(clock, row, range(0, 40, 5)) == [10, 15]


class TestFiles:
    def test_faults_of_a_file_are_on_from_the_start(self, tmp_path):
        from kis.simulator.testing import start

        with start(faults=[{"name": "maintenance_503"}]) as kis:
            assert httpx.get(kis.info["real"]["rest"] + "/uapi/x").status_code == 503
            assert json.dumps(kis.control.faults()["active"])
