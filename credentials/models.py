"""Keys of the broker, sealed."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models

from accounts.models import BrokerageAccount
from api.fields import one_of, word
from kis.token_store import Doubt
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
    lends_prices = models.BooleanField(default=False)  # a real trade key may read prices for its owner's paper accounts
    key_version = models.PositiveIntegerField(default=1)  # grows when another key takes its place: old holders notice

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
    token_serial = models.PositiveIntegerField(default=0)  # which issue it came from
    token_doubt = word(Doubt, default=Doubt.NONE)
    token_quiet_until = models.DateTimeField(null=True, blank=True)  # no issue and no trial before
    token_problem = models.JSONField(null=True, blank=True)  # {kind, code, ko, en, retry_after} of the failed issue
    approval_issued_at = models.DateTimeField(null=True, blank=True)
    approval_claimed_until = models.DateTimeField(null=True, blank=True)
    approval_claimed_by = models.CharField(max_length=64, blank=True)
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
            one_of("credential", "token_doubt", Doubt),
            models.CheckConstraint(
                name="only_real_trade_keys_lend_prices",
                condition=models.Q(lends_prices=False) | models.Q(purpose="trade", environment="real"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key of {self.account or self.owner}"


class TokenRevocation(models.Model):
    """A token whose key was replaced or deleted and that KIS is still to be told of. The row goes when that is done.

    It refers to nothing: what it was about may be gone.
    """

    SEALED = ("app_key", "app_secret", "access_token")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = word(Environment)
    account_ref = models.UUIDField(null=True)  # the account of the key, to journal the end
    label = models.CharField(max_length=200)
    app_key = models.BinaryField()
    app_secret = models.BinaryField()
    access_token = models.BinaryField()
    token_expire_at = models.DateTimeField()  # by then there is nothing left to revoke
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [one_of("revocation", "environment", Environment)]

    def __str__(self) -> str:
        return f"token of the {self.label}"
