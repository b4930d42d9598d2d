"""Getting into KIS, and out again: the access token of REST and the approval key of the WebSocket (sheet 2)."""

from kis import errors
from kis.approvals import ApprovalKeeper, ApprovalKey, ApprovalStore, MemoryApprovalStore
from kis.client import KisClient, default_client
from kis.token_store import AccessToken, MemoryTokenStore, TokenStore
from kis.tokens import TokenKeeper
from kis.transport import unreadable
from kis.wire import calls
from market.errors import CredentialProblem

__all__ = [
    "AccessToken",
    "ApprovalKeeper",
    "ApprovalKey",
    "ApprovalStore",
    "MemoryApprovalStore",
    "MemoryTokenStore",
    "TokenKeeper",
    "TokenStore",
    "ensure_token",
    "get_access_token",
    "get_approval_key",
    "revoke_token",
]


async def ensure_token(*, client: KisClient | None = None) -> AccessToken:
    """A token good for at least half an hour, or the best there is; issued or renewed if need be (2.1).

    Raises CredentialProblem, Throttled (EGW00133, with the seconds to wait), Unreachable, ReadFailed.
    """
    return await (client or default_client()).tokens.ensure()


async def get_access_token(*, client: KisClient | None = None) -> AccessToken:
    """The token that is there while it has not expired, else a new one. Raises as `ensure_token`."""
    tokens = (client or default_client()).tokens
    return await tokens.current() or await tokens.ensure()


async def revoke_token(value: str, *, client: KisClient | None = None) -> None:
    """Make this access token of the client's key worthless (2.2), whoever holds it.

    Raises CredentialProblem when KIS knows neither key nor token (asking again changes nothing), Throttled,
    Unreachable, ReadFailed.
    """
    client = client or default_client()
    client.journal.mask.learn(value)
    answer = await client.transport.exchange(calls.revoke(client.config, value))
    if answer.status == 200 and not answer.code:
        return
    if answer.status in (400, 401, 403) and answer.code:
        raise CredentialProblem(errors.sentence(answer), code=answer.code)
    raise errors.read_error(answer, client.config.environment) or unreadable("code")


async def get_approval_key(*, client: KisClient | None = None) -> str:
    """A key for a WebSocket connection (2.3), the same one for a day.

    Raises CredentialProblem, Throttled, Unreachable, ReadFailed.
    """
    return await (client or default_client()).approvals.ensure()
