"""Who may see what."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound, PermissionDenied

from accounts.keys import keyring
from accounts.models import ApiToken, BrokerageAccount, HouseLimits, RiskLimits, Role, ShareLevel, User


def accounts_for(user: User) -> QuerySet[BrokerageAccount]:
    """Accounts that the person may read: their own and the shared ones; an admin reads all."""
    if user.role == Role.ADMIN:
        return BrokerageAccount.objects.all()
    shared = BrokerageAccount.objects.filter(shares__user=user).values("pk")
    return BrokerageAccount.objects.filter(Q(user=user) | Q(pk__in=shared))


def accounts_operable_by(user: User) -> QuerySet[BrokerageAccount]:
    """Accounts whose bots, rules and orders the person may change: own ones and those shared to operate.

    A viewer operates nothing, an admin everything.
    """
    match user.role:
        case Role.ADMIN:
            return BrokerageAccount.objects.all()
        case Role.TRADER:
            shared = BrokerageAccount.objects.filter(shares__user=user, shares__level=ShareLevel.OPERATE)
            return BrokerageAccount.objects.filter(Q(user=user) | Q(pk__in=shared.values("pk")))
    return BrokerageAccount.objects.none()


def accounts_owned_by(user: User) -> QuerySet[BrokerageAccount]:
    """Accounts whose keys, limits and name the person may change: a trader's own; an admin's are all."""
    match user.role:
        case Role.ADMIN:
            return BrokerageAccount.objects.all()
        case Role.TRADER:
            return BrokerageAccount.objects.filter(user=user)
    return BrokerageAccount.objects.none()


def _one(user: User, account_id: UUID | str, allowed: QuerySet[BrokerageAccount]) -> BrokerageAccount:
    account = accounts_for(user).select_related("user").filter(pk=account_id).first()
    if account is None:
        raise NotFound
    if not allowed.filter(pk=account.pk).exists():
        raise PermissionDenied
    return account


def readable_account(user: User, account_id: UUID | str) -> BrokerageAccount:
    """The account, or NotFound: what is not yours to see does not exist."""
    return _one(user, account_id, accounts_for(user))


def operable_account(user: User, account_id: UUID | str) -> BrokerageAccount:
    """The account; NotFound when the person may not see it, PermissionDenied when only that."""
    return _one(user, account_id, accounts_operable_by(user))


def owned_account(user: User, account_id: UUID | str) -> BrokerageAccount:
    """The account; NotFound when the person may not see it, PermissionDenied when it is not theirs."""
    return _one(user, account_id, accounts_owned_by(user))


def role_in(user: User, account: BrokerageAccount, shared: dict[UUID, str]) -> str:
    """ "owner", "admin", or the level of the share (`shared`: account id to level)."""
    if account.user_id == user.pk:
        return "owner"
    return "admin" if user.role == Role.ADMIN else shared.get(account.pk, ShareLevel.VIEW)


def share_levels(user: User) -> dict[UUID, str]:
    """Account id to level of everything shared with the person."""
    return dict(user.shares.values_list("account_id", "level"))


def limits_of(account: BrokerageAccount) -> RiskLimits:
    """The account's own limits; the defaults, unsaved, when nobody set any."""
    return RiskLimits.objects.filter(account=account).first() or RiskLimits(account=account)


def house_limits() -> HouseLimits:
    """The one row of the house; the defaults, unsaved, when nobody set any."""
    return HouseLimits.objects.filter(pk=1).first() or HouseLimits()


def usable_token(text: str, *, now: datetime) -> ApiToken | None:
    """The personal token with this text, if it is neither revoked nor expired nor its person switched off."""
    found = ApiToken.objects.select_related("user").filter(
        token_hash__in=keyring().keyed_hashes(text),
        revoked_at=None,
        expires_at__gt=now,
        user__is_active=True,
    )
    return found.first()
