"""What the broker's order list says of an order (kis-protocol 4.11, 6.2 and Appendix E). Pure.

Quantities come first, then the kind of the row, then later rows about it, then how much is open, then texts:
`rjct_rson_name` alone is no rejection, because orders that expired carry one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from market.orders import ExecutionRow
from orders.domain import Event

CENT_MILLIONTH = Decimal("0.00000001")  # prices are kept with eight decimals, as the broker sends them
API_CHANNEL = "openapi"
REJECTED_TEXT = "거부"
ENDED_BY_CLOSE_TEXT = "장종료"


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at one order, its amends included. Quantities in shares, amount in US dollars.

    `event` is None when the row does not say how the order stands. `quantity` is what was ordered in all;
    `broker_order_id` the number under which it lives now. `filled_amount` is None while the price is not known.
    """

    event: Event | None
    quantity: int
    filled_quantity: int
    filled_amount: Decimal | None
    broker_order_id: str
    limit_price: Decimal
    numbers: tuple[str, ...] = ()

    @property
    def needs_complete_list(self) -> bool:
        """An end is believed only from a complete list; that all is filled needs no other row."""
        return self.event in {Event.SEEN_CANCELLED, Event.SEEN_REJECTED, Event.SEEN_EXPIRED}


@dataclass(frozen=True, slots=True)
class Fill:
    """What lies between two cumulative readings."""

    quantity: int
    price: Decimal
    cumulative_quantity: int
    cumulative_amount: Decimal


def is_original(row: ExecutionRow) -> bool:
    """An order, and not a request about one."""
    return row.request_kind == "new" and not row.original_id


def is_ours(row: ExecutionRow) -> bool:
    """Came through the API channel: ours, or another program's with the same account."""
    return row.channel.replace(" ", "").casefold() == API_CHANNEL


def successors_of(row: ExecutionRow, rows: Iterable[ExecutionRow]) -> tuple[ExecutionRow, ...]:
    """Rows of the same day that name this one as their original, whoever sent them; refused ones are none."""
    return tuple(
        r
        for r in rows
        if r.order_date == row.order_date
        and r.original_id == row.broker_order_id
        and r.broker_order_id != row.broker_order_id
        and REJECTED_TEXT not in r.status_text
    )


def root_of(row: ExecutionRow, rows: Iterable[ExecutionRow]) -> ExecutionRow:
    """The first order of the chain of amends that the row belongs to, as far as the list shows it."""
    by_number = {r.broker_order_id: r for r in rows if r.order_date == row.order_date}
    seen = {row.broker_order_id}
    while row.original_id and row.original_id not in seen and row.original_id in by_number:
        seen.add(row.original_id)
        row = by_number[row.original_id]
    return row


def shows_amend(rows: Iterable[ExecutionRow], numbers: Iterable[str], quantity: int, price: Decimal | None) -> bool:
    """Whether the list shows an amend of one of these numbers that asked for just this."""
    known = set(numbers)
    return any(
        r.request_kind == "amend"
        and r.original_id in known
        and (r.quantity, r.limit_price) == (quantity, price)
        and REJECTED_TEXT not in r.status_text
        for r in rows
    )


def read_row(row: ExecutionRow, successors: Sequence[ExecutionRow] = (), *, day_over: bool = False) -> Reading:
    """What one order's row says. `successors`: later rows about it; `day_over`: its trading day has ended.

    Raises ValueError for a row that is a cancel: it is a request, not an order.
    """
    if row.request_kind == "cancel":
        raise ValueError(f"row {row.broker_order_id} is a request about {row.original_id}, not an order")
    return Reading(
        event=_event(row, successors, day_over),
        quantity=row.quantity,
        filled_quantity=row.filled_quantity,
        filled_amount=_amount(row),
        broker_order_id=row.broker_order_id,
        limit_price=row.limit_price,
        numbers=(row.broker_order_id,),
    )


def read_order(row: ExecutionRow, rows: Sequence[ExecutionRow], *, day_over: bool = False) -> Reading:
    """The order of `row` and every amend that continues it, as one reading (safety.md 1.7)."""
    chain, seen = [row], {row.broker_order_id}
    while amended := [r for r in successors_of(chain[-1], rows) if r.request_kind == "amend"]:
        newest = max(amended, key=lambda r: (r.placed_at is not None, r.placed_at, r.broker_order_id))
        if newest.broker_order_id in seen:
            break
        seen.add(newest.broker_order_id)
        chain.append(newest)
    last = read_row(chain[-1], successors_of(chain[-1], rows), day_over=day_over)
    if len(chain) == 1:
        return last
    before = [read_row(r, day_over=day_over) for r in chain[:-1]]
    filled_before = sum(r.filled_quantity for r in before)
    amounts = [r.filled_amount for r in (*before, last)]
    return Reading(
        event=_with_earlier_fills(last.event, filled_before),
        quantity=filled_before + last.quantity,
        filled_quantity=filled_before + last.filled_quantity,
        filled_amount=None if None in amounts else sum((a for a in amounts if a is not None), Decimal(0)),
        broker_order_id=last.broker_order_id,
        limit_price=last.limit_price,
        numbers=tuple(r.broker_order_id for r in chain),
    )


def fill_from(previous_quantity: int, previous_amount: Decimal, reading: Reading | ExecutionRow) -> Fill | None:
    """What was filled since the previous cumulative quantity (shares) and amount (US dollars).

    None when nothing was, when the reading is an older one, or when its price is not known yet. The price is the
    difference of the two amounts over the difference of the two quantities, so that the sum of all fills is the
    broker's own amount whatever the order of the readings.
    """
    now = reading if isinstance(reading, Reading) else read_row(reading)
    quantity = now.filled_quantity - previous_quantity
    if quantity <= 0 or now.filled_amount is None:
        return None
    price = ((now.filled_amount - previous_amount) / quantity).quantize(CENT_MILLIONTH, ROUND_HALF_EVEN)
    if price <= 0:  # averages that cannot both be true; the share is a fact, its price the average's
        price = (now.filled_amount / now.filled_quantity).quantize(CENT_MILLIONTH, ROUND_HALF_EVEN)
    return Fill(quantity, price, now.filled_quantity, now.filled_amount)


def _amount(row: ExecutionRow) -> Decimal | None:
    if row.filled_quantity == 0:
        return Decimal(0)
    price = row.avg_fill_price
    return None if price is None or price <= 0 else price * row.filled_quantity


def _event(row: ExecutionRow, successors: Sequence[ExecutionRow], day_over: bool) -> Event | None:
    if 0 < row.quantity <= row.filled_quantity:
        return Event.SEEN_FILLED
    if _cancelled_by(row, successors, day_over):
        return Event.SEEN_CANCELLED
    if REJECTED_TEXT in row.status_text and row.filled_quantity == 0:
        return Event.SEEN_REJECTED
    if row.open_quantity > 0:
        return Event.SEEN_PARTIALLY_FILLED if row.filled_quantity else Event.SEEN_WORKING
    if day_over or ENDED_BY_CLOSE_TEXT in row.reject_reason:
        return Event.SEEN_EXPIRED
    return None  # nothing open, no reason seen: the row of a cancel may still be on its way


def _cancelled_by(row: ExecutionRow, successors: Sequence[ExecutionRow], day_over: bool) -> bool:
    """A cancel has taken effect when nothing is open any more.

    Its row alone proves nothing: the venue has yet to carry it out, or the order's own row is from an older page, and
    in both cases fills that we have not seen would meet limits that are free again.
    """
    return any(r.request_kind == "cancel" for r in successors) and (row.open_quantity == 0 or day_over)


def _with_earlier_fills(event: Event | None, filled_before: int) -> Event | None:
    if filled_before and event is Event.SEEN_WORKING:
        return Event.SEEN_PARTIALLY_FILLED
    if filled_before and event is Event.SEEN_REJECTED:
        return Event.SEEN_CANCELLED
    return event
