"""Section 4.16: TWAP and VWAP orders, and the fills of one of them (real only)."""

from __future__ import annotations

from typing import Any

from kis.simulator import codes
from kis.simulator.book import Fill, Order
from kis.simulator.clock import seoul_hms
from kis.simulator.rest import fields
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, num, ok, padded
from kis.simulator.rest.lists import span_text
from kis.simulator.rest.paging import page, said
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World

ROWS = 20  # the sheet does not say how many
SUMMARY = codes.words(
    "odno trad_dvsn_name pdno item_name ft_ord_qty ft_ord_unpr3 ord_tmd splt_buy_attr_name ft_ccld_qty tr_crcy "
    "ft_ccld_unpr3 ft_ccld_amt3 ccld_cnt"
)


@guarded
def algo_orders(world: World, call: Call) -> Answer:
    """The sliced orders of a US date."""
    day = fields.day(call, "TRAD_DT")
    orders = [o for o in call.account.orders if o.date == day and o.kind != "cancel" and _sliced(o)]
    search = [call.params[f].strip() for f in (*ACCOUNT, "TRAD_DT")]
    shown, context, tr_cont, more = page(call, orders, lambda o: f"{o.number}^", ROWS, search)
    code, text = said(call, len(shown), more)
    rows = [_named(world, _order_row(world, o)) for o in shown]
    return ok({**context, "output": rows}, code, padded(text), tr_cont)


def _named(world: World, row: dict[str, str]) -> dict[str, str]:
    """With field names as this client reads them."""
    return {k.upper(): v for k, v in row.items()} if world.switches.algo_names == "upper" else row


def _sliced(order: Order) -> bool:
    return order.division in codes.SLICED_NAMES


def _order_row(world: World, order: Order) -> dict[str, str]:
    return {
        "odno": order.number,
        "trad_dvsn_name": codes.SIDE_NAMES[order.side],
        "pdno": order.symbol,
        "item_name": world.market.listings[order.symbol].name,
        "ft_ord_qty": str(order.quantity),
        "ft_ord_unpr3": num(order.price, 8),
        "splt_buy_attr_name": span_text(world, order),
        "ft_ccld_qty": str(order.filled),
        "ord_gno_brno": codes.BRANCH[codes.REAL],
    }


@guarded
def algo_fills(world: World, call: Call) -> Answer:
    """Each execution of one order, and their sum when it is asked for."""
    number = call.params["ODNO"].strip()
    day = fields.day(call, "ORD_DT") if call.params["ORD_DT"].strip() else world.exchange.date_of(call.now)
    order = call.account.find(number, day) if number else None
    found = order if order is not None and _sliced(order) else None
    fills = list(enumerate(found.fills, 1)) if found else []
    search = [call.params[f].strip() for f in (*ACCOUNT, "ORD_DT", "ODNO")]
    shown, context, tr_cont, more = page(call, fills, lambda pair: f"{pair[0]}^", ROWS, search)
    rows = [_named(world, _fill_row(world, found, *pair)) for pair in shown] if found else []
    totals = call.params["TTLZ_ICLD_YN"].strip() != "N"
    summary = _summary(world, found) if found and totals else dict.fromkeys(SUMMARY, "")
    code, text = said(call, len(rows), more)
    return ok({**context, **_contained(world, rows, _named(world, summary))}, code, padded(text), tr_cont)


def _contained(world: World, rows: list[dict[str, str]], summary: dict[str, str]) -> dict[str, Any]:
    """In the containers that the official sample reads, or in those of the workbook: the sources differ."""
    if world.switches.algo_containers == "workbook":
        return {"output1": rows, "output2": summary}
    return {"output": rows, "output3": [summary]}


def _fill_row(world: World, order: Order, number: int, fill: Fill) -> dict[str, str]:
    return {
        "ccld_seq": str(number),
        "ccld_btwn": seoul_hms(fill.at),
        "pdno": order.symbol,
        "item_name": world.market.listings[order.symbol].name,
        "ft_ccld_qty": str(fill.quantity),
        "ft_ccld_unpr3": num(fill.price, 8),
        "ft_ccld_amt3": num(fill.price * fill.quantity, 5),
    }


def _summary(world: World, order: Order) -> dict[str, str]:
    whole = {
        **_order_row(world, order),
        "ord_tmd": seoul_hms(order.received_at),
        "tr_crcy": "USD",
        "ft_ccld_unpr3": num(order.average, 8),
        "ft_ccld_amt3": num(order.amount, 5),
        "ccld_cnt": str(len(order.fills)),
    }
    return {name: whole[name] for name in SUMMARY}


QUERY = ("ORD_DT", "ORD_GNO_BRNO", "ODNO", "TTLZ_ICLD_YN")
ENDPOINTS = (
    Endpoint("GET", codes.TRADING + "algo-ordno", algo_orders, (*ACCOUNT, "TRAD_DT")),
    Endpoint("GET", codes.TRADING + "inquire-algo-ccnl", algo_fills, (*ACCOUNT, *QUERY)),
)
