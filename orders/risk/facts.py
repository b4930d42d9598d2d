"""What the guards may know, and nothing else: plain values, read elsewhere. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from market.data import Quote, SessionView
from market.errors import Text
from market.words import Environment, Session, Side, TradingState

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Limits:
    """Somebody's limits; None is no limit.

    Dollars per trading day, dollars per order, dollars and shares held of a symbol, symbols held, basis points of the
    price, orders in a minute, realised dollars lost in a trading day, per cent below the peak of equity, seconds.
    """

    daily_buy_usd: Decimal | None = None
    max_order_usd: Decimal | None = None
    max_position_usd: Decimal | None = None
    max_position_qty: int | None = None
    max_open_positions: int | None = None
    max_spread_bps: int | None = None
    max_slippage_bps: int | None = None
    orders_per_minute: int | None = None
    daily_loss_usd: Decimal | None = None
    max_drawdown_pct: Decimal | None = None
    no_entry_before_close_sec: int | None = None

    @property
    def counts_together(self) -> bool:
        """Whether one of the limits that the house counts over all accounts is set."""
        return any(x is not None for x in (self.daily_buy_usd, self.orders_per_minute, self.daily_loss_usd))


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An order without a number of its own; `unknown`: nobody knows whether it exists at the broker."""

    symbol: str
    side: Side
    quantity: int
    price: Decimal
    unknown: bool = True


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """All that the guards may know, read in one transaction. Money in US dollars, quantities in shares."""

    now: datetime
    environment: Environment
    session: SessionView
    allowed_sessions: frozenset[Session] = frozenset({Session.REGULAR})
    house_state: TradingState = TradingState.ACTIVE
    account_state: TradingState = TradingState.ACTIVE
    rule_state: TradingState = TradingState.ACTIVE
    quote: Quote | None = None
    quote_max_age: timedelta = timedelta(seconds=10)
    fee_bps: int = 25
    house: Limits = field(default_factory=Limits)
    account: Limits = field(default_factory=Limits)
    # of this trading day: bought and reserved (limit price plus fee); realised, below zero when lost
    house_committed: Decimal = ZERO
    account_committed: Decimal = ZERO
    house_realized: Decimal = ZERO
    account_realized: Decimal = ZERO
    drawdown_pct: Decimal | None = None  # below the peak of equity; None: not known
    # intents of the last minute, whatever became of them
    house_orders: int = 0
    account_orders: int = 0
    # the account's symbol
    book_quantity: int = 0
    buys_in_flight: int = 0  # shares that open, unknown or doubtful buys may still bring
    sells_in_flight: int = 0
    broker_sellable: int | None = None  # fresh, with our own open sells added back; None: no fresh figure
    position_disputed: bool = False
    held_because: Text | None = None  # a split or another jump that nobody has judged yet
    reconciled_at: datetime | None = None  # when the account's holdings were last compared, all of them
    reconciled_max_age: timedelta = timedelta(minutes=10)
    open_positions: int = 0  # other symbols held or being bought
    unsettled: tuple[Unsettled, ...] = ()
    # the decision
    decision_taken: bool = False  # its key has had its order
    continues: bool = False  # it goes on with an order that the rule placed before, at another price
    # the rule; None for an order that a person wants
    has_rule: bool = True
    rule_max_position: int | None = None
    rule_max_entries: int = 1
    rule_quantity: int = 0
    rule_entries: int = 0  # buys with fills since the rule last held nothing, without the one that goes on
    rule_buys_in_flight: int = 0
    rule_sells_in_flight: int = 0
    rule_open_sides: frozenset[Side] = frozenset()
    last_acted_at: datetime | None = None
    cooldown: timedelta = timedelta(0)
    paused_until: datetime | None = None
    failure_streak: int = 0
    failure_streak_limit: int = 5
    # the broker's figure for the account's margin mode, less our own orders not visible in it; None: not known
    buying_power: Decimal | None = None
    buying_power_quantity: int | None = None
    trading_day: date | None = None
