"""Requests about orders (sheet 4.1, 4.2, 4.6, 4.10, 4.11, 4.16).

What KIS is known not to take is refused here, before anything is sent: InvalidOrder, or NotInPaper.
"""

from datetime import date
from decimal import Decimal

from kis import codes, functions
from kis.config import KisConfig
from kis.wire.calls import Call, account, ask, price_text
from kis.wire.values import SEOUL, order_number
from market.data import aware
from market.errors import InvalidOrder, NotInPaper, Text
from market.orders import AmendTicket, CancelTicket, OrderTicket, Slicing
from market.words import Environment, Exchange, Side, TimeInForce

MAX_QUANTITY = 10**10 - 1  # 4.1: ten digits
MAX_SYMBOL = 12


def order(config: KisConfig, ticket: OrderTicket) -> Call:
    """A new order (4.1). Raises InvalidOrder for what cannot be one, NotInPaper."""
    division, price = _division_and_price(ticket)
    if config.environment is Environment.PAPER and division != "00":
        raise NotInPaper(_DAY_LIMIT_ONLY)
    fields = {
        **_what(config, ticket.symbol, ticket.exchange),
        "ORD_QTY": shares(ticket.quantity),
        "OVRS_ORD_UNPR": price,
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "SLL_TYPE": "00" if ticket.side is Side.SELL else "",
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": division,
        **(_window(ticket.slicing) if ticket.slicing else {}),
    }
    function = functions.ORDER_BUY if ticket.side is Side.BUY else functions.ORDER_SELL
    return ask(function, config.environment, fields)


def amend(config: KisConfig, ticket: AmendTicket) -> Call:
    """Another quantity and price for what is open of an order (4.2). Raises InvalidOrder."""
    return ask(functions.REVISE, config.environment, _amend(config, ticket))


def cancel(config: KisConfig, ticket: CancelTicket) -> Call:
    """Cancel some or all that is left of an order (4.2): price "0", quantity "0" for all. Raises InvalidOrder."""
    return ask(functions.REVISE, config.environment, _cancel(config, ticket))


def daytime_order(config: KisConfig, ticket: OrderTicket) -> Call:
    """A limit order of the daytime session (4.6). Raises InvalidOrder, NotInPaper."""
    division, price = _division_and_price(ticket)
    if division != "00":
        raise InvalidOrder(
            Text(
                "주간거래는 지정가 당일 주문만 됩니다. 가격을 정하고 time_in_force를 day로 하세요.",
                "The daytime session takes day limit orders only. Give a price and set time_in_force to day.",
            )
        )
    fields = {
        **_what(config, ticket.symbol, ticket.exchange),
        "ORD_QTY": shares(ticket.quantity),
        "OVRS_ORD_UNPR": price,
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": division,
    }
    function = functions.DAYTIME_BUY if ticket.side is Side.BUY else functions.DAYTIME_SELL
    return ask(function, config.environment, fields)


def daytime_amend(config: KisConfig, ticket: AmendTicket) -> Call:
    """An amend of a daytime order (4.6): CTAC_TLNO is required here. Raises InvalidOrder, NotInPaper."""
    return ask(functions.DAYTIME_REVISE, config.environment, {**_amend(config, ticket), "CTAC_TLNO": ""})


def daytime_cancel(config: KisConfig, ticket: CancelTicket) -> Call:
    """A cancel of a daytime order (4.6): CTAC_TLNO is required here. Raises InvalidOrder, NotInPaper."""
    return ask(functions.DAYTIME_REVISE, config.environment, {**_cancel(config, ticket), "CTAC_TLNO": ""})


def _amend(config: KisConfig, ticket: AmendTicket) -> dict[str, str]:
    if ticket.slicing is not None:
        raise InvalidOrder(
            Text(
                "TWAP·VWAP 주문은 정정할 수 없습니다. 취소한 뒤 새로 주문하세요.",
                "A TWAP or VWAP order cannot be amended. Cancel it and place a new one.",
            )
        )
    return {
        **_original(config, ticket.symbol, ticket.exchange, ticket.broker_order_id),
        "RVSE_CNCL_DVSN_CD": "01",
        "ORD_QTY": shares(ticket.quantity),
        "OVRS_ORD_UNPR": limit_text(ticket.limit_price),
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def _cancel(config: KisConfig, ticket: CancelTicket) -> dict[str, str]:
    return {
        **_original(config, ticket.symbol, ticket.exchange, ticket.broker_order_id),
        "RVSE_CNCL_DVSN_CD": "02",
        "ORD_QTY": "0" if ticket.quantity is None else shares(ticket.quantity),
        "OVRS_ORD_UNPR": "0",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def _original(config: KisConfig, symbol: str, exchange: Exchange, broker_order_id: str) -> dict[str, str]:
    return {**_what(config, symbol, exchange), "ORGN_ODNO": number_text(broker_order_id)}


def number_text(broker_order_id: str) -> str:
    """A broker's number in its ten digits. Raises InvalidOrder when it is none."""
    number = order_number(broker_order_id)
    if not number or len(number) > 10:
        raise InvalidOrder(
            Text(f"'{broker_order_id}'은(는) 주문번호가 아닙니다.", f"'{broker_order_id}' is not an order number.")
        )
    return number.zfill(10)


def _what(config: KisConfig, symbol: str, exchange: Exchange) -> dict[str, str]:
    return {
        **account(config),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[exchange],
        "PDNO": symbol_text(symbol),
    }


def symbol_text(symbol: str) -> str:
    """The symbol. Raises InvalidOrder for what cannot be one."""
    if not 0 < len(symbol) <= MAX_SYMBOL or not symbol.isascii() or not symbol.isprintable() or " " in symbol:
        raise InvalidOrder(Text(f"'{symbol}'은(는) 종목 코드가 아닙니다.", f"'{symbol}' is not a symbol."))
    return symbol


def shares(quantity: int) -> str:
    """Whole shares. Raises InvalidOrder below one share and above ten digits."""
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidOrder(
            Text(
                f"수량 {quantity}: 1주 이상의 정수여야 합니다.",
                f"{quantity} is not a quantity: it takes at least one share, in whole shares.",
            )
        )
    return str(quantity)


def limit_text(price: Decimal | None) -> str:
    """A limit price. Raises InvalidOrder without one, off the tick, and below a cent."""
    if price is None:
        raise InvalidOrder(
            Text(
                "미국 주식에는 시장가 주문이 없습니다. 지정가를 정하세요. "
                "장개시·장마감 시장가(매도)만 가격 없이 됩니다.",
                "US shares have no market order: give a limit price. "
                "Only sells at the open or close may go without one.",
            )
        )
    written = price_text(price)
    if price < codes.LOWEST_PRICE:
        raise InvalidOrder(
            Text(
                f"{price}: $0.01 미만 가격은 주문할 수 없습니다.",
                f"{price} is below $0.01: it cannot be ordered.",
            )
        )
    return written


def _division_and_price(ticket: OrderTicket) -> tuple[str, str]:
    """ORD_DVSN and the price that goes with it (4.0)."""
    if ticket.slicing is not None:
        if ticket.time_in_force is not TimeInForce.DAY:
            raise InvalidOrder(
                Text(
                    "TWAP·VWAP는 당일 주문입니다. time_in_force를 day로 하세요.",
                    "TWAP and VWAP orders are day orders. Set time_in_force to day.",
                )
            )
        return codes.SLICED_DIVISION[ticket.slicing.by], limit_text(ticket.limit_price)
    market = codes.MARKET_DIVISION.get(ticket.time_in_force)
    if ticket.limit_price is None and market:
        if ticket.side is Side.BUY:
            raise InvalidOrder(
                Text(
                    "장개시·장마감 시장가는 매도만 됩니다. 매수는 지정가를 정하세요.",
                    "Market orders at the open or close are sells only. Give a limit price to buy.",
                )
            )
        return market, "0"
    return codes.ORDER_DIVISION[ticket.time_in_force], limit_text(ticket.limit_price)


def _window(slicing: Slicing) -> dict[str, str]:
    """Its own window in Korean time, or until the regular close (4.1)."""
    if slicing.start is None and slicing.end is None:
        return {"START_TIME": "", "END_TIME": "", "ALGO_ORD_TMD_DVSN_CD": codes.UNTIL_CLOSE}
    if slicing.start is None or slicing.end is None or not aware(slicing.start) < aware(slicing.end):
        raise InvalidOrder(
            Text(
                "TWAP·VWAP의 시작과 끝을 함께, 순서대로 정하거나 둘 다 비워 장 마감까지로 하세요.",
                "Give start and end of the TWAP or VWAP window in order, or neither for until the close.",
            )
        )
    return {
        "START_TIME": f"{slicing.start.astimezone(SEOUL):%H%M%S}",
        "END_TIME": f"{slicing.end.astimezone(SEOUL):%H%M%S}",
        "ALGO_ORD_TMD_DVSN_CD": codes.OWN_WINDOW,
    }


def open_orders(config: KisConfig) -> Call:
    """Orders still open, of all US exchanges (4.10). Raises NotInPaper."""
    fields = {**account(config), "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS"}
    return ask(functions.OPEN_ORDERS, config.environment, fields)


def executions(
    config: KisConfig,
    first: date,
    last: date,
    *,
    symbol: str = "",
    side: Side | None = None,
    filled: bool | None = None,
) -> Call:
    """Orders with a US order date in [first, last] (4.11); paper takes its fixed filters only."""
    paper = config.environment is Environment.PAPER
    fields = {
        **account(config),
        "PDNO": "" if paper else symbol or "%",
        "ORD_STRT_DT": f"{first:%Y%m%d}",
        "ORD_END_DT": f"{last:%Y%m%d}",
        "SLL_BUY_DVSN": codes.SIDE_CODE[side] if side and not paper else "00",
        "CCLD_NCCS_DVSN": "00" if paper else codes.FILLED_CODE[filled],
        "OVRS_EXCG_CD": "" if paper else "NASD",  # real: NASD means all of the US
        "SORT_SQN": "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
    }
    return ask(functions.EXECUTIONS, config.environment, fields)


def sliced_orders(config: KisConfig, on: date) -> Call:
    """TWAP and VWAP orders of a day (4.16). Raises NotInPaper."""
    return ask(functions.ALGO_ORDERS, config.environment, {**account(config), "TRAD_DT": f"{on:%Y%m%d}"})


def slice_fills(config: KisConfig, on: date, branch: str, broker_order_id: str) -> Call:
    """The executions of one of them, sums included (4.16). Raises NotInPaper, InvalidOrder."""
    fields = {
        **account(config),
        "ORD_DT": f"{on:%Y%m%d}",
        "ORD_GNO_BRNO": branch,
        "ODNO": number_text(broker_order_id),
        "TTLZ_ICLD_YN": "Y",
    }
    return ask(functions.ALGO_FILLS, config.environment, fields)


_DAY_LIMIT_ONLY = Text(
    "모의투자는 지정가 당일 주문만 받습니다. 가격을 정하고 time_in_force를 day로 하세요.",
    "Paper takes day limit orders only. Give a price and set time_in_force to day.",
)
