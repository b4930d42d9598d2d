"""People, their brokerage accounts, who may see them, and what limits hold."""

import uuid
from enum import StrEnum

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from api.fields import MONEY, one_of, word
from market.words import Environment, MarginMode, TradingState


class Role(StrEnum):
    ADMIN = "admin"  # all
    TRADER = "trader"  # own accounts: everything but users and global limits
    VIEWER = "viewer"  # reads what was shared


class HealthStatus(StrEnum):
    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    HALTED = "halted"


class ShareLevel(StrEnum):
    VIEW = "view"
    OPERATE = "operate"


class TokenScope(StrEnum):
    READ = "read"
    TRADE = "trade"


class UserManager(BaseUserManager):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(email, password, role=Role.ADMIN, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None
    email = models.EmailField(unique=True)
    role = word(Role, default=Role.VIEWER)
    language = models.CharField(max_length=2, choices=[("ko", "한국어"), ("en", "English")], default="ko")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = UserManager()

    class Meta:
        constraints = [one_of("user", "role", Role)]

    def __str__(self) -> str:
        return self.email


class BrokerageAccount(models.Model):
    """One account at the broker. Its number and environment never change once an order exists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="accounts")
    nickname = models.CharField(max_length=60)
    broker = models.CharField(max_length=16, default="kis")
    market = models.CharField(max_length=8, default="US")
    environment = word(Environment)
    margin_mode = word(MarginMode, default=MarginMode.USD)
    enabled = models.BooleanField(default=False)  # the one wanted state of the account's bot
    trading_state = word(TradingState, default=TradingState.ACTIVE)
    trading_state_reason = models.JSONField(null=True, blank=True)  # {ko, en}
    health_status = word(HealthStatus, default=HealthStatus.UNKNOWN)
    health_reason = models.JSONField(null=True, blank=True)  # {ko, en}
    last_heartbeat = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "nickname"], name="account_nickname_once_per_person"),
            # what credentials refer to, so that a key of one environment cannot sit on an account of the other
            models.UniqueConstraint(fields=["id", "environment"], name="account_id_environment"),
            one_of("account", "environment", Environment),
            one_of("account", "margin_mode", MarginMode),
            one_of("account", "trading_state", TradingState),
            one_of("account", "health_status", HealthStatus),
        ]

    def __str__(self) -> str:
        return f"{self.nickname} ({self.environment})"


class AccountShare(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(BrokerageAccount, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="shares")
    level = word(ShareLevel, default=ShareLevel.VIEW)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="share_once_per_person"),
            one_of("share", "level", ShareLevel),
        ]

    def __str__(self) -> str:
        return f"{self.user} may {self.level} {self.account}"


class CommonLimits(models.Model):
    """What an account's person and the house's admin may both limit; null is "no limit of mine".

    Money in US dollars, of a trading day where a day is meant; prices in basis points of the last price.
    """

    daily_buy_usd = models.DecimalField(**MONEY, null=True, blank=True)
    max_order_usd = models.DecimalField(**MONEY, null=True, blank=True)
    max_position_usd = models.DecimalField(**MONEY, null=True, blank=True)  # of one symbol in one account
    max_position_qty = models.PositiveIntegerField(null=True, blank=True)
    max_open_positions = models.PositiveIntegerField(null=True, blank=True)
    max_spread_bps = models.PositiveIntegerField(null=True, blank=True)
    max_slippage_bps = models.PositiveIntegerField(null=True, blank=True)  # of the limit against bid or ask
    orders_per_minute = models.PositiveIntegerField(null=True, blank=True)
    daily_loss_usd = models.DecimalField(**MONEY, null=True, blank=True)  # realised; entries stop when it is reached
    max_drawdown_pct = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)  # of peak equity
    no_entry_before_close_sec = models.PositiveIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


def limits_make_sense(table: str) -> list[models.CheckConstraint]:
    """A loss of nothing or a fall of more than everything is no limit that anybody can mean."""
    return [
        models.CheckConstraint(
            name=f"{table}_daily_loss_above_zero",
            condition=models.Q(daily_loss_usd__gt=0),
            violation_error_message="하루 손실 한도는 0보다 커야 합니다. / The daily loss limit must be above zero.",
        ),
        models.CheckConstraint(
            name=f"{table}_drawdown_within_100",
            condition=models.Q(max_drawdown_pct__gt=0, max_drawdown_pct__lte=100),
            violation_error_message="하락 한도는 0보다 크고 100 이하여야 합니다. / "
            "The drawdown limit must be above 0 and at most 100.",
        ),
    ]


class RiskLimits(CommonLimits):
    """The person's own limits for an account."""

    account = models.OneToOneField(BrokerageAccount, on_delete=models.CASCADE, related_name="limits", primary_key=True)
    failure_streak = models.PositiveIntegerField(default=5)  # refusals in a row before a pause
    failure_cooldown_sec = models.PositiveIntegerField(default=300)

    class Meta:
        verbose_name_plural = "risk limits"
        constraints = limits_make_sense("account_limits")

    def __str__(self) -> str:
        return f"limits of {self.account}"


class HouseLimits(CommonLimits):
    """One row: the admin's limits. The tighter of house and account wins.

    `daily_buy_usd`, `orders_per_minute` and `daily_loss_usd` are sums over the house; the others hold for each account.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    trading_state = word(TradingState, default=TradingState.ACTIVE)
    trading_state_reason = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "house limits"
        constraints = [
            models.CheckConstraint(name="house_is_one_row", condition=models.Q(id=1)),
            one_of("house", "trading_state", TradingState),
            *limits_make_sense("house_limits"),
        ]

    def __str__(self) -> str:
        return "house limits"


class ApiToken(models.Model):
    """A personal token for programs. Only its keyed hash is kept; the text is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    scope = word(TokenScope, default=TokenScope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [one_of("api_token", "scope", TokenScope)]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
