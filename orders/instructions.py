"""What people ask of the broker is a row; the account's bot, which alone may send, carries it out (safety.md 5.3).

Every wish is claimed with the fencing token of the lease before anything is done about it, so that of two processes
one does it. A wish that must wait stays pending and says why in its `result`; one that cannot be done ends failed.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, transaction
from django.db.models import Q

from accounts.models import BrokerageAccount
from accounts.services import set_trading_state
from logs.services import record
from market.broker import Broker
from market.errors import Text, TradingError
from market.words import TradingState
from orders.amend import CannotAmend, amend
from orders.asking import held_text
from orders.cancel import CannotCancel, asked_lately, cancel
from orders.domain import FINAL, OPEN, State
from orders.models import Instruction, Order, Outcome, RequestKind, Wish, WishStatus
from orders.ordering import place
from orders.prices import Prices
from orders.selling_out import sell_out
from orders.settling import CannotSettle, settle_by_person
from orders.submit import Fence
from orders.wishing import INSIDE, LOOK_AGAIN, Answer, Hand, done, failed, waits

log = logging.getLogger("orders")

# A cancel that the broker does not take is tried so long; then the person is told.
GIVE_UP_AFTER = timedelta(minutes=2)
FILLED_FIRST = Text("취소되기 전에 모두 체결되었습니다.", "It was filled before it could be cancelled.")
NOT_TAKEN = Text(
    "증권사가 취소를 받지 않았습니다. 주문 내역을 다시 읽고 있습니다.",
    "The broker has not taken the cancel. The order list is being read again.",
)
AMEND_UNKNOWN = Text(
    "정정의 결과를 아직 모릅니다. 주문 내역이 알려 줍니다. 다시 보내지 않습니다.",
    "The outcome of the amend is not known yet. The order list will tell; it is not sent again.",
)
HALTED = Text(
    "사람이 거래를 중지했습니다. 보유 종목은 자동으로 청산되지 않습니다.",
    "A person halted trading. What is held has no exits meanwhile.",
)


async def carry_out_instructions(
    *,
    account: BrokerageAccount,
    broker: Broker,
    fence: Fence,
    now: datetime,
    prices: Prices | None = None,
    only: Collection[Wish] = frozenset(Wish),
) -> int:
    """Do what people asked, oldest first; how many wishes came to an end or sent something.

    Call it every 0.3 s. `prices`: what the bot hears; without it the broker is asked. Raises what `fence` raises.
    """
    hand = Hand(account, broker, fence, now, prices or Prices(broker))
    moved = 0
    seen: set[Any] = set()
    while waiting := [row for row in await _db(pending)(account, now) if row.pk not in seen and row.wish in only]:
        for instruction in waiting:  # one wish may ask for others: these are done in the same pass
            seen.add(instruction.pk)
            moved += await _carry_out(instruction, hand)
    return moved


def give_up(account: BrokerageAccount, why: Text, now: datetime) -> int:
    """Nothing can be sent for this account at all: whoever asked is told. How many wishes ended."""
    rows = Instruction.objects.filter(account=account, status=WishStatus.PENDING)
    return rows.update(status=WishStatus.FAILED, result={"message": why.as_dict()}, done_at=now, not_before=None)


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


def pending(account: BrokerageAccount, now: datetime) -> list[Instruction]:
    """Wishes that may be looked at now: what stops trading first."""
    rows = Instruction.objects.filter(Q(not_before=None) | Q(not_before__lte=now), account=account)
    rows = rows.filter(status=WishStatus.PENDING).select_related(
        "order__account", "order__rule", "account", "requested_by"
    )
    return sorted(rows, key=lambda row: (_URGENCY.get(Wish(row.wish), 9), row.created_at))


# Nothing but the order list must be known for these.
URGENT = frozenset({Wish.HALT, Wish.CANCEL, Wish.CANCEL_ALL, Wish.SETTLE})
_URGENCY = {Wish.HALT: 0, Wish.CANCEL: 1, Wish.CANCEL_ALL: 1, Wish.SELL_OUT: 2}


async def _carry_out(instruction: Instruction, hand: Hand) -> int:
    if not await _db(_claim)(instruction, hand):
        return 0
    try:
        answer = await _HANDLERS[Wish(instruction.wish)](instruction, hand)
    except (TradingError, DatabaseError):
        raise  # the lease is lost, or the broker or the database is away: whoever calls knows what to do
    except Exception:
        log.exception("instruction %s", instruction.pk)  # one wish that breaks must not stop the others
        answer = failed(INSIDE)
    return await _db(_write)(instruction, answer, hand.now)


def _claim(instruction: Instruction, hand: Hand) -> bool:
    """Ours to do, by the lease that we hold: who holds an older one finds it taken."""
    with transaction.atomic(durable=True):
        found = hand.fence()
        token = found if isinstance(found, int) else 0
        free = Q(claimed_by=None) | Q(claimed_by__lte=token)
        rows = Instruction.objects.filter(free, pk=instruction.pk, status=WishStatus.PENDING)
        if not rows.update(claimed_by=token):
            return False
        instruction.claimed_by = token
        return True


def _write(instruction: Instruction, answer: Answer, now: datetime) -> int:
    ended = answer.status is not WishStatus.PENDING
    rows = Instruction.objects.filter(pk=instruction.pk, status=WishStatus.PENDING, claimed_by=instruction.claimed_by)
    written = rows.update(
        status=answer.status, result=dict(answer.result), not_before=answer.again_at, done_at=now if ended else None
    )
    return written if ended or answer.sent else 0


# --- each wish ----------------------------------------------------------------------------------------------


async def _cancel(instruction: Instruction, hand: Hand) -> Answer:
    order = instruction.order
    if order.status not in FINAL and await _db(asked_lately)(order, hand.now):
        return _after_cancel(order, instruction, hand)
    try:
        await cancel(order=order, broker=hand.broker, fence=hand.fence, now=hand.now)
    except CannotCancel as problem:
        if problem.later:  # asked for again at the next look, when the order may have a number
            return waits(problem.why, order_status=str(order.status))
    return _after_cancel(order, instruction, hand)


def _after_cancel(order: Order, instruction: Instruction, hand: Hand) -> Answer:
    status = str(order.status)
    match State(order.status):
        case State.PENDING_CANCEL | State.CANCELLED | State.NOT_SENT:
            return done(order_status=status)
        case State.FILLED:
            return failed(FILLED_FIRST, order_status=status)
        case state if state in FINAL:
            return failed(Text("이미 끝난 주문입니다.", "The order had ended already."), order_status=status)
    if hand.now - instruction.created_at > GIVE_UP_AFTER:
        return failed(NOT_TAKEN, order_status=status)
    return waits(NOT_TAKEN, again_at=hand.now + LOOK_AGAIN, order_status=status)


async def _cancel_all(instruction: Instruction, hand: Hand) -> Answer:
    return await _db(_spread)(instruction)


def _spread(instruction: Instruction) -> Answer:
    """A cancel for every open order; the wish ends when all of them have an end."""
    known = (instruction.result or {}).get("orders")
    if known is None:
        rows = _open_orders(instruction.account)
        known = [str(_ask_cancel(order, instruction).pk) for order in rows]
    asked = list(Instruction.objects.filter(pk__in=known).values_list("status", flat=True))
    counts = {"asked": len(known), "cancelled": asked.count(WishStatus.DONE), "not": asked.count(WishStatus.FAILED)}
    if WishStatus.PENDING in asked:
        waiting = Text("취소를 보내고 있습니다.", "The cancels are being sent.")
        return waits(waiting, orders=known, **counts)
    return done(orders=known, **counts)


def _open_orders(account: BrokerageAccount) -> list[Order]:
    rows = Order.objects.filter(account=account, status__in=[s.value for s in OPEN])
    return list(rows.exclude(status=State.PENDING_CANCEL).order_by("created_at"))


def _ask_cancel(order: Order, parent: Instruction) -> Instruction:
    fields = {"account": parent.account, "requested_by": parent.requested_by}
    return Instruction.objects.get_or_create(order=order, wish=Wish.CANCEL, status=WishStatus.PENDING, defaults=fields)[
        0
    ]


async def _amend(instruction: Instruction, hand: Hand) -> Answer:
    order, asked = instruction.order, instruction.payload
    sent = await _db(_amend_of)(instruction)
    if sent is None:
        quote = await hand.prices.of(order.symbol, order.exchange, hand.now)
        try:
            await amend(
                order=order, qty=int(asked["qty"]), price=Decimal(asked["price"]), broker=hand.broker,
                fence=hand.fence, now=hand.now, quote=quote, for_wish=str(instruction.pk),
            )  # fmt: skip
        except CannotAmend as problem:
            return failed(problem.why, order_status=str(order.status))
        sent = await _db(_amend_of)(instruction)
    return _after_amend(order, sent, hand)


def _amend_of(instruction: Instruction) -> Any:
    """The request that was made for this wish, by whichever process: it is never made twice."""
    rows = instruction.order.requests.filter(kind=RequestKind.AMEND, raw__instruction=str(instruction.pk))
    return rows.order_by("attempt").first()


def _after_amend(order: Order, sent: Any, hand: Hand) -> Answer:
    status = str(order.status)
    if sent is None:
        return failed(INSIDE, order_status=status)
    if sent.outcome in {Outcome.REFUSED, Outcome.NOT_SENT}:
        found = sent.failure or {}
        return failed(Text(found.get("ko", ""), found.get("en", "")), order_status=status)
    if order.amend_qty is not None:
        return waits(AMEND_UNKNOWN, again_at=hand.now + LOOK_AGAIN, sent=True, order_status=status)
    if order.status in FINAL and order.broker_order_id != sent.broker_order_id:
        return failed(
            Text("정정되기 전에 끝난 주문입니다.", "The order ended before it was amended."), order_status=status
        )
    return done(order_status=status, qty=order.qty, price=f"{order.price:f}")


async def _halt(instruction: Instruction, hand: Hand) -> Answer:
    return await _db(_stop)(instruction, hand.now)


def _stop(instruction: Instruction, now: datetime) -> Answer:
    with transaction.atomic(durable=True):
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=instruction.account_id)
        set_trading_state(account=account, state=TradingState.HALTED, reason=HALTED)
        held = held_text(account)
        message = Text(f"{HALTED.ko} ({held.ko})", f"{HALTED.en} ({held.en})")
        ctx = {"event": "halted", "trading_state": "halted"}
        record(account=account, kind="account", level="warning", message=message, ctx=ctx, at=now)
    return done()


async def _settle(instruction: Instruction, hand: Hand) -> Answer:
    return await _db(_settled)(instruction, hand)


def _settled(instruction: Instruction, hand: Hand) -> Answer:
    asked, order = instruction.payload, instruction.order
    try:
        settle_by_person(
            order=order,
            decision=asked["decision"],
            by=instruction.requested_by,
            now=hand.now,
            broker_order_id=asked.get("broker_order_id") or "",
            us_order_date=asked.get("us_order_date"),
            fence=hand.fence,
        )
    except CannotSettle as problem:
        return failed(problem.message, code=problem.code, order_status=str(order.status))
    return done(order_status=str(order.status))


_HANDLERS: Mapping[Wish, Callable[[Instruction, Hand], Awaitable[Answer]]] = {
    Wish.CANCEL: _cancel,
    Wish.CANCEL_ALL: _cancel_all,
    Wish.AMEND: _amend,
    Wish.HALT: _halt,
    Wish.SETTLE: _settle,
    Wish.ORDER: place,
    Wish.SELL_OUT: sell_out,
}
