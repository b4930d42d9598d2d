"""One token for all: issued once, renewed before its end, and no storm of issues."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kis import hashkey
from kis.auth import AccessToken, MemoryTokenStore, ensure_token, get_access_token, get_approval_key
from kis.broker import KisBroker
from kis.client import KisClient
from kis.simulator import testing
from kis.tokens import RENEW_BEFORE
from market.errors import CredentialProblem, Throttled, Unreachable
from market.orders import OrderTicket
from market.words import Exchange, Lane, Side

PRICE = "/uapi/overseas-price/v1/quotations/price"


class Issues:
    """Counts the requests for a token."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    @property
    def count(self) -> int:
        return sum(e.get("path") == "/oauth2/tokenP" for e in self.events)


@pytest.fixture
def issues() -> Issues:
    return Issues()


@pytest.fixture(scope="module")
def strict() -> Iterator[Any]:
    """A simulator that gives a token once a minute."""
    with testing.start(switches={"rate_real": 0, "rate_paper": 0}) as simulated:
        yield simulated


async def test_many_at_once_issue_one_token(make_client, issues):
    client = make_client(on_event=issues)
    tokens = await asyncio.gather(*(ensure_token(client=client) for _ in range(20)))
    assert len({t.value for t in tokens}) == 1
    assert issues.count == 1


async def test_several_clients_with_one_store_issue_one_token(make_client, issues):
    store = MemoryTokenStore()
    clients = [make_client(on_event=issues, token_store=store) for _ in range(5)]
    await asyncio.gather(*(ensure_token(client=client) for client in clients))
    assert issues.count == 1


async def test_a_token_near_its_end_is_renewed_and_served_until_then(make_client, issues):
    store = MemoryTokenStore()
    old = AccessToken("old", datetime.now(UTC) + RENEW_BEFORE / 2)
    await store.put(old)
    client = make_client(on_event=issues, token_store=store)

    assert await get_access_token(client=client) == old
    await store.claim()  # somebody else is at it: go on with what there is
    assert await ensure_token(client=client) == old
    await store.release()
    assert (await ensure_token(client=client)).expires_at > datetime.now(UTC) + timedelta(hours=1)
    assert issues.count == 1


async def test_one_who_waits_for_anothers_issue_gets_that_token(make_client, issues):
    store = MemoryTokenStore()
    await store.claim()
    client = make_client(on_event=issues, token_store=store)
    waiting = asyncio.create_task(ensure_token(client=client))
    await asyncio.sleep(0)
    theirs = AccessToken("theirs", datetime.now(UTC) + timedelta(hours=20))
    await store.put(theirs)
    assert await waiting == theirs
    assert issues.count == 0


async def test_a_second_issue_within_a_minute_waits_and_is_not_repeated(config_of, make_client, strict, issues):
    config = config_of(strict, "real")
    await ensure_token(client=make_client(config=config))
    late = make_client(config=config, on_event=issues, token_patience_s=1.0)
    for _ in range(2):
        with pytest.raises(Throttled) as throttled:
            await ensure_token(client=late)
        assert throttled.value.code == "EGW00133"
        assert throttled.value.retry_after > 50
    assert issues.count == 1


@pytest.mark.parametrize(("field", "code"), [("app_secret", "EGW00105"), ("app_key", "EGW00103")])
async def test_a_wrong_key_stops_and_is_not_asked_again(kis, config_of, make_client, issues, field, code):
    client = make_client(config=config_of(kis, "real", **{field: "x" * 36}), on_event=issues)
    for _ in range(3):
        with pytest.raises(CredentialProblem) as problem:
            await ensure_token(client=client)
        assert problem.value.code == code
    assert issues.count == 1


async def test_a_refused_token_is_issued_anew_once_and_then_said_to_be_dead(kis, make_client, issues):
    """Within six hours KIS issues the same token again: asking on would change nothing."""
    client = make_client(on_event=issues)
    broker = KisBroker(client)
    kis.control.fault("token_expired", match={"path": PRICE})
    with pytest.raises(CredentialProblem):
        await broker.quote("NVDA", Exchange.NASDAQ)
    assert issues.count == 2
    with pytest.raises(CredentialProblem, match="no orders or cancels are possible until"):
        await broker.quote("NVDA", Exchange.NASDAQ)
    assert issues.count == 2


async def test_without_a_server_there_is_no_token_and_no_long_wait(kis, config_of, make_client):
    config = config_of(kis, "real", rest_url="http://127.0.0.1:1")
    async with asyncio.timeout(2):
        with pytest.raises(Unreachable):
            await ensure_token(client=make_client(config=config, token_patience_s=60.0))


async def test_the_approval_key_is_another_key(client):
    assert len(await get_approval_key(client=client)) == 36


def test_the_hash_of_a_body_without_an_event_loop(kis, config_of):
    payload = {"CANO": "12345678", "ORD_QTY": "1"}
    one = hashkey.sign_order(payload, client=KisClient(config_of(kis, "real")))
    assert len(one) == 64
    assert one != hashkey.sign_order({**payload, "ORD_QTY": "2"}, client=KisClient(config_of(kis, "real")))


async def test_no_secret_is_ever_logged(kis, make_client, caplog):
    """Not even by the libraries underneath, with everything switched on."""
    caplog.set_level(logging.DEBUG)
    events: list[dict[str, Any]] = []
    client = make_client(on_event=events.append)
    broker = KisBroker(client)
    token = await ensure_token(client=client)
    await get_approval_key(client=client)
    await broker.holdings()
    prepared = await broker.prepare_order(
        OrderTicket("NVDA", Exchange.NASDAQ, Side.BUY, 1, Decimal("20.00")), lane=Lane.ENTRY
    )
    await prepared.send(within=5)
    kis.control.fault("garbage_json", count=1)
    await broker.executions(datetime.now(UTC).date(), datetime.now(UTC).date())

    written = "\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records if r.name != "asyncio")
    written += repr(events) + repr(client.config) + repr(token)
    for secret in (*client.config.secrets, token.value):
        assert secret not in written
    assert any(r.name == "kis" and getattr(r, "tr_id", "") == "TTTT1002U" for r in caplog.records)
    order = next(e for e in events if e.get("tr_id") == "TTTT1002U")
    assert (order["status"], order["rt_cd"], order["account"]) == (200, "0", client.config.masked_account)
    assert order["fields"]["PDNO"] == "NVDA"
    assert order["seconds"] >= 0
