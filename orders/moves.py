"""One move of an order: a compare-and-set and a journal row, in the caller's transaction."""

import time
from datetime import datetime
from typing import Any

from accounts.models import BrokerageAccount
from logs.services import record
from market.errors import Text, TradingError
from market.words import Side, TradingState
from orders.domain import FINAL, Event, State, step
from orders.models import Order
from orders.shapes import order_event_shape
from positions.shapes import decimal_text

UNTOLD = {"possible_filled_qty", "day_read_at"}  # of the reservation alone: nobody is told of it again
LEVELS = {State.UNKNOWN: "warning", State.REJECTED: "warning", State.NOT_SENT: "warning", State.NOT_SEEN: "warning"}
WORDS: dict[State, tuple[str, str]] = {
    State.INTENT: ("주문을 결정했습니다", "decided"),
    State.SUBMITTING: ("주문을 보냅니다", "is being sent"),
    State.WORKING: ("주문이 접수되었습니다", "is working"),
    State.PARTIALLY_FILLED: ("일부 체결되었습니다", "is partially filled"),
    State.FILLED: ("모두 체결되었습니다", "is filled"),
    State.CANCELLED: ("취소되었습니다", "is cancelled"),
    State.REJECTED: ("거절되었습니다", "was rejected"),
    State.EXPIRED: ("장 종료로 끝났습니다", "expired at the close"),
    State.NOT_SENT: ("보내지 않았습니다", "was not sent"),
    State.NOT_SEEN: ("증권사 주문 내역에 없습니다", "never appeared in the broker's list"),
    State.UNKNOWN: ("결과를 모릅니다. 주문 내역으로 확인합니다", "has an unknown outcome; the order list will tell"),
    State.PENDING_CANCEL: ("취소를 요청합니다", "is being cancelled"),
    State.PENDING_AMEND: ("정정을 요청합니다", "is being amended"),
}


def uptime() -> float:
    """Seconds on a clock that counts sleep too: a lid that was closed must not stretch a deadline."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def failure_of(error: BaseException) -> dict[str, str]:
    """What is kept of an error: the broker's code and a sentence in both languages."""
    if isinstance(error, TradingError):
        return storable({"code": error.code, **error.message.as_dict()})
    name = type(error).__name__
    return {"code": name, "ko": f"예상하지 못한 오류: {name}", "en": f"unexpected error: {name}"}


def storable(value: Any) -> Any:
    """The same without the one character that no text of the database can hold: an answer is always stored."""
    match value:
        case str():
            return value.replace("\x00", "")
        case dict():
            return {storable(name): storable(inner) for name, inner in value.items()}
        case list() | tuple():
            return [storable(inner) for inner in value]
    return value


def reread(order: Order) -> None:
    """The row as it is now, its account with it, so that it may be looked at outside a thread of the database."""
    order.refresh_from_db(from_queryset=Order.objects.select_related("account"))


def move(order: Order, event: Event, *, at: datetime, why: Text | None = None, **changes: Any) -> bool:
    """Move the order by the table, if nobody moved it or booked a fill since it was read; journal the move.

    False when somebody was first: read it again and judge anew. Raises IllegalTransition for a move that the
    table does not know. A move that changes nothing writes nothing.
    """
    before = State(order.status)
    after = step(before, event)
    if after is before and not changes:
        return True
    told = after is not before or not set(changes) <= UNTOLD
    if (after in FINAL) != (before in FINAL):
        changes["final_at"] = at if after in FINAL else None
    if after in FINAL and before not in FINAL:  # nothing is open that an amend could be about
        changes |= {"amend_qty": None, "amend_price": None}
    changes |= {"status": after, "updated_at": at}
    same = Order.objects.filter(pk=order.pk, status=before, filled_qty=order.filled_qty)
    if not same.update(**changes):
        return False
    for name, value in changes.items():
        setattr(order, name, value)
    if told:
        journal_order(order, at=at, why=why)
    return True


def name_of(order: Order) -> Text:
    """The order as a person would say it."""
    side = "매수" if order.side == Side.BUY else "매도"
    price = decimal_text(order.price)
    return Text(
        f"{order.symbol} {order.qty}주 {side} @ ${price}", f"{order.side} {order.qty} {order.symbol} @ ${price}"
    )


def journal_order(order: Order, *, at: datetime, why: Text | None = None, level: str | None = None) -> None:
    """A row of kind "order" that carries the order as the API shows it."""
    state = State(order.status)
    ko, en = WORDS[state]
    named = name_of(order)
    what = Text(f"{named.ko}: {ko}", f"{named.en} {en}")
    if why is not None:
        what = Text(f"{what.ko} — {why.ko}", f"{what.en}: {why.en}")
    record(
        account=order.account,
        rule_id=order.rule_id,
        kind="order",
        level=level or LEVELS.get(state, "info"),
        message=what,
        ctx=order_event_shape(order),
        at=at,
    )


def call_person(account: BrokerageAccount, why: Text, *, at: datetime, **ctx: Any) -> None:
    """Something nobody can decide but a person: entries stop (`reducing`), exits go on, the journal says why."""
    BrokerageAccount.objects.filter(pk=account.pk, trading_state=TradingState.ACTIVE).update(
        trading_state=TradingState.REDUCING, trading_state_reason=why.as_dict(), updated_at=at
    )
    ctx = {"event": "needs_person", **ctx}
    record(account=account, kind="account", level="error", message=why, ctx=ctx, at=at)
