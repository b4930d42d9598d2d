"""What KIS says of one instrument, and when its trades settle."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import errors, instruments
from kis.wire import instrument_answers, instrument_calls, values
from kis.wire.answers import Answer
from market.errors import NotInPaper
from market.instruments import InstrumentKind
from market.words import Environment, Exchange, Lane

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
REAL = Environment.REAL

INFO = {
    "std_pdno": "US74347W8368",
    "prdt_eng_name": "PROSHARES ULTRAPRO QQQ",
    "natn_cd": "840",
    "tr_mket_cd": "01",
    "tr_mket_name": "나스닥",
    "ovrs_excg_cd": "NASD",
    "tr_crcy_cd": "USD",
    "ovrs_papr": "0.00000",
    "ovrs_stck_dvsn_cd": "03",
    "sll_unit_qty": "1",
    "buy_unit_qty": "1",
    "tr_unit_amt": "0",
    "lstg_stck_num": "312000000",
    "lstg_dt": "20100211",
    "ovrs_stck_tr_stop_dvsn_cd": "01",
    "lstg_abol_item_yn": "N",
    "lstg_yn": "Y",
    "tax_levy_yn": "Y",
    "chng_bf_pdno": "",
    "ovrs_item_name": "PROSHARES QQQ 3X",
    "sedol_no": "B64HDL9",
    "blbg_tckr_text": "TQQQ US Equity",
    "ovrs_stck_etf_risk_drtp_cd": "001",
    "etp_chas_erng_rt_dbnb": "3.000000",
    "ptp_item_yn": "N",
    "ptp_item_trfx_exmt_yn": "",
    "ptp_item_trfx_exmt_strt_dt": "",
    "ptp_item_trfx_exmt_end_dt": "",
    "dtm_tr_psbl_yn": "Y",
    "mint_fnum_trad_psbl_yn": "Y",
    "lei_cd": "",
    "lstg_abol_dt": "",
    "ovrs_stck_stop_rson_cd": "",
    "ovrs_now_pric1": "0.00000",
}


def answer(body: object) -> Answer:
    return Answer(200, values.json_object(json.dumps(body).encode()), "", NOW)


class TestInfo:
    def test_the_question_names_the_exchange_by_its_product_type(self):
        codes = [instrument_calls.info(REAL, "X", exchange).fields["PRDT_TYPE_CD"] for exchange in Exchange]
        assert codes == ["512", "513", "529"]

    def test_what_matters_is_typed(self):
        found = instrument_answers.info(answer({"output": INFO}), "TQQQ", Exchange.NASDAQ)
        assert (found.isin, found.sedol, found.bloomberg_ticker) == ("US74347W8368", "B64HDL9", "TQQQ US Equity")
        assert (found.kind, found.leverage, found.exchange) == (InstrumentKind.ETP, Decimal(3), Exchange.NASDAQ)
        assert (found.buy_unit, found.sell_unit, found.listed_on) == (1, 1, date(2010, 2, 11))
        assert (found.listed, found.delisted, found.trading_stop_code) == (True, False, "01")
        assert (found.ptp, found.daytime_tradable, found.fractional_tradable) == (False, True, True)
        assert (found.read_at, found.raw) == (NOW, INFO)

    def test_blanks_are_none_never_no(self):
        found = instrument_answers.info(answer({"output": INFO}), "TQQQ", Exchange.NASDAQ)
        assert (found.ptp_exempt, found.delisted_on, found.former_symbol, found.last_price) == (None, None, "", None)
        bare = instrument_answers.info(answer({"output": {"std_pdno": "US1"}}), "TQQQ", Exchange.NASDAQ)
        assert (bare.listed, bare.ptp, bare.leverage, bare.kind, bare.buy_unit) == (None,) * 5

    @pytest.mark.parametrize("output", [{}, None, [], dict.fromkeys(INFO, ""), [dict.fromkeys(INFO, " ")]])
    def test_an_answer_of_blanks_is_no_instrument(self, output):
        assert instrument_answers.info(answer({"output": output}), "TQQQ", Exchange.NASDAQ) is None

    @given(
        st.dictionaries(st.sampled_from(list(INFO)), st.one_of(st.none(), st.text(max_size=10), st.lists(st.none())))
    )
    def test_whatever_arrives(self, odd):
        found = instrument_answers.info(answer({"output": INFO | odd}), "TQQQ", Exchange.NASDAQ)
        assert found is None or found.symbol == "TQQQ"


MARKETS = [
    {"prdt_type_cd": "512", "tr_natn_cd": "840", "tr_mket_cd": "01", "tr_mket_name": "나스닥"},
    {"prdt_type_cd": "513", "tr_natn_cd": "840", "tr_mket_cd": "02", "tr_mket_name": "뉴욕"},
    {"prdt_type_cd": "515", "tr_natn_cd": "392", "tr_mket_cd": "01", "tr_mket_name": "도쿄"},
]
DATES = {"acpl_sttl_dt": "20260313", "dmst_sttl_dt": "20260316"}


class TestSettlement:
    def test_one_row_a_us_market_with_both_dates(self):
        body = {"output": [market | DATES for market in MARKETS]}
        page = instrument_answers.settlement_dates(answer(body), date(2026, 3, 12))
        assert [row.exchange for row in page.rows] == [Exchange.NASDAQ, Exchange.NYSE]
        assert {(row.settles_on, row.settles_in_korea_on) for row in page.rows} == {
            (date(2026, 3, 13), date(2026, 3, 16))
        }

    def test_pages_have_twenty_letter_keys_of_their_own_name(self):
        fields = instrument_calls.settlement_dates(REAL, date(2026, 3, 12)).fields
        assert fields == {"TRAD_DT": "20260312", "CTX_AREA_FK": "", "CTX_AREA_NK": ""}


class TestAtTheSimulator:
    async def test_an_instrument_is_found_on_the_exchange_that_lists_it(self, client):
        found = await instruments.get_info("KO", client=client)
        assert (found.symbol, found.exchange, found.currency) == ("KO", Exchange.NYSE, "USD")
        assert found.isin.startswith("US")

    async def test_no_data_is_an_error_of_its_own(self, client):
        with pytest.raises(errors.NoInstrument, match="NOSUCH"):
            await instruments.get_info("NOSUCH", client=client)
        with pytest.raises(errors.NoInstrument):
            await instruments.get_info("KO", Exchange.NASDAQ, client=client)

    async def test_paper_has_neither_and_names_the_substitute(self, make_client):
        client = make_client("paper")
        with pytest.raises(NotInPaper, match="master"):
            await instruments.get_info("KO", client=client)
        with pytest.raises(NotInPaper, match="trading days"):
            await instruments.read_settlement_dates(date(2026, 3, 12), client=client, lane=Lane.SCAN)

    async def test_a_trade_settles_later_here_than_there_market_by_market(self, client):
        day = date(2026, 3, 12)
        found = await instruments.read_settlement_dates(day, client=client, lane=Lane.SCAN)
        assert found.complete
        assert {row.exchange for row in found.rows} == set(Exchange)
        assert all(day < row.settles_on <= row.settles_in_korea_on for row in found.rows)
        assert await instruments.get_settlement_dates(day, client=client) == list(found.rows)
