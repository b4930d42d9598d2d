"""Sections 4.1, 4.2 and 4.6: order, amend, cancel, and the same of the daytime session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from kis.simulator import codes
from kis.simulator.book import Order
from kis.simulator.clock import seoul_hms
from kis.simulator.exchange import NewOrder, Refused
from kis.simulator.rest import fields
from kis.simulator.rest.call import ACCOUNT, Answer, Call, Endpoint, ok, refusal
from kis.simulator.rest.fields import BadField
from kis.simulator.rest.refusing import Declined, guarded
from kis.simulator.world import World

MISSING_SERVER_CODE = ("1", "IGW00036", "ORD_SVR_DVSN_CD 필수 입력값이 없습니다.")
LATE_START = ("1", "APBK0918", "시작시간은 현재시간 이후로 입력해주세요")
# Section 4.0: what a real order may be, by side. Paper takes limit orders only.
DIVISIONS = {
    "buy": frozenset({codes.LIMIT, codes.LOO, codes.LOC, codes.TWAP, codes.VWAP}),
    "sell": frozenset({codes.LIMIT, codes.MOO, codes.LOO, codes.MOC, codes.LOC, codes.TWAP, codes.VWAP}),
}
DAYTIME_DIVISIONS = dict.fromkeys(("buy", "sell"), frozenset({codes.LIMIT}))
AT_MARKET = frozenset({codes.MOO, codes.MOC})
SLICED = frozenset({codes.TWAP, codes.VWAP})
# A window of its own ends at the latest this long before the regular close (section 4.1).
BEFORE_CLOSE = timedelta(minutes=5)


def check_division(call: Call, side: str, allowed: dict[str, frozenset[str]], usual: str = "") -> str:
    """`ORD_DVSN`, as far as this side of the trade and this environment know it (section 4.0).

    `usual` stands for a blank one, where the field is optional.
    """
    division = call.params.get("ORD_DVSN", "").strip() or usual
    if call.side == codes.PAPER and division != codes.LIMIT:
        raise Declined(refusal(*codes.NOT_ON_PAPER))
    if division not in allowed[side]:
        raise BadField("ORD_DVSN")
    return division


def check_registered(world: World, symbol: str) -> None:
    """Leveraged ETFs want a registration (section 6.5); a switch says whether the customers have it."""
    listing = world.market.listings.get(symbol)
    if listing is not None and listing.leverage and not world.switches.etp_registered:
        raise Refused("not_registered")


def limit(call: Call, field: str, division: str) -> Decimal:
    """The price: "0" in so many words for market-on-open and -close, and for nothing else."""
    price = fields.amount(call, field)
    if division in AT_MARKET and (price or not call.params[field].strip()):
        raise BadField(field)
    return price


def _window(world: World, call: Call, division: str) -> tuple[datetime | None, datetime | None]:
    """When a sliced order may trade: its own window (00), or until the regular close (02)."""
    if division not in SLICED:
        return None, None
    code = call.params.get("ALGO_ORD_TMD_DVSN_CD", "").strip()
    if code not in ("00", "02"):
        raise BadField("ALGO_ORD_TMD_DVSN_CD")
    if code == "02":
        return None, None
    start, end = (fields.seoul_time(call, name).astimezone(UTC) for name in ("START_TIME", "END_TIME"))
    if start <= call.now:
        raise Declined(refusal(*LATE_START))
    regular = world.market.calendar.today(start).regular()
    if end <= start or regular is None or end > regular.end - BEFORE_CLOSE:
        raise BadField("END_TIME")
    return start, end


def _accepted(call: Call, order: Order, what: str) -> Answer:
    output = {
        "KRX_FWDG_ORD_ORGNO": codes.BRANCH[call.side],
        "ODNO": order.number,
        "ORD_TMD": seoul_hms(order.received_at),
    }
    code, text = codes.ACCEPTED[call.side][what]
    return ok({"output": output}, code, text)


@guarded
def order(world: World, call: Call) -> Answer:
    """A new order. Accepted means sent, not filled."""
    if call.params.get("ORD_SVR_DVSN_CD") is None:
        return refusal(*MISSING_SERVER_CODE)
    side = "buy" if call.tr_id in codes.BUY_TRS else "sell"
    daytime = call.path == codes.DAYTIME_ORDER
    division = check_division(call, side, DAYTIME_DIVISIONS if daytime else DIVISIONS)
    start, end = _window(world, call, division)
    symbol = call.params["PDNO"].strip()
    check_registered(world, symbol)
    new = NewOrder(
        symbol,
        fields.exchange(call),
        side,
        fields.whole(call, "ORD_QTY"),
        limit(call, "OVRS_ORD_UNPR", division),
        division=division,
        starts_at=start,
        ends_at=end,
        daytime=daytime,
    )
    return _accepted(call, world.place(call.account, new, call.now), side)


@guarded
def revise(world: World, call: Call) -> Answer:
    """Amend (01) or cancel (02); the answer carries a new number."""
    what = {"01": "amend", "02": "cancel"}[fields.one_of(call, "RVSE_CNCL_DVSN_CD", ("01", "02"))]
    number, symbol, exchange = call.params["ORGN_ODNO"], call.params["PDNO"].strip(), fields.exchange(call)
    found = world.exchange.named(call.account, number, call.now)
    if found is not None:
        _check_original(call, found, symbol, exchange)
    if what == "cancel":
        quantity = fields.whole(call, "ORD_QTY", zero=True)
        return _accepted(call, world.cancel(call.account, number, quantity, call.now), what)
    new = NewOrder(symbol, exchange, "", fields.whole(call, "ORD_QTY"), fields.amount(call, "OVRS_ORD_UNPR"))
    return _accepted(call, world.amend(call.account, number, new, call.now), what)


def _check_original(call: Call, found: Order, symbol: str, exchange: str) -> None:
    """Raises Refused. An order of the daytime session knows its own TR only, and no other order does (4.6)."""
    if (found.symbol, found.exchange) != (symbol, exchange):
        raise Refused("unknown_symbol")
    daytime = call.path == codes.DAYTIME_REVISE
    if found.daytime != daytime:
        raise Refused("no_original" if daytime else "daytime_order")


BOTH = (*ACCOUNT, "OVRS_EXCG_CD", "PDNO", "ORD_QTY", "OVRS_ORD_UNPR")
CHANGE = (*BOTH, "ORGN_ODNO", "RVSE_CNCL_DVSN_CD")
ENDPOINTS = (
    Endpoint("POST", codes.ORDER, order, (*BOTH, "ORD_DVSN")),
    Endpoint("POST", codes.REVISE, revise, CHANGE),
    Endpoint("POST", codes.DAYTIME_ORDER, order, (*BOTH, "ORD_DVSN")),
    Endpoint("POST", codes.DAYTIME_REVISE, revise, (*CHANGE, "CTAC_TLNO", "MGCO_APTM_ODNO", "ORD_SVR_DVSN_CD")),
)
