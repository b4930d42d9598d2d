"""Selling everything that an account holds: working orders are cancelled, each rule sells what it owns, then the rest.

The account is `reducing` meanwhile and `halted` when nothing is left. All that it goes by are rows, so whichever
process has the account goes on with it; it waits for the open where the market is closed, unless asked to end then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from accounts.models import BrokerageAccount
from accounts.services import set_trading_state
from instruments.selectors import session_spans
from logs.services import record
from market.errors import Text
from market.orders import OrderIntent
from market.sessions import SEOUL, session_at
from market.words import Environment, Exchange, OrderType, Side, TradingState
from orders.asking import held_text
from orders.cancel import CannotCancel, asked_lately, cancel
from orders.domain import OPEN, State
from orders.models import Instruction, Order
from orders.ordering import marketable
from orders.risk import SESSIONS_OF
from orders.submit import DuplicateDecision, Vetoed, submit
from orders.wishing import LOOK_AGAIN, Answer, Hand, done, failed, waits
from positions.models import Position
from rules.models import RuleState, TradeRule

# A sale that has not filled by then is cancelled and sent again, each time further beyond the bid.
SALE_REST = timedelta(seconds=10)
STEPS_BPS = (50, 100, 200, 400, 800)
SOLD_OUT = Text("전량 매도를 마치고 거래를 중지했습니다.", "Everything is sold, and trading is halted.")
NO_PRICE = Text("시세를 기다립니다.", "waits for a price.")


@dataclass(frozen=True)
class Lot:
    """Shares of one owner: a rule's, or nobody's (`rule` None)."""

    symbol: str
    exchange: Exchange
    quantity: int
    rule: TradeRule | None

    @property
    def name(self) -> str:
        return str(self.rule.pk) if self.rule else self.symbol


async def sell_out(instruction: Instruction, hand: Hand) -> Answer:
    """One step towards nothing held; asked again until it is so."""
    if await _db(_resumed)(instruction):
        return failed(Text("거래가 다시 시작되어 그만두었습니다.", "Trading was resumed, so it was given up."))
    lots, working = await _db(_lots)(hand.account), await _db(_working)(hand.account)
    left = {"left": [{"symbol": lot.symbol, "qty": lot.quantity} for lot in lots]}
    if not lots and not working:
        await _db(_halt)(instruction, hand.now)
        return done(SOLD_OUT, **left)
    closed = await _db(_closed_until)(hand)
    for order in working:
        await _cancel_if_due(order, hand)
    if closed is not None:
        return _while_closed(instruction, closed, hand, left)
    problems = [why for lot in lots if (why := await _sell(lot, instruction, hand)) is not None]
    message = problems[0] if problems else Text("팔고 있습니다.", "It is being sold.")
    return waits(
        message, again_at=hand.now + LOOK_AGAIN / 2, sent=True, problems=[p.as_dict() for p in problems], **left
    )


def _db(function: Callable) -> Callable[..., Any]:
    return sync_to_async(function, thread_sensitive=True)


def _resumed(instruction: Instruction) -> bool:
    state = BrokerageAccount.objects.values_list("trading_state", flat=True).get(pk=instruction.account_id)
    return bool(state == TradingState.ACTIVE)


def _working(account: BrokerageAccount) -> list[Order]:
    rows = Order.objects.filter(account=account, status__in=[s.value for s in OPEN])
    return list(rows.select_related("account").prefetch_related("requests").order_by("created_at"))


def _lots(account: BrokerageAccount) -> list[Lot]:
    """What is held by rule, and of each symbol what no rule owns."""
    owned = list(RuleState.objects.filter(rule__account=account, qty__gt=0).select_related("rule"))
    found = []
    for held in Position.objects.filter(account=account, qty__gt=0).order_by("symbol"):
        rest = held.qty
        for state in owned:
            if state.rule.symbol == held.symbol and rest > 0:
                found.append(Lot(held.symbol, Exchange(held.exchange), min(state.qty, rest), state.rule))
                rest -= state.qty
        if rest > 0:
            found.append(Lot(held.symbol, Exchange(held.exchange), rest, None))
    return found


# --- the market is closed -----------------------------------------------------------------------------------


def _closed_until(hand: Hand) -> datetime | None:
    """The next time at which the broker takes orders of this account; None while it does."""
    allowed = SESSIONS_OF[Environment(hand.account.environment)]
    spans = session_spans(hand.now)
    if session_at(hand.now, spans).session in allowed:
        return None
    opens = [span.start for span in spans if span.start > hand.now and span.session in allowed]
    return min(opens, default=hand.now + timedelta(hours=1))


def _while_closed(instruction: Instruction, opens: datetime, hand: Hand, left: dict[str, Any]) -> Answer:
    local = opens.astimezone(SEOUL)
    if instruction.payload.get("when_closed") == "end":
        why = Text(
            "장이 열려 있지 않아 팔지 못했습니다. 계좌는 청산만 하는 상태로 남습니다.",
            "The market is closed, so nothing was sold. The account stays reducing.",
        )
        return failed(why, **left)
    why = Text(
        f"장이 열려 있지 않습니다. {local:%m월 %d일 %H:%M}(서울)에 이어서 팝니다.",
        f"The market is closed. It goes on selling at {local:%d %b %H:%M} in Seoul.",
    )
    return waits(why, again_at=min(opens, hand.now + timedelta(minutes=1)), opens_at=opens.isoformat(), **left)


# --- orders -------------------------------------------------------------------------------------------------


def _prefix(instruction: Instruction) -> str:
    return f"sellout:{instruction.pk}:"


async def _cancel_if_due(order: Order, hand: Hand) -> None:
    """A buy at once; a sale, whoever decided it, when it has rested too long."""
    young = order.placed_at is not None and hand.now - order.placed_at < SALE_REST
    if young and order.side == Side.SELL:
        return
    if order.status == State.PENDING_CANCEL or asked_lately(order, hand.now):
        return
    try:
        await cancel(order=order, broker=hand.broker, fence=hand.fence, now=hand.now)
    except CannotCancel:
        return  # it has ended, or has no number yet


async def _sell(lot: Lot, instruction: Instruction, hand: Hand) -> Text | None:
    """Send a sale of the lot, unless one works. Why it could not be sent, or None."""
    tried, open_one = await _db(_tries)(lot, instruction)
    if open_one:
        return None
    quote = await hand.prices.of(lot.symbol, lot.exchange, hand.now)
    if quote is None:
        return Text(f"{lot.symbol}: {NO_PRICE.ko}", f"{lot.symbol} {NO_PRICE.en}")
    intent = OrderIntent(
        decision_key=f"{_prefix(instruction)}{lot.name}:{tried + 1}",
        symbol=lot.symbol,
        exchange=lot.exchange,
        side=Side.SELL,
        quantity=lot.quantity,
        limit_price=marketable(Side.SELL, quote, STEPS_BPS[min(tried, len(STEPS_BPS) - 1)]),
        reason="전량 매도 / sell out",
        order_type=OrderType.MARKETABLE,
        by_person=True,
    )
    try:
        await submit(
            account=hand.account, rule=lot.rule, decision={"instruction": str(instruction.pk)}, intent=intent,
            broker=hand.broker, fence=hand.fence, now=hand.now, quote=quote,
        )  # fmt: skip
    except DuplicateDecision:
        return None
    except Vetoed as veto:
        ko, en = (" ".join(getattr(v.reason, language) for v in veto.verdict.vetoes) for language in ("ko", "en"))
        return Text(f"{lot.symbol}: {ko}", f"{lot.symbol}: {en}")
    return None


def _tries(lot: Lot, instruction: Instruction) -> tuple[int, bool]:
    """How many sales of the lot this sell-out has made, and whether one is open, whoever decided it."""
    rows = Order.objects.filter(decision_key__startswith=f"{_prefix(instruction)}{lot.name}:")
    open_ones = Order.objects.filter(account=instruction.account_id, symbol=lot.symbol, rule=lot.rule, side=Side.SELL)
    return rows.count(), open_ones.filter(status__in=[s.value for s in OPEN]).exists()


def _halt(instruction: Instruction, now: datetime) -> None:
    with transaction.atomic(durable=True):
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=instruction.account_id)
        if account.trading_state != TradingState.ACTIVE:
            scope = {k: v for k, v in (account.trading_state_reason or {}).items() if k == "scope"}
            set_trading_state(account=account, state=TradingState.HALTED, reason=SOLD_OUT)
            if scope:  # whoever stopped it may start it again
                account.trading_state_reason = SOLD_OUT.as_dict() | scope
                account.save(update_fields=["trading_state_reason", "updated_at"])
        held = held_text(account)
        message = Text(f"{SOLD_OUT.ko} ({held.ko})", f"{SOLD_OUT.en} ({held.en})")
        ctx = {"event": "halted", "trading_state": "halted", "instruction_id": str(instruction.pk)}
        record(account=account, kind="account", level="warning", message=message, ctx=ctx, at=now)
