"""What people ask of the broker is a row; the account's bot, which alone may send, carries it out (safety.md 5.3)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, User
from accounts.services import set_trading_state
from api.problems import ApiError
from logs.services import record
from market.broker import Broker
from market.errors import Text
from market.words import TradingState
from orders.cancel import NOTHING_OPEN, CannotCancel, cancel, due_for_cancel
from orders.domain import FINAL, State
from orders.models import Instruction, Order, Wish, WishStatus
from orders.moves import name_of
from orders.submit import Fence


class OrderFinal(ApiError):
    """There is nothing left to cancel."""

    def __init__(self) -> None:
        super().__init__("order_final", NOTHING_OPEN, 409)


def request_cancel(*, order: Order, by: User | None, now: datetime | None = None) -> Instruction:
    """Ask for a cancel; the bot does it within a second. Asking twice is asking once. Raises OrderFinal."""
    at = now or timezone.now()
    with transaction.atomic():
        current = Order.objects.select_related("account").get(pk=order.pk)
        if current.status in FINAL:
            raise OrderFinal
        asked, new = Instruction.objects.get_or_create(
            order=current,
            wish=Wish.CANCEL,
            status=WishStatus.PENDING,
            defaults={"account": current.account, "requested_by": by},
        )
        if new:
            who = by.email if by else "system"
            named = name_of(current)
            message = Text(f"{who} 님이 취소를 요청했습니다: {named.ko}", f"{who} asked to cancel {named.en}")
            ctx = {"instruction_id": str(asked.pk), "order_id": str(current.pk)}
            record(account=current.account, rule_id=current.rule_id, message=message, ctx=ctx, at=at)
    return asked


async def carry_out_instructions(*, account: BrokerageAccount, broker: Broker, fence: Fence, now: datetime) -> int:
    """Do what people asked, then what the rules' unfilled policy asks; returns how much was done.

    Call it every second. A halted account cancels only what a person asks for. Raises what `fence` raises.
    """
    done = 0
    for instruction in await _db(_pending)(account):
        if instruction.wish == Wish.HALT:
            done += await _db(_halt)(instruction, now)
        elif instruction.order is not None:
            done += await _cancel_for(instruction, broker, fence, now)
    for order in await _db(_due)(account, now):
        done += await _try_cancel(order, broker, fence, now) is None
    return done


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


def _pending(account: BrokerageAccount) -> list[Instruction]:
    rows = Instruction.objects.filter(account=account, status=WishStatus.PENDING)
    return list(rows.select_related("order__account", "account").order_by("created_at"))


def _due(account: BrokerageAccount, now: datetime) -> list[Order]:
    state = BrokerageAccount.objects.values_list("trading_state", flat=True).get(pk=account.pk)
    return [] if state == TradingState.HALTED else due_for_cancel(account, now)


async def _cancel_for(instruction: Instruction, broker: Broker, fence: Fence, now: datetime) -> int:
    order = instruction.order
    problem = await _try_cancel(order, broker, fence, now)
    if problem is not None and problem.later:
        return 0  # asked for again at the next look, when the order may have a number
    if problem is not None:
        await _db(_finish)(instruction, WishStatus.FAILED, {"message": problem.why.as_dict()}, now)
    else:
        taken = order.status in {State.PENDING_CANCEL, State.CANCELLED, State.NOT_SENT}
        status = WishStatus.DONE if taken else WishStatus.FAILED
        await _db(_finish)(instruction, status, {"order_status": str(order.status)}, now)
    return 1


async def _try_cancel(order: Order, broker: Broker, fence: Fence, now: datetime) -> CannotCancel | None:
    try:
        await cancel(order=order, broker=broker, fence=fence, now=now)
    except CannotCancel as problem:
        return problem
    return None


def _halt(instruction: Instruction, now: datetime) -> int:
    with transaction.atomic(durable=True):
        why = Text(
            "사람이 거래를 중지했습니다. 보유 종목은 자동으로 청산되지 않습니다.",
            "A person halted trading. What is held has no exits meanwhile.",
        )
        set_trading_state(account=instruction.account, state=TradingState.HALTED, reason=why)
        record(account=instruction.account, kind="account", level="warning", message=why, at=now)
    _finish(instruction, WishStatus.DONE, None, now)
    return 1


def _finish(instruction: Instruction, status: WishStatus, result: dict | None, now: datetime) -> None:
    Instruction.objects.filter(pk=instruction.pk, status=WishStatus.PENDING).update(
        status=status, result=result, done_at=now
    )
