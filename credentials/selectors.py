"""Whose key is used for what."""

from uuid import UUID

from django.db.models import Case, IntegerField, Q, Value, When

from accounts.keys import keyring
from accounts.models import BrokerageAccount, Role, User
from credentials.models import ApiCredential, Purpose
from market.words import Environment


def trade_credential(account: BrokerageAccount) -> ApiCredential | None:
    """The key that sends the account's orders; None when nobody has entered one."""
    return ApiCredential.objects.filter(account=account, purpose=Purpose.TRADE).first()


def data_credential_for(account: BrokerageAccount) -> ApiCredential | None:
    """The real-side key that reads prices for the account, because paper has no quote socket.

    The account's own when it is real, else a data key of its owner, else a real trade key of the owner that lends
    prices to their paper accounts, else a data key that an admin lends to the house.
    """
    return _nearest_data_key(Q(account=account), account.user_id)


def data_credential_of(person: User) -> ApiCredential | None:
    """The real-side key that reads prices for what the person looks at outside any account: as for their accounts."""
    return _nearest_data_key(Q(pk__in=()), person.pk)


def _nearest_data_key(of_account: Q, owner_id: UUID) -> ApiCredential | None:
    own = of_account & Q(environment=Environment.REAL)
    owners = Q(purpose=Purpose.DATA, owner_id=owner_id)
    lent = Q(purpose=Purpose.TRADE, owner_id=owner_id, lends_prices=True)
    houses = Q(purpose=Purpose.DATA, owner__role=Role.ADMIN)
    nearness = Case(
        When(own, then=Value(0)),
        When(owners, then=Value(1)),
        When(lent, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    found = ApiCredential.objects.filter(own | (owners | lent | houses) & Q(environment=Environment.REAL))
    return found.order_by(nearness, "created_at").first()


def accounts_reading(credential: ApiCredential) -> list[BrokerageAccount]:
    """The enabled accounts whose prices come through this key; the key's own account first."""
    accounts = BrokerageAccount.objects.filter(enabled=True).order_by("created_at")
    readers = [account for account in accounts if data_credential_for(account) == credential]
    return sorted(readers, key=lambda account: account.pk != credential.account_id)


def credential_with_key(environment: str, app_key: str) -> ApiCredential | None:
    """The row that holds this app key, found by its hash."""
    hashes = keyring().keyed_hashes(app_key.strip())
    return ApiCredential.objects.filter(environment=environment, key_fingerprint__in=hashes).first()
