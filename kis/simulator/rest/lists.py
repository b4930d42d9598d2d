"""Sections 4.10 and 4.11: unfilled orders, and orders with their executions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kis.simulator import codes
from kis.simulator.book import Order
from kis.simulator.clock import seoul_hms, seoul_ymd, ymd
from kis.simulator.rest import fields
from kis.simulator.rest.call import ACCOUNT, CTX, Answer, Call, Endpoint, bad_field, num, ok, padded
from kis.simulator.rest.fields import BadField
from kis.simulator.rest.paging import page, said
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World

CCNL_ROWS = {codes.REAL: 20, codes.PAPER: 15}
NCCS_ROWS = 40


def span_text(world: World, order: Order) -> str:
    """How a sliced order is spread: its kind and its window on Korean clocks, blank for others."""
    if order.division not in codes.SLICED_NAMES:
        return ""
    start, end = world.exchange.span(order)
    return f"{codes.SLICED_NAMES[order.division]} {seoul_hms(start)}~{seoul_hms(end)}"


def _common(world: World, order: Order) -> dict[str, str]:
    """The fields that both lists share."""
    listing = world.market.listings[order.symbol]
    price = num(0 if order.kind == "cancel" else order.price, 8)
    rejected = order.status == "rejected"
    return {
        "ord_dt": ymd(order.date),
        "ord_gno_brno": codes.BRANCH[world.exchange.accounts[order.account_no].environment],
        "odno": order.number,
        "orgn_odno": order.original,
        "pdno": order.symbol,
        "prdt_name": listing.name,
        "sll_buy_dvsn_cd": codes.SIDE_CODES[order.side],
        "sll_buy_dvsn_cd_name": codes.SIDE_NAMES[order.side],
        "rjct_rson": "0001" if rejected else "",
        "rjct_rson_name": order.reason if order.status != "expired" or world.switches.expired_reason else "",
        "ord_tmd": seoul_hms(order.received_at),
        "tr_mket_name": listing.market.name,
        "tr_crcy_cd": "USD",
        "ft_ord_qty": str(order.quantity if order.kind != "cancel" or world.switches.cancel_row_quantity else 0),
        "ft_ccld_qty": str(order.filled),
        "nccs_qty": str(order.open),
        "ft_ord_unpr3": price,
        "ft_ccld_unpr3": num(order.average, 8),
        "ft_ccld_amt3": num(order.amount, 5),
        "ovrs_excg_cd": order.exchange,
        "loan_type_cd": "10",
        "loan_dt": "",
        "usa_amk_exts_rqst_yn": "Y" if world.exchange.accounts[order.account_no].extension else "N",
        "splt_buy_attr_name": span_text(world, order),
    }


def _status_name(order: Order) -> str:
    if order.status == "rejected":
        return "거부"
    return "전송" if order.alive else "완료"


def ccnl_row(world: World, order: Order) -> dict[str, str]:
    """One row of inquire-ccnl: one per order number, fills aggregated (4.11, Appendix E)."""
    return {
        **_common(world, order),
        "rvse_cncl_dvsn": codes.KIND_CODES[order.kind],
        "rvse_cncl_dvsn_name": codes.KIND_NAMES[order.kind],
        "prcs_stat_name": _status_name(order) if world.switches.status_names else "",
        "tr_natn": "840",
        "tr_natn_name": "미국",
        "dmst_ord_dt": seoul_ymd(order.received_at),
        "thco_ord_tmd": seoul_hms(order.received_at),
        "mdia_dvsn_name": order.channel,
    }


def nccs_row(world: World, order: Order) -> dict[str, str]:
    return {
        **_common(world, order),
        "rvse_cncl_dvsn_cd": codes.KIND_CODES[order.kind],
        "rvse_cncl_dvsn_cd_name": codes.KIND_NAMES[order.kind],
        "prcs_stat_name": "",
        "natn_cd": "840",
        "natn_kor_name": "미국",
    }


CCNL_FIELDS = codes.words(
    "ord_dt ord_gno_brno odno orgn_odno sll_buy_dvsn_cd sll_buy_dvsn_cd_name rvse_cncl_dvsn rvse_cncl_dvsn_name "
    "pdno prdt_name ft_ord_qty ft_ord_unpr3 ft_ccld_qty ft_ccld_unpr3 ft_ccld_amt3 nccs_qty prcs_stat_name rjct_rson "
    "rjct_rson_name ord_tmd tr_mket_name tr_natn tr_natn_name ovrs_excg_cd tr_crcy_cd dmst_ord_dt thco_ord_tmd "
    "loan_type_cd loan_dt mdia_dvsn_name usa_amk_exts_rqst_yn splt_buy_attr_name"
)


def _exchanges(call: Call) -> frozenset[str]:
    """NASD stands for all US exchanges here (4.0). Raises BadField."""
    code = call.params["OVRS_EXCG_CD"].strip()
    if code in ("", "%", "NASD"):
        return codes.ORDER_EXCHANGES
    if code not in codes.ORDER_EXCHANGES | codes.OTHER_ORDER_EXCHANGES:
        raise BadField("OVRS_EXCG_CD")
    return frozenset({code})


def _key(order: Order) -> str:
    return f"{ymd(order.date)}^{order.number}^"


# The only values that paper knows (4.11): all of it.
NO_FILTERS = {"PDNO": "", "SLL_BUY_DVSN": "00", "CCLD_NCCS_DVSN": "00", "OVRS_EXCG_CD": ""}


def _paper_filter_fault(call: Call) -> str | None:
    """Paper knows no filters: the name of the first field that holds one (4.11)."""
    return next((f for f, only in NO_FILTERS.items() if call.params[f].strip() != only), None)


@guarded
def ccnl(world: World, call: Call) -> Answer:
    """Orders and executions of a span of US dates. Order numbers are no filter (4.11)."""
    if call.side == codes.PAPER and (bad := _paper_filter_fault(call)):
        if world.switches.paper_refuses_filters:
            return bad_field(bad)
        call = replace(call, params={**call.params, **NO_FILTERS})
    p = call.params
    first, last = fields.day(call, "ORD_STRT_DT"), fields.day(call, "ORD_END_DT")
    wanted = _wanted(call)
    orders = [o for o in call.account.orders if first <= o.date <= last and wanted(o)]
    newest = world.switches.list_order == "newest" or (call.side == codes.REAL and p["SORT_SQN"].strip() == "AS")
    orders.sort(key=_key, reverse=newest)
    search = [p[f].strip() for f in ("CANO", "ACNT_PRDT_CD", "PDNO", "ORD_STRT_DT", "ORD_END_DT", "SORT_SQN")]
    shown, context, tr_cont, more = page(call, orders, _key, CCNL_ROWS[call.side], search, falling=newest)
    output: Any = [ccnl_row(world, o) for o in shown]
    if not output and world.switches.empty_ccnl_as_object:
        output = dict.fromkeys(CCNL_FIELDS, "")
    code, text = said(call, len(shown), more)
    return ok({**context, "output": output}, code, padded(text), tr_cont)


def _wanted(call: Call) -> Callable[[Order], bool]:
    """The filters of 4.11 together. Raises BadField."""
    symbol = call.params["PDNO"].strip()
    side = fields.one_of(call, "SLL_BUY_DVSN", ("", "00", "01", "02"))
    state = fields.one_of(call, "CCLD_NCCS_DVSN", ("", "00", "01", "02"))
    exchanges = _exchanges(call)

    def wanted(order: Order) -> bool:
        return (
            order.exchange in exchanges
            and symbol in ("", "%", order.symbol)
            and side in ("", "00", codes.SIDE_CODES[order.side])
            and {"01": order.filled > 0, "02": order.alive}.get(state, True)
        )

    return wanted


@guarded
def nccs(world: World, call: Call) -> Answer:
    """Orders that are still open. Without an exchange there is only the first page (4.10)."""
    exchanges = _exchanges(call)
    orders = [o for o in call.account.orders if o.alive and o.exchange in exchanges]
    newest = call.params["SORT_SQN"].strip() != "DS"
    orders.sort(key=_key, reverse=newest)
    if not call.params["OVRS_EXCG_CD"].strip():
        orders = orders[:NCCS_ROWS]
    search = [call.params[f].strip() for f in ("CANO", "ACNT_PRDT_CD", "OVRS_EXCG_CD", "SORT_SQN")]
    shown, context, tr_cont, more = page(call, orders, _key, NCCS_ROWS, search, falling=newest)
    code, text = said(call, len(shown), more)
    rows = [nccs_row(world, o) for o in shown]
    return ok({**context, "output": rows}, code, padded(text), tr_cont)


CCNL_QUERY = codes.words(
    "PDNO ORD_STRT_DT ORD_END_DT SLL_BUY_DVSN CCLD_NCCS_DVSN OVRS_EXCG_CD SORT_SQN ORD_DT ORD_GNO_BRNO ODNO"
)
ENDPOINTS = (
    Endpoint("GET", codes.TRADING + "inquire-ccnl", ccnl, (*ACCOUNT, *CCNL_QUERY, *CTX)),
    Endpoint("GET", codes.TRADING + "inquire-nccs", nccs, (*ACCOUNT, "OVRS_EXCG_CD", "SORT_SQN", *CTX)),
)
