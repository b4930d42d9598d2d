"""Amending, for people only: an amend of unknown outcome is never sent again (safety.md 1.8).

Until the list shows what became of it, what the order was and what was asked for are both reserved (`amend_qty`).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction

from market.broker import Broker
from market.errors import CredentialProblem, OutcomeUnknown, Refused, Text, Throttled, TradingError, Unreachable
from market.orders import AmendTicket, BuyingPower, OrderAccepted, OrderIntent
from market.words import Exchange, Lane, Side, TimeInForce
from orders.domain import Event, State
from orders.facts import Seen, gather, take_locks
from orders.models import Order, Outcome, Request, RequestKind
from orders.moves import failure_of, move, reread, uptime
from orders.risk import GUARDS, assess
from orders.submit import JUDGED_AGAIN, PREPARE_WITHIN_SEC, Fence, order_date

AMENDABLE = frozenset({State.WORKING, State.PARTIALLY_FILLED})
# The order itself is what these would find in the way; and what a person changes waits for no rule's pace.
ABOUT_ANOTHER_ORDER = frozenset(
    {"holds_nothing", "one_working_order", "duplicate_intent", "identical_order", "cooldown", "failure_streak"}
)
NOT_NOW = Text(
    "지금은 정정할 수 없는 주문입니다. 접수된 뒤, 끝나기 전에만 됩니다.",
    "The order cannot be amended: it must have been accepted, and not have ended.",
)
FILL_MAY_COME = Text(
    "체결 중일 수 있어 정정하지 않았습니다. 체결이 확인된 뒤에 다시 요청하세요.",
    "A fill may be under way, so it was not amended. Ask again once the list shows it.",
)
ANOTHER_REQUEST = Text(
    "이 주문에 대한 앞선 요청의 결과를 아직 몰라 정정하지 않았습니다.",
    "The outcome of an earlier request about this order is not known yet, so it was not amended.",
)
NOTHING_LEFT = Text("정정할 남은 수량이 없습니다.", "Nothing would be left open to amend.")


class CannotAmend(Exception):
    """Nothing was sent."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


async def amend(
    *,
    order: Order,
    qty: int,
    price: Decimal,
    broker: Broker,
    fence: Fence,
    now: datetime,
    quote: Any = None,
    for_wish: str = "",
) -> Order:
    """Give the order this quantity in all, what is filled included, and this limit.

    `for_wish` is kept with the request: a process that finds it knows that the wish has had its amend.

    The order comes back pending_amend (the broker took it, or nobody knows), or as it was (the amend surely did not
    take effect; see its newest request). Raises CannotAmend, and whatever `fence` raises.
    """
    started = uptime()

    def at() -> datetime:
        return now + timedelta(seconds=uptime() - started)

    open_quantity = await _db(_must_be_amendable)(order, qty)
    intent = _intent(order, open_quantity, price)
    power = await _power_with_ours(order, intent, broker)
    seen = Seen(quote, power)
    await _db(_ask_guards)(order, intent, seen, now)
    ticket = AmendTicket(order.symbol, Exchange(order.exchange), order.broker_order_id, open_quantity, price)
    try:
        async with asyncio.timeout(PREPARE_WITHIN_SEC):
            prepared = await broker.prepare_amend(ticket, lane=Lane.EXIT if order.side == Side.SELL else Lane.ENTRY)
    except (TradingError, TimeoutError) as error:
        found = failure_of(error)
        raise CannotAmend(Text(found["ko"], found["en"])) from error
    deadline = uptime() + settings.BOT_SEND_WITHIN_SEC
    try:
        request = await _db(_to_pending)(order, qty, intent, seen, fence, at(), for_wish)
    except BaseException:
        await prepared.discard()
        raise
    outcome, accepted, error = Outcome.UNKNOWN, None, None
    try:
        accepted = await prepared.send(within=max(0.0, deadline - uptime()))
        outcome = Outcome.ACCEPTED
    except Refused as e:
        outcome, error = Outcome.REFUSED, e
    except (Throttled, Unreachable, CredentialProblem) as e:
        outcome, error = Outcome.NOT_SENT, e
    except BaseException as e:  # it may have arrived; the list will tell, and it is never sent again
        error = e
    if accepted is not None and not accepted.broker_order_id.strip().lstrip("0"):
        nothing = Text("주문번호가 없는 답입니다.", "The answer has no order number.")
        outcome, accepted, error = Outcome.UNKNOWN, None, OutcomeUnknown(nothing)
    await _db(_record)(order, request, outcome, accepted, error, at())
    if error is not None and not isinstance(error, Exception):
        raise error
    return order


def _intent(order: Order, open_quantity: int, price: Decimal) -> OrderIntent:
    return OrderIntent(
        decision_key=order.decision_key,
        symbol=order.symbol,
        exchange=Exchange(order.exchange),
        side=Side(order.side),
        quantity=open_quantity,
        limit_price=price,
        reason="정정 / amend",
        time_in_force=TimeInForce(order.time_in_force),
        by_person=True,
    )


def _must_be_amendable(order: Order, qty: int) -> int:
    """Shares that shall be open. Raises CannotAmend."""
    reread(order)
    if order.status not in AMENDABLE or not order.broker_order_id or order.needs_person:
        raise CannotAmend(NOT_NOW)
    if order.time_in_force != TimeInForce.DAY:
        raise CannotAmend(NOT_NOW)
    if order.possible_filled_qty > order.filled_qty:
        raise CannotAmend(FILL_MAY_COME)
    silent = order.requests.filter(outcome__in=[Outcome.PENDING, Outcome.UNKNOWN])
    if order.amend_qty is not None or silent.exclude(kind=RequestKind.NEW).exists():
        raise CannotAmend(ANOTHER_REQUEST)
    if qty <= order.filled_qty:
        raise CannotAmend(NOTHING_LEFT)
    return qty - order.filled_qty


async def _power_with_ours(order: Order, intent: OrderIntent, broker: Broker) -> BuyingPower | None:
    """The broker's figure with what this order holds of it: the amended one takes its place there."""
    if intent.side is Side.SELL:
        return None
    try:
        power = await broker.buying_power(intent.symbol, intent.exchange, intent.limit_price, lane=Lane.ENTRY)
    except TradingError:
        return None  # not known is not zero; the guard says so
    shares = order.qty - order.filled_qty
    held = shares * order.price
    return BuyingPower(
        power.usd + held,
        power.integrated + held,
        power.max_quantity_usd + shares,
        power.max_quantity_integrated + shares,
        power.fx_rate,
        power.read_at,
    )


def _ask_guards(order: Order, intent: OrderIntent, seen: Seen, now: datetime) -> None:
    """In every limit the order as it is counts beside what is asked for. Of what is held it sells only once."""
    with transaction.atomic():
        _judge(order, intent, seen, now, frozenset(GUARDS) - ABOUT_ANOTHER_ORDER)
        transaction.set_rollback(True)  # a look leaves no row


def _judge(order: Order, intent: OrderIntent, seen: Seen, now: datetime, only: frozenset[str]) -> None:
    locked = take_locks(
        account_id=order.account_id, symbol=order.symbol, exchange=order.exchange, house=intent.side is Side.BUY
    )
    twice = intent.side is Side.BUY
    facts = gather(
        locked=locked, rule=order.rule, intent=intent, seen=seen, now=now, excluding=None if twice else order.pk
    )
    verdict = assess(intent, facts, only)
    if verdict.quantity < intent.quantity:
        votes = verdict.vetoes or verdict.reductions
        ko, en = (" ".join(getattr(v.reason, language) for v in votes) for language in ("ko", "en"))
        raise CannotAmend(Text(ko, en))


def _to_pending(
    order: Order, qty: int, intent: OrderIntent, seen: Seen, fence: Fence, at: datetime, for_wish: str
) -> Request:
    """The limits are asked again under the locks that hold until the reservation is committed."""
    number, everything = order.broker_order_id, frozenset(GUARDS) - ABOUT_ANOTHER_ORDER
    with transaction.atomic(durable=True):
        _judge(order, intent, seen, at, everything | JUDGED_AGAIN)
        fence()
        if _must_be_amendable(order, qty) != intent.quantity or order.broker_order_id != number:
            raise CannotAmend(FILL_MAY_COME)
        asked = {"amend_qty": intent.quantity, "amend_price": intent.limit_price}
        if not move(order, Event.ASK_AMEND, at=at, **asked):
            raise CannotAmend(FILL_MAY_COME)
        attempt = order.requests.filter(kind=RequestKind.AMEND).order_by("-attempt").values_list("attempt", flat=True)
        return Request.objects.create(
            order=order,
            kind=RequestKind.AMEND,
            attempt=(attempt.first() or 0) + 1,
            qty=intent.quantity,
            price=intent.limit_price,
            committed_at=at,
            raw={"instruction": for_wish} if for_wish else {},
        )


def _record(
    order: Order, request: Request, outcome: Outcome, accepted: OrderAccepted | None, error: Any, at: datetime
) -> None:
    """An accepted amend is not yet one that took effect: the list says that (orders.listing)."""
    with transaction.atomic(durable=True):
        reread(order)
        request.refresh_from_db()  # the list may have been faster
        request.outcome, request.answered_at = outcome, at
        request.failure = failure_of(error) if error else None
        if accepted is not None and not request.broker_order_id:
            request.broker_order_id = accepted.broker_order_id.strip().lstrip("0")
            request.us_order_date = order_date(accepted)
        if accepted is not None:
            request.raw |= dict(accepted.raw)
        request.save()
        if order.status != State.PENDING_AMEND or outcome not in {Outcome.REFUSED, Outcome.NOT_SENT}:
            return
        event = Event.REQUEST_ENDED_FILLED if order.filled_qty else Event.REQUEST_ENDED
        found = failure_of(error)
        why = Text(f"정정하지 못했습니다. {found['ko']}", f"not amended. {found['en']}")
        move(order, event, at=at, why=why, amend_qty=None, amend_price=None)
