"""Requests about what an account holds, owns and earned (sheet 4.7 to 4.9, 4.12 to 4.15)."""

from datetime import date
from decimal import Decimal

from kis import codes, functions
from kis.config import KisConfig
from kis.wire.calls import Call, account, ask, price_text
from kis.wire.order_calls import symbol_text
from market.ticks import down_to_tick
from market.words import Environment, Exchange, Side

# WCRC_FRCR_DVSN_CD: amounts in dollars. The code means the opposite in 4.12 (sheet 0.2 #5)
DOLLARS = "02"
DOLLARS_OF_PROFIT = "01"


def balances(config: KisConfig) -> tuple[tuple[Call, Exchange | None], ...]:
    """Holdings (4.7): one question on real, where NASD is all of the US, one per exchange on paper."""
    if config.environment is Environment.PAPER:
        return tuple((_balance(config, code), exchange) for exchange, code in codes.ORDER_EXCHANGE.items())
    return ((_balance(config, "NASD"), None),)


def _balance(config: KisConfig, exchange_code: str) -> Call:
    fields = {
        **account(config),
        "OVRS_EXCG_CD": exchange_code,
        "TR_CRCY_CD": "USD",
    }
    return ask(functions.BALANCE, config.environment, fields)


def buying_power(config: KisConfig, symbol: str, exchange: Exchange, price: Decimal) -> Call:
    """What can be bought of a symbol at a price (4.9)."""
    fields = {
        **account(config),
        "OVRS_EXCG_CD": codes.ORDER_EXCHANGE[exchange],
        "OVRS_ORD_UNPR": price_text(down_to_tick(price)),
        "ITEM_CD": symbol_text(symbol),
    }
    return ask(functions.BUYING_POWER, config.environment, fields)


def present_balance(config: KisConfig) -> Call:
    """Execution based: US holdings, cash, sums (4.8)."""
    fields = {
        **account(config),
        "WCRC_FRCR_DVSN_CD": DOLLARS,
        "NATN_CD": "840",
        "TR_MKET_CD": "00",
        "INQR_DVSN_CD": "00",
    }
    return ask(functions.PRESENT_BALANCE, config.environment, fields)


def period_profit(config: KisConfig, first: date, last: date, symbol: str = "") -> Call:
    """What sells in [first, last] brought, in dollars (4.12). Raises NotInPaper."""
    fields = {
        **account(config),
        "OVRS_EXCG_CD": "NASD",  # all of the US
        "NATN_CD": "",
        "CRCY_CD": "USD",
        "PDNO": symbol,
        "INQR_STRT_DT": f"{first:%Y%m%d}",
        "INQR_END_DT": f"{last:%Y%m%d}",
        "WCRC_FRCR_DVSN_CD": DOLLARS_OF_PROFIT,
    }
    return ask(functions.PERIOD_PROFIT, config.environment, fields)


def transactions(config: KisConfig, first: date, last: date, side: Side | None = None) -> Call:
    """Trades registered in [first, last], with their fees (4.13). Raises NotInPaper."""
    fields = {
        **account(config),
        "ERLM_STRT_DT": f"{first:%Y%m%d}",
        "ERLM_END_DT": f"{last:%Y%m%d}",
        "OVRS_EXCG_CD": "",
        "PDNO": "",
        "SLL_BUY_DVSN_CD": codes.SIDE_CODE[side] if side else "00",
        "LOAN_DVSN_CD": "",
    }
    return ask(functions.PERIOD_TRANSACTIONS, config.environment, fields)


def settled_balance(config: KisConfig, on: date) -> Call:
    """Holdings and cash on a settlement basis on a day (4.14). Raises NotInPaper."""
    fields = {
        **account(config),
        "BASS_DT": f"{on:%Y%m%d}",
        "WCRC_FRCR_DVSN_CD": DOLLARS,
        "INQR_DVSN_CD": "00",
    }
    return ask(functions.SETTLED_BALANCE, config.environment, fields)


def margin(config: KisConfig) -> Call:
    """Margin by currency (4.15). Raises NotInPaper."""
    return ask(functions.MARGIN, config.environment, account(config))
