"""Who runs which account, and since when; what is done once a trading day."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import one_of, word
from credentials.models import ApiCredential
from rules.models import RebalancePlan


class BotLease(models.Model):
    """The right to send orders for an account. All times are the database's; `token` grows with every holder."""

    account = models.OneToOneField(BrokerageAccount, on_delete=models.CASCADE, related_name="lease", primary_key=True)
    token = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True)  # host:pid, empty when free
    acquired_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    start_asked_until = models.DateTimeField(null=True, blank=True)  # one pending start per account
    starts_missed = models.PositiveIntegerField(default=0)  # asked for in a row, and taken by no worker
    start_after = models.DateTimeField(null=True, blank=True)  # after a crash: not before
    crashes = models.PositiveIntegerField(default=0)  # in a row, since the last quiet minute
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"lease of {self.account}"


class BotCrash(models.Model):
    """A bot that ended badly: by an error, or without a word (killed, out of memory, its machine gone).

    `token`: the lease whose holder never let go of it; such an end is counted once. Null: it told its error itself.
    """

    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="crashes")
    at = models.DateTimeField()
    token = models.BigIntegerField(null=True, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "bot crashes"
        constraints = [models.UniqueConstraint(fields=["account", "token"], name="silent_end_counted_once")]
        indexes = [models.Index(fields=["account", "at"])]

    def __str__(self) -> str:
        return f"{self.account}: {self.error or self.holder}"


class BotCheckpoint(models.Model):
    """What a bot would lose with its process; written after every decision that changed something."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, related_name="checkpoint", primary_key=True
    )
    payload = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"checkpoint of {self.account}"


class FeedLease(models.Model):
    """The one owner of an app key's market-data socket, which publishes to every bot allowed to read."""

    credential = models.OneToOneField(
        ApiCredential, on_delete=models.CASCADE, related_name="feed_lease", primary_key=True
    )
    token = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"socket of {self.credential}"


class HookStatus(StrEnum):
    """`failed` is tried again while attempts and time are left; `given_up` and `missed` are not."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    MISSED = "missed"


class HookRun(models.Model):
    """What is done once for an account (or, without one, for the house) in a trading day, whoever is alive then.

    `not_before`, in database time: while running, until when the run is its holder's; otherwise, when it may be tried.
    """

    id = models.BigAutoField(primary_key=True)
    hook = models.CharField(max_length=60)  # before_open, open, close, end_of_day, rebalance:<plan>
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, null=True, related_name="hook_runs")
    trading_day = models.DateField()
    due_at = models.DateTimeField()
    until = models.DateTimeField()  # not begun any more from then on
    status = word(HookStatus, default=HookStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)  # that ended badly, or never
    not_before = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=120, blank=True)  # host:pid:turn
    result = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hook", "account", "trading_day"], name="hook_once_per_trading_day", nulls_distinct=False
            ),
            one_of("hook_run", "status", HookStatus),
        ]
        indexes = [models.Index(fields=["status", "until"]), models.Index(fields=["account", "-due_at"])]

    def __str__(self) -> str:
        return f"{self.hook} of {self.trading_day}"


class RebalanceStatus(StrEnum):
    """`selling`, `buying`: orders of that side were asked for; `done`, `failed` and `nothing` are ends."""

    SELLING = "selling"
    BUYING = "buying"
    DONE = "done"
    NOTHING = "nothing"
    FAILED = "failed"


class RebalanceRun(models.Model):
    """One carrying out of a plan: what was reckoned, and the orders that were asked for (by `key` of Instruction)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(RebalancePlan, on_delete=models.CASCADE, related_name="runs")
    trading_day = models.DateField()
    status = word(RebalanceStatus, default=RebalanceStatus.SELLING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    trades = models.JSONField(default=list)  # {key, symbol, side, qty, price}, sells first
    reckoned = models.JSONField(default=dict)  # cash, whole, lines as they were before
    failure = models.JSONField(null=True, blank=True)  # {code, ko, en}
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "trading_day"], name="rebalance_once_per_trading_day"),
            one_of("rebalance_run", "status", RebalanceStatus),
        ]
        indexes = [models.Index(fields=["plan", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.plan} on {self.trading_day}"
