"""Following the journal: every event once, in order, only what one may see, and nobody slowed by anybody."""

import asyncio
import random
from contextlib import aclosing
from functools import partial

import pytest
from django.db import transaction

from accounts import services as people
from accounts.models import AccountShare
from logs import selectors, stream
from logs.access import scope_for
from logs.events import DENIED, RENEW, SLOW, Beat, Which
from logs.stream import Follower, Hub

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = selectors.Scope(frozenset(), house=True)


def everything() -> selectors.Scope:
    return EVERYTHING


@pytest.fixture
def follow():
    """`follow(hub, after=…)`: a stream of the house's events."""

    def make(hub: Hub, which: Which | None = None, check=everything, **options):
        return Follower(hub, which or Which(), check, **options).events()

    return make


@pytest.fixture
def as_reader(token_of):
    """What a person with a token may see, asked anew every time."""

    def make(user):
        return partial(scope_for, {"Authorization": f"Bearer {token_of(user)}"})

    return make


def said(items) -> list[str]:
    return [item.log["message"]["en"] for item in items]


class TestEveryEventOnce:
    async def test_what_was_written_before_is_caught_up_and_what_comes_is_live(self, follow, write, aside, collect):
        hub = Hub()
        await aside(write, "before")
        async with aclosing(follow(hub, after=0)) as events:
            assert said(await collect(events, 1)) == ["before"]
            await aside(write, "after")
            assert said(await collect(events, 1)) == ["after"]

    async def test_without_a_number_it_begins_now(self, follow, write, aside, collect):
        hub = Hub()
        await aside(write, "the past")
        async with hub.attached(), aclosing(follow(hub, beat=0.01)) as events:
            assert isinstance(await anext(events), Beat)  # listening
            await aside(write, "the present")
            assert said(await collect(events, 1)) == ["the present"]

    async def test_a_number_from_the_future_begins_at_the_end(self, follow, write, aside, collect):
        hub = Hub()
        await aside(write, "before the database was restored")
        async with aclosing(follow(hub, after=10**12, beat=0.01)) as events:
            assert isinstance(await anext(events), Beat)
            await aside(write, "and life goes on")
            assert said(await collect(events, 1)) == ["and life goes on"]

    async def test_it_works_without_redis_only_slower(self, follow, write, aside, collect, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody there
        hub = Hub(poll=0.05)
        async with aclosing(follow(hub, after=0, beat=0.01)) as events:
            assert isinstance(await anext(events), Beat)
            await aside(write, "found by looking")
            assert said(await collect(events, 1)) == ["found by looking"]

    @pytest.mark.parametrize("seed", range(4))
    async def test_a_reader_who_drops_at_random_sees_each_event_exactly_once_and_in_order(
        self, seed, follow, write, aside, monkeypatch
    ):
        monkeypatch.setattr(stream, "NEAR", 3)  # so that both ways of catching up are walked
        monkeypatch.setattr(stream, "PAGE", 4)
        dice = random.Random(seed)
        hub = Hub(poll=0.05)
        writers = [asyncio.create_task(aside(_scribble, write, f"{seed}-{n}", dice.random())) for n in range(3)]
        seen: list[int] = []
        async with asyncio.timeout(60):
            while not (all(w.done() for w in writers) and seen and seen[-1] == await aside(selectors.newest_seq)):
                async with aclosing(follow(hub, after=seen[-1] if seen else 0, beat=0.02)) as events:
                    await _read(events, seen, dice.randint(1, 12))
        await asyncio.gather(*writers)

        assert seen == [row.seq for row in await aside(selectors.after, 0, account_ids=None, house=True, limit=9999)]
        assert len(seen) > 60


async def _read(events, seen: list[int], count: int) -> None:
    """Some events, or until nothing more comes for the moment."""
    for _ in range(count):
        item = await anext(events)
        if isinstance(item, Beat):
            return
        seen.append(item.seq)


def _scribble(write, name: str, seed: float) -> None:
    """Forty transactions of one to four events, some of them rolled back."""
    dice = random.Random(seed)
    for turn in range(40):
        with transaction.atomic():
            for event in range(dice.randint(1, 4)):
                write(f"{name} {turn} {event}")
            if dice.random() < 0.2:
                transaction.set_rollback(True)


class TestTheSlow:
    async def test_a_slow_reader_is_let_go_with_a_reason_and_the_others_get_everything(
        self, follow, write, aside, collect
    ):
        hub = Hub()
        async with (
            aclosing(follow(hub, after=0, room=5, beat=0.01)) as slow,
            aclosing(follow(hub, after=0, beat=0.01)) as quick,
        ):
            assert isinstance(await anext(slow), Beat)
            assert isinstance(await anext(quick), Beat)
            for number in range(20):
                await aside(write, f"{number}")

            assert said(await collect(quick, 20)) == [f"{number}" for number in range(20)]
            assert await collect(slow, 1) == [SLOW]

    async def test_who_was_let_go_comes_back_and_has_missed_nothing(self, follow, write, aside, collect):
        hub = Hub()
        async with aclosing(follow(hub, after=0, room=2, beat=0.01)) as slow:
            assert isinstance(await anext(slow), Beat)
            for number in range(9):
                await aside(write, f"{number}")
            async with aclosing(follow(hub, after=0)) as other:
                await collect(other, 9)
            assert await collect(slow, 1) == [SLOW]

        async with aclosing(follow(hub, after=0)) as again:
            assert said(await collect(again, 9)) == [f"{number}" for number in range(9)]

    async def test_an_old_connection_is_renewed(self, follow, collect):
        async with aclosing(follow(Hub(), life=0.01)) as events:
            assert await collect(events, 1) == [RENEW]

    async def test_who_leaves_is_forgotten_and_the_last_one_stops_the_reading(self, follow):
        hub = Hub()
        async with aclosing(follow(hub, beat=0.01)) as events:
            await anext(events)
            assert hub.audience == 1
        assert hub.audience == 0
        assert not hub.running


class TestWhoMaySeeWhat:
    async def test_another_persons_account_is_never_in_the_stream(
        self, follow, write, aside, collect, as_reader, trader, paper_account, foreign_account
    ):
        hub = Hub()
        for number in range(3):  # caught up
            await aside(write, f"theirs {number}", account=foreign_account)
            await aside(write, f"the house's {number}")
            await aside(write, f"mine {number}", account=paper_account)
        check = await aside(as_reader, trader)
        async with aclosing(follow(hub, check=check, after=0)) as events:
            caught_up = await collect(events, 3)
            for number in range(3, 6):  # live
                await aside(write, f"theirs {number}", account=foreign_account)
                await aside(write, f"the house's {number}")
                await aside(write, f"mine {number}", account=paper_account)
            live = await collect(events, 3)

        assert said(caught_up + live) == [f"mine {number}" for number in range(6)]

    async def test_an_admin_also_reads_the_house(self, follow, write, aside, collect, as_reader, admin, paper_account):
        await aside(write, "the house's")
        check = await aside(as_reader, admin)
        async with aclosing(follow(Hub(), check=check, after=0)) as events:
            assert said(await collect(events, 1)) == ["the house's"]

    async def test_filters_hold_for_the_past_and_for_what_comes(
        self, follow, write, aside, collect, as_reader, trader, paper_account, real_account
    ):
        async def both(when: str) -> None:
            await aside(write, f"{when}: quiet", account=real_account)
            await aside(write, f"{when}: wrong account", account=paper_account, level="error")
            await aside(write, f"{when}: right", account=real_account, level="error")

        check = await aside(as_reader, trader)
        which = Which(account_id=real_account.pk, level="warning")
        await both("past")
        async with aclosing(follow(Hub(), which, check, after=0)) as events:
            found = await collect(events, 1)
            await both("live")
            found += await collect(events, 1)

        assert said(found) == ["past: right", "live: right"]

    async def test_a_share_taken_back_ends_what_it_showed_at_once(
        self, follow, write, aside, collect, as_reader, viewer, paper_account
    ):
        check = await aside(as_reader, viewer)
        which = Which(account_id=paper_account.pk)
        async with aclosing(follow(Hub(), which, check, after=0, beat=60)) as events:
            await aside(write, "shared", account=paper_account)
            assert said(await collect(events, 1)) == ["shared"]
            await aside(AccountShare.objects.all().delete)
            await aside(write, "no longer", account=paper_account)

            assert await collect(events, 1) == [DENIED]

    async def test_without_a_tap_a_lost_permission_is_noticed_by_asking_again(
        self, follow, aside, collect, as_reader, viewer, paper_account, settings
    ):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody there
        check = await aside(as_reader, viewer)
        which = Which(account_id=paper_account.pk)
        async with aclosing(follow(Hub(), which, check, beat=0.01, recheck=0.05)) as events:
            assert isinstance(await anext(events), Beat)
            await aside(AccountShare.objects.all().delete)

            assert await collect(events, 1) == [DENIED]

    async def test_the_first_event_of_an_account_just_opened_reaches_its_owner(
        self, follow, write, aside, collect, as_reader, trader
    ):
        check = await aside(as_reader, trader)
        async with aclosing(follow(Hub(), check=check, after=0, beat=0.01)) as events:
            assert isinstance(await anext(events), Beat)
            opened = await aside(people.create_account, user=trader, nickname="new", environment="paper", by=trader)
            await aside(write, "first words", account=opened)

            while said(found := await collect(events, 1)) != ["first words"]:
                assert found[0].account_id == opened.pk  # the opening itself is journaled too

    async def test_a_revoked_token_ends_its_streams(self, follow, aside, collect, as_reader, trader):
        check = await aside(as_reader, trader)
        async with aclosing(follow(Hub(), check=check, beat=0.01, recheck=0.05)) as events:
            assert isinstance(await anext(events), Beat)
            await aside(trader.api_tokens.all().delete)

            assert await collect(events, 1) == [DENIED]
