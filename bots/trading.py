"""From a decision to an order: the limit price, the quantity, the intent; and what is remembered of each look."""

from datetime import datetime, timedelta
from decimal import Decimal

from asgiref.sync import sync_to_async
from django.db.models import Q

import orders.services as order_desk
from accounts.models import BrokerageAccount
from bots.lease import Lease
from bots.watch import Watch
from logs.services import record
from market.broker import Broker
from market.data import Quote
from market.errors import Text
from market.orders import BuyingPower, OrderIntent
from market.words import Action, Freshness, MarginMode, Side
from orders.pricing import named_limit, policy_limit
from rules.domain import Decision, Rule, quantity_for
from rules.models import RuleState, SignalType, StrategySignal

POWER_KEEPS = timedelta(seconds=30)  # our own buys since then are subtracted; others' are what it may miss
ENOUGH_TIMES = 2


async def act(
    *,
    account: BrokerageAccount,
    watch: Watch,
    decision: Decision,
    intent: OrderIntent | None,
    quote: Quote | None,
    broker: Broker,
    lease: Lease,
    now: datetime,
    power: BuyingPower | None = None,
) -> bool:
    """Do what the decision wants, once per decision. True when an order was made of it.

    `intent`: the order that the decision means (`intent_for`). `power`: the buying power as it was read last; the
    broker is asked again where that is old or hardly enough. The bar counts as judged when that is done: who dies
    in between judges it again, and its key keeps the order from being made twice.
    """
    before = watch.wanted, watch.acted_on
    try:
        sent = await _act(account, watch, decision, intent, quote, broker, lease, now, power)
    except BaseException:
        watch.wanted, watch.acted_on = before  # not done: the next look may try again
        raise
    if decision.judged_bar is not None:
        await sync_to_async(remember_bar)(watch, decision.judged_bar)
    return sent


async def _act(
    account: BrokerageAccount,
    watch: Watch,
    decision: Decision,
    intent: OrderIntent | None,
    quote: Quote | None,
    broker: Broker,
    lease: Lease,
    now: datetime,
    power: BuyingPower | None,
) -> bool:
    edge = watch.takes(decision)
    if decision.action is Action.NONE or quote is None or decision.key is None:
        return False
    first = watch.first_time(decision.key)
    try:  # the order first: what is told of it may wait
        if not first or intent is None:
            return False
        await order_desk.submit(
            account=account,
            rule=watch.row,
            decision=decision,
            intent=intent,
            broker=broker,
            fence=lease.fence,
            now=now,
            quote=quote,
            buying_power=at_hand(power, intent, account, now),
        )
    except order_desk.DuplicateDecision:
        return False
    except order_desk.Vetoed as veto:
        if edge:
            await sync_to_async(store_veto)(account, watch, decision, veto, now)
        return False
    finally:
        if edge:
            await sync_to_async(store_signal)(watch, decision, SignalType(decision.action.value), now)
    return True


def at_hand(
    power: BuyingPower | None, intent: OrderIntent, account: BrokerageAccount, now: datetime
) -> BuyingPower | None:
    """The figure read last, if it is young and more than enough for this buy; None: the broker must be asked."""
    if power is None or now - power.read_at > POWER_KEEPS:
        return None
    dollars = power.usd if account.margin_mode == MarginMode.USD else power.integrated
    return power if dollars >= ENOUGH_TIMES * intent.quantity * intent.limit_price else None


def intent_for(watch: Watch, decision: Decision, quote: Quote | None) -> OrderIntent | None:
    """The order that the decision means, or None when there is nothing to buy or sell."""
    if decision.action is Action.NONE or decision.key is None or quote is None:
        return None
    rule, side = watch.rule, decision.side
    price = price_for(rule, decision, quote)
    quantity = watch.state.qty if side is Side.SELL else quantity_for(rule, price, watch.state.qty)
    if decision.quantity is not None:  # a strategy may want less than its rule allows, never more
        quantity = min(quantity, decision.quantity)
    if quantity <= 0:
        return None
    return OrderIntent(
        decision_key=decision.key,
        symbol=rule.symbol,
        exchange=rule.exchange,
        side=side,
        quantity=quantity,
        limit_price=price,
        reason=decision.explain("ko"),
        time_in_force=rule.time_in_force,
        # a condition on bars with holes is unknown and never acts; code may decide something when told nothing
        on_complete_data=rule.program is None or watch.has_all_bars,
    )


def price_for(rule: Rule, decision: Decision, quote: Quote) -> Decimal:
    """The limit: the one that the strategy named, or the rule's policy; within the collar around the last price."""
    side = decision.side
    if decision.limit_price is not None:
        return named_limit(side, decision.limit_price, last=quote.last)
    return policy_limit(
        side,
        quote,
        order_price=rule.order_price,
        offset_bps=rule.price_offset_bps,
        offset_ticks=rule.price_offset_ticks,
    )


def remember_bar(watch: Watch, judged: datetime) -> None:
    """No rule judges the same bar twice, restart or not."""
    RuleState.objects.filter(pk=watch.row.pk).update(last_bar_at=judged)
    watch.state.last_bar_at = judged


def store_evaluation(watch: Watch, evaluation: dict, now: datetime) -> None:
    """The latest look of a rule (Decision.as_dict) is one row."""
    RuleState.objects.filter(pk=watch.row.pk).update(last_evaluation=evaluation, last_evaluated_at=now)


def sets_high(watch: Watch, quote: Quote | None) -> bool:
    """Whether this price is the highest since the rule bought what it holds."""
    state = watch.state
    if not state.qty or quote is None or quote.freshness is not Freshness.FRESH or quote.last <= 0:
        return False
    return state.high_since_entry is None or quote.last > state.high_since_entry


def raise_high(watch: Watch, price: Decimal) -> None:
    """A new high counts at once, however seldom the rule looks: a trailing stop is measured from it."""
    higher = Q(high_since_entry__isnull=True) | Q(high_since_entry__lt=price)
    RuleState.objects.filter(higher, pk=watch.row.pk, qty__gt=0).update(high_since_entry=price)
    watch.state.high_since_entry = price


def store_signal(
    watch: Watch, decision: Decision, kind: SignalType, now: datetime, payload: dict | None = None
) -> None:
    StrategySignal.objects.create(
        rule=watch.row,
        rule_version=decision.rule_version,
        type=kind,
        score=decision.score,
        payload=decision.as_dict() | (payload or {}),
        created_at=now,
    )


def store_veto(
    account: BrokerageAccount, watch: Watch, decision: Decision, veto: order_desk.Vetoed, now: datetime
) -> None:
    """Why a wish was not granted, with every guard's vote."""
    store_signal(watch, decision, SignalType.VETO, now, {"guards": veto.verdict.as_dict()})
    ko, en = (" ".join(getattr(vote.reason, language) for vote in veto.verdict.vetoes) for language in ("ko", "en"))
    what = "매수" if decision.side is Side.BUY else "매도"
    waiting = {vote.guard for vote in veto.verdict.vetoes} == {"cooldown"}  # that a rule waits its turn is no news
    record(
        account=account,
        rule_id=watch.row.pk,
        level="debug" if waiting else "info",
        message=Text(f"{watch.row}: {what}하지 않음. {ko}", f"{watch.row}: no {decision.side}. {en}"),
        ctx={"guards": veto.verdict.as_dict(), "key": decision.key},
        at=now,
    )
