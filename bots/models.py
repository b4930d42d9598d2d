"""Who runs which account, and since when."""

from django.db import models

from accounts.models import BrokerageAccount
from credentials.models import ApiCredential


class BotLease(models.Model):
    """The right to send orders for an account. All times are the database's; `token` grows with every holder."""

    account = models.OneToOneField(BrokerageAccount, on_delete=models.CASCADE, related_name="lease", primary_key=True)
    token = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True)  # host:pid, empty when free
    acquired_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    start_asked_until = models.DateTimeField(null=True, blank=True)  # one pending start per account
    crashes = models.PositiveIntegerField(default=0)  # in a row, since the last quiet minute
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"lease of {self.account}"


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
