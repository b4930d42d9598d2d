"""Sections 4.23 and 4.24: settlement dates and instrument facts."""

import pytest

from kis.simulator.testing import start

QUOTES = "/uapi/overseas-price/v1/quotations/"
HOLIDAYS = "/uapi/overseas-stock/v1/quotations/countries-holiday"
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
THANKSGIVING = "20261126"
# fmt: off
INFO_FIELDS = {
    "std_pdno", "prdt_eng_name", "natn_cd", "natn_name", "tr_mket_cd", "tr_mket_name", "ovrs_excg_cd",
    "ovrs_excg_name", "tr_crcy_cd", "ovrs_papr", "crcy_name", "ovrs_stck_dvsn_cd", "prdt_clsf_cd", "prdt_clsf_name",
    "sll_unit_qty", "buy_unit_qty", "tr_unit_amt", "lstg_stck_num", "lstg_dt", "ovrs_stck_tr_stop_dvsn_cd",
    "lstg_abol_item_yn", "ovrs_stck_prdt_grp_no", "lstg_yn", "tax_levy_yn", "ovrs_stck_erlm_rosn_cd",
    "ovrs_stck_hist_rght_dvsn_cd", "chng_bf_pdno", "prdt_type_cd_2", "ovrs_item_name", "sedol_no", "blbg_tckr_text",
    "ovrs_stck_etf_risk_drtp_cd", "etp_chas_erng_rt_dbnb", "istt_usge_isin_cd", "mint_svc_yn", "mint_svc_yn_chng_dt",
    "prdt_name", "lei_cd", "ovrs_stck_stop_rson_cd", "lstg_abol_dt", "mini_stk_tr_stat_dvsn_cd",
    "mint_frst_svc_erlm_dt", "mint_dcpt_trad_psbl_yn", "mint_fnum_trad_psbl_yn", "mint_cblc_cvsn_ipsb_yn",
    "ptp_item_yn", "ptp_item_trfx_exmt_yn", "ptp_item_trfx_exmt_strt_dt", "ptp_item_trfx_exmt_end_dt",
    "dtm_tr_psbl_yn", "sdrf_stop_ecls_yn", "sdrf_stop_ecls_erlm_dt", "memo_text1", "ovrs_now_pric1",
    "last_rcvg_dtime",
}
# fmt: on


def info(real, kind, symbol):
    return real.get(QUOTES + "search-info", "CTPF1702R", {"PRDT_TYPE_CD": kind, "PDNO": symbol}).json()


def dates(real, day, tr_cont="", **more):
    query = {"TRAD_DT": day, "CTX_AREA_NK": "", "CTX_AREA_FK": "", **more}
    return real.get(HOLIDAYS, "CTOS5011R", query, tr_cont=tr_cont)


def american(answer):
    return {
        r["prdt_type_cd"]: (r["acpl_sttl_dt"], r["dmst_sttl_dt"])
        for r in answer.json()["output"]
        if r["tr_natn_cd"] == "840"
    }


class TestInfo:
    @pytest.mark.parametrize(
        ("kind", "symbol", "facts"),
        [
            ("512", "AAPL", {"ovrs_excg_cd": "NASD", "tr_mket_cd": "01", "ovrs_stck_dvsn_cd": "01"}),
            ("513", "BRK/B", {"ovrs_excg_cd": "NYSE", "tr_mket_cd": "02", "natn_cd": "840"}),
            ("513", "ET", {"ptp_item_yn": "Y"}),
            ("529", "SPY", {"ovrs_stck_dvsn_cd": "03", "ptp_item_yn": "N", "dtm_tr_psbl_yn": "Y"}),
            ("512", "TQQQ", {"etp_chas_erng_rt_dbnb": "3"}),
            ("512", "SNDL", {"dtm_tr_psbl_yn": "N"}),
        ],
    )
    def test_every_field_of_the_sheet_and_the_facts(self, real, kind, symbol, facts):
        body = info(real, kind, symbol)
        assert (body["rt_cd"], set(body["output"])) == ("0", INFO_FIELDS)
        assert {name: body["output"][name] for name in facts} == facts

    def test_every_symbol_has_an_identifier_of_its_own_with_a_right_last_digit(self, real):
        found = [info(real, "512", s)["output"]["std_pdno"] for s in ("AAPL", "MSFT", "NVDA")]
        assert len(set(found)) == 3
        for isin in found:
            figures = "".join(str(int(letter, 36)) for letter in isin)
            digits = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(figures))]
            assert len(isin) == 12 and sum(d // 10 + d % 10 for d in digits) % 10 == 0

    def test_no_data_is_rt_cd_7(self, real):
        assert info(real, "513", "AAPL")["rt_cd"] == info(real, "512", "ZZZZ")["rt_cd"] == "7"

    def test_paper_has_it_not(self, paper):
        answer = paper.get(QUOTES + "search-info", "CTPF1702R", {"PRDT_TYPE_CD": "512", "PDNO": "AAPL"})
        assert (answer.status_code, answer.json()["msg_cd"]) == (500, "EGW02006")


class TestSettlementDates:
    @pytest.fixture(scope="class")
    @classmethod
    def real(cls, speak):
        with start(scenario={"calendar": "nyse-hours"}, switches={**FREE, "holiday_page": 5}) as kis:
            yield speak.customer(kis, kis.accounts("real")[0])

    @pytest.mark.parametrize(
        ("traded", "abroad", "here"),
        [
            ("20260309", "20260310", "20260311"),
            ("20260312", "20260313", "20260316"),
            ("20261125", "20261127", "20261130"),  # over Thanksgiving
        ],
    )
    def test_a_trade_settles_a_trading_day_later_abroad_and_two_here(self, real, traded, abroad, here):
        found = american(dates(real, traded))
        assert found == dict.fromkeys(("512", "513", "529"), (abroad, here))

    def test_a_us_holiday_shows_only_in_shifted_dates(self, real):
        assert american(dates(real, THANKSGIVING)) == american(dates(real, "20261127"))

    def test_pages_with_keys_of_twenty(self, real):
        first = dates(real, "20260309")
        body = first.json()
        keys = {"CTX_AREA_FK": body["ctx_area_fk"], "CTX_AREA_NK": body["ctx_area_nk"]}
        assert {len(k) for k in keys.values()} == {20}
        second = dates(real, "20260309", "N", **keys)
        assert (first.headers["tr_cont"], second.headers["tr_cont"]) == ("F", "E")
        kinds = [r["prdt_type_cd"] for a in (first, second) for r in a.json()["output"]]
        assert len(kinds) == len(set(kinds)) == 9

    def test_a_switch_leaves_the_us_out_on_its_holidays(self, speak):
        with start(scenario={"calendar": "nyse-hours"}, switches={**FREE, "holiday_rows": "missing"}) as kis:
            real = speak.customer(kis, kis.accounts("real")[0])
            assert american(dates(real, THANKSGIVING)) == {} != american(dates(real, "20261127"))

    def test_a_date_is_needed(self, real):
        assert dates(real, "soon").json()["msg_cd"] == "OPSQ2001"
