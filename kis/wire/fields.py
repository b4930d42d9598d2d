"""What KIS documents about its answers: containers and field names of every function (sheet section 4). Data.

The workbook's edition is 2026-05-08; recorded answers (Appendix E) go up to 2026-10. An answer that differs is
parsed all the same, by name; `kis.drift` says once that it differs. The screener (4.25) has no entry: nobody
documented what it answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kis import functions as fn
from kis.functions import Function

OBJECT, LIST, EITHER = "object", "list", "object or list"


@dataclass(frozen=True, slots=True)
class Container:
    """One part of an answer. `fields` are always there, `also` sometimes; names in lower case.

    `optional`: the whole part may be missing.
    """

    form: str
    fields: frozenset[str]
    also: frozenset[str] = frozenset()
    optional: bool = False


Layout = Mapping[str, Container]

# What stands beside the containers in every answer: 2.5, 3.3
ENVELOPE = frozenset(
    {"rt_cd", "msg_cd", "msg1"} | {name.lower() for keys in (fn.CTX200, fn.CTX100, fn.CTX20) for name in keys}
)

# 5.5-5.8, Appendix E: fields of one record. HDFSCNT0 and HDFSASP0 may lack the realtime key in front; notices of
# fills carry 25, of order events 24, older ones 21 and 23. Fewer can be read and more are tolerated, and said.
FRAME_FIELDS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "HDFSCNT0": frozenset({25, 26}),
        "HDFSASP0": frozenset({70, 71}),
        "H0GSCNI0": frozenset({21, 23, 24, 25}),
        "H0GSCNI9": frozenset({21, 23, 24, 25}),
    }
)


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _one(words: str, also: str = "", *, optional: bool = False) -> Container:
    return Container(OBJECT, _names(words), _names(also), optional)


def _many(words: str, also: str = "", *, optional: bool = False) -> Container:
    return Container(LIST, _names(words), _names(also), optional)


def _levels(numbers: range) -> str:
    return " ".join(f"{name}{n}" for n in numbers for name in ("pbid", "pask", "vbid", "vask", "dbid", "dask"))


_ORDER_TAKEN = {"output": _one("krx_fwdg_ord_orgno odno ord_tmd")}

_ORDER_ROW = (
    "ord_dt ord_gno_brno odno orgn_odno sll_buy_dvsn_cd sll_buy_dvsn_cd_name rjct_rson rjct_rson_name pdno prdt_name "
    "ft_ord_qty ft_ord_unpr3 ft_ccld_qty ft_ccld_unpr3 ft_ccld_amt3 nccs_qty prcs_stat_name ord_tmd tr_mket_name "
    "ovrs_excg_cd tr_crcy_cd loan_type_cd loan_dt usa_amk_exts_rqst_yn splt_buy_attr_name "
)
_ALGO_ORDER = "odno trad_dvsn_name pdno item_name ft_ord_qty ft_ord_unpr3 splt_buy_attr_name ft_ccld_qty"
_ALGO_FILL = "ccld_seq ccld_btwn pdno item_name ft_ccld_qty ft_ccld_unpr3 ft_ccld_amt3"
_ALGO_SUM = _ALGO_ORDER + " ord_tmd tr_crcy ft_ccld_unpr3 ft_ccld_amt3 ccld_cnt"

LAYOUTS: Mapping[Function, Layout] = MappingProxyType(
    {
        fn.ORDER_BUY: _ORDER_TAKEN,
        fn.ORDER_SELL: _ORDER_TAKEN,
        fn.REVISE: _ORDER_TAKEN,
        fn.DAYTIME_BUY: _ORDER_TAKEN,
        fn.DAYTIME_SELL: _ORDER_TAKEN,
        fn.DAYTIME_REVISE: _ORDER_TAKEN,
        # 4.3: the two others belong to Asia
        fn.RESERVE_BUY: {"output": _one("odno", "rsvn_ord_rcit_dt ovrs_rsvn_odno")},
        fn.RESERVE_SELL: {"output": _one("odno", "rsvn_ord_rcit_dt ovrs_rsvn_odno")},
        fn.RESERVE_CANCEL: {"output": _one("ovrs_rsvn_odno")},
        fn.RESERVATIONS: {
            "output": _many(
                "cncl_yn rsvn_ord_rcit_dt ovrs_rsvn_odno ord_dt ord_gno_brno odno sll_buy_dvsn_cd "
                "sll_buy_dvsn_cd_name ovrs_rsvn_ord_stat_cd ovrs_rsvn_ord_stat_cd_name pdno prdt_type_cd prdt_name "
                "ord_rcit_tmd ord_fwdg_tmd tr_dvsn_name ovrs_excg_cd tr_mket_name ord_stfno ft_ord_qty ft_ord_unpr3 "
                "ft_ccld_qty ft_ccld_unpr3 nprc_rson_text splt_buy_attr_name"
            )
        },
        fn.BALANCE: {
            "output1": _many(
                "cano acnt_prdt_cd prdt_type_cd ovrs_pdno ovrs_item_name frcr_evlu_pfls_amt evlu_pfls_rt pchs_avg_pric "
                "ovrs_cblc_qty ord_psbl_qty frcr_pchs_amt1 ovrs_stck_evlu_amt now_pric2 tr_crcy_cd ovrs_excg_cd "
                "loan_type_cd loan_dt expd_dt"
            ),
            "output2": _one(
                "frcr_pchs_amt1 ovrs_rlzt_pfls_amt ovrs_tot_pfls rlzt_erng_rt tot_evlu_pfls_amt tot_pftrt "
                "frcr_buy_amt_smtl1 ovrs_rlzt_pfls_amt2 frcr_buy_amt_smtl2"
            ),
        },
        # 4.8: on paper only output3 has a meaning
        fn.PRESENT_BALANCE: {
            "output1": _many(
                "prdt_name cblc_qty13 thdt_buy_ccld_qty1 thdt_sll_ccld_qty1 ccld_qty_smtl1 ord_psbl_qty1 frcr_pchs_amt "
                "frcr_evlu_amt2 evlu_pfls_amt2 evlu_pfls_rt1 pdno bass_exrt buy_crcy_cd ovrs_now_pric1 avg_unpr3 "
                "tr_mket_name natn_kor_name pchs_rmnd_wcrc_amt thdt_buy_ccld_frcr_amt thdt_sll_ccld_frcr_amt unit_amt "
                "std_pdno prdt_type_cd scts_dvsn_name loan_rmnd loan_dt loan_expd_dt ovrs_excg_cd item_lnkg_excg_cd",
                optional=True,
            ),
            "output2": _many(
                "crcy_cd crcy_cd_name frcr_buy_amt_smtl frcr_sll_amt_smtl frcr_dncl_amt_2 frst_bltn_exrt "
                "frcr_buy_mgn_amt frcr_etc_mgna frcr_drwg_psbl_amt_1 frcr_evlu_amt2 acpl_cstd_crcy_yn "
                "nxdy_frcr_drwg_psbl_amt",
                optional=True,
            ),
            "output3": _one(
                "pchs_amt_smtl evlu_amt_smtl evlu_pfls_amt_smtl dncl_amt cma_evlu_amt tot_dncl_amt etc_mgna "
                "wdrw_psbl_tot_amt frcr_evlu_tota evlu_erng_rt1 pchs_amt_smtl_amt evlu_amt_smtl_amt tot_evlu_pfls_amt "
                "tot_asst_amt buy_mgn_amt mgna_tota frcr_use_psbl_amt ustl_sll_amt_smtl ustl_buy_amt_smtl "
                "tot_frcr_cblc_smtl tot_loan_amt"
            ),
        },
        fn.BUYING_POWER: {
            "output": _one(
                "tr_crcy_cd ord_psbl_frcr_amt sll_ruse_psbl_amt ovrs_ord_psbl_amt max_ord_psbl_qty "
                "echm_af_ord_psbl_amt echm_af_ord_psbl_qty ord_psbl_qty exrt frcr_ord_psbl_amt1 ovrs_max_ord_psbl_qty"
            )
        },
        fn.OPEN_ORDERS: {
            "output": _many(_ORDER_ROW + "rvse_cncl_dvsn_cd rvse_cncl_dvsn_cd_name natn_cd natn_kor_name")
        },
        fn.EXECUTIONS: {
            "output": _many(
                _ORDER_ROW
                + "rvse_cncl_dvsn rvse_cncl_dvsn_name tr_natn tr_natn_name dmst_ord_dt thco_ord_tmd mdia_dvsn_name"
            )
        },
        fn.PERIOD_PROFIT: {
            "output1": _many(
                "trad_day ovrs_pdno ovrs_item_name slcl_qty pchs_avg_pric frcr_pchs_amt1 avg_sll_unpr "
                "frcr_sll_amt_smtl1 stck_sll_tlex ovrs_rlzt_pfls_amt pftrt exrt ovrs_excg_cd frst_bltn_exrt"
            ),
            "output2": _one(
                "stck_sll_amt_smtl stck_buy_amt_smtl smtl_fee1 excc_dfrm_amt ovrs_rlzt_pfls_tot_amt tot_pftrt "
                "bass_dt exrt"
            ),
        },
        fn.PERIOD_TRANSACTIONS: {
            "output1": _many(
                "trad_dt sttl_dt sll_buy_dvsn_cd sll_buy_dvsn_name pdno ovrs_item_name ccld_qty amt_unit_ccld_qty "
                "ft_ccld_unpr2 ovrs_stck_ccld_unpr tr_frcr_amt2 tr_amt frcr_excc_amt_1 wcrc_excc_amt dmst_frcr_fee1 "
                "frcr_fee1 dmst_wcrc_fee ovrs_wcrc_fee crcy_cd std_pdno erlm_exrt loan_dvsn_cd loan_dvsn_name"
            ),
            "output2": _one("frcr_buy_amt_smtl frcr_sll_amt_smtl dmst_fee_smtl ovrs_fee_smtl"),
        },
        fn.SETTLED_BALANCE: {
            "output1": _many(
                "pdno prdt_name cblc_qty13 ord_psbl_qty1 avg_unpr3 ovrs_now_pric1 frcr_pchs_amt frcr_evlu_amt2 "
                "evlu_pfls_amt2 bass_exrt oprt_dtl_dtime buy_crcy_cd thdt_sll_ccld_qty1 thdt_buy_ccld_qty1 "
                "evlu_pfls_rt1 tr_mket_name natn_kor_name std_pdno mgge_qty loan_rmnd prdt_type_cd ovrs_excg_cd "
                "scts_dvsn_name ldng_cblc_qty"
            ),
            "output2": _many("crcy_cd crcy_cd_name frcr_dncl_amt_2 frst_bltn_exrt frcr_evlu_amt2"),
            "output3": _one(
                "pchs_amt_smtl_amt tot_evlu_pfls_amt evlu_erng_rt1 tot_dncl_amt wcrc_evlu_amt_smtl tot_asst_amt2 "
                "frcr_cblc_wcrc_evlu_amt_smtl tot_loan_amt tot_ldng_evlu_amt"
            ),
        },
        fn.MARGIN: {
            "output": _many(
                "natn_name crcy_cd frcr_dncl_amt1 ustl_buy_amt ustl_sll_amt frcr_rcvb_amt frcr_mgn_amt "
                "frcr_gnrl_ord_psbl_amt frcr_ord_psbl_amt1 itgr_ord_psbl_amt bass_exrt"
            )
        },
        fn.ALGO_ORDERS: {"output": _many(_ALGO_ORDER + " ord_gno_brno")},
        # 4.16: sources name the containers differently
        fn.ALGO_FILLS: {
            "output": Container(EITHER, frozenset(), _names(f"{_ALGO_FILL} {_ALGO_SUM}"), optional=True),
            "output1": Container(EITHER, frozenset(), _names(f"{_ALGO_FILL} {_ALGO_SUM}"), optional=True),
            "output2": Container(EITHER, frozenset(), _names(f"{_ALGO_FILL} {_ALGO_SUM}"), optional=True),
            "output3": Container(EITHER, frozenset(), _names(f"{_ALGO_FILL} {_ALGO_SUM}"), optional=True),
        },
        fn.PRICE: {"output": _one("rsym zdiv base pvol last sign diff rate tvol tamt ordy")},
        fn.PRICE_DETAIL: {
            "output": _one(
                "rsym zdiv curr vnit open high low last base pvol pamt uplp dnlp h52p h52d l52p l52d perx pbrx epsx "
                "bpsx shar mcap tomv t_xprc t_xdif t_xrat p_xprc p_xdif p_xrat t_rate p_rate t_xsgn p_xsng e_ordyn "
                "e_hogau e_icod e_parp tvol tamt etyp_nm"
            )
        },
        # 4.19: levels 2 to 10 for US exchanges; one source has a single one on AMEX
        fn.ORDER_BOOK: {
            "output1": _one(
                "rsym zdiv curr base open high low last dymd dhms bvol avol bdvl advl code ropen rhigh rlow rclose"
            ),
            "output2": Container(EITHER, _names(_levels(range(1, 2))), _names(_levels(range(2, 11)))),
            "output3": _one("vstm vetm csbp cshi cslo iep iev"),
        },
        # 4.20: bid and ask are absent or blank when nothing was traded
        fn.PERIOD_BARS: {
            "output1": _one("rsym zdiv nrec"),
            "output2": _many("xymd clos sign diff rate open high low tvol tamt", "pbid vbid pask vask"),
        },
        fn.MINUTE_BARS: {
            "output1": _one("rsym zdiv stim etim sktm ektm next more nrec"),
            "output2": _many("tymd xymd xhms kymd khms open high low last evol eamt"),
        },
        fn.INDEX_BARS: {
            "output1": _one(
                "ovrs_nmix_prdy_vrss prdy_vrss_sign prdy_ctrt ovrs_nmix_prdy_clpr acml_vol hts_kor_isnm "
                "ovrs_nmix_prpr stck_shrn_iscd prdy_vol ovrs_prod_oprc ovrs_prod_hgpr ovrs_prod_lwpr"
            ),
            "output2": _many(
                "stck_bsop_date ovrs_nmix_prpr ovrs_nmix_oprc ovrs_nmix_hgpr ovrs_nmix_lwpr acml_vol mod_yn"
            ),
        },
        fn.SETTLEMENT_DATES: {
            "output": _many(
                "prdt_type_cd tr_natn_cd tr_natn_name natn_eng_abrv_cd tr_mket_cd tr_mket_name acpl_sttl_dt "
                "dmst_sttl_dt"
            )
        },
        fn.INSTRUMENT_INFO: {
            "output": _one(
                "std_pdno prdt_eng_name natn_cd natn_name tr_mket_cd tr_mket_name ovrs_excg_cd ovrs_excg_name "
                "tr_crcy_cd ovrs_papr crcy_name ovrs_stck_dvsn_cd prdt_clsf_cd prdt_clsf_name sll_unit_qty "
                "buy_unit_qty tr_unit_amt lstg_stck_num lstg_dt ovrs_stck_tr_stop_dvsn_cd lstg_abol_item_yn "
                "ovrs_stck_prdt_grp_no lstg_yn tax_levy_yn ovrs_stck_erlm_rosn_cd ovrs_stck_hist_rght_dvsn_cd "
                "chng_bf_pdno prdt_type_cd_2 ovrs_item_name sedol_no blbg_tckr_text ovrs_stck_etf_risk_drtp_cd "
                "etp_chas_erng_rt_dbnb istt_usge_isin_cd mint_svc_yn mint_svc_yn_chng_dt prdt_name lei_cd "
                "ovrs_stck_stop_rson_cd lstg_abol_dt mini_stk_tr_stat_dvsn_cd mint_frst_svc_erlm_dt "
                "mint_dcpt_trad_psbl_yn mint_fnum_trad_psbl_yn mint_cblc_cvsn_ipsb_yn ptp_item_yn "
                "ptp_item_trfx_exmt_yn ptp_item_trfx_exmt_strt_dt ptp_item_trfx_exmt_end_dt dtm_tr_psbl_yn "
                "sdrf_stop_ecls_yn sdrf_stop_ecls_erlm_dt memo_text1 ovrs_now_pric1 last_rcvg_dtime"
            )
        },
        fn.TICKS: {"output1": _many("khms last sign diff rate evol tvol mtyp pbid pask vpow")},
        fn.MANY_PRICES: {
            "output": _one("nrec"),
            "output2": _many(
                "rsym excd symb knam exnm nnam stat1 stat2 zdiv last sign diff rate open high low pbid pask vbid vask "
                "bvol avol evol tvol tamt powx xhms khms curr base pvol pamt popen phigh plow shar mcap tomv h52p l52p "
                "h52d l52d hanp lanp hand land bnit t_xprc"
            ),
        },
    }
)

BY_TR_ID: Mapping[str, tuple[str, Layout]] = MappingProxyType(
    {
        tr_id: (function.path.rpartition("/")[2], layout)
        for function, layout in LAYOUTS.items()
        for tr_id in (function.real, function.paper)
        if tr_id
    }
)
