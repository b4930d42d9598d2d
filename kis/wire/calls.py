"""Requests, as plain values (sheet section 4). KIS's field names live here and in `answers`, nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from kis import codes
from kis.config import KisConfig
from market.errors import NotInPaper, Text
from market.orders import CancelTicket, OrderTicket
from market.ticks import down_to_tick, is_on_tick
from market.words import Environment, Exchange, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `fields` are the query of a GET or the JSON body of a POST."""

    method: str
    path: str
    tr_id: str
    fields: Mapping[str, str] = field(repr=False)
    tr_cont: str = ""

    def next_page(self, search_key: str, position_key: str) -> "Call":
        """The same request for the page after (sheet 3.3): keys are echoed as they were received."""
        return replace(
            self,
            fields={**self.fields, "CTX_AREA_FK200": search_key, "CTX_AREA_NK200": position_key},
            tr_cont="N",
        )


def price_text(price: Decimal) -> str:
    """USD per share: two decimals, four below a dollar. ValueError when it is not on a tick."""
    if not price.is_finite() or price <= 0 or not is_on_tick(price):
        raise ValueError(f"{price} is not a price on a tick of US shares ($0.01; $0.0001 below $1)")
    return f"{price:.2f}" if price >= 1 else f"{price:.4f}"


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
        **_account(config),
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
    return Call("POST", codes.ORDER_PATH, codes.ORDER_TR[config.environment, ticket.side], fields)


def cancel(config: KisConfig, ticket: CancelTicket) -> Call:
    """Cancel all that is left of an order (4.2): quantity and price "0"."""
    fields = {
        **_account(config),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[ticket.exchange],
        "PDNO": ticket.symbol,
        "ORGN_ODNO": ticket.broker_order_id.zfill(10),
        "RVSE_CNCL_DVSN_CD": "02",
        "ORD_QTY": "0",
        "OVRS_ORD_UNPR": "0",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }
    return Call("POST", codes.CANCEL_PATH, codes.CANCEL_TR[config.environment], fields)


def executions(config: KisConfig, first: date, last: date) -> Call:
    """Orders with a US order date in [first, last] (4.11); paper takes its fixed filters only."""
    paper = config.environment is Environment.PAPER
    fields = {
        **_account(config),
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
        "CTX_AREA_NK200": "",
        "CTX_AREA_FK200": "",
    }
    return Call("GET", codes.EXECUTIONS_PATH, codes.EXECUTIONS_TR[config.environment], fields)


def balances(config: KisConfig) -> tuple[tuple[Call, Exchange | None], ...]:
    """Holdings (4.7): one question on real, where NASD is all of the US, one per exchange on paper."""
    if config.environment is Environment.PAPER:
        return tuple((_balance(config, code), exchange) for exchange, code in codes.ORDER_EXCHANGE.items())
    return ((_balance(config, "NASD"), None),)


def _balance(config: KisConfig, exchange_code: str) -> Call:
    fields = {
        **_account(config),
        "OVRS_EXCG_CD": exchange_code,
        "TR_CRCY_CD": "USD",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    return Call("GET", codes.BALANCE_PATH, codes.BALANCE_TR[config.environment], fields)


def buying_power(config: KisConfig, symbol: str, exchange: Exchange, price: Decimal) -> Call:
    """What can be bought of a symbol at a price (4.9)."""
    fields = {
        **_account(config),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[exchange],
        "OVRS_ORD_UNPR": price_text(down_to_tick(price)),
        "ITEM_CD": symbol,
    }
    return Call("GET", codes.BUYING_POWER_PATH, codes.BUYING_POWER_TR[config.environment], fields)


def price(symbol: str, exchange: Exchange) -> Call:
    """The current price (4.17), real and paper."""
    fields = {"AUTH": "", "EXCD": codes.QUOTE_EXCHANGE[exchange], "SYMB": symbol}
    return Call("GET", codes.PRICE_PATH, codes.PRICE_TR, fields)


def minute_bars(symbol: str, exchange: Exchange, minutes: int, count: int, before: str = "") -> Call:
    """Minute bars (4.21), newest first, at most 120. `before`: YYYYMMDDHHMMSS, New York, of a further page."""
    fields = {
        "AUTH": "",
        "EXCD": codes.QUOTE_EXCHANGE[exchange],
        "SYMB": symbol,
        "NMIN": str(minutes),
        "PINC": "1",
        "NEXT": "1" if before else "",
        "NREC": str(min(count, codes.MINUTE_BARS_PAGE)),
        "FILL": "",
        "KEYB": before,
    }
    return Call("GET", codes.MINUTE_BARS_PATH, codes.MINUTE_BARS_TR, fields)


def token(config: KisConfig) -> Call:
    """Issue an access token (2.1)."""
    fields = {
        "grant_type": "client_credentials",
        "appkey": config.app_key,
        "appsecret": config.app_secret,
    }
    return Call("POST", codes.TOKEN_PATH, "", fields)


def approval(config: KisConfig) -> Call:
    """The WebSocket's key (2.3); here the secret is called `secretkey`."""
    fields = {
        "grant_type": "client_credentials",
        "appkey": config.app_key,
        "secretkey": config.app_secret,
    }
    return Call("POST", codes.APPROVAL_PATH, "", fields)


def hashkey(payload: Mapping[str, str]) -> Call:
    """The hash of an order's body (2.4)."""
    return Call("POST", codes.HASHKEY_PATH, "", payload)


def _account(config: KisConfig) -> dict[str, str]:
    return {"CANO": config.cano, "ACNT_PRDT_CD": config.product_code}
