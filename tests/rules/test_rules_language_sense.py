"""Conditions whose words are right and that still say nothing: other units, never true, always true."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.language import ConditionError, Look, check_condition, parse
from rules.language.compiled import LiveWriter
from rules.language.look import closed_bars
from rules.language.nodes import Call, Comparison, Name, Number, Shift, walk
from rules.language.ranges import always, facts


def refused(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        check_condition(parse(text))
    return caught.value


class TestUnits:
    @pytest.mark.parametrize(
        ("text", "units"),
        [
            ("close > volume", ("dollars", "shares")),
            ("close > position.return_pct", ("dollars", "percent")),
            ("rsi(14) > close", ("index", "dollars")),
            ("sma(volume, 20) > close", ("shares", "dollars")),
            ("roc(10) > rsi(14)", ("percent", "index")),
            ("session.minutes_to_close < close", ("minutes", "dollars")),
            ("close + volume > 5", ("dollars", "shares")),
            ("close / open > close", ("ratio", "dollars")),
            ("close crosses_above volume", ("dollars", "shares")),
            ("close between 5 and volume", ("dollars", "shares")),
            ("position.qty > account.cash", ("shares", "dollars")),
        ],
    )
    def test_different_units_are_not_compared_and_both_are_said(self, text, units):
        error = refused(text)
        assert error.code == "wrong_unit"
        assert all(unit in error.message.en for unit in units)
        assert error.place and error.message.ko

    @pytest.mark.parametrize(
        "text",
        [
            "close > 5 and volume > 5 and rsi(14) > 5 and position.return_pct > 5",
            "close * 1.02 > ema(20) - atr(14) * 2",
            "volume > sma(volume, 20) * 1.5",
            "(close - open) / open * 100 > roc(5)",
            "close * volume > 1000000",
            "position.value / position.qty > position.avg_price",
            "position.qty * price > account.equity * 0.2",
            "bollinger(20, 2).upper - bollinger(20, 2).lower > atr(14)",
            "macd(12, 26, 9) > macd(12, 26, 9).signal",
            "maximum(volume, 20) > volume[1]",
            "close / sma(20) > rsi(14) / 50",
            "high - low > spread * 3",
        ],
    )
    def test_what_has_one_unit_may_be_compared(self, text):
        check_condition(parse(text))


class TestNeverTrue:
    @pytest.mark.parametrize(
        ("text", "because"),
        [
            ("rsi(14) > 110", "between 0 and 100"),
            ("rsi(14) > 100", "between 0 and 100"),
            ("rsi(14) < 0", "between 0 and 100"),
            ("rsi(14) == -1", "between 0 and 100"),
            ("rsi(14) crosses_above 100", "between 0 and 100"),
            ("rsi(14) crosses_below 0", "between 0 and 100"),
            ("williams_r(14) > 20", "between -100 and 0"),
            ("rsi(14) * 2 > 250", "between 0 and 200"),
            ("close < 0", "never below 0"),
            ("-volume > 1", "never above 0"),
            ("position.drawdown_pct > 5", "between -100 and 0"),
            ("position.return_pct < -150", "never below -100"),
            ("1 > 2", "fixed"),
            ("close > close", "same value"),
            ("close != close", "same value"),
            ("close crosses_above close", "same value"),
            ("close > high", "order"),
            ("low[2] > high[2]", "order"),
            ("price between 10 and 5", "above the upper"),
            ("rsi(14) between 120 and 130", "between 0 and 100"),
            ("not rsi(14) >= 0", "always true"),
            ("bearish(morning_star)", "never signals"),
        ],
    )
    def test_it_is_refused_and_the_reason_said(self, text, because):
        error = refused(text)
        assert error.code == "never_true"
        assert because in error.message.en
        assert error.message.ko != error.message.en

    @pytest.mark.parametrize(
        ("text", "suggestion"),
        [
            ("close > maximum(20)", "maximum(20)[1]"),
            ("close < minimum(20)", "minimum(20)[1]"),
            ("high > maximum(high, 20)", "maximum(high, 20)[1]"),
            ("close crosses_above maximum(20)", "maximum(20)[1]"),
            ("close > maximum(high, 20)", "maximum(high, 20)[1]"),
            ("close[2] > maximum(20)[1]", "maximum(20)[2]"),
            ("high > donchian(20).upper", "donchian(20).upper[1]"),
            ("maximum(20) < close", "maximum(20)[1]"),
        ],
    )
    def test_a_window_that_holds_its_own_bar_cannot_be_left(self, text, suggestion):
        error = refused(text)
        assert (error.code, error.suggestion) == ("never_true", suggestion)

    @pytest.mark.parametrize(
        "text",
        [
            "close > maximum(20)[1]",
            "close[30] > maximum(20)",
            "close > maximum(open, 20)",
            "high > maximum(20)",
            "QQQ.close > maximum(20)",
            "close > bollinger(20, 2).upper",
        ],
    )
    def test_one_that_does_not_hold_it_can(self, text):
        assert check_condition(parse(text)).warnings == ()


class TestContradictions:
    @pytest.mark.parametrize(
        ("text", "column", "with_what"),
        [
            ("rsi(14) < 30 and rsi(14) > 70", 18, "rsi(14) < 30"),
            ("price > 5 and rsi(14) < 30 and rsi(period=14) > 70 and rsi(14) > 70", 56, "rsi(14) < 30"),
            ("close > open and close < open", 18, "close > open"),
            ("close > open and open >= close", 18, "close > open"),
            ("close crosses_above open and close < open", 30, "close crosses_above open"),
            ("close crosses_above 5 and close crosses_below 5", 27, "close crosses_above 5"),
            ("close between 1 and 5 and close > 5", 27, "close between 1 and 5"),
            ("not (rsi(14) >= 30 or rsi(14) < 70)", 23, "rsi(14) >= 30"),
            ("(rsi(14) < 20 or rsi(14) < 30) and rsi(14) == 50", 36, "rsi(14) < 20 or rsi(14) < 30"),
            ("price > 1 or (close < 5 and close > 6)", 29, "close < 5"),
        ],
    )
    def test_the_second_statement_is_pointed_at(self, text, column, with_what):
        error = refused(text)
        assert (error.code, error.column) == ("contradiction", column)
        assert f"`{with_what}`" in error.message.en and f"`{with_what}`" in error.message.ko

    @pytest.mark.parametrize(
        "text",
        [
            "rsi(14) < 30 and rsi(7) > 70",
            "rsi(14) < 30 or rsi(14) > 70",
            "rsi(14) < 30 and rsi(14)[1] > 70",
            "close <= 5 and close >= 5",
            "price > 5 and close < 3",
            "(rsi(14) < 20 or close > 5) and rsi(14) > 50",
            "not (rsi(14) < 30 and rsi(14) > 20)",
        ],
    )
    def test_what_can_hold_together_may_stand_together(self, text):
        check_condition(parse(text))


class TestWarnings:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("rsi(14) >= 0", "always_true"),
            ("close >= close", "always_true"),
            ("rsi(14) < 40 or rsi(14) > 20", "always_true"),
            ("rsi(14) between 0 and 100", "always_true"),
            ("high >= low", "always_true"),
            ("close >= maximum(20)", "holds_own_bar"),
            ("price > maximum(20)", "holds_own_bar"),
        ],
    )
    def test_what_is_odd_is_said_but_allowed(self, text, code):
        (warning,) = check_condition(parse(text)).warnings
        assert warning.code == code
        assert warning.as_dict()["line"] == 1
        assert warning.text.ko != warning.text.en

    @pytest.mark.parametrize("text", ["true", "false", "price > 5", "rsi(14) > 0", "volume > 0"])
    def test_the_rest_has_none(self, text):
        assert check_condition(parse(text)).warnings == ()


LEAVES = st.builds(
    lambda name, op, level: f"{name} {op} {level}",
    st.sampled_from(["close", "open", "volume", "price", "close[1]", "sma(2)", "maximum(3)"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "crosses_above", "crosses_below"]),
    st.sampled_from(["1", "2", "3", "close", "sma(2)", "maximum(3)"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds("not ({})".format, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: f"all({', '.join(items)})")
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: f"any({', '.join(items)})")
    ),
    max_leaves=6,
)


@given(text=TREES, closes=st.lists(st.integers(1, 3), min_size=1, max_size=7))
@settings(max_examples=600, deadline=None)
def test_what_is_called_impossible_never_happens(market, text, closes):
    """The reasoning is sound: it is asked here of conditions that the check would refuse."""
    node, data = parse(text), market(closes)
    look = Look(data, closed_bars(data))
    for part in walk(node):
        if isinstance(part, Number | Name | Call | Shift):
            continue
        verdict = LiveWriter().functions(part)[0](look)
        if facts(part, True) is None or (isinstance(part, Comparison) and always(part) is False):
            assert verdict is not True, part
        if facts(part, False) is None or (isinstance(part, Comparison) and always(part) is True):
            assert verdict is not False, part


@given(text=TREES, closes=st.lists(st.integers(1, 3), min_size=1, max_size=7))
@settings(max_examples=300, deadline=None)
def test_a_verdict_that_ends_early_is_the_one_of_the_whole(market, text, closes):
    node, data = parse(text), market(closes)
    look, writer = Look(data, closed_bars(data)), LiveWriter()
    verdict, trace, _source = writer.functions(node)
    assert verdict(look) is trace(look)[writer.slots[node, 0]]
