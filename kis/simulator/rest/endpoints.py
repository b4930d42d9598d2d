"""Every REST function by its path."""

from __future__ import annotations

from kis.simulator.rest import (
    algo,
    balance,
    bars,
    domestic,
    index_bars,
    instruments,
    lists,
    many,
    orders,
    power,
    present,
    quotes,
    reservations,
    settled,
    statements,
)
from kis.simulator.rest.call import Endpoint

TRADING = (orders, reservations, lists, balance, present, power, statements, settled, algo)
QUOTES = (quotes, bars, index_bars, many, instruments)
MODULES = (*TRADING, *QUOTES, domestic)
ENDPOINTS: dict[str, Endpoint] = {e.path: e for module in MODULES for e in module.ENDPOINTS}
