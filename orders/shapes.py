"""Orders and fills as the outside sees them: the API and the journal share these."""

from typing import Any

from orders.models import Execution, Instruction, Order, Request
from positions.shapes import decimal_text, time_text


def order_shape(order: Order) -> dict[str, Any]:
    return {
        "id": str(order.pk),
        "account_id": str(order.account_id),
        "rule_id": None if order.rule_id is None else str(order.rule_id),
        "rule_version": order.rule_version,
        "symbol": order.symbol,
        "exchange": str(order.exchange),
        "order_type": str(order.order_type),
        "side": str(order.side),
        "qty": order.qty,
        "price": decimal_text(order.price),
        "status": str(order.status),
        "filled_qty": order.filled_qty,
        "avg_fill_price": decimal_text(order.avg_fill_price),
        "broker_order_id": order.broker_order_id or None,
        "needs_person": order.needs_person,
        "reason": order.reason,
        "failure": order.failure,
        "created_at": time_text(order.created_at),
        "placed_at": time_text(order.placed_at),
        "updated_at": time_text(order.updated_at),
    }


def order_event_shape(order: Order) -> dict[str, Any]:
    """For the journal: without the long account of why, which GET /orders/{id} has."""
    shape = order_shape(order)
    shape["reason"] = {"text": order.reason.get("text")} if order.reason else {}
    return shape


def execution_shape(execution: Execution) -> dict[str, Any]:
    return {
        "id": str(execution.pk),
        "order_id": str(execution.order_id),
        "account_id": str(execution.account_id),
        "symbol": execution.symbol,
        "side": str(execution.side),
        "qty": execution.qty,
        "price": decimal_text(execution.price),
        "fee": decimal_text(execution.fee),
        "at": time_text(execution.at),
    }


def request_shape(request: Request) -> dict[str, Any]:
    return {
        "id": str(request.pk),
        "kind": str(request.kind),
        "attempt": request.attempt,
        "outcome": str(request.outcome),
        "broker_order_id": request.broker_order_id or None,
        "us_order_date": None if request.us_order_date is None else request.us_order_date.isoformat(),
        "failure": request.failure,
        "committed_at": time_text(request.committed_at),
        "answered_at": time_text(request.answered_at),
    }


def instruction_shape(instruction: Instruction) -> dict[str, Any]:
    return {
        "id": str(instruction.pk),
        "account_id": str(instruction.account_id),
        "order_id": None if instruction.order_id is None else str(instruction.order_id),
        "wish": str(instruction.wish),
        "status": str(instruction.status),
        "result": instruction.result,
        "created_at": time_text(instruction.created_at),
        "done_at": time_text(instruction.done_at),
    }
