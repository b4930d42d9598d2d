"""An order as the strategy wants it, and as the broker reports it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from market.words import Exchange, Freshness, OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a decision wants sent. `decision_key` is unique for ever (safety.md 1.4); quantity in whole shares."""

    decision_key: str
    symbol: str
    exchange: Exchange
    side: Side
    quantity: int
    limit_price: Decimal
    reason: str
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """One request for a new order as the broker needs it."""

    symbol: str
    exchange: Exchange
    side: Side
    quantity: int
    limit_price: Decimal
    time_in_force: TimeInForce = TimeInForce.DAY


@dataclass(frozen=True, slots=True)
class CancelTicket:
    """Cancels all that is left of the order with this broker number."""

    symbol: str
    exchange: Exchange
    broker_order_id: str


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """`broker_order_id` without leading zeros; it means nothing without the US order date (safety.md 1.7)."""

    broker_order_id: str
    branch: str
    broker_time: str  # HHMMSS, Korean clock, as sent
    received_at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """One row of the order list (inquire-ccnl): an order, or a request about one. Quantities are cumulative shares."""

    order_date: date  # US date
    broker_order_id: str
    original_id: str  # "" for an original order
    request_kind: str  # "new", "amend" or "cancel"
    symbol: str
    side: Side
    exchange: Exchange | None
    quantity: int
    limit_price: Decimal
    filled_quantity: int
    avg_fill_price: Decimal | None
    open_quantity: int
    status_text: str
    reject_reason: str
    channel: str  # mdia_dvsn_name, "OpenAPI" for ours
    placed_at: datetime | None  # broker's clock
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing[T]:
    """Rows and what they are worth. `complete`: every page was read. EMPTY is a fact; PARTIAL and FAILED are none."""

    rows: tuple[T, ...]
    freshness: Freshness
    complete: bool
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    symbol: str
    exchange: Exchange
    quantity: int
    sellable_quantity: int
    avg_price: Decimal
    last_price: Decimal | None
    unrealized_pnl: Decimal | None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuyingPower:
    """US dollars orderable in each margin mode, and the FX rate (KRW per USD) the broker used."""

    usd: Decimal
    integrated: Decimal
    max_quantity_usd: int
    max_quantity_integrated: int
    fx_rate: Decimal | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """An execution notice: a hint to look at the list, never a fact that makes shares sellable (safety.md 1.9)."""

    account_no: str
    broker_order_id: str
    original_id: str
    side: Side | None
    kind: str  # "accepted", "fill", "rejected", "cancelled", "amended"
    symbol: str
    quantity: int | None
    price: Decimal | None
    received_at: datetime
