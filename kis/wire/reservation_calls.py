"""Requests about reserved orders (sheet 4.3 to 4.5). What KIS is known not to take is refused before it is sent."""

from datetime import date

from kis import codes, functions
from kis.config import KisConfig
from kis.wire.calls import Call, account, ask
from kis.wire.order_calls import limit_text, number_text, shares, symbol_text
from market.errors import InvalidOrder, NotInPaper, Text
from market.orders import OrderTicket
from market.words import Environment, Side, TimeInForce

_ONLY = Text(
    "예약주문은 지정가, 장개시 시장가(매도), 장 마감까지의 TWAP·VWAP만 됩니다.",
    "A reservation is a limit order, a sell at the market of the open, or TWAP/VWAP until the close.",
)
_PAPER_ONLY = Text(
    "모의투자 예약주문은 지정가만 됩니다. 가격을 정하세요.", "Paper reserves limit orders only. Give a price."
)


def reserve(config: KisConfig, ticket: OrderTicket) -> Call:
    """A reserved order (4.3), sent to the exchange at the open. Raises InvalidOrder, NotInPaper."""
    division, price = _division_and_price(ticket)
    if config.environment is Environment.PAPER and division != "00":
        raise NotInPaper(_PAPER_ONLY)
    fields = {
        **account(config),
        "PDNO": symbol_text(ticket.symbol),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[ticket.exchange],
        "FT_ORD_QTY": shares(ticket.quantity),
        "FT_ORD_UNPR3": price,
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": division,
        **({"ALGO_ORD_TMD_DVSN_CD": codes.UNTIL_CLOSE} if ticket.slicing else {}),
    }
    function = functions.RESERVE_BUY if ticket.side is Side.BUY else functions.RESERVE_SELL
    return ask(function, config.environment, fields)


def _division_and_price(ticket: OrderTicket) -> tuple[str, str]:
    """ORD_DVSN (4.0, the columns of reservations) and the price that goes with it."""
    if ticket.slicing is not None:
        if ticket.slicing.start or ticket.slicing.end or ticket.time_in_force is not TimeInForce.DAY:
            raise InvalidOrder(_ONLY)
        return codes.SLICED_DIVISION[ticket.slicing.by], limit_text(ticket.limit_price)
    if ticket.time_in_force is TimeInForce.DAY:
        return codes.ORDER_DIVISION[TimeInForce.DAY], limit_text(ticket.limit_price)
    if ticket.time_in_force is TimeInForce.AT_OPEN and ticket.limit_price is None and ticket.side is Side.SELL:
        return codes.MARKET_DIVISION[TimeInForce.AT_OPEN], "0"
    raise InvalidOrder(_ONLY)


def cancel(config: KisConfig, reservation_id: str, received_on: date) -> Call:
    """Cancel a reservation (4.4), known by its number and the Korean day on which it was taken."""
    fields = {
        **account(config),
        "RSVN_ORD_RCIT_DT": f"{received_on:%Y%m%d}",
        "OVRS_RSVN_ODNO": number_text(reservation_id),
    }
    return ask(functions.RESERVE_CANCEL, config.environment, fields)


def reservations(config: KisConfig, first: date, last: date) -> Call:
    """Reservations of all US exchanges taken in [first, last] (4.5). Raises NotInPaper."""
    fields = {
        **account(config),
        "INQR_STRT_DT": f"{first:%Y%m%d}",
        "INQR_END_DT": f"{last:%Y%m%d}",
        "INQR_DVSN_CD": "00",
        "PRDT_TYPE_CD": "",
        "OVRS_EXCG_CD": "",
    }
    return ask(functions.RESERVATIONS, config.environment, fields)
