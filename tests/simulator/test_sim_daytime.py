"""Section 4.6: orders of the daytime session have TRs of their own; and the order types of section 4.0."""

import pytest

from kis.simulator.testing import start

TRADING = "/uapi/overseas-stock/v1/trading/"
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
DAYTIME = {"CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0"}
NOON = "2026-03-12T03:00:00Z"  # 12:00 in Korea, 23:00 of the day before in New York


def account(**more):
    return {
        "environment": "real",
        "app_key": "r".ljust(36, "k"),
        "app_secret": "s".ljust(180, "s"),
        "account_no": "6000000101",
        "hts_id": "r1",
        "holdings": {"KO": 100, "SNDL": 10},
        **more,
    }


@pytest.fixture(scope="module")
def midday():
    """A broker at noon in Korea, when only the daytime session is open."""
    accounts = [account(), account(environment="paper", app_key="p".ljust(36, "k"), account_no="5000000101")]
    with start(scenario={"calendar": "nyse-hours", "start": NOON}, accounts=accounts, switches=FREE) as kis:
        yield kis


@pytest.fixture
def real(midday, speak):
    midday.control.unpin()
    customer = speak.customer(midday, midday.accounts("real")[0])
    customer.dates = ("20260311", "20260313")
    return customer


def order(customer, symbol, qty, price, exchange="NASD", tr_id="TTTS6036U", **more):
    body = customer.order_body(symbol, qty, price, exchange, **more)
    del body["SLL_TYPE"]
    return customer.post(TRADING + "daytime-order", tr_id, body).json()


def revise(customer, what, number, symbol, qty=0, price="0", **more):
    body = {
        **customer.acct,
        "OVRS_EXCG_CD": "NASD",
        "PDNO": symbol,
        "ORGN_ODNO": number,
        "RVSE_CNCL_DVSN_CD": {"amend": "01", "cancel": "02"}[what],
        "ORD_QTY": str(qty),
        "OVRS_ORD_UNPR": str(price),
        **DAYTIME,
        **more,
    }
    return customer.post(TRADING + "daytime-order-rvsecncl", "TTTS6038U", body).json()


class TestOrder:
    def test_an_order_is_taken_and_fills_and_bears_the_date_of_the_day_that_follows(self, real, midday):
        midday.control.pin("NVDA", "100.00")
        answer = order(real, "NVDA", 2, "101.00")
        assert (answer["rt_cd"], answer["msg_cd"]) == ("0", "APBK0013")
        row = real.row_when(answer["output"]["ODNO"], ft_ccld_qty="2")
        assert (row["ord_dt"], row["dmst_ord_dt"], row["prcs_stat_name"]) == ("20260312", "20260312", "완료")

    def test_a_sell_has_a_tr_of_its_own(self, real):
        assert order(real, "KO", 1, "500.00", "NYSE", tr_id="TTTS6037U")["rt_cd"] == "0"

    @pytest.mark.parametrize("division", ["32", "35", "01"])
    def test_only_limits(self, real, division):
        assert order(real, "NVDA", 1, "100.00", ORD_DVSN=division)["msg_cd"] == "OPSQ2001"

    def test_a_symbol_without_a_daytime_session_is_unknown_here(self, real):
        assert order(real, "SNDL", 1, "0.80")["msg_cd"] == "APBK0656"
        info = real.get(
            "/uapi/overseas-price/v1/quotations/search-info", "CTPF1702R", {"PRDT_TYPE_CD": "512", "PDNO": "SNDL"}
        )
        assert info.json()["output"]["dtm_tr_psbl_yn"] == "N"

    def test_a_usual_order_has_no_session_now(self, real):
        assert real.order("buy", "NVDA", 1, "100.00").json()["msg_cd"] == "APBK0918"

    def test_the_server_code_is_mandatory(self, real):
        body = real.order_body("NVDA", 1, "100.00")
        del body["ORD_SVR_DVSN_CD"]
        assert real.post(TRADING + "daytime-order", "TTTS6036U", body).json()["msg_cd"] == "IGW00036"

    def test_paper_has_none_of_it(self, midday, speak):
        paper = speak.customer(midday, midday.accounts("paper")[0])
        answers = [
            paper.post(TRADING + "daytime-order", tr_id, paper.order_body("NVDA", 1, "100.00"))
            for tr_id in ("TTTS6036U", "VTTS6036U")
        ]
        assert [(a.status_code, a.json()["msg_cd"]) for a in answers] == [(500, "EGW02006"), (500, "OPSQ0002")]


class TestRevise:
    def test_amend_and_cancel_through_their_own_tr(self, real):
        number = order(real, "NVDA", 10, "50.00")["output"]["ODNO"]
        amended = revise(real, "amend", number, "NVDA", 5, "51.00")["output"]["ODNO"]
        assert real.row(amended)["nccs_qty"] == "5"
        assert revise(real, "cancel", amended.lstrip("0"), "NVDA", 5)["msg_cd"] == "APBK0013"
        assert real.row(amended)["nccs_qty"] == "0"

    def test_the_usual_tr_does_not_know_the_order(self, real):
        number = order(real, "NVDA", 10, "50.00")["output"]["ODNO"]
        answer = real.revise("cancel", number, "NVDA").json()
        assert answer["msg_cd"] == "APBK0918" and "주간거래시간" in answer["msg1"]
        assert real.row(number)["nccs_qty"] == "10"

    @pytest.mark.parametrize("field", DAYTIME)
    def test_every_field_must_be_there(self, real, field):
        number = order(real, "NVDA", 10, "50.00")["output"]["ODNO"]
        body = {
            **real.acct,
            **{"OVRS_EXCG_CD": "NASD", "PDNO": "NVDA", "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02"},
            **{"ORD_QTY": "0", "OVRS_ORD_UNPR": "0", **DAYTIME},
        }
        del body[field]
        answer = real.post(TRADING + "daytime-order-rvsecncl", "TTTS6038U", body).json()
        assert (answer["msg_cd"], field in answer["msg1"]) == ("OPSQ2001", True)

    def test_open_orders_of_the_daytime_are_listed_as_open(self, real):
        number = order(real, "NVDA", 10, "50.00")["output"]["ODNO"]
        query = {**real.acct, "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        rows = real.get(TRADING + "inquire-nccs", "TTTS3018R", query).json()["output"]
        assert number in [r["odno"] for r in rows]


@pytest.fixture(scope="module")
def evening():
    """23:00 in Korea, 10:00 in New York."""
    scenario = {"calendar": "nyse-hours", "start": "2026-03-12T14:00:00Z"}
    with start(scenario=scenario, accounts=[account()], switches={**FREE, "etp_registered": False}) as kis:
        yield kis


@pytest.fixture
def trader(evening, speak):
    customer = speak.customer(evening, evening.accounts("real")[0])
    customer.dates = ("20260311", "20260313")
    return customer


class TestTypes:
    """Section 4.0, in the regular session."""

    @pytest.mark.parametrize(
        ("side", "division", "price", "code"),
        [
            ("buy", "34", "50.00", "APBK0013"),
            ("sell", "34", "500.00", "APBK0013"),
            ("sell", "33", "0", "APBK0013"),
            ("sell", "33", "", "OPSQ2001"),
            ("sell", "33", "60.00", "OPSQ2001"),
            ("buy", "33", "0", "OPSQ2001"),
            ("buy", "31", "0", "OPSQ2001"),
            ("buy", "01", "50.00", "OPSQ2001"),
            ("sell", "31", "0", "APBK0918"),
            ("buy", "32", "50.00", "APBK0918"),
            ("buy", "35", "50.00", "OPSQ2001"),
        ],
    )
    def test_each_side_has_its_types_and_auctions_their_hours(self, trader, side, division, price, code):
        answer = trader.order(side, "KO", 1, price, "NYSE", ORD_DVSN=division).json()
        assert answer["msg_cd"] == code

    @pytest.mark.parametrize(
        ("window", "code"),
        [
            ({"ALGO_ORD_TMD_DVSN_CD": "02"}, "APBK0013"),
            ({"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "233000", "END_TIME": "033000"}, "APBK0013"),
            ({"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "225000", "END_TIME": "033000"}, "APBK0918"),
            ({"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "233000", "END_TIME": "045600"}, "OPSQ2001"),
            ({"ALGO_ORD_TMD_DVSN_CD": "00", "START_TIME": "", "END_TIME": ""}, "OPSQ2001"),
        ],
    )
    def test_a_sliced_order_needs_its_window(self, trader, window, code):
        answer = trader.order("buy", "KO", 10, "50.00", "NYSE", ORD_DVSN="36", **window).json()
        assert answer["msg_cd"] == code

    def test_a_sliced_order_cannot_be_amended(self, trader):
        answer = trader.order("buy", "KO", 10, "50.00", "NYSE", ORD_DVSN="35", ALGO_ORD_TMD_DVSN_CD="02").json()
        number = answer["output"]["ODNO"]
        assert trader.row(number)["splt_buy_attr_name"].startswith("TWAP ")
        assert trader.revise("amend", number, "KO", 5, "51.00", "NYSE").json()["rt_cd"] == "1"
        assert trader.revise("cancel", number, "KO", exchange="NYSE").json()["rt_cd"] == "0"

    def test_a_leveraged_etf_wants_a_registration(self, trader):
        assert trader.order("buy", "TQQQ", 1, "50.00").json()["msg_cd"] == "APBK1680"
