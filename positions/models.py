"""What the accounts hold, and how their worth moved."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import MONEY, PRICE, one_of, word
from market.words import Exchange


class FlowKind(StrEnum):
    """Why cash came or went without a trade of ours."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    FEE = "fee"
    CORRECTION = "correction"


class FlowSource(StrEnum):
    BROKER = "broker"  # the broker's cash differed from ours after settlement
    PERSON = "person"


class Position(models.Model):
    """Our book of one symbol in one account, beside what the broker said last."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="positions")
    symbol = models.CharField(max_length=16)
    exchange = word(Exchange)
    qty = models.PositiveIntegerField(default=0)
    avg_price = models.DecimalField(**PRICE, null=True, blank=True)
    last_price = models.DecimalField(**PRICE, null=True, blank=True)
    unrealized_pnl = models.DecimalField(**MONEY, default=0)
    realized_pnl = models.DecimalField(**MONEY, default=0)
    broker_qty = models.PositiveIntegerField(null=True, blank=True)
    broker_sellable_qty = models.PositiveIntegerField(null=True, blank=True)
    reconciled_at = models.DateTimeField(null=True, blank=True)
    needs_person = models.BooleanField(default=False)  # our book and the broker's differ, and nothing open explains it
    held_because = models.JSONField(null=True, blank=True)  # {kind, ko, en, at, evidence}: prices or shares jumped
    judged_day = models.DateField(null=True, blank=True)  # trading day before whose open it was last found in order
    close_price = models.DecimalField(**PRICE, null=True, blank=True)  # the last price of a regular session
    close_day = models.DateField(null=True, blank=True)  # of which trading day
    rescaled_at = models.DateTimeField(null=True, blank=True)  # bars from before are of another scale: read them anew
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "symbol"], name="position_once_per_symbol"),
            one_of("position", "exchange", Exchange),
        ]

    def __str__(self) -> str:
        return f"{self.qty} {self.symbol}"


class EquityPoint(models.Model):
    """The account's worth at a moment, from our own ledger of fills and fees. US dollars."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="equity_points")
    trading_day = models.DateField()
    at = models.DateTimeField()
    cash = models.DecimalField(**MONEY)  # by our own ledger
    positions_value = models.DecimalField(**MONEY)
    equity = models.DecimalField(**MONEY)
    realized_today = models.DecimalField(**MONEY, default=0)
    unrealized = models.DecimalField(**MONEY, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="equity_once_per_moment")]
        indexes = [models.Index(fields=["account", "-at"])]

    def __str__(self) -> str:
        return f"{self.account} {self.equity}"


class DailyLedger(models.Model):
    """What an account did in one trading day, from its fills; limits and P&L read it."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="ledger")
    trading_day = models.DateField()
    bought_usd = models.DecimalField(**MONEY, default=0)
    sold_usd = models.DecimalField(**MONEY, default=0)
    fees_usd = models.DecimalField(**MONEY, default=0)
    realized_pnl = models.DecimalField(**MONEY, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "trading_day"], name="ledger_once_per_day")]

    def __str__(self) -> str:
        return f"{self.account} {self.trading_day}"


class AccountBook(models.Model):
    """An account beyond its positions: cash by our own ledger, and how it did whoever paid in or out.

    Cash is `cash_base` and what our fills brought in and `external_net`. `equity_alone` is the equity as it would be
    had nobody paid anything in or out since the first day: equity by `units`, of which a flow makes more or fewer.
    """

    account = models.OneToOneField(BrokerageAccount, on_delete=models.CASCADE, related_name="book", primary_key=True)
    reconciled_at = models.DateTimeField(null=True, blank=True)  # the last complete holdings listing that was judged
    cash_base = models.DecimalField(**MONEY, null=True, blank=True)  # null: the broker has not said the cash yet
    external_net = models.DecimalField(**MONEY, default=0)  # sum of the cash flows
    units = models.DecimalField(max_digits=44, decimal_places=24, null=True, blank=True)
    equity_alone = models.DecimalField(**MONEY, null=True, blank=True)
    peak_equity = models.DecimalField(**MONEY, null=True, blank=True)  # the highest `equity_alone`
    peak_at = models.DateTimeField(null=True, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)  # when the broker's cash was ours, to the cent
    agreed_cash = models.DecimalField(**MONEY, null=True, blank=True)
    gap_usd = models.DecimalField(**MONEY, null=True, blank=True)  # what has stayed unexplained since `gap_since`
    gap_since = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"book of {self.account}"


class CashFlow(models.Model):
    """Cash that came or went without a trade of ours; below zero it went. US dollars."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="cash_flows")
    trading_day = models.DateField()
    at = models.DateTimeField()
    amount_usd = models.DecimalField(**MONEY)
    kind = word(FlowKind)
    source = word(FlowSource)
    note = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [
            one_of("cash_flow", "kind", FlowKind),
            one_of("cash_flow", "source", FlowSource),
            models.CheckConstraint(name="cash_flow_moves_something", condition=~models.Q(amount_usd=0)),
        ]
        indexes = [models.Index(fields=["account", "-at", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_usd}"
