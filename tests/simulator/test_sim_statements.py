"""Sections 4.12 to 4.15: profit, transactions, settled balance, margin; out of fills that really happened."""

from contextlib import contextmanager
from decimal import Decimal

import pytest

from kis.simulator.testing import start

TRADING = "/uapi/overseas-stock/v1/trading/"
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
ACCOUNT = {
    "environment": "real",
    "app_key": "r".ljust(36, "k"),
    "app_secret": "s".ljust(180, "s"),
    "account_no": "6000000101",
    "hts_id": "r1",
    "cash_usd": "100000",
    "holdings": {"KO": {"quantity": 100, "average": "60"}},
}
RATE = Decimal("1452.3")
# fmt: off
PROFIT_FIELDS = {
    "trad_day", "ovrs_pdno", "ovrs_item_name", "slcl_qty", "pchs_avg_pric", "frcr_pchs_amt1", "avg_sll_unpr",
    "frcr_sll_amt_smtl1", "stck_sll_tlex", "ovrs_rlzt_pfls_amt", "pftrt", "exrt", "ovrs_excg_cd", "frst_bltn_exrt",
}
TRADE_FIELDS = {
    "trad_dt", "sttl_dt", "sll_buy_dvsn_cd", "sll_buy_dvsn_name", "pdno", "ovrs_item_name", "ccld_qty",
    "amt_unit_ccld_qty", "ft_ccld_unpr2", "ovrs_stck_ccld_unpr", "tr_frcr_amt2", "tr_amt", "frcr_excc_amt_1",
    "wcrc_excc_amt", "dmst_frcr_fee1", "frcr_fee1", "dmst_wcrc_fee", "ovrs_wcrc_fee", "crcy_cd", "std_pdno",
    "erlm_exrt", "loan_dvsn_cd", "loan_dvsn_name",
}
SETTLED_FIELDS = {
    "pdno", "prdt_name", "cblc_qty13", "ord_psbl_qty1", "avg_unpr3", "ovrs_now_pric1", "frcr_pchs_amt",
    "frcr_evlu_amt2", "evlu_pfls_amt2", "bass_exrt", "oprt_dtl_dtime", "buy_crcy_cd", "thdt_sll_ccld_qty1",
    "thdt_buy_ccld_qty1", "evlu_pfls_rt1", "tr_mket_name", "natn_kor_name", "std_pdno", "mgge_qty", "loan_rmnd",
    "prdt_type_cd", "ovrs_excg_cd", "scts_dvsn_name", "ldng_cblc_qty",
}
# fmt: on


@contextmanager
def a_day_of_trade(speak):
    """2026-03-12, a Thursday: 50 KO sold in two orders, 10 NVDA bought. The customer who did."""
    scenario = {"calendar": "nyse-hours", "start": "2026-03-12T14:00:00Z"}
    with start(scenario=scenario, accounts=[ACCOUNT], switches=FREE) as kis:
        real = speak.customer(kis, kis.accounts("real")[0])
        real.dates = ("20260311", "20260320")
        kis.control.pin("KO", "70.00")
        kis.control.pin("NVDA", "100.00")
        for qty in (30, 20):
            real.row_when(real.accepted("sell", "KO", qty, "69.00", "NYSE"), nccs_qty="0")
        real.row_when(real.accepted("buy", "NVDA", 10, "101.00"), nccs_qty="0")
        yield real


@pytest.fixture(scope="module")
def traded(speak):
    with a_day_of_trade(speak) as real:
        yield real


@pytest.fixture(scope="module")
def next_day(speak):
    with a_day_of_trade(speak) as real:
        real.kis.control.advance(24 * 3600)
        real._token = None
        yield real


def profit(real, tr_cont="", **more):
    query = {
        **real.acct,
        **dict.fromkeys(("OVRS_EXCG_CD", "NATN_CD", "CRCY_CD", "PDNO", "CTX_AREA_FK200", "CTX_AREA_NK200"), ""),
        **{"INQR_STRT_DT": "20260301", "INQR_END_DT": "20260331", "WCRC_FRCR_DVSN_CD": "01", **more},
    }
    return real.get(TRADING + "inquire-period-profit", "TTTS3039R", query, tr_cont=tr_cont).json()


def trades(real, tr_cont="", **more):
    query = {
        **real.acct,
        **{"ERLM_STRT_DT": "20260301", "ERLM_END_DT": "20260331", "OVRS_EXCG_CD": "", "PDNO": ""},
        **{"SLL_BUY_DVSN_CD": "00", "LOAN_DVSN_CD": "", "CTX_AREA_FK100": "", "CTX_AREA_NK100": "", **more},
    }
    return real.get(TRADING + "inquire-period-trans", "CTOS4001R", query, tr_cont=tr_cont).json()


def settled(real, day, **more):
    query = {**real.acct, "BASS_DT": day, "WCRC_FRCR_DVSN_CD": "02", "INQR_DVSN_CD": "00", **more}
    return real.get(TRADING + "inquire-paymt-stdr-balance", "CTRP6010R", query).json()


def margin(real):
    return real.get(TRADING + "foreign-margin", "TTTC2101R", real.acct).json()["output"]


def fees(kis, side):
    fills = [f for o in kis.control.orders() if o["side"] == side for f in o["fills"]]
    return sum(Decimal(f["fee"]) for f in fills)


class TestOnTheDayItself:
    def test_a_sale_is_no_profit_yet(self, traded):
        answer = profit(traded)
        assert (answer["output1"], answer["msg_cd"]) == ([], "KIOK0560")

    def test_but_a_trade(self, traded):
        rows = trades(traded)["output1"]
        assert [(r["pdno"], r["sll_buy_dvsn_cd"], r["ccld_qty"]) for r in rows] == [
            ("KO", "01", "30"),
            ("KO", "01", "20"),
            ("NVDA", "02", "10"),
        ]
        assert all(set(r) == TRADE_FIELDS for r in rows)

    def test_its_money_and_shares_are_under_way(self, traded):
        usd = next(r for r in margin(traded) if (r["natn_name"], r["crcy_cd"]) == ("미국", "USD"))
        assert usd["frcr_dncl_amt1"] == "100000.000000"
        assert Decimal(usd["ustl_sll_amt"]) == Decimal("3499.50") - fees(traded.kis, "sell")
        assert Decimal(usd["ustl_buy_amt"]) == Decimal("1000.10") + fees(traded.kis, "buy")
        today = settled(traded, "20260312")
        assert [(r["pdno"], Decimal(r["cblc_qty13"])) for r in today["output1"]] == [("KO", 100)]
        assert Decimal(today["output2"][0]["frcr_dncl_amt_2"]) == 100_000

    def test_on_the_day_of_settlement_they_have_moved(self, traded):
        later = settled(traded, "20260316")  # the second trading day after Thursday is Monday
        rows = {r["pdno"]: r for r in later["output1"]}
        assert {s: Decimal(r["cblc_qty13"]) for s, r in rows.items()} == {"KO": 50, "NVDA": 10}
        assert all(set(r) == SETTLED_FIELDS for r in rows.values())
        assert len(rows["KO"]["oprt_dtl_dtime"]) == 17
        cash = Decimal(traded.kis.control.account(traded.account_no)["cash"])
        assert Decimal(later["output2"][0]["frcr_dncl_amt_2"]) == cash
        in_won = settled(traded, "20260316", WCRC_FRCR_DVSN_CD="01")["output1"][0]
        assert Decimal(in_won["frcr_pchs_amt"]) == Decimal(rows["KO"]["frcr_pchs_amt"]) * RATE
        assert settled(traded, "20260316", INQR_DVSN_CD="02")["output1"] == []


class TestTransactions:
    def test_fees_are_those_that_were_taken_and_the_settlement_is_two_trading_days_later(self, traded):
        rows = trades(traded)["output1"]
        for row in rows:
            bought, amount = row["sll_buy_dvsn_cd"] == "02", Decimal(row["tr_frcr_amt2"])
            charges = Decimal(row["dmst_frcr_fee1"]) + Decimal(row["frcr_fee1"])
            assert Decimal(row["frcr_excc_amt_1"]) == (amount + charges if bought else amount - charges)
            assert (row["trad_dt"], row["sttl_dt"]) == ("20260312", "20260316")
            assert (Decimal(row["frcr_fee1"]) == 0) is bought
        total = sum(Decimal(r["dmst_frcr_fee1"]) + Decimal(r["frcr_fee1"]) for r in rows)
        assert total == fees(traded.kis, "buy") + fees(traded.kis, "sell")

    def test_sums_and_keys(self, traded):
        answer = trades(traded)
        assert answer["output2"]["frcr_buy_amt_smtl"] == "1000.10000"
        assert answer["output2"]["frcr_sll_amt_smtl"] == "3499.50000"
        assert len(answer["ctx_area_fk100"]) == len(answer["ctx_area_nk100"]) == 100
        assert answer["ctx_area_fk100"].startswith("60000001!^01!^20260301!^")

    def test_filters(self, traded):
        assert [r["pdno"] for r in trades(traded, SLL_BUY_DVSN_CD="02")["output1"]] == ["NVDA"]
        assert [r["pdno"] for r in trades(traded, PDNO="KO")["output1"]] == ["KO", "KO"]
        assert [r["pdno"] for r in trades(traded, OVRS_EXCG_CD="AMEX")["output1"]] == []
        assert trades(traded, ERLM_END_DT="20260311")["output1"] == []
        assert trades(traded, SLL_BUY_DVSN_CD="09")["msg_cd"] == "OPSQ2001"


class TestMargin:
    def test_fifty_rows_most_of_them_blank_and_dollars_under_several_countries(self, traded):
        rows = margin(traded)
        assert len(rows) == 50
        assert sum(not r["crcy_cd"] for r in rows) > 40
        assert sum(r["crcy_cd"] == "USD" for r in rows) > 1 and rows[0]["natn_name"] != "미국"

    def test_what_can_be_ordered_is_what_the_buyable_amount_says(self, traded):
        usd = next(r for r in margin(traded) if r["natn_name"] == "미국")
        query = {**traded.acct, "OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "100", "ITEM_CD": "NVDA"}
        power = traded.get(TRADING + "inquire-psamount", "TTTS3007R", query).json()["output"]
        assert usd["frcr_gnrl_ord_psbl_amt"] == power["ovrs_ord_psbl_amt"]
        assert usd["itgr_ord_psbl_amt"] == power["frcr_ord_psbl_amt1"]


class TestPaper:
    @pytest.mark.parametrize(
        ("path", "tr_id"),
        [
            ("inquire-period-profit", "TTTS3039R"),
            ("inquire-period-trans", "CTOS4001R"),
            ("inquire-paymt-stdr-balance", "CTRP6010R"),
            ("foreign-margin", "TTTC2101R"),
            ("algo-ordno", "TTTS6058R"),
            ("inquire-algo-ccnl", "TTTS6059R"),
        ],
    )
    def test_it_has_none_of_these(self, paper, path, tr_id):
        real_id = paper.get(TRADING + path, tr_id, paper.acct)
        assert (real_id.status_code, real_id.json()["msg_cd"]) == (500, "EGW02006")
        assert paper.get(TRADING + path, "V" + tr_id[1:], paper.acct).json()["msg_cd"] == "OPSQ0002"


class TestProfit:
    def test_from_the_next_day_on_a_row_for_each_day_and_symbol(self, next_day):
        answer = profit(next_day)
        (row,) = answer["output1"]
        assert set(row) == PROFIT_FIELDS
        assert (row["trad_day"], row["ovrs_pdno"], row["slcl_qty"]) == ("20260312", "KO", "50")
        assert (row["pchs_avg_pric"], row["frcr_pchs_amt1"]) == ("60.0000", "3000.00000")
        assert (row["avg_sll_unpr"], row["frcr_sll_amt_smtl1"]) == ("69.9900", "3499.50000")
        assert Decimal(row["stck_sll_tlex"]) == fees(next_day.kis, "sell")
        assert Decimal(row["ovrs_rlzt_pfls_amt"]) == Decimal("499.50") - fees(next_day.kis, "sell")
        assert answer["output2"]["ovrs_rlzt_pfls_tot_amt"] == row["ovrs_rlzt_pfls_amt"]

    def test_01_is_foreign_currency_here_and_02_won(self, next_day):
        won = profit(next_day, WCRC_FRCR_DVSN_CD="02")["output1"][0]
        assert Decimal(won["frcr_pchs_amt1"]) == 3000 * RATE

    def test_filters(self, next_day):
        assert len(profit(next_day, OVRS_EXCG_CD="NASD")["output1"]) == 1
        assert profit(next_day, OVRS_EXCG_CD="AMEX")["output1"] == []
        assert profit(next_day, PDNO="NVDA")["output1"] == []
        assert profit(next_day, INQR_STRT_DT="20260313")["output1"] == []
        assert profit(next_day, WCRC_FRCR_DVSN_CD="03")["msg_cd"] == "OPSQ2001"
