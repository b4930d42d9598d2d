"""What a bot asks for itself: prices that are silent on the socket, held ones first, and no more often than it must."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from redis.asyncio import Redis

from bots import feed as feeds
from bots import ticks
from bots.feed import ASK_EVERY_SEC, CLOSED_SEC, SILENT_SEC, Feed
from credentials.services import set_credentials
from market.data import Quote, SessionView
from market.words import Environment, Exchange, Freshness, Session

OPEN, CLOSED = SessionView(Session.REGULAR), SessionView(None)
NOW = 1000.0


def feed(session: SessionView = OPEN, **fields) -> Feed:
    wanted = dict.fromkeys(("AAPL", "MSFT", "NVDA"), Exchange.NASDAQ)
    heard: list[Quote] = []
    made = Feed(
        None, SimpleNamespace(pk="key"), heard.append, lambda: None, wanted=wanted, session=session, **fields
    )  # fmt: skip
    made.heard = heard
    return made


def quote(symbol: str = "AAPL", last: str = "184.24", volume: int = 10) -> Quote:
    now = datetime(2026, 3, 12, 16, tzinfo=UTC)
    return Quote(symbol, Exchange.NASDAQ, Decimal(last), now, now, volume=volume)


class TestWhatIsAsked:
    def test_a_symbol_that_the_socket_brings_is_not(self):
        made = feed(seen={"AAPL": NOW - 1, "MSFT": NOW - 1, "NVDA": NOW - 1})
        assert made._most_silent(NOW) is None
        made.seen["MSFT"] = NOW - SILENT_SEC
        assert made._most_silent(NOW) == "MSFT"

    def test_held_symbols_come_first_then_who_has_waited_longest(self):
        made = feed(held=frozenset({"NVDA"}), asked={"AAPL": NOW - 20, "MSFT": NOW - 30, "NVDA": NOW - 10})
        order = []
        while (symbol := made._most_silent(NOW)) is not None:
            order.append(symbol)
            made.asked[symbol] = NOW
        assert order == ["NVDA", "MSFT", "AAPL"]

    def test_each_only_so_often_and_seldom_while_the_market_is_closed(self):
        for session, every in ((OPEN, ASK_EVERY_SEC), (CLOSED, CLOSED_SEC)):
            made = feed(session, asked=dict.fromkeys(("AAPL", "MSFT", "NVDA"), NOW))
            assert made._most_silent(NOW + every - 0.1) is None
            assert made._most_silent(NOW + every) is not None

    def test_while_redis_is_away_only_one_of_those_who_share_a_key_asks(self):
        """Nobody can know then what the others ask (safety.md 4.3)."""
        asks, waits = (feed(may_ask_alone=lambda answer=answer: answer) for answer in (True, False))
        assert asks._most_silent(NOW) == waits._most_silent(NOW) == "AAPL"
        asks.deaf = waits.deaf = True
        assert asks._most_silent(NOW) == "AAPL"
        assert waits._most_silent(NOW) is None


class TestWhatIsHeard:
    def test_a_quote_of_a_wanted_symbol_once(self):
        made = feed()
        for _ in range(2):
            made._hear(ticks.quotes("key", "AAPL").encode(), ticks.pack(quote()))
        made._hear(ticks.quotes("key", "KO").encode(), ticks.pack(quote("KO")))
        assert made.heard == [quote()]
        assert made._most_silent(time.monotonic()) != "AAPL"

    def test_a_gap_is_told(self):
        told: list[bool] = []
        made = feed()
        made.on_gap = lambda: told.append(True)
        made._hear(ticks.quotes("key").encode(), ticks.GAP)
        assert told == [True]


class TestFreshness:
    """A polled price has no time: only a volume that rose within one session shows that it is of now."""

    @pytest.fixture
    def polled(self, monkeypatch):
        """`polled(feed, session, volume)`: what one question brings, whatever was asked before."""

        async def ask(made: Feed, session: SessionView, volume: int) -> list[Quote]:
            async def answered(symbol, exchange, **_):
                return replace(quote(symbol, volume=volume), freshness=Freshness.STALE, source="rest")

            async def published(*_):
                return None

            monkeypatch.setattr(feeds, "get_price", answered)
            made.session, made._pass_on = session, published
            made.heard.clear()
            await made._ask("AAPL", SimpleNamespace(config=SimpleNamespace(environment=Environment.REAL)))
            return list(made.heard)

        return ask

    async def test_a_volume_that_rises_within_a_session_is_fresh(self, polled):
        made = feed()
        assert await polled(made, OPEN, 10) == []
        (found,) = await polled(made, OPEN, 11)
        assert found.freshness is Freshness.FRESH

    async def test_yesterdays_volume_after_the_daytime_session_is_not(self, polled):
        """The daytime feed counts for itself: the first look at the other one compares with nothing."""
        made, day = feed(), date(2026, 3, 12)
        daytime, pre = SessionView(Session.DAYTIME, day), SessionView(Session.PRE, day)
        await polled(made, daytime, 10)
        assert len(await polled(made, daytime, 1000)) == 1
        assert await polled(made, pre, 50_000_000) == []
        assert len(await polled(made, pre, 50_000_100)) == 1

    async def test_late_prints_are_no_news_the_next_day_nor_while_the_market_is_closed(self, polled):
        made = feed()
        await polled(made, SessionView(Session.PRE, date(2026, 3, 12)), 10)
        assert await polled(made, SessionView(Session.PRE, date(2026, 3, 13)), 11) == []
        await polled(made, CLOSED, 12)
        assert await polled(made, CLOSED, 13) == []


class TestDeafness:
    """What is published while nobody listens is lost, and said to be."""

    async def test_after_a_broken_line_a_gap_is_told_once_we_listen_again(self):
        async with Redis.from_url(settings.REDIS_URL) as redis:
            gaps: list[float] = []
            made = feed()
            noticed = asyncio.Event()
            made.redis, made.on_gap = redis, lambda: (gaps.append(time.monotonic()), noticed.set())
            listening = asyncio.create_task(made._listen())
            await listened(redis, made)
            assert gaps == []

            await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await asyncio.wait_for(noticed.wait(), 5)
            assert not await redis.publish(ticks.quotes("key", "AAPL"), ticks.pack(quote(volume=1)))
            lost_at = time.monotonic()
            await listened(redis, made)
            assert gaps[-1] > lost_at
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def listened(redis: Redis, made: Feed) -> None:
    """Publish until it is heard."""
    async with asyncio.timeout(10):
        made.heard.clear()
        volume = 0
        while not made.heard:
            volume += 1
            await redis.publish(ticks.quotes("key", "AAPL"), ticks.pack(quote(volume=volume)))
            await asyncio.sleep(0.05)


@pytest.mark.django_db(transaction=True)
class TestAsking:
    @pytest.fixture
    def key(self, kis, paper_account, trader):
        """Paper has no prices on its socket: all of them are asked for."""
        given = kis.accounts("paper")[0]
        names = ("app_key", "app_secret", "account_no", "hts_id")
        return set_credentials(account=paper_account, by=trader, **{name: given[name] for name in names})

    def test_what_one_bot_asks_for_the_others_hear(self, kis, key):
        async def live() -> tuple[list[Quote], list[Quote]]:
            async with Redis.from_url(settings.REDIS_URL) as redis:
                heard: tuple[list[Quote], list[Quote]] = ([], [])
                both = asyncio.Event()

                def hear(mine: list[Quote], quote: Quote) -> None:
                    mine.append(quote)
                    if all(heard):
                        both.set()

                one, other = (
                    Feed(redis, key, partial(hear, mine), lambda: None, {"AAPL": Exchange.NASDAQ}, session=OPEN)
                    for mine in heard
                )
                other.asked["AAPL"] = time.monotonic() + 3600  # it never asks
                running = [asyncio.create_task(bot.run()) for bot in (one, other)]
                await asyncio.wait_for(both.wait(), 40)
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                await sync_to_async(connections.close_all)()
                return heard

        first, second = asyncio.run(live())
        assert first[0] == second[0]
        assert (first[0].symbol, first[0].source) == ("AAPL", "rest")
