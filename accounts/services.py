"""What changes people, accounts and tokens. Who may ask is decided before; what may be asked is decided here."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.keys import keyring
from accounts.models import (
    AccountShare,
    ApiToken,
    BrokerageAccount,
    HealthStatus,
    HouseLimits,
    RiskLimits,
    Role,
    ShareLevel,
    TokenScope,
    User,
)
from api.problems import ApiError
from market.errors import Text
from market.words import Environment, MarginMode, TradingState

TOKEN_PREFIX = "bamsae_"  # noqa: S105  so that a leaked one is recognised by scanners and people
BEAT_EVERY = timedelta(seconds=1)


class ConfirmationMismatch(ApiError):
    """The account's name was not typed as it is written."""

    def __init__(self) -> None:
        text = Text("확인을 위해 계좌 별명을 그대로 입력하세요.",
                    "Type the account's nickname exactly as it is written, to confirm.")  # fmt: skip
        super().__init__("confirmation_mismatch", text, 409, {"confirm": [text]})


def _taken(name: str, ko: str, en: str) -> ApiError:
    text = Text(ko, en)
    return ApiError("already_exists", text, 409, {name: [text]})


def check_password(*, password: str, email: str) -> None:
    """Raises ApiError `weak_password` when it is short, common or like the email."""
    try:
        validate_password(password, User(email=email))
    except ValidationError as weak:
        texts = [Text(m, m) for m in weak.messages]
        raise ApiError("weak_password", texts[0], 400, {"password": texts}) from None


@transaction.atomic
def create_user(*, email: str, password: str, role: str, by: User | None = None) -> User:
    """A person who can sign in; an admin also at /admin. Raises ApiError for a weak password or a known email."""
    role = Role(role)
    check_password(password=password, email=email)
    admin = role == Role.ADMIN
    if User.objects.filter(email__iexact=email).exists():
        raise _taken("email", "이미 등록된 이메일입니다.", "This email is already registered.")
    return User.objects.create_user(email, password, role=role, is_staff=admin, is_superuser=admin)


def create_account(
    *,
    user: User,
    nickname: str,
    environment: str,
    market: str = "US",
    margin_mode: str = MarginMode.USD,
    by: User | None = None,
) -> BrokerageAccount:
    """An account, switched off, with its limits. Raises ApiError when the nickname is taken."""
    try:
        with transaction.atomic():
            account = BrokerageAccount.objects.create(
                user=user,
                nickname=nickname.strip(),
                environment=Environment(environment),
                market=market,
                margin_mode=MarginMode(margin_mode),
            )
            RiskLimits.objects.create(account=account)
    except IntegrityError:
        raise _taken("nickname", "같은 별명의 계좌가 있습니다.", "You have an account of that name.") from None
    return account


def update_account(*, account: BrokerageAccount, by: User | None = None, **fields: Any) -> BrokerageAccount:
    """Change `nickname` or `margin_mode`; environment and state have services of their own."""
    if stranger := set(fields) - {"nickname", "margin_mode"}:
        raise TypeError(f"not changed here: {', '.join(sorted(stranger))}")
    for name, value in fields.items():
        setattr(account, name, value)
    try:
        with transaction.atomic():
            account.save(update_fields=[*fields, "updated_at"])
    except IntegrityError:
        raise _taken("nickname", "같은 별명의 계좌가 있습니다.", "You have an account of that name.") from None
    return account


def set_enabled(*, account: BrokerageAccount, enabled: bool, confirm: str, by: User | None = None) -> BrokerageAccount:
    """The one wanted state of the account's bot. `confirm` must equal the nickname, else ConfirmationMismatch."""
    if confirm != account.nickname:
        raise ConfirmationMismatch
    if account.enabled != enabled:
        account.enabled = enabled
        account.save(update_fields=["enabled", "updated_at"])
    return account


def set_trading_state(
    *, account: BrokerageAccount, state: str, reason: Text | None, by: User | None = None
) -> BrokerageAccount:
    """active, reducing (exits and cancels only) or halted (nothing); orders read it as they move to submitting."""
    account.trading_state = TradingState(state)
    account.trading_state_reason = reason.as_dict() if reason else None
    account.save(update_fields=["trading_state", "trading_state_reason", "updated_at"])
    return account


def set_limits(*, account: BrokerageAccount, by: User | None = None, **fields: Any) -> RiskLimits:
    """Change the named limits; null is "no limit of mine"."""
    limits, _ = RiskLimits.objects.get_or_create(account=account)
    for name, value in fields.items():
        setattr(limits, name, value)
    limits.save(update_fields=[*fields, "updated_at"])
    return limits


def set_house_limits(*, by: User | None = None, **fields: Any) -> HouseLimits:
    """Change the named limits of the house; null is "no limit". The state has a service of its own."""
    limits, _ = HouseLimits.objects.get_or_create(pk=1)
    for name, value in fields.items():
        setattr(limits, name, value)
    limits.save(update_fields=[*fields, "updated_at"])
    return limits


def share_account(
    *, account: BrokerageAccount, user: User, level: str = ShareLevel.VIEW, by: User | None = None
) -> AccountShare:
    """Let somebody see or operate the account; sharing again changes the level."""
    share, _ = AccountShare.objects.update_or_create(account=account, user=user, defaults={"level": ShareLevel(level)})
    return share


def mark_health(*, account: BrokerageAccount, status: str, reason: Text | None, now: datetime) -> bool:
    """Set the health and its reason. True when this changed it: the caller journals changes, not repeats.

    Many processes may look at the same account: the change is one compare-and-set.
    """
    status, said = HealthStatus(status), reason.as_dict() if reason else None
    same_reason = Q(health_reason=said) if said else Q(health_reason__isnull=True)
    changed = (
        BrokerageAccount.objects.filter(pk=account.pk)
        .exclude(Q(health_status=status) & same_reason)
        .update(health_status=status, health_reason=said, updated_at=now)
    )
    account.health_status, account.health_reason = status, said
    return bool(changed)


def heartbeat(*, account: BrokerageAccount, now: datetime) -> None:
    """The account's bot is alive; written at most once a second."""
    last = account.last_heartbeat
    if last is not None and now - last < BEAT_EVERY:
        return
    BrokerageAccount.objects.filter(pk=account.pk).update(last_heartbeat=now)
    account.last_heartbeat = now


def create_api_token(
    *, user: User, name: str, scope: str = TokenScope.READ, expires_at: datetime, by: User | None = None
) -> tuple[ApiToken, str]:
    """The token's row and its text, which exists nowhere else and is never shown again."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=user,
        name=name,
        scope=TokenScope(scope),
        token_hash=keyring().keyed_hash(text),
        expires_at=expires_at,
    )
    return row, text


def revoke_api_token(*, token: ApiToken, now: datetime, by: User | None = None) -> None:
    """From now on it opens nothing; revoking twice keeps the first time."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


def set_language(*, user: User, language: str) -> None:
    """In which of "ko" and "en" the house speaks to the person."""
    user.language = language
    user.save(update_fields=["language"])
