"""Every REST function of the sheet on both sides: path, TR id, what is sent, what is read (sheet 1.3, 4).

What is expected stands in `sheet_table.py` and in the records below, typed in from the sheet and not from the client.
"""

import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kis import functions
from kis.config import KisConfig
from kis.wire import (
    balance_answers,
    balance_calls,
    bar_answers,
    history_answers,
    instrument_answers,
    instrument_calls,
    order_answers,
    order_calls,
    quote_answers,
    quote_calls,
    reservation_answers,
    reservation_calls,
    values,
)
from kis.wire import (
    fields as documented,
)
from kis.wire.answers import Answer
from kis.wire.calls import Call
from market.data import Period
from market.errors import NotInPaper
from market.orders import AmendTicket, CancelTicket, OrderTicket, Slicing
from market.prices import Screen, Span
from market.words import Environment, Exchange, Side, SliceBy, TimeInForce
from tests.kis.sheet_table import TABLE

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)
DAY = date(2026, 3, 12)
SIDES = {side: KisConfig(side, "k" * 36, "s" * 180, "5012345601") for side in Environment}
NVDA = ("NVDA", Exchange.NASDAQ)


def _order(side: Side, **more: Any) -> OrderTicket:
    return OrderTicket("NVDA", Exchange.NASDAQ, side, 10, more.pop("price", Decimal("184.25")), **more)


AMEND = AmendTicket("NVDA", Exchange.NASDAQ, "40901", 5, Decimal("184.20"))
CANCEL = CancelTicket("NVDA", Exchange.NASDAQ, "40901")

# Every call that the client can make of a function: each must fit the sheet.
Calls = Callable[[KisConfig], list[Call]]
CALLS: dict[str, Calls] = {
    "order_buy": lambda c: [order_calls.order(c, _order(Side.BUY))],
    "order_sell": lambda c: [order_calls.order(c, _order(Side.SELL))],
    "revise": lambda c: [order_calls.amend(c, AMEND), order_calls.cancel(c, CANCEL)],
    "reserve_buy": lambda c: [reservation_calls.reserve(c, _order(Side.BUY))],
    "reserve_sell": lambda c: [reservation_calls.reserve(c, _order(Side.SELL))],
    "reserve_cancel": lambda c: [reservation_calls.cancel(c, "30", DAY)],
    "reservations": lambda c: [reservation_calls.reservations(c, DAY, DAY)],
    "daytime_buy": lambda c: [order_calls.daytime_order(c, _order(Side.BUY))],
    "daytime_sell": lambda c: [order_calls.daytime_order(c, _order(Side.SELL))],
    "daytime_revise": lambda c: [order_calls.daytime_amend(c, AMEND), order_calls.daytime_cancel(c, CANCEL)],
    "balance": lambda c: [call for call, _ in balance_calls.balances(c)],
    "present_balance": lambda c: [balance_calls.present_balance(c)],
    "buying_power": lambda c: [balance_calls.buying_power(c, *NVDA, Decimal("184.25"))],
    "open_orders": lambda c: [order_calls.open_orders(c)],
    "executions": lambda c: [order_calls.executions(c, DAY, DAY)],
    "period_profit": lambda c: [balance_calls.period_profit(c, DAY, DAY)],
    "period_transactions": lambda c: [balance_calls.transactions(c, DAY, DAY)],
    "settled_balance": lambda c: [balance_calls.settled_balance(c, DAY)],
    "margin": lambda c: [balance_calls.margin(c)],
    "algo_orders": lambda c: [order_calls.sliced_orders(c, DAY)],
    "algo_fills": lambda c: [order_calls.slice_fills(c, DAY, "01790", "40901")],
    "price": lambda c: [quote_calls.price(c.environment, *NVDA)],
    "price_detail": lambda c: [quote_calls.price_detail(c.environment, *NVDA)],
    "order_book": lambda c: [quote_calls.order_book(c.environment, *NVDA)],
    "period_bars": lambda c: [quote_calls.period_bars(c.environment, *NVDA, period) for period in list(Period)[:3]],
    "minute_bars": lambda c: [
        quote_calls.minute_bars(c.environment, *NVDA, 1, 120),
        quote_calls.minute_bars(c.environment, *NVDA, 5, 500, until=NOW),
    ],
    "index_bars": lambda c: [quote_calls.index_bars(c.environment, "N", ".DJI", Period.DAY, first=DAY, last=DAY)],
    "settlement_dates": lambda c: [instrument_calls.settlement_dates(c.environment, DAY)],
    "instrument_info": lambda c: [instrument_calls.info(c.environment, *NVDA)],
    "ticks": lambda c: [quote_calls.trades(c.environment, *NVDA, today=True)],
    "many_prices": lambda c: [quote_calls.many_prices(c.environment, [NVDA])],
    "screener": lambda c: [
        quote_calls.screen(c.environment, Exchange.NASDAQ, Screen(price=Span(Decimal(1), Decimal(9))))
    ],
}
# Real takes more kinds of orders than paper.
ONLY_REAL: dict[str, Calls] = {
    "order_buy": lambda c: [
        order_calls.order(c, _order(Side.BUY, time_in_force=TimeInForce.AT_OPEN)),
        order_calls.order(c, _order(Side.BUY, time_in_force=TimeInForce.AT_CLOSE)),
        order_calls.order(c, _order(Side.BUY, slicing=Slicing(SliceBy.VWAP))),
        order_calls.order(c, _order(Side.BUY, slicing=Slicing(SliceBy.TWAP, NOW, NOW + timedelta(hours=1)))),
    ],
    "order_sell": lambda c: [
        order_calls.order(c, _order(Side.SELL, time_in_force=TimeInForce.AT_OPEN, price=None)),
        order_calls.order(c, _order(Side.SELL, time_in_force=TimeInForce.AT_CLOSE, price=None)),
    ],
    "reserve_sell": lambda c: [
        reservation_calls.reserve(c, _order(Side.SELL, time_in_force=TimeInForce.AT_OPEN, price=None))
    ],
    "reserve_buy": lambda c: [reservation_calls.reserve(c, _order(Side.BUY, slicing=Slicing(SliceBy.VWAP)))],
}
SCREENER_FIELD = re.compile(r"CO_(YN|ST|EN)_[A-Z]+|AUTH|EXCD|KEYB")


def test_the_clients_table_and_the_sheets_name_the_same_functions():
    assert set(functions.FUNCTIONS) == set(TABLE) == set(CALLS)


@pytest.mark.parametrize("side", list(Environment))
@pytest.mark.parametrize("name", TABLE)
class TestSent:
    def test_path_and_tr_id_are_the_sheets_and_paper_is_never_asked_for_what_it_lacks(self, name, side):
        row = TABLE[name]
        tr_id = row.real if side is Environment.REAL else row.paper
        if not tr_id:
            with pytest.raises(NotInPaper) as refused:
                CALLS[name](SIDES[side])
            assert len(refused.value.message.ko) > 20  # it says what to use instead
            return
        for call in self.calls(name, side):
            assert (call.method, call.path, call.tr_id) == (row.method, row.path, tr_id)

    def test_every_documented_field_is_sent_and_no_other(self, name, side):
        row = TABLE[name]
        for call in self.calls(name, side):
            assert all(isinstance(value, str) for value in call.fields.values())
            assert row.required <= set(call.fields)
            if name == "screener":
                assert all(SCREENER_FIELD.fullmatch(field) for field in call.fields)
            else:
                assert set(call.fields) <= row.allowed

    def test_a_further_page_asks_the_same_with_the_keys_as_they_came(self, name, side):
        for call in self.calls(name, side):
            if call.paging is None:
                continue
            page = call.next_page("F" * 200, "N" * 200)
            assert page.tr_cont == "N"
            assert [page.fields[key] for key in call.paging] == ["F" * 200, "N" * 200]
            assert {k: v for k, v in page.fields.items() if k not in call.paging} == {
                k: v for k, v in call.fields.items() if k not in call.paging
            }

    @staticmethod
    def calls(name: str, side: Environment) -> list[Call]:
        if side is Environment.PAPER and not TABLE[name].paper:
            return []
        more = ONLY_REAL.get(name, lambda _: []) if side is Environment.REAL else lambda _: []
        return [*CALLS[name](SIDES[side]), *more(SIDES[side])]


# --- what is read -------------------------------------------------------------------------------------------

# name=value, or name=value|other where the other value must be chosen; containers are named before a colon.
READ: list[tuple[str, Callable[[Answer], Any], str]] = [
    ("order_buy", order_answers.accepted, "output: KRX_FWDG_ORD_ORGNO=01790 ODNO=0000040901 ORD_TMD=231502"),
    ("reserve_buy", reservation_answers.reserved, "output: ODNO=0000000030"),
    ("reserve_cancel", reservation_answers.cancelled, "output: OVRS_RSVN_ODNO=0000000030"),
    (
        "reservations",
        reservation_answers.reservations,
        "output[]: cncl_yn=N|Y rsvn_ord_rcit_dt=20260312 ovrs_rsvn_odno=0000000030 ord_dt=20260312 ord_gno_brno=01790 "
        "odno=0000040901 sll_buy_dvsn_cd=02|01 ovrs_rsvn_ord_stat_cd=01 ovrs_rsvn_ord_stat_cd_name=접수 pdno=NVDA "
        "ord_rcit_tmd=101500 ovrs_excg_cd=NASD|NYSE ft_ord_qty=10 ft_ord_unpr3=184.25000000 ft_ccld_qty=4 "
        "ft_ccld_unpr3=184.24000000 nprc_rson_text=없음 splt_buy_attr_name=X",
    ),
    (
        "balance",
        lambda answer: balance_answers.holdings(answer, None),
        "output1[]: ovrs_pdno=NVDA frcr_evlu_pfls_amt=21.600000 pchs_avg_pric=182.0800 ovrs_cblc_qty=10 "
        "ord_psbl_qty=10 now_pric2=184.240000 ovrs_excg_cd=NASD|NYSE loan_type_cd=10 loan_dt=20260301",
    ),
    (
        "present_balance",
        lambda answer: balance_answers.balance_rows(answer, "ccld_qty_smtl1"),
        "output1[]: prdt_name=엔비디아 cblc_qty13=6.00000000 thdt_buy_ccld_qty1=4 thdt_sll_ccld_qty1=1 "
        "ccld_qty_smtl1=10.0 ord_psbl_qty1=10 frcr_pchs_amt=1820.8 frcr_evlu_amt2=1842.4 evlu_pfls_amt2=21.6 "
        "evlu_pfls_rt1=1.18 pdno=NVDA bass_exrt=1452.3 buy_crcy_cd=USD|KRW ovrs_now_pric1=184.24 avg_unpr3=182.08 "
        "std_pdno=US67066G1040 ovrs_excg_cd=NASD|NYSE",
    ),
    (
        "present_balance",
        balance_answers.currencies,
        "output2[]: crcy_cd=USD crcy_cd_name=달러 frcr_buy_amt_smtl=1.0 frcr_sll_amt_smtl=2.0 frcr_dncl_amt_2=8150.00 "
        "frst_bltn_exrt=1452.3 frcr_buy_mgn_amt=3.0 frcr_etc_mgna=4.0 frcr_drwg_psbl_amt_1=8000.0 frcr_evlu_amt2=5 "
        "nxdy_frcr_drwg_psbl_amt=6.0",
    ),
    (
        "present_balance",
        lambda answer: balance_answers.won_sums(answer, balance_answers.PRESENT_SUMS),
        "output3: pchs_amt_smtl=1 evlu_amt_smtl=2 evlu_pfls_amt_smtl=3 dncl_amt=4 tot_dncl_amt=5 wdrw_psbl_tot_amt=6 "
        "frcr_evlu_tota=7 evlu_erng_rt1=8 tot_asst_amt=9 buy_mgn_amt=10 mgna_tota=11 frcr_use_psbl_amt=12 "
        "ustl_sll_amt_smtl=13 ustl_buy_amt_smtl=14 tot_loan_amt=15",
    ),
    (
        "buying_power",
        balance_answers.buying_power,
        "output: ovrs_ord_psbl_amt=8129.67 max_ord_psbl_qty=44 exrt=1452.3 frcr_ord_psbl_amt1=11240.55 "
        "ovrs_max_ord_psbl_qty=60",
    ),
    (
        "open_orders",
        order_answers.executions,
        "output[]: ord_dt=20260312 odno=0000040901 orgn_odno=0000040900 sll_buy_dvsn_cd=02|01 rvse_cncl_dvsn_cd=01|02 "
        "pdno=NVDA rjct_rson_name=X ft_ord_qty=10 ft_ccld_qty=4 nccs_qty=6 ft_ord_unpr3=184.25 ft_ccld_unpr3=184.24 "
        "ovrs_excg_cd=NASD|NYSE prcs_stat_name=전송",
    ),
    (
        "executions",
        order_answers.executions,
        "output[]: ord_dt=20260312 odno=0000040901 orgn_odno=0000040900 sll_buy_dvsn_cd=02|01 rvse_cncl_dvsn=01|02 "
        "pdno=NVDA ft_ord_qty=10 ft_ord_unpr3=184.25 ft_ccld_qty=4 ft_ccld_unpr3=184.24 nccs_qty=6 prcs_stat_name=전송 "
        "rjct_rson_name=X ovrs_excg_cd=NASD|NYSE dmst_ord_dt=20260312 thco_ord_tmd=231502 mdia_dvsn_name=OpenAPI",
    ),
    (
        "period_profit",
        history_answers.profits,
        "output1[]: trad_day=20260311 ovrs_pdno=NVDA ovrs_item_name=엔비디아 slcl_qty=3 pchs_avg_pric=180.0 "
        "frcr_pchs_amt1=540 avg_sll_unpr=184 frcr_sll_amt_smtl1=552 stck_sll_tlex=1.38 ovrs_rlzt_pfls_amt=10.62 "
        "pftrt=1.96 exrt=1452.3 ovrs_excg_cd=NASD|NYSE",
    ),
    (
        "period_profit",
        history_answers.profit_sums,
        "output2: stck_sll_amt_smtl=552 stck_buy_amt_smtl=540 smtl_fee1=1.38 excc_dfrm_amt=550 "
        "ovrs_rlzt_pfls_tot_amt=10.62 tot_pftrt=1.96 exrt=1452.3",
    ),
    (
        "period_transactions",
        history_answers.transactions,
        "output1[]: trad_dt=20260311 sttl_dt=20260313 sll_buy_dvsn_cd=02|01 pdno=NVDA ovrs_item_name=엔비디아 "
        "ccld_qty=3 amt_unit_ccld_qty=0.5 ft_ccld_unpr2=184 tr_frcr_amt2=552 frcr_excc_amt_1=553 dmst_frcr_fee1=1.3 "
        "frcr_fee1=0.1 crcy_cd=USD|JPY std_pdno=US67066G1040 erlm_exrt=1452.3",
    ),
    (
        "period_transactions",
        history_answers.transaction_sums,
        "output2: frcr_buy_amt_smtl=552 frcr_sll_amt_smtl=1 dmst_fee_smtl=2 ovrs_fee_smtl=3",
    ),
    (
        "settled_balance",
        lambda answer: balance_answers.balance_rows(answer, "cblc_qty13"),
        "output1[]: pdno=NVDA prdt_name=엔비디아 cblc_qty13=10 ord_psbl_qty1=10 avg_unpr3=182.08 ovrs_now_pric1=184 "
        "frcr_pchs_amt=1820 frcr_evlu_amt2=1842 evlu_pfls_amt2=21 bass_exrt=1452 buy_crcy_cd=USD|JPY "
        "thdt_sll_ccld_qty1=1 thdt_buy_ccld_qty1=2 evlu_pfls_rt1=1.1 std_pdno=US67066G1040 ovrs_excg_cd=NASD|AMEX",
    ),
    (
        "settled_balance",
        lambda answer: balance_answers.won_sums(answer, balance_answers.SETTLED_SUMS),
        "output3: pchs_amt_smtl_amt=1 tot_evlu_pfls_amt=2 evlu_erng_rt1=3 tot_dncl_amt=4 wcrc_evlu_amt_smtl=5 "
        "tot_asst_amt2=6 frcr_cblc_wcrc_evlu_amt_smtl=7 tot_loan_amt=8",
    ),
    (
        "margin",
        balance_answers.margin,
        "output[]: natn_name=미국 crcy_cd=USD frcr_dncl_amt1=8150.000000 ustl_buy_amt=1.00 ustl_sll_amt=2.00 "
        "frcr_rcvb_amt=3 frcr_mgn_amt=4 frcr_gnrl_ord_psbl_amt=8000 frcr_ord_psbl_amt1=5 itgr_ord_psbl_amt=11000 "
        "bass_exrt=1452.3",
    ),
    (
        "algo_orders",
        lambda answer: order_answers.sliced_orders(answer, DAY),
        "output[]: odno=0000040901 trad_dvsn_name=TWAP pdno=NVDA item_name=엔비디아 ft_ord_qty=10 ft_ord_unpr3=184.25 "
        "splt_buy_attr_name=X ft_ccld_qty=4 ord_gno_brno=01790",
    ),
    (
        "algo_fills",
        order_answers.slice_fills,
        "output[]: ccld_seq=1 ccld_btwn=231500 pdno=NVDA ft_ccld_qty=4 ft_ccld_unpr3=184.24 ft_ccld_amt3=736.96",
    ),
    (
        "algo_fills",
        order_answers.slice_sums,
        "output3: odno=0000040901 pdno=NVDA ft_ord_qty=10 ft_ccld_qty=4 ft_ccld_unpr3=184.24 ft_ccld_amt3=736.96 "
        "ccld_cnt=1",
    ),
    ("price", lambda answer: quote_answers.quote(answer, *NVDA), "output: last=184.2400 tvol=9812345"),
    (
        "price_detail",
        lambda answer: quote_answers.price_detail(answer, *NVDA),
        "output: zdiv=4 curr=USD vnit=1 open=183 high=185 low=182 last=184.24 base=183.06 pvol=15 pamt=16 uplp=300 "
        "dnlp=100 h52p=250 h52d=20260102 l52p=90 l52d=20250404 perx=25 pbrx=5 epsx=7 bpsx=8 shar=1000 mcap=2000 "
        "tomv=3000 t_xprc=267000 t_rate=1452.3 p_rate=1450 e_ordyn=매매 e_hogau=0.0100 e_icod=기술 e_parp=0.0001 "
        "tvol=17 tamt=18 etyp_nm=ETF",
    ),
    (
        "order_book",
        lambda answer: quote_answers.order_book(answer, *NVDA),
        "output1: base=183.06 open=183 high=185 low=182 last=184.24 dymd=20260312 dhms=101509 bvol=1450 avol=1720",
    ),
    (
        "order_book",
        lambda answer: quote_answers.order_book(answer, *NVDA),
        "output2: pbid1=184.23 pask1=184.25 vbid1=120 vask1=300 dbid1=1 dask1=2 "
        "pbid10=184.14 pask10=184.34 vbid10=210 vask10=345 dbid10=3 dask10=4",
    ),
    (
        "period_bars",
        lambda answer: bar_answers.period_bars(answer, Period.DAY).rows,
        "output2[]: xymd=20260311 clos=184.24 open=183 high=999 low=1 tvol=100",
    ),
    (
        "minute_bars",
        lambda answer: bar_answers.minute_bars(answer, 1).rows,
        "output2[]: xymd=20260311 xhms=101500 open=183 high=999 low=1 last=184 evol=100",
    ),
    (
        "index_bars",
        lambda answer: bar_answers.index_bars(answer, Period.DAY).rows,
        "output2[]: stck_bsop_date=20260311 ovrs_nmix_prpr=43000 ovrs_nmix_oprc=42900 ovrs_nmix_hgpr=99999 "
        "ovrs_nmix_lwpr=1 acml_vol=5",
    ),
    (
        "settlement_dates",
        lambda answer: instrument_answers.settlement_dates(answer, DAY),
        "output[]: prdt_type_cd=512|513 tr_mket_cd=01 tr_mket_name=나스닥 acpl_sttl_dt=20260313 dmst_sttl_dt=20260316",
    ),
    (
        "instrument_info",
        lambda answer: instrument_answers.info(answer, *NVDA),
        "output: std_pdno=US67066G1040 prdt_eng_name=NVIDIA natn_cd=840 tr_mket_name=나스닥 ovrs_excg_cd=NASD|NYSE "
        "tr_crcy_cd=USD ovrs_papr=0.001 ovrs_stck_dvsn_cd=01|03 sll_unit_qty=1 buy_unit_qty=1 tr_unit_amt=2 "
        "lstg_stck_num=24 lstg_dt=19990122 ovrs_stck_tr_stop_dvsn_cd=01 lstg_abol_item_yn=N|Y lstg_yn=Y|N "
        "tax_levy_yn=N|Y chng_bf_pdno=OLD ovrs_item_name=엔비디아 sedol_no=S blbg_tckr_text=B "
        "ovrs_stck_etf_risk_drtp_cd=1 etp_chas_erng_rt_dbnb=2 lei_cd=L ovrs_stck_stop_rson_cd=1 lstg_abol_dt=20260101 "
        "mint_fnum_trad_psbl_yn=Y|N ptp_item_yn=N|Y ptp_item_trfx_exmt_yn=N|Y ptp_item_trfx_exmt_strt_dt=20260101 "
        "ptp_item_trfx_exmt_end_dt=20260201 dtm_tr_psbl_yn=Y|N ovrs_now_pric1=184.24",
    ),
    (
        "ticks",
        lambda answer: quote_answers.trades(answer, on=None, today=True),
        "output1[]: khms=231509 last=184.24 rate=+0.64 evol=4 tvol=9812345 mtyp=1 pbid=184.23 pask=184.25 vpow=103.06",
    ),
    (
        "many_prices",
        lambda answer: quote_answers.many_prices(answer, [NVDA]),
        "output2[]: excd=NAS|NYS symb=NVDA knam=엔비디아 last=184.24 open=183 high=185 low=182 pbid=184.23 pask=184.25 "
        "vbid=120 vask=300 tvol=9812345 tamt=18 xhms=101509 curr=USD base=183.06 pvol=15 shar=1000 tomv=3000 h52p=250 "
        "l52p=90 h52d=20260102 l52d=20250404",
    ),
]


def _record(words: str) -> dict[str, tuple[str, str]]:
    """name -> (value, another value that a reader must tell from it)."""
    found = {}
    for word in words.split():
        name, _, both = word.partition("=")
        value, _, other = both.partition("|")
        found[name] = (value, other or _other(value))
    return found


def _other(value: str) -> str:
    if re.fullmatch(r"(19|20)\d{6}", value):
        return "20250602"
    if re.fullmatch(r"\d{6}", value):
        return "020304"
    number = value.lstrip("+")
    if re.fullmatch(r"\d+(\.\d+)?", number):
        return str(Decimal(number) + 7)
    return "Y" + value


def _answer(container: str, record: dict[str, str]) -> Answer:
    name, many = container.removesuffix("[]"), container.endswith("[]")
    body = {"rt_cd": "0", "msg_cd": "X", "msg1": "", name: [record] if many else record}
    return Answer(200, values.json_object(json.dumps(body).encode()), "", NOW)


def _tried(read: Callable[[Answer], Any], answer: Answer) -> Any:
    try:
        return read(answer)
    except values.Unreadable as problem:
        return str(problem)


def _said(found: Any) -> Any:
    """What was read, without the raw answer beside it."""
    if is_dataclass(found):
        return tuple(_said(getattr(found, f.name)) for f in fields(found) if f.name != "raw")
    if isinstance(found, tuple | list):
        return tuple(_said(item) for item in found if not isinstance(item, dict))
    return found


@pytest.mark.parametrize(("name", "read", "words"), READ, ids=[f"{n}-{w.partition(':')[0]}" for n, _, w in READ])
class TestRead:
    def test_each_of_these_fields_is_read_and_makes_a_difference(self, name, read, words):
        container, _, rest = words.partition(": ")
        record = _record(rest)
        plain = {field: value for field, (value, _) in record.items()}
        before = _said(read(_answer(container, plain)))
        for field, (_, other) in record.items():
            assert _said(_tried(read, _answer(container, {**plain, field: other}))) != before, field

    def test_names_are_the_sheets_in_any_case_and_padding_changes_nothing(self, name, read, words):
        container, _, rest = words.partition(": ")
        plain = {field: value for field, (value, _) in _record(rest).items()}
        layout = documented.LAYOUTS[functions.FUNCTIONS[name]][container.removesuffix("[]")]
        assert {field.lower() for field in plain} <= layout.fields | layout.also
        shouted = {field.upper(): f" {value}  " for field, value in plain.items()}
        assert _said(read(_answer(container, shouted))) == _said(read(_answer(container, plain)))

    def test_an_object_and_a_list_of_one_say_the_same(self, name, read, words):
        container, _, rest = words.partition(": ")
        plain = {field: value for field, (value, _) in _record(rest).items()}
        turned = container.removesuffix("[]") if container.endswith("[]") else f"{container}[]"
        assert _said(read(_answer(turned, plain))) == _said(read(_answer(container, plain)))


def test_every_function_that_answers_with_data_has_a_record_here():
    same = {"order_sell", "revise", "reserve_sell", "daytime_buy", "daytime_sell", "daytime_revise"}
    undocumented = {"screener"}  # 4.25: nobody documented what it answers
    assert {name for name, _, _ in READ} == set(TABLE) - same - undocumented
