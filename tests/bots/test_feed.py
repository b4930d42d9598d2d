"""What a bot asks for itself: prices that are silent on the socket, held ones first, and no more often than it must."""

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from redis.asyncio import Redis

from bots import ticks
from bots.feed import ASK_EVERY_SEC, CLOSED_SEC, SILENT_SEC, Feed
from credentials.services import set_credentials
from market.data import Quote, SessionView
from market.words import Exchange, Session

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
