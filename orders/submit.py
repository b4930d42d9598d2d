"""A new order, at most once (safety.md 1): record the intent, prepare, commit to sending, write once, record."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from accounts.models import BrokerageAccount
from accounts.selectors import limits_of
from logs.services import record
from market import points
from market.broker import Broker, Prepared
from market.errors import CredentialProblem, OutcomeUnknown, Refused, Text, Throttled, TradingError, Unreachable
from market.orders import BuyingPower, OrderAccepted, OrderIntent, OrderTicket
from market.sessions import NEW_YORK, SEOUL
from market.words import Exchange, Lane, Side, TimeInForce
from orders.adopting import WAIT_FOR_ANSWER, WAIT_FOR_NUMBER, answer_agrees
from orders.claiming import claim_ended, renumber
from orders.domain import Event, State
from orders.facts import Seen, gather, look_at, take_locks
from orders.models import Order, Outcome, Request, RequestKind
from orders.moves import call_person, failure_of, journal_order, move, reread, storable, uptime
from orders.others import taken_back
from orders.risk import GUARDS, AppliesTo, Verdict, Vote, assess
from rules.models import RuleState, TradeRule

Fence = Callable[[], Any]

# Waiting for a token, a rate slot and a connection longer than this means that the decision is of another market.
PREPARE_WITHIN_SEC = 15.0
ATTEMPTS = 3
NUMBER_LENGTH = 20  # a longer number is none that can be read
RETRY_PAUSE_SEC = 0.3
# Judged again in the transaction that moves to submitting; the limits are held by the intent's own reservation.
SWITCHES = frozenset({"house_switch", "account_switch", "rule_switch"})
JUDGED_AGAIN = SWITCHES | {"market_session", "ownership", "unsettled_buy", "symbol_hold"}
NOT_READY_IN_TIME = Text(
    "증권사에 보낼 준비(토큰, 호출 순서, 연결)가 제때 끝나지 않았습니다.",
    "Token, turn and connection were not ready in time.",
)
WITHOUT_BUYING_POWER = frozenset(GUARDS) - {"buying_power"}


class NotSubmitted(Exception):
    """The decision was not acted on, and nothing was written or sent."""


class DuplicateDecision(NotSubmitted):
    """This decision has had its order already (safety.md 1.4)."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the decision {key} has had its order")
        self.key = key


class Vetoed(NotSubmitted):
    """The guards said no; `verdict` has every vote."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("; ".join(v.reason.en for v in verdict.vetoes) or "vetoed")
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt to write, ready to be recorded."""

    event: Event
    outcome: Outcome
    accepted: OrderAccepted | None = None
    error: BaseException | None = None


async def submit(
    *,
    account: BrokerageAccount,
    rule: TradeRule | None,
    decision: Any,
    intent: OrderIntent,
    broker: Broker,
    fence: Fence,
    now: datetime,
    quote: Any = None,
    buying_power: BuyingPower | None = None,
    replaces: Order | None = None,
) -> Order:
    """Turn an intent into at most one order at the broker, and say how it stands.

    `quote`: the market.data.Quote that was decided on (a buy without a fresh one is vetoed). `buying_power`: the
    broker's figure if the caller has one; a buy asks for it otherwise. `decision`: kept as the reason, may be None.
    `replaces`: the order that this one goes on with at another price.
    `fence` is called inside the transaction before the write and raises when the lease is lost.

    The order returned is working, rejected, not_sent or unknown. Raises DuplicateDecision and Vetoed (nothing was
    recorded or sent), and whatever `fence` raises (the order is not_sent).
    """
    started = uptime()
    if intent.side is Side.BUY and buying_power is None:
        await _db(_ask_guards)(account, rule, intent, Seen(quote), now)
        buying_power = await _read_buying_power(broker, intent)
    seen = Seen(quote, buying_power)
    order = await _db(_record_intent)(account, rule, decision, intent, seen, now, replaces)
    return await _Sending(order, account, rule, intent, seen, broker, fence, now, started).run()


def _db(function: Callable) -> Callable[..., Awaitable[Any]]:
    return sync_to_async(function, thread_sensitive=True)


async def _read_buying_power(broker: Broker, intent: OrderIntent) -> BuyingPower | None:
    try:
        return await broker.buying_power(intent.symbol, intent.exchange, intent.limit_price, lane=Lane.ENTRY)
    except TradingError:
        return None  # not known is not zero; the guard says so


def _ask_guards(
    account: BrokerageAccount, rule: TradeRule | None, intent: OrderIntent, seen: Seen, now: datetime
) -> None:
    """Before the broker is asked anything: a decision that has had its order or is vetoed anyway costs no request."""
    verdict = preview(account=account, rule=rule, intent=intent, seen=seen, now=now, only=WITHOUT_BUYING_POWER)
    if any(v.guard == "duplicate_intent" for v in verdict.vetoes):
        raise DuplicateDecision(intent.decision_key)
    if not verdict.passed:
        raise Vetoed(verdict)


def preview(
    *,
    account: BrokerageAccount,
    rule: TradeRule | None,
    intent: OrderIntent,
    seen: Seen,
    now: datetime,
    only: frozenset[str] | None = None,
) -> Verdict:
    """How the guards would vote at this moment; binding only when `submit` asks again under its locks."""
    rows = look_at(account_id=account.pk, symbol=intent.symbol, exchange=intent.exchange)
    return assess(intent, gather(locked=rows, rule=rule, intent=intent, seen=seen, now=now), only)


def _record_intent(
    account: BrokerageAccount,
    rule: TradeRule | None,
    decision: Any,
    intent: OrderIntent,
    seen: Seen,
    now: datetime,
    replaces: Order | None = None,
) -> Order:
    """Guards and intent in one transaction: the committed row is the reservation that the next one counts."""
    try:
        with transaction.atomic(durable=True):
            locked = take_locks(
                account_id=account.pk, symbol=intent.symbol, exchange=intent.exchange, house=intent.side is Side.BUY
            )
            facts = gather(locked=locked, rule=rule, intent=intent, seen=seen, now=now)
            if facts.decision_taken:
                raise DuplicateDecision(intent.decision_key)
            verdict = assess(intent, facts)
            if not verdict.passed or facts.trading_day is None:
                raise Vetoed(verdict)
            order = _intent_row(account, rule, decision, intent, verdict, facts.trading_day, now)
            order.replaces = replaces
            if intent.side is Side.SELL:
                order.exchange = locked.position.exchange  # of the broker's holding row (safety.md 2.6)
            order.save(force_insert=True)
            journal_order(order, at=now, why=_reduced(verdict))
            points.at("before_intent_commit")
    except IntegrityError as clash:
        # under the account's lock only another account's rule could have taken the key
        raise DuplicateDecision(intent.decision_key) from clash
    points.at("after_intent_commit")
    return order


def _intent_row(
    account: BrokerageAccount,
    rule: TradeRule | None,
    decision: Any,
    intent: OrderIntent,
    verdict: Verdict,
    day: date,
    now: datetime,
) -> Order:
    why = decision.as_dict() if hasattr(decision, "as_dict") else decision
    return Order(
        account=account,
        rule=rule,
        rule_version=rule.version if rule else None,
        decision_key=intent.decision_key,
        symbol=intent.symbol,
        exchange=intent.exchange,
        order_type=intent.order_type,
        side=intent.side,
        qty=verdict.quantity,
        price=intent.limit_price,
        time_in_force=intent.time_in_force,
        status=State.INTENT,
        trading_day=day,
        reason={"text": intent.reason, "decision": why, "guards": verdict.as_dict()},
        created_at=now,
    )


def _reduced(verdict: Verdict) -> Text | None:
    """Why the quantity is smaller than asked for."""
    if not verdict.reductions:
        return None
    ko, en = (" ".join(getattr(v.reason, language) for v in verdict.reductions) for language in ("ko", "en"))
    return Text(f"{verdict.asked}주에서 {verdict.quantity}주로 줄임. {ko}",
                f"reduced from {verdict.asked} to {verdict.quantity}. {en}")  # fmt: skip


@dataclass
class _Sending:
    """The way of one intent from its committed row to a recorded answer."""

    order: Order
    account: BrokerageAccount
    rule: TradeRule | None
    intent: OrderIntent
    seen: Seen
    broker: Broker
    fence: Fence
    now: datetime
    started: float
    deadline: float = 0.0  # on `uptime`; set by the first attempt, and no later attempt may pass it

    async def run(self) -> Order:
        for attempt in range(1, ATTEMPTS + 1):
            prepared = await self._prepare(attempt)
            if prepared is None:
                return self.order
            await self._commit(prepared, attempt)
            if self.order.status == State.NOT_SENT:
                return self.order
            answer = await self._write(prepared)
            if answer.event is not Event.NOT_WRITTEN or not await self._may_repeat(answer, attempt):
                await _db(_record_answer)(self.order, answer, attempt, self._at())
                break
            await _db(_end_request)(self.order, answer, attempt, self._at())
        if answer.error is not None and not isinstance(answer.error, Exception):
            raise answer.error  # the task was cancelled; what became of the order is recorded
        return self.order

    def _at(self) -> datetime:
        return self.now + timedelta(seconds=uptime() - self.started)

    async def _prepare(self, attempt: int) -> Prepared | None:
        """Everything slow; nothing has been written, so whatever fails here ends not_sent."""
        within = PREPARE_WITHIN_SEC if attempt == 1 else self.deadline - uptime()
        lane = Lane.EXIT if self.intent.side is Side.SELL else Lane.ENTRY
        try:
            async with asyncio.timeout(within):
                return await self.broker.prepare_order(_ticket(self.order), lane=lane)
        except TimeoutError:
            await _db(_end_unsent)(self.order, Unreachable(NOT_READY_IN_TIME), self._at())
            return None
        except BaseException as error:
            await _db(_end_unsent)(self.order, error, self._at())
            if not isinstance(error, Exception):
                raise
            return None

    async def _commit(self, prepared: Prepared, attempt: int) -> None:
        """The last thing before the write. A lost lease, a halt or a failing database end it unsent."""
        if attempt == 1:
            self.deadline = uptime() + settings.BOT_SEND_WITHIN_SEC
        try:
            await _db(_to_submitting)(
                self.order, self.account, self.rule, self.intent, self.seen, self.fence, attempt, self._at()
            )
        except BaseException as error:
            await prepared.discard()
            await _db(_end_unsent)(self.order, error, self._at())
            if not isinstance(error, Vetoed):
                raise

    async def _write(self, prepared: Prepared) -> Answer:
        try:
            accepted = await prepared.send(within=max(0.0, self.deadline - uptime()))
        except Refused as error:
            return Answer(Event.REFUSED, Outcome.REFUSED, error=error)
        except (Throttled, Unreachable, CredentialProblem) as error:
            return Answer(Event.NOT_WRITTEN, Outcome.NOT_SENT, error=error)
        except BaseException as error:  # OutcomeUnknown, and all that nobody thought of: it may have arrived
            return Answer(Event.LOST, Outcome.UNKNOWN, error=error)
        if not 0 < len(accepted.broker_order_id.strip().lstrip("0")) <= NUMBER_LENGTH:
            nothing = Text("주문번호가 없는 답입니다.", "The answer has no order number.")
            return Answer(Event.LOST, Outcome.UNKNOWN, error=OutcomeUnknown(nothing))
        return Answer(Event.ACCEPTED, Outcome.ACCEPTED, accepted)

    async def _may_repeat(self, answer: Answer, attempt: int) -> bool:
        """After a proved refusal that waiting cures, while the original deadline lasts (safety.md 1.5)."""
        if attempt >= ATTEMPTS or not isinstance(answer.error, Throttled | Unreachable):
            return False
        pause = answer.error.retry_after or RETRY_PAUSE_SEC
        if uptime() + pause >= self.deadline:
            return False
        await asyncio.sleep(pause)
        return True


def _ticket(order: Order) -> OrderTicket:
    return OrderTicket(
        symbol=order.symbol,
        exchange=Exchange(order.exchange),
        side=Side(order.side),
        quantity=order.qty,
        limit_price=order.price,
        time_in_force=TimeInForce(order.time_in_force),
    )


def _to_submitting(
    order: Order,
    account: BrokerageAccount,
    rule: TradeRule | None,
    intent: OrderIntent,
    seen: Seen,
    fence: Fence,
    attempt: int,
    at: datetime,
) -> None:
    with transaction.atomic(durable=True):
        locked = take_locks(account_id=account.pk, symbol=order.symbol, exchange=order.exchange, house=False)
        token = fence()
        facts = gather(locked=locked, rule=rule, intent=intent, seen=Seen(seen.quote), now=at, excluding=order.pk)
        verdict = assess(intent, facts, JUDGED_AGAIN)
        if facts.trading_day != order.trading_day:  # counted in another day's limits: a night lies in between
            verdict = Verdict((*verdict.votes, _of_another_day(order)), verdict.asked, 0)
        if verdict.quantity < order.qty:
            raise Vetoed(verdict)
        us_date = at.astimezone(NEW_YORK).date()
        changes = {"placed_at": at, "us_order_date": us_date}
        if isinstance(token, int):
            changes["lease_token"] = token
        if not move(order, Event.SUBMIT, at=at, **changes):
            raise RuntimeError(f"order {order.pk} was moved by somebody else")
        Request.objects.create(
            order=order, kind=RequestKind.NEW, attempt=attempt, us_order_date=us_date, committed_at=at
        )
        if rule is not None and attempt == 1:
            acted = "last_entry_at" if order.side == Side.BUY else "last_exit_at"
            RuleState.objects.filter(rule_id=rule.pk).update(**{acted: at})
        points.at("before_submitting_commit")
    points.at("after_submitting_commit")


def _of_another_day(order: Order) -> Vote:
    why = Text(
        f"{order.trading_day} 거래일의 결정입니다. 그 거래일이 지나 보내지 않습니다.",
        f"It was decided in the trading day {order.trading_day}, which is over.",
    )
    return Vote("trading_day", AppliesTo.BOTH, False, why)


def _end_unsent(order: Order, error: BaseException, at: datetime) -> None:
    """Proved: nothing was written. The commit that failed may yet have happened, so the row is read again."""
    with transaction.atomic(durable=True):
        reread(order)
        if order.status not in {State.INTENT, State.SUBMITTING}:
            return
        order.requests.filter(outcome=Outcome.PENDING).update(outcome=Outcome.NOT_SENT, answered_at=at)
        move(order, Event.NOT_WRITTEN, at=at, why=_why(error), failure=_failure(error))


def _end_request(order: Order, answer: Answer, attempt: int, at: datetime) -> None:
    """One attempt was turned away unread; the order stays in submitting for the next."""
    order.requests.filter(kind=RequestKind.NEW, attempt=attempt).update(
        outcome=answer.outcome, answered_at=at, failure=_failure(answer.error)
    )


def _record_answer(order: Order, answer: Answer, attempt: int, at: datetime) -> None:
    """Never fails on a constraint: a clash is journaled and the order goes to unknown (safety.md 1.7)."""
    points.at("before_answer_recorded")
    if answer.accepted is not None:
        _record_acceptance(order, answer.accepted, attempt, at)
        points.at("after_answer_recorded")
        return
    with transaction.atomic(durable=True):
        failure = _failure(answer.error)
        _request_ended(order, attempt, answer.outcome, at, failure=failure)
        reread(order)
        if order.status in WAIT_FOR_ANSWER:
            move(order, answer.event, at=at, why=_why(answer.error), failure=failure)
        if answer.event is Event.REFUSED:
            _count_refusal(order, at)
    points.at("after_answer_recorded")


def _record_acceptance(order: Order, accepted: OrderAccepted, attempt: int, at: datetime) -> None:
    """The answer outranks what was concluded meanwhile from the list (safety.md 1.6)."""
    number = accepted.broker_order_id.strip().lstrip("0")
    day = order_date(accepted)
    try:
        with transaction.atomic(durable=True):
            reread(order)
            raw = {"branch": accepted.branch, "broker_time": accepted.broker_time,
                   "received_at": accepted.received_at.isoformat()}  # fmt: skip
            # the list may have told the number first, and an amend by phone may have given the order another
            numbers = set(order.requests.values_list("broker_order_id", flat=True))
            _request_ended(order, attempt, Outcome.ACCEPTED, at, broker_order_id=number, us_order_date=day, raw=raw)
            taken_back(order, day, [number], at)
            if order.status in WAIT_FOR_NUMBER:
                move(
                    order, Event.ACCEPTED, at=at, broker_order_id=number, us_order_date=day,
                    raw=storable(dict(accepted.raw)), needs_person=False,
                )  # fmt: skip
            elif answer_agrees(number, numbers | {order.broker_order_id}):
                pass
            elif not renumber(order, day, number, at, why=_outranked(order, number)):
                raise IntegrityError(f"claimed as {order.broker_order_id}, answered as {number}")
            if order.rule_id is not None:
                RuleState.objects.filter(rule_id=order.rule_id, failure_streak__gt=0).update(failure_streak=0)
    except (IntegrityError, DataError):
        _record_late_or_clash(order, number, day, attempt, at)


def _outranked(order: Order, number: str) -> Text:
    return Text(
        f"늦게 온 답의 주문번호는 {number}입니다. 주문 내역에서 고른 {order.broker_order_id}은(는) 다른 주문입니다.",
        f"the answer that came late names {number}; {order.broker_order_id}, taken from the list, is another order.",
    )


def _record_late_or_clash(order: Order, number: str, day: date, attempt: int, at: datetime) -> None:
    """Beside an open successor the order stays ended under its number; else the number is another order's."""
    reread(order)
    if order.status == State.NOT_SEEN and claim_ended(order, day, number, at):
        with transaction.atomic(durable=True):
            _request_ended(order, attempt, Outcome.ACCEPTED, at, broker_order_id=number, us_order_date=day)
        return
    _record_clash(order, number, day, attempt, at)


def _record_clash(order: Order, number: str, day: date, attempt: int, at: datetime) -> None:
    with transaction.atomic(durable=True):
        reread(order)
        _request_ended(order, attempt, Outcome.ACCEPTED, at, raw={"clashing_number": number, "date": day.isoformat()})
        why = Text(
            f"주문번호 {number}({day})은(는) 이미 다른 주문의 것입니다. 증권사 주문 내역을 확인하세요.",
            f"Order number {number} of {day} belongs to another order already. Look at the broker's order list.",
        )
        if order.status in {State.SUBMITTING, State.WORKING, State.PARTIALLY_FILLED}:
            move(order, Event.LOST, at=at, why=why, needs_person=True)
        else:
            Order.objects.filter(pk=order.pk).update(needs_person=True)
            order.needs_person = True
        call_person(order.account, why, at=at, order_id=str(order.pk))


def _request_ended(order: Order, attempt: int, outcome: Outcome, at: datetime, **more: Any) -> None:
    rows = Request.objects.filter(order=order, kind=RequestKind.NEW, attempt=attempt)
    rows.update(outcome=outcome, answered_at=at, **more)


def _count_refusal(order: Order, at: datetime) -> None:
    """Refusals in a row make the rule pause (guard failure_streak); an acceptance ends the streak."""
    if order.rule_id is None:
        return
    state = RuleState.objects.select_for_update(no_key=True).filter(rule_id=order.rule_id).first()
    if state is None:
        return
    limits = limits_of(order.account)
    state.failure_streak += 1
    if state.failure_streak >= limits.failure_streak:
        state.cooldown_until = at + timedelta(seconds=limits.failure_cooldown_sec)
        record(
            account=order.account,
            rule_id=order.rule_id,
            level="warning",
            message=Text(
                f"주문이 {state.failure_streak}번 연속 거절되어 {limits.failure_cooldown_sec}초 동안 매수를 쉽니다.",
                f"{state.failure_streak} orders in a row were refused: no entries for {limits.failure_cooldown_sec} s.",
            ),
            at=at,
        )
    state.save(update_fields=["failure_streak", "cooldown_until"])


def broker_moment(accepted_at: datetime, broker_time: str) -> datetime | None:
    """The broker's HHMMSS (Korean clock) as a moment: of all days the one nearest to when the answer came."""
    if len(broker_time) != 6 or not broker_time.isdigit():
        return None
    hour, minute, second = int(broker_time[:2]), int(broker_time[2:4]), int(broker_time[4:])
    if hour > 23 or minute > 59 or second > 59:
        return None
    local = accepted_at.astimezone(SEOUL).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return min((local + timedelta(days=d) for d in (-1, 0, 1)), key=lambda m: abs(m - accepted_at))


def order_date(accepted: OrderAccepted) -> date:
    """The US date of an order: the answer has none, so it is New York's at the broker's time (kis-protocol App. E)."""
    moment = broker_moment(accepted.received_at, accepted.broker_time) or accepted.received_at
    return moment.astimezone(NEW_YORK).date()


def _failure(error: BaseException | None) -> dict[str, str] | None:
    match error:
        case None:
            return None
        case Vetoed(verdict=verdict):
            return {"code": "vetoed", **_why_vetoed(verdict).as_dict()}
    return failure_of(error)


def _why(error: BaseException | None) -> Text | None:
    match error:
        case None:
            return None
        case TradingError():
            return error.message
        case Vetoed(verdict=verdict):
            return _why_vetoed(verdict)
    found = failure_of(error)
    return Text(found["ko"], found["en"])


def _why_vetoed(verdict: Verdict) -> Text:
    """The reasons of those who said no, or who would let less through than the order is."""
    votes = verdict.vetoes or verdict.reductions
    ko, en = (" ".join(getattr(v.reason, language) for v in votes) for language in ("ko", "en"))
    return Text(ko, en)


__all__ = ["DuplicateDecision", "NotSubmitted", "Vetoed", "broker_moment", "order_date", "preview", "submit"]
