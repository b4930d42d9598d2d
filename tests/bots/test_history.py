"""What happened before a bot's first tick: bars from the broker, whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync

from bots.bars import BarSeries, bar_start
from bots.history import DAYS_PAGE, History
from bots.series import SeriesBook
from bots.watch import Watch, follow, load
from credentials.models import ApiCredential
from credentials.services import kis_config
from kis.broker import KisBroker
from kis.client import KisClient
from kis.errors import ReadFailed
from kis.throttle import LocalBudget
from market.data import Bar, Quote, SeriesKey
from market.sessions import NEW_YORK
from market.words import Exchange, Session, Timeframe
from orders.models import Order

NOON = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)  # a Wednesday, noon in New York


def midnight(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=NEW_YORK).astimezone(UTC)


def daily(day: int, close: str = "10", *, volume: int = 100, closed: bool = True) -> Bar:
    price = Decimal(close)
    return Bar(midnight(day), price, price, price, price, volume, closed)


def tick(at: datetime, price: str = "11", volume: int | None = None) -> Quote:
    return Quote("AAPL", Exchange.NASDAQ, Decimal(price), at, at, volume=volume)


class TestDays:
    def test_a_day_is_new_yorks(self):
        late = datetime(2026, 1, 15, 0, 30, tzinfo=UTC)  # 19:30 in New York, after hours
        assert bar_start(late, Timeframe.D1) == midnight(14) == bar_start(NOON, Timeframe.D1)

    def test_todays_bar_is_open_whatever_the_broker_says_and_the_days_before_are_closed(self):
        series = BarSeries(Timeframe.D1)
        series.fill([daily(12), daily(13), daily(14, closed=True)], NOON)
        assert [bar.closed for bar in series.view().rows] == [True, True, False]

    def test_the_running_day_joins_the_brokers_bar_with_our_ticks(self):
        series = BarSeries(Timeframe.D1)
        series.add(tick(NOON, "11", 5000))
        series.fill([daily(13), replace(daily(14), high=Decimal(12), low=Decimal(9), volume=4990)], NOON)

        running = series.view().rows[-1]
        assert (running.open, running.high, running.low, running.close) == tuple(map(Decimal, (10, 12, 9, 11)))
        assert running.volume == 4990

    def test_a_new_day_wants_the_brokers_bars_again(self):
        series = BarSeries(Timeframe.D1)
        series.fill([daily(13), daily(14)], NOON)
        assert series.has_history

        series.add(tick(NOON + timedelta(days=1)))

        assert not series.has_history
        assert series.complete
        assert [bar.closed for bar in series.view().rows] == [True, True, False]

    def test_the_daytime_session_of_a_sunday_evening_makes_no_day(self):
        series = BarSeries(Timeframe.D1)
        friday, sunday = NOON + timedelta(days=2), datetime(2026, 1, 19, 1, 30, tzinfo=UTC)  # 20:30 in New York
        series.add(tick(friday))
        assert series.add(replace(tick(sunday), session=Session.DAYTIME)) is False
        series.add(tick(NOON + timedelta(days=5)))
        assert [bar.start for bar in series.view().rows] == [midnight(16), midnight(19)]

    def test_after_a_split_no_bar_of_the_old_scale_is_left(self):
        series = BarSeries(Timeframe.D1)
        series.fill([daily(9, "40"), daily(12, "40"), daily(13, "40")], NOON)
        series.fill([daily(12, "10"), daily(13, "10"), daily(14, "10")], NOON)
        assert {bar.close for bar in series.view().rows} == {Decimal(10)}


class TestGaps:
    def test_bars_from_before_a_gap_go_when_history_does_not_reach_them(self):
        series = BarSeries(Timeframe.M1)
        series.add(tick(NOON - timedelta(hours=5)))
        series.mark_gap()
        late = [Bar(NOON - timedelta(minutes=m), *[Decimal(10)] * 4, 1) for m in (2, 1)]

        series.fill(late, NOON)

        assert [bar.start for bar in series.view().rows] == [bar.start for bar in late]

    def test_a_gap_that_came_while_history_was_read_is_not_filled_by_it(self):
        series = BarSeries(Timeframe.M1)
        asked_at = series.gaps
        series.mark_gap()

        series.fill([], NOON, gaps=asked_at)

        assert not series.complete
        assert not series.has_history

    def test_what_nobody_can_fill_begins_anew_after_the_gap(self):
        series = BarSeries(Timeframe.M1)
        for minute in range(3):
            series.add(tick(NOON + timedelta(minutes=minute)))
        series.mark_gap()
        series.begin_anew()
        assert series.complete and len(series.view().rows) == len(series.view().columns) == 0

        for minute in (5, 6):
            series.add(tick(NOON + timedelta(minutes=minute)))
        assert [bar.start for bar in series.view().rows] == [NOON + timedelta(minutes=m) for m in (5, 6)]
        assert not series.view().columns.begins

    def test_history_begins_a_minute_series_anew_without_a_key_that_reads_minutes(self):
        from bots.series import Followed

        followed = Followed(SeriesKey("AAPL", Timeframe.M1), Exchange.NASDAQ, BarSeries(Timeframe.M1))
        followed.bars.add(tick(NOON))
        followed.bars.mark_gap()
        async_to_sync(History(None, None, None)._fill)(followed)
        assert followed.bars.complete and not followed.bars.has_history


@pytest.fixture
def watch_of(write_rule) -> Callable[..., Watch]:
    """`watch_of(timeframe="1d")`: the watch of a new rule; all of them share their account's book of series."""
    book, known = SeriesBook(), {}

    def make(**fields) -> Watch:
        rule = write_rule(**fields)
        known.update(load(rule.account_id, known, book))
        follow(book, known)
        return known[rule.pk]

    return make


@pytest.mark.django_db(transaction=True)
class TestFromTheBroker:
    def fill(self, account, watches: list[Watch]) -> None:
        """With the account's own paper key alone."""
        config = kis_config(ApiCredential.objects.get(account=account))

        async def read() -> None:
            async with KisClient(config, budget=LocalBudget(500)) as client:
                await History(None, None, KisBroker(client)).fill(watches[0].book)

        async_to_sync(read)()

    def test_a_paper_key_fetches_daily_bars_by_itself(self, trading_account, watch_of):
        watch = watch_of(timeframe="1d")
        self.fill(trading_account, [watch])

        rows = watch.bars.view().rows
        today = bar_start(datetime.now(UTC), Timeframe.D1)
        assert len(rows) == DAYS_PAGE
        assert [bar.closed for bar in rows] == [bar.start < today for bar in rows]
        assert watch.bars.complete

    def test_as_many_days_as_the_rule_looks_back(self, trading_account, watch_of):
        watch = watch_of(timeframe="1d", entry="sma(200) > 0")
        self.fill(trading_account, [watch])
        assert len(watch.bars.view().rows) > 200

    def test_days_that_are_not_all_there_fill_nothing_and_the_other_rule_is_served(
        self, kis, trading_account, watch_of
    ):
        days = watch_of(timeframe="1d")
        minutes = watch_of(timeframe="1m")
        with fault(kis, "maintenance_503", "dailyprice"), pytest.raises(ReadFailed):
            self.fill(trading_account, [days, minutes])
        assert days.bars.view().rows == ()
        assert not days.bars.has_history

        self.fill(trading_account, [days, minutes])

        assert days.bars.has_history
        assert not minutes.bars.has_history  # paper has none, and there is no key that reads prices


@contextmanager
def fault(kis, name: str, path: str) -> Iterator[None]:
    kis.control.fault(name, match={"path": path})
    yield
    kis.control.clear_faults()


@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_a_rule_of_days_trades_on_paper_without_a_data_key(write_rule, start_bot, eventually):
    ApiCredential.objects.filter(account=None).delete()
    write_rule(entry="close[1] > 0 and sma(50) > 0", exit="false", timeframe="1d")
    start_bot()

    assert eventually(lambda: Order.objects.first())
