"""A position and a point of the equity curve as the outside sees them: the API and the journal share these."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from positions.models import CashFlow, EquityPoint, Position


def decimal_text(value: Decimal | None) -> str | None:
    """Money and prices travel as strings: at least two decimals, no needless zeros after them."""
    if value is None:
        return None
    text = f"{value:f}"
    if "." not in text:
        return text + ".00"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def time_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def position_shape(position: Position) -> dict[str, Any]:
    price = position.last_price
    return {
        "id": str(position.pk),
        "account_id": str(position.account_id),
        "symbol": position.symbol,
        "exchange": str(position.exchange),
        "qty": position.qty,
        "avg_price": decimal_text(position.avg_price),
        "last_price": decimal_text(price),
        "market_value": decimal_text(None if price is None else price * position.qty),
        "unrealized_pnl": decimal_text(position.unrealized_pnl),
        "realized_pnl": decimal_text(position.realized_pnl),
        "needs_person": position.needs_person,
        "broker_qty": position.broker_qty,
        "held_because": position.held_because,
        "updated_at": time_text(position.updated_at),
    }


def equity_shape(point: EquityPoint) -> dict[str, Any]:
    return {
        "at": time_text(point.at),
        "trading_day": point.trading_day.isoformat(),
        "cash": decimal_text(point.cash),
        "positions_value": decimal_text(point.positions_value),
        "equity": decimal_text(point.equity),
        "realized_today": decimal_text(point.realized_today),
        "unrealized": decimal_text(point.unrealized),
    }


def cash_flow_shape(flow: CashFlow) -> dict[str, Any]:
    return {
        "id": str(flow.pk),
        "account_id": str(flow.account_id),
        "trading_day": flow.trading_day.isoformat(),
        "at": time_text(flow.at),
        "amount_usd": decimal_text(flow.amount_usd),
        "kind": str(flow.kind),
        "source": str(flow.source),
        "note": flow.note,
        "recorded_by": None if flow.recorded_by is None else flow.recorded_by.email,
    }
