"""Cancelling: it may be sent again while its outcome is unknown, and a refusal means look (safety.md 1.8)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction

from accounts.models import BrokerageAccount
from market import points
from market.broker import Broker
from market.errors import CredentialProblem, Refused, Text, Throttled, Unreachable
from market.orders import CancelTicket
from market.words import Exchange
from orders.domain import Event, State
from orders.models import Order, Outcome, Request, RequestKind
from orders.moves import failure_of, journal_order, move, reread, uptime
from orders.submit import PREPARE_WITHIN_SEC, Fence, order_date

CANCELLABLE = frozenset({State.WORKING, State.PARTIALLY_FILLED, State.PENDING_CANCEL, State.PENDING_AMEND})
# A cancel that the list does not show after this long is sent again.
CANCEL_AGAIN = timedelta(seconds=15)
NOTHING_OPEN = Text("취소할 것이 없는 주문입니다.", "There is nothing to cancel.")
NO_NUMBER_YET = Text(
    "주문의 결과를 아직 몰라 취소할 수 없습니다. 주문 내역으로 확인되면 취소합니다.",
    "The order's outcome is not known yet, so it has no number to cancel. It is cancelled once the list shows it.",
)


class CannotCancel(Exception):
    """`later`: not now, because the order has no number yet."""

    def __init__(self, why: Text, *, later: bool = False) -> None:
        super().__init__(why.en)
        self.why = why
        self.later = later


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


async def cancel(
    *, order: Order, broker: Broker, fence: Fence, now: datetime, why: Text | None = None, purpose: str = ""
) -> Order:
    """Ask the broker to cancel what is left of the order.

    `purpose` is kept with the request, so that a later process knows what was meant by it (see orders.tending).

    The order comes back pending_cancel (asked, or the outcome of asking is not known), working or partially_filled
    (the cancel surely did not take effect: look at the list before concluding anything), or not_sent (it was an
    intent that nobody had sent). Raises CannotCancel, and whatever `fence` raises.
    """
    started = uptime()

    def at() -> datetime:
        return now + timedelta(seconds=uptime() - started)

    if await _db(_drop_intent)(order, now):
        return order
    _must_be_cancellable(order)
    ticket = CancelTicket(order.symbol, Exchange(order.exchange), order.broker_order_id)
    try:
        async with asyncio.timeout(PREPARE_WITHIN_SEC):
            prepared = await broker.prepare_cancel(ticket)
    except Exception as error:
        await _db(_note_failure)(order, error, at())
        return order
    deadline = uptime() + settings.BOT_SEND_WITHIN_SEC
    try:
        request = await _db(_to_pending)(order, ticket.broker_order_id, fence, at(), why, purpose)
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
    except BaseException as e:
        error = e
    points.at("before_answer_recorded")
    await _db(_record)(order, request, outcome, accepted, error, at())
    points.at("after_answer_recorded")
    if error is not None and not isinstance(error, Exception):
        raise error
    return order


def to_send_again(account: BrokerageAccount, now: datetime) -> list[Order]:
    """Orders whose cancel was asked for a while ago, and which the list still shows open."""
    rows = Order.objects.filter(account=account, status=State.PENDING_CANCEL).exclude(broker_order_id="")
    rows = rows.select_related("account").prefetch_related("requests")
    return [order for order in rows if not asked_lately(order, now)]


def cancels_of(order: Order) -> list[Request]:
    """The cancels that were asked for, oldest first."""
    return sorted((r for r in order.requests.all() if r.kind == RequestKind.CANCEL), key=lambda r: r.attempt)


def asked_lately(order: Order, now: datetime) -> bool:
    """Also after a refusal: look before asking again."""
    asked = cancels_of(order)
    return bool(asked) and now - asked[-1].committed_at < CANCEL_AGAIN


def purpose_of(order: Order) -> str:
    """What its newest cancel was for."""
    asked = cancels_of(order)
    return asked[-1].raw.get("purpose", "") if asked else ""


def _drop_intent(order: Order, now: datetime) -> bool:
    """An intent that was never sent needs no broker. False when there is more to it."""
    with transaction.atomic(durable=True):
        reread(order)
        why = Text("보내기 전에 취소했습니다.", "cancelled before it was sent.")
        return order.status == State.INTENT and move(order, Event.NOT_WRITTEN, at=now, why=why)


def _must_be_cancellable(order: Order) -> None:
    if order.status in {State.SUBMITTING, State.UNKNOWN, State.INTENT}:
        raise CannotCancel(NO_NUMBER_YET, later=True)
    if order.status not in CANCELLABLE or not order.broker_order_id:
        raise CannotCancel(NOTHING_OPEN)


def _to_pending(order: Order, number: str, fence: Fence, at: datetime, why: Text | None, purpose: str) -> Request:
    with transaction.atomic(durable=True):
        fence()
        reread(order)
        _must_be_cancellable(order)
        if order.broker_order_id != number:
            raise CannotCancel(NO_NUMBER_YET, later=True)  # amended meanwhile: the next try has the new number
        if not move(order, Event.ASK_CANCEL, at=at, why=why):
            raise CannotCancel(NO_NUMBER_YET, later=True)
        attempt = order.requests.filter(kind=RequestKind.CANCEL).count() + 1
        request = Request.objects.create(
            order=order,
            kind=RequestKind.CANCEL,
            attempt=attempt,
            committed_at=at,
            raw={"purpose": purpose} if purpose else {},
        )
        points.at("before_cancel_commit")
    points.at("after_cancel_commit")
    return request


def _record(
    order: Order, request: Request, outcome: Outcome, accepted: Any, error: BaseException | None, at: datetime
) -> None:
    with transaction.atomic(durable=True):
        request.outcome, request.answered_at = outcome, at
        request.failure = failure_of(error) if error else None
        if accepted is not None:
            request.broker_order_id = accepted.broker_order_id.strip().lstrip("0")
            request.us_order_date = order_date(accepted)
            request.raw |= dict(accepted.raw)
        request.save()
        reread(order)
        if order.status != State.PENDING_CANCEL or outcome not in {Outcome.REFUSED, Outcome.NOT_SENT}:
            return
        if _another_may_be_alive(order, request):
            return
        event = Event.REQUEST_ENDED_FILLED if order.filled_qty else Event.REQUEST_ENDED
        move(order, event, at=at, why=_sentence(error))


def _another_may_be_alive(order: Order, request: Request) -> bool:
    """An earlier cancel of this order, accepted or unknown, may be what this refusal is about."""
    others = order.requests.filter(kind=RequestKind.CANCEL, outcome__in=[Outcome.ACCEPTED, Outcome.UNKNOWN])
    return others.exclude(pk=request.pk).exists()


def _note_failure(order: Order, error: Exception, at: datetime) -> None:
    with transaction.atomic(durable=True):
        journal_order(order, at=at, why=_sentence(error), level="warning")


def _sentence(error: BaseException | None) -> Text | None:
    if error is None:
        return None
    found = failure_of(error)
    return Text(f"취소하지 못했습니다. {found['ko']}", f"not cancelled. {found['en']}")
