"""Every REST function by its path."""

from __future__ import annotations

from kis.simulator.rest import balance, domestic, lists, orders, quotes, reservations
from kis.simulator.rest.call import Endpoint

MODULES = (orders, reservations, lists, balance, quotes, domestic)
ENDPOINTS: dict[str, Endpoint] = {e.path: e for module in MODULES for e in module.ENDPOINTS}
