"""Indices and the exchange rate: series beside the market that nobody trades (section 4.22)."""

from __future__ import annotations

from decimal import Decimal

from kis.simulator.calendar import Calendar
from kis.simulator.codes import MARKETS
from kis.simulator.listing import Listing
from kis.simulator.market import Market
from kis.simulator.market_path import Prices

INDEX, CURRENCY = "N", "X"
_SERIES = (
    (".DJI", "다우존스 산업지수", "DOW JONES INDUSTRIAL AVERAGE", 4_238_000, 900),
    ("COMP", "나스닥 종합지수", "NASDAQ COMPOSITE", 1_902_000, 1500),
    ("SPX", "S&P500", "S&P 500", 588_000, 1200),
)
ALIASES = {".IXIC": "COMP", ".SPX": "SPX"}
WON = "FX@KRW"
KINDS = {**{symbol: INDEX for symbol, *_ in _SERIES}, WON: CURRENCY}


def market_of(seed: int, calendar: Calendar, exchange_rate: str) -> Market:
    """The series as a market of its own, two decimals, around the level that the broker converts at."""
    won = (WON, "원/달러", "KRW PER USD", int(Decimal(exchange_rate) * 100), 1)
    listings = tuple(
        Listing(symbol, MARKETS["NAS"], name, english, base, volume)
        for symbol, name, english, base, volume in (*_SERIES, won)
    )
    return Market(Prices(seed, listings), calendar, listings)
