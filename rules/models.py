"""What a person wants done, every version of it, and what each rule owns and remembers."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import MONEY, PRICE, one_of, word
from market.data import OwnedPosition, RuleMemory
from market.words import EvaluateOn, Exchange, Timeframe, TimeInForce
from rules.domain import Rule
from rules.fields import READERS
from rules.rebalancing import LEAST_BAND, Plan, Rhythm
from rules.whole import rule_of
from rules.words import (
    MOST_CLOSE_MARGIN_SEC,
    MOST_OFFSET_BPS,
    MOST_OFFSET_TICKS,
    MOST_REPRICES,
    MOST_SLIPPAGE_BPS,
    AtClose,
    Mode,
    OrderPrice,
    SignalType,
)

PERCENT = {"max_digits": 9, "decimal_places": 4}  # of the price at entry, or of the highest since


def regular_only() -> list[str]:
    return ["regular"]


def _stops() -> list[models.CheckConstraint]:
    """A loss of everything is no stop; a profit has no upper end."""
    losses = ("stop_loss_pct", "trailing_stop_pct")
    below = {name: models.Q(**{f"{name}__lt": Decimal(100)}) for name in losses}
    return [
        models.CheckConstraint(
            name=f"rule_{name}_is_possible",
            condition=models.Q(**{f"{name}__isnull": True})
            | models.Q(**{f"{name}__gt": Decimal(0)}) & below.get(name, models.Q()),
        )
        for name in (*losses, "take_profit_pct")
    ]


def _offsets() -> list[models.CheckConstraint]:
    most = {"price_offset_bps": MOST_OFFSET_BPS, "price_offset_ticks": MOST_OFFSET_TICKS}
    return [
        models.CheckConstraint(
            name=f"rule_{name}_is_possible", condition=models.Q(**{f"{name}__gte": -end, f"{name}__lte": end})
        )
        for name, end in most.items()
    ]


def _unfilled() -> list[models.CheckConstraint]:
    """The policy for orders that do not fill, and how often the rule may add."""
    between = {
        "reprice_times": (0, MOST_REPRICES),
        "max_slippage_bps": (0, MOST_SLIPPAGE_BPS),
        "close_margin_sec": (1, MOST_CLOSE_MARGIN_SEC),
    }
    bounds = [
        models.CheckConstraint(
            name=f"rule_{name}_is_possible",
            condition=models.Q(**{f"{name}__isnull": True}) | models.Q(**{f"{name}__gte": least, f"{name}__lte": most}),
        )
        for name, (least, most) in between.items()
    ]
    return [
        *bounds,
        models.CheckConstraint(
            name="rule_reprices_after_a_while", condition=models.Q(reprice_times=0) | models.Q(reprice_after_sec__gt=0)
        ),
        models.CheckConstraint(name="rule_may_enter_once", condition=models.Q(max_entries__gte=1)),
    ]


def _says_what_it_wants() -> models.CheckConstraint:
    conditions = models.Q(mode=Mode.DSL.value) & ~models.Q(entry_condition="")
    return models.CheckConstraint(
        name="rule_says_what_it_wants", condition=conditions | models.Q(mode=Mode.PYTHON.value) & ~models.Q(code="")
    )


class TradeRule(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=80, blank=True)
    symbol = models.CharField(max_length=16)
    exchange = word(Exchange)
    mode = word(Mode, default=Mode.DSL)
    timeframe = word(Timeframe, default=Timeframe.M1)
    evaluate_on = word(EvaluateOn, default=EvaluateOn.BAR_CLOSE)
    buy_amount_usd = models.DecimalField(**MONEY)
    max_position = models.PositiveIntegerField()  # shares this rule may own at most
    entry_condition = models.TextField(blank=True)  # python rules have none
    exit_condition = models.TextField(blank=True)  # none: stops alone end what the rule owns
    code = models.TextField(blank=True)  # python rules: the text of `decide`
    params = models.JSONField(default=dict, blank=True)  # by name: type, default, value, bounds (rules.params)
    stop_loss_pct = models.DecimalField(**PERCENT, null=True, blank=True)
    take_profit_pct = models.DecimalField(**PERCENT, null=True, blank=True)
    trailing_stop_pct = models.DecimalField(**PERCENT, null=True, blank=True)
    time_in_force = word(TimeInForce, default=TimeInForce.DAY)
    cooldown_sec = models.PositiveIntegerField(default=60)
    sessions = models.JSONField(default=regular_only)  # in which it may act
    order_price = word(OrderPrice, default=OrderPrice.TOUCH)
    price_offset_bps = models.IntegerField(default=10)
    price_offset_ticks = models.IntegerField(default=0)
    cancel_after_sec = models.PositiveIntegerField(null=True, blank=True)  # unfilled orders; null: let them expire
    reprice_times = models.PositiveSmallIntegerField(default=0)
    reprice_after_sec = models.PositiveIntegerField(null=True, blank=True)
    max_slippage_bps = models.PositiveIntegerField(null=True, blank=True)  # from the first limit; null: the collar
    at_close = word(AtClose, default=AtClose.LEAVE)
    close_margin_sec = models.PositiveIntegerField(default=60)  # before the end of the session that the order is for
    max_entries = models.PositiveIntegerField(default=1)  # how often it may buy before it has sold
    enabled = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(name="rule_buys_something", condition=models.Q(buy_amount_usd__gt=0)),
            models.CheckConstraint(name="rule_may_own_something", condition=models.Q(max_position__gt=0)),
            *_stops(),
            *_offsets(),
            *_unfilled(),
            _says_what_it_wants(),
            one_of("rule", "mode", Mode),
            one_of("rule", "exchange", Exchange),
            one_of("rule", "timeframe", Timeframe),
            one_of("rule", "evaluate_on", EvaluateOn),
            one_of("rule", "time_in_force", TimeInForce),
            one_of("rule", "order_price", OrderPrice),
            one_of("rule", "at_close", AtClose),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.symbol} v{self.version}"

    def compiled(self) -> Rule:
        """This version as the domain knows it. Raises ConditionError when a stored condition cannot be read."""
        return rule_of({name: getattr(self, name) for name in READERS}, id=self.pk, version=self.version)


class RuleVersion(models.Model):
    """The whole text of a rule as it once was; an order knows the version that made it."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(TradeRule, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    fields = models.JSONField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "version"], name="rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"


class RuleState(models.Model):
    """What the rule owns (its own fills, or assigned by a person) and remembers between looks."""

    rule = models.OneToOneField(TradeRule, on_delete=models.CASCADE, related_name="state", primary_key=True)
    qty = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)  # buys that the shares owned come from; 0: not counted yet
    avg_price = models.DecimalField(**PRICE, null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    high_since_entry = models.DecimalField(**PRICE, null=True, blank=True)
    realized_pnl = models.DecimalField(**MONEY, default=0)
    last_entry_at = models.DateTimeField(null=True, blank=True)
    last_exit_at = models.DateTimeField(null=True, blank=True)
    last_bar_at = models.DateTimeField(null=True, blank=True)
    failure_streak = models.PositiveIntegerField(default=0)
    cooldown_until = models.DateTimeField(null=True, blank=True)
    last_evaluation = models.JSONField(null=True, blank=True)
    last_evaluated_at = models.DateTimeField(null=True, blank=True)
    stopped_because = models.JSONField(null=True, blank=True)  # {ko, en}: why it was switched off by itself

    def __str__(self) -> str:
        return f"state of {self.rule}"

    def owned(self) -> OwnedPosition:
        """What the rule owns, as the domain knows it."""
        entries = max(self.entries, 1) if self.qty else 0  # what a person assigned is one
        return OwnedPosition(self.qty, self.avg_price, self.opened_at, self.high_since_entry, entries)

    def memory(self) -> RuleMemory:
        """What the rule remembers between looks, as the domain knows it."""
        return RuleMemory(self.last_entry_at, self.last_exit_at, self.last_bar_at)


class StrategySignal(models.Model):
    """One row per ENTRY or EXIT edge and per veto, never per tick. `score` in [0, 1]."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(TradeRule, on_delete=models.CASCADE, related_name="signals")
    rule_version = models.PositiveIntegerField()
    type = word(SignalType)
    score = models.DecimalField(max_digits=6, decimal_places=5)
    payload = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("signal", "type", SignalType),
            models.CheckConstraint(name="signal_score_in_unit", condition=models.Q(score__gte=0, score__lte=1)),
        ]
        indexes = [models.Index(fields=["rule", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.type} of {self.rule}"


class RebalancePlan(models.Model):
    """Weights that an account is brought back to (rules.rebalancing). What no symbol has is kept as cash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="rebalance_plans")
    name = models.CharField(max_length=80)
    weights = models.JSONField()  # symbol to percent, as text: no float ever comes between
    band_pct = models.DecimalField(**PERCENT, default=Decimal(5))  # percentage points of the whole
    schedule = word(Rhythm, default=Rhythm.MANUAL)
    weekday = models.PositiveSmallIntegerField(default=0)  # Monday 0 … Friday 4, for weekly
    month_day = models.PositiveSmallIntegerField(default=1)  # for monthly
    minutes_after_open = models.PositiveSmallIntegerField(default=30)
    include_rule_positions = models.BooleanField(default=False)
    enabled = models.BooleanField(default=False)
    enabled_at = models.DateTimeField(null=True, blank=True)  # what was due before is not caught up
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="rebalance_plan_name_once"),
            one_of("rebalance_plan", "schedule", Rhythm),
            models.CheckConstraint(
                name="rebalance_plan_band_is_possible", condition=models.Q(band_pct__gte=LEAST_BAND, band_pct__lte=50)
            ),
            models.CheckConstraint(
                name="rebalance_plan_day_is_possible",
                condition=models.Q(weekday__lte=4, month_day__gte=1, month_day__lte=31, minutes_after_open__lte=360),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def pure(self) -> Plan:
        """The plan as the domain knows it."""
        weights = {symbol: Decimal(percent) for symbol, percent in self.weights.items()}
        return Plan(weights, self.band_pct, self.include_rule_positions)


__all__ = [
    "AtClose",
    "Mode",
    "OrderPrice",
    "RebalancePlan",
    "RuleState",
    "RuleVersion",
    "SignalType",
    "StrategySignal",
    "TradeRule",
    "regular_only",
]
