"""The bars that an account's rules look at: what is followed, how far back, and what one rule sees of another's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from bots.series import STRATEGY_BARS, SeriesBook, bars_to_ask, bars_to_keep, covered, needs_of
from market.data import Bar, Bars, MarketData, Quote, SeriesKey
from market.words import Action, EvaluateOn, Exchange, Timeframe
from rules.domain import Rule, Wish
from rules.language import SeriesNeed, parse

NOON = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)  # a Wednesday, noon in New York
OWN = SeriesKey("AAPL", Timeframe.M1)
LISTED = {"QQQ": Exchange.NASDAQ}


def rule_of(entry: str = "price > 1", exit: str = "false", **fields) -> Rule:
    plain = Rule(
        id=UUID(int=1),
        version=1,
        symbol="AAPL",
        exchange=Exchange.NASDAQ,
        timeframe=Timeframe.M1,
        evaluate_on=EvaluateOn.TICK,
        entry=parse(entry),
        exit=parse(exit),
        buy_amount_usd=Decimal(100),
        max_position=10,
    )
    return replace(plain, **fields)


def tick(symbol: str, seconds: float, price: str = "10") -> Quote:
    at = NOON + timedelta(seconds=seconds)
    return Quote(symbol, Exchange.NASDAQ, Decimal(price), at, at)


def minutes_before(end: datetime, count: int) -> list[Bar]:
    ten = Decimal(10)
    return [Bar(end - timedelta(minutes=m), ten, ten, ten, ten, 1) for m in range(count, 0, -1)]


class Idle:
    """A strategy that wants nothing."""

    def decide(self, market: MarketData, rule: Rule) -> Wish:
        return Wish(Action.NONE)


class TestNeeds:
    def test_a_rules_own_series_is_always_among_them(self):
        assert set(needs_of(rule_of())) == {OWN}

    def test_other_timeframes_and_symbols_are_named_in_full(self):
        rule = rule_of("QQQ.close > 1 and sma(20, timeframe=1d) > 1", "QQQ.sma(50, timeframe=1d) > 1")
        assert set(needs_of(rule)) == {
            OWN,
            SeriesKey("QQQ", Timeframe.M1),
            SeriesKey("AAPL", Timeframe.D1),
            SeriesKey("QQQ", Timeframe.D1),
        }

    def test_what_says_its_own_symbol_aloud_is_its_own_series(self):
        needs = needs_of(rule_of("AAPL.sma(30) > 1 and sma(20) > 1"))
        assert set(needs) == {OWN}
        assert needs[OWN].bars >= 30

    def test_a_stop_needs_no_bars_and_code_gets_a_good_deal_of_them(self):
        assert needs_of(rule_of(stop_loss_pct=Decimal(3)))[OWN].bars == 0
        assert needs_of(rule_of("false", mode="python", program=Idle()))[OWN].bars == STRATEGY_BARS


class TestReach:
    def test_of_a_window_its_bars_are_asked_for_and_of_a_recursive_value_its_days(self):
        assert bars_to_ask(SeriesNeed(30), Timeframe.M1, page=120) == 120
        assert bars_to_ask(SeriesNeed(300), Timeframe.M1, page=120) > 300
        assert bars_to_ask(SeriesNeed(1, anchored=280), Timeframe.M1, page=120) > 280 + 2 * 390
        assert bars_to_keep(SeriesNeed(1, anchored=280), Timeframe.M1) > 280 + 2 * 1440

    def test_a_window_is_covered_by_its_bars_and_a_recursive_value_by_its_anchor(self):
        day = minutes_before(NOON, 100)
        days = minutes_before(NOON - timedelta(days=2), 300) + minutes_before(NOON - timedelta(days=1), 300) + day
        window, settled = SeriesNeed(90), SeriesNeed(1, anchored=280)
        assert covered(Bars(Timeframe.M1, tuple(day)), window)
        assert not covered(Bars(Timeframe.M1, tuple(day)), SeriesNeed(100))
        assert not covered(Bars(Timeframe.M1, tuple(day)), settled)
        assert covered(Bars(Timeframe.M1, tuple(days)), settled)

    def test_nothing_more_can_be_asked_of_a_series_that_begins(self):
        assert covered(Bars(Timeframe.M1, tuple(minutes_before(NOON, 3)), begins=True), SeriesNeed(500))
        assert not covered(Bars(Timeframe.M1), SeriesNeed(1))


class TestBook:
    def test_rules_share_their_series_and_the_one_that_needs_most_decides(self):
        book = SeriesBook()
        book.follow([rule_of("sma(20) > 1"), rule_of("sma(700) > 1"), rule_of("QQQ.close > 1")], LISTED)
        assert {f.key for f in book} == {OWN, SeriesKey("QQQ", Timeframe.M1)}
        assert book[OWN].keep > 700
        assert book.symbols == {"AAPL": Exchange.NASDAQ, "QQQ": Exchange.NASDAQ}

    def test_a_price_goes_into_every_series_of_its_symbol_and_no_other(self):
        book = SeriesBook()
        book.follow([rule_of("QQQ.close > 1 and close(timeframe=5m) > 1")], LISTED)
        book.add(tick("AAPL", 1))
        lengths = {f.key: len(f.bars.view().rows) for f in book}
        assert lengths == {OWN: 1, SeriesKey("AAPL", Timeframe.M5): 1, SeriesKey("QQQ", Timeframe.M1): 0}

    def test_bars_stay_while_anyone_looks_at_them_and_go_with_the_last(self):
        book = SeriesBook()
        book.follow([rule_of(), rule_of("QQQ.close > 1")], LISTED)
        book.add(tick("AAPL", 1))
        kept = book[OWN]
        assert not book.follow([rule_of()], LISTED)
        assert book[OWN] is kept
        assert {f.key for f in book} == {OWN}

    def test_history_is_wanted_for_what_is_new_or_must_reach_further(self):
        book = SeriesBook()
        assert book.follow([rule_of("sma(20) > 1")], LISTED)
        assert not book.follow([rule_of("sma(20) > 1")], LISTED)  # it has been asked for
        book[OWN].fill(minutes_before(NOON, 50), NOON)
        assert not book.follow([rule_of("sma(40) > 1")], LISTED)
        assert book.follow([rule_of("sma(60) > 1")], LISTED)

    def test_a_symbol_that_nobody_lists_is_left_out_and_unknown(self):
        book = SeriesBook()
        book.follow([rule_of("QQQ.close > 1")], {})
        assert {f.key for f in book} == {OWN}
        assert book.others([SeriesKey("QQQ", Timeframe.M1)], NOON) == {}

    def test_a_bar_of_another_series_has_closed_when_its_time_is_over_traded_or_not(self):
        book, key = SeriesBook(), SeriesKey("QQQ", Timeframe.M1)
        book.follow([rule_of("QQQ.close > 1")], LISTED)
        book.add(tick("QQQ", 30))
        (during,) = book.others([key], NOON + timedelta(seconds=50))[key].rows
        (after,) = book.others([key], NOON + timedelta(seconds=60))[key].rows
        assert (during.closed, after.closed) == (False, True)

        book.add(tick("QQQ", 59, "12"))  # a late price still belongs to it
        (late,) = book.others([key], NOON + timedelta(seconds=61))[key].rows
        assert (late.close, late.closed) == (Decimal(12), True)

    def test_a_gap_is_a_gap_of_all(self):
        book = SeriesBook()
        book.follow([rule_of("QQQ.close > 1")], LISTED)
        book.mark_gap()
        assert not any(f.bars.view().complete for f in book)


@pytest.mark.parametrize("minutes", [0, 1, 7])
def test_columns_of_a_series_seen_beside_another_are_its_rows(minutes):
    book, key = SeriesBook(), SeriesKey("QQQ", Timeframe.M1)
    book.follow([rule_of("QQQ.close > 1")], LISTED)
    for minute in range(5):
        book.add(tick("QQQ", 60 * minute, str(10 + minute)))
    bars = book.others([key], NOON + timedelta(minutes=minutes))[key]
    assert list(bars.columns.close) == [float(row.close) for row in bars.rows]


class TestAnotherScale:
    def test_after_a_split_the_symbols_bars_are_read_anew_and_the_others_kept(self):
        book = SeriesBook()
        rule = rule_of("QQQ.close > 1")
        book.follow([rule], LISTED)
        for followed in book:
            followed.bars.has_history = True
        kept = [followed for followed in book if followed.key.symbol == "QQQ"]

        book.forget("AAPL")

        assert book.follow([rule], LISTED)  # there is history to read
        assert [followed.bars.has_history for followed in book if followed.key.symbol == "AAPL"] == [False]
        assert [followed for followed in book if followed.key.symbol == "QQQ"] == kept
