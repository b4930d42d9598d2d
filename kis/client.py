"""One KIS account with everything it shares: connections, token, rate budget, log."""

import asyncio
import os
from weakref import WeakKeyDictionary

from kis.approvals import ApprovalKeeper, ApprovalStore, MemoryApprovalStore
from kis.config import KisConfig, is_true
from kis.journal import Journal, Masker, OnEvent
from kis.throttle import Budget, LocalBudget
from kis.token_store import MemoryTokenStore, TokenStore
from kis.tokens import TokenKeeper
from kis.transport import ORDER_READ_S, Clock, Transport, utc_now
from kis.wire.answers import Answer
from kis.wire.calls import Call
from market.words import Lane


class KisClient:
    """Pass it as `client=` to the functions of this package. Belongs to the event loop that first used it."""

    def __init__(
        self,
        config: KisConfig,
        *,
        token_store: TokenStore | None = None,
        approval_store: ApprovalStore | None = None,
        budget: Budget | None = None,
        hashkey_required: bool = True,
        on_event: OnEvent | None = None,
        token_patience_s: float = 65.0,
        order_answer_s: float = ORDER_READ_S,
        clock: Clock = utc_now,
    ) -> None:
        """`budget` and the stores are to be shared by all who hold the key; alone, they live in memory.

        `on_event` gets the facts of every request and answer as a dict, secrets masked.
        `token_patience_s`: how long a call may wait for a token, at most about the minute of EGW00133.
        `order_answer_s`: how long to wait for the answer to an order before its outcome counts as unknown.
        """
        self.config = config
        self.hashkey_required = hashkey_required
        self.budget: Budget = budget or LocalBudget(config.rate, speed=config.speed)
        self.clock = clock
        masker = Masker(config.secrets)
        self.journal = Journal(masker, config.masked_account, on_event)
        self.transport = Transport(config, self.journal, order_answer_s=order_answer_s, clock=clock)
        self.tokens = TokenKeeper(
            config,
            self.transport,
            token_store or MemoryTokenStore(),
            masker,
            patience_s=token_patience_s,
            clock=clock,
        )
        self.approvals = ApprovalKeeper(
            config, self.transport, approval_store or MemoryApprovalStore(), masker, clock=clock
        )

    async def read(self, call: Call, *, lane: Lane) -> Answer:
        """Ask a question; see `Transport.read` for what it raises."""
        return await self.transport.read(call, budget=self.budget, lane=lane, tokens=self.tokens)

    async def aclose(self) -> None:
        """Close the connections. The token stays good."""
        await self.transport.aclose()
        await self.budget.settle()

    async def __aenter__(self) -> "KisClient":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


# One default client per event loop, since connections belong to one; token and approval key outlive them all.
_defaults: WeakKeyDictionary[asyncio.AbstractEventLoop, KisClient] = WeakKeyDictionary()
_default_tokens: dict[KisConfig, MemoryTokenStore] = {}
_default_approvals: dict[KisConfig, MemoryApprovalStore] = {}


def default_client() -> KisClient:
    """The client of the `KIS_*` variables, for `client=None`. Raises CredentialProblem when they are not set."""
    loop = asyncio.get_running_loop()
    if loop not in _defaults:
        config = KisConfig.from_env(os.environ)
        _defaults[loop] = KisClient(
            config,
            token_store=_default_tokens.setdefault(config, MemoryTokenStore()),
            approval_store=_default_approvals.setdefault(config, MemoryApprovalStore()),
            hashkey_required=not is_true(os.environ.get("KIS_HASHKEY_OPTIONAL")),
        )
    return _defaults[loop]
