"""Where an app key's access token lives: one sealed column that all processes share, and one right to issue.

The right is a claim with an expiry in database time. It is a row's column and never a lock, so no request to the
broker is made while anything is held; a process that dies with the claim loses it after a minute.
"""

from datetime import timedelta
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from credentials.models import ApiCredential
from credentials.sealed import open_blob, seal
from kis.auth import AccessToken

CLAIM = timedelta(seconds=60)  # KIS issues once a minute, so a second claimant gains nothing by being earlier
NEVER_LOOKED = object()


class TokenVault:
    """kis's TokenStore for one credential."""

    def __init__(self, credential_id: UUID) -> None:
        self._id = credential_id
        self._me = uuid4().hex
        self._seen: object = NEVER_LOOKED

    def __repr__(self) -> str:
        return f"TokenVault({self._id})"

    async def get(self) -> AccessToken | None:
        """The stored token, expired or not; None when there is none. Raises sealing errors."""
        return await sync_to_async(self._get)()

    async def claim(self) -> bool:
        """The right to issue for the next minute. False: somebody has it, or has issued since the last `get`."""
        return await sync_to_async(self._claim)()

    async def put(self, token: AccessToken) -> None:
        """Store it and give the right back. A claim that was lost meanwhile stores nothing: another's is newer."""
        await sync_to_async(self._put)(token)

    async def release(self) -> None:
        """Give the right back unused."""
        await sync_to_async(self._release)()

    async def invalidate(self, value: str) -> None:
        """The server refused this token: forget it, unless a newer one is already there."""
        await sync_to_async(self._invalidate)(value)

    def _row(self) -> QuerySet[ApiCredential]:
        return ApiCredential.objects.filter(pk=self._id)

    def _mine(self) -> QuerySet[ApiCredential]:
        return self._row().filter(token_claimed_by=self._me)

    def _read(self) -> tuple[bytes | None, AccessToken | None]:
        blob, expires_at = self._row().values_list("access_token", "token_expire_at").get()
        if blob is None:
            return None, None
        blob = bytes(blob)
        return blob, AccessToken(open_blob(self._id, "access_token", blob), expires_at)

    def _get(self) -> AccessToken | None:
        self._seen, token = self._read()
        return token

    def _claim(self) -> bool:
        free = self._row().filter(Q(token_claimed_until=None) | Q(token_claimed_until__lt=Now()))
        if self._seen is None:
            free = free.filter(access_token=None)
        elif self._seen is not NEVER_LOOKED:
            free = free.filter(access_token=self._seen)
        return free.update(token_claimed_until=Now() + CLAIM, token_claimed_by=self._me) == 1

    def _put(self, token: AccessToken) -> None:
        self._mine().update(
            access_token=seal(self._id, "access_token", token.value),
            token_expire_at=token.expires_at,
            token_issued_at=Now(),
            token_claimed_until=None,
            token_claimed_by="",
        )

    def _release(self) -> None:
        self._mine().update(token_claimed_until=None, token_claimed_by="")

    def _invalidate(self, value: str) -> None:
        blob, token = self._read()
        if token is not None and token.value == value:
            self._row().filter(access_token=blob).update(access_token=None, token_expire_at=None)
