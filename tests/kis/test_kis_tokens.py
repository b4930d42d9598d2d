"""One token for all: issued once, renewed before its end, and no storm of issues."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import hashkey
from kis.auth import (
    AccessToken,
    MemoryTokenStore,
    ensure_token,
    get_access_token,
    get_approval_key,
    revoke_token,
)
from kis.broker import KisBroker
from kis.client import KisClient
from kis.config import KisConfig
from kis.errors import ReadFailed
from kis.simulator import testing
from kis.token_store import Doubt, Held
from kis.tokens import RENEW_BEFORE, SAME_FOR, TokenKeeper, renewable_at
from kis.wire.values import SEOUL
from market.errors import CredentialProblem, Text, Throttled, TradingError, Unreachable
from market.orders import OrderTicket
from market.words import Environment, Exchange, Lane, Side

PRICE = "/uapi/overseas-price/v1/quotations/price"


@pytest.fixture(scope="module")
def strict() -> Iterator[Any]:
    """A simulator that gives a token once a minute."""
    with testing.start(switches={"rate_real": 0, "rate_paper": 0}) as simulated:
        yield simulated


@pytest.fixture(scope="module")
def generous() -> Iterator[Any]:
    """A simulator that gives another token every time, as KIS does after six hours."""
    with testing.start(switches={"rate_real": 0, "token_interval": 0.0, "token_same": 0.0}) as simulated:
        yield simulated


async def kept(store: MemoryTokenStore, value: str, expires_at: datetime) -> AccessToken:
    """A token as if it had been issued earlier."""
    await store.put(AccessToken(value, expires_at), Doubt.NONE, 0)
    held = await store.read()
    assert held.token
    return held.token


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


class TestIssuing:
    async def test_many_at_once_issue_one_token(self, make_client, issues):
        client = make_client(on_event=issues)
        tokens = await asyncio.gather(*(ensure_token(client=client) for _ in range(20)))
        assert len({t.value for t in tokens}) == 1
        assert issues.count == 1

    async def test_several_clients_with_one_store_issue_one_token(self, make_client, issues):
        store = MemoryTokenStore()
        clients = [make_client(on_event=issues, token_store=store) for _ in range(5)]
        await asyncio.gather(*(ensure_token(client=client) for client in clients))
        assert issues.count == 1

    async def test_a_token_near_its_end_is_renewed_and_served_until_then(self, make_client, issues):
        store = MemoryTokenStore()
        old = await kept(store, "old", datetime.now(UTC) + RENEW_BEFORE / 2)
        client = make_client(on_event=issues, token_store=store)

        assert await get_access_token(client=client) == old
        await store.claim(await store.read())  # somebody else is at it: go on with what there is
        assert await ensure_token(client=client) == old
        await store.release()
        assert (await ensure_token(client=client)).expires_at > in_hours(1)
        assert issues.count == 1

    async def test_one_who_waits_for_anothers_issue_gets_that_token(self, make_client, issues):
        store = MemoryTokenStore()
        await store.claim(await store.read())
        client = make_client(on_event=issues, token_store=store)
        waiting = asyncio.create_task(ensure_token(client=client))
        await asyncio.sleep(0)
        theirs = await kept(store, "theirs", in_hours(20))
        assert await waiting == theirs
        assert issues.count == 0

    async def test_a_second_issue_within_a_minute_waits_and_no_process_repeats_it(
        self, config_of, make_client, strict, issues
    ):
        config = config_of(strict, "real")
        await ensure_token(client=make_client(config=config))
        store = MemoryTokenStore()  # somebody else's program holds the same key
        late = [make_client(config=config, on_event=issues, token_store=store, token_patience_s=1.0) for _ in range(3)]
        for client in late:
            with pytest.raises(Throttled) as throttled:
                await ensure_token(client=client)
            assert throttled.value.code == "EGW00133"
            assert throttled.value.retry_after > 50
        assert issues.count == 1

    @pytest.mark.parametrize(("field", "code"), [("app_secret", "EGW00105"), ("app_key", "EGW00103")])
    async def test_a_wrong_key_stops_and_is_not_asked_again_by_anybody(
        self, kis, config_of, make_client, issues, field, code
    ):
        store = MemoryTokenStore()
        config = config_of(kis, "real", **{field: "x" * 36})
        for _ in range(3):
            with pytest.raises(CredentialProblem) as problem:
                await ensure_token(client=make_client(config=config, on_event=issues, token_store=store))
            assert problem.value.code == code
        assert issues.count == 1

    async def test_a_403_of_some_gateway_says_nothing_about_the_key(self, kis, config_of, make_client):
        """Ten minutes without a token, for everybody, would be its price."""

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>")
            writer.close()

        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        store = MemoryTokenStore()
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = make_client(config=config_of(kis, "real", rest_url=url), token_store=store)
        for ask in (ensure_token, get_approval_key):
            with pytest.raises(ReadFailed):
                await ask(client=client)
        with pytest.raises(ReadFailed):
            await revoke_token("eyJ.some.token", client=client)
        server.close()
        there = make_client(config=config_of(kis, "real"), token_store=store)
        assert (await ensure_token(client=there)).expires_at > in_hours(1)

    async def test_without_a_server_there_is_no_token_and_no_long_wait(self, kis, config_of, make_client):
        config = config_of(kis, "real", rest_url="http://127.0.0.1:1")
        async with asyncio.timeout(2):
            with pytest.raises(Unreachable):
                await ensure_token(client=make_client(config=config, token_patience_s=60.0))

    async def test_an_issue_that_brings_the_same_token_is_not_repeated_at_once(self, make_client, issues):
        """Such as a token whose end comes within the half hour in which it would be renewed."""
        store = MemoryTokenStore()
        client = make_client(on_event=issues, token_store=store)
        held = await ensure_token(client=client)
        await kept(store, held.value, datetime.now(UTC) + RENEW_BEFORE / 2)

        for _ in range(3):
            assert (await ensure_token(client=client)).value == held.value

        assert issues.count == 2  # the first issue, and one attempt to get a longer one


class TestRefused:
    """Within six hours KIS issues the same token again: asking on would change nothing."""

    async def test_it_is_issued_anew_once_and_then_said_to_be_dead_with_the_hour(self, kis, make_client, issues):
        client = make_client(on_event=issues)
        broker = KisBroker(client)
        until = renewable_at(await ensure_token(client=client)).astimezone(SEOUL)
        kis.control.fault("token_expired", match={"path": PRICE})
        for _ in range(3):
            with pytest.raises(CredentialProblem) as problem:
                await broker.quote("NVDA", Exchange.NASDAQ)
        said = problem.value.message
        assert f"no orders or cancels possible until {until:%H:%M} Korean time" in said.en
        assert f"{until:%H:%M}" in said.ko
        assert issues.count == 2

    async def test_ten_holders_of_a_dead_token_issue_as_often_as_one(self, kis, make_client, issues):
        store = MemoryTokenStore()
        clients = [make_client(on_event=issues, token_store=store) for _ in range(10)]
        await asyncio.gather(*(ensure_token(client=client) for client in clients))
        kis.control.fault("token_expired", match={"path": PRICE})

        for _ in range(3):
            said = await asyncio.gather(
                *(KisBroker(c).quote("NVDA", Exchange.NASDAQ) for c in clients), return_exceptions=True
            )
            assert all(isinstance(problem, CredentialProblem) for problem in said)

        assert issues.count == 2  # the first, and one more
        assert all("possible until" in str(problem) for problem in said)

    async def test_no_order_leaves_while_it_is_dead(self, kis, make_client):
        client = make_client()
        kis.control.fault("token_expired")
        with pytest.raises(CredentialProblem):
            await KisBroker(client).quote("NVDA", Exchange.NASDAQ)
        kis.control.clear_faults()
        before = len(kis.control.orders(client.config.account_no))

        ticket = OrderTicket("NVDA", Exchange.NASDAQ, Side.BUY, 1, Decimal("20.00"))
        with pytest.raises(CredentialProblem, match="no orders or cancels possible"):
            await KisBroker(client).prepare_order(ticket, lane=Lane.EXIT)

        assert len(kis.control.orders(client.config.account_no)) == before

    async def test_one_of_all_tries_it_now_and_then_and_an_answer_revives_it_for_all(self, kis, make_client, issues):
        store = MemoryTokenStore()
        clients = [make_client(on_event=issues, token_store=store) for _ in range(3)]
        kis.control.fault("token_expired", match={"path": PRICE})
        for client in clients:
            with pytest.raises(CredentialProblem):
                await KisBroker(client).quote("NVDA", Exchange.NASDAQ)
        asked = issues.of(PRICE)

        await store.mark(await store.read(), Doubt.DEAD, 0)  # as if the pause were over
        for client in clients:
            with pytest.raises(CredentialProblem):
                await KisBroker(client).quote("NVDA", Exchange.NASDAQ)
        assert issues.of(PRICE) == asked + 1

        kis.control.clear_faults()
        await store.mark(await store.read(), Doubt.DEAD, 0)
        for client in clients:
            assert (await KisBroker(client).quote("NVDA", Exchange.NASDAQ)).last > 0
        assert issues.count == 2

    async def test_a_hiccup_costs_one_issue_and_nothing_else(self, kis, make_client, issues):
        client = make_client(on_event=issues)
        await ensure_token(client=client)
        kis.control.fault("token_expired", match={"path": PRICE}, count=1)
        assert (await KisBroker(client).quote("NVDA", Exchange.NASDAQ)).last > 0
        assert (await KisBroker(client).quote("NVDA", Exchange.NASDAQ)).last > 0
        assert issues.count == 2

    async def test_when_the_six_hours_are_over_another_one_is_issued(self, generous, config_of, make_client, issues):
        store = MemoryTokenStore()
        client = make_client(config=config_of(generous, "real"), on_event=issues, token_store=store)
        dead = await kept(store, "dead", in_hours(17))  # issued seven hours ago
        await store.mark(await store.read(), Doubt.DEAD, 0)

        assert (await ensure_token(client=client)).value != dead.value
        assert (await KisBroker(client).quote("NVDA", Exchange.NASDAQ)).last > 0
        assert (await store.read()).doubt is Doubt.NONE

    async def test_a_late_refusal_of_the_token_before_says_nothing_about_this_one(self, make_client):
        """Its request was on the way while the same token was issued again, and good again."""
        store = MemoryTokenStore()
        client = make_client(token_store=store)
        old = await ensure_token(client=client)
        await client.tokens.refused(old)
        new = await ensure_token(client=client)
        assert new == old

        for _ in range(3):
            await client.tokens.refused(old)

        assert (await store.read()).doubt is Doubt.REISSUED
        await client.tokens.accepted(new)
        assert (await store.read()).doubt is Doubt.NONE

    async def test_a_token_killed_by_another_holder_is_replaced_and_the_question_answered(
        self, kis, make_client, config_of, issues
    ):
        client = make_client(on_event=issues)
        token = await ensure_token(client=client)
        await revoke_token(token.value, client=make_client())

        assert (await KisBroker(client).quote("NVDA", Exchange.NASDAQ)).last > 0
        assert (await ensure_token(client=client)).value != token.value
        assert issues.count == 2


class TestPlannedRenewal:
    async def test_what_would_end_too_early_is_replaced(self, generous, config_of, make_client, issues):
        store = MemoryTokenStore()
        old = await kept(store, "old", in_hours(12))  # issued twelve hours ago
        client = make_client(config=config_of(generous, "real"), on_event=issues, token_store=store)

        assert (await client.tokens.renew(in_hours(11))) == old
        assert issues.count == 0
        assert (await client.tokens.renew(in_hours(23))).expires_at > in_hours(23)
        assert issues.count == 1

    async def test_within_six_hours_of_its_issue_a_token_is_left_alone(self, make_client, issues):
        store = MemoryTokenStore()
        young = await kept(store, "young", in_hours(19))
        client = make_client(on_event=issues, token_store=store)
        assert (await client.tokens.renew(in_hours(24))) == young
        assert issues.count == 0
        assert renewable_at(young) - datetime.now(UTC) < timedelta(hours=1, seconds=1)


class TestRevoking:
    async def test_a_revoked_token_is_worthless_at_once(self, make_client, kis):
        client, other = make_client(), make_client()
        token = await ensure_token(client=client)
        await revoke_token(token.value, client=other)

        assert (await ensure_token(client=make_client())).value != token.value

    async def test_what_kis_does_not_know_cannot_be_revoked_and_is_not_worth_another_try(self, make_client):
        with pytest.raises(CredentialProblem):
            await revoke_token("eyJ.unknown.token", client=make_client())

    async def test_without_a_server_it_may_be_tried_again(self, kis, config_of, make_client):
        away = make_client(config=config_of(kis, "real", rest_url="http://127.0.0.1:1"))
        with pytest.raises(Unreachable):
            await revoke_token("eyJ.some.token", client=away)


# --- whatever happens in whatever order, the store's rules hold -----------------------------------------------

WHAT = ["ensure", "refuse_latest", "refuse_first", "accept_latest", "quiet_over", "six_hours"]
STEPS = st.lists(st.sampled_from(WHAT), max_size=40)


class Desk:
    """KIS's own rule: within six hours of its issue the same token comes back."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 12, tzinfo=UTC)
        self.issued: list[datetime] = []
        self.asked = 0

    def issue(self) -> AccessToken:
        self.asked += 1
        if not self.issued or self.now - self.issued[-1] >= SAME_FOR:
            self.issued.append(self.now)
        return AccessToken(f"token {len(self.issued)}", self.issued[-1] + timedelta(hours=24))


CONFIG = KisConfig(Environment.REAL, "k" * 36, "s" * 180)


@cache
def nowhere() -> KisClient:
    return KisClient(CONFIG)


def keeper_at(desk: Desk, store: MemoryTokenStore) -> TokenKeeper:
    """A process that issues at this desk instead of over the wire."""

    class AtTheDesk(TokenKeeper):
        async def _issue(self) -> AccessToken:
            return desk.issue()

    client = nowhere()
    return AtTheDesk(CONFIG, client.transport, store, client.journal.mask, patience_s=0, clock=lambda: desk.now)


@given(STEPS)
def test_no_token_is_issued_for_nothing_and_none_is_handed_out_while_it_is_dead(steps):
    async def live() -> None:
        desk, store = Desk(), MemoryTokenStore()
        served: list[AccessToken] = []
        refusals = 0
        processes = [keeper_at(desk, store) for _ in range(3)]
        for n, step in enumerate(steps):
            keeper = processes[n % 3]
            if step == "ensure":
                before = await store.read()
                try:
                    served.append(await keeper.ensure())
                except TradingError:
                    assert before.quiet_s > 0
            elif step.startswith("refuse") and served:
                refusals += 1
                await keeper.refused(served[-1] if step == "refuse_latest" else served[0])
            elif step == "accept_latest" and served:
                await keeper.accepted(served[-1])
            elif step == "quiet_over":
                held = await store.read()
                await store.mark(held, held.doubt, 0)
            elif step == "six_hours":
                desk.now += SAME_FOR
        assert desk.asked <= 1 + refusals + steps.count("six_hours")

    asyncio.run(live())


def test_a_failed_issue_is_remembered_for_all_until_its_time_is_over():
    async def live() -> None:
        store = MemoryTokenStore()
        empty = await store.read()
        assert await store.claim(empty)
        await store.fail(Throttled(Text("잠시 뒤", "later"), code="EGW00133"), 60)
        held = await store.read()
        assert held.problem is not None and held.problem.code == "EGW00133"
        assert not await store.claim(held)
        await store.mark(held, Doubt.NONE)
        assert (await store.read()).problem is None
        assert await store.claim(Held())

    asyncio.run(live())


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
    approval = await get_approval_key(client=client)
    await broker.holdings()
    prepared = await broker.prepare_order(
        OrderTicket("NVDA", Exchange.NASDAQ, Side.BUY, 1, Decimal("20.00")), lane=Lane.ENTRY
    )
    await prepared.send(within=5)
    kis.control.fault("garbage_json", count=1)
    await broker.executions(datetime.now(UTC).date(), datetime.now(UTC).date())
    await revoke_token(token.value, client=client)

    written = "\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records if r.name != "asyncio")
    written += repr(events) + repr(client.config) + repr(token)
    for secret in (*client.config.secrets, token.value, approval):
        assert secret not in written
    assert any(r.name == "kis" and getattr(r, "tr_id", "") == "TTTT1002U" for r in caplog.records)
    order = next(e for e in events if e.get("tr_id") == "TTTT1002U")
    assert (order["status"], order["rt_cd"], order["account"]) == (200, "0", client.config.masked_account)
    assert order["fields"]["PDNO"] == "NVDA"
    assert order["seconds"] >= 0
