"""Answers about instruments and settlement (sheet 4.23, 4.24), in the house's words."""

from datetime import date

from kis import codes
from kis.wire.answers import Answer, Page, table
from kis.wire.quote_answers import positive
from kis.wire.values import Row, rows
from market.instruments import InstrumentInfo, InstrumentKind, SettlementDate
from market.words import Exchange

_YES_NO = {"Y": True, "N": False}
_EXCHANGE_OF_PRODUCT = {code: exchange for exchange, code in codes.PRODUCT_TYPE.items()}
# 4.24 ovrs_stck_dvsn_cd; the sheet calls the mapping unverified, so an unknown code is no kind
_KIND = {
    "01": InstrumentKind.STOCK,
    "02": InstrumentKind.WARRANT,
    "03": InstrumentKind.ETP,
    "04": InstrumentKind.STOCK,
}


def info(answer: Answer, symbol: str, exchange: Exchange) -> InstrumentInfo | None:
    """All about one instrument (4.24); None when everything is blank."""
    row = next(rows(answer.body, "output"), Row({}))
    if row.blank:
        return None
    return InstrumentInfo(
        symbol=symbol,
        exchange=codes.EXCHANGE_OF.get(row.text("ovrs_excg_cd"), exchange),
        read_at=answer.received_at,
        isin=row.text("std_pdno", "istt_usge_isin_cd"),
        name_ko=row.text("ovrs_item_name", "prdt_name"),
        name_en=row.text("prdt_eng_name"),
        currency=row.text("tr_crcy_cd"),
        kind=_KIND.get(row.text("ovrs_stck_dvsn_cd")),
        country_code=row.text("natn_cd"),
        market_name=row.text("tr_mket_name"),
        sedol=row.text("sedol_no"),
        bloomberg_ticker=row.text("blbg_tckr_text"),
        lei=row.text("lei_cd"),
        former_symbol=row.text("chng_bf_pdno"),
        buy_unit=row.integer("buy_unit_qty"),
        sell_unit=row.integer("sll_unit_qty"),
        unit_amount=row.decimal("tr_unit_amt"),
        par_value=row.decimal("ovrs_papr"),
        listed_shares=row.integer("lstg_stck_num"),
        listed=_flag(row, "lstg_yn"),
        listed_on=row.day("lstg_dt"),
        delisted=_flag(row, "lstg_abol_item_yn"),
        delisted_on=row.day("lstg_abol_dt"),
        trading_stop_code=row.text("ovrs_stck_tr_stop_dvsn_cd"),
        stop_reason_code=row.text("ovrs_stck_stop_rson_cd"),
        taxed=_flag(row, "tax_levy_yn"),
        etf_risk_code=row.text("ovrs_stck_etf_risk_drtp_cd"),
        leverage=row.decimal("etp_chas_erng_rt_dbnb"),
        ptp=_flag(row, "ptp_item_yn"),
        ptp_exempt=_flag(row, "ptp_item_trfx_exmt_yn"),
        ptp_exempt_from=row.day("ptp_item_trfx_exmt_strt_dt"),
        ptp_exempt_until=row.day("ptp_item_trfx_exmt_end_dt"),
        daytime_tradable=_flag(row, "dtm_tr_psbl_yn"),
        fractional_tradable=_flag(row, "mint_fnum_trad_psbl_yn"),
        last_price=positive(row, "ovrs_now_pric1"),
        raw=row.raw,
    )


def settlement_dates(answer: Answer, trade_date: date) -> Page[SettlementDate]:
    """When US trades of a date settle (4.23): one row a market; rows of other countries are left out."""

    def read(row: Row) -> SettlementDate | None:
        exchange = _EXCHANGE_OF_PRODUCT.get(row.text("prdt_type_cd"))
        if row.blank or (row.text("tr_natn_cd") != codes.US and exchange is None):
            return None
        return SettlementDate(
            trade_date=trade_date,
            exchange=exchange,
            market_code=row.text("tr_mket_cd"),
            market_name=row.text("tr_mket_name"),
            settles_on=row.day("acpl_sttl_dt"),
            settles_in_korea_on=row.day("dmst_sttl_dt"),
            raw=row.raw,
        )

    return table(answer, read, "output")


def _flag(row: Row, name: str) -> bool | None:
    return _YES_NO.get(row.text(name).upper())
