"""An order that a person, a webhook or a hook wants: one intent, asked about like any other, under the wish's key."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async

from api.problems import ApiError
from instruments.selectors import exchange_of
from market.data import Quote
from market.errors import Text
from market.orders import OrderIntent
from market.words import Exchange, Freshness, OrderType, Side
from orders.domain import State
from orders.models import Instruction, Order
from orders.pricing import limit_price
from orders.submit import DuplicateDecision, Vetoed, submit
from orders.wishing import Answer, Hand, done, failed, waits
from rules.models import TradeRule

# What nobody could send by then is of another market; `until` in the payload says otherwise.
WITHIN = timedelta(seconds=60)
# Beyond the other side's price, so that it is filled, and well inside the collar of either side.
MARKETABLE_BPS = 50
TOO_LATE = Text("제때 보내지 못해 그만두었습니다.", "It could not be sent in time, and is given up.")
LEFT_BEHIND = Text("중단된 주문을 확인하고 있습니다.", "What was left of it is being looked at.")
NO_PRICE = Text("시세를 기다립니다.", "It waits for a price.")
NO_FRESH_PRICE = Text("방금 바뀐 시세를 기다립니다.", "It waits for a price that has just moved.")


def key_of(instruction: Instruction) -> str:
    """The decision key of the order that the wish becomes: one order, however often it is carried out."""
    return instruction.key or f"wish:{instruction.pk}"


async def place(instruction: Instruction, hand: Hand) -> Answer:
    """Send it, once. A buy waits for a fresh price, a sale for any."""
    asked = instruction.payload
    made = await _db(_made)(instruction)
    if made is not None:
        return _came_of(made)
    if hand.now > _until(instruction):
        return failed(TOO_LATE)
    side, symbol = Side(asked["side"]), asked["symbol"]
    try:
        exchange = Exchange(asked.get("exchange") or await _db(exchange_of)(symbol))
    except ApiError as unknown:
        return failed(unknown.message)
    quote = await hand.prices.of(symbol, exchange, hand.now)
    if quote is None:
        return waits(NO_PRICE)
    if side is Side.BUY and quote.freshness is not Freshness.FRESH:
        return waits(NO_FRESH_PRICE)
    rule = await _db(_rule)(instruction)
    intent = _intent(instruction, side, exchange, _limit(asked, side, quote))
    try:
        order = await submit(
            account=hand.account, rule=rule, decision={"instruction": str(instruction.pk)}, intent=intent,
            broker=hand.broker, fence=hand.fence, now=hand.now, quote=quote,
        )  # fmt: skip
    except DuplicateDecision:
        made = await _db(_made)(instruction)
        return _came_of(made) if made is not None else failed(TOO_LATE)
    except Vetoed as veto:
        ko, en = (" ".join(getattr(v.reason, language) for v in veto.verdict.vetoes) for language in ("ko", "en"))
        return failed(Text(ko, en), guards=veto.verdict.as_dict())
    await _db(_keep)(instruction, order)
    return _came_of(order)


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


def _made(instruction: Instruction) -> Order | None:
    return Order.objects.filter(decision_key=key_of(instruction), account=instruction.account_id).first()


def _keep(instruction: Instruction, order: Order) -> None:
    Instruction.objects.filter(pk=instruction.pk).update(order=order)


def _rule(instruction: Instruction) -> TradeRule | None:
    rule_id = instruction.payload.get("rule_id")
    rules = TradeRule.objects.filter(pk=rule_id, account=instruction.account_id, symbol=instruction.payload["symbol"])
    return rules.first() if rule_id else None


def _until(instruction: Instruction) -> datetime:
    said = instruction.payload.get("until")
    return datetime.fromisoformat(said) if said else instruction.created_at + WITHIN


def _came_of(order: Order) -> Answer:
    result = {"order_id": str(order.pk), "order_status": str(order.status)}
    if order.status in {State.REJECTED, State.NOT_SENT}:
        found = order.failure or {}
        return failed(Text(found.get("ko", ""), found.get("en", "")), **result)
    if order.status == State.INTENT:  # a process died over it; recovery closes it, and it is never sent later
        return waits(LEFT_BEHIND, **result)
    return done(**result)


def _limit(asked: Mapping[str, Any], side: Side, quote: Quote) -> Decimal:
    if asked.get("price") is not None:
        return Decimal(asked["price"])
    return marketable(side, quote)


def marketable(side: Side, quote: Quote, bps: int = MARKETABLE_BPS) -> Decimal:
    """A limit so far beyond the other side's price, never past the collar around the last."""
    start = (quote.ask if side is Side.BUY else quote.bid) or quote.last
    return limit_price(side, start, offset_bps=bps, last=quote.last)


def _intent(instruction: Instruction, side: Side, exchange: Exchange, limit: Decimal) -> OrderIntent:
    asked = instruction.payload
    who = instruction.requested_by.email if instruction.requested_by else "system"
    return OrderIntent(
        decision_key=key_of(instruction),
        symbol=asked["symbol"],
        exchange=exchange,
        side=side,
        quantity=int(asked["qty"]),
        limit_price=limit,
        reason=asked.get("reason") or who,
        order_type=OrderType.LIMIT if asked.get("price") is not None else OrderType.MARKETABLE,
        by_person=not asked.get("planned", False),
    )
