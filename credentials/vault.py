"""Where an app key's access token and approval key live: sealed columns that all processes share, one right to issue.

The right is a claim with an expiry in database time. It is a row's column and never a lock, so no request to the
broker is made while anything is held; a process that dies with the claim loses it after a minute.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from credentials.models import ApiCredential
from credentials.sealed import open_blob, seal
from kis.approvals import CLAIM_S as APPROVAL_CLAIM_S
from kis.approvals import ApprovalKey
from kis.token_store import CLAIM_S, AccessToken, Doubt, Held
from market.errors import CredentialProblem, Text, Throttled, TradingError

KINDS: dict[str, type[TradingError]] = {"credential": CredentialProblem, "throttled": Throttled}


class Shared:
    """A key's row, for as long as it holds the key that this process opened."""

    def __init__(self, credential: ApiCredential) -> None:
        self._id: UUID = credential.pk
        self._version = credential.key_version
        self._me = uuid4().hex

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._id})"

    def _row(self) -> QuerySet[ApiCredential]:
        return ApiCredential.objects.filter(pk=self._id, key_version=self._version)

    def _values(self, *columns: str) -> tuple[Any, ...]:
        """These columns and the database's time. Raises CredentialProblem when the key is no longer there."""
        found = self._row().annotate(now=Now()).values_list(*columns, "now").first()
        if found is None:
            raise CredentialProblem(
                Text(
                    "앱키가 교체되었거나 삭제되었습니다. 새 앱키로 다시 시작합니다.",
                    "This app key was replaced or deleted. Start again with the new one.",
                )
            )
        return found


class TokenVault(Shared):
    """kis's TokenStore for one credential."""

    COLUMNS = ("access_token", "token_expire_at", "token_serial", "token_doubt", "token_quiet_until", "token_problem")

    async def read(self) -> Held:
        """What is stored, the token expired or not. Raises sealing errors, CredentialProblem when the key is gone."""
        return await sync_to_async(self._read)()

    async def claim(self, held: Held) -> bool:
        """The right to issue for the next minute. False: somebody has it, has issued since, or it is too early."""
        return await sync_to_async(self._claim)(held)

    async def put(self, token: AccessToken, doubt: Doubt, quiet_s: float) -> None:
        """Store it and give the right back. A claim that was lost meanwhile stores nothing: another's is newer."""
        await sync_to_async(self._put)(token, doubt, quiet_s)

    async def fail(self, problem: TradingError, quiet_s: float) -> None:
        """Give the right back; nobody issues for a while, and everybody can say why."""
        await sync_to_async(self._give_back)(token_problem=_as_json(problem), token_quiet_until=_after(quiet_s))

    async def release(self) -> None:
        """Give the right back unused."""
        await sync_to_async(self._give_back)()

    async def mark(self, held: Held, doubt: Doubt, quiet_s: float = 0.0) -> bool:
        """Change the doubt about the token of `held`, once."""
        return await sync_to_async(self._mark)(held, doubt, quiet_s)

    async def take_trial(self, held: Held, quiet_s: float) -> bool:
        """The right to try a doubted token; one process in `quiet_s` gets it."""
        return await sync_to_async(self._take_trial)(held, quiet_s)

    def _read(self) -> Held:
        blob, expires_at, serial, doubt, quiet_until, problem, now = self._values(*self.COLUMNS)
        token = None
        if blob is not None:
            token = AccessToken(open_blob(self._id, "access_token", blob), expires_at, serial)
        quiet = max(0.0, (quiet_until - now).total_seconds()) if quiet_until else 0.0
        return Held(token, serial, Doubt(doubt), quiet, _as_error(problem) if quiet else None)

    def _same(self, held: Held) -> QuerySet[ApiCredential]:
        return self._row().filter(token_serial=held.serial, token_doubt=held.doubt)

    def _claim(self, held: Held) -> bool:
        free = self._same(held).filter(
            Q(token_claimed_until=None) | Q(token_claimed_until__lt=Now()),
            Q(token_quiet_until=None) | Q(token_quiet_until__lt=Now()),
        )
        return free.update(token_claimed_until=_after(CLAIM_S), token_claimed_by=self._me) == 1

    def _put(self, token: AccessToken, doubt: Doubt, quiet_s: float) -> None:
        serial = self._values("token_serial")[0] + 1  # nobody else counts it up while we have the claim
        self._give_back(
            access_token=seal(self._id, "access_token", token.value),
            token_expire_at=token.expires_at,
            token_issued_at=Now(),
            token_serial=serial,
            token_doubt=doubt,
            token_quiet_until=_after(quiet_s),
            token_problem=None,
        )

    def _give_back(self, **changes: Any) -> None:
        mine = self._row().filter(token_claimed_by=self._me)
        mine.update(token_claimed_until=None, token_claimed_by="", **changes)

    def _mark(self, held: Held, doubt: Doubt, quiet_s: float) -> bool:
        return self._same(held).update(token_doubt=doubt, token_quiet_until=_after(quiet_s)) == 1

    def _take_trial(self, held: Held, quiet_s: float) -> bool:
        due = self._same(held).filter(Q(token_quiet_until=None) | Q(token_quiet_until__lt=Now()))
        return due.update(token_quiet_until=_after(quiet_s)) == 1


class ApprovalVault(Shared):
    """kis's ApprovalStore for one credential."""

    async def read(self) -> ApprovalKey | None:
        """The stored key, however old. Raises sealing errors, CredentialProblem when the app key is gone."""
        return await sync_to_async(self._read)()

    async def claim(self) -> bool:
        """The right to ask for one. False: somebody else is asking."""
        return await sync_to_async(self._claim)()

    async def put(self, key: ApprovalKey) -> None:
        """Store it and give the right back."""
        await sync_to_async(self._put)(key)

    async def release(self) -> None:
        """Give the right back unused."""
        await sync_to_async(self._give_back)()

    async def invalidate(self, value: str) -> None:
        """The server does not know this key: forget it, unless a newer one is there."""
        await sync_to_async(self._invalidate)(value)

    def _read(self) -> ApprovalKey | None:
        blob, issued_at, _now = self._values("approval_key", "approval_issued_at")
        if blob is None or issued_at is None:
            return None
        return ApprovalKey(open_blob(self._id, "approval_key", blob), issued_at)

    def _claim(self) -> bool:
        free = self._row().filter(Q(approval_claimed_until=None) | Q(approval_claimed_until__lt=Now()))
        return free.update(approval_claimed_until=_after(APPROVAL_CLAIM_S), approval_claimed_by=self._me) == 1

    def _put(self, key: ApprovalKey) -> None:
        self._give_back(approval_key=seal(self._id, "approval_key", key.value), approval_issued_at=key.issued_at)

    def _give_back(self, **changes: Any) -> None:
        mine = self._row().filter(approval_claimed_by=self._me)
        mine.update(approval_claimed_until=None, approval_claimed_by="", **changes)

    def _invalidate(self, value: str) -> None:
        blob = self._values("approval_key")[0]
        if blob is not None and open_blob(self._id, "approval_key", blob) == value:
            self._row().filter(approval_key=blob).update(approval_key=None, approval_issued_at=None)


def _after(seconds: float) -> Any:
    """So many seconds from now, by the database's clock; null for none."""
    return Now() + timedelta(seconds=seconds) if seconds > 0 else None


def _as_json(problem: TradingError) -> dict[str, Any]:
    kind = next((name for name, error in KINDS.items() if isinstance(problem, error)), "credential")
    return {"kind": kind, "code": problem.code, **problem.message.as_dict(), "retry_after": problem.retry_after}


def _as_error(problem: dict[str, Any] | None) -> TradingError | None:
    if problem is None:
        return None
    text = Text(problem["ko"], problem["en"])
    return KINDS[problem["kind"]](text, code=problem["code"], retry_after=problem["retry_after"])


def problem_text(problem: dict[str, Any] | None, quiet_until: datetime | None, now: datetime) -> Text | None:
    """Why there is no token, while that still holds; for people."""
    if problem is None or quiet_until is None or quiet_until <= now:
        return None
    return Text(problem["ko"], problem["en"])
