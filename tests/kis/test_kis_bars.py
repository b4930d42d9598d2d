"""Bars: newest first at KIS, oldest first here, and never a hole that nobody speaks of."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import errors, overseas_bars, overseas_quotes
from kis.broker import KisBroker
from kis.wire import bar_answers, quote_calls, values
from kis.wire.answers import Answer
from kis.wire.bar_answers import date_of, start_of
from kis.wire.calls import Call
from market.data import Period
from market.errors import NotInPaper, Throttled
from market.words import Environment, Exchange, Freshness, Lane
from tests.kis.trading_day import trading_day

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)  # a Thursday, 10:15:09 in New York
REAL, PAPER = Environment.REAL, Environment.PAPER
NASDAQ, NYSE = Exchange.NASDAQ, Exchange.NYSE


def answer(body: object, now: datetime = NOW) -> Answer:
    return Answer(200, values.json_object(json.dumps(body).encode()), "", now)


def day_row(day: date, **changes: str) -> dict[str, str]:
    row = {"xymd": f"{day:%Y%m%d}", "clos": "2.0000", "open": "1.5000", "high": "2.5000", "low": "1.0000"}
    return {**row, "tvol": "100", "tamt": "200", "sign": "2", "diff": "0.10", "rate": "+5.26", **changes}


def days(*rows: dict[str, str], nrec: str = "") -> Answer:
    return answer({"output1": {"rsym": "DNASNVDA", "zdiv": "4", "nrec": nrec}, "output2": list(rows)})


THURSDAY = date(2026, 3, 12)
BLANK = dict.fromkeys(day_row(THURSDAY), "")


class TestDays:
    def read(self, *rows: dict[str, str], nrec: str = "") -> bar_answers.BarPage:
        return bar_answers.period_bars(days(*rows, nrec=nrec), Period.DAY)

    def test_the_question_says_how_far_and_whether_adjusted(self):
        call = quote_calls.period_bars(PAPER, "KO", NYSE, Period.DAY, last=date(2025, 12, 31), adjusted=False)
        assert call.tr_id == "HHDFS76240000"
        assert call.fields == {
            "AUTH": "",
            "EXCD": "NYS",
            "SYMB": "KO",
            "GUBN": "0",
            "BYMD": "20251231",
            "MODP": "0",
            "KEYB": "",
        }
        assert quote_calls.period_bars(REAL, "KO", NYSE, Period.WEEK).fields["GUBN"] == "1"
        assert quote_calls.period_bars(REAL, "KO", NYSE, Period.MONTH).fields["MODP"] == "1"

    def test_they_start_at_midnight_in_new_york_and_todays_is_not_closed(self):
        (older, _), (newer, raw) = self.read(day_row(THURSDAY), day_row(date(2026, 3, 11))).rows
        assert older.start == datetime(2026, 3, 11, 4, tzinfo=UTC)
        assert (older.closed, newer.closed) == (True, False)
        assert (newer.open, newer.high, newer.low, newer.close, newer.volume) == (
            *map(Decimal, ("1.5", "2.5", "1", "2")),
            100,
        )
        assert raw["diff"] == "0.10"

    def test_a_day_is_closed_when_new_yorks_date_has_moved_on(self):
        at_night = answer({"output2": [day_row(THURSDAY)]}, datetime(2026, 3, 13, 3, 59, tzinfo=UTC))
        assert not bar_answers.period_bars(at_night, Period.DAY).rows[0][0].closed
        after = answer({"output2": [day_row(THURSDAY)]}, datetime(2026, 3, 13, 4, 0, tzinfo=UTC))
        assert bar_answers.period_bars(after, Period.DAY).rows[0][0].closed

    @pytest.mark.parametrize(
        ("period", "running", "before"),
        [
            (Period.WEEK, date(2026, 3, 9), date(2026, 3, 6)),
            (Period.MONTH, date(2026, 3, 2), date(2026, 2, 27)),
            (Period.YEAR, date(2026, 1, 2), date(2025, 12, 31)),
        ],
    )
    def test_a_longer_bar_is_closed_when_its_week_month_or_year_is_over(self, period, running, before):
        page = bar_answers.period_bars(days(day_row(running), day_row(before)), period)
        assert [bar.closed for bar, _ in page.rows] == [True, False]

    @pytest.mark.parametrize("body", [{}, {"output2": None}, {"output2": "x"}])
    def test_without_the_list_it_is_not_known_that_the_history_ends(self, body):
        page = bar_answers.period_bars(answer({"output1": {}, **body}), Period.DAY)
        assert (page.rows, page.unreadable) == ((), 1)

    def test_blank_rows_at_the_end_are_none_and_blank_rows_between_are_a_hole(self):
        rows = day_row(THURSDAY), day_row(date(2026, 3, 11))
        padded, holed = self.read(*rows, BLANK, BLANK), self.read(rows[0], BLANK, rows[1])
        assert (len(padded.rows), padded.unreadable) == (2, 0)
        assert (len(holed.rows), holed.unreadable) == (2, 1)

    def test_what_comes_after_the_counted_rows_is_padding(self):
        page = self.read(day_row(THURSDAY), day_row(date(1999, 1, 4)), nrec="1")
        assert len(page.rows) == 1

    @pytest.mark.parametrize("name", ["xymd", "clos", "open", "high", "low", "tvol"])
    def test_a_closed_day_without_what_it_must_have_is_counted_not_guessed(self, name):
        assert self.read(day_row(date(2026, 3, 11), **{name: " "})).unreadable == 1

    def test_a_zero_is_no_price_and_high_is_not_below_low(self):
        assert self.read(day_row(date(2026, 3, 11), open="0.0000")).unreadable == 1
        assert self.read(day_row(date(2026, 3, 11), high="0.5000")).unreadable == 1

    @pytest.mark.parametrize("year", ["0001", "9999"])
    def test_a_date_out_of_all_time_is_no_bar(self, year):
        page = self.read({**day_row(THURSDAY), "xymd": f"{year}0101"})
        assert (page.rows, page.unreadable) == ((), 1)

    def test_the_running_day_before_its_first_trade_is_no_hole(self):
        page = self.read(day_row(THURSDAY, open="0.0000", high="", low=""), day_row(date(2026, 3, 11)))
        assert (len(page.rows), page.unreadable) == (1, 0)


class TestMinutes:
    def test_the_question_names_the_time_of_the_oldest_bar_in_new_york(self):
        first = quote_calls.minute_bars(REAL, "KO", NYSE, 5, 300)
        assert (first.fields["NREC"], first.fields["NEXT"], first.fields["KEYB"]) == ("120", "", "")
        assert (first.fields["NMIN"], first.fields["PINC"]) == ("5", "1")
        further = quote_calls.minute_bars(REAL, "KO", NYSE, 5, 30, until=NOW, daytime=True)
        assert (further.fields["KEYB"], further.fields["NEXT"]) == ("20260312101509", "1")
        assert (further.fields["EXCD"], further.fields["NREC"]) == ("BAY", "30")

    def test_they_are_turned_round_and_the_running_one_is_open(self):
        bar = {"xymd": "20260312", "open": "1", "high": "2", "low": "1", "last": "2", "evol": "5"}
        body = {"output2": [{**bar, "xhms": "101500"}, {**bar, "xhms": "101400"}]}
        (older, _), (newer, _) = bar_answers.minute_bars(answer(body), 1).rows
        assert newer.start - older.start == timedelta(minutes=1)
        assert (older.closed, newer.closed) == (True, False)

    def test_daylight_saving_is_new_yorks(self):
        bar = {"xhms": "093000", "open": "1", "high": "2", "low": "1", "last": "2", "evol": "5"}
        body = {"output2": [{**bar, "xymd": "20260309"}, {**bar, "xymd": "20260306"}]}
        (winter, _), (summer, _) = bar_answers.minute_bars(answer(body), 1).rows
        assert (winter.start.hour, summer.start.hour) == (14, 13)


class TestIndices:
    def test_the_question_and_the_answer_have_names_of_their_own(self):
        call = quote_calls.index_bars(PAPER, "N", ".DJI", Period.DAY, first=date(2026, 1, 1), last=date(2026, 3, 12))
        assert call.tr_id == "FHKST03030100"
        assert (call.fields["FID_INPUT_ISCD"], call.fields["FID_PERIOD_DIV_CODE"]) == (".DJI", "D")
        row = {
            "stck_bsop_date": "20260311",
            "ovrs_nmix_prpr": "-0.12",
            "ovrs_nmix_oprc": "-0.10",
            "ovrs_nmix_hgpr": "0.00",
            "ovrs_nmix_lwpr": "-0.20",
            "acml_vol": "",
            "mod_yn": "N",
        }
        page = bar_answers.index_bars(answer({"output1": {"hts_kor_isnm": "국채"}, "output2": [row]}), Period.DAY)
        ((bar, _),) = page.rows
        assert (bar.close, bar.volume, bar.closed) == (Decimal("-0.12"), 0, True)
        assert page.head["hts_kor_isnm"] == "국채"


def history(length: int, page: int = 100) -> Callable[[Call], Answer]:
    """A symbol listed `length` days ago, every day a trading day."""

    def tell(call: Call) -> Answer:
        last = values.day(call.fields["BYMD"]) or THURSDAY
        found = [THURSDAY - timedelta(days=n) for n in range(length)]
        rows = [day_row(day) for day in found if day <= last][:page]
        return days(*rows, nrec=str(len(rows)))

    return tell


async def read(client: Any, count: int, **more: Any) -> Any:
    return await overseas_bars.read_daily_bars("NVDA", NASDAQ, count=count, client=client, lane=Lane.SCAN, **more)


class TestDepth:
    async def test_pages_go_back_to_any_depth_a_day_before_the_oldest(self, told):
        client = told(history(5000))
        found = await read(client, 1234)
        assert (len(found.rows), found.complete, found.exhausted, found.freshness) == (1234, True, False, "fresh")
        assert client.asked[1].fields["BYMD"] == f"{THURSDAY - timedelta(days=100):%Y%m%d}"
        dates = [date_of(bar.start) for bar in found.rows]
        assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(dates))
        assert [raw["xymd"] for raw in found.raw] == [f"{day:%Y%m%d}" for day in dates]

    async def test_history_that_ends_before_is_complete_and_says_so(self, told):
        found = await read(told(history(150)), 400)
        assert (len(found.rows), found.complete, found.exhausted) == (150, True, True)

    async def test_no_history_at_all_is_empty_which_is_a_fact(self, told):
        found = await read(told(history(0)), 10)
        assert (found.rows, found.freshness, found.complete, found.exhausted) == ((), Freshness.EMPTY, True, True)

    @pytest.mark.parametrize("dated_by", [min, max], ids=["first day", "last day"])
    async def test_pages_of_weeks_and_months_neither_split_one_nor_lose_one(self, told, dated_by):
        def tell(call: Any) -> Answer:
            last = values.day(call.fields["BYMD"]) or THURSDAY
            groups: dict[Any, list[date]] = {}
            for day in (last - timedelta(days=n) for n in range(1000)):
                week, month = day.isocalendar()[:2], (day.year, day.month)
                groups.setdefault(week if call.fields["GUBN"] == "1" else month, []).append(day)
            return days(*(day_row(dated_by(group)) for group in list(groups.values())[:10]))

        for period, longest in ((Period.WEEK, 7), (Period.MONTH, 31)):
            found = await read(told(tell), 35, period=period)
            dates = [date_of(bar.start) for bar in found.rows[:-1]]
            gaps = {(later - earlier).days for earlier, later in pairwise(dates)}
            assert len(found.rows) == 35
            assert gaps <= {7} if period is Period.WEEK else gaps <= {28, 29, 30, longest}

    async def test_short_pages_are_read_on(self, told):
        found = await read(told(history(150, page=40)), 100)
        assert (len(found.rows), found.complete) == (100, True)

    async def test_a_server_that_repeats_itself_proves_no_end(self, told):
        found = await read(told(lambda _call: days(day_row(THURSDAY))), 5)
        assert (len(found.rows), found.complete, found.exhausted) == (1, False, False)
        assert found.freshness is Freshness.PARTIAL

    async def test_a_page_that_fails_makes_the_series_partial_and_get_raises_what_happened(self, told):
        def tell(call: Call) -> Any:
            return history(500)(call) if not call.fields["BYMD"] else Throttled("slow down", retry_after=1.0)

        found = await read(told(tell), 200)
        assert (len(found.rows), found.complete, found.freshness) == (100, False, Freshness.PARTIAL)
        with pytest.raises(Throttled):
            await overseas_bars.get_daily_bars("NVDA", NASDAQ, count=200, client=told(tell))

    async def test_a_hole_makes_it_partial_and_get_raises(self, told):
        def tell(_call: Call) -> Answer:
            return days(day_row(THURSDAY), day_row(date(2026, 3, 11), open="?"), day_row(date(2026, 3, 10)))

        assert (await read(told(tell), 3)).freshness is Freshness.PARTIAL
        with pytest.raises(errors.ReadFailed):
            await overseas_bars.get_daily_bars("NVDA", NASDAQ, count=3, client=told(tell))

    @pytest.mark.parametrize(
        ("failure", "freshness"),
        [(Throttled("slow down"), Freshness.THROTTLED), (errors.ReadFailed("no"), Freshness.FAILED)],
    )
    async def test_nothing_read_is_throttled_or_failed_never_empty(self, told, failure, freshness):
        assert (await read(told(lambda _call: failure), 3)).freshness is freshness

    async def test_nothing_is_no_number_of_bars(self, told):
        with pytest.raises(ValueError, match="at least one"):
            await read(told(history(5)), 0)
        with pytest.raises(ValueError, match="day, a week or a month"):
            await read(told(history(5)), 1, period=Period.YEAR)

    @given(length=st.integers(0, 320), page=st.integers(1, 120), count=st.integers(1, 350))
    async def test_whatever_the_pages_the_newest_bars_come_once_each_in_order(self, told, length, page, count):
        found = await read(told(history(length, page)), count)
        dates = [date_of(bar.start) for bar in found.rows]
        newest = [THURSDAY - timedelta(days=n) for n in range(length)][:count]
        if found.complete:
            assert dates == newest[::-1]
            assert not (found.exhausted and length > count)
            assert len(dates) == count or found.exhausted
        else:
            assert page < 100  # a server that hardly sends anything


words = st.one_of(
    st.none(),
    st.text(max_size=9),
    st.sampled_from(["", "0", "-1", "+1.50", " 2.0000", "1e5", "NaN", "20260312", "99991231", "00010101", "9" * 22]),
    st.lists(st.text(max_size=2), max_size=2),
)
NAMES = [*day_row(THURSDAY), "xhms", "last", "evol", "stck_bsop_date", "ovrs_nmix_prpr", "ovrs_nmix_oprc", "nrec"]
bodies = st.fixed_dictionaries(
    {},
    optional={
        "output1": st.one_of(words, st.dictionaries(st.sampled_from(NAMES), words, max_size=3)),
        "output2": st.one_of(
            words,
            st.lists(
                st.one_of(
                    words,
                    st.dictionaries(st.sampled_from(NAMES), words, max_size=12).map(
                        lambda odd: day_row(THURSDAY) | odd
                    ),
                ),
                max_size=4,
            ),
        ),
    },
)


class TestWhateverArrives:
    @given(bodies, st.sampled_from(list(Period)))
    def test_bars_are_in_order_positive_and_each_with_its_row(self, body, period):
        told = answer(body)
        for page in (bar_answers.period_bars(told, period), bar_answers.minute_bars(told, 1)):
            starts = [bar.start for bar, _ in page.rows]
            assert starts == sorted(set(starts))
            assert all(0 < bar.low <= bar.high and bar.volume >= 0 for bar, _ in page.rows)
        bar_answers.index_bars(told, period)

    @given(st.dates(date(1970, 1, 1), date(2100, 1, 1)))
    def test_the_date_of_a_bar_survives_the_way_to_utc(self, day):
        assert date_of(start_of(day)) == day


class TestAtTheSimulator:
    async def test_daily_bars_on_both_sides_over_several_pages(self, make_client):
        for environment in ("real", "paper"):
            found = await KisBroker(make_client(environment)).daily_bars("NVDA", NASDAQ, count=230)
            assert (len(found.rows), found.complete, found.freshness) == (230, True, Freshness.FRESH)
            starts = [bar.start for bar in found.rows]
            assert starts == sorted(set(starts))
            assert [bar.closed for bar in found.rows] == [True] * 229 + [False]

    async def test_weeks_and_months(self, client):
        for period, longest in ((Period.WEEK, 7), (Period.MONTH, 31)):
            found = await overseas_bars.read_daily_bars(
                "KO", NYSE, count=12, period=period, client=client, lane=Lane.SCAN
            )
            assert found.complete
            gaps = [later.start - earlier.start for earlier, later in pairwise(found.rows[:-1])]
            assert all(timedelta(days=3) < gap <= timedelta(days=longest + 4) for gap in gaps)

    async def test_an_unknown_symbol_has_no_bars(self, client):
        found = await overseas_bars.read_daily_bars("NOSUCH", NASDAQ, count=5, client=client, lane=Lane.SCAN)
        assert (found.rows, found.freshness, found.exhausted) == ((), Freshness.EMPTY, True)

    async def test_minute_bars_reach_back_a_month_and_end_there(self, client):
        found = await overseas_bars.read_minute_bars(
            "NVDA", NASDAQ, minutes=60, count=2000, client=client, lane=Lane.SCAN
        )
        assert (found.complete, found.exhausted) == (True, True)
        assert timedelta(days=25) < found.rows[-1].start - found.rows[0].start < timedelta(days=40)

    async def test_minute_bars_are_oldest_first_over_several_pages(self, client):
        bars = await KisBroker(client).minute_bars("NVDA", NASDAQ, minutes=1, count=200)
        assert len(bars) == 200
        starts = [bar.start for bar in bars]
        assert starts == sorted(set(starts))
        assert all(bar.low <= bar.open <= bar.high for bar in bars)

    async def test_paper_has_no_minute_bars_and_says_what_it_has(self, make_client):
        with pytest.raises(NotInPaper, match="daily bars"):
            await KisBroker(make_client("paper")).minute_bars("NVDA", NASDAQ, minutes=1, count=1)

    async def test_bars_that_cannot_be_had_are_failed(self, kis, client):
        kis.control.fault("maintenance_503", match={"path": "/uapi/overseas-price/v1/quotations/dailyprice"})
        assert (await KisBroker(client).daily_bars("NVDA", NASDAQ, count=5)).freshness is Freshness.FAILED

    @pytest.mark.parametrize("environment", ["real", "paper"])
    @pytest.mark.parametrize(
        ("code", "market"),
        [(".DJI", overseas_bars.INDEX), ("FX@KRW", overseas_bars.CURRENCY), ("AAPL", overseas_bars.INDEX)],
    )
    async def test_indices_currencies_and_large_stocks_over_several_pages(self, make_client, environment, code, market):
        client = make_client(environment)
        found = await overseas_bars.read_index_bars(code, market, count=130, client=client, lane=Lane.SCAN)
        assert (len(found.rows), found.complete) == (130, True)
        starts = [bar.start for bar in found.rows]
        assert starts == sorted(set(starts))
        assert found.head["hts_kor_isnm"]

    async def test_an_index_by_the_year(self, client):
        found = await overseas_bars.read_index_bars(".DJI", count=3, period=Period.YEAR, client=client, lane=Lane.SCAN)
        assert [bar.closed for bar in found.rows] == [True, True, False]

    async def test_weeks_over_two_pages_come_once_each(self, client):
        found = await overseas_bars.read_daily_bars(
            "KO", NYSE, count=130, period=Period.WEEK, client=client, lane=Lane.SCAN
        )
        weeks = [date_of(bar.start).isocalendar()[:2] for bar in found.rows]
        assert found.complete
        assert len(weeks) == len(set(weeks)) == 130


class TestOverADay:
    async def test_todays_bar_closes_at_midnight_in_new_york(self, config_of):
        async with trading_day(config_of) as today:
            for moment, dates in (
                ("2026-03-12T20:30Z", [(date(2026, 3, 11), True), (date(2026, 3, 12), False)]),
                ("2026-03-13T13:00Z", [(date(2026, 3, 12), True), (date(2026, 3, 13), False)]),
                ("2026-03-14T15:00Z", [(date(2026, 3, 12), True), (date(2026, 3, 13), True)]),
            ):
                today.turn_to(datetime.fromisoformat(moment))
                found = await KisBroker(today.client).daily_bars("NVDA", NASDAQ, count=2)
                assert [(date_of(bar.start), bar.closed) for bar in found.rows] == dates

    async def test_the_daytime_session_has_its_own_bars_of_one_day(self, config_of):
        async with trading_day(config_of) as today:
            today.turn_to(datetime(2026, 3, 13, 2, 30, tzinfo=UTC))  # 11:30 in Korea
            found = await overseas_bars.read_minute_bars(
                "NVDA", NASDAQ, minutes=1, count=500, daytime=True, client=today.client, lane=Lane.SCAN
            )
            assert (found.complete, found.exhausted) == (True, True)
            assert found.rows[0].start >= datetime(2026, 3, 13, 1, 0, tzinfo=UTC)
            assert found.rows[-1].start <= datetime(2026, 3, 13, 2, 30, tzinfo=UTC)
            assert len(found.rows) > 60

            detail = await overseas_quotes.get_price_detail("NVDA", NASDAQ, daytime=True, client=today.client)
            book = await overseas_quotes.get_order_book("NVDA", NASDAQ, daytime=True, client=today.client)
            assert book.bids[0].price < detail.last + 1
