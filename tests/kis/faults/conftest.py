"""One simulator for all of these tests, and a customer of its own for each.

`@pytest.mark.fault("name", …)` says which faults of the simulator a test shows; the argument `fault` is each of
them in turn. A test that is marked must be struck by them: that is checked when it is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kis import connection, overseas_orders, transport
from kis.broker import KisBroker
from kis.client import KisClient
from kis.simulator import testing
from market.orders import OrderTicket
from market.words import Exchange, Freshness, Side

SWITCHES = {"rate_real": 0, "rate_paper": 0, "token_interval": 0.0, "ping_interval": 0.3, "ping_timeout": 30.0}
MARKET = {"mode": "fast", "speed": 4}  # sixteen trades a second
CUSTOMERS = 300
HOLDINGS = {"KO": 7, "SPY": 5, "IBM": 3, "MSFT": 2}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(*names): the simulator's faults that the test shows")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("fault")
    if marker is not None and "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", marker.args)


@pytest.fixture(scope="session")
def running() -> Iterator[Any]:
    people = [_customer(side, n) for side in ("real", "paper") for n in range(CUSTOMERS)]
    with testing.start(accounts=people, switches=SWITCHES, scenario={"clock": MARKET}) as simulated:
        yield simulated


def _customer(side: str, n: int) -> dict[str, Any]:
    return {
        "environment": side,
        "app_key": f"{side}{n:03d}".ljust(36, "k"),
        "app_secret": f"secret{side}{n:03d}".ljust(180, "s"),
        "account_no": f"{5 if side == 'paper' else 6}{n:07d}01",
        "hts_id": f"{side[0]}{n:03d}",
        "cash_usd": "100000",
        "holdings": HOLDINGS,
    }


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's pauses before it asks again, a tenth as long: the tests are about what it does, not how long."""

    async def pause(seconds: float) -> None:
        await asyncio.sleep(seconds / 10)

    monkeypatch.setattr(transport, "pause", pause)
    monkeypatch.setattr(connection, "BACKOFF_S", 0.05)


@pytest.fixture(scope="session")
def _unused() -> Iterator[int]:
    return iter(range(CUSTOMERS))


@pytest.fixture
def who(_unused: Iterator[int]) -> int:
    """A customer whom no other test has, on either side."""
    return next(_unused)


@pytest.fixture
def client(make_client: Callable[..., KisClient], who: int) -> KisClient:
    """A real key with 100,000 USD, some shares and no order yet."""
    return make_client("real", index=who, order_answer_s=0.4)


@pytest.fixture
def paper_client(make_client: Callable[..., KisClient], who: int) -> KisClient:
    return make_client("paper", index=who, order_answer_s=0.4)


@pytest.fixture
def broker(client: KisClient) -> KisBroker:
    return KisBroker(client)


@pytest.fixture
def strike(kis: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """`strike("list_lags", seconds=60)` switches a fault on; what the test is marked with must have struck."""

    def counts() -> dict[str, int]:
        return {kind["name"]: kind["struck"] for kind in kis.control.faults()["known"]}

    def switch_on(name: str, *, path: str = "", **options: Any) -> None:
        match = {**options.pop("match", {}), **({"path": path} if path else {})}
        kis.control.fault(name, match=match, **options)

    before = counts()
    yield switch_on
    each = getattr(request.node, "callspec", None)
    one = each.params.get("fault") if each else None
    shown = [one] if one else request.node.get_closest_marker("fault").args
    after = counts()
    assert [name for name in shown if after[name] == before[name]] == [], "these never struck"


class Orders:
    """What the client sends, what the broker then has in its book, and what the client reads of it."""

    def __init__(self, kis: Any, client: KisClient) -> None:
        self.kis, self.client = kis, client

    @staticmethod
    def ticket(price: str = "20.00", quantity: int = 1, side: Side = Side.BUY) -> OrderTicket:
        """Far below the market unless said: it rests."""
        return OrderTicket("NVDA", Exchange.NASDAQ, side, quantity, Decimal(price))

    async def prepare(self, price: str = "20.00", quantity: int = 1) -> Any:
        return await overseas_orders.prepare_order(self.ticket(price, quantity), client=self.client)

    async def send(self, price: str = "20.00", quantity: int = 1) -> Any:
        return await (await self.prepare(price, quantity)).send(within=5)

    def booked(self) -> list[dict[str, Any]]:
        """Rows of the broker's book for this customer."""
        return self.kis.control.orders(self.client.config.account_no)

    async def listing(self, days: int = 2) -> Any:
        today = self.client.clock().date()
        return await KisBroker(self.client).executions(today - timedelta(days=days), today + timedelta(days=1))

    async def listed(self) -> set[str]:
        """Numbers in a list that must be complete."""
        listing = await self.listing()
        assert listing.complete
        assert listing.freshness in (Freshness.FRESH, Freshness.EMPTY)
        return {row.broker_order_id for row in listing.rows}


@pytest.fixture
def orders(kis: Any, client: KisClient) -> Orders:
    return Orders(kis, client)
