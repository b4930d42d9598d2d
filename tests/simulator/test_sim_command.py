"""`python -m kis.simulator`: its ready line, its ends, its control server."""

import ast
import json
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from kis.simulator.testing import ControlError, start, wait_for

ROOT = Path(__file__).resolve().parents[2]


def run(*options, timeout=20):
    command = [sys.executable, "-m", "kis.simulator", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


def free_pair():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class TestStart:
    def test_without_options_there_are_three_paper_accounts_and_a_real_one_the_same_every_time(self):
        with start() as first, start() as second:
            assert [a["environment"] for a in first.accounts()] == ["paper", "paper", "paper", "real"]
            assert first.accounts() == second.accounts()
            for account in first.accounts():
                assert (len(account["app_key"]), len(account["app_secret"])) == (36, 180)
                assert len(account["account_no"]) == 10 and account["account_no"].isdigit()
                assert set(account) == {"environment", "app_key", "app_secret", "account_no", "hts_id"}

    def test_port_n_is_real_and_n_plus_1_paper(self):
        rest, ws = free_pair(), free_pair()
        with start(rest_port=rest, ws_port=ws) as kis:
            assert kis.info["real"] == {"rest": f"http://127.0.0.1:{rest}", "ws": f"ws://127.0.0.1:{ws}"}
            assert kis.info["paper"] == {"rest": f"http://127.0.0.1:{rest + 1}", "ws": f"ws://127.0.0.1:{ws + 1}"}

    @pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_cleanly_with_one_line_on_stdout(self, end):
        process = subprocess.Popen(
            [sys.executable, "-m", "kis.simulator"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        json.loads(process.stdout.readline())
        process.send_signal(end)
        rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")

    def test_a_port_in_use_is_one_sentence_and_exit_2(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = run("--rest-port", str(taken.getsockname()[1]))
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "cannot be used" in done.stderr

    @pytest.mark.parametrize(
        ("option", "text", "said"),
        [
            ("--scenario", "seeed: 3", "unknown scenario key"),
            ("--scenario", "calendar: sometimes", "nyse-hours"),
            ("--scenario", "switches: {rate_paper: fast}", "rate_paper"),
            ("--scenario", "a: [", "not YAML"),
            ("--accounts", "[]", "at least one"),
            ("--accounts", '[{"environment": "paper"}]', "app_key"),
            ("--faults", '[{"name": "nothing"}]', "one of"),
        ],
    )
    def test_a_bad_file_is_one_sentence_and_exit_2(self, tmp_path, option, text, said):
        file = tmp_path / "file"
        file.write_text(text)
        done = run(option, str(file))
        assert done.returncode == 2
        assert said in done.stderr and len(done.stderr.splitlines()) == 1

    def test_it_shares_no_code_with_the_client_the_house_or_django(self):
        for file in (ROOT / "kis" / "simulator").rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                ours = [n for n in names if n.startswith("kis") and not n.startswith("kis.simulator")]
                foreign = [n for n in names if n.split(".")[0] in ("django", "market", "orders", "bots", "rules")]
                assert ours + foreign == [], file


class TestControl:
    def test_the_calendar_spans_yesterday_to_forty_days_ahead_one_session_a_day(self, kis):
        days = kis.control.calendar()
        assert len(days) == 42
        for day, following in pairwise(days):
            (session,) = day["sessions"]
            assert (session["session"], day["early_close"]) == ("regular", False)
            assert session["end"] == following["sessions"][0]["start"]
        now = datetime.now(UTC)
        today = [datetime.fromisoformat(days[1]["sessions"][0][k]) for k in ("start", "end")]
        assert today[0] <= now < today[1]

    def test_the_state_tells_cash_holdings_orders_fills_and_channels(self, paper, kis):
        kis.control.pin("NVDA", "100.00")
        paper.row_when(paper.accepted("buy", "NVDA", 2, "101.00"), nccs_qty="0")
        account = kis.control.account(paper.account_no)
        (order,) = account["orders"]
        assert account["holdings"]["NVDA"]["qty"] == 2
        assert float(account["cash"]) == pytest.approx(100_000 - 200.02 - 0.50)
        assert (order["status"], order["filled"], order["channel"], order["kind"]) == ("filled", 2, "OpenAPI", "new")
        assert order["fills"][0]["price"] == "100.01"
        assert datetime.now(UTC) - datetime.fromisoformat(order["received_at"]) < timedelta(seconds=30)

    def test_while_paused_nothing_fills_and_a_step_plays_one_tick(self, paper, kis):
        kis.control.pin("NVDA", "100.00")
        kis.control.pause()
        try:
            number = paper.accepted("buy", "NVDA", 2, "101.00")
            wait_for(lambda: kis.control.step() or paper.row(number)["nccs_qty"] == "0")
        finally:
            kis.control.pause(False)

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/price", {"symbol": "ZZZZ", "price": "1"}),
            ("/price", {"symbol": "NVDA", "price": "cheap"}),
            ("/orders", {"account_no": "1"}),
            ("/faults", {}),
        ],
    )
    def test_a_bad_request_is_answered_with_a_sentence(self, kis, path, body):
        with pytest.raises(ControlError) as caught:
            kis.control.call("POST", path, body)
        assert caught.value.status == 400

    def test_a_phone_order_that_the_exchange_refuses_says_why(self, paper, kis):
        with pytest.raises(ControlError, match="not_enough_shares"):
            kis.control.phone_order(paper.account_no, "NVDA", "sell", 1, "100.00")


class TestScenario:
    def test_outside_nyse_hours_orders_are_refused_by_the_calendar(self, speak):
        scenario = {"calendar": "nyse-hours", "start": "2026-03-14T15:00:00Z"}  # a Saturday
        with start(scenario=scenario) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            real = speak.customer(kis, kis.accounts("real")[0])
            assert paper.order("buy", "NVDA", 1, "100.00").json()["msg_cd"] == "40100000"
            assert real.order("buy", "NVDA", 1, "100.00").json()["msg_cd"] == "APBK0918"
            assert kis.control.calendar()[1]["sessions"] == []
            assert httpx.get(kis.info["real"]["rest"]).headers["Date"].startswith("Sat, 14 Mar 2026")

    def test_a_day_order_expires_when_its_session_ends(self, speak):
        scenario = {"calendar": "nyse-hours", "start": "2026-03-12T19:59:57Z"}  # three seconds before the close
        with start(scenario=scenario, switches={"rate_paper": 0}) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            number = paper.accepted("buy", "NVDA", 1, "50.00")
            span = {"ORD_STRT_DT": "20260312", "ORD_END_DT": "20260312"}

            def row():
                (only,) = paper.ccnl(**span).json()["output"]
                return only if only["nccs_qty"] == "0" else None

            found = wait_for(row)
            assert (found["odno"], found["rjct_rson"], found["rjct_rson_name"]) == (number, "", "DFD 장종료로 취소")
            assert (found["prcs_stat_name"], found["ft_ccld_qty"]) == ("완료", "0")
            assert paper.order("buy", "NVDA", 1, "50.00").json()["msg_cd"] == "40580000"
