"""Requests and answers about what an account holds, owns and earned, against constructed answers. No socket."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from kis.wire import balance_answers, balance_calls, history_answers
from kis.wire.values import Unreadable
from market.errors import InvalidOrder, NotInPaper
from market.words import Exchange, Side
from tests.kis.samples import ACCOUNT, NOW, PAPER, REAL, answer, bent, containers

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 12)
CTX200 = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}

HOLDING = {
    "ovrs_pdno": "NVDA",
    "ovrs_cblc_qty": "10",
    "ord_psbl_qty": "10",
    "pchs_avg_pric": "182.0800",
    "now_pric2": "184.240000",
    "frcr_evlu_pfls_amt": "21.600000",
    "ovrs_excg_cd": "NASD",
    "loan_type_cd": "10",
    "loan_dt": "",
}
POWER = {
    "ord_psbl_frcr_amt": "8150.00",
    "sll_ruse_psbl_amt": "0.00",
    "ovrs_ord_psbl_amt": "8129.67",
    "max_ord_psbl_qty": "44",
    "exrt": "1452.3000000000",
    "frcr_ord_psbl_amt1": "11240.55",
    "ovrs_max_ord_psbl_qty": "60",
}
PRESENT = {
    "prdt_name": "엔비디아",
    "cblc_qty13": "6.00000000",
    "thdt_buy_ccld_qty1": "4.00000000",
    "thdt_sll_ccld_qty1": "0.00000000",
    "ccld_qty_smtl1": "10.00000000",
    "ord_psbl_qty1": "10.00000000",
    "frcr_pchs_amt": "1820.80000",
    "frcr_evlu_amt2": "1842.40000",
    "evlu_pfls_amt2": "21.60000",
    "evlu_pfls_rt1": "1.18629174",
    "pdno": "NVDA",
    "bass_exrt": "1452.30000000",
    "buy_crcy_cd": "USD",
    "ovrs_now_pric1": "184.24000",
    "avg_unpr3": "182.0800",
    "std_pdno": "US67066G1040",
    "ovrs_excg_cd": "NASD",
    "item_lnkg_excg_cd": "NAS",
}
CASH = {
    "crcy_cd": "USD",
    "crcy_cd_name": "미국 달러",
    "frcr_buy_amt_smtl": "737.000000",
    "frcr_sll_amt_smtl": "0.000000",
    "frcr_dncl_amt_2": "8887.120000",
    "frst_bltn_exrt": "1452.30000000",
    "frcr_buy_mgn_amt": "0.000000",
    "frcr_drwg_psbl_amt_1": "8150.000000",
    "frcr_evlu_amt2": "11836245.000000",
    "nxdy_frcr_drwg_psbl_amt": "8150.000000",
}
SUMS = {
    "pchs_amt_smtl": "2644348",
    "evlu_amt_smtl": "2675717",
    "evlu_pfls_amt_smtl": "31369",
    "dncl_amt": "0",
    "tot_dncl_amt": "11836245",
    "tot_asst_amt": "14511962",
    "evlu_erng_rt1": "1.18629174",
    "frcr_evlu_tota": "11836245",
}
PROFIT = {
    "trad_day": "20260310",
    "ovrs_pdno": "NVDA",
    "ovrs_item_name": "엔비디아",
    "slcl_qty": "5",
    "pchs_avg_pric": "180.0000",
    "frcr_pchs_amt1": "900.00000",
    "avg_sll_unpr": "184.0000",
    "frcr_sll_amt_smtl1": "920.000000",
    "stck_sll_tlex": "2.33000000",
    "ovrs_rlzt_pfls_amt": "17.67000",
    "pftrt": "1.96333333",
    "exrt": "1452.3000",
    "ovrs_excg_cd": "NASD",
    "frst_bltn_exrt": "1450.00000000",
}
PROFIT_SUMS = {
    "stck_sll_amt_smtl": "920.00000000",
    "stck_buy_amt_smtl": "900.00000000",
    "smtl_fee1": "2.330000",
    "excc_dfrm_amt": "917.670000",
    "ovrs_rlzt_pfls_tot_amt": "17.67000000",
    "tot_pftrt": "1.96333333",
    "bass_dt": "20260312",
    "exrt": "1452.30",
}
TRANSACTION = {
    "trad_dt": "20260310",
    "sttl_dt": "20260312",
    "sll_buy_dvsn_cd": "01",
    "sll_buy_dvsn_name": "매도",
    "pdno": "NVDA",
    "ovrs_item_name": "엔비디아",
    "ccld_qty": "5.0000000000",
    "amt_unit_ccld_qty": "0.0000000000",
    "ft_ccld_unpr2": "184.00000000",
    "tr_frcr_amt2": "920.00000000",
    "frcr_excc_amt_1": "917.67000000",
    "dmst_frcr_fee1": "2.30",
    "frcr_fee1": "0.03",
    "crcy_cd": "USD",
    "std_pdno": "US67066G1040",
    "erlm_exrt": "1452.3000",
}
TRANSACTION_SUMS = {
    "frcr_buy_amt_smtl": "0.00000000",
    "frcr_sll_amt_smtl": "920.00000000",
    "dmst_fee_smtl": "2.30000000",
    "ovrs_fee_smtl": "0.03000000",
}
MARGIN = {
    "natn_name": "미국",
    "crcy_cd": "USD",
    "frcr_dncl_amt1": "8887.120000",
    "ustl_buy_amt": "737.00",
    "ustl_sll_amt": "0.00",
    "frcr_rcvb_amt": "0.00",
    "frcr_mgn_amt": "0.00",
    "frcr_gnrl_ord_psbl_amt": "8150.00",
    "frcr_ord_psbl_amt1": "3110.88",
    "itgr_ord_psbl_amt": "11240.55",
    "bass_exrt": "1452.30000000",
}


class TestQuestions:
    def test_holdings_are_one_question_on_real_and_three_on_paper(self):
        assert [c.fields["OVRS_EXCG_CD"] for c, _ in balance_calls.balances(REAL)] == ["NASD"]
        assert [c.fields["OVRS_EXCG_CD"] for c, _ in balance_calls.balances(PAPER)] == ["NASD", "NYSE", "AMEX"]

    def test_the_code_for_dollars_means_the_opposite_in_period_profit(self):
        """0.2 #5: 01 is KRW and 02 foreign in the balances, 01 foreign and 02 KRW in the profit."""
        assert balance_calls.present_balance(REAL).fields["WCRC_FRCR_DVSN_CD"] == "02"
        assert balance_calls.settled_balance(REAL, LAST).fields["WCRC_FRCR_DVSN_CD"] == "02"
        assert balance_calls.period_profit(REAL, FIRST, LAST).fields["WCRC_FRCR_DVSN_CD"] == "01"

    @pytest.mark.parametrize(("config", "tr_id"), [(REAL, "CTRP6504R"), (PAPER, "VTRP6504R")])
    def test_present_balance(self, config, tr_id):
        call = balance_calls.present_balance(config)
        assert (call.tr_id, call.paging) == (tr_id, None)
        assert call.fields == {
            **ACCOUNT,
            "WCRC_FRCR_DVSN_CD": "02",
            "NATN_CD": "840",
            "TR_MKET_CD": "00",
            "INQR_DVSN_CD": "00",
        }

    def test_period_profit(self):
        assert balance_calls.period_profit(REAL, FIRST, LAST, "NVDA").fields == {
            **ACCOUNT,
            "OVRS_EXCG_CD": "NASD",
            "NATN_CD": "",
            "CRCY_CD": "USD",
            "PDNO": "NVDA",
            "INQR_STRT_DT": "20260302",
            "INQR_END_DT": "20260312",
            "WCRC_FRCR_DVSN_CD": "01",
            **CTX200,
        }

    def test_transactions_page_by_keys_of_a_hundred(self):
        call = balance_calls.transactions(REAL, FIRST, LAST, Side.SELL)
        assert call.fields == {
            **ACCOUNT,
            "ERLM_STRT_DT": "20260302",
            "ERLM_END_DT": "20260312",
            "OVRS_EXCG_CD": "",
            "PDNO": "",
            "SLL_BUY_DVSN_CD": "01",
            "LOAN_DVSN_CD": "",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        following = answer({"ctx_area_fk100": "a!^", "ctx_area_nk100": "b "}, tr_cont="F").next_page(call)
        assert (following.fields["CTX_AREA_FK100"], following.fields["CTX_AREA_NK100"]) == ("a!^", "b ")

    def test_settled_balance_and_margin(self):
        assert balance_calls.settled_balance(REAL, LAST).fields["BASS_DT"] == "20260312"
        assert balance_calls.margin(REAL).fields == ACCOUNT

    @pytest.mark.parametrize(
        ("ask", "substitute"),
        [
            (lambda: balance_calls.period_profit(PAPER, FIRST, LAST), "holdings and executions"),
            (lambda: balance_calls.transactions(PAPER, FIRST, LAST), "holdings and executions"),
            (lambda: balance_calls.settled_balance(PAPER, LAST), "holdings and executions"),
            (lambda: balance_calls.margin(PAPER), "buyable amount"),
        ],
    )
    def test_what_paper_lacks_is_said_with_its_substitute(self, ask, substitute):
        with pytest.raises(NotInPaper, match=substitute):
            ask()

    def test_buying_power_is_asked_for_a_symbol_at_a_price_on_a_tick(self):
        call = balance_calls.buying_power(REAL, "NVDA", Exchange.NASDAQ, Decimal("184.2549"))
        assert (call.fields["ITEM_CD"], call.fields["OVRS_ORD_UNPR"]) == ("NVDA", "184.25")
        with pytest.raises(InvalidOrder):
            balance_calls.buying_power(REAL, "", Exchange.NASDAQ, Decimal(1))


class TestHoldings:
    @pytest.mark.parametrize("body", [{}, {"output1": None}, {"output1": "x"}, {"output2": {"tot_pftrt": "0"}}])
    def test_an_answer_without_the_list_does_not_say_that_nothing_is_held(self, body):
        page = balance_answers.holdings(answer({"rt_cd": "0", **body}), None)
        assert (page.rows, page.unreadable) == ((), 1)

    def test_shares_of_a_blank_symbol_are_counted_not_left_out(self):
        page = balance_answers.holdings(answer({"output1": [{**HOLDING, "ovrs_pdno": ""}]}), None)
        assert (page.rows, page.unreadable) == ((), 1)

    def test_a_holding_and_the_blank_row_after_it(self):
        blank = dict.fromkeys(HOLDING, "")
        page = balance_answers.holdings(answer({"output1": [HOLDING, blank, {**HOLDING, "ovrs_cblc_qty": "0"}]}), None)
        ((_, holding),) = page.rows
        assert (holding.symbol, holding.quantity, holding.avg_price) == ("NVDA", 10, Decimal("182.08"))
        assert page.unreadable == 0

    def test_buying_power_in_both_margin_modes(self):
        power = balance_answers.buying_power(answer({"output": POWER}))
        assert (power.usd, power.integrated) == (Decimal("8129.67"), Decimal("11240.55"))
        assert (power.max_quantity_usd, power.max_quantity_integrated) == (44, 60)
        assert (power.cash, power.proceeds, power.read_at) == (Decimal(8150), Decimal(0), NOW)
        assert power.raw == POWER

    def test_blank_buying_power_is_not_zero(self):
        with pytest.raises(Unreadable):
            balance_answers.buying_power(answer({"output": {**POWER, "ovrs_ord_psbl_amt": " "}}))


class TestBalances:
    def test_present_balance_counts_what_was_executed(self):
        (row,) = balance_answers.balance_rows(answer({"output1": [PRESENT]}), "ccld_qty_smtl1").rows
        assert (row.symbol, row.exchange, row.currency) == ("NVDA", Exchange.NASDAQ, "USD")
        assert (row.quantity, row.settled_quantity, row.bought_today) == (10, 6, 4)
        assert (row.avg_price, row.profit) == (Decimal("182.08"), Decimal("21.6"))

    def test_settled_balance_counts_what_was_settled(self):
        (row,) = balance_answers.balance_rows(answer({"output1": [PRESENT]}), "cblc_qty13").rows
        assert row.quantity == 6

    def test_a_holding_in_another_currency_is_passed_over_and_a_blank_quantity_is_not_zero(self):
        body = {
            "output1": [{**PRESENT, "buy_crcy_cd": "JPY"}, {**PRESENT, "ccld_qty_smtl1": ""}, dict.fromkeys(PRESENT)]
        }
        page = balance_answers.balance_rows(answer(body), "ccld_qty_smtl1")
        assert (page.rows, page.unreadable) == ((), 1)

    def test_cash_by_currency(self):
        (row,) = balance_answers.currencies(answer({"output2": [CASH, dict.fromkeys(CASH, "")]})).rows
        assert (row.currency, row.deposit, row.withdrawable) == ("USD", Decimal("8887.12"), Decimal(8150))
        assert row.other_margin is None  # not sent: unknown, not zero

    def test_the_sums_in_won(self):
        sums = balance_answers.won_sums(answer({"output3": SUMS}), balance_answers.PRESENT_SUMS)
        assert (sums.assets, sums.value, sums.loans) == (Decimal(14511962), Decimal(2675717), None)

    @pytest.mark.parametrize("output3", [None, {}, [], dict.fromkeys(SUMS, " "), "x"])
    def test_sums_of_blanks_are_none(self, output3):
        assert balance_answers.won_sums(answer({"output3": output3}), balance_answers.PRESENT_SUMS) is None

    def test_margin_is_the_dollar_row_of_the_us_among_those_of_other_countries(self):
        others = [dict.fromkeys(MARGIN, ""), {**MARGIN, "natn_name": "네덜란드", "frcr_dncl_amt1": "1"}]
        margin = balance_answers.margin(answer({"output": [*others, {**MARGIN, "natn_name": "미국   "}]}))
        assert (margin.deposit, margin.orderable) == (Decimal("8887.12"), Decimal(8150))
        assert (margin.orderable_integrated, margin.read_at) == (Decimal("11240.55"), NOW)

    @pytest.mark.parametrize(
        "output", [[], None, [{**MARGIN, "natn_name": "프랑스"}], [{**MARGIN, "frcr_gnrl_ord_psbl_amt": ""}]]
    )
    def test_without_that_row_there_is_no_margin_rather_than_none_to_order_with(self, output):
        with pytest.raises(Unreadable):
            balance_answers.margin(answer({"output": output}))


class TestHistory:
    def test_profit_of_a_symbol_and_day(self):
        (row,) = history_answers.profits(answer({"output1": PROFIT})).rows
        assert (row.trade_date, row.symbol, row.quantity) == (date(2026, 3, 10), "NVDA", 5)
        assert (row.profit, row.fees, row.proceeds) == (Decimal("17.67"), Decimal("2.33"), Decimal(920))

    def test_the_sums_of_profit(self):
        sums = history_answers.profit_sums(answer({"output2": PROFIT_SUMS}))
        assert (sums.profit, sums.fees, sums.settled) == (Decimal("17.67"), Decimal("2.33"), Decimal("917.67"))
        assert history_answers.profit_sums(answer({"output2": dict.fromkeys(PROFIT_SUMS, "")})) is None

    def test_a_trade_with_the_fees_really_charged(self):
        (row,) = history_answers.transactions(answer({"output1": [TRANSACTION]})).rows
        assert (row.trade_date, row.settlement_date) == (date(2026, 3, 10), date(2026, 3, 12))
        assert (row.side, row.quantity, row.price, row.amount) == (Side.SELL, 5, Decimal(184), Decimal(920))
        assert (row.domestic_fee, row.foreign_fee) == (Decimal("2.30"), Decimal("0.03"))

    def test_trades_in_other_currencies_are_passed_over_and_of_unknown_ones_unreadable(self):
        body = {"output1": [{**TRANSACTION, "crcy_cd": "HKD"}, {**TRANSACTION, "crcy_cd": ""}]}
        page = history_answers.transactions(answer(body))
        assert (page.rows, page.unreadable) == ((), 1)

    def test_the_sums_of_trades(self):
        sums = history_answers.transaction_sums(answer({"output2": [TRANSACTION_SUMS]}))
        assert (sums.bought, sums.sold, sums.domestic_fees) == (Decimal(0), Decimal(920), Decimal("2.30"))
        assert history_answers.transaction_sums(answer({"output2": {}})) is None

    @pytest.mark.parametrize("name", ["trad_dt", "sll_buy_dvsn_cd", "pdno", "ccld_qty", "tr_frcr_amt2"])
    def test_a_trade_without_what_it_must_have_is_counted_not_guessed(self, name):
        page = history_answers.transactions(answer({"output1": [TRANSACTION, {**TRANSACTION, name: " "}]}))
        assert (len(page.rows), page.unreadable) == (1, 1)


class TestWhateverArrives:
    """It is read, or it is unreadable: never another error."""

    @given(containers(HOLDING))
    def test_holdings(self, output):
        for _, holding in balance_answers.holdings(answer({"output1": output}), None).rows:
            assert holding.quantity >= 0

    @given(bent(POWER))
    def test_buying_power(self, output):
        with contextlib.suppress(Unreadable):
            assert balance_answers.buying_power(answer({"output": output})).max_quantity_usd >= 0

    @given(containers(PRESENT), containers(CASH), containers(SUMS))
    def test_balances(self, held, cash, sums):
        body = answer({"output1": held, "output2": cash, "output3": sums})
        for quantity in ("ccld_qty_smtl1", "cblc_qty13"):
            assert all(row.quantity >= 0 for row in balance_answers.balance_rows(body, quantity).rows)
        assert all(row.currency for row in balance_answers.currencies(body).rows)
        for names in (balance_answers.PRESENT_SUMS, balance_answers.SETTLED_SUMS):
            balance_answers.won_sums(body, names)

    @given(containers(PROFIT), containers(PROFIT_SUMS))
    def test_profits(self, found, sums):
        body = answer({"output1": found, "output2": sums})
        assert all(row.symbol for row in history_answers.profits(body).rows)
        history_answers.profit_sums(body)

    @given(containers(TRANSACTION), containers(TRANSACTION_SUMS))
    def test_transactions(self, found, sums):
        body = answer({"output1": found, "output2": sums})
        assert all(row.symbol for row in history_answers.transactions(body).rows)
        history_answers.transaction_sums(body)

    @given(containers(MARGIN))
    def test_margin(self, output):
        with contextlib.suppress(Unreadable):
            assert balance_answers.margin(answer({"output": output})).read_at == datetime(
                2026, 3, 12, 14, 15, 9, tzinfo=UTC
            )
