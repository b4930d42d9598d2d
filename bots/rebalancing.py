"""Carrying out a rebalancing plan: what is held and what it is worth, the sells, then the buys with what they brought.

Orders are instructions, which the account's bot carries out under the same guards as any other; each has a key, so
that a plan makes at most one order a day for each symbol and side, whoever runs it and however often.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from redis.asyncio import Redis

import orders.services as order_desk
from accounts.models import BrokerageAccount, User
from api.problems import ApiError
from bots.broker import open_broker
from bots.hooks.looking import looked_since
from bots.hooks.planning import LAST_TRADES, REBALANCE, days_of
from bots.hooks.running import LOOK_BACK_DAYS, NotYet
from bots.models import HookRun, HookStatus, RebalanceRun, RebalanceStatus
from bots.selectors import db_now
from credentials.models import ApiCredential
from credentials.selectors import data_credential_for, trade_credential
from instruments.selectors import exchanges_of, session_spans
from kis.errors import ReadFailed
from logs.services import record
from market.data import Quote
from market.errors import Text, TradingError
from market.orders import BuyingPower, OrderIntent
from market.words import Freshness, MarginMode, Side
from orders.domain import FINAL, State
from orders.models import Instruction, Order, WishStatus
from orders.pricing import limit_price
from positions.models import Position
from positions.shapes import decimal_text
from rules.models import RebalancePlan, RuleState
from rules.rebalancing import Held, Line, NoPrice, Trade, lines_of, rebalance

OFFSET_BPS = 10  # beyond the other side's price, as a rule's orders by default
SIDE_WITHIN = timedelta(minutes=10)  # what is not filled by then is cancelled, and the rest goes on
BOOK_MAX_AGE = timedelta(seconds=60)
LOOK_AGAIN_SEC = 5.0
FRESH_WITHIN_SEC, PREVIEW_WITHIN_SEC = 20.0, 4.0
ASK_AGAIN_SEC = 1.1
ENDS = frozenset({RebalanceStatus.DONE, RebalanceStatus.NOTHING, RebalanceStatus.FAILED})

NO_KEY = Text("계좌에 앱키가 없습니다. 앱키를 등록하세요.", "The account has no app key. Enter one.")
WAITS = Text("주문이 끝나기를 기다립니다.", "It waits for its orders.")


class InDoubt(TradingError):
    """What is held is not certain, so no weight is."""


class NotOpen(ApiError):
    """Rebalancing needs prices and a market that takes orders."""

    def __init__(self) -> None:
        text = Text(
            "정규장에서만 리밸런싱할 수 있습니다. 개장 뒤 다시 시도하거나 일정을 정해 주세요.",
            "Rebalancing needs the regular session. Try again when it is open, or give the plan a schedule.",
        )
        super().__init__("market_closed", text, 409)


class RanToday(ApiError):
    """A plan is carried out once a trading day."""

    def __init__(self) -> None:
        text = Text(
            "이 계획은 오늘 이미 실행되었습니다. 다음 거래일에 다시 실행할 수 있습니다.",
            "This plan was carried out today. It can run again on the next trading day.",
        )
        super().__init__("ran_today", text, 409)


@dataclass(frozen=True, slots=True)
class Picture:
    """An account at one moment: shares, prices with their quotes, and what may be spent. US dollars."""

    holdings: Mapping[str, Held]
    quotes: Mapping[str, Quote]
    power: BuyingPower
    cash: Decimal

    @property
    def prices(self) -> dict[str, Decimal]:
        return {symbol: quote.last for symbol, quote in self.quotes.items()}

    def trades(self, plan: RebalancePlan) -> tuple[Trade, ...]:
        return rebalance(plan.pure(), self.holdings, self.prices, self.cash, settings.KIS_COMMISSION_BPS)

    def lines(self, plan: RebalancePlan) -> tuple[Line, ...]:
        return lines_of(plan.pure(), self.holdings, self.prices, self.cash)

    def limit(self, trade: Trade) -> Decimal:
        """A price at which the trade is filled at once, as a rule's would be."""
        quote = self.quotes[trade.symbol]
        other = quote.ask if trade.side is Side.BUY else quote.bid
        return limit_price(trade.side, other or quote.last, offset_bps=OFFSET_BPS, last=quote.last)


# --- what is known ------------------------------------------------------------------------------------------


async def picture_of(plan: RebalancePlan, patience_sec: float) -> Picture:
    """Read prices and buying power at the broker. Raises TradingError, NoPrice among them.

    A price that was asked for is fresh only once its volume has moved: that is waited for so long, no longer.
    """
    account = plan.account
    key = await sync_to_async(trade_credential)(account)
    if key is None:
        raise ReadFailed(NO_KEY)
    data = await sync_to_async(data_credential_for)(account)
    redis = Redis.from_url(settings.REDIS_URL)
    try:
        quotes = await _quotes(plan, data or key, redis, patience_sec)
        power = await _power(key, next(iter(quotes.values())), redis)
    finally:
        await redis.aclose()
    holdings = await sync_to_async(holdings_of)(account)
    cash = power.integrated if account.margin_mode == MarginMode.INTEGRATED else power.usd
    return Picture(holdings, quotes, power, cash)


async def _quotes(plan: RebalancePlan, key: ApiCredential, redis: Redis, patience_sec: float) -> dict[str, Quote]:
    exchanges = await sync_to_async(exchanges_of)(plan.weights)
    broker = await sync_to_async(open_broker)(key, redis, for_data=True)
    prices = order_desk.Prices(broker)
    give_up = time.monotonic() + patience_sec
    try:
        while True:
            now = await sync_to_async(db_now)()
            asked = {s: await prices.of(s, exchanges[s], now) for s in plan.weights if s in exchanges}
            found = {symbol: quote for symbol, quote in asked.items() if quote is not None}
            fresh = all(quote.freshness is Freshness.FRESH for quote in found.values())
            if (fresh and len(found) == len(asked)) or time.monotonic() >= give_up:
                break
            await asyncio.sleep(ASK_AGAIN_SEC)
    finally:
        await broker.aclose()
    if missing := sorted(set(plan.weights) - set(found)):
        raise NoPrice(missing)
    return found


async def _power(key: ApiCredential, quote: Quote, redis: Redis) -> BuyingPower:
    broker = await sync_to_async(open_broker)(key, redis)
    try:
        return await broker.buying_power(quote.symbol, quote.exchange, quote.last)
    finally:
        await broker.aclose()


def holdings_of(account: BrokerageAccount) -> dict[str, Held]:
    """What the account holds by our book, and how much of it rules own. Raises InDoubt for a disputed position."""
    doubtful = []
    held = {}
    owned = _owned_by_rules(account)
    for row in Position.objects.filter(account=account):
        if row.needs_person or row.held_because:
            doubtful.append(row.symbol)
        held[row.symbol] = Held(row.qty, min(row.qty, owned.get(row.symbol, 0)))
    if doubtful:
        names = ", ".join(sorted(doubtful))
        raise InDoubt(
            Text(
                f"{names} 보유 수량이 확실하지 않아 비중을 계산하지 않습니다. 먼저 확인해 주세요.",
                f"What is held of {names} is in doubt, so no weight is reckoned. Settle it first.",
            ),
            code="in_doubt",
        )
    return held


def _owned_by_rules(account: BrokerageAccount) -> dict[str, int]:
    rows = RuleState.objects.filter(rule__account=account, qty__gt=0).values("rule__symbol").annotate(total=Sum("qty"))
    return {row["rule__symbol"]: row["total"] for row in rows}


# --- carrying out -------------------------------------------------------------------------------------------


async def carry_out(run: HookRun, now: datetime) -> dict[str, Any]:
    """One look at the plan's run: sell, then buy, then say what came of it. Raises NotYet in between."""
    plan = await sync_to_async(_plan_of)(run)
    if plan is None:
        return {"skipped": "no such plan, or it is switched off"}
    row = await sync_to_async(_row_of)(plan, run, now)
    try:
        if row.status == RebalanceStatus.SELLING and not row.reckoned:
            await _begin(row, plan, run, now)
        if row.status == RebalanceStatus.SELLING:
            await _wait_for(row, Side.SELL, run, now)
            await _buy(row, plan, run, now)
        if row.status == RebalanceStatus.BUYING:
            await _wait_for(row, Side.BUY, run, now)
            await sync_to_async(_finish)(row, RebalanceStatus.DONE, now)
    except InDoubt as doubt:
        await sync_to_async(_finish)(row, RebalanceStatus.FAILED, now, doubt)
    return {"rebalance_run": str(row.pk), "status": str(row.status), "trades": row.trades}


def _plan_of(run: HookRun) -> RebalancePlan | None:
    """The plan, if it is to be carried out: switched on, or asked for by a person, or already begun."""
    plan_id = run.hook.removeprefix(REBALANCE)
    plan = RebalancePlan.objects.select_related("account").filter(pk=plan_id).first()
    if plan is None or plan.enabled:
        return plan
    return plan if RebalanceRun.objects.filter(plan=plan, trading_day=run.trading_day).exists() else None


def _row_of(plan: RebalancePlan, run: HookRun, now: datetime) -> RebalanceRun:
    return RebalanceRun.objects.get_or_create(plan=plan, trading_day=run.trading_day, defaults={"created_at": now})[0]


async def _begin(row: RebalanceRun, plan: RebalancePlan, run: HookRun, now: datetime) -> None:
    await looked_since(plan.account, run.due_at - BOOK_MAX_AGE)
    picture = await _fresh_picture(plan)
    sells = [t for t in picture.trades(plan) if t.side is Side.SELL]
    await sync_to_async(_ask)(row, plan, picture, sells, RebalanceStatus.SELLING, now)


async def _buy(row: RebalanceRun, plan: RebalancePlan, run: HookRun, now: datetime) -> None:
    """Reckoned anew: what the sells brought is in the cash now, and their shares are gone."""
    if any(t["side"] == Side.SELL for t in row.trades):
        await looked_since(plan.account, await sync_to_async(_last_end)(row))
    picture = await _fresh_picture(plan)
    buys = [t for t in picture.trades(plan) if t.side is Side.BUY]
    if not buys and not row.trades:
        await sync_to_async(_finish)(row, RebalanceStatus.NOTHING, now)
        return
    await sync_to_async(_ask)(row, plan, picture, buys, RebalanceStatus.BUYING, now)


async def _fresh_picture(plan: RebalancePlan) -> Picture:
    picture = await picture_of(plan, FRESH_WITHIN_SEC)
    stale = sorted(s for s, quote in picture.quotes.items() if quote.freshness is not Freshness.FRESH)
    if stale:
        names = ", ".join(stale)
        raise NotYet(Text(f"{names} 시세를 기다립니다.", f"It waits for a price of {names}."))
    return picture


def _ask(
    row: RebalanceRun,
    plan: RebalancePlan,
    picture: Picture,
    trades: Iterable[Trade],
    status: RebalanceStatus,
    now: datetime,
) -> None:
    """The orders as instructions, and the run as far as it is, in one transaction."""
    with transaction.atomic():
        row = _locked(row)
        for trade in trades:
            row.trades += _ask_each(row, plan, picture, trade, now)
        row.status = status
        row.reckoned |= {status.value: _reckoned(plan, picture), f"{status.value}_at": now.isoformat()}
        row.save(update_fields=["trades", "status", "reckoned"])


def _locked(row: RebalanceRun) -> RebalanceRun:
    fresh = RebalanceRun.objects.select_for_update().get(pk=row.pk)
    row.trades, row.status, row.reckoned = fresh.trades, fresh.status, fresh.reckoned
    return row


def _ask_each(
    row: RebalanceRun, plan: RebalancePlan, picture: Picture, trade: Trade, now: datetime
) -> list[dict[str, Any]]:
    """One order; a sale that takes what rules own is one more for each of them, so that they know what they sold."""
    price = picture.limit(trade)
    asked = []
    for rule_id, quantity in _parts(plan, trade, picture.holdings.get(trade.symbol, Held())):
        key = f"{REBALANCE}{plan.pk}:{row.trading_day}:{trade.symbol}:{trade.side}"
        order_desk.request_order(
            account=plan.account,
            side=trade.side,
            symbol=trade.symbol,
            qty=quantity,
            price=price,
            exchange=picture.quotes[trade.symbol].exchange,
            rule_id=rule_id,
            reason=f"리밸런싱 {plan} / rebalancing {plan}",
            until=now + SIDE_WITHIN,
            by=row.requested_by,
            key=f"{key}:{rule_id}" if rule_id else key,
            planned=True,
            now=now,
        )
        told = {"symbol": trade.symbol, "side": trade.side.value, "qty": quantity, "price": decimal_text(price)}
        asked.append({"key": f"{key}:{rule_id}" if rule_id else key, **told})
    return asked


def _parts(plan: RebalancePlan, trade: Trade, held: Held) -> list[tuple[UUID | None, int]]:
    """Whose shares are sold: first those of no rule, then those of the rules, the newest owner first."""
    free = max(0, held.quantity - held.owned_by_rules)
    if trade.side is Side.BUY or trade.quantity <= free:
        return [(None, trade.quantity)]
    parts: list[tuple[UUID | None, int]] = [(None, free)] if free else []
    left = trade.quantity - free
    owners = RuleState.objects.filter(rule__account=plan.account, rule__symbol=trade.symbol, qty__gt=0)
    for owner in owners.order_by("-opened_at", "pk"):
        take = min(left, owner.qty)
        if take > 0:
            parts.append((owner.pk, take))
            left -= take
    return parts


def _reckoned(plan: RebalancePlan, picture: Picture) -> dict[str, Any]:
    return {"cash": decimal_text(picture.cash), "lines": [line_shape(line) for line in picture.lines(plan)]}


def line_shape(line: Line) -> dict[str, Any]:
    """One symbol of a plan as the outside sees it."""
    return {
        "symbol": line.symbol,
        "qty": line.quantity,
        "price": decimal_text(line.price),
        "value": decimal_text(line.value.quantize(Decimal("0.0001"))),
        "weight_pct": f"{line.weight_pct:.2f}",
        "target_pct": f"{line.target_pct:.2f}",
        "target_value": decimal_text(line.target_value.quantize(Decimal("0.0001"))),
    }


# --- waiting ------------------------------------------------------------------------------------------------


async def _wait_for(row: RebalanceRun, side: Side, run: HookRun, now: datetime) -> None:
    """Come back when every order of this side has an end. What is not filled in time is cancelled first."""
    left = await sync_to_async(_unfinished)(row, side)
    if not left:
        return
    asked_at = datetime.fromisoformat(row.reckoned[f"{row.status}_at"])
    if now >= asked_at + SIDE_WITHIN:
        await sync_to_async(_cancel)(left, now)
    raise NotYet(WAITS, after_sec=LOOK_AGAIN_SEC)


def _unfinished(row: RebalanceRun, side: Side) -> list[tuple[Instruction, Order | None]]:
    keys = [trade["key"] for trade in row.trades if trade["side"] == side]
    asked = Instruction.objects.filter(key__in=keys).select_related("order__account", "account")
    found = [(one, order_of(one)) for one in asked]
    return [
        (one, order)
        for one, order in found
        if one.status == WishStatus.PENDING or (order is not None and order.status not in FINAL)
    ]


def order_of(asked: Instruction) -> Order | None:
    """The order that came of an instruction: it has the instruction's key as the key of its decision."""
    return asked.order or Order.objects.filter(decision_key=asked.key).select_related("account").first()


def _cancel(left: Iterable[tuple[Instruction, Order | None]], now: datetime) -> None:
    why = Text("제시간에 실행되지 않았습니다.", "It was not carried out in time.")
    for asked, order in left:
        if order is None:
            Instruction.objects.filter(pk=asked.pk, status=WishStatus.PENDING).update(
                status=WishStatus.FAILED, result={"message": why.as_dict()}, done_at=now
            )
        elif order.status not in {State.UNKNOWN, State.SUBMITTING, State.PENDING_CANCEL}:
            order_desk.request_cancel(order=order, by=None, now=now)


def _last_end(row: RebalanceRun) -> datetime:
    keys = [trade["key"] for trade in row.trades]
    ends = [o.final_at for o in Order.objects.filter(decision_key__in=keys) if o.final_at]
    return max([row.created_at, *ends])


def _finish(row: RebalanceRun, status: RebalanceStatus, now: datetime, problem: TradingError | None = None) -> None:
    with transaction.atomic():
        row = _locked(row)
        if row.status in ENDS:
            return
        row.status, row.done_at = status, now
        row.failure = {"code": problem.code, **problem.message.as_dict()} if problem else None
        row.save(update_fields=["status", "done_at", "failure"])
        _journal(row, problem, now)


def _journal(row: RebalanceRun, problem: TradingError | None, now: datetime) -> None:
    plan = row.plan
    orders = list(Order.objects.filter(decision_key__in=[t["key"] for t in row.trades]))
    filled = sum(1 for order in orders if order.filled_qty)
    done = Text(
        f"리밸런싱 {plan}: 주문 {len(row.trades)}건 가운데 {filled}건 체결.",
        f"Rebalancing {plan}: {filled} of {len(row.trades)} orders filled.",
    )
    nothing = Text(f"리밸런싱 {plan}: 할 일이 없습니다.", f"Rebalancing {plan}: nothing to do.")
    failed = problem and Text(
        f"리밸런싱 {plan} 실패. {problem.message.ko}", f"Rebalancing {plan} failed. {problem.message.en}"
    )
    record(
        account=plan.account,
        kind="account",
        level="warning" if problem else "info",
        message=failed or (nothing if row.status == RebalanceStatus.NOTHING else done),
        ctx={"event": "rebalance", "plan_id": str(plan.pk), "run_id": str(row.pk), "status": str(row.status),
             "trades": row.trades},
        at=now,
    )  # fmt: skip


def close_broken(now: datetime) -> int:
    """Runs whose hook ended without them (its time is over, it failed too often) have failed. How many."""
    dead = HookRun.objects.filter(status__in=[HookStatus.MISSED, HookStatus.GIVEN_UP], hook__startswith=REBALANCE)
    over = Text("장 마감 전에 끝나지 않았습니다.", "It did not end before the close.")
    closed = 0
    for row in RebalanceRun.objects.exclude(status__in=ENDS).select_related("plan__account"):
        if dead.filter(hook=f"{REBALANCE}{row.plan_id}", trading_day=row.trading_day).exists():
            _finish(row, RebalanceStatus.FAILED, now, TradingError(over, code="not_in_time"))
            closed += 1
    return closed


# --- asked by a person --------------------------------------------------------------------------------------


def ask_to_run(*, plan: RebalancePlan, by: User | None, now: datetime) -> RebalanceRun:
    """Carry the plan out now; the schedule's next look begins it. Raises NotOpen and RanToday."""
    day = next((d for d in days_of(session_spans(now, days=LOOK_BACK_DAYS)) if d.opens <= now < d.closes), None)
    if day is None or now >= day.closes - LAST_TRADES:
        raise NotOpen
    with transaction.atomic():
        defaults = {"created_at": now, "requested_by": by}
        row, new = RebalanceRun.objects.get_or_create(plan=plan, trading_day=day.trading_day, defaults=defaults)
        if not new:
            raise RanToday
        HookRun.objects.get_or_create(
            hook=f"{REBALANCE}{plan.pk}",
            account_id=plan.account_id,
            trading_day=day.trading_day,
            defaults={"due_at": now, "until": day.closes - LAST_TRADES},
        )
        who = by.email if by else "system"
        asked = Text(f"{who} 님이 리밸런싱을 요청했습니다: {plan}", f"{who} asked to rebalance {plan}")
        record(account=plan.account, message=asked, ctx={"plan_id": str(plan.pk)}, at=now)
    return row


def preview(plan: RebalancePlan, now: datetime) -> dict[str, Any]:
    """What the plan would do now, with every guard's vote on each order. Raises TradingError."""
    picture = async_to_sync(picture_of)(plan, PREVIEW_WITHIN_SEC)
    trades = picture.trades(plan)
    return {
        "at": now,
        "cash": picture.cash,
        "total": picture.cash + sum((line.value for line in picture.lines(plan)), Decimal(0)),
        "lines": [line_shape(line) for line in picture.lines(plan)],
        "trades": [_previewed(plan, picture, trade, now) for trade in trades],
    }


def _previewed(plan: RebalancePlan, picture: Picture, trade: Trade, now: datetime) -> dict[str, Any]:
    quote = picture.quotes[trade.symbol]
    price = picture.limit(trade)
    intent = OrderIntent(
        decision_key=f"{REBALANCE}{plan.pk}:preview",
        symbol=trade.symbol,
        exchange=quote.exchange,
        side=trade.side,
        quantity=trade.quantity,
        limit_price=price,
        reason=str(plan),
        by_person=True,
    )
    seen = order_desk.Seen(quote, picture.power)
    verdict = order_desk.preview(account=plan.account, rule=None, intent=intent, seen=seen, now=now)
    return {
        "symbol": trade.symbol,
        "side": trade.side.value,
        "qty": trade.quantity,
        "price": decimal_text(price),
        "guards": verdict.as_dict(),
    }
