"""Stops, and strategies written in Python: both decide through the same `evaluate`."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.data import Bars, OwnedPosition, SeriesKey
from market.errors import Text
from market.words import Action, EvaluateOn, Side, Timeframe
from rules.domain import StrategyBroke, Wish, evaluate
from rules.language import ConditionError, Series, parse, to_text

MINUTE = timedelta(minutes=1)


class TestStops:
    def test_they_are_part_of_the_exit_condition(self, rule):
        stopped = rule(
            "price > 1",
            "rsi(14) > 70",
            stop_loss_pct=Decimal("5.00"),
            take_profit_pct=Decimal(10),
            trailing_stop_pct=Decimal("2.5"),
        )
        assert to_text(stopped.exit_node) == (
            "rsi(14) > 70 or position.return_pct <= -5 or position.return_pct >= 10 or position.drawdown_pct <= -2.5"
        )

    def test_without_an_exit_condition_they_are_the_exit(self, rule):
        assert (
            to_text(rule("true", "false", stop_loss_pct=Decimal(100)).exit_node) == "any(position.return_pct <= -100)"
        )
        assert to_text(rule("true", "false").exit_node) == "false"

    @pytest.mark.parametrize(
        ("price", "acts", "because"),
        [
            ("95.01", False, None),
            ("95", True, "return in percent -5 is equal to -5"),
            ("110", True, "return in percent 10 is equal to 10"),
            ("102.3", True, "fall from the high in percent"),
        ],
    )
    def test_they_sell_at_their_line_and_say_so(self, rule, market, price, acts, because):
        stopped = rule(
            "true",
            "false",
            stop_loss_pct=Decimal(5),
            take_profit_pct=Decimal(10),
            trailing_stop_pct=Decimal("2.5"),
        )
        high = Decimal(105) if because and "fall" in because else Decimal(95)
        held = OwnedPosition(5, Decimal(100), None, high)
        decision = evaluate(stopped, market((100,), price=price, position=held))
        assert (decision.action is Action.EXIT) is acts
        if because:
            assert because in decision.explain("en")

    def test_they_work_while_the_exit_condition_is_unknown(self, rule, market):
        stopped = rule("true", "rsi(14) > 70", stop_loss_pct=Decimal(5))
        assert evaluate(stopped, market((100, 94), held=5)).action is Action.EXIT


class TestParameters:
    def test_a_rule_says_its_parameters_beside_its_conditions(self, rule, market):
        with_params = rule("sma($n) > $level", params={"n": Decimal(2), "level": Decimal("100.4")})
        assert evaluate(with_params, market((100, 101))).action is Action.ENTRY
        assert with_params.look_back == 2
        with pytest.raises(ConditionError) as caught:
            evaluate(rule("sma($n) > 1", params={"m": Decimal(2)}), market((100,)))
        assert (caught.value.code, caught.value.column) == ("undefined_param", 5)

    def test_its_needs_are_those_of_both_conditions(self, rule):
        both = rule("sma(20) > 1 and QQQ.close > 1", "sma(30) < 1 and rsi(14, timeframe=1d) > 70")
        assert {series: need.look_back for series, need in both.needs.items()} == {
            Series(): 30,
            Series("QQQ"): 1,
            Series(None, Timeframe.D1): 280,
        }


class Says:
    """A strategy that always answers the same, and remembers what it was shown."""

    def __init__(self, answer: Wish | StrategyBroke) -> None:
        self.answer = answer
        self.seen = None

    def decide(self, market, rule):
        self.seen = market
        if isinstance(self.answer, StrategyBroke):
            raise self.answer
        return self.answer


@pytest.fixture
def python(rule):
    def make(answer, **changes):
        return rule("false", "false", mode="python", program=Says(answer), **changes)

    return make


class TestPython:
    def test_it_enters_with_its_own_quantity_price_and_words(self, python, market):
        wish = Wish(Action.ENTRY, quantity=7, limit_price=Decimal("99.5"), reason="the tide is high")
        decision = evaluate(python(wish), market((100,)))
        assert (decision.action, decision.side) == (Action.ENTRY, Side.BUY)
        assert (decision.quantity, decision.limit_price, decision.score) == (7, Decimal("99.5"), 1.0)
        assert decision.key and decision.looked and decision.judged_bar
        assert decision.explain("ko") == "the tide is high 매수함"
        assert json.loads(json.dumps(decision.as_dict()))["order"] == {"quantity": 7, "limit_price": "99.5"}

    def test_it_cannot_take_more_than_the_rule_allows_nor_sell_more_than_is_owned(self, python, market):
        assert evaluate(python(Wish(Action.ENTRY, quantity=1000)), market((100,))).quantity == 100
        assert evaluate(python(Wish(Action.EXIT, quantity=1000)), market((100,), held=5)).quantity == 5

    @pytest.mark.parametrize(("action", "held"), [(Action.ENTRY, 5), (Action.EXIT, 0), (Action.NONE, 0)])
    def test_it_does_not_add_nor_sell_what_is_not_there(self, python, market, action, held):
        decision = evaluate(python(Wish(action)), market((100,), held=held))
        assert (decision.action, decision.key, decision.looked) == (Action.NONE, None, True)
        assert decision.explain("en").startswith("The strategy's code wants nothing")

    def test_one_that_breaks_does_nothing_and_says_why(self, python, market):
        broke = StrategyBroke(Text("1 초를 넘겼습니다", "It took longer than a second"))
        decision = evaluate(python(broke), market((100,)))
        assert (decision.action, decision.broke) == (Action.NONE, broke.text)
        assert decision.explain("en") == "It took longer than a second, so it does not buy"

    def test_its_stops_hold_whatever_it_says(self, python, market):
        stopped = python(StrategyBroke(Text("고장", "broken")), stop_loss_pct=Decimal(5))
        decision = evaluate(stopped, market((100, 94), held=5))
        assert (decision.action, decision.broke) == (Action.EXIT, None)
        assert "return in percent" in decision.explain("en")

    def test_it_is_not_asked_while_the_quote_is_no_good(self, python, market):
        program = python(Wish(Action.ENTRY))
        assert evaluate(program, market((100,), quote=None)).action is Action.NONE
        assert program.program.seen is None

    def test_it_sees_closed_bars_only_of_every_series(self, python, market, bars):
        data = market((100, 101))
        forming = replace(data.bars.rows[-1], start=data.now, close=Decimal(500), closed=False)
        ahead = bars(data.now + 2 * MINUTE, (400, 402, 404, 406))
        data = replace(
            data,
            bars=Bars(Timeframe.M1, (*data.bars.rows, forming)),
            others={SeriesKey("QQQ", Timeframe.M1): ahead},
        )
        rule = python(Wish(Action.NONE))
        evaluate(rule, data)
        seen = rule.program.seen
        assert [bar.close for bar in seen.bars.rows] == [100, 101]
        assert seen.bars.columns.close.tolist() == [100.0, 101.0]
        assert [bar.close for bar in seen.others[SeriesKey("QQQ", Timeframe.M1)].rows] == [400, 402]

    def test_on_tick_the_forming_bar_has_the_quotes_price(self, python, market):
        data = market((100, 101), price=120)
        forming = replace(data.bars.rows[-1], start=data.now, high=Decimal(110), low=Decimal(90), closed=False)
        rule = python(Wish(Action.NONE), evaluate_on=EvaluateOn.TICK)
        evaluate(rule, replace(data, bars=Bars(Timeframe.M1, (*data.bars.rows, forming))))
        newest = rule.program.seen.bars.rows[-1]
        assert (newest.close, newest.high, newest.low) == (120, 120, 90)


@pytest.mark.parametrize("on", EvaluateOn)
def test_the_same_market_gives_the_same_decision(rule, market, on):
    """Nothing is remembered between two looks, and nothing is read but the market."""
    data = market([100 + i % 7 for i in range(60)])
    judged = rule("sma(5) > sma(20) and close > minimum(10)[1]", "false", on=on, stop_loss_pct=Decimal(3))
    fresh = replace(judged)
    assert evaluate(judged, data).as_dict() == evaluate(judged, data).as_dict() == evaluate(fresh, data).as_dict()
    assert parse(to_text(judged.exit_node)) == judged.exit_node
