"""What the rules want done with orders that do not fill, carried out. Everything that it goes by is a row.

A restart loses nothing: that a cancel was meant as the first half of a new price stands with its request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Q

from accounts.models import BrokerageAccount
from accounts.selectors import house_limits
from instruments.selectors import session_spans
from market.broker import Broker
from market.errors import Text
from market.orders import OrderIntent
from market.sessions import session_at
from market.words import Exchange, Side, TimeInForce, TradingState
from orders import unfilled
from orders.cancel import CannotCancel, asked_lately, cancel, cancels_of, purpose_of, to_send_again
from orders.domain import State
from orders.models import Instruction, Order, Request, RequestKind, Wish, WishStatus
from orders.moves import journal_order
from orders.prices import Prices
from orders.submit import DuplicateDecision, Fence, Vetoed, submit
from orders.unfilled import KEY_STEP, Act, Chain, Policy, Working, first_key_of, next_key
from positions.models import Position
from rules.models import RuleState, TradeRule
from rules.words import AtClose, OrderPrice

REPRICE = "reprice"
# A veto may pass, such as that of a price that is not fresh: so often is what is left tried again.
TRY_AGAIN = timedelta(seconds=2)


@dataclass(frozen=True)
class Case:
    """One order, with all that its rule's policy asks about."""

    order: Order
    chain: Chain
    working: Working
    policy: Policy
    exited_at: datetime | None


async def tend_unfilled(
    *, account: BrokerageAccount, broker: Broker, fence: Fence, now: datetime, prices: Prices | None = None
) -> int:
    """Do with unfilled orders what their rules want; how much was done. Call it every second.

    `prices`: what the bot hears; without it nothing is priced again. A halted account, or any while the house is
    halted, does nothing but go on with cancels that were asked for. Raises what `fence` raises.
    """
    done = 0
    for order in await _db(to_send_again)(account, now):
        done += await _try_cancel(order, broker, fence, now, purpose=purpose_of(order))
    for case in await _db(working_cases)(account, now):
        quote = prices.heard(case.order.symbol, now) if prices else None
        verdict = unfilled.judge(case.chain, case.working, case.policy, exited_at=case.exited_at, quote=quote, now=now)
        if verdict.act is Act.REPRICE and not await _db(_may_go_on)(case.order):
            continue
        if verdict.act is not Act.LEAVE:
            purpose = REPRICE if verdict.act is Act.REPRICE else ""
            done += await _try_cancel(case.order, broker, fence, now, purpose=purpose, why=verdict.why)
    if prices is not None:
        for case in await _db(ended_cases)(account, now):
            done += await _go_on(case, prices, broker, fence, now)
    return done


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


async def _try_cancel(
    order: Order, broker: Broker, fence: Fence, now: datetime, *, purpose: str, why: Text | None = None
) -> int:
    try:
        await cancel(order=order, broker=broker, fence=fence, now=now, why=why, purpose=purpose)
    except CannotCancel:
        return 0  # it has ended, or has no number yet: the list will tell
    return 1


# --- what is left of an order that was to be priced again ---------------------------------------------------


async def _go_on(case: Case, prices: Prices, broker: Broker, fence: Fence, now: datetime) -> int:
    """The new intent for what is left, asked about like any other. What was vetoed is tried again for a while."""
    order, chain = case.order, case.chain
    quote = prices.heard(order.symbol, now)
    limit = unfilled.next_limit(chain, case.policy, quote, now)
    if limit is None:
        return 0
    try:
        await submit(
            account=order.account,
            rule=order.rule,
            decision={"replaces": str(order.pk), "first_limit": f"{chain.limit:f}", "times": chain.times + 1},
            intent=_intent(case, limit),
            broker=broker,
            fence=fence,
            now=now,
            quote=quote,
            replaces=order,
        )
    except DuplicateDecision:
        return 0
    except Vetoed as veto:
        await _db(_note_veto)(order, veto, now)
        return 0
    return 1


def _intent(case: Case, limit: Decimal) -> OrderIntent:
    order, chain = case.order, case.chain
    return OrderIntent(
        decision_key=next_key(first_key_of(order.decision_key), chain.times + 1),
        symbol=order.symbol,
        exchange=Exchange(order.exchange),
        side=chain.side,
        quantity=chain.left,
        limit_price=limit,
        reason=f"{chain.times + 1}번째로 다시 낸 주문 (앞 지정가 ${order.price:f})",
        time_in_force=TimeInForce(order.time_in_force),
    )


def _note_veto(order: Order, veto: Vetoed, now: datetime) -> None:
    """Once in the journal for each set of guards that said no; when it was tried stands with the cancel."""
    request = cancels_of(order)[-1]
    guards = sorted(vote.guard for vote in veto.verdict.vetoes)
    news = request.raw.get("vetoed") != guards
    Request.objects.filter(pk=request.pk).update(raw=request.raw | {"vetoed": guards, "tried_at": now.isoformat()})
    if news:
        ko, en = (" ".join(getattr(v.reason, language) for v in veto.verdict.vetoes) for language in ("ko", "en"))
        why = Text(f"남은 수량을 다시 내지 못했습니다. {ko}", f"what is left was not sent again. {en}")
        journal_order(order, at=now, why=why, level="warning")


# --- reading ------------------------------------------------------------------------------------------------


def working_cases(account: BrokerageAccount, now: datetime) -> list[Case]:
    """Orders of rules that the broker has, and of which no cancel was asked for just now. None while halted."""
    if _halted(account):
        return []
    states = [State.WORKING.value, State.PARTIALLY_FILLED.value]
    rows = _rows(account).filter(status__in=states).exclude(broker_order_id="")
    return _cases(order for order in rows if not asked_lately(order, now))


def ended_cases(account: BrokerageAccount, now: datetime) -> list[Case]:
    """Orders that were cancelled in order to price them again, and with which nobody has gone on yet."""
    since = now - unfilled.RENEW_WITHIN
    rows = _rows(account).filter(
        status=State.CANCELLED, final_at__gte=since, replaced_by=None, needs_person=False, rule__enabled=True
    )
    wanted = [o for o in rows if purpose_of(o) == REPRICE and not _tried_lately(o, now)]
    if not wanted or _halted(account):
        return []
    return [
        case
        for case in _cases(o for o in wanted if not _unwanted(o))
        if unfilled.what_is_left(
            case.chain,
            case.working,
            case.policy,
            ended_at=case.order.final_at or now,
            exited_at=case.exited_at,
            now=now,
        )
    ]


def wants_a_cancel(account: BrokerageAccount, now: datetime) -> bool:
    """Whether a rule's policy wants something cancelled by now, or a cancel must be sent again."""
    cases = (unfilled.judge(c.chain, c.working, c.policy, exited_at=c.exited_at, quote=None, now=now)
             for c in working_cases(account, now))  # fmt: skip
    return bool(to_send_again(account, now)) or any(verdict.act is Act.CANCEL for verdict in cases)


def _rows(account: BrokerageAccount) -> Any:
    rows = Order.objects.filter(account=account, rule__isnull=False)
    return rows.select_related("account", "rule__state").prefetch_related("requests").order_by("created_at")


def _halted(account: BrokerageAccount) -> bool:
    state = BrokerageAccount.objects.values_list("trading_state", flat=True).get(pk=account.pk)
    return TradingState.HALTED in (state, house_limits().trading_state)


def _may_go_on(order: Order) -> bool:
    """Whether a new order could follow: else an exit that works would be cancelled, and nothing sent in its place."""
    held_back = Position.objects.filter(account=order.account, symbol=order.symbol, held_because__isnull=False)
    return order.rule.enabled and not order.needs_person and not held_back.exists()


def _tried_lately(order: Order, now: datetime) -> bool:
    tried = cancels_of(order)[-1].raw.get("tried_at")
    return tried is not None and now - datetime.fromisoformat(tried) < TRY_AGAIN


def _unwanted(order: Order) -> bool:
    """Somebody wants this order, or all of them, gone: then nothing goes on with it."""
    all_of_them = Q(wish__in=[Wish.CANCEL_ALL, Wish.SELL_OUT, Wish.HALT], created_at__gte=order.placed_at)
    asked = Instruction.objects.filter(Q(order=order, wish=Wish.CANCEL) | all_of_them, account=order.account)
    return asked.exclude(status=WishStatus.FAILED).exists()


def _cases(orders: Iterable[Order]) -> list[Case]:
    return [_case(order) for order in orders]


def _case(order: Order) -> Case:
    rule = order.rule
    state = getattr(rule, "state", None) or RuleState(rule=rule)
    placed_at = order.placed_at or order.created_at
    session = session_at(placed_at, session_spans(placed_at))
    working = Working(
        order.price,
        order.qty - order.filled_qty,
        placed_at,
        TimeInForce(order.time_in_force),
        session.closes_at,
        any(r.kind == RequestKind.AMEND for r in order.requests.all()),
    )
    return Case(order, chain_of(order), working, policy_of(rule), state.last_exit_at)


def chain_of(order: Order) -> Chain:
    """The decision that the order belongs to, with all its orders."""
    first_key = first_key_of(order.decision_key)
    rows = list(Order.objects.filter(Q(decision_key=first_key) | Q(decision_key__startswith=f"{first_key}{KEY_STEP}")))
    first = min(rows, key=lambda o: (o.created_at, o.decision_key))
    return Chain(
        side=Side(order.side),
        wanted=first.qty,
        limit=first.price,
        placed_at=first.placed_at or first.created_at,
        filled=sum(o.filled_qty for o in rows),
        doubtful=sum(max(0, o.possible_filled_qty - o.filled_qty) for o in rows),
        times=len(rows) - 1,
    )


def policy_of(rule: TradeRule) -> Policy:
    """The rule's fields as the pure decision knows them."""
    return Policy(
        cancel_after=_seconds(rule.cancel_after_sec),
        reprice_times=rule.reprice_times,
        reprice_after=_seconds(rule.reprice_after_sec),
        max_slippage_bps=rule.max_slippage_bps,
        at_close=AtClose(rule.at_close),
        close_margin=timedelta(seconds=rule.close_margin_sec),
        order_price=OrderPrice(rule.order_price),
        offset_bps=rule.price_offset_bps,
        offset_ticks=rule.price_offset_ticks,
    )


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
