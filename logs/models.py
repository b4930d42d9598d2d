"""The durable journal of everything that happened."""

from enum import StrEnum

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
