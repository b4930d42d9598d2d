"""Where the access token of a key is kept, and what all who hold the key must know of it (safety rules 5.7).

The rules are in `kis.tokens`; a store only keeps, compares and sets. In the house it is a row of the database, for
library users the memory of the process.
"""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from market.errors import TradingError

CLAIM_S = 60.0  # KIS issues once a minute, so a second claimant gains nothing by being earlier


class Doubt(StrEnum):
    """What the server last said of the token. Each step is taken once, by one of all processes."""

    NONE = "none"
    REFUSED = "refused"  # to be issued anew
    REISSUED = "reissued"  # the same one came back: to be tried once more
    DEAD = "dead"  # refused again: nothing goes until KIS gives another


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`expires_at` is aware and UTC. The value is opaque, and never shown: it holds the app key.

    `serial` says which issue it came from: KIS gives the same value twice, and a refusal of the earlier one says
    nothing about the later.
    """

    value: str = field(repr=False)
    expires_at: datetime
    serial: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """All that a store knows. `quiet_s`: seconds by the store's clock before the next issue or trial.

    `problem`: why the last issue failed, for as long as `quiet_s` lasts.
    """

    token: AccessToken | None = None
    serial: int = 0
    doubt: Doubt = Doubt.NONE
    quiet_s: float = 0.0
    problem: TradingError | None = None


class TokenStore(Protocol):
    """Shared by all who hold the key. Every change is a compare-and-set: who comes second changes nothing."""

    async def read(self) -> Held: ...

    async def claim(self, held: Held) -> bool:
        """The right to issue, which ends by itself in the store's own time.

        False: somebody has it, has issued since `held` was read, or nothing may be issued yet.
        """
        ...

    async def put(self, token: AccessToken, doubt: Doubt, quiet_s: float) -> None:
        """Store what was issued, as a new serial, and give the claim back. Without the claim nothing is stored."""
        ...

    async def fail(self, problem: TradingError, quiet_s: float) -> None:
        """Give the claim back; nobody issues for `quiet_s`, and `problem` says why."""
        ...

    async def release(self) -> None:
        """Give the claim back unused."""
        ...

    async def mark(self, held: Held, doubt: Doubt, quiet_s: float = 0.0) -> bool:
        """Change the doubt about the token of `held`, if it is still that one and still so doubted."""
        ...

    async def take_trial(self, held: Held, quiet_s: float) -> bool:
        """The right to try a doubted token once; the next trial is `quiet_s` later."""
        ...


class MemoryTokenStore:
    """Within one process. A claim that was never released ends after a minute."""

    def __init__(self) -> None:
        self._held = Held()
        self._claimed_until = 0.0
        self._quiet_until = 0.0

    async def read(self) -> Held:
        return self._now()

    async def claim(self, held: Held) -> bool:
        if time.monotonic() < self._claimed_until or self._now().quiet_s > 0 or not self._same(held):
            return False
        self._claimed_until = time.monotonic() + CLAIM_S
        return True

    async def put(self, token: AccessToken, doubt: Doubt, quiet_s: float) -> None:
        serial = self._held.serial + 1
        self._held = Held(replace(token, serial=serial), serial, doubt)
        self._claimed_until = 0.0
        self._be_quiet(quiet_s)

    async def fail(self, problem: TradingError, quiet_s: float) -> None:
        self._held = replace(self._held, problem=problem)
        self._claimed_until = 0.0
        self._be_quiet(quiet_s)

    async def release(self) -> None:
        self._claimed_until = 0.0

    async def mark(self, held: Held, doubt: Doubt, quiet_s: float = 0.0) -> bool:
        if not self._same(held):
            return False
        self._held = replace(self._held, doubt=doubt)
        self._be_quiet(quiet_s)
        return True

    async def take_trial(self, held: Held, quiet_s: float) -> bool:
        if not self._same(held) or self._now().quiet_s > 0:
            return False
        self._be_quiet(quiet_s)
        return True

    def _same(self, held: Held) -> bool:
        return (held.serial, held.doubt) == (self._held.serial, self._held.doubt)

    def _now(self) -> Held:
        quiet = max(0.0, self._quiet_until - time.monotonic())
        return replace(self._held, quiet_s=quiet, problem=self._held.problem if quiet else None)

    def _be_quiet(self, seconds: float) -> None:
        self._quiet_until = time.monotonic() + seconds if seconds > 0 else 0.0
