"""Accounts as a call sees them: an older state of the ledger, orders and holdings that lag (4.8, 4.11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from kis.simulator.book import ZERO, Account, Order
from kis.simulator.codes import EXPIRED_TEXT
from kis.simulator.faults.engine import Fault


def seen(account: Account, fault: Fault, now: datetime) -> Account:
    """The account that the call is shown. It is a copy: nothing that is done to it lasts."""
    moment = now - timedelta(seconds=fault.seconds)
    return without_young_orders(account, moment) if fault.kind.name == "list_lags" else as_of(account, moment)


def without_young_orders(account: Account, moment: datetime) -> Account:
    """Orders received after `moment` are not there yet."""

    def old(orders: list[Order]) -> list[Order]:
        return [o for o in orders if o.received_at <= moment]

    return replace(account, orders=old(account.orders), live=old(account.live))


def as_of(account: Account, moment: datetime) -> Account:
    """Holdings and cash before every fill that came after `moment`."""
    past = without_young_orders(account, moment)
    past.holdings = {symbol: replace(held) for symbol, held in account.holdings.items()}
    for order in account.orders:
        for fill in (f for f in order.fills if f.at > moment):
            held, value = past.holdings[order.symbol], fill.price * fill.quantity
            bought = order.side == "buy"
            sign = -1 if bought else 1
            held.cost += sign * (value if bought else held.average * fill.quantity)
            held.quantity += sign * fill.quantity
            past.cash -= sign * (value - sign * fill.fee)
            today = "bought_today" if bought else "sold_today"
            setattr(past, today, max(ZERO, getattr(past, today) - value))
    return past


def twin_of(order: Order) -> Order:
    """An order of the day before with the same number, which ended without a fill: numbers recur (6.1)."""
    day = timedelta(days=1)
    return replace(
        order,
        date=order.date - day,
        received_at=order.received_at - day,
        expires_at=order.expires_at - day,
        open=0,
        status="expired",
        reason=EXPIRED_TEXT,
        fills=[],
    )
