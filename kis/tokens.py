"""The access token of a key: issued once, shared by all, renewed before its end (sheet 2.1, safety rules 5.7).

A token that the server refuses is issued anew once. Within six hours of its issue KIS gives the same one again; if
that is refused too it is dead, and everybody says so at once instead of asking for more. What must be known for that
is in the store, so that ten processes issue no more than one would.
"""

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta

from kis import errors, outcomes
from kis.config import KisConfig
from kis.journal import Masker
from kis.token_store import AccessToken, Doubt, Held, MemoryTokenStore, TokenStore
from kis.transport import Clock, Transport, credential_problem, pause, unreadable, utc_now
from kis.wire import answers, calls
from kis.wire.answers import Answer
from kis.wire.values import SEOUL
from market.errors import CredentialProblem, Text, Throttled, TradingError

__all__ = ["AccessToken", "Doubt", "MemoryTokenStore", "TokenKeeper", "TokenStore", "renewable_at"]

LIFE = timedelta(hours=24)  # 2.1
SAME_FOR = timedelta(hours=6)  # 2.1: an issue within six hours of the last returns the same token
RENEW_BEFORE = timedelta(minutes=30)
ISSUE_EVERY_S = 61.0  # 2.1: one issue a minute
WRONG_KEY_QUIET_S = 600.0  # a wrong key stays wrong until a person changes it
SAME_AGAIN_QUIET_S = 600.0  # an issue that brought nothing new is not repeated at once
TRY_EVERY_S = 120.0  # a dead token is tried so often, by one of all processes
LOOK_EVERY_S = 0.5


def renewable_at(token: AccessToken) -> datetime:
    """From when on an issue brings another token than this one."""
    return token.expires_at - LIFE + SAME_FOR


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
        self._doubted = -1  # serial of a doubted token that we handed out: its acceptance is news
        self._silent_until = 0.0  # KIS was out of reach: ours alone, others may reach it
        self._silence: TradingError | None = None

    async def current(self) -> AccessToken | None:
        """The stored token if it has not expired and nobody was refused with it."""
        return self._usable(await self._look())

    async def ensure(self) -> AccessToken:
        """A token that is good for a while yet, issued if need be.

        Raises CredentialProblem (wrong key, or a dead token), Throttled (issued too often), Unreachable, ReadFailed.
        """
        return await self._until(self._clock() + RENEW_BEFORE)

    async def renew(self, until: datetime) -> AccessToken:
        """Planned renewal: a token that lasts until then, or what there is while KIS would only repeat it.

        Raises as `ensure`.
        """
        token = await self.current()
        if token and self._clock() < renewable_at(token):
            return token
        return await self._until(until)

    async def refused(self, token: AccessToken) -> None:
        """The server said that this token is dead. Twice running: stop, since an issue brings the same one."""
        held = await self._store.read()
        if held.token is None or held.serial != token.serial:
            return  # a newer one is there
        if held.doubt is Doubt.NONE:
            await self._store.mark(held, Doubt.REFUSED)
        elif held.doubt is Doubt.REISSUED:
            await self._store.mark(held, Doubt.DEAD, self._real(TRY_EVERY_S))

    async def accepted(self, token: AccessToken) -> None:
        """The server took it: an earlier refusal was a hiccup."""
        if token.serial != self._doubted:
            return
        self._doubted = -1
        held = await self._store.read()
        if held.serial == token.serial and held.doubt in (Doubt.REISSUED, Doubt.DEAD):
            await self._store.mark(held, Doubt.NONE)

    async def _until(self, moment: datetime) -> AccessToken:
        token = await self.current()
        if token and token.expires_at >= moment:
            return token
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew(moment))
        return await asyncio.shield(self._flight)  # one caller's cancellation is not everybody's

    async def _look(self) -> Held:
        held = await self._store.read()
        if held.token is not None:
            self._mask.learn(held.token.value)
            if held.doubt in (Doubt.REISSUED, Doubt.DEAD):
                self._doubted = held.serial
        return held

    def _usable(self, held: Held) -> AccessToken | None:
        good = held.token is not None and held.doubt in (Doubt.NONE, Doubt.REISSUED)
        return held.token if good and held.token.expires_at > self._clock() else None  # type: ignore[union-attr]

    async def _renew(self, moment: datetime) -> AccessToken:
        give_up_at = time.monotonic() + self._patience_s
        while True:
            held = await self._look()
            still_good = self._usable(held)
            if still_good and still_good.expires_at >= moment:
                return still_good
            found = await self._step(held)
            if isinstance(found, AccessToken):
                return found
            if still_good is not None:
                return still_good  # near its end, but good: somebody will renew it
            if found is not None and not isinstance(found, Throttled):
                raise found  # only the minute of EGW00133 and another's claim are worth waiting for
            if time.monotonic() >= give_up_at:
                raise found or _being_issued()
            await pause(LOOK_EVERY_S)

    async def _step(self, held: Held) -> "AccessToken | TradingError | None":
        """A token; or why there is none; or None while another process is at it."""
        if held.token is not None and held.doubt is Doubt.DEAD:
            if held.quiet_s > 0:
                return _dead(held.token, held, self._clock())
            if self._clock() < renewable_at(held.token):
                trial = await self._store.take_trial(held, self._real(TRY_EVERY_S))
                return held.token if trial else _dead(held.token, held, self._clock())
        if held.quiet_s > 0:
            return held.problem or _being_issued()
        if time.monotonic() < self._silent_until:
            return self._silence
        return await self._try_to_issue(held)

    async def _try_to_issue(self, held: Held) -> "AccessToken | TradingError | None":
        if not await self._store.claim(held):
            return None
        try:
            token = await self._issue()
        except (CredentialProblem, Throttled) as problem:  # KIS's own no concerns all who hold the key
            wrong = isinstance(problem, CredentialProblem)
            await self._store.fail(problem, self._real(WRONG_KEY_QUIET_S if wrong else problem.retry_after or 1.0))
            return problem
        except TradingError as problem:
            await self._store.release()
            self._silent_until, self._silence = time.monotonic() + (problem.retry_after or 1.0), problem
            return problem
        except BaseException:
            await self._store.release()
            raise
        return await self._keep(token, held)

    async def _keep(self, token: AccessToken, held: Held) -> AccessToken:
        same = held.token is not None and held.token.value == token.value
        doubted = same and held.doubt is not Doubt.NONE
        quiet = self._real(SAME_AGAIN_QUIET_S) if same and not doubted else 0.0
        await self._store.put(token, Doubt.REISSUED if doubted else Doubt.NONE, quiet)
        stored = await self._look()
        return stored.token if stored.token == token and stored.token else replace(token, serial=held.serial + 1)

    def _real(self, seconds: float) -> float:
        """KIS's seconds in ours: a simulated market may run faster, and its rules of issuing with it."""
        return seconds / self._config.speed

    async def _issue(self) -> AccessToken:
        answer = await self._transport.exchange(calls.token(self._config))
        found = answers.access_token(answer)
        if found is None:
            raise _issue_error(answer, self._config)
        self._mask.learn(found[0])
        return AccessToken(*found)


def _issue_error(answer: Answer, config: KisConfig) -> TradingError:
    if answer.code == outcomes.TOKEN_TOO_OFTEN:
        return Throttled(errors.sentence(answer), code=answer.code, retry_after=ISSUE_EVERY_S)
    if answer.status in (400, 401, 403) and answer.code:  # without a code it is some gateway's word, not KIS's
        return CredentialProblem(errors.sentence(answer), code=answer.code)
    return errors.read_error(answer, config.environment) or unreadable("access_token")


def _dead(token: AccessToken, held: Held, now: datetime) -> CredentialProblem:
    """Until KIS gives another token, or, when that moment has passed, until the next trial."""
    until = max(renewable_at(token), now + timedelta(seconds=held.quiet_s))
    at = f"{until.astimezone(SEOUL):%H:%M}"
    return credential_problem(
        f"한국투자증권이 토큰을 거부했고 같은 토큰만 다시 발급합니다. {at} (한국 시각)까지 주문·취소가 불가능합니다.",
        f"KIS refuses the token and issues it again: no orders or cancels possible until {at} Korean time.",
    )


def _being_issued() -> Throttled:
    return Throttled(
        Text("다른 프로세스가 접근토큰을 발급하는 중입니다.", "Another process is issuing the access token."),
        retry_after=1.0,
    )
