"""The approval key of a WebSocket connection: asked for once, shared by all who hold the app key (sheet 2.3)."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from kis import errors
from kis.config import KisConfig
from kis.journal import Masker
from kis.transport import Clock, Transport, pause, unreadable, utc_now
from kis.wire import answers, calls
from market.errors import CredentialProblem, Text, Throttled

LIFE = timedelta(hours=24)  # 2.3: no lifetime is documented; the official samples ask again every day
CLAIM_S = 20.0  # longer than an answer may take
LOOK_EVERY_S = 0.2
PATIENCE_S = 25.0


@dataclass(frozen=True, slots=True)
class ApprovalKey:
    """`issued_at` is aware and UTC. The value is never shown."""

    value: str = field(repr=False)
    issued_at: datetime


class ApprovalStore(Protocol):
    """Where the key is kept. In the house a row of the database, for library users the memory of the process."""

    async def read(self) -> ApprovalKey | None: ...

    async def claim(self) -> bool:
        """The right to ask, which ends by itself in the store's own time. False: somebody else is asking."""
        ...

    async def put(self, key: ApprovalKey) -> None:
        """Store it and give the claim back."""
        ...

    async def release(self) -> None: ...

    async def invalidate(self, value: str) -> None:
        """The server does not know this key: forget it, unless a newer one is there."""
        ...


class MemoryApprovalStore:
    """Within one process."""

    def __init__(self) -> None:
        self._key: ApprovalKey | None = None
        self._claimed_until = 0.0

    async def read(self) -> ApprovalKey | None:
        return self._key

    async def claim(self) -> bool:
        if time.monotonic() < self._claimed_until:
            return False
        self._claimed_until = time.monotonic() + CLAIM_S
        return True

    async def put(self, key: ApprovalKey) -> None:
        self._key, self._claimed_until = key, 0.0

    async def release(self) -> None:
        self._claimed_until = 0.0

    async def invalidate(self, value: str) -> None:
        if self._key is not None and self._key.value == value:
            self._key = None


class ApprovalKeeper:
    """Hands out the approval key of one app key. One asks, all others use what it got."""

    def __init__(
        self, config: KisConfig, transport: Transport, store: ApprovalStore, masker: Masker, *, clock: Clock = utc_now
    ) -> None:
        self._config, self._transport, self._store = config, transport, store
        self._mask, self._clock = masker, clock

    async def ensure(self) -> str:
        """A key for a connection, at most a day old. Raises CredentialProblem, Unreachable, ReadFailed, Throttled."""
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            if known := await self._known():
                return known
            if await self._store.claim():
                return await self._found_after_all() or await self._ask()
            if time.monotonic() >= give_up_at:
                raise _being_asked()
            await pause(LOOK_EVERY_S)

    async def _known(self) -> str:
        """The stored key while it is good, else ""."""
        found = await self._store.read()
        if found is None or self._clock() - found.issued_at >= LIFE:
            return ""
        self._mask.learn(found.value)
        return found.value

    async def _found_after_all(self) -> str:
        """What another got between our look and our claim; the right to ask is then given back."""
        try:
            known = await self._known()
        except BaseException:
            await asyncio.shield(self._store.release())
            raise
        if known:
            await self._store.release()
        return known

    async def refused(self, value: str) -> None:
        """The server does not know this key (OPSP0010, OPSP0011, OPSP9994): the next connection gets a new one."""
        await self._store.invalidate(value)

    async def _ask(self) -> str:
        try:
            answer = await self._transport.exchange(calls.approval(self._config))
            value = answers.approval_key(answer)
            if not value:
                if answer.status in (400, 401, 403) and answer.code:
                    raise CredentialProblem(errors.sentence(answer), code=answer.code)
                raise errors.read_error(answer, self._config.environment) or unreadable("approval_key")
        except BaseException:
            await asyncio.shield(self._store.release())
            raise
        self._mask.learn(value)
        await self._store.put(ApprovalKey(value, self._clock()))
        return value


def _being_asked() -> Throttled:
    return Throttled(
        Text("다른 프로세스가 웹소켓 접속키를 발급하는 중입니다.", "Another process is asking for the approval key."),
        retry_after=1.0,
    )
