"""What the sheet leaves open, turned the other way: one simulator with every such switch off its usual place."""

from datetime import UTC, datetime, timedelta

import pytest

from kis.simulator import accounts
from kis.simulator.keys import KeyDesk
from kis.simulator.settings import CHOICES, BadScenario, Switches
from kis.simulator.testing import start

TURNED = {
    "rate_paper": 3,
    "rate_real": 0,
    "rate_status": 200,
    "token_interval": 0,
    "token_error_status": 401,
    "reissue_expires_in": "full",
    "list_order": "newest",
    "status_names": False,
    "cancel_row_quantity": False,
    "paper_list_delay": 3600,
    "real_refusals": {"nothing_left": "APBK0919", "not_enough_shares": "APBK1234"},
    "enforce_tick": False,
    "paper_notice_fields": 21,
    "notice_encrypt_flag": False,
    "notice_quantity": "total",
    "notice_price12_decimals": 8,
    "lower_case_headers": True,
    "approval_life": 3600,
}


@pytest.fixture(scope="module")
def turned():
    with start(switches=TURNED, clock={"mode": "fast", "speed": 4}) as kis:
        yield kis


@pytest.fixture
def real(turned, speak):
    return speak.customer(turned, turned.accounts("real")[0])


@pytest.fixture
def paper(turned, speak):
    return speak.customer(turned, turned.accounts("paper")[0])


class TestOrders:
    def test_the_newest_order_comes_first_and_no_status_is_named(self, real):
        real.accepted("buy", "NVDA", 1, "20.00")
        real.accepted("buy", "NVDA", 2, "20.00")
        rows = real.ccnl().json()["output"]
        assert [row["ft_ord_qty"] for row in rows][:2] == ["2", "1"]
        assert {row["prcs_stat_name"] for row in rows} == {""}

    def test_the_row_of_a_cancel_carries_no_quantity(self, real):
        number = real.accepted("buy", "NVDA", 3, "20.00")
        cancel = real.revise("cancel", number, "NVDA").json()["output"]["ODNO"]
        assert real.row(cancel)["ft_ord_qty"] == "0"

    def test_refusals_of_the_real_side_have_other_codes(self, real):
        number = real.accepted("buy", "NVDA", 1, "20.00")
        real.revise("cancel", number, "NVDA")
        assert real.revise("cancel", number, "NVDA").json()["msg_cd"] == "APBK0919"
        assert real.order("sell", "NVDA", 1000, "20.00").json()["msg_cd"] == "APBK1234"

    def test_a_price_off_the_tick_is_taken(self, real):
        assert real.order("buy", "NVDA", 1, "20.001").json()["rt_cd"] == "0"

    def test_paper_lists_lag_behind(self, paper):
        paper.accepted("buy", "NVDA", 1, "20.00")
        assert paper.ccnl().json()["output"]["odno"] == ""


class TestGate:
    def test_too_many_calls_are_refused_with_200(self, paper):
        answers = [paper.ccnl() for _ in range(8)]
        refused = [a for a in answers if a.json()["msg_cd"] == "EGW00201"]
        assert refused
        assert {a.status_code for a in refused} == {200}

    def test_a_token_given_again_says_that_it_lives_in_full(self, real):
        first, second = real.issue().json(), real.issue().json()
        assert first["access_token"] == second["access_token"]
        assert first["expires_in"] == second["expires_in"] == 86400

    def test_an_odd_login_is_refused_with_another_status(self, real):
        answer = real.http.post("/oauth2/tokenP", json={"grant_type": "client_credentials"})
        assert (answer.status_code, answer.json()["error_code"]) == (401, "EGW00102")
        wrong = {"grant_type": "client_credentials", "appkey": "x", "appsecret": "y"}
        assert real.http.post("/oauth2/tokenP", json=wrong).status_code == 403

    def test_every_header_is_in_lower_case(self, real):
        names = [name for name, _ in real.issue().headers.raw]
        assert [n for n in names if n != n.lower()] == []


class TestSocket:
    async def test_the_reply_does_not_say_that_notices_are_encrypted_but_they_are(self, turned, speak):
        paper = speak.customer(turned, turned.accounts("paper")[1])
        async with paper.socket() as socket:
            reply = await speak.ask(socket, paper.registration("H0GSCNI9", paper.account["hts_id"]))
            assert reply["header"]["encrypt"] == "N"
            paper.accepted("buy", "NVDA", 1, "20.00")
            frame = await speak.hear(socket, lambda t: t.startswith("1|"))
            assert len(speak.decrypt(frame, reply)) == 21

    async def test_fills_tell_the_total_and_a_longer_price(self, real, turned, speak):
        turned.control.pin("KO", "50.00")
        async with real.socket() as socket:
            reply = await speak.ask(socket, real.registration("H0GSCNI0", real.account["hts_id"]))
            real.accepted("buy", "KO", 300, "60.00", "NYSE")
            fills = []
            while not fills or int(fills[-1][8]) < 300:
                fields = speak.decrypt(await speak.hear(socket, lambda t: t.startswith("1|")), reply)
                fills += [fields] if fields[12] == "2" else []
        assert [int(f[8]) for f in fills] == sorted({int(f[8]) for f in fills})
        assert int(fills[0][24]) == int(fills[0][9]) * 10_000
        turned.control.unpin("KO")


class TestTime:
    def test_an_approval_key_grows_old(self):
        (account, *_) = accounts.seeded(1)
        desk = KeyDesk([account], Switches(approval_life=60.0), 1)
        now = datetime(2026, 3, 12, tzinfo=UTC)
        key = desk.approve(account, now)
        assert desk.approved(key, now + timedelta(seconds=59)) is account
        assert desk.approved(key, now + timedelta(seconds=61)) is None


class TestReading:
    @pytest.mark.parametrize("name", CHOICES)
    def test_a_choice_names_what_may_be_chosen(self, name):
        wrong = 404 if isinstance(CHOICES[name][0], int) else "sometimes"
        with pytest.raises(BadScenario, match=str(CHOICES[name][1])):
            Switches.read({name: wrong})

    def test_the_usual_choice_is_the_first(self):
        usual = Switches()
        assert {name: getattr(usual, name) for name in CHOICES} == {name: words[0] for name, words in CHOICES.items()}

    def test_a_mapping_is_wanted_where_one_is(self):
        with pytest.raises(BadScenario, match="dict"):
            Switches.read({"real_refusals": "APBK0919"})
