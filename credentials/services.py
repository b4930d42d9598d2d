"""Storing, reading and resealing the broker's keys."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.keys import keyring
from accounts.models import BrokerageAccount, User
from api.problems import ApiError
from credentials.models import ApiCredential, Purpose, TokenRevocation
from credentials.revocations import revoke_later
from credentials.sealed import open_blob, opened, seal
from credentials.vault import ApprovalVault, TokenVault, problem_text
from kis.approvals import ApprovalStore
from kis.config import KisConfig, account_number
from kis.token_store import AccessToken, Doubt, TokenStore
from kis.tokens import renewable_at
from logs.models import Channel
from market.errors import Text
from market.words import Environment
from sealing import SealingError

NUMBER_EXPECTED = Text(
    "계좌번호는 8자리 또는 10자리 숫자입니다(예: 12345678-01).",
    "An account number has 8 or 10 digits, such as 12345678-01.",
)
KEY_EXPECTED = Text(
    "공백이나 줄바꿈 없이 영문·숫자·기호만 넣으세요.",
    "Paste it without spaces or line breaks: printable ASCII only.",
)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What a person types in, checked. It has no repr: it is all secret."""

    app_key: str
    app_secret: str
    account_no: str  # ten digits
    hts_id: str

    @classmethod
    def read(cls, app_key: str, app_secret: str, account_no: str, hts_id: str) -> "Keys":
        """Raises ApiError naming the field; what was typed is never repeated."""
        try:
            number = account_number(account_no)
        except ValueError:
            raise _unreadable("account_no", NUMBER_EXPECTED) from None
        for name, value in (("app_key", app_key), ("app_secret", app_secret)):
            try:
                KisConfig(Environment.PAPER, **{"app_key": "x", "app_secret": "x", name: value})
            except ValueError:
                raise _unreadable(name, KEY_EXPECTED) from None
        return cls(app_key.strip(), app_secret.strip(), number, hts_id.strip())

    def columns(self, row: UUID) -> dict[str, Any]:
        """The columns of a row that holds these keys."""
        ring = keyring()
        return {
            "app_key": seal(row, "app_key", self.app_key),
            "app_secret": seal(row, "app_secret", self.app_secret),
            "account_no": seal(row, "account_no", self.account_no),
            "hts_id": seal(row, "hts_id", self.hts_id) if self.hts_id else None,
            "key_fingerprint": ring.keyed_hash(self.app_key),
            "account_fingerprint": ring.keyed_hash(self.account_no),
        }


# What belongs to the app key and not to its row: another key begins without it.
NOTHING_ISSUED: dict[str, Any] = {
    "access_token": None,
    "token_expire_at": None,
    "token_issued_at": None,
    "token_claimed_until": None,
    "token_claimed_by": "",
    "token_doubt": Doubt.NONE,
    "token_quiet_until": None,
    "token_problem": None,
    "approval_key": None,
    "approval_issued_at": None,
    "approval_claimed_until": None,
    "approval_claimed_by": "",
}


def _unreadable(name: str, text: Text) -> ApiError:
    return ApiError("invalid", text, 400, {name: [text]})


def _registered(name: str) -> ApiError:
    what = {"app_key": ("앱키", "app key"), "account_no": ("계좌번호", "account number")}[name]
    text = Text(
        f"이미 등록된 {what[0]}입니다. 다른 사람의 계좌라면 공유를 요청하세요.",
        f"This {what[1]} is registered already. If it is somebody else's, ask them to share the account.",
    )
    return ApiError("already_registered", text, 409, {name: [text]})


def _refuse_known(keys: Keys, environment: str, purpose: str, row: UUID) -> None:
    """The table's constraints see one keyring's hashes; rows from before a rotation are looked for here."""
    others = ApiCredential.objects.filter(environment=environment).exclude(pk=row)
    if others.filter(key_fingerprint__in=keyring().keyed_hashes(keys.app_key)).exists():
        raise _registered("app_key")
    numbers = keyring().keyed_hashes(keys.account_no)
    if purpose == Purpose.TRADE and others.filter(purpose=Purpose.TRADE, account_fingerprint__in=numbers).exists():
        raise _registered("account_no")


def _store(row: ApiCredential, keys: Keys) -> ApiCredential:
    _refuse_known(keys, row.environment, row.purpose, row.pk)
    try:
        with transaction.atomic():
            _put(row, keys)
    except IntegrityError as error:
        raise _registered("app_key" if "app_key_once" in str(error) else "account_no") from None
    return row


def _put(row: ApiCredential, keys: Keys) -> None:
    """A new row, or other keys in it: then the token of the key before is revoked, and its holders notice."""
    changes = keys.columns(row.pk)
    if not row._state.adding:
        row.refresh_from_db(from_queryset=ApiCredential.objects.select_for_update())
        if not _same_key(row, keys):
            revoke_later(row)
            changes |= NOTHING_ISSUED | {"key_version": row.key_version + 1}
    for column, value in changes.items():
        setattr(row, column, value)
    row.save(update_fields=None if row._state.adding else [*changes, "updated_at"])


def _same_key(row: ApiCredential, keys: Keys) -> bool:
    try:
        return (opened(row, "app_key"), opened(row, "app_secret")) == (keys.app_key, keys.app_secret)
    except SealingError:
        return False


def set_credentials(
    *,
    account: BrokerageAccount,
    app_key: str,
    app_secret: str,
    account_no: str,
    hts_id: str = "",
    by: User | None = None,
) -> ApiCredential:
    """The key that trades for the account, new or in place of the one before, whose token is then revoked.

    Raises ApiError: `invalid`, `already_registered`, or `account_number_fixed` once a bot has run on the account.
    """
    keys = Keys.read(app_key, app_secret, account_no, hts_id)
    row = ApiCredential.objects.filter(account=account).first()
    if row is not None:
        _refuse_another_number(account, row, keys)
    else:
        row = ApiCredential(
            pk=uuid4(),
            owner=account.user,
            account=account,
            purpose=Purpose.TRADE,
            environment=account.environment,
            sandbox=account.environment == Environment.PAPER,
        )
    return _store(row, keys)


def _refuse_another_number(account: BrokerageAccount, row: ApiCredential, keys: Keys) -> None:
    """Only a bot sends orders: while none has ever run, no order exists and a mistyped number may be put right."""
    same = row.account_fingerprint in keyring().keyed_hashes(keys.account_no)
    if not same and account.last_heartbeat is not None:
        text = Text("이미 거래한 계좌의 번호는 바꿀 수 없습니다. 새 계좌로 등록하세요.",
                    "The number of an account that has traded cannot change. Register a new account.")  # fmt: skip
        raise ApiError("account_number_fixed", text, 409, {"account_no": [text]})


def set_data_credential(
    *,
    owner: User,
    environment: str,
    app_key: str,
    app_secret: str,
    account_no: str,
    hts_id: str = "",
    by: User | None = None,
) -> ApiCredential:
    """A key for market data only; the same key given again replaces what was stored for it. Raises ApiError."""
    keys = Keys.read(app_key, app_secret, account_no, hts_id)
    hashes = keyring().keyed_hashes(keys.app_key)
    mine = ApiCredential.objects.filter(owner=owner, purpose=Purpose.DATA, environment=environment)
    row = mine.filter(key_fingerprint__in=hashes).first() or ApiCredential(
        pk=uuid4(),
        owner=owner,
        purpose=Purpose.DATA,
        environment=Environment(environment),
        sandbox=environment == Environment.PAPER,
    )
    return _store(row, keys)


def lend_prices(credential: ApiCredential, lends: bool) -> ApiCredential:
    """Let the owner's paper accounts read prices with this real trade key, or no longer. Raises ApiError."""
    if lends and (credential.purpose, credential.environment) != (Purpose.TRADE, Environment.REAL):
        text = Text("실전 계좌의 앱키만 시세를 빌려줄 수 있습니다.", "Only the key of a real account can lend prices.")
        raise ApiError("cannot_lend_prices", text, 400, {"lends_prices": [text]})
    credential.lends_prices = lends
    credential.save(update_fields=["lends_prices", "updated_at"])
    return credential


def bare_config(environment: str, app_key: str, app_secret: str) -> KisConfig:
    """A key without an account, with the addresses of its side."""
    side = environment.upper()
    return KisConfig(
        environment=Environment(environment),
        app_key=app_key,
        app_secret=app_secret,
        rest_url=getattr(settings, f"KIS_{side}_REST_URL"),
        ws_url=getattr(settings, f"KIS_{side}_WS_URL"),
        speed=settings.KIS_SPEED,
    )


def data_config(credential: ApiCredential) -> KisConfig:
    """The opened key for prices alone: without an account it has no order functions (safety.md 5.5)."""
    return bare_config(credential.environment, opened(credential, "app_key"), opened(credential, "app_secret"))


def kis_config(credential: ApiCredential) -> KisConfig:
    """The opened key and account with the addresses of its environment. Raises sealing errors."""
    account_no, hts_id = opened(credential, "account_no"), opened(credential, "hts_id")
    return replace(data_config(credential), account_no=account_no, hts_id=hts_id)


def token_store(credential: ApiCredential) -> TokenStore:
    """Where the key's access token is shared by all processes."""
    return TokenVault(credential)


def approval_store(credential: ApiCredential) -> ApprovalStore:
    """Where the key's approval key is shared by all processes."""
    return ApprovalVault(credential)


def is_current(credential: ApiCredential) -> bool:
    """Whether the row still holds the key that was read with it."""
    return ApiCredential.objects.filter(pk=credential.pk, key_version=credential.key_version).exists()


def token_state(credential: ApiCredential, now: datetime) -> dict[str, Any]:
    """What may be said of the access token: {token_state, token_issued_at, token_expire_at, …}; no secret.

    `none`, `good`, `expired`, `refused` (will be issued anew) or `dead`: no orders before `token_dead_until`.
    """
    expires_at, doubt = credential.token_expire_at, credential.token_doubt
    if credential.access_token is None or expires_at is None:
        state = "none"
    elif doubt == Doubt.DEAD:
        state = "dead"
    elif expires_at <= now:
        state = "expired"
    else:
        state = "refused" if doubt == Doubt.REFUSED else "good"
    problem = problem_text(credential.token_problem, credential.token_quiet_until, now)
    return {
        "token_state": state,
        "token_issued_at": credential.token_issued_at,
        "token_expire_at": expires_at,
        "token_dead_until": renewable_at(AccessToken("", expires_at)) if state == "dead" and expires_at else None,
        "token_problem": problem.as_dict() if problem else None,
    }


def masked(credential: ApiCredential) -> dict[str, Any]:
    """What may be shown: the last four of the app key, and whether the row still opens."""
    try:
        shown, opens = "*" * 8 + opened(credential, "app_key")[-4:], True
    except SealingError:
        shown, opens = "", False
    return {
        "id": credential.pk,
        "purpose": credential.purpose,
        "environment": credential.environment,
        "app_key": shown,
        "opens": opens,
        "has_hts_id": credential.hts_id is not None,
        "lends_prices": credential.lends_prices,
        **token_state(credential, timezone.now()),
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
    }


@dataclass(frozen=True, slots=True)
class Unsealable:
    """A sealed value that does not open, and why."""

    credential_id: UUID
    column: str
    why: SealingError


Table = type[ApiCredential] | type[TokenRevocation] | type[Channel]


def _sealed_values() -> Iterator[tuple[Table, UUID, str, bytes]]:
    tables: tuple[Table, ...] = (ApiCredential, TokenRevocation, Channel)
    for table in tables:
        for row in table.objects.only("pk", *table.SEALED).order_by("pk"):
            for column in table.SEALED:
                if (blob := getattr(row, column)) is not None:
                    yield table, row.pk, column, bytes(blob)


def unsealable() -> list[Unsealable]:
    """Everything that no key of the ring opens; empty is how it should be."""
    found = []
    for table, row, column, blob in _sealed_values():
        try:
            open_blob(row, column, blob, table)
        except SealingError as why:
            found.append(Unsealable(row, column, why))
    return found


FINGERPRINTS = {"app_key": "key_fingerprint", "account_no": "account_fingerprint"}


def reseal_all() -> int:
    """Everything under the newest key, while bots run; how many values were resealed. Raises sealing errors.

    Each value is one compare-and-set: what a bot stored meanwhile is newer, and is left for the next run.
    """
    return sum(_reseal(*value) for value in _sealed_values() if not keyring().is_newest(value[3]))


def _reseal(table: Table, row: UUID, column: str, blob: bytes) -> int:
    text = open_blob(row, column, blob, table)
    change: dict[str, Any] = {column: seal(row, column, text, table)}
    if table is ApiCredential and column in FINGERPRINTS:
        change[FINGERPRINTS[column]] = keyring().keyed_hash(text)
    return table.objects.filter(pk=row, **{column: blob}).update(**change)
