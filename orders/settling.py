"""A person says what became of an order that nobody knows, with the evidence in front of them (safety.md 1.6)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from auditlog.models import LogEntry
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import ConfirmationMismatch
from api.problems import ApiError
from logs.services import record
from market.errors import Text
from market.words import Side
from orders.claiming import claim, renumber
from orders.domain import OPEN, Event, State
from orders.evidence import awaits_decision, evidence_of, owner_of, window_of
from orders.listing import day_end, measured_skew
from orders.models import ForeignOrder, Instruction, Order, Wish, WishStatus
from orders.moves import move, name_of, reread


class Decision(StrEnum):
    """What a person may say: the broker has it under this number, or it never arrived."""

    CLAIM = "claim"
    NEVER_ARRIVED = "never_arrived"


class CannotSettle(ApiError):
    """The decision contradicts what is known; nothing was changed."""

    def __init__(self, code: str, ko: str, en: str) -> None:
        super().__init__(code, Text(ko, en), 409)


def evidence(order: Order, *, may_decide: bool) -> dict[str, Any]:
    """All that is known of the order, as the API shows it."""
    ends_at = day_end(order.trading_day, order.placed_at or order.created_at)
    window = window_of(order, ends_at, measured_skew(order.account_id))
    return evidence_of(order, window=window, may_decide=may_decide and awaits_decision(order))


def request_settle(
    *,
    order: Order,
    decision: Decision,
    by: User,
    confirm: str,
    broker_order_id: str = "",
    us_order_date: date | None = None,
    now: datetime | None = None,
) -> Instruction:
    """Ask for the decision to be carried out; the account's bot does it within a second.

    Asking the same twice is asking once. Raises ConfirmationMismatch unless `confirm` is the account's nickname, and
    CannotSettle.
    """
    at = now or timezone.now()
    if confirm != order.account.nickname:
        raise ConfirmationMismatch
    number = clean_number(broker_order_id)
    with transaction.atomic():
        current = Order.objects.select_for_update(of=("self",), no_key=True).select_related("account").get(pk=order.pk)
        check(current, decision, number, us_order_date)
        payload = {"decision": decision.value, "broker_order_id": number,
                   "us_order_date": us_order_date.isoformat() if us_order_date else None}  # fmt: skip
        asked, new = Instruction.objects.get_or_create(
            order=current,
            wish=Wish.SETTLE,
            status=WishStatus.PENDING,
            defaults={"account": current.account, "requested_by": by, "payload": payload},
        )
        if not new and asked.payload != payload:
            raise CannotSettle(
                "decision_pending", "이 주문에 대한 다른 결정을 처리하는 중입니다.",
                "Another decision about this order is being carried out.",
            )  # fmt: skip
        if new:
            _tell(current, by, decision, number, at, asked.pk)
    return asked


def settle_by_person(
    *,
    order: Order,
    decision: Decision | str,
    by: User | None,
    now: datetime,
    broker_order_id: str = "",
    us_order_date: date | str | None = None,
    fence: Callable[[], Any] | None = None,
) -> Order:
    """Carry a person's decision out; the order as it stands then.

    `claim`: the order gets the number and its fills are booked at the next look. `never_arrived`: the order is
    not_seen, and keeps its shares and dollars counted until its day's complete list was read (safety.md 1.2); the
    rows that were held against it are somebody else's from now on. Raises CannotSettle, and whatever `fence` raises.
    """
    decision, number = Decision(decision), clean_number(broker_order_id)
    day = date.fromisoformat(us_order_date) if isinstance(us_order_date, str) else us_order_date
    with transaction.atomic(durable=True):
        if fence is not None:
            fence()
        reread(order)
        if _is_done(order, decision, number, day):
            return order  # carried out before by a process that died before it could say so
        check(order, decision, number, day)
        before = str(order.status)
        others = _other_candidates(order, number if decision is Decision.CLAIM else "", day)
        if decision is Decision.CLAIM and day is not None:
            _claim(order, day, number, by, now)
        else:
            _never_arrived(order, by, now)
        _declare(order, others, now)
        _witness(order, decision, before, number, by, now)
    return order


def _is_done(order: Order, decision: Decision, number: str, day: date | None) -> bool:
    if order.needs_person:
        return False
    if decision is Decision.NEVER_ARRIVED:
        return order.status == State.NOT_SEEN
    return bool(number) and (order.us_order_date, order.broker_order_id) == (day, number)


def check(order: Order, decision: Decision, number: str, day: date | None) -> None:
    """Whether the decision can be true. Raises CannotSettle with what was expected."""
    if not awaits_decision(order):
        raise CannotSettle(
            "order_settled", "결과가 이미 확인된 주문입니다. 결정할 것이 없습니다.",
            "The outcome of this order is known already. There is nothing to decide.",
        )  # fmt: skip
    if decision is Decision.NEVER_ARRIVED:
        _check_never_arrived(order)
    elif not number or day is None:
        raise CannotSettle(
            "number_needed", "주문번호와 미국 주문일을 함께 고르세요.",
            "Choose an order number together with its US order date.",
        )  # fmt: skip
    else:
        _check_claim(order, number, day)


def _check_never_arrived(order: Order) -> None:
    if order.broker_order_id:
        raise CannotSettle(
            "order_arrived", f"이 주문은 증권사에 있습니다. 주문번호 {order.broker_order_id}.",
            f"The broker has this order under number {order.broker_order_id}.",
        )  # fmt: skip


def _check_claim(order: Order, number: str, day: date) -> None:
    same = (order.us_order_date, order.broker_order_id) == (day, number)
    owner = owner_of(order, day, number)
    if owner is not None and owner.pk != order.pk:
        named = name_of(owner)
        raise CannotSettle(
            "number_taken", f"주문번호 {number}은(는) 다른 주문의 것입니다: {named.ko}.",
            f"Order number {number} belongs to another order: {named.en}.",
        )  # fmt: skip
    if same:
        return
    if order.broker_order_id and (order.filled_qty or order.status not in OPEN):
        raise CannotSettle(
            "fills_booked", f"주문번호 {order.broker_order_id}의 체결이 이미 이 주문에 기록되었습니다.",
            f"Fills of number {order.broker_order_id} are booked to this order already.",
        )  # fmt: skip
    row = seen_row(order, number, day)
    if row is None:
        raise CannotSettle(
            "number_not_seen", f"증권사 주문 내역에서 {day}의 주문번호 {number}을(를) 본 적이 없습니다.",
            f"The broker's list has never shown a number {number} of {day}.",
        )  # fmt: skip
    if (row["symbol"], row["side"]) != (order.symbol, str(order.side)) or row["qty"] != order.qty:
        raise CannotSettle(
            "number_of_another_kind",
            f"주문번호 {number}은(는) {row['side']} {row['symbol']} {row['qty']}주입니다. 이 주문은 "
            f"{order.side} {order.symbol} {order.qty}주입니다.",
            f"Number {number} is {row['side']} {row['qty']} {row['symbol']}; this order is "
            f"{order.side} {order.qty} {order.symbol}.",
        )  # fmt: skip


def seen_row(order: Order, number: str, day: date) -> dict[str, Any] | None:
    """The row of this number as a look, or the list of others' orders, keeps it."""
    wanted = (day.isoformat(), number)
    for look in order.looks.order_by("-at", "-pk"):
        for row in look.candidates:
            if (row["us_order_date"], row["broker_order_id"]) == wanted:
                return row
    foreign = ForeignOrder.objects.filter(account_id=order.account_id, us_order_date=day, broker_order_id=number)
    if (row := foreign.first()) is None:
        return None
    return {"symbol": row.symbol, "side": str(row.side), "qty": row.qty}


def clean_number(text: str) -> str:
    """Without blanks and leading zeros (safety.md 1.7)."""
    return text.strip().lstrip("0")


def _claim(order: Order, day: date, number: str, by: User | None, at: datetime) -> None:
    if (order.us_order_date, order.broker_order_id) == (day, number):
        Order.objects.filter(pk=order.pk).update(needs_person=False, updated_at=at)
        order.needs_person = False
        return
    who = by.email if by else "system"
    why = Text(f"{who} 님이 주문번호 {number}(으)로 확인했습니다.", f"{who} said that it is number {number}.")
    give = renumber if order.broker_order_id else claim
    done = give(order, day, number, at, why=why)
    if not done:
        raise CannotSettle(
            "order_moved", "그 사이에 주문이 바뀌었습니다. 다시 확인하세요.",
            "The order changed meanwhile. Look at it again.",
        )  # fmt: skip


def _never_arrived(order: Order, by: User | None, at: datetime) -> None:
    who = by.email if by else "system"
    why = Text(
        f"{who} 님이 도착하지 않았다고 확인했습니다. 그날의 주문 내역을 모두 읽을 때까지 한도에는 남습니다.",
        f"{who} said that it never arrived. Until its day's complete list was read it stays counted in the limits.",
    )
    with transaction.atomic():
        if not move(order, Event.NEVER_SEEN, at=at, why=why, needs_person=False):
            raise CannotSettle(
                "order_moved", "그 사이에 주문이 바뀌었습니다. 다시 확인하세요.",
                "The order changed meanwhile. Look at it again.",
            )  # fmt: skip


def _other_candidates(order: Order, number: str, day: date | None) -> list[dict[str, Any]]:
    """Rows that could have been the order, and of which the person has said that they are not."""
    last = order.looks.order_by("-at", "-pk").first()
    rows = last.candidates if last is not None and order.status in {State.UNKNOWN, State.NOT_SEEN} else []
    chosen = (day.isoformat() if day else "", number)
    return [r for r in rows if r["fits"] and (r["us_order_date"], r["broker_order_id"]) != chosen]


def _declare(order: Order, rows: list[dict[str, Any]], at: datetime) -> None:
    for row in rows:
        day = date.fromisoformat(row["us_order_date"])
        if owner_of(order, day, row["broker_order_id"]) is not None:
            continue
        ForeignOrder.objects.update_or_create(
            account_id=order.account_id, us_order_date=day, broker_order_id=row["broker_order_id"],
            defaults={"declared": True},
            create_defaults={
                "declared": True, "symbol": row["symbol"], "side": Side(row["side"]), "qty": row["qty"],
                "price": Decimal(row["price"]), "channel": row["channel"][:40], "seen_at": at,
            },
        )  # fmt: skip


def _witness(order: Order, decision: Decision, before: str, number: str, by: User | None, at: datetime) -> None:
    """Who decided what stands in the audit log and in the journal."""
    changes = {"status": [before, str(order.status)], "decision": ["", decision.value]}
    if decision is Decision.CLAIM:
        changes["broker_order_id"] = ["", number]
    LogEntry.objects.log_create(order, action=LogEntry.Action.UPDATE, changes=changes, actor=by)
    who, named = by.email if by else "system", name_of(order)
    as_what = Text(f"주문번호 {number}", f"number {number}") if number else Text("도착하지 않음", "never arrived")
    message = Text(
        f"{who} 님이 {named.ko} 주문의 결과를 정했습니다: {as_what.ko}.",
        f"{who} decided what became of {named.en}: {as_what.en}.",
    )
    ctx = {"event": "settled_by_person", "order_id": str(order.pk), "decision": decision.value,
           "broker_order_id": number or None}  # fmt: skip
    record(account=order.account, rule_id=order.rule_id, level="warning", message=message, ctx=ctx, at=at)


def _tell(order: Order, by: User, decision: Decision, number: str, at: datetime, asked: UUID) -> None:
    named = name_of(order)
    message = Text(
        f"{by.email} 님이 결과를 모르는 주문을 정하려고 합니다: {named.ko} ({decision.value} {number})",
        f"{by.email} asked to settle {named.en} as {decision.value} {number}".rstrip(),
    )
    ctx = {"instruction_id": str(asked), "order_id": str(order.pk)}
    record(account=order.account, rule_id=order.rule_id, message=message, ctx=ctx, at=at)


__all__ = ["CannotSettle", "Decision", "evidence", "request_settle", "settle_by_person"]
