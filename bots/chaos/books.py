"""Reads both books of an account at the end of a run, and keeps what tells how it came about."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Sum

from accounts.models import BrokerageAccount
from accounts.selectors import limits_of
from bots.chaos.house import Tenant
from bots.chaos.judge import Books, BrokerOrder, Number, OurOrder
from kis.simulator.testing import Control
from logs.models import ExecutionLog
from market.words import TradingState
from orders.domain import FINAL
from orders.models import Order, RequestKind
from positions.models import Position
from rules.models import RuleState, TradeRule

A_DAY = timedelta(days=1)


def read(tenant: Tenant, control: Control, foreign: Iterable[Number]) -> Books:
    """The simulator's book and ours, as they stand."""
    account = BrokerageAccount.objects.get(pk=tenant.id)
    there = control.account(tenant.account_no)
    limits = limits_of(account)
    mine = [_our_order(order) for order in _orders(tenant)]
    called = account.trading_state != TradingState.ACTIVE
    disputed = Position.objects.filter(account=account, needs_person=True).count()
    return Books(
        broker=[BrokerOrder.read(row) for row in there["orders"]],
        holdings={symbol: row["qty"] for symbol, row in there["holdings"].items()},
        ours=mine,
        positions=dict(Position.objects.filter(account=account, qty__gt=0).values_list("symbol", "qty")),
        owned=dict(RuleState.objects.filter(rule__account=account).values_list("rule_id", "qty")),
        max_position=dict(TradeRule.objects.filter(account=account).values_list("pk", "max_position")),
        max_quantity=limits.max_position_qty,
        daily_buy_usd=limits.daily_buy_usd,
        foreign=frozenset(foreign) | frozenset(twins(there["orders"])),
        calls_for_person=int(called) + disputed + sum(order.needs_person for order in mine),
        send_within=timedelta(seconds=settings.BOT_SEND_WITHIN_SEC),
    )


def twins(rows: Iterable[Mapping[str, Any]]) -> Iterator[Number]:
    """Orders of a day before that the fault `number_reused` made up: like one of ours, but a day older."""
    orders = [BrokerOrder.read(row) for row in rows]
    like = {(o.number, o.symbol, o.side, o.quantity, o.price, o.received_at): o for o in orders}
    for order in orders:
        day, number = order.number
        before = (day - A_DAY, number)
        twin = like.get((before, order.symbol, order.side, order.quantity, order.price, order.received_at - A_DAY))
        if twin is not None:
            yield twin.number


def _orders(tenant: Tenant) -> Any:
    rows = Order.objects.filter(account_id=tenant.id).prefetch_related("requests")
    return rows.annotate(executed=Sum("executions__qty", default=0)).order_by("created_at")


def _our_order(order: Any) -> OurOrder:
    requests = [r for r in order.requests.all() if r.broker_order_id and r.us_order_date]
    sent = sorted((r for r in requests if r.kind == RequestKind.NEW), key=lambda r: -r.attempt)
    first = (sent[0].us_order_date, sent[0].broker_order_id) if sent else None
    if first is None and order.broker_order_id and order.us_order_date:
        first = order.us_order_date, order.broker_order_id
    return OurOrder(
        id=order.pk,
        decision_key=order.decision_key,
        rule_id=order.rule_id,
        symbol=order.symbol,
        side=order.side,
        quantity=order.qty,
        price=order.price,
        status=order.status,
        final=order.status in FINAL,
        filled=order.filled_qty,
        amount=order.filled_qty * (order.avg_fill_price or 0),
        executed=order.executed,
        placed_at=order.placed_at,
        first=first,
        numbers=frozenset((r.us_order_date, r.broker_order_id) for r in requests),
        needs_person=order.needs_person,
    )


def keep(tenant: Tenant, control: Control, folder: Path) -> None:
    """Both sides' journals, for whoever looks into a run that failed."""
    name = tenant.account_no[-6:]
    _write(folder / f"broker-{name}.json", control.account(tenant.account_no))
    journal = ExecutionLog.objects.filter(account_id=tenant.id).order_by("pk")
    _write(folder / f"journal-{name}.json", list(journal.values("created_at", "level", "kind", "message", "ctx")))
    orders = Order.objects.filter(account_id=tenant.id).order_by("created_at")
    rows = [row | {"requests": list(order.requests.order_by("committed_at").values())}
            for order, row in zip(orders, orders.values(), strict=True)]  # fmt: skip
    _write(folder / f"orders-{name}.json", rows)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, default=str, indent=1, ensure_ascii=False), encoding="utf-8")
