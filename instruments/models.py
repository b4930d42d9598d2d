"""What can be traded, and when."""

import uuid

from django.conf import settings
from django.db import models

from api.fields import PRICE, one_of, word
from market.instruments import EtpClass, InstrumentKind
from market.words import Exchange, Session, Timeframe


class Instrument(models.Model):
    """A listed instrument. The broker's master file fills the table; what vanishes from it stays, not tradable."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    symbol = models.CharField(max_length=16, unique=True)
    exchange = word(Exchange)
    name_ko = models.CharField(max_length=128, blank=True)
    name_en = models.CharField(max_length=128, blank=True)
    currency = models.CharField(max_length=4, default="USD")
    kind = word(InstrumentKind, default=InstrumentKind.STOCK)
    etp_class = word(EtpClass, blank=True, default="")
    realtime_symbol = models.CharField(max_length=16, blank=True)
    decimals = models.PositiveSmallIntegerField(null=True, blank=True)  # of its prices, as the broker shows them
    buy_unit = models.PositiveIntegerField(default=1)  # shares
    sell_unit = models.PositiveIntegerField(default=1)
    tick_type = models.CharField(max_length=4, blank=True)
    tick_type_detail = models.CharField(max_length=4, blank=True)
    industry = models.CharField(max_length=8, blank=True)
    is_dr = models.BooleanField(default=False)  # a depositary receipt
    in_master = models.BooleanField(default=False)  # the broker's latest master file has it
    tradable = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["symbol"]
        constraints = [
            one_of("instrument", "exchange", Exchange),
            one_of("instrument", "kind", InstrumentKind),
            models.CheckConstraint(
                name="instrument_etp_class_is_known",
                condition=models.Q(etp_class__in=["", *(word.value for word in EtpClass)]),
            ),
            models.CheckConstraint(
                name="instrument_units_are_positive", condition=models.Q(buy_unit__gt=0, sell_unit__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.symbol


class Candle(models.Model):
    """A bar as it was seen. A correction is a new version, never an overwrite (safety.md 4.2)."""

    id = models.BigAutoField(primary_key=True)
    symbol = models.CharField(max_length=16)
    timeframe = word(Timeframe)
    start = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    open = models.DecimalField(**PRICE)
    high = models.DecimalField(**PRICE)
    low = models.DecimalField(**PRICE)
    close = models.DecimalField(**PRICE)
    volume = models.BigIntegerField()
    session = word(Session)
    source = models.CharField(max_length=16)
    complete = models.BooleanField(default=True)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["symbol", "timeframe", "start", "version"], name="candle_version_once"),
            models.CheckConstraint(name="candle_low_high", condition=models.Q(low__lte=models.F("high"))),
            one_of("candle", "timeframe", Timeframe),
            one_of("candle", "session", Session),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.timeframe} {self.start:%F %R}"


class Closure(models.Model):
    """A closure that no calendar knew of (safety.md 4.4): it cuts the sessions of the trading day as they are read.

    Without a time the whole day is closed. `closed_from`: the day ends there; `closed_until`: it begins there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    market = models.CharField(max_length=8, default="US")
    trading_day = models.DateField()
    closed_from = models.DateTimeField(null=True, blank=True)
    closed_until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-trading_day"]
        constraints = [
            models.UniqueConstraint(fields=["market", "trading_day"], name="closure_once_per_trading_day"),
            models.CheckConstraint(
                name="closure_leaves_one_part_open",
                condition=models.Q(closed_from__isnull=True) | models.Q(closed_until__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trading_day} closed"


class TradingDay(models.Model):
    """One session of one trading day, start inclusive, end exclusive, in UTC. New York decides the day."""

    id = models.BigAutoField(primary_key=True)
    market = models.CharField(max_length=8, default="US")
    trading_day = models.DateField()
    session = word(Session)
    start = models.DateTimeField()
    end = models.DateTimeField()
    source = models.CharField(max_length=32)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["start"]
        constraints = [
            models.UniqueConstraint(fields=["market", "trading_day", "session"], name="session_once_per_trading_day"),
            models.CheckConstraint(name="session_ends_after_it_starts", condition=models.Q(end__gt=models.F("start"))),
            one_of("trading_day", "session", Session),
        ]
        indexes = [models.Index(fields=["market", "start"])]

    def __str__(self) -> str:
        return f"{self.trading_day} {self.session}"
