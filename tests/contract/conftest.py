"""The brokers that the contract is held against: both sides of the simulator, and KIS's paper server when asked for."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from kis import codes
from kis.auth import AccessToken, MemoryTokenStore
from kis.client import KisClient
from kis.config import KisConfig
from kis.simulator import testing
from kis.throttle import LocalBudget
from market.words import Environment

TOKEN_FILE = Path(__file__).parents[2] / ".local" / "contract-token.json"
# The launcher hands these on only when this folder is named (see README.md): no other test ever sees them.
GIVEN = {name: os.environ.get(f"CONTRACT_{name}", "") for name in ("KIS_APP_KEY", "KIS_APP_SECRET", "KIS_ACCOUNT_NO")}
SWITCHES = {"rate_real": 0, "rate_paper": 0, "token_interval": 0.0, "ping_interval": 0.5}


@dataclass
class Target:
    """A broker under contract. `rate`: requests a second; a test waits for the pause after the one before."""

    name: str
    config: KisConfig
    rate: float
    tokens: MemoryTokenStore = field(default_factory=MemoryTokenStore)
    next_at: float = 0.0

    @property
    def paper(self) -> bool:
        return self.config.environment is Environment.PAPER


class FileTokenStore(MemoryTokenStore):
    """Remembers KIS's token over runs: the customer gets a message for each one that is issued."""

    def __init__(self, app_key: str) -> None:
        super().__init__()
        self._owner = app_key[-6:]
        if TOKEN_FILE.exists():
            kept = json.loads(TOKEN_FILE.read_text())
            if kept["owner"] == self._owner:
                self._token = AccessToken(kept["value"], datetime.fromisoformat(kept["expires_at"]))

    async def put(self, token: AccessToken) -> None:
        await super().put(token)
        TOKEN_FILE.parent.mkdir(exist_ok=True)
        TOKEN_FILE.touch(mode=0o600)
        kept = {"owner": self._owner, "value": token.value, "expires_at": token.expires_at.isoformat()}
        TOKEN_FILE.write_text(json.dumps(kept))


def names() -> list[str]:
    simulated = ["simulator-paper", "simulator-real"]
    return [*simulated, "kis-paper"] if all(GIVEN.values()) else simulated


@pytest.fixture(scope="session")
def simulated() -> Iterator[testing.Simulated]:
    with testing.start(switches=SWITCHES) as running:
        yield running


def _at_simulator(simulated: testing.Simulated, side: str) -> Target:
    account, hosts = simulated.accounts(side)[0], simulated.info[side]
    keys = {name: account[name] for name in ("app_key", "app_secret", "account_no", "hts_id")}
    config = KisConfig(Environment(side), **keys, rest_url=hosts["rest"], ws_url=hosts["ws"])
    return Target(f"simulator-{side}", config, 500.0)


def _at_kis() -> Target:
    """Paper only. The addresses are KIS's own, whatever else is configured."""
    config = KisConfig(
        Environment.PAPER,
        GIVEN["KIS_APP_KEY"],
        GIVEN["KIS_APP_SECRET"],
        GIVEN["KIS_ACCOUNT_NO"],
        os.environ.get("CONTRACT_KIS_HTS_ID", ""),
    )
    return Target("kis-paper", config, codes.REST_RATE[Environment.PAPER], tokens=FileTokenStore(config.app_key))


@pytest.fixture(scope="session", params=names())
def target(request: pytest.FixtureRequest) -> Target:
    if request.param == "kis-paper":
        return _at_kis()
    return _at_simulator(request.getfixturevalue("simulated"), request.param.partition("-")[2])


@pytest_asyncio.fixture
async def client(target: Target) -> AsyncIterator[KisClient]:
    """A client of that broker. Its log is heard: an answer that differs from the documents fails the test."""
    drift: list[dict] = []

    def hear(event: dict) -> None:
        if event["event"] == "kis.drift":
            drift.append(event)

    await asyncio.sleep(max(0.0, target.next_at - time.monotonic()))
    budget = LocalBudget(target.rate)
    async with KisClient(target.config, token_store=target.tokens, budget=budget, on_event=hear) as client:
        yield client
    target.next_at = time.monotonic() + 1 / target.rate
    assert drift == []
