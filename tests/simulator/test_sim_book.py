"""`--book FILE`: what the broker was asked, did and answered survives SIGKILL."""

import json
import re
import resource
import shutil
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.simulator import records
from kis.simulator.book import Account, Fill, Holding, Order
from kis.simulator.journal import Journal
from kis.simulator.memory import Memory
from kis.simulator.testing import start, wait_for

ROOT = Path(__file__).resolve().parents[2]
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
KOREAN = re.compile("[가-힣]")


@pytest.fixture
def book(tmp_path):
    return tmp_path / "book.json"


@pytest.fixture(scope="module")
def _left(tmp_path_factory):
    book = tmp_path_factory.mktemp("left") / "book.json"
    with start(book=book, switches=FREE) as kis:
        kis.control.phone_order(kis.accounts("paper")[0]["account_no"], "NVDA", "buy", 1, "50.00")
        kis.kill()
    return book


@pytest.fixture
def left(_left, book):
    """A book that a broker left behind, with one order on it."""
    return Path(shutil.copy2(_left, book))


def refused(*options):
    """What a start with these options says before it gives up."""
    command = [sys.executable, "-m", "kis.simulator", *map(str, options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert KOREAN.search(line) and " / The book " in line
    return line


class TestAfterAKill:
    def test_orders_money_holdings_and_logins_are_as_they_were(self, book, speak):
        with start(book=book, switches=FREE) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            real = speak.customer(kis, kis.accounts("real")[0])
            kis.control.pin("NVDA", "100.00")
            filled = paper.accepted("buy", "NVDA", 10, "101.00")
            paper.row_when(filled, nccs_qty="0")
            paper.row_when(paper.accepted("sell", "NVDA", 4, "99.00"), nccs_qty="0")
            cancelled = paper.accepted("buy", "KO", 1, "20.00", "NYSE")
            paper.revise("cancel", cancelled, "KO", exchange="NYSE")
            amended = real.accepted("buy", "AAPL", 2, "50.00")
            real.revise("amend", amended, "AAPL", 3, "51.00")
            kis.control.phone_order(real.account_no, "IBM", "buy", 1, "60.00")
            partly = paper.accepted("buy", "MSFT", 9, "900.00")
            kis.control.pause()
            before = kis.control.state()["accounts"], kis.info["accounts"]
            kis.kill()
        with start(book=book, switches=FREE) as again:
            assert again.info["accounts"] == before[1]
            # The order that was still meeting the market when it was killed has gone on since.
            known = {(o["account_no"], o["order_number"]): o for a in before[0] for o in a["orders"]}
            found = {(o["account_no"], o["order_number"]): o for o in again.control.orders()}
            moving = (paper.account_no, partly)
            assert {k: v for k, v in found.items() if k != moving} == {k: v for k, v in known.items() if k != moving}
            assert list(found) == list(known)
            after = next(a for a in again.control.state()["accounts"] if a["account_no"] == real.account_no)
            assert after == next(a for a in before[0] if a["account_no"] == real.account_no)
            assert again.control.account(paper.account_no)["holdings"]["NVDA"]["qty"] == 6
            back = speak.customer(again, paper.account)
            back._token = paper.token
            assert back.row(filled)["ft_ccld_unpr3"] == "100.01000000"
            assert back.issue().json()["access_token"] == paper.token

    async def test_an_approval_key_is_still_good_and_the_next_one_is_another(self, book, speak):
        with start(book=book, switches=FREE) as kis:
            key = speak.customer(kis, kis.accounts("real")[0]).approve()
            kis.kill()
        with start(book=book, switches=FREE) as kis:
            real = speak.customer(kis, kis.accounts("real")[0])
            async with real.socket() as socket:
                reply = await speak.ask(socket, real.registration("HDFSCNT0", "DNASNVDA", key=key))
            assert reply["body"]["msg_cd"] == "OPSP0000"
            assert real.approve() != key

    def test_order_numbers_go_on_and_open_orders_can_still_fill_and_be_cancelled(self, book, speak):
        with start(book=book, switches=FREE) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            first, second = (paper.accepted("buy", "NVDA", n, "50.00") for n in (3, 4))
            kis.kill()
        with start(book=book, switches=FREE) as kis:
            paper = speak.customer(kis, paper.account)
            third = paper.accepted("buy", "NVDA", 5, "50.00")
            assert [int(n) - int(first) for n in (first, second, third)] == [0, 1, 2]
            assert paper.revise("cancel", second, "NVDA").json()["rt_cd"] == "0"
            kis.control.pin("NVDA", "49.00")
            paper.row_when(first, nccs_qty="0", ft_ccld_unpr3="50.00000000")  # it rests: its limit, not the quote
            assert paper.row(second)["ft_ccld_qty"] == "0"

    def test_a_second_token_within_a_minute_is_refused_over_the_restart(self, book, speak):
        with start(book=book) as kis:
            assert speak.customer(kis, kis.accounts("paper")[0]).issue().status_code == 200
            kis.kill()
        with start(book=book) as kis:
            answer = speak.customer(kis, kis.accounts("paper")[0]).issue()
            assert answer.json()["error_code"] == "EGW00133"

    def test_a_revoked_token_stays_revoked(self, book, speak):
        with start(book=book, switches=FREE) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            pair = {"appkey": paper.account["app_key"], "appsecret": paper.account["app_secret"]}
            paper.http.post("/oauth2/revokeP", json={**pair, "token": paper.token})
            kis.kill()
        with start(book=book, switches=FREE) as kis:
            again = speak.customer(kis, paper.account)
            assert again.token != paper.token
            again._token = paper.token
            assert again.ccnl().json()["msg_cd"] == "EGW00121"

    def test_bars_are_the_same_with_the_seed_of_the_book(self, book, speak):
        def bars(kis):
            real = speak.customer(kis, kis.accounts("real")[0])
            query = {"AUTH": "", "EXCD": "NAS", "SYMB": "NVDA", "GUBN": "0", "BYMD": "", "MODP": "0"}
            path = "/uapi/overseas-price/v1/quotations/dailyprice"
            return real.get(path, "HHDFS76240000", query).json()["output2"][1:]

        with start(book=book, seed=99, switches=FREE) as kis:
            before = bars(kis)
            kis.kill()
        with start(book=book, switches=FREE) as kis:
            assert bars(kis) == before
        with start(switches=FREE) as other:
            assert bars(other) != before

    def test_faults_and_pins_are_forgotten(self, left):
        with start(book=left, faults=[{"name": "no_notices"}]) as kis:
            kis.kill()
        with start(book=left) as kis:
            assert kis.control.faults()["active"] == []

    def test_a_day_order_whose_session_ended_meanwhile_is_expired(self, book, speak):
        scenario = {"calendar": "nyse-hours", "start": "2026-03-12T19:59:57Z"}  # three seconds before the close
        with start(book=book, scenario=scenario, switches=FREE) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            number = paper.accepted("buy", "NVDA", 1, "50.00")
            killed = datetime.fromisoformat(kis.control.state()["now"])
            kis.kill()
        with start(book=book, scenario=scenario, switches=FREE) as kis:  # its clock has gone on
            assert datetime.fromisoformat(kis.control.state()["now"]) > killed
            wait_for(lambda: kis.control.state()["now"] > "2026-03-12T20:00:00")
            kis.kill()
        with start(book=book, scenario={**scenario, "start": "2026-03-13T14:00:00Z"}, switches=FREE) as kis:
            (order,) = kis.control.orders(paper.account_no)
            assert (order["order_number"], order["status"], order["open"]) == (number, "expired", 0)
            assert order["reason"] == "DFD 장종료로 취소"

    def test_every_order_that_was_answered_is_on_the_book_whenever_it_was_killed(self, book, speak):
        answered = []
        for delay in (0.05, 0.13, 0.21, 0.37):
            with start(book=book, switches=FREE) as kis:
                paper = speak.customer(kis, kis.accounts("paper")[0])
                known = {o["order_number"] for o in kis.control.orders(paper.account_no)}
                assert set(answered) <= known
                assert len(known) <= len(answered) + 1  # the one whose answer was cut off
                answered = sorted(known)
                assert paper.token
                killer = threading.Timer(delay, kis.process.kill)
                killer.start()
                with pytest.raises(httpx.TransportError):
                    while True:
                        answered.append(paper.accepted("buy", "NVDA", 1, "50.00"))
                killer.join()
                kis.process.wait()
        assert len(answered) == len(set(answered)) > 4


class TestIdentities:
    def test_a_new_book_draws_accounts_that_no_other_book_has(self, tmp_path):
        found = []
        for name in ("one", "two"):
            with start(book=tmp_path / name) as kis:
                found += kis.accounts()
        with start() as kis:
            found += kis.accounts()
        assert [a["environment"] for a in found] == ["paper", "paper", "paper", "real"] * 3
        for name, length in (("app_key", 36), ("app_secret", 180), ("account_no", 10)):
            assert len({a[name] for a in found}) == 12
            assert {len(a[name]) for a in found} == {length}

    def test_accounts_that_are_given_begin_a_new_book_and_must_then_stay_the_same(self, book, tmp_path):
        with start() as kis:
            given = [{**a, "cash_usd": "7", "holdings": {"KO": 3}} for a in kis.accounts("paper")]
        for _ in range(2):
            with start(book=book, accounts=given) as kis:
                assert kis.control.account(given[0]["account_no"])["cash"] == "7"
                kis.kill()
        others = tmp_path / "others.json"
        others.write_text(json.dumps(given[:1]))
        assert "--accounts" in refused("--book", book, "--accounts", others)


class TestTheFile:
    def test_only_its_owner_can_read_it_and_its_first_line_has_the_version(self, left):
        assert stat.S_IMODE(left.stat().st_mode) == 0o600
        head, *lines = [json.loads(line) for line in left.read_text().splitlines()]
        assert (head["format"], head["version"], head["length"]) == ("kis-simulator-book", 1, left.stat().st_size)
        assert lines

    @pytest.mark.parametrize("keep", [0, 1, 40, 63, 64, 65, 0.3, 0.9, -2, -1])
    def test_a_torn_file_is_refused_and_left_as_it_is(self, left, keep):
        whole = left.read_bytes()
        torn = whole[: int(len(whole) * keep) if isinstance(keep, float) else keep]
        left.write_bytes(torn)
        assert "torn" in refused("--book", left)
        assert left.read_bytes() == torn

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda raw: b"{}\n", id="another file"),
            pytest.param(lambda raw: b"\xff\xfe" + raw, id="not text"),
            pytest.param(lambda raw: raw[:300] + b"\0" * 40 + raw[340:], id="zeros within"),
            pytest.param(lambda raw: raw.replace(b'"100000"', b'"100O00"'), id="a bad amount"),
            pytest.param(lambda raw: raw.replace(b'"accounts"', b'"akkounts"'), id="an unknown table"),
            pytest.param(lambda raw: raw.replace(b'"version":1', b'"version":2'), id="another version"),
        ],
    )
    def test_a_file_that_is_no_book_of_ours_is_refused_and_left_as_it_is(self, left, spoil):
        spoiled = spoil(left.read_bytes())
        left.write_bytes(spoiled)
        refused("--book", left)
        assert left.read_bytes() == spoiled

    def test_a_line_that_was_never_finished_was_never_answered_and_is_dropped(self, left):
        with left.open("ab") as file:
            file.write(b'{"orders":[{"account_no":"50')
        with start(book=left) as kis:
            assert len(kis.control.orders()) == 1
            kis.kill()
        assert all(json.loads(line) for line in left.read_text().splitlines())

    def test_a_path_that_cannot_be_a_book_is_refused(self, tmp_path):
        (tmp_path / "folder").mkdir()
        refused("--book", tmp_path / "folder")
        refused("--book", tmp_path / "missing" / "book.json")

    def test_two_simulators_never_share_a_book(self, book):
        with start(book=book) as kis:
            assert "another simulator" in refused("--book", book)
            assert kis.control.state()

    def test_another_seed_than_the_books_is_refused(self, left):
        assert "seed" in refused("--book", left, "--seed", 5)

    def test_a_market_without_a_symbol_of_the_book_is_refused(self, left, tmp_path):
        (tmp_path / "scenario").write_text("symbols: [{symbol: ABC, price: 10}]")
        assert "NVDA" in refused("--book", left, "--scenario", tmp_path / "scenario")

    @pytest.mark.skipif(sys.platform != "linux", reason="prlimit")
    def test_when_the_disk_is_full_it_ends_before_it_answers(self, book, speak):
        with start(book=book, switches=FREE) as kis:
            paper = speak.customer(kis, kis.accounts("paper")[0])
            number = paper.accepted("buy", "NVDA", 1, "50.00")
            full = book.stat().st_size + 100
            resource.prlimit(kis.process.pid, resource.RLIMIT_FSIZE, (full, full))
            with pytest.raises(httpx.TransportError):
                paper.order("buy", "NVDA", 2, "50.00")
            assert kis.process.wait(5) == 2
        with start(book=book) as kis:
            assert [o["order_number"] for o in kis.control.orders()] == [number]

    def test_finished_days_of_long_ago_are_left_out_when_it_is_written_anew(self, book):
        memory = Memory(book)
        memory.begin([make_account()])
        memory.about.update(seed=1)
        memory.rewrite(NOW)
        old, fresh, open_still = make_order(1), make_order(2, day=NOW.date()), make_order(3, open=4, status="working")
        memory.keep([], [old, fresh, open_still], {}, NOW)
        memory.rewrite(NOW + timedelta(days=1))
        memory.close()
        again = Memory(book)
        assert [o.number for a in again.accounts() for o in a.orders] == ["0000000002", "0000000003"]


def make_account(**more):
    return Account("paper", "k" * 36, "s" * 180, "5000000001", "paper1", cash=Decimal("100.5"), **more)


def make_order(n, day=date(2025, 1, 2), open=0, status="filled", fills=()):
    return Order(
        f"{n:010d}", day, "5000000001", "NVDA", "NASD", "buy", "new", 10, Decimal("101.25"), NOW,
        NOW + timedelta(hours=5), "OpenAPI", open=open, status=status, fills=list(fills),
    )  # fmt: skip


money = st.decimals(min_value=-(10**9), max_value=10**9, places=8)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
counts = st.integers(0, 10**9)


class TestRows:
    @given(
        st.builds(
            Order, date=st.dates(), price=money, received_at=moments, expires_at=moments, quantity=counts, open=counts,
            fills=st.lists(st.builds(Fill, at=moments, quantity=counts, price=money, fee=money), max_size=5),
        )
    )  # fmt: skip
    def test_an_order_comes_back_as_it_was(self, order):
        assert records.order_of(json.loads(json.dumps(records.order_row(order)))) == order

    @given(
        st.builds(
            Account, cash=money, deposit=money, realised=money, bought_today=money, sold_today=money,
            day=st.none() | st.dates(), orders=st.just([]), live=st.just([]),
            holdings=st.dictionaries(st.text(), st.builds(Holding, quantity=st.integers(1), cost=money)),
            numbers=st.dictionaries(st.dates(), counts, max_size=5),
        )
    )  # fmt: skip
    def test_an_account_comes_back_as_it_was(self, account):
        rows = records.identity_row(account) | records.money_row(account)
        assert records.account_of(json.loads(json.dumps(rows))) == account


class TestCost:
    def test_what_it_costs_to_remember(self, book, capsys):
        """Measured and printed, not judged: the disk and the machine decide."""
        fill = Fill(NOW, 10, Decimal("100.01"), Decimal("2.50"))
        memory = Memory(book)
        who = make_account(holdings={s: Holding(10, Decimal(1000)) for s in ("AAPL", "NVDA", "KO")})
        memory.begin([who])
        memory.about.update(seed=1)
        memory.rewrite(NOW)
        costs = []
        for n in range(5000):
            began = time.perf_counter()
            memory.keep([who], [make_order(n, NOW.date(), fills=[fill])], {}, NOW)
            costs.append((time.perf_counter() - began) * 1000)
        sizes = book.stat().st_size / 1e6
        began = time.perf_counter()
        memory.rewrite(NOW)
        rewrite = time.perf_counter() - began
        memory.close()
        began = time.perf_counter()
        assert len(Memory(book).accounts()[0].orders) == 5000
        read = time.perf_counter() - began
        parts = [sorted(costs[a:b]) for a, b in ((0, 500), (4500, 5000))]
        with capsys.disabled():
            print(
                f"\n  an order on the book: median {parts[0][250]:.2f} ms, p99 {parts[0][495]:.2f} ms; after 4,500 "
                f"others {parts[1][250]:.2f} ms, p99 {parts[1][495]:.2f} ms; 5,000 orders: {sizes:.1f} MB grown, "
                f"{book.stat().st_size / 1e6:.1f} MB whole, written in {rewrite:.2f} s, read in {read:.2f} s"
            )

    def test_the_file_does_not_grow_without_end(self, book, monkeypatch):
        monkeypatch.setattr("kis.simulator.memory.GROWTH", 20_000)
        memory = Memory(book)
        memory.begin([make_account()])
        memory.about.update(seed=1)
        memory.rewrite(NOW)
        for _ in range(300):
            memory.keep([], [make_order(1, NOW.date())], {}, NOW)
            assert book.stat().st_size < 30_000


class TestJournal:
    def test_a_new_file_has_no_entries_and_a_written_one_has_all(self, book):
        journal = Journal(book)
        assert journal.entries is None
        journal.rewrite([{"a": [{"n": 0}]}])
        for n in range(1, 4):
            journal.append({"a": [{"n": n}]})
        journal.close()
        assert [e["a"][0]["n"] for e in Journal(book).entries or ()] == [0, 1, 2, 3]
