"""Requests about instruments and settlement (sheet 4.23, 4.24)."""

from datetime import date

from kis import codes, functions
from kis.wire.calls import Call, ask
from market.words import Environment, Exchange


def settlement_dates(environment: Environment, trade_date: date) -> Call:
    """When trades of this date settle, market by market (4.23), real only."""
    return ask(functions.SETTLEMENT_DATES, environment, {"TRAD_DT": f"{trade_date:%Y%m%d}"})


def info(environment: Environment, symbol: str, exchange: Exchange) -> Call:
    """All about one instrument (4.24), real only."""
    fields = {"PRDT_TYPE_CD": codes.PRODUCT_TYPE[exchange], "PDNO": symbol}
    return ask(functions.INSTRUMENT_INFO, environment, fields)
