"""Sheet 4.17 to 4.25: what a price answer is, on the side where there is one."""

from datetime import timedelta
from itertools import pairwise

import pytest

from kis import instruments, overseas_bars, overseas_quotes
from kis.errors import NoPrice
from market.data import Period
from market.errors import NotInPaper
from market.prices import Screen
from market.words import Exchange, Freshness, Lane


async def test_a_price_is_found_on_the_exchange_where_the_symbol_is_listed(client):
    quote = await overseas_quotes.get_price("AAPL", Exchange.NASDAQ, client=client)
    assert quote.last > 0
    assert quote.freshness is Freshness.STALE  # without a time of its own it proves nothing yet


async def test_a_symbol_that_is_not_there_has_blanks_and_not_an_error(client):
    with pytest.raises(NoPrice):
        await overseas_quotes.get_price("NOSUCHSYM", Exchange.NASDAQ, client=client)


async def test_daily_bars_reach_back_over_several_pages_without_a_gap_or_a_repetition(client):
    found = await overseas_bars.read_daily_bars("AAPL", Exchange.NASDAQ, count=130, client=client, lane=Lane.SCAN)
    assert found.complete
    starts = [bar.start for bar in found.rows]
    assert len(starts) == 130
    assert starts == sorted(set(starts))
    assert all(later - earlier < timedelta(days=6) for earlier, later in pairwise(starts))
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in found.rows)


async def test_bars_of_an_index_are_there_on_either_side(client):
    found = await overseas_bars.read_index_bars(".DJI", count=5, period=Period.DAY, client=client, lane=Lane.SCAN)
    assert found.complete
    assert found.rows


async def test_the_screener_answers_on_either_side(client):
    found = await overseas_quotes.read_screen(Exchange.NASDAQ, Screen(), client=client, lane=Lane.SCAN)
    assert found.freshness in (Freshness.FRESH, Freshness.EMPTY, Freshness.PARTIAL)


class TestWhatOnlyRealHas:
    """On paper each is refused before anything is sent, with what to use instead."""

    @pytest.fixture(autouse=True)
    def _paper_says_so(self, target, request):
        self.paper = target.paper

    async def answers(self, question):
        if not self.paper:
            return await question
        with pytest.raises(NotInPaper) as refused:
            await question
        assert refused.value.message.ko
        return None

    async def test_price_detail(self, client):
        found = await self.answers(overseas_quotes.get_price_detail("AAPL", Exchange.NASDAQ, client=client))
        assert self.paper or found.tick_size

    async def test_the_order_book_has_ten_levels_on_each_side(self, client):
        found = await self.answers(overseas_quotes.get_order_book("AAPL", Exchange.NASDAQ, client=client))
        assert self.paper or (len(found.bids), len(found.asks)) == (10, 10)
        assert self.paper or found.bids[0].price < found.asks[0].price

    async def test_minute_bars(self, client):
        bars = overseas_bars.read_minute_bars(
            "AAPL", Exchange.NASDAQ, minutes=5, count=150, client=client, lane=Lane.SCAN
        )
        found = await self.answers(bars)
        assert self.paper or len(found.rows) == 150

    async def test_several_prices_at_once(self, client):
        wanted = [("AAPL", Exchange.NASDAQ), ("KO", Exchange.NYSE), ("SPY", Exchange.AMEX)]
        found = await self.answers(overseas_quotes.read_prices(wanted, client=client, lane=Lane.SCAN))
        assert self.paper or {row.quote.symbol for row in found.rows} == {"AAPL", "KO", "SPY"}

    async def test_the_list_of_trades(self, client):
        found = await self.answers(overseas_quotes.read_trades("AAPL", Exchange.NASDAQ, client=client, lane=Lane.SCAN))
        assert self.paper or found.rows

    async def test_all_about_an_instrument(self, client):
        found = await self.answers(instruments.get_info("AAPL", Exchange.NASDAQ, client=client))
        assert self.paper or found.currency == "USD"

    async def test_settlement_dates(self, client):
        day = client.clock().date()
        found = await self.answers(instruments.read_settlement_dates(day, client=client, lane=Lane.SCAN))
        assert self.paper or found.complete
