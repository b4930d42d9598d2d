"""The Korean calls that clients of US stocks make on their way (sections 4.25, 9 and A.2).

This broker lists no Korean stock, so all of them are successes that hold nothing: a price of zero, no holding,
no order, no won that could be spent. Some clients ask here first whether a symbol is Korean, and others add
both countries up.
"""

from __future__ import annotations

from typing import Any

from kis.simulator import codes
from kis.simulator.rest.balance import isin
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, ok, padded, refusal
from kis.simulator.rest.paging import CTX100, CTX200, Context, said
from kis.simulator.rest.quotes import DONE
from kis.simulator.world import World

PRICE_FIELDS = codes.words(
    "iscd_stat_cls_code marg_rate rprs_mrkt_kor_name bstp_kor_isnm temp_stop_yn stck_prpr prdy_vrss prdy_vrss_sign "
    "prdy_ctrt acml_tr_pbmn acml_vol prdy_vrss_vol_rate stck_oprc stck_hgpr stck_lwpr stck_mxpr stck_llam stck_sdpr "
    "wghn_avrg_stck_prc hts_frgn_ehrt stck_shrn_iscd"
)
TEXTS = codes.words("iscd_stat_cls_code rprs_mrkt_kor_name bstp_kor_isnm temp_stop_yn stck_shrn_iscd")


def price(world: World, call: Call) -> Answer:
    """No Korean stock has this symbol: a success whose price is zero, upon which clients look abroad (A.2)."""
    output = {name: "" if name in TEXTS else "0" for name in PRICE_FIELDS}
    return ok({"output": output}, *DONE)


def product(world: World, call: Call) -> Answer:
    """Names of a product by symbol and type; rt_cd 7 means: try the next type (4.25)."""
    found = world.market.listings.get(call.params["PDNO"].strip())
    if found is None or found.market.product_type != call.params["PRDT_TYPE_CD"].strip():
        return refusal("7", "KIOK0560", "조회할 자료가 없습니다")
    output = {
        "pdno": found.symbol,
        "prdt_type_cd": found.market.product_type,
        "prdt_name": found.name,
        "prdt_name120": found.name,
        "prdt_abrv_name": found.name,
        "prdt_eng_name": found.english,
        "prdt_eng_name120": found.english,
        "prdt_eng_abrv_name": found.english,
        "std_pdno": isin(found),
        "shtn_pdno": found.symbol,
        "prdt_sale_stat_cd": "",
        "prdt_risk_grad_cd": "",
        "prdt_clsf_cd": "",
        "prdt_clsf_name": "",
        "sale_strt_dt": "",
        "sale_end_dt": "",
        "wrap_asst_type_cd": "",
        "ivst_prdt_type_cd": "",
        "ivst_prdt_type_cd_name": "",
        "frst_erlm_dt": "",
    }
    return ok({"output": output}, "KIOK0530", padded("조회되었습니다"))


BALANCE_SUMS = codes.words(
    "dnca_tot_amt nxdy_excc_amt prvs_rcdl_excc_amt cma_evlu_amt bfdy_buy_amt thdt_buy_amt nxdy_auto_rdpt_amt "
    "bfdy_sll_amt thdt_sll_amt d2_auto_rdpt_amt bfdy_tlex_amt thdt_tlex_amt tot_loan_amt scts_evlu_amt tot_evlu_amt "
    "nass_amt pchs_amt_smtl_amt evlu_amt_smtl_amt evlu_pfls_smtl_amt tot_stln_slng_chgs bfdy_tot_asst_evlu_amt "
    "asst_icdc_amt asst_icdc_erng_rt"
)
EXECUTION_SUMS = codes.words("tot_ord_qty tot_ccld_qty tot_ccld_amt prsm_tlex_smtl pchs_avg_pric")
PROFIT_SUMS = codes.words(
    "sll_qty_smtl sll_tr_amt_smtl sll_fee_smtl sll_tltx_smtl sll_excc_amt_smtl buy_qty_smtl buy_tr_amt_smtl "
    "buy_fee_smtl buy_tax_smtl buy_excc_amt_smtl tot_qty tot_tr_amt tot_fee tot_tltx tot_excc_amt tot_rlzt_pfls "
    "loan_int tot_pftrt"
)
BUYABLE = codes.words(
    "ord_psbl_cash ord_psbl_sbst ruse_psbl_amt fund_rpch_chgs psbl_qty_calc_unpr nrcvb_buy_amt nrcvb_buy_qty "
    "max_buy_amt max_buy_qty cma_evlu_amt ovrs_re_use_amt_wcrc ord_psbl_frcr_amt_wcrc"
)


def _zeros(names: tuple[str, ...]) -> dict[str, str]:
    return dict.fromkeys(names, "0")


def _nothing(call: Call, body: dict[str, Any], context: Context = CTX100) -> Answer:
    """An empty list: its only page is its last one, and says so (3.3)."""
    blank = {name.lower(): " " * context.width for name in context.fields}
    code, text = said(call, 0, more=False)
    return ok({**blank, **body}, code, padded(text), "D")


def balance(world: World, call: Call) -> Answer:
    """Korean holdings and won; the sums come as a list of one."""
    return _nothing(call, {"output1": [], "output2": [_zeros(BALANCE_SUMS)]})


def bonds(world: World, call: Call) -> Answer:
    return _nothing(call, {"output": []}, CTX200)


def open_orders(world: World, call: Call) -> Answer:
    return _nothing(call, {"output": []})


def executions(world: World, call: Call) -> Answer:
    """The day's orders, or older ones: the path is the same, the TR id differs."""
    return _nothing(call, {"output1": [], "output2": _zeros(EXECUTION_SUMS)})


def profits(world: World, call: Call) -> Answer:
    return _nothing(call, {"output1": [], "output2": _zeros(PROFIT_SUMS)})


def buyable(world: World, call: Call) -> Answer:
    """Won for Korean stocks: none, since this broker's cash is in dollars."""
    if call.side == codes.PAPER:
        return ok({"output": _zeros(BUYABLE)}, "20310000", padded("모의투자 조회가 완료되었습니다."))
    return ok({"output": _zeros(BUYABLE)}, "KIOK0510", padded("조회가 완료되었습니다"))


def ledger(world: World, call: Call) -> Answer:
    """Which ledger answers at this hour, a question of old clients: always the one that answers now."""
    return ok({"output": {"PSBL_YN": "N"}}, "KIOK0510", padded("조회가 완료되었습니다"))


_TRADING, _QUOTES = codes.DOMESTIC_TRADING, codes.DOMESTIC_QUOTES
ENDPOINTS = (
    Endpoint("GET", _QUOTES + "inquire-price", price, ("FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")),
    Endpoint("GET", _QUOTES + "search-info", product, ("PDNO", "PRDT_TYPE_CD")),
    Endpoint("GET", _TRADING + "inquire-balance", balance, (*ACCOUNT, *CTX100.fields)),
    Endpoint("GET", _TRADING + "inquire-psbl-rvsecncl", open_orders, (*ACCOUNT, *CTX100.fields)),
    Endpoint("GET", _TRADING + "inquire-daily-ccld", executions, (*ACCOUNT, *CTX100.fields)),
    Endpoint("GET", _TRADING + "inquire-period-trade-profit", profits, (*ACCOUNT, *CTX100.fields)),
    Endpoint("GET", _TRADING + "inquire-psbl-order", buyable, ACCOUNT),
    Endpoint("GET", codes.BONDS + "inquire-balance", bonds, (*ACCOUNT, *CTX200.fields)),
    Endpoint("GET", codes.TRADING + "dayornight", ledger),
)
