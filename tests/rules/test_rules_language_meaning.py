"""What the language can see beside a rule's own bars: other timeframes and symbols, candles, words, the account."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.columns import Columns
from market.data import AccountView, Bar, Bars, OwnedPosition, SeriesKey, SessionView
from market.words import Environment, EvaluateOn, Session, Timeframe
from rules.domain import evaluate
from rules.indicators.values import value_at
from rules.language import Compiled, Look, Series, bind_params, check_condition, parse
from rules.language.look import closed_bars, with_forming
from rules.language.needs import SeriesNeed
from rules.language.reasons import reason_for

RISING = (100, 101, 102, 103, 104)
MINUTE = timedelta(minutes=1)


def judged(text: str, data) -> bool | None:
    return Compiled(parse(text)).verdict(Look(data, closed_bars(data)))


@pytest.fixture
def world(market, bars):
    """Five own minute bars; QQQ's minutes; the own symbol's five-minute and daily bars."""
    data = market(RISING)
    days = [replace(bar, closed=True) for bar in bars(data.now, (90, 91, 92), timeframe=Timeframe.D1).rows]
    return replace(
        data,
        others={
            SeriesKey("QQQ", Timeframe.M1): bars(data.now, (400, 402, 404)),
            SeriesKey("AAPL", Timeframe.M5): bars(data.now, (80, 85), timeframe=Timeframe.M5),
            SeriesKey("AAPL", Timeframe.D1): Bars(Timeframe.D1, tuple(days)),
        },
    )


class TestOtherSeries:
    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("QQQ.close == 404", True),
            ("QQQ.close[1] == 402 and QQQ.high == 405", True),
            ("QQQ.sma(3) == 402", True),
            ("qqq.close > close * 3", True),
            ("close(timeframe=5m) == 85 and close(timeframe=5m)[1] == 80", True),
            ("sma(2, timeframe=5m) < sma(2)", True),
            ("close(timeframe=1m) == close", True),  # its own timeframe said aloud
            ("QQQ.close crosses_above 403", True),
            ("AAPL.close == 104", True),
            ("MSFT.close > 0", None),
            ("close(timeframe=1h) > 0", None),
            ("MSFT.close > 0 or close > 0", True),
        ],
    )
    def test_they_are_read_like_the_own(self, world, text, verdict):
        assert judged(text, world) is verdict

    def test_a_hole_in_another_series_leaves_what_is_made_of_it_unknown(self, world, bars):
        holey = {SeriesKey("QQQ", Timeframe.M1): bars(world.now, (400, 402), complete=False)}
        assert judged("QQQ.close > 0", replace(world, others=holey)) is None

    def test_a_bar_that_is_not_over_is_not_seen(self, world, bars):
        """The five-minute bar that began with the newest own bar is not over, whatever the series says of it."""
        ahead = bars(world.now + 4 * MINUTE, (80, 85), timeframe=Timeframe.M5)
        data = replace(world, others={SeriesKey("AAPL", Timeframe.M5): ahead})
        assert judged("close(timeframe=5m) == 80", data) is True

    def test_a_bar_close_rule_that_looks_late_sees_what_it_would_have_seen_in_time(self, world, bars):
        late = replace(world, now=world.now + 3 * MINUTE)
        more = bars(world.now + 3 * MINUTE, (400, 402, 404, 406, 408, 410))
        data = replace(late, others={SeriesKey("QQQ", Timeframe.M1): more})
        assert judged("QQQ.close == 404", data) is True

    def test_needs_name_every_series(self):
        needs = check_condition(parse("close > QQQ.sma(20) and rsi(14, timeframe=1d) < 30 and QQQ.close[50] > 0")).needs
        assert needs == {
            Series(): SeriesNeed(1),
            Series("QQQ"): SeriesNeed(51),
            Series(None, Timeframe.D1): SeriesNeed(0, anchored=280, first=15),
        }

    def test_an_indicator_may_read_another_symbol_beside_its_own(self, market, bars):
        closes = [100 + (i * 7) % 11 for i in range(40)]
        data = market(closes)
        same = replace(data, others={SeriesKey("SPY", Timeframe.M1): bars(data.now, closes)})
        assert judged("beta(20, SPY) > 0.999 and beta(20, SPY) < 1.001", same) is True
        assert judged("beta(20, SPY) > 0", data) is None
        gap = Bars(Timeframe.M1, tuple(bar for i, bar in enumerate(bars(data.now, closes).rows) if i != 30))
        assert judged("beta(20, SPY) > 0", replace(data, others={SeriesKey("SPY", Timeframe.M1): gap})) is None


class TestIndicators:
    def test_every_spelling_of_the_same_indicator_is_reckoned_once(self):
        compiled = Compiled(parse("sma(20) > 1 and sma(period=20) > 2 and sma(close, 20).value > 3"))
        assert compiled.source.count("value_at") == 2  # once in the verdict, once in the trace

    def test_the_value_is_the_one_of_its_definition(self, market):
        data = market([100 + (i * 7) % 13 for i in range(300)])
        data = replace(data, bars=replace(data.bars, begins=True))
        columns = Columns.of(data.bars.rows, Timeframe.M1, True)
        look = Look(data, closed_bars(data))
        for text, name, params, output, offset in (
            ("rsi(14)", "rsi", (14,), None, 0),
            ("macd(12, 26, 9).signal", "macd", (12, 26, 9), "signal", 0),
            ("ema(9)[3]", "ema", (9,), None, 3),
            ("bollinger(period=20, std=2).upper", "bollinger", (20, 2.0), "upper", 0),
        ):
            compiled = Compiled(parse(f"{text} > 0"))
            seen = compiled.trace(look).value(compiled.node.left)
            assert seen == value_at(columns, name, params, output, "close", offset), text

    def test_parameters_take_the_place_of_their_names(self):
        node = parse("sma($fast) crosses_above sma($slow) and rsi(14) < $level and consecutive($way) > 1")
        bound = bind_params(
            node,
            {"fast": Decimal(10), "slow": Decimal(30), "level": Decimal("30.5"), "way": "up", "unused": Decimal(1)},
        )
        assert bound == parse("sma(10) crosses_above sma(30) and rsi(14) < 30.5 and consecutive(up) > 1")
        below = bind_params(parse("roc(10) < $least"), {"least": Decimal(-5)})
        assert below == parse("roc(10) < -5")


class TestCandles:
    def test_a_pattern_is_bullish_bearish_or_there(self, market):
        data = market(RISING)
        start = data.bars.rows[-2].start
        rows = [*data.bars.rows[:-2]]
        rows += [Bar(start, *map(Decimal, ("102", "102.5", "100.5", "101")), 1000)]
        rows += [Bar(start + MINUTE, *map(Decimal, ("100", "104", "99.5", "103.5")), 1000)]
        data = replace(data, bars=Bars(Timeframe.M1, tuple(rows), begins=True))
        assert judged("bullish(engulfing)", data) is True
        assert judged("detected(engulfing)", data) is True
        assert judged("bearish(engulfing)", data) is False
        assert judged("bullish(engulfing)[1]", data) is False
        assert judged("QQQ.bullish(engulfing)", data) is None

    def test_it_is_said_why_a_pattern_decided(self, market):
        data = market(RISING)
        data = replace(data, bars=replace(data.bars, begins=True))
        compiled = Compiled(parse("bullish(engulfing)"))
        reason = reason_for(compiled, Look(data, closed_bars(data)))
        assert reason.because("en") == "bullish engulfing is not there"
        assert reason.because("ko").endswith("패턴의 상승 신호가 없어서")


class TestWordsAndAmounts:
    def test_the_session_is_a_word(self, market):
        data = market(RISING)
        assert judged("session.phase == regular", data) is True
        assert judged("session.phase != regular", data) is False
        assert judged("pre == session.phase", data) is False
        closed = replace(data, session=SessionView(None))
        assert judged("session.phase == regular", closed) is None

    def test_the_account_can_be_asked_and_is_unknown_until_it_is_known(self, market):
        rich = AccountView(
            Environment.PAPER,
            buying_power_usd=Decimal(5000),
            equity_usd=Decimal(20000),
            cash_usd=Decimal("-10.5"),
        )
        data = market(RISING, account=rich)
        assert (
            judged("account.buying_power == 5000 and account.equity == 20000 and account.cash == -10.5", data) is True
        )
        assert judged("account.cash > 0", market(RISING)) is None

    def test_what_the_position_is_worth_and_how_far_it_fell(self, market):
        held = OwnedPosition(10, Decimal(100), None, Decimal(130))
        data = market(RISING, position=held)
        assert judged("position.value == 1040", data) is True
        assert judged("position.drawdown_pct == -20", data) is True
        assert judged("position.drawdown_pct <= -20.01", data) is False
        assert judged("position.value == 0", market(RISING)) is True
        assert judged("position.drawdown_pct < 0", market(RISING)) is None

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("price between 104 and 105", True),  # both ends belong to it
            ("price between 103 and 104", True),
            ("price between 100 and 103.99", False),
            ("not price between 100 and 103.99", True),
            ("sma(2) between close[1] and close", True),
            ("sma(9) between 1 and 2", None),
        ],
    )
    def test_between(self, market, text, verdict):
        assert judged(text, market(RISING)) is verdict


class TestSentences:
    @pytest.mark.parametrize(
        ("entry", "korean", "english"),
        [
            ("sma(2) between 90 and 95", "SMA(2) 103.5 가 90 과 95 사이가 아니어서 매수하지 않음",
             "SMA(2) 103.5 is not between 90 and 95, so it does not buy"),
            ("session.phase == pre", "장 구분 regular 가 pre 와 달라서 매수하지 않음",
             "session regular is not pre, so it does not buy"),
            ("QQQ.close > 500", "QQQ 종가 404 가 500 보다 작아서 매수하지 않음",
             "QQQ close 404 is less than 500, so it does not buy"),
            ("close(timeframe=5m) > 500", "종가(5m) 85 가 500 보다 작아서 매수하지 않음",
             "close(5m) 85 is less than 500, so it does not buy"),
            ("MSFT.close > 1", "MSFT.close > 1 을(를) 아직 알 수 없어서 (MSFT 1m 봉이 없거나 비었음) 매수하지 않음",
             "MSFT.close > 1 is not known yet (the 1m bars of MSFT are not there or have holes), so it does not buy"),
        ],
    )  # fmt: skip
    def test_every_kind_of_leaf_says_why(self, rule, world, entry, korean, english):
        decision = evaluate(rule(entry), world)
        assert (decision.explain("ko"), decision.explain("en")) == (korean, english)

    def test_the_leaf_that_was_nearest_to_flipping_is_named(self, rule, world):
        decision = evaluate(rule("price > 500 and close > 105 and volume > 1"), world)
        assert decision.as_dict()["nearest"]["text"] == "close > 105"
        assert decision.as_dict()["nearest"]["distance"] == "1"


def test_a_decision_says_which_bars_of_others_it_saw(rule, world):
    decision = evaluate(rule("QQQ.close > 1 and MSFT.close > 1 and close(timeframe=5m) > 1"), world)
    assert decision.as_dict()["inputs"]["others"] == [
        {"symbol": "QQQ", "timeframe": None, "bar_at": "2026-11-20T16:59:00Z"},
        {"symbol": "MSFT", "timeframe": None, "bar_at": None},
        {"symbol": None, "timeframe": "5m", "bar_at": "2026-11-20T16:55:00Z"},
    ]


def test_a_tick_rule_sees_other_series_as_they_are_now(rule, world, bars):
    now = world.now + 3 * MINUTE
    more = bars(now, (400, 402, 404, 406, 408, 410))
    data = replace(world, now=now, others={SeriesKey("QQQ", Timeframe.M1): more})
    look = Look(data, with_forming(data), by_bar=False)
    assert Compiled(parse("QQQ.close == 410")).verdict(look) is True
    assert evaluate(rule("QQQ.close == 404", on=EvaluateOn.TICK), world).verdict is True
    assert data.session.session is Session.REGULAR
