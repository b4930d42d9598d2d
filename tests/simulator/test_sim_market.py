"""The market: a function of (seed, symbol, time), so that ticks, bars and restarts agree."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.simulator.calendar import Calendar
from kis.simulator.listing import DEFAULT
from kis.simulator.market import Market
from kis.simulator.market_path import TICKS_PER_MINUTE, Prices, Print, join, tick_index, tick_time

NOW = datetime(2026, 3, 12, 14, 30, 17, tzinfo=UTC)  # 10:30:17 in New York
SYMBOLS = [item.symbol for item in DEFAULT]
MINUTES = st.integers(29_000_000, 30_500_000)


def market(kind="always", seed=7, **days):
    return Market(Prices(seed, DEFAULT), Calendar(kind, **days), DEFAULT)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SYMBOLS), MINUTES)
def test_a_minute_bar_is_exactly_the_extremes_of_its_ticks(symbol, minute):
    prices = Prices(7, DEFAULT)
    first = minute * TICKS_PER_MINUTE
    lasts = [prices.tick(symbol, k).last for k in range(first, first + TICKS_PER_MINUTE)]
    bar = prices.bar(symbol, first, first + TICKS_PER_MINUTE)
    assert (bar.open, bar.high, bar.low, bar.close) == (lasts[0], max(lasts), min(lasts), lasts[-1])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SYMBOLS), MINUTES, st.integers(11, 300))
def test_a_long_bar_is_exactly_the_extremes_of_its_minutes(symbol, minute, count):
    prices = Prices(7, DEFAULT)
    minutes = [prices.paths[symbol].minute_bar(minute + n) for n in range(count)]
    first = minute * TICKS_PER_MINUTE
    assert prices.bar(symbol, first, first + count * TICKS_PER_MINUTE) == join(minutes)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SYMBOLS), st.integers(7_000_000_000, 7_300_000_000))
def test_a_tick_trades_at_bid_or_ask_two_cents_apart_and_volume_only_grows(symbol, k):
    prices = Prices(7, DEFAULT)
    tick = prices.tick(symbol, k)
    assert tick.ask - tick.bid == 2
    assert tick.last in (tick.bid, tick.ask)
    assert tick.size >= 1
    assert prices.volume(symbol, k - 50, k) - prices.volume(symbol, k - 50, k - 1) == tick.size


def test_the_same_seed_gives_the_same_prices_and_another_seed_others():
    k = tick_index(NOW)
    markets = [Prices(seed, DEFAULT) for seed in (7, 7, 8)]
    path = [[market.tick("AAPL", k + n).last for n in range(40)] for market in markets]
    assert path[0] == path[1] != path[2]


@pytest.mark.parametrize("symbol", SYMBOLS[:8])  # those of the demo
def test_prices_swing_enough_for_ordinary_rules_to_trade_within_a_minute(symbol):
    bar = Prices(7, DEFAULT).bar(symbol, tick_index(NOW) // 240 * 240, tick_index(NOW) // 240 * 240 + 240)
    assert 0.007 < (bar.high - bar.low) / bar.close < 0.03


def test_a_pinned_price_holds_from_its_tick_on_and_bars_know_it():
    prices = Prices(7, DEFAULT)
    first = tick_index(NOW) // 240 * 240
    before = prices.tick("AAPL", first + 99)
    prices.pin("AAPL", 10_000, first + 100)
    prices.unpin("AAPL", first + 200)
    assert prices.tick("AAPL", first + 99) == before
    assert (prices.tick("AAPL", first + 100).last, prices.tick("AAPL", first + 199).bid) == (10_000, 9_999)
    assert prices.tick("AAPL", first + 200).last > 10_002
    assert prices.bar("AAPL", first, first + 240).low == 10_000


def test_the_day_so_far_agrees_with_its_minute_bars():
    whole = market()
    view = whole.view("MSFT", NOW)
    bars = whole.minutes("MSFT", 1, NOW, 2000, NOW, only_today=True)
    assert view.day.high == max(bar.high for _, _, bar, _ in bars)
    assert view.day.low == min(bar.low for _, _, bar, _ in bars)
    assert view.day.volume == sum(volume for *_, volume in bars)
    assert view.day.open == bars[-1][2].open


def test_a_later_look_at_the_same_day_agrees_with_a_fresh_one():
    watched = market()
    for second in range(0, 300, 37):
        watched.view("AAPL", NOW + timedelta(seconds=second))
    later = NOW + timedelta(seconds=300)
    assert watched.view("AAPL", later) == market().view("AAPL", later)


def test_daily_bars_agree_with_minute_bars_of_that_day():
    whole = market("nyse-hours")
    today, yesterday, *_ = whole.daily("KO", date(2026, 3, 12), 3, NOW)
    bars = [b for b in whole.minutes("KO", 5, NOW, 2000, NOW) if b[0].date == yesterday.date]
    assert (yesterday.high, yesterday.low) == (max(b[2].high for b in bars), min(b[2].low for b in bars))
    assert yesterday.volume == sum(b[3] for b in bars)
    assert today.date == date(2026, 3, 12)
    assert whole.view("KO", NOW).previous.close == yesterday.close


def test_wide_bars_start_on_their_own_width_and_come_newest_first():
    bars = market().minutes("AAPL", 15, NOW, 10, NOW)
    starts = [start for _, start, _, _ in bars]
    assert starts == sorted(starts, reverse=True)
    assert all(start.minute % 15 == 0 and start.second == 0 for start in starts)


def test_always_open_is_one_regular_session_from_midnight_to_midnight_even_when_clocks_change():
    calendar = Calendar("always")
    lengths = {calendar.day(day).sessions[0].end - calendar.day(day).sessions[0].start for day in _days(2026)}
    assert lengths == {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}
    assert calendar.session_at(datetime(2026, 3, 14, 3, tzinfo=UTC)).name == "regular"  # a Saturday in Seoul


def test_nyse_hours_follow_new_york_time_weekends_holidays_and_early_closes():
    calendar = Calendar("nyse-hours", [date(2026, 7, 3)], [date(2026, 11, 27)])
    regular = calendar.day(date(2026, 3, 12)).regular()
    assert (regular.start, regular.end) == (_utc(3, 12, 13, 30), _utc(3, 12, 20))
    assert calendar.day(date(2026, 3, 14)).sessions == ()
    assert calendar.day(date(2026, 7, 3)).sessions == ()
    assert calendar.day(date(2026, 11, 27)).regular().end == _utc(11, 27, 18)
    assert calendar.session_at(_utc(3, 12, 10)).name == "pre"


def test_when_closed_the_last_price_is_the_last_trade_of_the_day_before():
    saturday, whole = datetime(2026, 3, 14, 15, tzinfo=UTC), market("nyse-hours")
    view = whole.view("AAPL", saturday)
    assert view.session is None
    assert view.day.date == date(2026, 3, 13)
    assert view.tick.k == tick_index(_utc(3, 14, 0)) - 1
    assert tick_time(view.tick.k) < _utc(3, 14, 0)


def _utc(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def _days(year):
    return [date(year, 1, 1) + timedelta(days=n) for n in range(365)]


class TestPushedTrades:
    """A symbol whose trades a test pushes has no others."""

    FIRST = tick_index(NOW) // 240 * 240

    def pushed(self):
        prices = Prices(7, DEFAULT)
        prices.push("AAPL", self.FIRST + 100, Print(10_000, 9_990, 10_010, 3, 5, 7))
        prices.push("AAPL", self.FIRST + 180, Print(10_200, 10_190, 10_210, 4, 5, 7))
        return prices

    def test_the_trade_and_its_quote_are_those_that_were_pushed(self):
        tick = self.pushed().tick("AAPL", self.FIRST + 100)
        assert (tick.last, tick.bid, tick.ask, tick.size, tick.bid_size, tick.ask_size) == (
            10_000,
            9_990,
            10_010,
            3,
            5,
            7,
        )

    def test_between_them_the_quote_stands_and_nothing_trades(self):
        prices = self.pushed()
        tick = prices.tick("AAPL", self.FIRST + 150)
        assert (tick.last, tick.ask, tick.size) == (10_000, 10_010, 0)
        assert prices.quiet("AAPL", self.FIRST + 150) and not prices.quiet("AAPL", self.FIRST + 99)
        assert prices.traded("AAPL", self.FIRST + 101, self.FIRST + 180) is None

    def test_bars_and_volume_know_them(self):
        prices = self.pushed()
        bar = prices.bar("AAPL", self.FIRST + 100, self.FIRST + 240)
        assert (bar.open, bar.high, bar.low, bar.close) == (10_000, 10_200, 10_000, 10_200)
        assert prices.flow("AAPL", self.FIRST + 100, self.FIRST + 240) == 7
        volumes = [prices.volume("AAPL", self.FIRST, k) for k in range(self.FIRST, self.FIRST + 240)]
        assert volumes == sorted(volumes)

    def test_two_trades_in_one_quarter_of_a_second_are_both_in_the_bar(self):
        prices = Prices(7, DEFAULT)
        for cents in (10_000, 9_000, 9_500):
            prices.push("AAPL", self.FIRST, Print(cents, cents - 1, cents + 1, 1, 1, 1))
        bar = prices.bar("AAPL", self.FIRST, self.FIRST + 240)
        assert (bar.open, bar.high, bar.low, bar.close) == (10_000, 10_000, 9_000, 9_500)
        assert prices.flow("AAPL", self.FIRST, self.FIRST + 240) == 3

    def test_let_go_the_price_follows_its_course_again(self):
        prices = self.pushed()
        prices.unpin("AAPL", self.FIRST + 200)
        assert prices.tick("AAPL", self.FIRST + 200) == Prices(7, DEFAULT).tick("AAPL", self.FIRST + 200)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pin", "push", "unpin"]),
            st.integers(0, 300),
            st.integers(5_000, 40_000),
            st.integers(1, 99),
        ),
        max_size=8,
    ),
    st.integers(0, 900),
    st.integers(1, 900),
)
def test_whatever_is_held_or_pushed_a_bar_has_the_extremes_and_the_volume_of_its_ticks(steps, first, length):
    prices, k = Prices(7, DEFAULT), 0
    begin = tick_index(NOW) // 240 * 240
    for what, later, cents, size in steps:
        k += later + 1
        if what == "pin":
            prices.pin("AAPL", cents, begin + k)
        elif what == "push":
            prices.push("AAPL", begin + k, Print(cents, cents - 1, cents + 1, size, 1, 1))
        else:
            prices.unpin("AAPL", begin + k)
    ticks = [prices.tick("AAPL", begin + j) for j in range(first, first + length)]
    lasts = [t.last for t in ticks if t.size]
    bar = prices.traded("AAPL", begin + first, begin + first + length)
    if lasts:
        assert (bar.open, bar.high, bar.low, bar.close) == (lasts[0], max(lasts), min(lasts), lasts[-1])
    else:
        assert bar is None
    assert prices.flow("AAPL", begin + first, begin + first + length) == sum(t.size for t in ticks)
