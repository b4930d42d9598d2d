"""What the accounts hold, and how their worth moved."""

import uuid

from django.db import models

from accounts.models import BrokerageAccount
from api.fields import MONEY, PRICE, one_of, word
from market.words import Exchange


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
    cash = models.DecimalField(**MONEY)
    ledger_net = models.DecimalField(**MONEY)  # sold less bought, of all days, when the cash was this
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
