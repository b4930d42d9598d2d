"""What the guards must know, read under the locks that make it stay true until the commit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from accounts.models import BrokerageAccount, CommonLimits
from instruments.selectors import session_spans
from market.data import Quote
from market.orders import BuyingPower, OrderIntent
from market.sessions import NEW_YORK, session_at
from market.words import Environment, Exchange, MarginMode, Side, TradingState
from orders.domain import OPEN, State
from orders.known import NAMES, Flying, Known, KnownRule, Rows, ask, read_rows
from orders.models import MAY_FILL, Order
from orders.pricing import cost
from orders.reserving import Commitment, counts_in, is_counted, is_nameless, may_still_cost, may_still_fill
from orders.risk import Limits, RiskFacts, Unsettled
from positions.models import Position
from positions.selectors import house_bought
from rules.models import TradeRule

ZERO = Decimal(0)
SELLABLE_MAX_AGE = timedelta(seconds=120)
# The broker's buying power may not show an order of ours that is younger than this when it was read.
VISIBLE_AFTER = timedelta(seconds=5)
# The house's row, when something that it counts over all accounts is limited.
TOGETHER = """SELECT id FROM accounts_houselimits
WHERE id = 1 AND num_nonnulls(daily_buy_usd, orders_per_minute, daily_loss_usd) > 0 FOR NO KEY UPDATE"""
NEVER_ARRIVED = frozenset({State.NOT_SENT, State.REJECTED})


@dataclass(frozen=True, slots=True)
class Locked:
    """An account and its position, as they are while the locks are held."""

    account_id: UUID
    position: Rows


def take_locks(*, account_id: UUID, symbol: str, exchange: Exchange | str, house: bool) -> Locked:
    """Lock what an order of this symbol must be judged under, in the one order that the whole house keeps: the house's
    limits, the account, the position. `house`: what the house counts together is counted.

    The house's row is locked only when one of its sums is limited, so that otherwise no account waits for another;
    and never for an exit, which no sum stops.
    """
    if house:
        with connection.cursor() as cursor:
            cursor.execute(TOGETHER)
    found = read_rows(account_id, symbol, lock=True)
    if found is None:
        new = Position(account_id=account_id, symbol=symbol, exchange=exchange)
        Position.objects.bulk_create([new], ignore_conflicts=True)
        found = read_rows(account_id, symbol, lock=True)
        if found is None:
            raise BrokerageAccount.DoesNotExist(f"no account {account_id}")
    return Locked(account_id, found)


def look_at(*, account_id: UUID, symbol: str, exchange: Exchange | str) -> Locked:
    """The same rows without a lock: for a look that binds nobody and leaves no trace."""
    found = read_rows(account_id, symbol, lock=False)
    if found is None:
        account = BrokerageAccount.objects.get(pk=account_id)
        found = Rows(
            Environment(account.environment),
            TradingState(account.trading_state),
            MarginMode(account.margin_mode),
            Exchange(exchange),
        )
    return Locked(account_id, found)


def limits_from(row: CommonLimits) -> Limits:
    """A person's limits for an account, or the admin's for the house, as the guards know them."""
    return Limits(*(getattr(row, name) for name in NAMES))


account_limits = whole_house_limits = limits_from


@dataclass(frozen=True, slots=True)
class Seen:
    """What the bot saw of market and broker before it asked; nothing of it is read again under the locks."""

    quote: Quote | None = None
    buying_power: BuyingPower | None = None


@dataclass(slots=True)
class InTheAir:
    """Sums over everything that may still fill: open, unknown, or hinted at by a notice."""

    buys: dict[str, int] = field(default_factory=dict)
    sells: dict[str, int] = field(default_factory=dict)
    rule_buys: int = 0
    rule_sells: int = 0
    rule_sides: set[Side] = field(default_factory=set)
    deducted_sells: int = 0  # of the symbol, known to the broker before it told what is sellable
    reserved: Decimal = ZERO
    unsettled: list[Unsettled] = field(default_factory=list)


def _flying(wanted: Q, excluding: UUID | None) -> list[Flying]:
    rows = Order.objects.filter(wanted)
    rows = rows.exclude(pk=excluding) if excluding else rows
    return [Flying(*row) for row in rows.values_list(*Flying._fields)]


def in_the_air(
    *,
    account_id: UUID,
    day: date | None,
    rule_id: UUID | None = None,
    symbol: str = "",
    read_at: datetime | None = None,
    excluding: UUID | None = None,
) -> InTheAir:
    """What the account's orders may still do. `excluding` leaves one order out: the one that is being judged."""
    rows = _flying(MAY_FILL & Q(account_id=account_id), excluding)
    return _summed(rows, day=day, rule_id=rule_id, symbol=symbol, read_at=read_at)


def _summed(
    rows: Iterable[Flying], *, day: date | None, rule_id: UUID | None, symbol: str, read_at: datetime | None
) -> InTheAir:
    air = InTheAir()
    for order in rows:
        held, side = order.commitment, Side(order.side)
        if not is_counted(held):
            continue
        shares = may_still_fill(held)
        sums = air.buys if side is Side.BUY else air.sells
        sums[order.symbol] = sums.get(order.symbol, 0) + shares
        if side is Side.BUY and counts_in(held, its_day=order.trading_day == day):
            air.reserved += may_still_cost(held, settings.KIS_COMMISSION_BPS)
        if is_nameless(held.status, day_read=held.day_read):
            unknown = held.status is State.UNKNOWN
            air.unsettled.append(Unsettled(order.symbol, side, order.qty, order.price, unknown))
        if rule_id is not None and order.rule_id == rule_id:
            _count_for_rule(air, held, side, shares)
        known = order.broker_order_id and order.placed_at and read_at and order.placed_at < read_at
        if side is Side.SELL and order.symbol == symbol and known:
            air.deducted_sells += shares
    return air


def _count_for_rule(air: InTheAir, held: Commitment, side: Side, shares: int) -> None:
    if held.status in OPEN:
        air.rule_sides.add(side)
    if side is Side.BUY:
        air.rule_buys += shares
    else:
        air.rule_sells += shares


def gather(
    *,
    locked: Locked,
    rule: TradeRule | None,
    intent: OrderIntent,
    seen: Seen,
    now: datetime,
    excluding: UUID | None = None,
) -> RiskFacts:
    """All facts for one intent, in the caller's transaction and under its locks.

    One question to the database (`orders.known`); two more, for what all accounts bought and reserved, only where the
    house limits what is bought in a day.
    """
    account_id, position = locked.account_id, locked.position
    session = session_at(now, session_spans(now))
    day = session.trading_day or now.astimezone(NEW_YORK).date()
    rule_id, buying = rule.pk if rule else None, intent.side is Side.BUY
    young = seen.buying_power.read_at - VISIBLE_AFTER if buying and seen.buying_power else None
    sellable_at = None if buying else _sellable_since(position, now)
    known = ask(
        account_id=account_id, rule_id=rule_id, symbol=intent.symbol, key=intent.decision_key, day=day, now=now,
        read_at=sellable_at, young=young, excluding=excluding,
    )  # fmt: skip
    orders = known.orders_flying
    air = _summed(orders, day=day, rule_id=rule_id, symbol=intent.symbol, read_at=position.reconciled_at)
    counted = buying and known.house.daily_buy_usd is not None
    return RiskFacts(
        now=now,
        environment=position.environment,
        session=session,
        house_state=known.house_state,
        account_state=position.trading_state,
        quote=seen.quote,
        quote_max_age=settings.BOT_QUOTE_MAX_AGE,
        fee_bps=settings.KIS_COMMISSION_BPS,
        house=known.house,
        account=known.own,
        house_committed=committed_by_all(day, excluding) if counted else ZERO,
        account_committed=known.bought + air.reserved,
        house_realized=known.house_realized,
        account_realized=known.realized,
        drawdown_pct=known.drawdown_pct,
        house_orders=known.house_orders,
        account_orders=known.orders,
        book_quantity=position.qty,
        buys_in_flight=air.buys.get(intent.symbol, 0),
        sells_in_flight=air.sells.get(intent.symbol, 0),
        broker_sellable=_sellable(position, air, known) if sellable_at else None,
        position_disputed=position.needs_person,
        held_because=position.held_because,
        reconciled_at=known.reconciled_at,
        open_positions=len((known.held | {s for s, shares in air.buys.items() if shares}) - {intent.symbol}),
        unsettled=tuple(air.unsettled),
        decision_taken=known.decision_taken,
        failure_streak_limit=known.failure_streak_limit,
        trading_day=day,
        **(_of_rule(known.rule, air) if rule else {"has_rule": False}),
        **(
            _buying_power(position.margin_mode, seen.buying_power, intent.symbol, orders, young)
            if seen.buying_power and young
            else {}
        ),
    )


def _of_rule(rule: KnownRule | None, air: InTheAir) -> dict:
    """What the rule is, owns and remembers, as the database knows it now. A rule that is gone buys nothing."""
    if rule is None:
        return {"rule_state": TradingState.REDUCING}
    return {
        "rule_state": TradingState.ACTIVE if rule.enabled else TradingState.REDUCING,
        "allowed_sessions": rule.sessions,
        "continues": rule.continues,
        "rule_max_position": rule.max_position,
        "rule_max_entries": rule.max_entries,
        "rule_quantity": rule.quantity,
        "rule_entries": rule.entries,
        "rule_buys_in_flight": air.rule_buys,
        "rule_sells_in_flight": air.rule_sells,
        "rule_open_sides": frozenset(air.rule_sides),
        "last_acted_at": rule.last_acted_at,
        "cooldown": rule.cooldown,
        "paused_until": rule.paused_until,
        "failure_streak": rule.failure_streak,
    }


def committed_by_all(day: date, excluding: UUID | None = None) -> Decimal:
    """What all accounts bought on this day, and what their open buys may still cost.

    Reservations first: other accounts book their fills meanwhile, and such a one then counts twice, never not at all.
    """
    reserved = reserved_by_all(day, excluding)
    return reserved + house_bought(day)


def reserved_by_all(day: date, excluding: UUID | None = None) -> Decimal:
    """What the buys of all accounts may still cost, as the day's limit counts them.

    A guard asks with the house's row locked, so that two accounts cannot pass its limit together.
    """
    held = ((o.commitment, o.trading_day == day) for o in _flying(MAY_FILL & Q(side=Side.BUY.value), excluding))
    return sum((may_still_cost(c, settings.KIS_COMMISSION_BPS) for c, own in held if counts_in(c, its_day=own)), ZERO)


def _sellable_since(position: Rows, now: datetime) -> datetime | None:
    """When the broker told the sellable quantity; None when it never did, or too long ago."""
    read_at = position.reconciled_at
    known = position.broker_sellable_qty is not None and read_at is not None
    return read_at if known and now - read_at <= SELLABLE_MAX_AGE else None


def _sellable(position: Rows, air: InTheAir, known: Known) -> int | None:
    """The broker's sellable quantity, our own open sells that it has deducted added back (safety.md 2.2).

    None when it is from before our last fill of the symbol: then our book alone bounds the sale.
    """
    return None if known.filled_since_read else (position.broker_sellable_qty or 0) + air.deducted_sells


def _buying_power(
    mode: MarginMode, power: BuyingPower, symbol: str, orders: list[Flying], young: datetime
) -> dict[str, Any]:
    """The broker's figure for the margin mode, less our own buys that it cannot have seen (safety.md 3.4)."""
    integrated = mode is MarginMode.INTEGRATED
    amount = power.integrated if integrated else power.usd
    shares = power.max_quantity_integrated if integrated else power.max_quantity_usd
    unseen = [o for o in orders if o.side == Side.BUY and o.created_at >= young and o.status not in NEVER_ARRIVED]
    for order in unseen:
        amount -= cost(order.qty, order.price, settings.KIS_COMMISSION_BPS)
    # another symbol's shares are no measure of this one's: then the dollars decide alone
    told = not unseen and power.symbol in ("", symbol)
    return {"buying_power": max(amount, ZERO), "buying_power_quantity": max(shares, 0) if told else None}
