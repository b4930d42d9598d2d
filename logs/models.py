"""The durable journal of everything that happened, and who is told of it where."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import one_of, word


class Kind(StrEnum):
    LOG = "log"
    ORDER = "order"
    FILL = "fill"
    POSITION = "position"
    ACCOUNT = "account"


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ExecutionLog(models.Model):
    """One event. `seq` is given when its transaction commits, so that readers who resume see no gap and no repeat."""

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, null=True, related_name="journal")
    rule_id = models.UUIDField(null=True, blank=True)  # rules lie above; a deleted rule keeps its history
    kind = word(Kind, default=Kind.LOG)
    level = word(Level, default=Level.INFO)
    message = models.TextField()  # Korean
    message_en = models.TextField()
    ctx = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [one_of("log", "kind", Kind), one_of("log", "level", Level)]
        indexes = [
            models.Index(fields=["account", "seq"]),
            models.Index(fields=["rule_id", "seq"]),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.message_en}"


class ChannelKind(StrEnum):
    TELEGRAM = "telegram"
    DISCORD = "discord"
    WEBHOOK = "webhook"


class Channel(models.Model):
    """Where a person is told of events. The address is a secret, sealed with this row's id bound in."""

    SEALED = ("url",)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="channels")
    name = models.CharField(max_length=60, blank=True)
    kind = word(ChannelKind)
    url = models.BinaryField()
    shown = models.CharField(max_length=120)  # as much of the address as may be read
    accounts = models.ManyToManyField(BrokerageAccount, blank=True, related_name="channels")  # none: all of theirs
    events = models.JSONField(default=list, blank=True)  # none: the usual ones
    level = word(Level, default=Level.INFO)  # and graver
    quiet_from = models.TimeField(null=True, blank=True)  # Seoul; only errors pass
    quiet_to = models.TimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    after_seq = models.BigIntegerField(default=0)  # the journal up to here was looked through
    failures = models.PositiveIntegerField(default=0)  # in a row
    trouble = models.JSONField(null=True, blank=True)  # {ko, en, at} of the last failure; null: it works
    retry_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)  # somebody is sending, in database time
    last_sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            one_of("channel", "kind", ChannelKind),
            one_of("channel", "level", Level),
            models.CheckConstraint(
                name="channel_quiet_hours_have_both_ends",
                condition=models.Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.shown}"


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up


class Delivery(models.Model):
    """One event for one channel: never two rows, so never two messages but when a process died while sending."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    seq = models.BigIntegerField()  # of the journal
    event = models.CharField(max_length=40)
    level = word(Level)
    status = word(DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["channel", "seq"], name="delivery_once_per_event"),
            one_of("delivery", "status", DeliveryStatus),
            one_of("delivery", "level", Level),
        ]
        indexes = [
            models.Index(
                fields=["channel", "seq"],
                condition=models.Q(status__in=["pending", "sending"]),
                name="delivery_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.seq} to {self.channel}"
