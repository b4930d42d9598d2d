"""Section 4.9: what can be bought at a price."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from kis.simulator import codes
from kis.simulator.book import ZERO
from kis.simulator.rest import fields
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, bad_field, num, ok, padded, refusal
from kis.simulator.rest.refusing import guarded
from kis.simulator.world import World


@guarded
def psamount(world: World, call: Call) -> Answer:
    """What can be bought: with dollars alone, and with the won of integrated margin. Sale proceeds count (E)."""
    listing = world.market.listings.get(call.params["ITEM_CD"].strip())
    if listing is None or listing.market.order != call.params["OVRS_EXCG_CD"].strip():
        return refusal("7", "APBK0656", "해당종목정보가 없습니다.")
    price = fields.amount(call, "OVRS_ORD_UNPR")
    if not price:
        return bad_field("OVRS_ORD_UNPR")
    account = call.account
    own = max(ZERO, world.exchange.buying_power(account, integrated=False))
    both = max(ZERO, world.exchange.buying_power(account, integrated=True))
    part = 1 + world.exchange.fees.buffer(account.environment)
    reuse = min(account.unsettled_amount("sell"), own)
    quantity = str(int(own / part / price))
    output = {
        "tr_crcy_cd": "USD",
        "ord_psbl_frcr_amt": cents(own - reuse),
        "sll_ruse_psbl_amt": cents(reuse),
        "ovrs_ord_psbl_amt": cents(own / part),
        "max_ord_psbl_qty": quantity,
        "echm_af_ord_psbl_amt": "0.00",
        "echm_af_ord_psbl_qty": "0",
        "ord_psbl_qty": quantity,
        "exrt": num(Decimal(world.switches.exchange_rate), 10),
        "frcr_ord_psbl_amt1": cents(both / part),
        "ovrs_max_ord_psbl_qty": str(int(both / part / price)),
    }
    if call.side == codes.PAPER:
        return ok({"output": output}, "20310000", padded("모의투자 조회가 완료되었습니다."))
    return ok({"output": output}, "KIOK0510", padded("조회가 완료되었습니다"))


def cents(amount: Decimal) -> str:
    """An amount that can be spent: cut to the cent, never rounded up."""
    return num(amount.quantize(Decimal("0.01"), ROUND_DOWN), 2)


QUERY = ("OVRS_EXCG_CD", "OVRS_ORD_UNPR", "ITEM_CD")
ENDPOINTS = (Endpoint("GET", codes.TRADING + "inquire-psamount", psamount, (*ACCOUNT, *QUERY)),)
