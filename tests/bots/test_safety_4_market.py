"""Safety rules 4.1 to 4.3: freshness is the market's time, bars are whole or unknown, the budget is reckoned first."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots import corrections, ticks
from bots.bar_keeping import BarKeeper
from bots.bars import SETTLES, BarSeries, Difference
from bots.feed import Feed
from bots.health import Pulse
from bots.series import Followed, SeriesBook
from bots.sockets import DEAD_SEC, Following, SocketOwner
from bots.watch import Watch, aged, follow, load
from credentials.capacity import capacity_of
from instruments.candles import newest
from instruments.models import Candle
from instruments.services import ensure_instruments
from kis.broker import KisBroker
from kis.client import KisClient
from kis.config import KisConfig
from kis.realtime import RealtimeClient
from kis.simulator import testing
from logs.models import ExecutionLog
from market.data import AccountView, Bar, Quote, SeriesKey, SessionView
from market.errors import Unreachable
from market.words import Environment, Exchange, Freshness, Session, Timeframe
from rules.freshness import CannotKeepFresh, Demand
from rules.models import TradeRule
from rules.services import create_rule, set_rule_enabled, update_rule

NOON = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REGULAR = SessionView(Session.REGULAR, NOON.date(), NOON - timedelta(hours=3), NOON + timedelta(hours=4))


def tick(seconds: float, price: str = "10", volume: int | None = None, **other) -> Quote:
    at = NOON + timedelta(seconds=seconds)
    return replace(Quote("AAPL", Exchange.NASDAQ, Decimal(price), at, at, volume=volume), **other)


def bar(minute: int, close: str = "10", volume: int = 10) -> Bar:
    price = Decimal(close)
    return Bar(NOON + minute * MINUTE, price, price, price, price, volume)


class TestFreshness:
    """4.1: "Freshness is the market's time, not ours"."""

    def test_a_price_that_came_now_and_is_of_long_ago_is_stale(self):
        old = replace(tick(0), received_at=NOON + timedelta(seconds=60))
        assert aged(old, NOON + timedelta(seconds=60), timedelta(seconds=10)).freshness is Freshness.STALE
        assert aged(tick(55), NOON + timedelta(seconds=60), timedelta(seconds=10)).freshness is Freshness.FRESH

    def test_a_late_tick_inside_a_minute_does_not_set_the_close_back(self):
        series = BarSeries(Timeframe.M1)
        for second, price, volume in ((1, "10", 100), (20, "12", 130), (15, "9", 120), (21, "12.5", 140)):
            series.add(tick(second, price, volume))
            if second == 15:
                (late,) = series.view().rows
                assert (late.close, late.low) == (Decimal(12), Decimal(9))

        (forming,) = series.view().rows
        assert (forming.close, forming.high, forming.low, forming.volume) == (
            Decimal("12.5"),
            Decimal("12.5"),
            Decimal(9),
            40,
        )

    @given(st.permutations(range(1, 12)))
    def test_in_whatever_order_the_ticks_of_a_minute_come_its_bar_is_the_same_but_for_its_open(self, order):
        series = BarSeries(Timeframe.M1)
        for second in order:
            series.add(tick(second, str(10 + second % 4), 100 + second))
        (forming,) = series.view().rows
        assert (forming.high, forming.low, forming.close) == (Decimal(13), Decimal(10), Decimal(13))
        assert forming.volume == 11 - order[0]  # what traded since the first that was heard


class TestLiveness:
    """4.1: "Liveness is judged per subscription, not per socket"."""

    AAPL, MSFT = ("AAPL", Exchange.NASDAQ), ("MSFT", Exchange.NASDAQ)

    def following(self, **ticked: float) -> Following:
        now = datetime.now(UTC)
        realtime = SimpleNamespace(
            last_tick_at={symbol: now - timedelta(seconds=ago) for symbol, ago in ticked.items()},
            dropped=[],
        )

        async def unsubscribe(symbol, exchange, *, daytime):
            realtime.dropped.append(symbol)

        realtime.unsubscribe = unsubscribe
        made = Following(realtime, trades={(self.AAPL, False), (self.MSFT, False)})
        made.since = dict.fromkeys(made.trades, time.monotonic() - DEAD_SEC - 1)
        return made

    def test_one_may_be_silent_while_the_socket_lives(self):
        made = self.following(AAPL=1, MSFT=DEAD_SEC + 5)
        assert made.silent(time.monotonic()) == [(self.MSFT, False)]

    def test_one_that_was_just_taken_is_given_its_time(self):
        made = self.following()
        made.since = dict.fromkeys(made.trades, time.monotonic())
        assert made.silent(time.monotonic()) == []

    async def test_silent_and_traded_it_is_asked_for_anew_and_silent_and_quiet_it_is_left_alone(self):
        made = self.following(AAPL=60, MSFT=60)
        owner = SocketOwner(_Polled("MSFT"), SimpleNamespace(pk="key"), "h:1")

        await owner._revive(made)

        assert made.realtime.dropped == ["MSFT"]
        assert made.trades == {(self.AAPL, False)}  # `match` adds what is missing
        made.trades.add((self.MSFT, False))
        assert (self.MSFT, False) not in made.silent(time.monotonic())  # KIS is not asked again and again


class _Polled:
    """A Redis in which the price function has seen these symbols trade a moment ago."""

    def __init__(self, *symbols: str) -> None:
        self._symbols = symbols

    async def zrangebyscore(self, name: str, first: float, last: str) -> list[bytes]:
        assert name == ticks.polled("key")
        assert first <= time.time() - DEAD_SEC + 1
        return [symbol.encode() for symbol in self._symbols]


class TestWindows:
    """4.2: "An incomplete window answers "warming up", never a number"."""

    @pytest.fixture
    def watch(self, transactional_db, paper_account, trader) -> Watch:
        ensure_instruments()
        rule = create_rule(
            account=paper_account, by=trader, symbol="AAPL", timeframe="1m", evaluate_on="bar_close",
            entry_condition="sma(3) > 0", exit_condition="false", buy_amount_usd=100, max_position=10,
        )  # fmt: skip
        set_rule_enabled(rule=rule, enabled=True, confirm=paper_account.nickname, by=trader)
        book = SeriesBook()
        watches = load(paper_account.pk, {}, book)
        follow(book, watches)
        return watches[rule.pk]

    def look(self, watch: Watch, seconds: float):
        now = NOON + timedelta(seconds=seconds)
        return watch.look(now=now, quote=tick(seconds), account=AccountView(Environment.PAPER), session=REGULAR)

    def test_a_bar_that_closes_after_a_restart_and_before_the_history_is_judged_when_that_has_come(self, watch):
        """It was taken as judged while nothing could be known of it, and its entry lost."""
        watch.bars.add(tick(-30))
        watch.bars.add(tick(1))
        early = self.look(watch, 1)
        assert (early.verdict, early.judged_bar) == (None, None)

        watch.bars.fill([bar(minute) for minute in range(-9, 1)], NOON + timedelta(seconds=2))

        judged = self.look(watch, 3)
        assert (judged.verdict, judged.judged_bar) == (True, NOON - MINUTE)

    def test_where_nobody_can_tell_the_past_the_bars_grow_from_ticks_and_none_is_thrown_away(self, watch):
        for minute in range(5):
            watch.bars.add(tick(60 * minute))
        assert self.look(watch, 241).verdict is None

        watch.bars.begin_anew()

        assert self.look(watch, 241).verdict is True


class TestCorrections:
    """4.2: "stored as seen; corrections are new versions". Bars built from ticks equal the bars fetched later."""

    LATER = NOON + timedelta(minutes=3) + SETTLES

    def lived(self, *, source: str = "websocket") -> BarSeries:
        """Three minutes of ticks; the first bar was not seen from its beginning."""
        series = BarSeries(Timeframe.M1)
        for n in range(13):
            series.add(tick(5 + 15 * n, str(10 + n % 4), 1000 + 10 * n, source=source))
        return series

    def theirs(self, series: BarSeries) -> list[Bar]:
        return [row for row in series.view().rows if row.closed]

    def test_equal_bars_are_no_news(self):
        series = self.lived()
        assert series.unchecked(self.LATER) == [NOON + MINUTE, NOON + 2 * MINUTE]
        assert series.correct(self.theirs(series), self.LATER) == []
        assert series.unchecked(self.LATER) == []

    def test_a_difference_is_told_once_and_the_brokers_bar_counts_from_then_on(self):
        series = self.lived()
        ours = self.theirs(series)
        other = replace(ours[1], high=Decimal(99))

        assert series.correct([ours[0], other, ours[2]], self.LATER) == [Difference(ours[1], other)]
        assert series.correct([ours[0], other, ours[2]], self.LATER) == []
        assert series.view().rows[1] == other
        assert series.view().columns.high.tolist()[1] == 99.0
        assert not series.view().rows[-1].closed

    def test_a_bar_whose_beginning_nobody_saw_or_with_a_gap_in_it_is_not_compared(self):
        series = self.lived()
        assert NOON not in series.unchecked(self.LATER)
        series.mark_gap()
        series.add(tick(200, "10", 2000))
        series.add(tick(245, "10", 2001))
        assert NOON + 3 * MINUTE not in series.unchecked(self.LATER + 5 * MINUTE)

    def test_prices_that_were_asked_for_now_and_then_make_no_bar_to_compare(self):
        assert self.lived(source="rest").unchecked(self.LATER) == []

    def test_a_bar_that_has_just_closed_is_left_as_it_is_until_the_broker_has_counted_it(self):
        series = self.lived()
        just_closed = NOON + 3 * MINUTE + timedelta(seconds=6)
        half = [replace(row, volume=1) for row in self.theirs(series)]
        found = series.fill(half, just_closed)
        assert [one.ours.start for one in found] == [NOON + MINUTE]
        assert series.view().rows[2].volume > 1
        assert series.unchecked(self.LATER) == [NOON + 2 * MINUTE]

    def test_both_are_kept_and_the_journal_says_what_differed(self, transactional_db, paper_account):
        ours, theirs = bar(0, "10", 100), bar(0, "10.5", 120)
        followed = Followed(SeriesKey("AAPL", Timeframe.M1), Exchange.NASDAQ, BarSeries(Timeframe.M1))

        corrections.keep(paper_account, followed, [Difference(ours, theirs)], NOON + 10 * MINUTE)

        rows = Candle.objects.filter(symbol="AAPL").order_by("version")
        assert [(row.version, row.source, row.close) for row in rows] == [
            (1, "ticks", Decimal(10)),
            (2, "kis", Decimal("10.5")),
        ]
        assert newest("AAPL", Timeframe.M1).get().volume == 120
        (said,) = ExecutionLog.objects.filter(ctx__event="bar_difference")
        assert said.ctx["ours"]["close"] == "10"
        assert "close 10 → 10.5" in said.message
        assert "close 10 → 10.5" in said.message_en

    def test_what_somebody_has_fetched_already_is_not_overwritten_by_our_ticks(self, transactional_db, paper_account):
        followed = Followed(SeriesKey("AAPL", Timeframe.M1), Exchange.NASDAQ, BarSeries(Timeframe.M1))
        for _ in range(2):  # two accounts look at the same symbol
            corrections.keep(paper_account, followed, [Difference(bar(0), bar(0, "10.5"))], NOON + 10 * MINUTE)
        assert [row.version for row in Candle.objects.order_by("version")] == [1, 2]


class TestBudget:
    """4.3: "a set that cannot be kept fresh is refused with the numbers"."""

    @pytest.fixture
    def rule_on(self, transactional_db, paper_account, trader):
        ensure_instruments()

        def make(symbol: str = "AAPL", entry: str = "price > 1") -> TradeRule:
            return create_rule(
                account=paper_account, by=trader, symbol=symbol, timeframe="1m", entry_condition=entry,
                exit_condition="false", buy_amount_usd=100, max_position=10,
            )  # fmt: skip

        return make

    def switch_on(self, rule: TradeRule) -> None:
        set_rule_enabled(rule=rule, enabled=True, confirm=rule.account.nickname, by=rule.account.user)

    SIX = ("AAPL", "MSFT", "NVDA", "AMZN", "TSLA", "SPY")

    def test_paper_alone_keeps_five_symbols_fresh_and_refuses_the_sixth(self, rule_on, credential):
        """One request a second, half of them for prices, each price no older than ten seconds."""
        for symbol in self.SIX[:5]:
            self.switch_on(rule_on(symbol))
        self.switch_on(rule_on("AAPL", "price > 2"))  # another rule on the same symbol costs nothing
        sixth = rule_on(self.SIX[5])

        with pytest.raises(CannotKeepFresh) as refused:
            self.switch_on(sixth)

        message = refused.value.message
        for text in (message.ko, message.en):
            assert all(number in text for number in ("6", "5", "10", "0.5"))
        sixth.refresh_from_db()
        assert not sixth.enabled

    def test_symbols_that_a_condition_compares_with_count_too(self, rule_on, credential):
        looks = " and ".join(f"{symbol}.close > 0" for symbol in self.SIX[1:])
        with pytest.raises(CannotKeepFresh):
            self.switch_on(rule_on("AAPL", looks))

    def test_a_rule_that_is_on_cannot_come_to_look_at_more_than_can_be_kept_fresh(self, rule_on, credential):
        rule = rule_on("AAPL")
        self.switch_on(rule)
        looks = " and ".join(f"{symbol}.close > 0" for symbol in self.SIX[1:])
        with pytest.raises(CannotKeepFresh):
            update_rule(rule=rule, by=rule.account.user, entry_condition=looks)
        rule.refresh_from_db()
        assert (rule.version, rule.entry_condition) == (1, "price > 1")

    def test_a_key_for_prices_brings_forty_one_live_and_many_more_by_asking(self, rule_on, credential, data_credential):
        for symbol in self.SIX:
            self.switch_on(rule_on(symbol))
        assert capacity_of(data_credential).live == 41
        assert capacity_of(credential).live == 0

    @given(st.integers(1, 400), st.floats(1, 60))
    def test_what_fits_is_what_is_live_and_what_can_be_asked_for_in_time(self, symbols, age):
        from credentials.capacity import Capacity

        demand = Demand(symbols, age, Capacity(41, 9.0))
        assert demand.fits == (demand.asked / 9.0 <= age + 1e-6)
        assert demand.fits == (symbols <= demand.most)


class TestWithoutRedis:
    """4.3: "With Redis away only the lease holder calls KIS"; of a shared key the socket's owner."""

    async def test_a_bot_that_does_not_own_the_shared_key_reads_no_history_and_says_so(self):
        bot = SimpleNamespace(data_key=None, redis=None, broker=None, pulse=Pulse(NOON), series=SeriesBook())
        asked = []

        async def read(book: SeriesBook) -> None:
            asked.append(book)

        may = BarKeeper(bot, may_read=lambda: True)
        await may._read(read)
        assert (len(asked), bot.pulse.data_trouble) == (1, None)
        with pytest.raises(Unreachable, match="Redis"):
            await BarKeeper(bot, may_read=lambda: False)._read(read)
        assert len(asked) == 1
        assert "Redis" in bot.pulse.data_trouble.en

    def test_nobody_asks_for_prices_who_may_have_lost_the_lease(self):
        holds = True
        feed = Feed(None, SimpleNamespace(pk="key"), lambda _: None, lambda: None, wanted={"AAPL": Exchange.NASDAQ},
                    session=REGULAR, may_ask=lambda: holds)  # fmt: skip
        assert feed._most_silent(1000.0) == "AAPL"
        holds = False
        assert feed._most_silent(1000.0) is None


class TestTheBrokersBars:
    """Issue: "bars built from ticks equal the bars fetched later"."""

    @pytest.mark.long
    @pytest.mark.timeout(200)
    async def test_minutes_of_live_trades_make_the_very_bars_that_the_broker_tells_afterwards(self):
        whole, series = asyncio.Event(), BarSeries(Timeframe.M1, complete=True)

        def take(quote: Quote) -> None:
            series.add(quote)
            if len(series.unchecked(quote.at)) >= 2:
                whole.set()

        with testing.start(speed=5, switches={"rate_real": 0}) as kis:  # faster, and KIS's seconds are too coarse
            given, hosts = kis.accounts("real")[0], kis.info["real"]
            names = ("app_key", "app_secret", "account_no")
            where = {"rest_url": hosts["rest"], "ws_url": hosts["ws"]}
            config = KisConfig(Environment.REAL, **{name: given[name] for name in names}, **where)
            async with KisClient(config) as client:
                realtime = RealtimeClient(client=client)
                realtime.on_tick(take)
                await realtime.connect()
                await realtime.subscribe("AAPL", Exchange.NASDAQ)
                await asyncio.wait_for(whole.wait(), 150)
                now = kis.control.now()
                due = series.unchecked(now)
                told = await KisBroker(client).minute_bars("AAPL", Exchange.NASDAQ, minutes=1, count=20)
                await realtime.aclose()

        assert {row.start for row in told} >= set(due)
        assert series.correct(told, now) == []
