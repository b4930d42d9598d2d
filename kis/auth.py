"""Getting into KIS: the access token of REST and the approval key of the WebSocket (sheet section 2)."""

from kis import errors
from kis.client import KisClient, default_client
from kis.tokens import AccessToken, MemoryTokenStore, TokenKeeper, TokenStore
from kis.transport import unreadable
from kis.wire import answers, calls
from market.errors import CredentialProblem

__all__ = [
    "AccessToken",
    "MemoryTokenStore",
    "TokenKeeper",
    "TokenStore",
    "ensure_token",
    "get_access_token",
    "get_approval_key",
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


async def get_approval_key(*, client: KisClient | None = None) -> str:
    """A key for a WebSocket connection (2.3). Raises CredentialProblem, Unreachable, ReadFailed."""
    client = client or default_client()
    answer = await client.transport.exchange(calls.approval(client.config))
    key = answers.approval_key(answer)
    if not key:
        if answer.status in (400, 401, 403):
            raise CredentialProblem(errors.sentence(answer), code=answer.code)
        raise errors.read_error(answer, client.config.environment) or unreadable("approval_key")
    client.journal.mask.learn(key)
    return key
