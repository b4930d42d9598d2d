"""Keys of the broker, sealed."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import one_of, word
from market.words import Environment


class Purpose(StrEnum):
    TRADE = "trade"  # belongs to an account and sends its orders
    DATA = "data"  # lent for market data only: has no order functions


class ApiCredential(models.Model):
    """One app key. The binary columns are sealed with this row's id and the column's name bound in."""

    SEALED = ("app_key", "app_secret", "account_no", "hts_id", "access_token", "approval_key")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credentials")
    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, null=True, blank=True, related_name="credential"
    )
    purpose = word(Purpose, default=Purpose.TRADE)
    environment = word(Environment)
    sandbox = models.BooleanField()

    app_key = models.BinaryField()
    app_secret = models.BinaryField()
    account_no = models.BinaryField()
    hts_id = models.BinaryField(null=True)
    access_token = models.BinaryField(null=True)
    approval_key = models.BinaryField(null=True)

    key_fingerprint = models.CharField(max_length=64)  # keyed hash of the app key
    account_fingerprint = models.CharField(max_length=64)  # keyed hash of the account number
    token_expire_at = models.DateTimeField(null=True, blank=True)
    token_issued_at = models.DateTimeField(null=True, blank=True)
    token_claimed_until = models.DateTimeField(null=True, blank=True)  # the right to issue, in database time
    token_claimed_by = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "key_fingerprint"], name="app_key_once"),
            models.UniqueConstraint(
                fields=["environment", "account_fingerprint"],
                condition=models.Q(purpose="trade"),
                name="account_number_once",
            ),
            models.CheckConstraint(
                name="trade_keys_have_an_account_data_keys_none",
                condition=models.Q(purpose="trade", account__isnull=False)
                | models.Q(purpose="data", account__isnull=True),
            ),
            models.CheckConstraint(
                name="sandbox_equals_environment",
                condition=models.Q(sandbox=True, environment="paper") | models.Q(sandbox=False, environment="real"),
            ),
            one_of("credential", "purpose", Purpose),
            one_of("credential", "environment", Environment),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key of {self.account or self.owner}"
