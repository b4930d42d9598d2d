"""When a trade settles: in the US, and a trading day later in Korea, where the customer's money is."""

from __future__ import annotations

from datetime import date

from kis.simulator.world import World


def settles_on(world: World, traded: date) -> date:
    """The day on which cash and shares move in the customer's account."""
    return world.market.calendar.business_day(traded, world.scenario.settlement_days)


def settles_abroad(world: World, traded: date) -> date:
    """The day on which the trade settles in the US: a trading day before."""
    return world.market.calendar.business_day(traded, max(0, world.scenario.settlement_days - 1))
