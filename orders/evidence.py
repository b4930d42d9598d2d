"""What is known of an order of unknown outcome: kept look by look, shown to the person who decides (safety.md 1.6)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F

from market.orders import ExecutionRow
from market.words import Freshness
from orders.domain import State
from orders.models import Order, OrderLook, Request
from orders.readings import is_original
from orders.settlement import Finding
from orders.shapes import order_shape, request_shape
from positions.shapes import decimal_text, time_text

MOST_ROWS = 40  # of one look: an order has few neighbours, and a list of thousands helps nobody
MOST_LOOKS = 200


def row_shape(row: ExecutionRow, *, fits: bool) -> dict[str, Any]:
    """A row of the broker's list. `fits`: it could be the order by everything that is known."""
    return {
        "us_order_date": row.order_date.isoformat(),
        "broker_order_id": row.broker_order_id,
        "symbol": row.symbol,
        "side": str(row.side),
        "qty": row.quantity,
        "price": decimal_text(row.limit_price),
        "filled_qty": row.filled_quantity,
        "open_qty": row.open_quantity,
        "status_text": row.status_text,
        "channel": row.channel,
        "placed_at": time_text(row.placed_at),
        "fits": fits,
    }


def neighbours(order: Order, rows: Iterable[ExecutionRow], fitting: Sequence[ExecutionRow]) -> list[dict[str, Any]]:
    """Orders of the same symbol and side, those that could be this one first; what a person compares."""
    fits = {(r.order_date, r.broker_order_id) for r in fitting}
    alike = [r for r in rows if is_original(r) and (r.symbol, r.side) == (order.symbol, order.side)]
    shapes = [row_shape(r, fits=(r.order_date, r.broker_order_id) in fits) for r in alike]
    shapes.sort(key=lambda s: (not s["fits"], s["us_order_date"], s["broker_order_id"].zfill(20)))
    return shapes[:MOST_ROWS]


def keep_look(
    order: Order,
    *,
    finding: Finding,
    candidates: list[dict[str, Any]],
    freshness: Freshness,
    complete: bool,
    read_at: datetime,
    at: datetime,
) -> int:
    """Keep what a look showed; how many looks in a row have found the same. A row only when something changed."""
    last = order.looks.order_by("-at", "-pk").first()
    seen = (finding, candidates, freshness, complete)
    if last is not None and (last.finding, last.candidates, last.freshness, last.complete) == seen:
        OrderLook.objects.filter(pk=last.pk).update(times=F("times") + 1, last_at=at)
    else:
        OrderLook.objects.create(
            order=order, at=at, last_at=at, read_at=read_at, freshness=freshness, complete=complete,
            finding=finding, candidates=candidates,
        )  # fmt: skip
    return _in_a_row(order, finding)


def _in_a_row(order: Order, finding: Finding) -> int:
    total = 0
    for found, times in order.looks.order_by("-at", "-pk").values_list("finding", "times")[:MOST_LOOKS]:
        if found != finding:
            break
        total += times
    return total


def evidence_of(order: Order, *, window: tuple[datetime, datetime], may_decide: bool) -> dict[str, Any]:
    """All that is known: the requests, the window in which it can have arrived, every look, the rows to choose from."""
    looks = list(order.looks.order_by("-at", "-pk")[:MOST_LOOKS])
    return {
        "order": order_shape(order),
        "requests": [request_shape(r) for r in order.requests.order_by("committed_at", "attempt")],
        "window": {"from": time_text(window[0]), "to": time_text(window[1])},
        "looks": [look_shape(look) for look in looks],
        "candidates": _claims(order, looks[0].candidates if looks else []),
        "may_decide": may_decide,
    }


def look_shape(look: OrderLook) -> dict[str, Any]:
    return {
        "at": time_text(look.at),
        "last_at": time_text(look.last_at),
        "times": look.times,
        "read_at": time_text(look.read_at),
        "freshness": str(look.freshness),
        "complete": look.complete,
        "finding": str(look.finding),
        "candidates": look.candidates,
    }


def owner_of(order: Order, day: date, number: str) -> Order | None:
    """The order of ours that has, or once had, this number on this US date."""
    of_request = Request.objects.filter(
        order__account_id=order.account_id, us_order_date=day, broker_order_id=number
    ).select_related("order")
    if (request := of_request.first()) is not None:
        return request.order
    return Order.objects.filter(account_id=order.account_id, us_order_date=day, broker_order_id=number).first()


def _claims(order: Order, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for row in candidates:
        owner = owner_of(order, date.fromisoformat(row["us_order_date"]), row["broker_order_id"])
        found.append({**row, "claimed_by": None if owner is None else str(owner.pk)})
    return found


def awaits_decision(order: Order) -> bool:
    """Whether a person may say what became of it: it has no number yet, or a person was called."""
    nameless = order.status in {State.UNKNOWN, State.NOT_SEEN} and not order.broker_order_id
    return nameless or order.needs_person


def window_of(order: Order, ends_at: datetime, skew: timedelta) -> tuple[datetime, datetime]:
    """When the request can have reached the broker, by the broker's clock."""
    begun = order.placed_at or order.created_at
    return begun - skew, ends_at + skew


__all__ = [
    "awaits_decision",
    "evidence_of",
    "keep_look",
    "look_shape",
    "neighbours",
    "owner_of",
    "row_shape",
    "window_of",
]
