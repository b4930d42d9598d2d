"""Sections 4.3 to 4.5: orders reserved for the next opening, their cancels, their list."""

from __future__ import annotations

from kis.simulator import codes
from kis.simulator.book import Order
from kis.simulator.clock import seoul_hms, ymd
from kis.simulator.exchange import NewOrder
from kis.simulator.reservations import Reservation
from kis.simulator.rest import fields
from kis.simulator.rest.call import ACCOUNT, CTX, Answer, Call, Endpoint, num, ok, padded
from kis.simulator.rest.orders import SLICED, check_division, check_registered, limit
from kis.simulator.rest.paging import page, said
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World

# Section 4.0: of the special types, an opening can only be met by market-on-open, and only by a sell.
DIVISIONS = {
    "buy": frozenset({codes.LIMIT, codes.TWAP, codes.VWAP}),
    "sell": frozenset({codes.LIMIT, codes.MOO, codes.TWAP, codes.VWAP}),
}
ROWS = 20  # the sheet does not say how many


@guarded
def reserve(world: World, call: Call) -> Answer:
    """Take a reservation. Its number is all that the answer tells."""
    side = "buy" if call.tr_id in codes.BUY_TRS else "sell"
    division = check_division(call, side, DIVISIONS, codes.LIMIT)
    if division in SLICED and call.params.get("ALGO_ORD_TMD_DVSN_CD", "").strip() != "02":
        raise fields.BadField("ALGO_ORD_TMD_DVSN_CD")
    symbol = call.params["PDNO"].strip()
    check_registered(world, symbol)
    new = NewOrder(
        symbol,
        fields.exchange(call),
        side,
        fields.whole(call, "FT_ORD_QTY"),
        limit(call, "FT_ORD_UNPR3", division),
        division=division,
    )
    found = world.reservations.accept(call.account, new, call.now)
    world.keep()
    return ok({"output": {"ODNO": found.number}}, *codes.ACCEPTED[call.side][side])


@guarded
def unreserve(world: World, call: Call) -> Answer:
    """Cancel a reservation by the date of its receipt and its number."""
    received = fields.day(call, "RSVN_ORD_RCIT_DT")
    found = world.reservations.cancel(call.account, received, call.params["OVRS_RSVN_ODNO"])
    world.keep()
    return ok({"output": {"OVRS_RSVN_ODNO": found.number}}, *codes.RESERVATION_CANCELLED)


@guarded
def reservations(world: World, call: Call) -> Answer:
    """What was reserved, by date of receipt."""
    first, last = (fields.day(call, name) for name in ("INQR_STRT_DT", "INQR_END_DT"))
    whole_shares = fields.one_of(call, "INQR_DVSN_CD", ("", "00", "01", "02")) != "02"
    kinds = _kinds(call)
    found = [
        r
        for r in world.reservations.of(call.account.account_no)
        if whole_shares and first <= r.received_on <= last and world.market.listings[r.symbol].market in kinds
    ]
    search = [call.params[f].strip() for f in (*ACCOUNT, "INQR_STRT_DT", "INQR_END_DT", "INQR_DVSN_CD")]
    shown, context, tr_cont, more = page(call, found, _key, ROWS, search)
    code, text = said(call, len(shown), more)
    return ok({**context, "output": [_row(world, call, r) for r in shown]}, code, padded(text), tr_cont)


def _kinds(call: Call) -> list[codes.Market]:
    """The exchanges asked for, by product type and by exchange; blank is all of the US. Asia has a TR of its own."""
    if call.tr_id == codes.ASIAN_RESERVATIONS:
        return []
    product = fields.one_of(call, "PRDT_TYPE_CD", ("", *(m.product_type for m in codes.MARKETS.values())))
    code = fields.one_of(call, "OVRS_EXCG_CD", ("", *codes.ORDER_EXCHANGES, *codes.OTHER_ORDER_EXCHANGES))
    return [m for m in codes.MARKETS.values() if product in ("", m.product_type) and code in ("", m.order)]


def _key(found: Reservation) -> str:
    return f"{ymd(found.received_on)}^{found.number}^"


def _row(world: World, call: Call, found: Reservation) -> dict[str, str]:
    listing = world.market.listings[found.symbol]
    order = call.account.find(found.order_number, found.order_date) if found.order_date else None
    return {
        "cncl_yn": "Y" if found.status == "cancelled" else "N",
        "rsvn_ord_rcit_dt": ymd(found.received_on),
        "ovrs_rsvn_odno": found.number,
        "sll_buy_dvsn_cd": codes.SIDE_CODES[found.side],
        "sll_buy_dvsn_cd_name": codes.SIDE_NAMES[found.side],
        **_state(found),
        "pdno": found.symbol,
        "prdt_type_cd": listing.market.product_type,
        "prdt_name": listing.name,
        "ord_rcit_tmd": seoul_hms(found.received_at),
        "tr_dvsn_name": "",
        "ovrs_excg_cd": found.exchange,
        "tr_mket_name": listing.market.name,
        "ord_stfno": "",
        "ft_ord_qty": str(found.quantity),
        "ft_ord_unpr3": num(found.price, 8),
        **_filled(order),
        "nprc_rson_text": found.reason,
        "splt_buy_attr_name": codes.SLICED_NAMES.get(found.division, ""),
    }


def _state(found: Reservation) -> dict[str, str]:
    """Of the state codes only 01 is known (4.5): the rest is told by the columns that an order fills."""
    sent = found.status == "sent"
    return {
        "ord_dt": ymd(found.order_date) if found.order_date else "",
        "ord_gno_brno": codes.BRANCH[codes.REAL] if sent else "",
        "odno": found.order_number,
        "ovrs_rsvn_ord_stat_cd": "01",
        "ovrs_rsvn_ord_stat_cd_name": "접수",
        "ord_fwdg_tmd": seoul_hms(found.sent_at) if sent and found.sent_at else "",
    }


def _filled(order: Order | None) -> dict[str, str]:
    return {
        "ft_ccld_qty": str(order.filled if order else 0),
        "ft_ccld_unpr3": num(order.average if order else 0, 8),
    }


QUERY = ("INQR_STRT_DT", "INQR_END_DT", "INQR_DVSN_CD", "PRDT_TYPE_CD", "OVRS_EXCG_CD")
ENDPOINTS = (
    Endpoint("POST", codes.RESERVE, reserve, (*ACCOUNT, "PDNO", "OVRS_EXCG_CD", "FT_ORD_QTY", "FT_ORD_UNPR3")),
    Endpoint("POST", codes.UNRESERVE, unreserve, (*ACCOUNT, "RSVN_ORD_RCIT_DT", "OVRS_RSVN_ODNO")),
    Endpoint("GET", codes.TRADING + "order-resv-list", reservations, (*ACCOUNT, *QUERY, *CTX)),
)
