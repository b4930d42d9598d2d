"""An order as the strategy wants it, and as the broker reports it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from market.words import Exchange, Freshness, OrderType, Side, SliceBy, TimeInForce


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a decision wants sent. `decision_key` is unique for ever (safety.md 1.4); quantity in whole shares.

    `by_person`: a person, a webhook or the house wants it, though the shares may be a rule's. `on_complete_data`: no
    bar that the decision looked at was missing.
    """

    decision_key: str
    symbol: str
    exchange: Exchange
    side: Side
    quantity: int
    limit_price: Decimal
    reason: str
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    by_person: bool = False
    on_complete_data: bool = True


@dataclass(frozen=True, slots=True)
class Slicing:
    """The broker slices the order from `start` to `end` (both aware), or until the regular close without them."""

    by: SliceBy
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """One request for a new order as the broker needs it.

    `limit_price` in dollars a share; None only at an auction, where it means market-on-open or market-on-close.
    """

    symbol: str
    exchange: Exchange
    side: Side
    quantity: int
    limit_price: Decimal | None
    time_in_force: TimeInForce = TimeInForce.DAY
    slicing: Slicing | None = None


@dataclass(frozen=True, slots=True)
class AmendTicket:
    """Gives what is still open of an order another quantity and price. `slicing` is that of the order as it is."""

    symbol: str
    exchange: Exchange
    broker_order_id: str
    quantity: int  # new quantity of the open remainder, whole shares
    limit_price: Decimal
    slicing: Slicing | None = None


@dataclass(frozen=True, slots=True)
class CancelTicket:
    """Cancels the order with this broker number: `quantity` shares of it, or all that is left."""

    symbol: str
    exchange: Exchange
    broker_order_id: str
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """`broker_order_id` without leading zeros; it means nothing without the US order date (safety.md 1.7)."""

    broker_order_id: str
    branch: str
    broker_time: str  # HHMMSS, Korean clock, as sent
    received_at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


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
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    branch: str = ""  # where the number was given out
    filled_amount: Decimal | None = None  # dollars
    slicing_text: str = ""  # the broker's words about TWAP and VWAP


@dataclass(frozen=True, slots=True)
class ReservationAccepted:
    """A reservation is known by its number (no leading zeros) together with the Korean day on which it was taken."""

    reservation_id: str
    received_on: date
    received_at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One row of the list of reserved orders. `broker_order_id` is "" until it has gone to the exchange."""

    reservation_id: str
    received_on: date  # Korean date
    received_at: datetime | None
    symbol: str
    exchange: Exchange | None
    side: Side
    quantity: int
    limit_price: Decimal | None  # None: at the market of the opening
    cancelled: bool | None
    status_code: str
    status_text: str
    order_date: date | None
    broker_order_id: str
    branch: str
    filled_quantity: int | None
    avg_fill_price: Decimal | None
    problem: str  # why it was not carried out
    slicing_text: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SlicedOrder:
    """A TWAP or VWAP order of a day, as its own list shows it."""

    order_date: date
    broker_order_id: str
    branch: str
    symbol: str
    name: str
    kind_text: str  # the broker's word for side and kind
    slicing_text: str
    quantity: int
    limit_price: Decimal | None
    filled_quantity: int | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SliceFill:
    """One execution of a sliced order. `time_text` as the broker wrote it: its clock is not documented."""

    sequence: int
    time_text: str
    symbol: str
    quantity: int
    price: Decimal
    amount: Decimal | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SliceSums:
    """All executions of a sliced order together."""

    broker_order_id: str
    symbol: str
    quantity: int | None
    filled_quantity: int | None
    avg_fill_price: Decimal | None
    filled_amount: Decimal | None
    fills: int | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Listing[T]:
    """Rows and what they are worth. `complete`: every page was read. EMPTY is a fact; PARTIAL and FAILED are none."""

    rows: tuple[T, ...]
    freshness: Freshness
    complete: bool
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Statement[T, S]:
    """Rows with the broker's own sums of them; worth as a `Listing`. `sums` None: none could be read."""

    rows: tuple[T, ...]
    sums: S | None
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
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class BuyingPower:
    """US dollars orderable in each margin mode, and the FX rate (KRW per USD) the broker used."""

    usd: Decimal
    integrated: Decimal
    max_quantity_usd: int
    max_quantity_integrated: int
    fx_rate: Decimal | None
    read_at: datetime
    cash: Decimal | None = None  # foreign cash alone
    proceeds: Decimal | None = None  # of sells, usable before they settle
    symbol: str = ""  # of which the quantities are; blank: of the one that was asked about
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


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
