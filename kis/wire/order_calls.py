"""Requests about orders (sheet 4.1 to 4.6, 4.10, 4.11, 4.16)."""

from datetime import date

from kis import codes, functions
from kis.config import KisConfig
from kis.wire.calls import Call, account, ask, price_text
from market.errors import NotInPaper, Text
from market.orders import CancelTicket, OrderTicket
from market.words import Environment, Side, TimeInForce


def order(config: KisConfig, ticket: OrderTicket) -> Call:
    """A new order (4.1). Raises ValueError for a quantity or price that cannot be one, NotInPaper."""
    if ticket.quantity < 1:
        raise ValueError("an order needs at least one share")
    if config.environment is Environment.PAPER and ticket.time_in_force is not TimeInForce.DAY:
        raise NotInPaper(
            Text(
                "모의투자는 지정가 당일 주문만 받습니다. time_in_force를 day로 하세요.",
                "Paper takes day orders only. Set time_in_force to day.",
            )
        )
    fields = {
        **account(config),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[ticket.exchange],
        "PDNO": ticket.symbol,
        "ORD_QTY": str(ticket.quantity),
        "OVRS_ORD_UNPR": price_text(ticket.limit_price),
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "SLL_TYPE": "00" if ticket.side is Side.SELL else "",
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": codes.ORDER_DIVISION[ticket.time_in_force],
    }
    function = functions.ORDER_BUY if ticket.side is Side.BUY else functions.ORDER_SELL
    return ask(function, config.environment, fields)


def cancel(config: KisConfig, ticket: CancelTicket) -> Call:
    """Cancel all that is left of an order (4.2): quantity and price "0"."""
    fields = {
        **account(config),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[ticket.exchange],
        "PDNO": ticket.symbol,
        "ORGN_ODNO": ticket.broker_order_id.zfill(10),
        "RVSE_CNCL_DVSN_CD": "02",
        "ORD_QTY": "0",
        "OVRS_ORD_UNPR": "0",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }
    return ask(functions.REVISE, config.environment, fields)


def executions(config: KisConfig, first: date, last: date) -> Call:
    """Orders with a US order date in [first, last] (4.11); paper takes its fixed filters only."""
    paper = config.environment is Environment.PAPER
    fields = {
        **account(config),
        "PDNO": "" if paper else "%",
        "ORD_STRT_DT": f"{first:%Y%m%d}",
        "ORD_END_DT": f"{last:%Y%m%d}",
        "SLL_BUY_DVSN": "00",
        "CCLD_NCCS_DVSN": "00",
        "OVRS_EXCG_CD": "" if paper else "NASD",  # real: NASD means all of the US
        "SORT_SQN": "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
    }
    return ask(functions.EXECUTIONS, config.environment, fields)
