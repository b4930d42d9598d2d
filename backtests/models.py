"""Replays that people asked for, and what came of them."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import one_of, word
from rules.models import TradeRule


class Kind(StrEnum):
    BACKTEST = "backtest"
    PREVIEW = "preview"  # on accounts as they are now, over the latest sessions


class Study(StrEnum):
    """What is done with the rule: replayed once, or many times."""

    SINGLE = "single"
    GRID = "grid"
    WALK_FORWARD = "walk_forward"
    LOOK_AHEAD = "look_ahead"


class Status(StrEnum):
    NEEDS_CANDLES = "needs_candles"  # a bot's task fetches them from the broker
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (Status.DONE, Status.FAILED, Status.CANCELLED)


class BacktestRun(models.Model):
    """One replay: the whole text of what was replayed, the options, and the result. Nothing of it moves money."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="backtests")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, null=True, related_name="backtests")
    rule = models.ForeignKey(TradeRule, on_delete=models.SET_NULL, null=True, related_name="backtests")
    kind = word(Kind, default=Kind.BACKTEST)
    study = word(Study, default=Study.SINGLE)
    name = models.CharField(max_length=120, blank=True)
    rules = models.JSONField()  # each {"rule_id", "version", "fields"}: the whole texts that are replayed
    options = models.JSONField(default=dict)
    status = word(Status, default=Status.QUEUED)
    progress = models.FloatField(default=0)  # 0 to 1
    problem = models.JSONField(null=True, blank=True)  # why it failed or waits: ko, en
    result = models.JSONField(null=True, blank=True)
    headline = models.JSONField(null=True, blank=True)  # of the result: what a list shows
    bars = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)  # of the process that runs it

    class Meta:
        constraints = [
            one_of("backtest", "kind", Kind),
            one_of("backtest", "study", Study),
            one_of("backtest", "status", Status),
            models.CheckConstraint(
                name="backtest_progress_in_unit", condition=models.Q(progress__gte=0, progress__lte=1)
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-created_at"]),
            models.Index(
                fields=["status"],
                name="backtest_open",
                condition=models.Q(status__in=["needs_candles", "queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"


class GivenCandles(models.Model):
    """A series that a person brought along for one run: a CSV as it was sent, compressed."""

    run = models.ForeignKey(BacktestRun, on_delete=models.CASCADE, related_name="given")
    symbol = models.CharField(max_length=16)
    timeframe = models.CharField(max_length=8)
    csv = models.BinaryField()  # zlib of UTF-8

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "symbol", "timeframe"], name="given_candles_once"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.timeframe} for {self.run}"
