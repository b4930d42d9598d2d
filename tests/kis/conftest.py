"""The real simulator, as a process of its own; clients reach it over the wire only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from kis.client import KisClient
from kis.config import KisConfig
from kis.simulator import testing
from kis.throttle import LocalBudget
from kis.wire.answers import Answer
from kis.wire.calls import Call
from market.words import Environment, Lane
from tests.kis.listeners import Issues

# No rate limit and no minute between tokens: tests of those start a simulator of their own.
OPEN_DOORS = {"rate_real": 0, "rate_paper": 0, "token_interval": 0.0, "ping_interval": 0.3, "refuse_compact_json": True}


def config_of(simulated: Any, environment: str, index: int = 0, **changes: str) -> KisConfig:
    account = simulated.accounts(environment)[index]
    hosts = simulated.info[environment]
    fields = {name: account[name] for name in ("app_key", "app_secret", "account_no", "hts_id")}
    fields |= {"rest_url": hosts["rest"], "ws_url": hosts["ws"]}
    return KisConfig(environment=Environment(environment), **{**fields, **changes})


@pytest.fixture(scope="session")
def running() -> Iterator[Any]:
    with testing.start(switches=OPEN_DOORS) as simulated:
        yield simulated


@pytest.fixture
def kis(running: Any) -> Iterator[Any]:
    """The simulator, with no fault left behind."""
    yield running
    running.control.clear_faults()
    running.control.pause(False)
    running.control.unpin()


MakeClient = Callable[..., KisClient]


@pytest_asyncio.fixture
async def make_client(kis: Any) -> AsyncIterator[MakeClient]:
    """`make_client("real")`: a client that is closed after the test."""
    async with AsyncExitStack() as closing:

        def make(
            environment: str = "real", *, config: KisConfig | None = None, index: int = 0, **options: Any
        ) -> KisClient:
            options = {"budget": LocalBudget(500), "token_patience_s": 2.0, "order_answer_s": 1.0} | options
            client = KisClient(config or config_of(kis, environment, index), **options)
            closing.push_async_callback(client.aclose)
            return client

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> KisClient:
    return make_client("real")


class Told(KisClient):
    """A client whose answers are told by the test: `tell(call)` gives one, or an error to raise."""

    def __init__(self, tell: Callable[[Call], Answer | Exception], now: datetime) -> None:
        config = KisConfig(Environment.REAL, "k" * 36, "s" * 180)
        super().__init__(config, clock=lambda: now)
        self.tell = tell
        self.asked: list[Call] = []

    async def read(self, call: Call, *, lane: Lane) -> Answer:
        self.asked.append(call)
        found = self.tell(call)
        if isinstance(found, Exception):
            raise found
        return found


async def eventually(look: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What `look` answers once it is true; fails the test when it does not become true."""
    async with asyncio.timeout(seconds):
        while True:
            found = look()
            if isinstance(found, Awaitable):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
def told() -> Callable[..., KisClient]:
    """`told(tell)`: a client without a wire, for what depends on the order of answers."""
    return lambda tell, now=datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC): Told(tell, now)


@pytest.fixture(name="config_of")
def _config_of() -> Any:
    """`config_of(simulated, "paper")`: the config of one of its accounts."""
    return config_of


@pytest.fixture(name="eventually")
def _eventually() -> Any:
    return eventually


@pytest.fixture
def issues() -> Issues:
    """Given to a client as `on_event`, it counts what was asked of the log-in."""
    return Issues()
