"""What the guards need of many tables, in one question to the database: limits, sums, the rule and what it owns.

It is asked in a statement of its own after the locks were taken, so that it sees what the last holder committed; and in
one, because each question is a round trip while the market moves. Counts and sums that no limit needs are left out.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection

from accounts.models import RiskLimits
from market.words import Session, TradingState
from orders.risk import Limits
from positions.equity import drawdown_pct

ZERO = Decimal(0)
A_MINUTE = timedelta(seconds=60)
NAMES = tuple(Limits.__dataclass_fields__)


def _limits(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in NAMES)


_QUESTION = f"""
SELECT
  {_limits("house")}, {_limits("own")},
  house.trading_state, own.failure_streak, ledger.bought_usd, ledger.realized_pnl,
  book.reconciled_at, book.equity_alone, book.peak_equity,
  EXISTS (SELECT FROM orders_order o WHERE o.decision_key = %(key)s AND o.id IS DISTINCT FROM %(excluding)s),
  CASE WHEN coalesce(own.orders_per_minute, house.orders_per_minute) IS NOT NULL THEN (
    SELECT count(*) FROM orders_order o
    WHERE o.account_id = account.id AND o.created_at > %(since)s AND o.id IS DISTINCT FROM %(excluding)s) ELSE 0 END,
  CASE WHEN house.orders_per_minute IS NOT NULL THEN (
    SELECT count(*) FROM orders_order o
    WHERE o.created_at > %(since)s AND o.id IS DISTINCT FROM %(excluding)s) ELSE 0 END,
  CASE WHEN house.daily_buy_usd IS NOT NULL THEN (
    SELECT sum(l.bought_usd) FROM positions_dailyledger l WHERE l.trading_day = %(day)s) END,
  CASE WHEN house.daily_loss_usd IS NOT NULL THEN (
    SELECT sum(l.realized_pnl) FROM positions_dailyledger l WHERE l.trading_day = %(day)s) END,
  CASE WHEN coalesce(own.max_open_positions, house.max_open_positions) IS NOT NULL THEN (
    SELECT array_agg(p.symbol) FROM positions_position p WHERE p.account_id = account.id AND p.qty > 0) END,
  %(read_at)s IS NOT NULL AND EXISTS (
    SELECT FROM orders_execution e
    WHERE e.account_id = account.id AND e.symbol = %(symbol)s AND e.at >= %(read_at)s),
  rule.enabled, rule.sessions, rule.max_position, rule.max_entries, rule.cooldown_sec,
  state.qty, greatest(state.last_entry_at, state.last_exit_at), state.cooldown_until, state.failure_streak,
  strpos(%(key)s, '#') > 0 AND EXISTS (
    SELECT FROM orders_order o WHERE o.rule_id = rule.id AND o.decision_key = split_part(%(key)s, '#', 1)),
  CASE WHEN state.qty > 0 THEN (
    SELECT count(DISTINCT split_part(o.decision_key, '#', 1))
    FROM orders_execution e JOIN orders_order o ON o.id = e.order_id
    WHERE e.account_id = account.id AND e.symbol = %(symbol)s AND e.side = 'buy' AND e.at >= state.opened_at
      AND o.rule_id = rule.id AND split_part(o.decision_key, '#', 1) <> split_part(%(key)s, '#', 1)) ELSE 0 END
FROM accounts_brokerageaccount account
LEFT JOIN accounts_houselimits house ON house.id = 1
LEFT JOIN accounts_risklimits own ON own.account_id = account.id
LEFT JOIN positions_dailyledger ledger ON ledger.account_id = account.id AND ledger.trading_day = %(day)s
LEFT JOIN positions_accountbook book ON book.account_id = account.id
LEFT JOIN rules_traderule rule ON rule.id = %(rule)s
LEFT JOIN rules_rulestate state ON state.rule_id = rule.id
WHERE account.id = %(account)s
"""  # noqa: S608  (of our own names; what is asked for are parameters)


@dataclass(frozen=True, slots=True)
class KnownRule:
    """The rule as the database has it now, and not as the bot read it a while ago."""

    enabled: bool
    sessions: frozenset[Session]
    max_position: int
    max_entries: int
    cooldown: timedelta
    quantity: int
    last_acted_at: datetime | None
    paused_until: datetime | None
    failure_streak: int
    continues: bool
    entries: int


@dataclass(frozen=True, slots=True)
class Known:
    """The answer. Sums and counts are of the trading day and the last minute; `rule` None: none, or it is gone."""

    house: Limits
    own: Limits
    house_state: TradingState
    failure_streak_limit: int
    bought: Decimal
    realized: Decimal
    reconciled_at: datetime | None
    drawdown_pct: Decimal | None
    decision_taken: bool
    orders: int
    house_orders: int
    house_bought: Decimal
    house_realized: Decimal
    held: frozenset[str]  # symbols; empty when no limit counts them
    filled_since_read: bool  # the symbol had a fill of ours after the broker told its sellable quantity
    rule: KnownRule | None


def ask(
    *,
    account_id: UUID,
    rule_id: UUID | None,
    symbol: str,
    key: str,
    day: date,
    now: datetime,
    read_at: datetime | None,
    excluding: UUID | None,
) -> Known:
    """One statement. `read_at`: when the broker told the sellable quantity; `excluding`: the order being judged."""
    given = {"account": account_id, "rule": rule_id, "symbol": symbol, "key": key, "day": day,
             "since": now - A_MINUTE, "read_at": read_at, "excluding": excluding}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION, given)
        row = cursor.fetchone()
    house, own, rest = row[: len(NAMES)], row[len(NAMES) : 2 * len(NAMES)], row[2 * len(NAMES) :]
    (state, streak, bought, realized, reconciled_at, equity, peak, taken, orders, house_orders, house_bought,
     house_realized, held, filled, *rule) = rest  # fmt: skip
    return Known(
        house=Limits(*house),
        own=Limits(*own),
        house_state=TradingState(state or TradingState.ACTIVE),
        failure_streak_limit=streak if streak is not None else RiskLimits._meta.get_field("failure_streak").default,
        bought=bought or ZERO,
        realized=realized or ZERO,
        reconciled_at=reconciled_at,
        drawdown_pct=drawdown_pct(equity, peak),
        decision_taken=taken,
        orders=orders,
        house_orders=house_orders,
        house_bought=house_bought or ZERO,
        house_realized=house_realized or ZERO,
        held=frozenset(held or ()),
        filled_since_read=filled,
        rule=_rule(*rule) if rule[0] is not None else None,
    )


def _rule(
    enabled: bool,
    sessions: str,
    max_position: int,
    max_entries: int,
    cooldown_sec: int,
    quantity: int | None,
    last_acted_at: datetime | None,
    paused_until: datetime | None,
    failure_streak: int | None,
    continues: bool,
    entries: int,
) -> KnownRule:
    return KnownRule(
        enabled,
        frozenset(Session(s) for s in json.loads(sessions)),
        max_position,
        max_entries,
        timedelta(seconds=cooldown_sec),
        quantity or 0,
        last_acted_at,
        paused_until,
        failure_streak or 0,
        continues,
        entries,
    )
