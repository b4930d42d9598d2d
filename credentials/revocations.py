"""Tokens of keys that were replaced or deleted are revoked (safety rules 5.7), after the transaction and with patience.

The key that the revocation needs stays sealed in a row of its own until KIS has answered, then it goes.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import BrokerageAccount
from credentials.models import ApiCredential, TokenRevocation
from credentials.sealed import opened, seal
from kis.auth import revoke_token
from kis.client import KisClient
from kis.config import KisConfig
from logs.services import record
from market.errors import CredentialProblem, Text, TradingError
from sealing import SealingError

log = logging.getLogger("credentials")

TRY_EVERY = timedelta(minutes=2)  # also how long a process that dies with a try keeps the others from it
MOST_TRIES = 30


def revoke_later(credential: ApiCredential) -> TokenRevocation | None:
    """Put the token of this row aside to be revoked, in the caller's transaction; None when there is none to revoke.

    A token that does not open cannot be revoked: that is logged, and no reason to keep anybody from a new key.
    """
    expires_at = credential.token_expire_at
    if credential.access_token is None or expires_at is None or expires_at <= timezone.now():
        return None
    row = uuid4()
    try:
        secrets = {name: opened(credential, name) for name in TokenRevocation.SEALED}
    except SealingError as why:
        log.warning("the token of the %s does not open and is not revoked: %s", credential, type(why).__name__)
        return None
    found = TokenRevocation.objects.create(
        pk=row,
        environment=credential.environment,
        account_ref=credential.account_id,
        label=str(credential)[:200],
        token_expire_at=expires_at,
        **{name: seal(row, name, secret, TokenRevocation) for name, secret in secrets.items()},
    )
    transaction.on_commit(_ask_worker, robust=True)
    return found


@receiver(pre_delete, sender=ApiCredential, dispatch_uid="revoke the token of a deleted key")
def _before_delete(sender: type[ApiCredential], instance: ApiCredential, **_: Any) -> None:
    revoke_later(instance)


def _ask_worker() -> None:
    """At once if a worker listens; the schedule asks again if not."""
    from credentials.tasks import revoke_tokens

    revoke_tokens.apply_async(expires=60)


def due() -> list[UUID]:
    """Revocations to be tried now, oldest first."""
    return list(
        TokenRevocation.objects.filter(next_try_at__lte=Now()).order_by("created_at").values_list("pk", flat=True)
    )


def take(revocation_id: UUID) -> TokenRevocation | None:
    """The right to try this one; None when another process has it, or it is done."""
    mine = TokenRevocation.objects.filter(pk=revocation_id, next_try_at__lte=Now())
    if mine.update(next_try_at=Now() + TRY_EVERY, attempts=F("attempts") + 1) != 1:
        return None
    return TokenRevocation.objects.filter(pk=revocation_id).first()


async def carry_out(config: KisConfig, value: str) -> TradingError | None:
    """Ask KIS to revoke this token of the key; None when it has. Not to be called inside a transaction."""
    async with KisClient(config) as client:
        try:
            await revoke_token(value, client=client)
        except TradingError as problem:
            return problem
    return None


def settle(revocation: TokenRevocation, problem: TradingError | None, now: datetime) -> bool:
    """Keep what came of a try; True when nothing is left to do. A failure for good is journaled, and is no disaster."""
    over = revocation.token_expire_at <= now or revocation.attempts >= MOST_TRIES
    if problem is not None and not isinstance(problem, CredentialProblem) and not over:
        return False
    with transaction.atomic():
        TokenRevocation.objects.filter(pk=revocation.pk).delete()
        _journal(revocation, problem, now)
    return True


def keep(revocation: TokenRevocation, now: datetime) -> bool:
    """Not to be revoked after all: the app key is in use again, and KIS issues it the same token for six hours."""
    with transaction.atomic():
        TokenRevocation.objects.filter(pk=revocation.pk).delete()
        _journal(revocation, None, now, done=_KEPT)
    return True


_KEPT = Text(
    "같은 앱키가 다시 등록되어 접근토큰을 폐기하지 않습니다.", "The same app key is registered again: its token stays."
)
_REVOKED = Text("교체·삭제된 앱키의 접근토큰을 폐기했습니다.", "The token of the app key before was revoked.")


def _journal(
    revocation: TokenRevocation, problem: TradingError | None, now: datetime, *, done: Text = _REVOKED
) -> None:
    if problem is not None:
        done = Text(
            f"이전 앱키의 접근토큰을 폐기하지 못했습니다. 만료되면 저절로 무효가 됩니다. {problem.message.ko}",
            f"The token of the app key before was not revoked; it ends by itself. {problem.message.en}",
        )
    record(
        account=BrokerageAccount.objects.filter(pk=revocation.account_ref).first() if revocation.account_ref else None,
        kind="account",
        level="warning" if problem else "info",
        message=done,
        ctx={"key": revocation.label, "attempts": revocation.attempts, "code": problem.code if problem else ""},
        at=now,
    )
