"""Sections 4.23 and 4.24: what an instrument is, and when a trade of a day settles (real only)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kis.simulator import codes
from kis.simulator.clock import seoul_hms, seoul_ymd, ymd
from kis.simulator.company import Company
from kis.simulator.listing import Listing
from kis.simulator.market import View
from kis.simulator.rest import fields
from kis.simulator.rest.balance import isin
from kis.simulator.rest.call import Answer, Call, Endpoint, ok, padded, price, refusal
from kis.simulator.rest.paging import CTX20, page, said
from kis.simulator.rest.refusing import guarded
from kis.simulator.settlement import settles_abroad, settles_on
from kis.simulator.world import World

# Section 4.24, in its order.
INFO = codes.words(
    "std_pdno prdt_eng_name natn_cd natn_name tr_mket_cd tr_mket_name ovrs_excg_cd ovrs_excg_name tr_crcy_cd ovrs_papr "
    "crcy_name ovrs_stck_dvsn_cd prdt_clsf_cd prdt_clsf_name sll_unit_qty buy_unit_qty tr_unit_amt lstg_stck_num "
    "lstg_dt ovrs_stck_tr_stop_dvsn_cd lstg_abol_item_yn ovrs_stck_prdt_grp_no lstg_yn tax_levy_yn "
    "ovrs_stck_erlm_rosn_cd ovrs_stck_hist_rght_dvsn_cd chng_bf_pdno prdt_type_cd_2 ovrs_item_name sedol_no "
    "blbg_tckr_text ovrs_stck_etf_risk_drtp_cd etp_chas_erng_rt_dbnb istt_usge_isin_cd mint_svc_yn "
    "mint_svc_yn_chng_dt prdt_name lei_cd ovrs_stck_stop_rson_cd lstg_abol_dt mini_stk_tr_stat_dvsn_cd "
    "mint_frst_svc_erlm_dt mint_dcpt_trad_psbl_yn mint_fnum_trad_psbl_yn mint_cblc_cvsn_ipsb_yn ptp_item_yn "
    "ptp_item_trfx_exmt_yn ptp_item_trfx_exmt_strt_dt ptp_item_trfx_exmt_end_dt dtm_tr_psbl_yn sdrf_stop_ecls_yn "
    "sdrf_stop_ecls_erlm_dt memo_text1 ovrs_now_pric1 last_rcvg_dtime"
)


def search_info(world: World, call: Call) -> Answer:
    """Instrument facts; no data is rt_cd 7 (4.24)."""
    found = world.market.listings.get(call.params["PDNO"].strip())
    if found is None or found.market.product_type != call.params["PRDT_TYPE_CD"].strip():
        return refusal("7", "KIOK0560", "조회할 자료가 없습니다")
    known = {**_names(found), **_rules(found), **_price(world.market.view(found.symbol, call.now))}
    return ok({"output": {name: known.get(name, "") for name in INFO}}, "KIOK0530", "조회되었습니다")


def _names(found: Listing) -> dict[str, str]:
    return {
        "std_pdno": isin(found),
        "prdt_eng_name": found.english,
        "natn_cd": "840",
        "natn_name": "미국",
        "tr_mket_cd": found.market.number,
        "tr_mket_name": found.market.name,
        "ovrs_excg_cd": found.market.order,
        "ovrs_excg_name": found.market.name,
        "tr_crcy_cd": "USD",
        "crcy_name": "미국 달러",
        "prdt_type_cd_2": found.market.product_type,
        "ovrs_item_name": found.name,
        "prdt_name": found.name,
        "blbg_tckr_text": f"{found.symbol} US",
        "istt_usge_isin_cd": isin(found),
    }


def _rules(found: Listing) -> dict[str, str]:
    return {
        "ovrs_papr": "0.00010",
        "ovrs_stck_dvsn_cd": "03" if found.etf else "01",
        "prdt_clsf_cd": "101310",
        "prdt_clsf_name": "해외ETF" if found.etf else "해외주식",
        "sll_unit_qty": "1",
        "buy_unit_qty": "1",
        "tr_unit_amt": "0",
        "lstg_stck_num": str(Company.of(found).shares),
        "lstg_dt": ymd(found.listed),
        "ovrs_stck_tr_stop_dvsn_cd": "01",
        "lstg_abol_item_yn": "N",
        "lstg_yn": "Y",
        "tax_levy_yn": "N",
        "etp_chas_erng_rt_dbnb": found.leverage or ("1" if found.etf else ""),
        "mint_svc_yn": "N",
        "mint_dcpt_trad_psbl_yn": "N",
        "mint_fnum_trad_psbl_yn": "N",
        "mint_cblc_cvsn_ipsb_yn": "N",
        "ptp_item_yn": "Y" if found.ptp else "N",
        "ptp_item_trfx_exmt_yn": "N",
        "dtm_tr_psbl_yn": "Y" if found.daytime else "N",
        "sdrf_stop_ecls_yn": "N",
    }


def _price(view: View) -> dict[str, str]:
    return {
        "ovrs_now_pric1": price(view.tick.last, 5),
        "last_rcvg_dtime": seoul_ymd(view.at) + seoul_hms(view.at),
    }


@dataclass(frozen=True, slots=True)
class Place:
    """A market abroad, as 4.23 lists it."""

    product_type: str
    nation: str
    nation_name: str
    letters: str
    number: str
    name: str


US = tuple(Place(m.product_type, "840", "미국", "US", m.number, m.name) for m in codes.MARKETS.values())
ELSEWHERE = (
    Place("515", "392", "일본", "JP", "01", "도쿄거래소"),
    Place("501", "344", "홍콩", "HK", "01", "홍콩거래소"),
    Place("551", "156", "중국", "CN", "01", "상해거래소"),
    Place("552", "156", "중국", "CN", "02", "심천거래소"),
    Place("507", "704", "베트남", "VN", "01", "하노이거래소"),
    Place("508", "704", "베트남", "VN", "02", "호치민거래소"),
)


@guarded
def settlement_dates(world: World, call: Call) -> Answer:
    """When a trade of this date settles, market by market. Not a calendar of sessions."""
    traded = fields.day(call, "TRAD_DT")
    if not 1990 <= traded.year <= 2100:  # nobody's calendar says what settles then
        raise fields.BadField("TRAD_DT")
    open_there = bool(world.market.calendar.day(traded).sessions)
    american = () if not open_there and world.switches.holiday_rows == "missing" else US
    rows = [_american(world, place, traded) for place in american]
    rows += [_row(place, _weekday(traded, 2), _weekday(traded, 2)) for place in ELSEWHERE]
    search = [call.params["TRAD_DT"].strip()]
    size = world.switches.holiday_page
    shown, context, tr_cont, more = page(call, rows, _key, size, search, CTX20)
    code, text = said(call, len(shown), more)
    return ok({**context, "output": list(shown)}, code, padded(text), tr_cont)


def _american(world: World, place: Place, traded: date) -> dict[str, str]:
    """What is ordered on a holiday is traded on the next trading day."""
    calendar = world.market.calendar
    day = traded if calendar.day(traded).sessions else calendar.business_day(traded, 1)
    return _row(place, settles_abroad(world, day), settles_on(world, day))


def _row(place: Place, abroad: date, here: date) -> dict[str, str]:
    return {
        "prdt_type_cd": place.product_type,
        "tr_natn_cd": place.nation,
        "tr_natn_name": place.nation_name,
        "natn_eng_abrv_cd": place.letters,
        "tr_mket_cd": place.number,
        "tr_mket_name": place.name,
        "acpl_sttl_dt": ymd(abroad),
        "dmst_sttl_dt": ymd(here),
    }


def _key(row: dict[str, str]) -> str:
    return f"{row['prdt_type_cd']}^{row['tr_mket_cd']}^"


def _weekday(day: date, after: int) -> date:
    while after:
        day += timedelta(days=1)
        after -= day.weekday() < 5
    return day


ENDPOINTS = (
    Endpoint("GET", codes.QUOTES + "search-info", search_info, ("PRDT_TYPE_CD", "PDNO")),
    Endpoint("GET", codes.STOCK_QUOTES + "countries-holiday", settlement_dates, ("TRAD_DT", *CTX20.fields)),
)
