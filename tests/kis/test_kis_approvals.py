"""The approval key of the WebSocket: asked for once by all who hold the app key, and again only when it must be."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kis.auth import ApprovalKey, MemoryApprovalStore, get_approval_key
from market.errors import CredentialProblem


class TestApprovalKey:
    PATH = "/oauth2/Approval"

    async def test_it_is_asked_for_once_by_all_who_hold_the_app_key(self, make_client, issues):
        store = MemoryApprovalStore()
        clients = [make_client(on_event=issues, approval_store=store) for _ in range(5)]
        keys = await asyncio.gather(*(get_approval_key(client=client) for client in clients))
        assert len(set(keys)) == 1
        assert len(keys[0]) == 36
        assert issues.of(self.PATH) == 1

    async def test_one_that_came_between_the_look_and_the_claim_is_used(self, make_client, issues):
        class Overtaken(MemoryApprovalStore):
            async def claim(self) -> bool:
                await self.put(ApprovalKey("another's", datetime.now(UTC)))
                return await super().claim()

        store = Overtaken()
        client = make_client(on_event=issues, approval_store=store)
        assert await get_approval_key(client=client) == "another's"
        assert issues.of(self.PATH) == 0
        assert await MemoryApprovalStore.claim(store)  # the right was given back

    async def test_after_a_day_it_is_asked_for_again(self, make_client, issues):
        store, moment = MemoryApprovalStore(), datetime.now(UTC)
        clients = [make_client(on_event=issues, approval_store=store, clock=lambda: moment) for _ in range(2)]
        first = await get_approval_key(client=clients[0])
        moment += timedelta(hours=23)
        assert await get_approval_key(client=clients[1]) == first
        moment += timedelta(hours=2)
        assert await get_approval_key(client=clients[1]) != first
        assert issues.of(self.PATH) == 2

    async def test_a_refused_one_is_replaced_and_a_newer_one_kept(self, make_client, issues):
        client = make_client(on_event=issues)
        first = await get_approval_key(client=client)
        await client.approvals.refused(first)
        second = await get_approval_key(client=client)
        await client.approvals.refused(first)
        assert await get_approval_key(client=client) == second != first
        assert issues.of(self.PATH) == 2

    async def test_a_wrong_key_gets_none_and_leaves_no_claim_behind(self, kis, config_of, make_client):
        store = MemoryApprovalStore()
        wrong = make_client(config=config_of(kis, "real", app_secret="x" * 36), approval_store=store)
        with pytest.raises(CredentialProblem):
            await get_approval_key(client=wrong)
        assert await store.claim()
