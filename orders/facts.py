"""What the guards must know, read under the locks that make it stay true until the commit."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, Sum

from accounts.models import BrokerageAccount, HouseLimits, RiskLimits
from accounts.selectors import limits_of
from instruments.selectors import session_spans
from market.data import Quote
from market.orders import BuyingPower, OrderIntent
from market.sessions import NEW_YORK, session_at
from market.words import Environment, Exchange, MarginMode, Session, Side, TradingState
from orders.domain import OPEN, State
from orders.models import Execution, Order
from orders.pricing import cost
from orders.reserving import Commitment, counts_in, is_nameless, may_still_cost, may_still_fill
from orders.risk import Limits, RiskFacts, Unsettled
from positions.models import DailyLedger, Position
from positions.services import lock_position
from rules.models import RuleState, TradeRule

ZERO = Decimal(0)
SELLABLE_MAX_AGE = timedelta(seconds=120)
# The broker's buying power may not show an order of ours that is younger than this when it was read.
VISIBLE_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Locked:
    """Rows locked in the one order that the whole house keeps: house limits, account, position."""

    house: HouseLimits
    account: BrokerageAccount
    position: Position


def take_locks(*, account_id: UUID, symbol: str, exchange: Exchange | str, house: bool) -> Locked:
    """Lock what an order of this symbol must be judged under; `house`: its daily limit is counted too.

    Without such a limit the house's row is only read, so that no account waits for another.
    """
    rows = HouseLimits.objects.filter(pk=1)
    limits = rows.first()
    if house and limits is not None and limits.daily_buy_usd is not None:
        limits = rows.select_for_update(no_key=True).first()
    return Locked(
        limits or HouseLimits(),
        BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account_id),
        lock_position(account_id=account_id, symbol=symbol, exchange=exchange),
    )


def account_limits(row: RiskLimits) -> Limits:
    """A person's limits for an account, as the guards know them."""
    return Limits(
        row.daily_buy_usd, row.max_order_usd, row.max_position_usd, row.max_position_qty, row.max_open_positions
    )


def whole_house_limits(row: HouseLimits) -> Limits:
    """The admin's limits for the whole house, as the guards know them."""
    return Limits(row.daily_buy_usd, row.max_order_usd)


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


# Ended, and yet something of it may fill: silence whose day was not read, fills that only a notice told.
DOUBTFUL = Q(day_read_at=None) & (Q(status=State.NOT_SEEN) | Q(possible_filled_qty__gt=F("filled_qty")))
MAY_FILL = Q(status__in=sorted(s.value for s in OPEN)) | DOUBTFUL


def commitment(order: Order) -> Commitment:
    """The order as far as limits care."""
    return Commitment(
        State(order.status),
        order.qty,
        order.price,
        order.filled_qty,
        order.possible_filled_qty,
        order.day_read_at is not None,
        order.amend_qty,
        order.amend_price,
    )


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
    air = InTheAir()
    rows = Order.objects.filter(MAY_FILL, account_id=account_id)
    for order in rows.exclude(pk=excluding) if excluding else rows:
        held, side = commitment(order), Side(order.side)
        shares = may_still_fill(held)
        sums = air.buys if side is Side.BUY else air.sells
        sums[order.symbol] = sums.get(order.symbol, 0) + shares
        if side is Side.BUY and counts_in(held, its_day=order.trading_day == day):
            air.reserved += may_still_cost(held, settings.KIS_COMMISSION_BPS)
        if is_nameless(held.status, day_read=held.day_read):
            unknown = order.status == State.UNKNOWN
            air.unsettled.append(Unsettled(order.symbol, side, order.qty, order.price, unknown))
        if rule_id is not None and order.rule_id == rule_id:
            _count_for_rule(air, order, side, shares)
        known = order.broker_order_id and order.placed_at and read_at and order.placed_at < read_at
        if side is Side.SELL and order.symbol == symbol and known:
            air.deducted_sells += shares
    return air


def gather(
    *,
    locked: Locked,
    rule: TradeRule | None,
    intent: OrderIntent,
    seen: Seen,
    now: datetime,
    excluding: UUID | None = None,
) -> RiskFacts:
    """All facts for one intent, in the caller's transaction and under its locks."""
    account, house, position = locked.account, locked.house, locked.position
    session = session_at(now, session_spans(now))
    day = session.trading_day or now.astimezone(NEW_YORK).date()
    air = in_the_air(
        account_id=account.pk,
        day=day,
        rule_id=rule.pk if rule else None,
        symbol=intent.symbol,
        read_at=position.reconciled_at,
        excluding=excluding,
    )
    own = limits_of(account)
    buying = intent.side is Side.BUY
    limits = account_limits(own)
    return RiskFacts(
        now=now,
        environment=Environment(account.environment),
        session=session,
        house_state=TradingState(house.trading_state),
        account_state=TradingState(account.trading_state),
        quote=seen.quote,
        quote_max_age=settings.BOT_QUOTE_MAX_AGE,
        fee_bps=settings.KIS_COMMISSION_BPS,
        house=whole_house_limits(house),
        account=limits,
        house_committed=_house_committed(house, day, excluding) if buying else ZERO,
        account_committed=_bought(day, account_id=account.pk) + air.reserved,
        book_quantity=position.qty,
        buys_in_flight=air.buys.get(intent.symbol, 0),
        sells_in_flight=air.sells.get(intent.symbol, 0),
        broker_sellable=None if buying else _fresh_sellable(position, air, now),
        position_disputed=position.needs_person,
        open_positions=_other_symbols(account.pk, intent.symbol, air) if limits.max_open_positions is not None else 0,
        unsettled=tuple(air.unsettled),
        failure_streak_limit=own.failure_streak,
        trading_day=day,
        **_of_rule(rule, air),
        **(_buying_power(account, seen.buying_power, excluding) if buying else {}),
    )


def _count_for_rule(air: InTheAir, order: Order, side: Side, shares: int) -> None:
    if order.status in OPEN:
        air.rule_sides.add(side)
    if side is Side.BUY:
        air.rule_buys += shares
    else:
        air.rule_sells += shares


def _of_rule(rule: TradeRule | None, air: InTheAir) -> dict:
    """What the rule is, owns and remembers, as the database knows it now and not as the bot read it a while ago."""
    if rule is None:
        return {"has_rule": False}
    state = RuleState.objects.select_related("rule").filter(rule_id=rule.pk).first() or RuleState(rule=rule)
    acted = [at for at in (state.last_entry_at, state.last_exit_at) if at is not None]
    return {
        "rule_state": TradingState.ACTIVE if state.rule.enabled else TradingState.REDUCING,
        "allowed_sessions": frozenset(Session(s) for s in state.rule.sessions),
        "rule_max_position": state.rule.max_position,
        "rule_quantity": state.qty,
        "rule_buys_in_flight": air.rule_buys,
        "rule_sells_in_flight": air.rule_sells,
        "rule_open_sides": frozenset(air.rule_sides),
        "last_acted_at": max(acted, default=None),
        "cooldown": timedelta(seconds=state.rule.cooldown_sec),
        "paused_until": state.cooldown_until,
        "failure_streak": state.failure_streak,
    }


def _bought(day: date, *, account_id: UUID | None = None) -> Decimal:
    """Cost of the day's buys, fees included, of one account or of the house."""
    rows = DailyLedger.objects.filter(trading_day=day)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    return rows.aggregate(total=Sum("bought_usd"))["total"] or ZERO


def _house_committed(house: HouseLimits, day: date, excluding: UUID | None) -> Decimal:
    """Only counted when the house has a limit: then its row is locked, and two accounts cannot pass it together."""
    if house.daily_buy_usd is None:
        return ZERO
    rows = Order.objects.filter(MAY_FILL, side=Side.BUY).exclude(pk=excluding)
    held = ((commitment(order), order.trading_day == day) for order in rows)
    reserved = (may_still_cost(c, settings.KIS_COMMISSION_BPS) for c, own in held if counts_in(c, its_day=own))
    return _bought(day) + sum(reserved, ZERO)


def _fresh_sellable(position: Position, air: InTheAir, now: datetime) -> int | None:
    """The broker's sellable quantity, our own open sells that it has deducted added back (safety.md 2.2).

    None when it is old or from before our last fill of the symbol: then our book alone bounds the sale.
    """
    read_at = position.reconciled_at
    if position.broker_sellable_qty is None or read_at is None or now - read_at > SELLABLE_MAX_AGE:
        return None
    newer = Execution.objects.filter(account_id=position.account_id, symbol=position.symbol, at__gte=read_at)
    return None if newer.exists() else position.broker_sellable_qty + air.deducted_sells


def _other_symbols(account_id: UUID, symbol: str, air: InTheAir) -> int:
    held = set(Position.objects.filter(account_id=account_id, qty__gt=0).values_list("symbol", flat=True))
    return len((held | {s for s, shares in air.buys.items() if shares}) - {symbol})


def _buying_power(account: BrokerageAccount, power: BuyingPower | None, excluding: UUID | None) -> dict:
    """The broker's figure for the margin mode, less our own buys that it cannot have seen (safety.md 3.4)."""
    if power is None:
        return {}
    integrated = account.margin_mode == MarginMode.INTEGRATED
    amount = power.integrated if integrated else power.usd
    shares = power.max_quantity_integrated if integrated else power.max_quantity_usd
    nothing = [State.NOT_SENT, State.REJECTED]
    young = Order.objects.filter(account=account, side=Side.BUY, created_at__gte=power.read_at - VISIBLE_AFTER)
    unseen = young.exclude(status__in=nothing).exclude(pk=excluding)
    for order in unseen:
        amount -= cost(order.qty, order.price, settings.KIS_COMMISSION_BPS)
        shares -= order.qty
    # another symbol's shares are no measure of this one's: then the dollars decide alone
    return {"buying_power": max(amount, ZERO), "buying_power_quantity": None if unseen else max(shares, 0)}
