"""Requests about what an account holds, owns and earned (sheet 4.7 to 4.9, 4.12 to 4.15)."""

from decimal import Decimal

from kis import codes, functions
from kis.config import KisConfig
from kis.wire.calls import Call, account, ask, price_text
from market.ticks import down_to_tick
from market.words import Environment, Exchange


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
        "ITEM_CD": symbol,
    }
    return ask(functions.BUYING_POWER, config.environment, fields)
