"""Sections 4.7 to 4.9: balance, present balance, buying power."""

from decimal import Decimal

import pytest

TRADING = "/uapi/overseas-stock/v1/trading/"


class TestBalance:
    def test_a_row_has_the_sheets_fields_and_counts_the_days_fills(self, paper, kis):
        kis.control.pin("NVDA", "100.00")
        paper.row_when(paper.accepted("buy", "NVDA", 10, "101.00"), nccs_qty="0")
        (row,) = paper.balance("NASD").json()["output1"]
        assert (row["ovrs_pdno"], row["ovrs_cblc_qty"], row["ord_psbl_qty"]) == ("NVDA", "10", "10")
        assert (row["pchs_avg_pric"], row["now_pric2"]) == ("100.0100", "100.000000")
        assert (row["frcr_pchs_amt1"], row["frcr_evlu_pfls_amt"]) == ("1000.10000", "-0.100000")
        assert (row["ovrs_excg_cd"], row["prdt_type_cd"], row["loan_type_cd"]) == ("NASD", "512", "10")

    def test_shares_in_open_sells_are_not_sellable(self, customer):
        customer.accepted("sell", "KO", 30, "500.00", "NYSE")
        (row,) = customer.balance("NYSE").json()["output1"]
        assert (row["ovrs_cblc_qty"], row["ord_psbl_qty"]) == ("100", "70")

    @pytest.mark.parametrize(
        ("side", "code", "symbols"),
        [
            ("paper", "NASD", []),
            ("paper", "NYSE", ["KO"]),
            ("paper", "", ["KO", "SPY"]),
            ("real", "NASD", ["KO", "SPY"]),
            ("real", "NAS", []),
            ("real", "AMEX", ["SPY"]),
        ],
    )
    def test_nasd_is_all_of_the_us_on_real_and_nasdaq_on_paper(self, request, side, code, symbols):
        answer = request.getfixturevalue(side).balance(code)
        assert [r["ovrs_pdno"] for r in answer.json()["output1"]] == symbols
        assert answer.headers["tr_cont"] == "D"

    def test_there_is_no_cash_figure_in_it(self, paper):
        body = paper.balance("NASD").json()
        assert body["output1"] == []
        assert {Decimal(value) for value in body["output2"].values()} == {Decimal(0)}


class TestPresentBalance:
    QUERY = {"WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}

    def test_on_real_the_deposit_stands_still_and_the_days_trades_are_beside_it(self, real, kis):
        kis.control.pin("NVDA", "100.00")
        real.row_when(real.accepted("buy", "NVDA", 10, "101.00"), nccs_qty="0")
        body = real.get(TRADING + "inquire-present-balance", "CTRP6504R", {**real.acct, **self.QUERY}).json()
        row = next(r for r in body["output1"] if r["pdno"] == "NVDA")
        assert Decimal(row["cblc_qty13"]) == 0
        assert Decimal(row["ccld_qty_smtl1"]) == Decimal(row["thdt_buy_ccld_qty1"]) == 10
        (usd,) = body["output2"]
        assert Decimal(usd["frcr_dncl_amt_2"]) == 100_000
        assert Decimal(usd["frcr_buy_amt_smtl"]) == Decimal("1002.60")

    def test_on_paper_only_the_sums_mean_something(self, paper):
        body = paper.get(TRADING + "inquire-present-balance", "VTRP6504R", {**paper.acct, **self.QUERY}).json()
        assert (body["output1"], body["output2"]) == ([], [])
        assert int(body["output3"]["tot_asst_amt"]) > 0


class TestBuyingPower:
    def ask(self, customer, price="100.00", symbol="NVDA", exchange="NASD"):
        tr_id = {"paper": "VTTS3007R", "real": "TTTS3007R"}[customer.side]
        query = {**customer.acct, "OVRS_EXCG_CD": exchange, "OVRS_ORD_UNPR": price, "ITEM_CD": symbol}
        return customer.get(TRADING + "inquire-psamount", tr_id, query).json()

    def test_an_order_of_the_named_quantity_is_taken_and_one_share_more_is_not(self, customer):
        most = int(self.ask(customer)["output"]["max_ord_psbl_qty"])
        assert customer.order("buy", "NVDA", most + 1, "100.00").json()["rt_cd"] != "0"
        assert customer.order("buy", "NVDA", most, "100.00").json()["rt_cd"] == "0"

    def test_paper_holds_back_more_than_the_fee(self, paper, real):
        assert self.ask(real)["output"]["ovrs_ord_psbl_amt"] == "99750.62"
        assert self.ask(paper)["output"]["ovrs_ord_psbl_amt"] == "99304.86"

    def test_open_buys_reduce_it(self, real):
        real.accepted("buy", "KO", 100, "50.00", "NYSE")
        assert self.ask(real)["output"]["ord_psbl_frcr_amt"] == "94987.50"

    def test_the_days_sale_proceeds_count_less_fees(self, real, kis):
        kis.control.pin("KO", "60.00")
        real.row_when(real.accepted("sell", "KO", 100, "59.00", "NYSE"), nccs_qty="0")
        output = self.ask(real)["output"]
        assert output["sll_ruse_psbl_amt"] == "5983.82"  # 5999.00 less 0.25 %, the SEC fee and FINRA's
        assert Decimal(output["ovrs_ord_psbl_amt"]) == Decimal("105719.52")

    def test_an_unknown_symbol_is_refused(self, customer):
        assert self.ask(customer, symbol="ZZZZ")["rt_cd"] == "7"
