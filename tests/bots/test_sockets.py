"""One session per app key over all processes: one owner, everybody hears, and a dead owner is replaced in time."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from redis.asyncio import Redis

from accounts.models import BrokerageAccount
from bots import lease, ticks
from bots.models import FeedLease
from bots.notices import Notices
from bots.sockets import SocketOwner, want_book
from credentials.models import ApiCredential
from credentials.services import set_credentials, set_data_credential
from instruments.services import ensure_instruments
from kis import overseas_orders
from kis.client import KisClient
from kis.simulator.testing import wait_for
from kis.throttle import LocalBudget
from market.orders import Notice, OrderTicket
from market.prices import OrderBook
from market.words import Exchange, Side
from rules.models import TradeRule
from rules.services import create_rule
from tests import processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

NAMES = ("app_key", "app_secret", "account_no", "hts_id")


@pytest.fixture
def house(kis, paper_account, trader):
    """A paper account with a rule on AAPL, and its owner's data key."""
    ours, data = kis.accounts("paper")[0], kis.accounts("real")[0]
    set_credentials(account=paper_account, by=trader, **{n: ours[n] for n in NAMES})
    set_data_credential(owner=trader, environment="real", by=trader, **{n: data[n] for n in NAMES})
    ensure_instruments()
    follow(paper_account, "AAPL")
    BrokerageAccount.objects.update(enabled=True)
    return paper_account


def follow(account, symbol: str) -> None:
    rule = create_rule(
        account=account,
        by=account.user,
        symbol=symbol,
        timeframe="1m",
        entry_condition="price > 0",
        exit_condition="false",
        buy_amount_usd=Decimal(100),
        max_position=10,
        cooldown_sec=1,
    )
    TradeRule.objects.filter(pk=rule.pk).update(enabled=True)


def the_data_key() -> ApiCredential:
    return ApiCredential.objects.select_related("account").get(environment="real")


def at_kis(kis) -> int:
    """How many registrations the data key has there."""
    return sum(len(session["subscriptions"]) for session in sessions(kis))


def sessions(kis, environment: str = "real") -> list[dict[str, Any]]:
    """The sockets that have registered something."""
    return [s for s in kis.control.state()["sockets"] if s["environment"] == environment and s["subscriptions"]]


@pytest.fixture
def box(house, tmp_path) -> Iterator[Callable[[], "Box"]]:
    """`box()`: a process that would own the socket and listens."""
    started: list[Box] = []

    def start() -> Box:
        started.append(Box(tmp_path / f"box{len(started)}.log"))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        sys.stderr.write(one.path.read_text()[-1500:])


class Box:
    def __init__(self, path) -> None:
        self.path = path
        env = processes.environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        with path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.bots.socket_box", "AAPL"],
                cwd=processes.ROOT, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def lines(self, word: str) -> list[str]:
        return [line for line in self.path.read_text().splitlines() if line.startswith(word)]

    @property
    def name(self) -> str:
        return str(self.process.pid)

    @property
    def live(self) -> int:
        return len(self.lines("quote websocket"))


def owner() -> str:
    row = FeedLease.objects.filter(credential=the_data_key()).first()
    return row.holder.rpartition(":")[2] if row else ""


class TestTakeOver:
    def test_of_several_processes_one_has_the_session_and_all_hear(self, kis, box):
        boxes = [box() for _ in range(3)]
        wait_for(lambda: all(one.live > 3 for one in boxes), 40)
        assert len(sessions(kis)) == 1
        assert owner() in {one.name for one in boxes}

    def test_a_killed_owner_is_replaced_within_ten_seconds_and_the_gap_is_told(self, kis, box):
        first = box()
        wait_for(lambda: first.live > 3, 40)
        second = box()
        wait_for(lambda: second.live > 3, 40)
        assert owner() == first.name
        first.process.kill()
        killed_at, before, gaps = time.monotonic(), second.live, len(second.lines("gap"))

        wait_for(lambda: owner() == second.name, 10)
        wait_for(lambda: second.live > before + 2, 10)

        assert time.monotonic() - killed_at < 10
        assert len(second.lines("gap")) > gaps

    @pytest.mark.long
    def test_a_slot_that_lingers_is_waited_for_and_prices_are_asked_for_meanwhile(self, kis, box):
        first = box()
        wait_for(lambda: first.live > 3, 40)
        kis.control.fault("slot_lingers", seconds=12)
        second = box()
        wait_for(lambda: second.live > 3, 40)
        first.process.kill()
        first.process.wait()
        wait_for(lambda: owner() == second.name, 10)
        live = second.live

        wait_for(lambda: second.lines("quote rest"), 30)
        wait_for(lambda: second.live > live + 2, 40)

    def test_an_owner_that_goes_in_peace_hands_over_at_once(self, kis, house):
        async def live() -> float:
            async with Redis.from_url(settings.REDIS_URL) as redis:
                key = await sync_to_async(the_data_key)()
                first, second = (SocketOwner(redis, key, name) for name in ("a:1", "b:2"))
                one = asyncio.create_task(first.run())
                await until(lambda: sessions(kis))
                two = asyncio.create_task(second.run())
                one.cancel()
                await asyncio.gather(one, return_exceptions=True)
                gone_at = time.monotonic()
                await until(lambda: owner() == "2" and sessions(kis))
                took = time.monotonic() - gone_at
                two.cancel()
                await asyncio.gather(two, return_exceptions=True)
                await sync_to_async(connections.close_all)()
                return took

        assert asyncio.run(live()) < 6
        assert owner() == ""


async def until(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true answer; asks as `wait_for`, and leaves the loop free meanwhile."""
    return await asyncio.to_thread(_closing, lambda: wait_for(look, seconds))


def _closing(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connections.close_all()


async def heard_on(redis: Redis, pattern: str) -> AsyncIterator[bytes]:
    """What is said on the channels of this pattern, gaps left out."""
    async with redis.pubsub() as channel:
        await channel.psubscribe(pattern)
        async for message in channel.listen():
            if message["type"] == "pmessage" and message["data"] != ticks.GAP:
                yield message["data"]


class TestWhatIsPassedOn:
    def run(self, owners: list[ApiCredential], listen: Callable[[Redis], Any]) -> Any:
        """Own the sockets of these keys for as long as `listen` takes."""

        async def live() -> Any:
            async with Redis.from_url(settings.REDIS_URL, max_connections=50) as redis:
                tasks = [
                    asyncio.create_task(SocketOwner(redis, key, f"test:{n}").run()) for n, key in enumerate(owners)
                ]
                try:
                    return await asyncio.wait_for(listen(redis), 40)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    await sync_to_async(connections.close_all)()

        return asyncio.run(live())

    def test_an_order_book_that_somebody_wants_and_only_while_they_do(self, kis, house):
        key = the_data_key()

        async def listen(redis: Redis) -> OrderBook:
            said = heard_on(redis, ticks.books(key.pk, "KO"))
            await want_book(redis, key, "KO", Exchange.NYSE, 6.0)
            book = ticks.unpack_book(await anext(said))
            assert at_kis(kis) == 2
            await until(lambda: at_kis(kis) == 1)
            return book

        book = self.run([key], listen)
        assert (book.symbol, len(book.bids)) == ("KO", 10)

    @pytest.mark.parametrize("environment", ["real", "paper"])
    def test_a_notice_reaches_the_bot_of_its_account_whoever_owns_the_socket(
        self, kis, house, real_account, environment
    ):
        account = real_account if environment == "real" else house
        given = kis.accounts(environment)[0]
        ApiCredential.objects.filter(environment=environment).delete()
        key = set_credentials(account=account, **{n: given[n] for n in NAMES})
        BrokerageAccount.objects.update(enabled=True)

        async def listen(redis: Redis) -> list[Notice]:
            heard: list[Notice] = []
            gaps: list[bool] = []

            async def hear(notice: Notice) -> None:
                heard.append(notice)

            listening = asyncio.create_task(Notices(account.pk, redis, hear, lambda: gaps.append(True)).listen())
            await until(lambda: sessions(kis, environment))
            await sync_to_async(kis.control.pin)("NVDA", "100.00")
            async with KisClient(await sync_to_async(_config)(key), budget=LocalBudget(100)) as client:
                ticket = OrderTicket("NVDA", Exchange.NASDAQ, Side.BUY, 1, Decimal("120.00"))
                prepared = await overseas_orders.prepare_order(ticket, client=client)
                await prepared.send(within=5)
            await until(lambda: {n.kind for n in heard} >= {"accepted", "fill"})
            listening.cancel()
            return heard

        heard = self.run([key], listen)
        assert {n.symbol for n in heard} == {"NVDA"}
        assert {n.account_no for n in heard} == {""}

    def test_what_came_before_the_first_registration_is_a_gap_too(self, kis, house):
        """A key in use may take minutes: whoever asked for the list when we took over has missed what came since."""
        key = the_data_key()

        async def listen(redis: Redis) -> list[bool]:
            said: list[bool] = []  # whether it was a gap
            async with redis.pubsub() as channel:
                await channel.psubscribe(ticks.quotes(key.pk))
                async for message in channel.listen():
                    if message["type"] == "pmessage":
                        said.append(message["data"] == ticks.GAP)
                    if said.count(False) >= 3 or (False in said and True in said[said.index(False) :]):
                        return said
            return said

        assert self.run([key], listen).count(True) >= 2

    def test_without_an_hts_id_everything_else_goes_on(self, kis, house, real_account):
        given = kis.accounts("real")[0]
        ApiCredential.objects.filter(environment="real").delete()
        key = set_credentials(account=real_account, **{n: given[n] for n in NAMES if n != "hts_id"})
        BrokerageAccount.objects.update(enabled=True)
        follow(real_account, "NVDA")

        async def listen(redis: Redis) -> str:
            return ticks.unpack(await anext(heard_on(redis, ticks.quotes(key.pk)))).symbol

        assert self.run([key], listen) == "NVDA"

    def test_a_symbol_without_room_leaves_those_that_have_it_alone(self, kis, house):
        key = the_data_key()

        async def listen(redis: Redis) -> set[str]:
            said = heard_on(redis, ticks.quotes(key.pk))
            await anext(said)
            await sync_to_async(kis.control.fault)("subscriptions_full")
            await sync_to_async(follow)(house, "MSFT")
            await until(lambda: kis.control.faults()["active"][0]["struck"])
            return {ticks.unpack(await anext(said)).symbol for _ in range(8)}

        assert self.run([key], listen) == {"AAPL"}


def _config(key: ApiCredential):
    from credentials.services import kis_config

    return kis_config(key)


def test_the_lease_of_a_socket_is_shorter_than_the_ten_seconds_that_a_take_over_may_take():
    assert lease.FEED_LEASE_SEC + 2 < 10
