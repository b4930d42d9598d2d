"""The access token of a key: issued once, shared by all, renewed before its end (sheet 2.1, safety rules 5.7)."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from kis import errors, outcomes
from kis.config import KisConfig
from kis.journal import Masker
from kis.transport import Clock, Transport, credential_problem, pause, unreadable, utc_now
from kis.wire import answers, calls
from kis.wire.answers import Answer
from kis.wire.values import SEOUL
from market.errors import CredentialProblem, Text, Throttled, TradingError

RENEW_BEFORE = timedelta(minutes=30)
ISSUE_EVERY_S = 61.0  # 2.1: one issue a minute
REISSUED_SAME_FOR = timedelta(hours=18)  # of 24: inside the first 6 h an issue returns the same token
PROBE_EVERY_S = 600.0
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`expires_at` is aware and UTC. The value is opaque, and never shown: it holds the app key."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Where the token lives: sealed in the database in the house, in memory for library users."""

    async def get(self) -> AccessToken | None: ...

    async def claim(self) -> bool:
        """The right to issue, which ends by itself in the store's own time. False: somebody else is issuing."""
        ...

    async def put(self, token: AccessToken) -> None:
        """Store it and release the claim."""
        ...

    async def release(self) -> None: ...

    async def invalidate(self, value: str) -> None:
        """The server said that this token is dead."""
        ...


class MemoryTokenStore:
    """Within one process. A claim that was never released ends after a minute."""

    def __init__(self) -> None:
        self._token: AccessToken | None = None
        self._claimed_until = 0.0

    async def get(self) -> AccessToken | None:
        return self._token

    async def claim(self) -> bool:
        if time.monotonic() < self._claimed_until:
            return False
        self._claimed_until = time.monotonic() + 60
        return True

    async def put(self, token: AccessToken) -> None:
        self._token = token
        self._claimed_until = 0.0

    async def release(self) -> None:
        self._claimed_until = 0.0

    async def invalidate(self, value: str) -> None:
        if self._token and self._token.value == value:
            self._token = None


class TokenKeeper:
    """Hands out the token of one key. Whoever holds the store's claim issues; all others use what is there."""

    def __init__(
        self,
        config: KisConfig,
        transport: Transport,
        store: TokenStore,
        masker: Masker,
        *,
        patience_s: float = 65.0,
        clock: Clock = utc_now,
    ) -> None:
        """`patience_s`: how long `ensure` waits for a token that others issue, or for the minute of EGW00133."""
        self._config, self._transport, self._store = config, transport, store
        self._mask = masker
        self._patience_s = patience_s
        self._clock = clock
        self._flight: asyncio.Task[AccessToken] | None = None
        self._suspect = ""  # refused once: issued anew and tried again before it counts as dead
        self._expires_at: datetime | None = None
        self._silent_until = 0.0
        self._silence: TradingError | None = None

    async def current(self) -> AccessToken | None:
        """The stored token if it has not expired."""
        token = await self._store.get()
        if token is None or token.expires_at <= self._clock():
            return None
        self._mask.learn(token.value)
        return token

    async def ensure(self) -> AccessToken:
        """A token that is good for a while yet, issued if need be.

        Raises CredentialProblem (wrong key, or a dead token), Throttled (issued too often), Unreachable, ReadFailed.
        """
        token = await self.current()
        if token and token.expires_at - self._clock() > RENEW_BEFORE:
            return token
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew())
        return await asyncio.shield(self._flight)  # one caller's cancellation is not everybody's

    async def refused(self, value: str) -> None:
        """The server said that this token is dead. Twice running: stop, since an issue brings the same one."""
        await self._store.invalidate(value)
        if value == self._suspect:
            self._fall_silent(_dead_until((self._expires_at or self._clock()) - REISSUED_SAME_FOR))
        self._suspect = value

    def accepted(self, value: str) -> None:
        """The server took it: an earlier refusal was a hiccup."""
        if value == self._suspect:
            self._suspect = ""

    async def _renew(self) -> AccessToken:
        give_up_at = time.monotonic() + self._patience_s
        while True:
            still_good = await self.current()
            if still_good and still_good.expires_at - self._clock() > RENEW_BEFORE:
                return still_good
            if time.monotonic() >= self._silent_until:
                failure = await self._try_to_issue()
                if isinstance(failure, AccessToken):
                    return failure
            else:
                failure = self._silence
            if still_good is not None:
                return still_good  # near its end, but good: somebody will renew it
            if failure is not None and not isinstance(failure, Throttled):
                raise failure  # only the minute of EGW00133 and another's claim are worth waiting for
            if time.monotonic() >= give_up_at:
                raise failure or _being_issued()
            await pause(LOOK_EVERY_S)

    async def _try_to_issue(self) -> "AccessToken | TradingError | None":
        """The token; or why not; or None while another process is at it."""
        if not await self._store.claim():
            return None
        try:
            token = await self._issue()
        except TradingError as problem:
            await self._store.release()
            self._fall_silent(problem)
            return problem
        except BaseException:
            await self._store.release()
            raise
        await self._store.put(token)
        return token

    def _fall_silent(self, problem: TradingError) -> None:
        """No second request right after a failed one: a gentle probe later."""
        after = PROBE_EVERY_S if isinstance(problem, CredentialProblem) else problem.retry_after or 1.0
        self._silent_until, self._silence = time.monotonic() + after, problem

    async def _issue(self) -> AccessToken:
        answer = await self._transport.exchange(calls.token(self._config))
        found = answers.access_token(answer)
        if found is None:
            raise _issue_error(answer, self._config)
        self._mask.learn(found[0])
        self._expires_at = found[1]
        return AccessToken(*found)


def _issue_error(answer: Answer, config: KisConfig) -> TradingError:
    if answer.code == outcomes.TOKEN_TOO_OFTEN:
        return Throttled(errors.sentence(answer), code=answer.code, retry_after=ISSUE_EVERY_S)
    if answer.status in (400, 401, 403):
        return CredentialProblem(errors.sentence(answer), code=answer.code)
    return errors.read_error(answer, config.environment) or unreadable("access_token")


def _dead_until(moment: datetime) -> CredentialProblem:
    at = f"{moment.astimezone(SEOUL):%H:%M}"
    return credential_problem(
        f"한국투자증권이 토큰을 거부했고 같은 토큰만 다시 발급합니다. {at} (한국 시각)까지 주문·취소가 불가능합니다.",
        f"KIS refuses the token and issues it again: no orders or cancels are possible until {at} Korean time.",
    )


def _being_issued() -> Throttled:
    return Throttled(
        Text("다른 프로세스가 접근토큰을 발급하는 중입니다.", "Another process is issuing the access token."),
        retry_after=1.0,
    )
