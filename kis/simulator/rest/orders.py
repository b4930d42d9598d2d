"""Sections 4.1 and 4.2: order, amend, cancel."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from kis.simulator import codes
from kis.simulator.book import Order
from kis.simulator.clock import seoul_hms, us_date
from kis.simulator.exchange import NewOrder, Refused
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, bad_field, ok, refusal
from kis.simulator.world import World

MISSING_SERVER_CODE = ("1", "IGW00036", "ORD_SVR_DVSN_CD 필수 입력값이 없습니다.")


class _BadField(Exception):
    pass


def _quantity(call: Call, *, zero: bool = False) -> int:
    text = call.params["ORD_QTY"].strip()
    if not text.isascii() or not text.isdigit() or (int(text) == 0 and not zero):
        raise _BadField("ORD_QTY")
    return int(text)


def _price(call: Call) -> Decimal:
    try:
        value = Decimal(call.params["OVRS_ORD_UNPR"].strip() or "0")
    except InvalidOperation:
        raise _BadField("OVRS_ORD_UNPR") from None
    if not value.is_finite() or value < 0:
        raise _BadField("OVRS_ORD_UNPR")
    return value


def _exchange(call: Call) -> str:
    code = call.params["OVRS_EXCG_CD"].strip()
    if code not in codes.ORDER_EXCHANGES | codes.OTHER_ORDER_EXCHANGES:
        raise _BadField("OVRS_EXCG_CD")
    return code


def _accepted(call: Call, order: Order, what: str) -> Answer:
    output = {
        "KRX_FWDG_ORD_ORGNO": codes.BRANCH[call.side],
        "ODNO": order.number,
        "ORD_TMD": seoul_hms(order.received_at),
    }
    code, text = codes.ACCEPTED[call.side][what]
    return ok({"output": output}, code, text)


def order(world: World, call: Call) -> Answer:
    """A new order. Accepted means sent, not filled."""
    if call.params.get("ORD_SVR_DVSN_CD") is None:
        return refusal(*MISSING_SERVER_CODE)
    if call.params["ORD_DVSN"].strip() != "00":
        if call.side == codes.PAPER:
            return refusal("1", "90000000", "모의투자에서는 해당업무가 제공되지 않습니다.")
        return bad_field("ORD_DVSN")
    side = "buy" if call.tr_id in codes.BUY_TRS else "sell"
    try:
        symbol = call.params["PDNO"].strip()
        new = NewOrder(symbol, _exchange(call), side, _quantity(call), _price(call))
        return _accepted(call, world.place(call.account, new, call.now), side)
    except _BadField as e:
        return bad_field(str(e))
    except Refused as e:
        return refusal(*codes.REFUSALS[e.reason][call.side])


def revise(world: World, call: Call) -> Answer:
    """Amend (01) or cancel (02); the answer carries a new number."""
    what = {"01": "amend", "02": "cancel"}.get(call.params["RVSE_CNCL_DVSN_CD"])
    if what is None:
        return bad_field("RVSE_CNCL_DVSN_CD")
    number = call.params["ORGN_ODNO"]
    try:
        exchange = _exchange(call)
        found = call.account.find(number, us_date(call.now))
        if found is not None and (found.symbol, found.exchange) != (call.params["PDNO"].strip(), exchange):
            raise Refused("unknown_symbol")
        if what == "cancel":
            quantity = _quantity(call, zero=True)
            return _accepted(call, world.cancel(call.account, number, quantity, call.now), what)
        new = NewOrder(call.params["PDNO"].strip(), exchange, "", _quantity(call), _price(call))
        return _accepted(call, world.amend(call.account, number, new, call.now), what)
    except _BadField as e:
        return bad_field(str(e))
    except Refused as e:
        return refusal(*codes.REFUSALS[e.reason][call.side])


BOTH = (*ACCOUNT, "OVRS_EXCG_CD", "PDNO", "ORD_QTY", "OVRS_ORD_UNPR")
ENDPOINTS = (
    Endpoint("POST", codes.ORDER, order, (*BOTH, "ORD_DVSN")),
    Endpoint("POST", codes.REVISE, revise, (*BOTH, "ORGN_ODNO", "RVSE_CNCL_DVSN_CD")),
)
