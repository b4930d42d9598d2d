"""Settling an order of which nobody knows whether it arrived (safety.md 1.6). Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from market.orders import ExecutionRow
from market.words import Side
from orders.readings import is_original, is_ours

BROKER_CLOCK_STEP = timedelta(seconds=1)  # the broker tells whole seconds

Number = tuple[date, str]  # a broker's number means nothing without its US date (safety.md 1.7)


@dataclass(frozen=True, slots=True)
class UnknownOrder:
    """What was asked for, exactly as it was written."""

    symbol: str
    side: Side
    quantity: int
    limit_price: Decimal


@dataclass(frozen=True, slots=True)
class Window:
    """When the request can have reached the broker, on the broker's clock.

    `committed_at` is the commit before the write, ours; `skew` how far the broker's clock may be behind;
    `ends_at` the end of that trading day. `list_is_final`: the list is complete and was read after that end.
    `answer_may_come`: the request's own answer, which outranks any row, is not yet out of the question.
    """

    committed_at: datetime
    ends_at: datetime
    skew: timedelta
    list_is_final: bool
    answer_may_come: bool = False

    def covers(self, moment: datetime | None) -> bool:
        """A row without a time cannot be excluded by it."""
        if moment is None:
            return True
        return self.committed_at - self.skew - BROKER_CLOCK_STEP <= moment <= self.ends_at + self.skew


class Finding(StrEnum):
    CLAIM = "claim"  # one row that can only be ours
    AMBIGUOUS = "ambiguous"  # several; a person is called
    WAIT = "wait"  # none yet; silence is not proof
    NOT_SEEN = "not_seen"  # none, the day is over and its list is complete


@dataclass(frozen=True, slots=True)
class Settlement:
    finding: Finding
    row: ExecutionRow | None = None
    candidates: tuple[ExecutionRow, ...] = ()


def settle(
    order: UnknownOrder, rows: Iterable[ExecutionRow], claimed: Collection[Number], window: Window
) -> Settlement:
    """Find the row that the unknown order caused.

    Only original rows of the API channel that no other order has claimed, equal in symbol, side, quantity and
    price, and inside the window. When the day is over and two rows remain, the one nearest after the commit is
    taken: the other stays an order that no intent explains, which calls a person by itself.
    """
    found = tuple(r for r in rows if _could_be(r, order, claimed, window))
    if window.answer_may_come:
        return Settlement(Finding.WAIT, None, found)
    match len(found):
        case 0:
            return Settlement(Finding.NOT_SEEN if window.list_is_final else Finding.WAIT)
        case 1:
            return Settlement(Finding.CLAIM, found[0], found)
    if window.list_is_final:
        return Settlement(Finding.CLAIM, min(found, key=lambda r: _distance(r, window)), found)
    return Settlement(Finding.AMBIGUOUS, None, found)


def answer_may_come(committed_at: datetime, ended_at: datetime | None, now: datetime, *, within: timedelta) -> bool:
    """Whether the answer to a request may still arrive.

    `ended_at`: when the process that wrote it stopped waiting; None when it died or fell silent, and then only time
    tells: the write has a deadline and the answer a timeout, and `within` is longer than both together.
    """
    return ended_at is None and now < committed_at + within


def same_order_on_another_date(row: ExecutionRow, order: UnknownOrder, window: Window) -> bool:
    """Whether a row with our number is our order though the broker dates it otherwise than we do.

    In the evening (daytime session) the broker may give the date of the trading day that follows. Numbers return
    the next day, so the row must be the order in everything, its moment included.
    """
    return row.placed_at is not None and _could_be(row, order, (), window)


def _could_be(row: ExecutionRow, order: UnknownOrder, claimed: Collection[Number], window: Window) -> bool:
    return (
        is_original(row)
        and is_ours(row)
        and (row.order_date, row.broker_order_id) not in claimed
        and (row.symbol, row.side, row.quantity) == (order.symbol, order.side, order.quantity)
        and row.limit_price == order.limit_price
        and window.covers(row.placed_at)
    )


def _distance(row: ExecutionRow, window: Window) -> tuple[timedelta, str]:
    placed = row.placed_at or window.ends_at
    return abs(placed - window.committed_at), row.broker_order_id.zfill(20)
