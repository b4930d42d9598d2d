"""Orders, the requests made about them, their fills, and what people asked for."""

import uuid
from collections.abc import Iterable
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import MONEY, PRICE, one_of, word
from market.words import Exchange, Freshness, OrderType, Side, TimeInForce
from orders.domain import FINAL, NUMBERED, OPEN, State
from orders.settlement import Finding
from rules.models import TradeRule


def _words(states: Iterable[State]) -> list[str]:
    return sorted(state.value for state in states)


# Ends after which a fill may still come to light. All is filled, or nothing was ever sent, in the others.
LATE_FILLS = _words({State.CANCELLED, State.EXPIRED, State.REJECTED, State.NOT_SEEN})
# Ended, and yet something of it may fill: silence whose day was not read, fills that only a notice told.
DOUBTFUL = models.Q(day_read_at=None) & (
    models.Q(status=State.NOT_SEEN.value) | models.Q(possible_filled_qty__gt=models.F("filled_qty"))
)
# What limits count beside what was bought; found by an index of its own among all orders that ever were.
MAY_FILL = models.Q(status__in=_words(OPEN)) | DOUBTFUL


class RequestKind(StrEnum):
    NEW = "new"
    CANCEL = "cancel"
    AMEND = "amend"


class Outcome(StrEnum):
    """What became of one request. `not_sent` and `refused` are proved; `unknown` is silence."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Wish(StrEnum):
    """What a person, a webhook or a hook may ask of the broker; `order` is a new order with its payload."""

    CANCEL = "cancel"
    AMEND = "amend"
    SETTLE = "settle"
    HALT = "halt"
    CANCEL_ALL = "cancel_all"
    SELL_OUT = "sell_out"
    ORDER = "order"


class WishStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Order(models.Model):
    """The intent and its whole life. Committed before its request; `status` moves only by the table in domain."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="orders")
    rule = models.ForeignKey(TradeRule, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders")
    rule_version = models.PositiveIntegerField(null=True, blank=True)
    decision_key = models.CharField(max_length=120, unique=True)
    symbol = models.CharField(max_length=16)
    exchange = word(Exchange)
    order_type = word(OrderType, default=OrderType.LIMIT)
    side = word(Side)
    qty = models.PositiveIntegerField()
    price = models.DecimalField(**PRICE)  # limit price
    time_in_force = word(TimeInForce, default=TimeInForce.DAY)
    status = word(State, default=State.INTENT)
    filled_qty = models.PositiveIntegerField(default=0)
    possible_filled_qty = models.PositiveIntegerField(default=0)  # what notices hint at; raises exposure only
    hinted_at = models.DateTimeField(null=True, blank=True)  # when the newest such notice came
    # An amend on its way or of unknown outcome: what it asks for is reserved beside what the order is (safety.md 1.8).
    amend_qty = models.PositiveIntegerField(null=True, blank=True)  # of the open remainder, whole shares
    amend_price = models.DecimalField(**PRICE, null=True, blank=True)
    avg_fill_price = models.DecimalField(**PRICE, null=True, blank=True)
    fees = models.DecimalField(**MONEY, default=0)
    broker_order_id = models.CharField(max_length=20, blank=True)  # the newest number, without leading zeros
    us_order_date = models.DateField(null=True, blank=True)  # a number means nothing without its day
    trading_day = models.DateField()  # limits and counters use it
    # When the complete list of its day was first read after that day's end; until then silence keeps its reservation.
    day_read_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaced_by")
    needs_person = models.BooleanField(default=False)  # a flag, not a state
    reason = models.JSONField(default=dict)  # why the decision was made, the guards' votes
    failure = models.JSONField(null=True, blank=True)  # {code, ko, en} of the refusal
    lease_token = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True)  # when it moved to submitting
    final_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    raw = models.JSONField(default=dict)

    class Meta:
        constraints = [
            one_of("order", "status", State),
            one_of("order", "side", Side),
            one_of("order", "exchange", Exchange),
            one_of("order", "order_type", OrderType),
            one_of("order", "time_in_force", TimeInForce),
            models.CheckConstraint(name="order_has_quantity", condition=models.Q(qty__gt=0)),
            models.CheckConstraint(name="order_has_price", condition=models.Q(price__gt=0)),
            models.CheckConstraint(
                name="order_filled_within_quantity", condition=models.Q(filled_qty__lte=models.F("qty"))
            ),
            models.CheckConstraint(
                name="order_possible_within_quantity", condition=models.Q(possible_filled_qty__lte=models.F("qty"))
            ),
            models.CheckConstraint(
                name="order_filled_means_all",
                condition=~models.Q(status=State.FILLED) | models.Q(filled_qty=models.F("qty")),
            ),
            models.CheckConstraint(
                name="order_partially_filled_means_some",
                condition=~models.Q(status=State.PARTIALLY_FILLED)
                | models.Q(filled_qty__gt=0, filled_qty__lt=models.F("qty")),
            ),
            models.CheckConstraint(
                name="order_rejected_filled_nothing", condition=~models.Q(status=State.REJECTED, filled_qty__gt=0)
            ),
            models.CheckConstraint(
                name="order_fill_has_a_price",
                condition=models.Q(filled_qty=0, avg_fill_price=None)
                | models.Q(filled_qty__gt=0, avg_fill_price__isnull=False, avg_fill_price__gt=0),
            ),
            models.CheckConstraint(
                name="order_ends_at_a_time",
                condition=models.Q(status__in=_words(OPEN), final_at=None)
                | models.Q(status__in=_words(FINAL), final_at__isnull=False),
            ),
            models.CheckConstraint(
                name="order_at_the_broker_has_a_number",
                condition=~models.Q(status__in=_words(NUMBERED)) | ~models.Q(broker_order_id=""),
            ),
            models.CheckConstraint(
                name="order_unsent_is_untouched",
                condition=~models.Q(status__in=_words({State.INTENT, State.NOT_SENT}))
                | models.Q(broker_order_id="", filled_qty=0, possible_filled_qty=0),
            ),
            models.CheckConstraint(
                name="order_sent_has_its_moment",
                condition=models.Q(status__in=_words({State.INTENT, State.NOT_SENT}))
                | models.Q(placed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="order_number_has_its_date",
                condition=models.Q(broker_order_id="") | models.Q(us_order_date__isnull=False),
            ),
            models.CheckConstraint(
                name="order_number_without_zeros", condition=~models.Q(broker_order_id__startswith="0")
            ),
            models.CheckConstraint(
                name="order_amend_is_whole",
                condition=models.Q(amend_qty=None, amend_price=None)
                | models.Q(
                    amend_qty__isnull=False,
                    amend_qty__gt=0,
                    amend_price__isnull=False,
                    amend_price__gt=0,
                    status__in=_words(OPEN),
                ),
            ),
            models.CheckConstraint(name="order_fees_are_paid", condition=models.Q(fees__gte=0)),
            models.UniqueConstraint(
                fields=["account", "us_order_date", "broker_order_id"],
                condition=~models.Q(broker_order_id=""),
                name="broker_number_once_per_day",
            ),
            models.UniqueConstraint(
                fields=["rule", "side"],
                condition=models.Q(status__in=_words(OPEN)),
                name="one_open_order_per_rule_and_side",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "id"]),
            models.Index(fields=["account", "trading_day"]),
            models.Index(fields=["account", "us_order_date"]),
            models.Index(fields=["status"]),
            models.Index(
                fields=["account", "us_order_date"],
                name="order_day_not_yet_read",
                condition=models.Q(day_read_at=None, status__in=LATE_FILLS),
            ),
            models.Index(fields=["account"], name="order_may_fill", condition=MAY_FILL),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.qty} {self.symbol} at {self.price}"


class Request(models.Model):
    """One message to the broker about an order, with its own outcome. Every number an order ever had is here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="requests")
    kind = word(RequestKind)
    attempt = models.PositiveIntegerField(default=1)
    outcome = word(Outcome, default=Outcome.PENDING)
    broker_order_id = models.CharField(max_length=20, blank=True)
    us_order_date = models.DateField(null=True, blank=True)
    qty = models.PositiveIntegerField(null=True, blank=True)  # what an amend asks for, of the open remainder
    price = models.DecimalField(**PRICE, null=True, blank=True)
    failure = models.JSONField(null=True, blank=True)
    committed_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    raw = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "attempt"], name="request_attempt_once"),
            one_of("request", "kind", RequestKind),
            one_of("request", "outcome", Outcome),
            models.CheckConstraint(
                name="request_number_has_its_date",
                condition=models.Q(broker_order_id="") | models.Q(us_order_date__isnull=False),
            ),
            models.CheckConstraint(
                name="request_number_without_zeros", condition=~models.Q(broker_order_id__startswith="0")
            ),
            models.CheckConstraint(
                name="request_pending_has_no_answer",
                condition=~models.Q(outcome=Outcome.PENDING) | models.Q(answered_at=None),
            ),
            models.CheckConstraint(
                name="request_unsent_has_no_number",
                condition=~models.Q(outcome__in=[Outcome.NOT_SENT, Outcome.REFUSED]) | models.Q(broker_order_id=""),
            ),
        ]
        indexes = [models.Index(fields=["us_order_date", "broker_order_id"])]

    def __str__(self) -> str:
        return f"{self.kind} of {self.order}"


class OrderLook(models.Model):
    """What one look at the broker's list showed of an order of unknown outcome. A row for each time that changed."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="looks")
    at = models.DateTimeField()  # when it was judged
    read_at = models.DateTimeField()  # when the list was read
    freshness = word(Freshness)
    complete = models.BooleanField()
    finding = word(Finding)
    candidates = models.JSONField(default=list)  # rows as the API shows them
    times = models.PositiveIntegerField(default=1)  # looks in a row that showed just this
    last_at = models.DateTimeField()  # the newest of them

    class Meta:
        constraints = [one_of("order_look", "freshness", Freshness), one_of("order_look", "finding", Finding)]
        indexes = [models.Index(fields=["order", "-at", "-id"])]

    def __str__(self) -> str:
        return f"{self.finding} of {self.order}"


class Execution(models.Model):
    """The difference of two cumulative readings of one order; hearing of it twice counts once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="executions")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="executions")
    symbol = models.CharField(max_length=16)
    side = word(Side)
    qty = models.PositiveIntegerField()
    price = models.DecimalField(**PRICE)
    fee = models.DecimalField(**MONEY, default=0)
    cumulative_qty = models.PositiveIntegerField()  # of the order, after this fill
    trading_day = models.DateField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "cumulative_qty"], name="fill_booked_once"),
            models.CheckConstraint(name="fill_has_quantity", condition=models.Q(qty__gt=0)),
            models.CheckConstraint(name="fill_has_price", condition=models.Q(price__gt=0)),
            models.CheckConstraint(
                name="fill_within_cumulative", condition=models.Q(qty__lte=models.F("cumulative_qty"))
            ),
            one_of("execution", "side", Side),
        ]
        indexes = [
            models.Index(fields=["account", "-at", "id"]),
            models.Index(fields=["account", "symbol", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.qty} {self.symbol} at {self.price}"


class ForeignOrder(models.Model):
    """An order of the same account that Bamsae did not make: by phone, or by another program (safety.md 1.6, 2.1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="foreign_orders")
    us_order_date = models.DateField()
    broker_order_id = models.CharField(max_length=20)
    symbol = models.CharField(max_length=16)
    side = word(Side)
    qty = models.PositiveIntegerField()
    price = models.DecimalField(**PRICE)
    filled_qty = models.PositiveIntegerField(default=0)
    avg_fill_price = models.DecimalField(**PRICE, null=True, blank=True)
    adopted_qty = models.PositiveIntegerField(default=0)  # of the filled shares, those already in our book
    channel = models.CharField(max_length=40, blank=True)
    declared = models.BooleanField(default=False)  # a person said that it is none of ours
    # It turned out to be this order of ours; what was adopted of it leaves the book at the next reconciliation.
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="mistaken_for")
    seen_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "us_order_date", "broker_order_id"], name="foreign_order_once_per_day"
            ),
            models.CheckConstraint(
                name="foreign_adopted_within_filled",
                condition=models.Q(order__isnull=False) | models.Q(adopted_qty__lte=models.F("filled_qty")),
            ),
            one_of("foreign_order", "side", Side),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.qty} {self.symbol} through {self.channel}"


class Instruction(models.Model):
    """What a person asks of the broker; the account's bot carries it out within a second."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="instructions")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, blank=True, related_name="instructions")
    wish = word(Wish)
    payload = models.JSONField(default=dict, blank=True)  # what the wish needs to know: quantities, decisions, …
    key = models.CharField(max_length=160, null=True, blank=True, unique=True)  # a repeated call makes one row
    status = word(WishStatus, default=WishStatus.PENDING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    result = models.JSONField(null=True, blank=True)
    claimed_by = models.BigIntegerField(null=True, blank=True)  # fencing token of the lease that carries it out
    not_before = models.DateTimeField(null=True, blank=True)  # while it waits: when to look at it again
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("instruction", "wish", Wish),
            one_of("instruction", "status", WishStatus),
            models.CheckConstraint(
                name="instruction_ends_at_a_time",
                condition=models.Q(status=WishStatus.PENDING, done_at=None)
                | models.Q(~models.Q(status=WishStatus.PENDING), done_at__isnull=False),
            ),
            models.CheckConstraint(
                name="instruction_about_an_order_names_it",
                condition=~models.Q(wish__in=[Wish.CANCEL, Wish.AMEND, Wish.SETTLE]) | models.Q(order__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["order", "wish"],
                condition=models.Q(status="pending"),
                name="one_pending_wish_per_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wish} for {self.account}"
