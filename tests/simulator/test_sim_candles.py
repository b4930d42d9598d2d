"""Prices from a file of candles: ticks, quotes, bars and daily bars are those of the file."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.simulator.calendar import Calendar
from kis.simulator.candles import BadCandles, Candle, CandlePath, read
from kis.simulator.listing import DEFAULT
from kis.simulator.market import Market
from kis.simulator.market_path import TICKS_PER_MINUTE, Prices, tick_index
from kis.simulator.market_path import Path as Seeded
from kis.simulator.settings import BadScenario, read_scenario
from kis.simulator.testing import start

CALENDAR = Calendar("nyse-hours")
AAPL = next(item for item in DEFAULT if item.symbol == "AAPL")
OPEN = CALENDAR.day(date(2026, 3, 12)).regular().start
HEAD = "time,open,high,low,close,volume\n"
MINUTES = HEAD + (
    "2026-03-12T09:30:00-04:00,100.00,101.50,99.50,101.00,1000\n"
    "2026-03-12T09:31:00-04:00,101.00,101.20,98.00,98.40,3\n"
    "2026-03-12T09:34:00-04:00,98.40,98.40,98.40,98.40,\n"
)
DAYS = HEAD + (
    "2026-03-10,90,95,89,94,1000000\n2026-03-11,94,96.005,93,93.5,2000000\n2026-03-12,93.5,99,92,98,1500000\n"
)


def follow(tmp_path, text, name="aapl.csv"):
    (tmp_path / name).write_text(text)
    return Prices(7, DEFAULT, [read(tmp_path / name, AAPL, 7, CALENDAR)])


def minute(n):
    return tick_index(OPEN) + n * TICKS_PER_MINUTE


def prices_of(bar):
    return bar.open, bar.high, bar.low, bar.close


class TestMinutes:
    def test_bars_are_those_of_the_file(self, tmp_path):
        prices = follow(tmp_path, MINUTES)
        assert prices_of(prices.bar("AAPL", minute(0), minute(1))) == (10000, 10150, 9950, 10100)
        assert prices_of(prices.bar("AAPL", minute(1), minute(2))) == (10100, 10120, 9800, 9840)
        assert prices_of(prices.bar("AAPL", minute(0), minute(5))) == (10000, 10150, 9800, 9840)

    def test_ticks_run_from_the_open_over_both_extremes_to_the_close(self, tmp_path):
        prices = follow(tmp_path, MINUTES)
        rising = [prices.tick("AAPL", k).last for k in range(minute(0), minute(1))]
        assert (rising[0], rising[-1], max(rising), min(rising)) == (10000, 10100, 10150, 9950)
        assert rising.index(9950) < rising.index(10150)
        falling = [prices.tick("AAPL", k).last for k in range(minute(1), minute(2))]
        assert falling.index(10120) < falling.index(9800)

    def test_volume_is_the_files_and_a_blank_one_the_listings(self, tmp_path):
        prices = follow(tmp_path, MINUTES)
        sizes = [prices.tick("AAPL", k).size for k in range(minute(0), minute(1))]
        assert sum(sizes) == prices.flow("AAPL", minute(0), minute(1)) == 1000
        assert prices.flow("AAPL", minute(1), minute(2)) == 3
        assert prices.flow("AAPL", minute(4), minute(5)) == AAPL.volume * TICKS_PER_MINUTE

    def test_where_the_file_has_a_gap_nothing_trades_and_the_last_close_stands(self, tmp_path):
        prices = follow(tmp_path, MINUTES)
        ticks = [prices.tick("AAPL", k) for k in range(minute(2), minute(4))]
        assert {(t.last, t.size) for t in ticks} == {(9840, 0)}
        assert prices.traded("AAPL", minute(2), minute(4)) is None
        market = Market(prices, CALENDAR, DEFAULT)
        now = OPEN + timedelta(minutes=4, seconds=59)
        starts = [start for _, start, _, _ in market.minutes("AAPL", 1, now, 3, now)]
        assert starts == [OPEN + timedelta(minutes=n) for n in (4, 1, 0)]

    def test_before_and_behind_the_file_the_seeds_course_meets_it(self, tmp_path):
        prices, seeded = follow(tmp_path, MINUTES), Prices(7, DEFAULT)
        before, behind = prices.tick("AAPL", minute(0) - 1).last, prices.tick("AAPL", minute(5)).last
        assert abs(before - 10000) < 120 and abs(behind - 9840) < 120
        hour = range(minute(60), minute(61))
        scale = {round(prices.tick("AAPL", k).last / seeded.tick("AAPL", k).last, 3) for k in hour}
        assert len(scale) == 1

    def test_a_width_of_five_minutes_is_read_off_the_file(self, tmp_path):
        rows = "2026-03-12T13:30:00Z,100,104,99,103,10\n2026-03-12T13:35:00+00:00,103,103,100,101,10\n"
        prices = follow(tmp_path, HEAD + rows)
        assert prices_of(prices.bar("AAPL", minute(0), minute(5))) == (10000, 10400, 9900, 10300)
        assert prices_of(prices.bar("AAPL", minute(5), minute(10))) == (10300, 10300, 10000, 10100)
        parts = [prices.bar("AAPL", minute(n), minute(n + 1)) for n in range(5)]
        assert (max(b.high for b in parts), min(b.low for b in parts)) == (10400, 9900)


class TestDays:
    def test_daily_bars_are_those_of_the_file_rounded_to_cents(self, tmp_path):
        market = Market(follow(tmp_path, DAYS), CALENDAR, DEFAULT)
        now = datetime(2026, 3, 13, 12, tzinfo=UTC)
        rows = market.daily("AAPL", date(2026, 3, 12), 3, now)
        assert [(b.date.day, b.open, b.high, b.low, b.close, b.volume) for b in rows] == [
            (12, 9350, 9900, 9200, 9800, 1_500_000),
            (11, 9400, 9601, 9300, 9350, 2_000_000),
            (10, 9000, 9500, 8900, 9400, 1_000_000),
        ]

    def test_the_quote_in_the_middle_of_a_day_agrees_with_its_bar(self, tmp_path):
        market = Market(follow(tmp_path, DAYS), CALENDAR, DEFAULT)
        view = market.view("AAPL", OPEN + timedelta(hours=6))
        assert view.previous.close == 9350
        assert view.day.open == 9350 and 9200 <= view.day.low <= view.tick.last <= view.day.high <= 9900


candles = st.tuples(st.integers(2, 50_000), st.integers(2, 50_000), st.integers(0, 500), st.integers(0, 500)).map(
    lambda c: (c[0], max(c[0], c[1]) + c[2], max(2, min(c[0], c[1]) - c[3]), c[1])
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(candles, st.integers(0, 10**6), st.integers(1, 3)), min_size=1, max_size=6), st.data())
def test_any_part_of_any_file_has_the_bar_and_the_volume_of_its_ticks(rows, data):
    k, made = minute(0), []
    for (opened, high, low, close), volume, gap in rows:
        made.append(Candle(k, k + TICKS_PER_MINUTE, opened, high, low, close, volume))
        k += gap * TICKS_PER_MINUTE
    path = CandlePath(Seeded(7, AAPL), made)
    first = data.draw(st.integers(minute(-2), k + 200))
    end = data.draw(st.integers(first + 1, first + 900))
    inside = [c for c in made if c.first < end and first < c.end]
    lasts = [
        path.last_at(j)[1]
        for j in range(first, end)
        if j < made[0].first or j >= made[-1].end or any(c.first <= j < c.end for c in inside)
    ]
    bar = path.bar(first, end)
    if lasts:
        assert prices_of(bar) == (lasts[0], max(lasts), min(lasts), lasts[-1])
    else:
        assert bar is None
    assert path.flow(first, end) == sum(path.size(j) for j in range(first, end))
    assert all(path.size(j) >= 0 for j in range(first, end))
    for candle in made:
        assert prices_of(path.bar(candle.first, candle.end)) == (candle.open, candle.high, candle.low, candle.close)


class TestBadFiles:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "columns"),
            (HEAD, "at least one row"),
            ("a,b\n1,2\n", "columns"),
            (HEAD + "2026-03-12T09:30:00,1,1,1,1,1\n", "line 2: time has a zone"),
            (HEAD + "2026-03-12T13:30:07Z,1,1,1,1,1\n", "whole minute"),
            (HEAD + "noon,1,1,1,1,1\n", "line 2"),
            (HEAD + "2026-03-14,1,1,1,1,1\n", "no trading day"),
            (HEAD + "2026-03-12,1,1,1,1,1\n2026-03-12T13:30:00Z,1,1,1,1,1\n", "line 3"),
            (HEAD + "2026-03-12,1,1,1,1,1\n2026-03-11,1,1,1,1,1\n", "line 3: the oldest row comes first"),
            (HEAD + "2026-03-12,5,4,3,3,1\n", "line 2: low"),
            (HEAD + "2026-03-12,5,6,0,3,1\n", "at least 0.02"),
            (HEAD + "2026-03-12,dear,6,1,3,1\n", "amounts in USD"),
            (HEAD + "2026-03-12,5,6,1,3,-1\n", "volume >= 0"),
            (HEAD + "2026-03-12,5,6,1\n", "amounts in USD"),
        ],
    )
    def test_a_bad_file_says_where_and_what(self, tmp_path, text, said):
        with pytest.raises(BadCandles, match=said):
            follow(tmp_path, text)

    def test_a_missing_file_is_one_sentence(self, tmp_path):
        with pytest.raises(BadCandles, match=r"missing\.csv cannot be read"):
            read(tmp_path / "missing.csv", AAPL, 7, CALENDAR)

    def test_a_symbol_that_is_not_listed_is_a_bad_scenario(self):
        with pytest.raises(BadScenario, match="ZZZZ"):
            read_scenario({"candles": {"ZZZZ": "file.csv"}})

    def test_files_are_named_from_the_scenarios_folder(self):
        assert read_scenario({"candles": {"AAPL": "a.csv"}}, Path("/there")).candles == (
            ("AAPL", Path("/there/a.csv")),
        )


def test_a_running_broker_quotes_and_fills_along_the_file(tmp_path, speak):
    (tmp_path / "aapl.csv").write_text(MINUTES)
    scenario = {"calendar": "nyse-hours", "candles": {"AAPL": tmp_path / "aapl.csv"}}
    switches = {"rate_paper": 0, "token_interval": 0.0}
    with start(scenario=scenario, switches=switches, clock="stepped", at=OPEN.isoformat()) as kis:
        paper = speak.customer(kis, kis.accounts("paper")[0])
        paper.accepted("buy", "AAPL", 5, "98.50")
        kis.control.advance(60)
        query = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}
        price = paper.get("/uapi/overseas-price/v1/quotations/price", "HHDFS00000300", query).json()["output"]
        assert price["last"] == "101.0000"
        assert kis.control.orders(paper.account_no)[0]["filled"] == 0
        kis.control.advance(60)
        (order,) = kis.control.orders(paper.account_no)
        assert 0 < order["filled"] <= 3 and {f["price"] for f in order["fills"]} == {"98.50"}
