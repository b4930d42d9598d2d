"""What the guards need of the database, in few questions: each is a round trip while the market moves.

`read_rows` reads, and locks, the account and its symbol. `ask` is a statement of its own after that, so that it sees
what the last holder of the locks committed: limits, sums, the rule and what it owns, and the account's orders that may
still do something. Counts and sums that no limit needs are left out.

These few are written in SQL, because on the way to the broker composing them would take longer than answering them.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from accounts.models import RiskLimits
from market.errors import Text
from market.words import Environment, Exchange, MarginMode, Session, TradingState
from orders.domain import OPEN, State
from orders.reserving import Commitment
from orders.risk import Limits
from positions.equity import drawdown_pct

ZERO = Decimal(0)
A_MINUTE = timedelta(seconds=60)
NAMES = tuple(Limits.__dataclass_fields__)


class Flying(NamedTuple):
    """The columns of an order that tell what it may still do."""

    id: UUID
    account_id: UUID
    rule_id: UUID | None
    symbol: str
    side: str
    status: str
    qty: int
    price: Decimal
    filled_qty: int
    possible_filled_qty: int
    day_read_at: datetime | None
    amend_qty: int | None
    amend_price: Decimal | None
    trading_day: date
    broker_order_id: str
    placed_at: datetime | None
    created_at: datetime

    @property
    def commitment(self) -> Commitment:
        """The order as far as limits care."""
        return Commitment(
            State(self.status),
            self.qty,
            self.price,
            self.filled_qty,
            self.possible_filled_qty,
            self.day_read_at is not None,
            self.amend_qty,
            self.amend_price,
        )


def _limits(table: str) -> str:
    return ", ".join(f"{table}.{name} AS {table}_{name}" for name in NAMES)


_ROWS = """
SELECT a.environment, a.trading_state, a.margin_mode, p.exchange, p.qty, p.needs_person, p.held_because,
  p.broker_sellable_qty, p.reconciled_at
FROM accounts_brokerageaccount a JOIN positions_position p ON p.account_id = a.id AND p.symbol = %s
WHERE a.id = %s"""
_LOCKED = f"{_ROWS} FOR NO KEY UPDATE OF a, p"  # in this order, which the whole house keeps

_ORDER = ", ".join(f"o.{name}" for name in Flying._fields)
_OPEN = ", ".join(f"'{state.value}'" for state in sorted(OPEN))
_QUESTION = f"""
WITH known AS MATERIALIZED (
SELECT
  {_limits("house")}, {_limits("own")},
  house.trading_state, own.failure_streak AS most_refusals, ledger.bought_usd, ledger.realized_pnl,
  book.reconciled_at, book.equity_alone, book.peak_equity,
  EXISTS (SELECT FROM orders_order o
    WHERE o.decision_key = %(key)s AND o.id IS DISTINCT FROM %(excluding)s) AS taken,
  CASE WHEN coalesce(own.orders_per_minute, house.orders_per_minute) IS NOT NULL THEN (
    SELECT count(*) FROM orders_order o
    WHERE o.account_id = account.id AND o.created_at > %(since)s AND o.id IS DISTINCT FROM %(excluding)s)
    ELSE 0 END AS orders,
  CASE WHEN house.orders_per_minute IS NOT NULL THEN (
    SELECT count(*) FROM accounts_brokerageaccount a JOIN orders_order o ON o.account_id = a.id
    WHERE o.created_at > %(since)s AND o.id IS DISTINCT FROM %(excluding)s) ELSE 0 END AS house_orders,
  CASE WHEN house.daily_loss_usd IS NOT NULL THEN (
    SELECT sum(l.realized_pnl) FROM positions_dailyledger l WHERE l.trading_day = %(day)s) END AS house_realized,
  CASE WHEN coalesce(own.max_open_positions, house.max_open_positions) IS NOT NULL THEN (
    SELECT array_agg(p.symbol) FROM positions_position p WHERE p.account_id = account.id AND p.qty > 0) END AS held,
  %(read_at)s IS NOT NULL AND EXISTS (
    SELECT FROM orders_execution e
    WHERE e.account_id = account.id AND e.symbol = %(symbol)s AND e.at >= %(read_at)s) AS filled_since_read,
  rule.enabled, rule.sessions, rule.max_position, rule.max_entries, rule.cooldown_sec,
  state.qty, greatest(state.last_entry_at, state.last_exit_at) AS last_acted_at, state.cooldown_until,
  state.failure_streak,
  strpos(%(key)s, '#') > 0 AND EXISTS (SELECT FROM orders_order o
    WHERE o.rule_id = rule.id AND o.decision_key = split_part(%(key)s, '#', 1)) AS continues,
  CASE WHEN state.qty > 0 THEN (
    SELECT count(DISTINCT split_part(o.decision_key, '#', 1))
    FROM orders_execution e JOIN orders_order o ON o.id = e.order_id
    WHERE e.account_id = account.id AND e.symbol = %(symbol)s AND e.side = 'buy' AND e.at >= state.opened_at
      AND o.rule_id = rule.id AND split_part(o.decision_key, '#', 1) <> split_part(%(key)s, '#', 1))
    ELSE 0 END AS entries
FROM accounts_brokerageaccount account
LEFT JOIN accounts_houselimits house ON house.id = 1
LEFT JOIN accounts_risklimits own ON own.account_id = account.id
LEFT JOIN positions_dailyledger ledger ON ledger.account_id = account.id AND ledger.trading_day = %(day)s
LEFT JOIN positions_accountbook book ON book.account_id = account.id
LEFT JOIN rules_traderule rule ON rule.id = %(rule)s
LEFT JOIN rules_rulestate state ON state.rule_id = rule.id
WHERE account.id = %(account)s
), flying AS (
  SELECT {_ORDER} FROM orders_order o
  WHERE o.account_id = %(account)s AND o.id IS DISTINCT FROM %(excluding)s AND (o.status IN ({_OPEN})
    OR (o.day_read_at IS NULL AND (o.status = 'not_seen' OR o.possible_filled_qty > o.filled_qty)))
  UNION
  SELECT {_ORDER} FROM orders_order o
  WHERE o.account_id = %(account)s AND o.id IS DISTINCT FROM %(excluding)s
    AND o.side = 'buy' AND o.created_at >= %(young)s
)
SELECT * FROM known LEFT JOIN flying ON true
"""  # noqa: S608  (of our own names; what is asked for are parameters)


@dataclass(frozen=True, slots=True)
class Rows:
    """An account, and its book of one symbol beside what the broker said last."""

    environment: Environment
    trading_state: TradingState
    margin_mode: MarginMode
    exchange: Exchange
    qty: int = 0
    needs_person: bool = False
    held_because: Text | None = None
    broker_sellable_qty: int | None = None
    reconciled_at: datetime | None = None


def read_rows(account_id: UUID, symbol: str, *, lock: bool) -> Rows | None:
    """None when the account has no row of this symbol. With `lock` both are locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED if lock else _ROWS, [symbol, account_id])
        row = cursor.fetchone()
    if row is None:
        return None
    environment, state, margin, exchange, qty, doubt, held, sellable, reconciled_at = row
    because = json.loads(held) if held else None
    return Rows(
        Environment(environment),
        TradingState(state),
        MarginMode(margin),
        Exchange(exchange),
        qty,
        doubt,
        Text(because["ko"], because["en"]) if because else None,
        sellable,
        reconciled_at,
    )


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
    house_realized: Decimal
    held: frozenset[str]  # symbols; empty when no limit counts them
    filled_since_read: bool  # the symbol had a fill of ours after the broker told its sellable quantity
    rule: KnownRule | None
    orders_flying: list[Flying]  # those that may still do something, and buys since `young`


def ask(
    *,
    account_id: UUID,
    rule_id: UUID | None,
    symbol: str,
    key: str,
    day: date,
    now: datetime,
    read_at: datetime | None,
    young: datetime | None,
    excluding: UUID | None,
) -> Known:
    """One statement. `read_at`: when the broker told the sellable quantity; `excluding`: the order being judged."""
    given = {"account": account_id, "rule": rule_id, "symbol": symbol, "key": key, "day": day,
             "since": now - A_MINUTE, "read_at": read_at, "young": young, "excluding": excluding}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION, given)
        rows = cursor.fetchall()
    known, many = rows[0][: -len(Flying._fields)], len(NAMES)
    house, own, rest = known[:many], known[many : 2 * many], known[2 * many :]
    (state, streak, bought, realized, reconciled_at, equity, peak, taken, orders, house_orders, house_realized,
     held, filled, *rule) = rest  # fmt: skip
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
        house_realized=house_realized or ZERO,
        held=frozenset(held or ()),
        filled_since_read=filled,
        rule=_rule(*rule) if rule[0] is not None else None,
        orders_flying=[order for row in rows if (order := Flying(*row[-len(Flying._fields) :])).id is not None],
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
