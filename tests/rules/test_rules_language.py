"""What expressions mean, how they are spelled, and what is said of those that mean nothing."""

import json
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.words import Session, Timeframe
from rules.indicators import REGISTRY
from rules.indicators.patterns import PATTERNS
from rules.language import (
    Compiled,
    ConditionError,
    Look,
    Series,
    bind_params,
    check,
    check_condition,
    from_json,
    parse,
    read_condition,
    to_json,
    to_text,
)
from rules.language.look import closed_bars
from rules.language.names import NAMES
from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
    Between,
    Boolean,
    Call,
    Comparator,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Operator,
    Param,
    Pattern,
    Shift,
    Signal,
    Word,
)
from rules.language.reasons import reason_for

RISING = (100, 101, 102, 103, 104)
BOUND = {"fast": Decimal(7), "Slow_2": Decimal("2.5"), "_": Decimal(-1)}


def judged(text: str, data) -> bool | None:
    return Compiled(parse(text)).verdict(Look(data, closed_bars(data)))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("price < 104", False),
        ("price <= 104", True),
        ("price == 104.00", True),
        ("price != 104", False),
        ("price >= 104 and price > 103.99", True),
        ("price > 200 or price < 200", True),
        ("not price > 200", True),
        ("not (price > 200 or price < 200)", False),
        ("all(price > 100, close > 100, true)", True),
        ("any(price > 200, false)", False),
        ("PRICE > 100 AND RSI(2) >= 0", None),  # words in either case; sixteen bars are not there
        ("1 + 2 * 3 == 7", True),
        ("(1 + 2) * 3 == 9", True),
        ("8 / 4 / 2 == 1", True),
        ("10 - 4 - 3 == 3", True),
        ("-price < 0", True),
        ("0.1 + 0.2 == 0.3", True),  # money is exact
        ("price * 1.1 == 114.4", True),
        ("close[0] == 104", True),
        ("close[1] == 103", True),
        ("open[2] == 102 and high[2] == 103 and low[2] == 101", True),
        ("volume == 1004 and volume[4] == 1000", True),
        ("close[5] > 0", None),  # there is no sixth bar
        ("bid == 103.99 and ask == 104.02 and spread == 0.03", True),
        ("sma(5) == 102", True),
        ("sma(2)[1] == 102.5", True),
        ("sma(volume, 5) == 1002", True),
        ("sma(high, 1) == high", True),
        ("sma(6) > 0", None),
        ("ema(1) == 104", None),
        ("price crosses_above 103.5", True),
        ("price crosses_above 103", True),  # it was on the line and is above it now
        ("price crosses_above 104", False),
        ("price crosses_below 103.5", False),
        ("sma(1) crosses_above close[1]", False),
        ("close crosses_above 100", False),  # that was four bars ago
        ("position.qty == 0", True),
        ("position.avg_price > 0", None),
        ("position.return_pct < -5", None),
        ("position.held_minutes > 5", None),
        ("session.minutes_since_open == 150", True),
        ("session.minutes_to_close == 240", True),
        ("price / (price - 104) > 1", None),  # nothing is divided by zero
        ("sma(9) > 1 or price > 100", True),  # one certain truth is enough
        ("sma(9) > 1 and price > 200", False),  # one certain falsehood too
        ("sma(9) > 1 and price > 100", None),
        ("not sma(9) > 1", None),
    ],
)
def test_an_expression_has_this_value(market, text, verdict):
    data = market(RISING) if "ema(1)" not in text else market((1, 2, 3, 104))
    assert judged(text, data) is verdict


def test_what_the_rule_owns_can_be_asked(market):
    data = market(RISING, held=7, paid="80")
    for text in (
        "position.qty == 7",
        "position.avg_price == 80",
        "position.return_pct == 30",
        "position.held_minutes == 90",
        "position.high_since_entry == 105",
        "price crosses_above position.avg_price * 1.29",
    ):
        assert judged(text, data) is True, text


def test_the_high_since_entry_includes_the_present_price(market):
    assert judged("position.high_since_entry == 200", market(RISING, price=200, held=1)) is True


def test_a_hole_in_the_bars_makes_everything_made_of_bars_unknown(market, bars):
    data = market(RISING)
    holey = market(RISING, bars=bars(data.now, RISING, complete=False))
    assert judged("close > 0", holey) is None
    assert judged("sma(2) > 0", holey) is None
    assert judged("price > 0", holey) is True


def test_a_price_meets_its_own_mean_exactly(market):
    """180.1 as money and 180.1 as a statistic are the same number."""
    assert judged("close == sma(1)", market(("180.1",))) is True
    assert judged("close > sma(1)", market(("180.1",))) is False


# ---- errors: where, what was expected, what it may have meant


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "suggestion"),
    [
        ("", "empty", 1, 1, None),
        ("rsi(14) <", "unexpected", 1, 10, None),
        ("rsi(14) = 30", "bad_character", 1, 9, "=="),
        ("price > 1 && price < 2", "bad_character", 1, 11, "and"),
        ("price ≥ 2", "bad_character", 1, 7, ">="),
        ("price > 1.2.3", "bad_number", 1, 9, None),
        ("price > 3x", "bad_number", 1, 9, None),
        ("price > 99999999999999999", "bad_number", 1, 9, None),
        ("1 < price < 2", "chained", 1, 11, None),
        ("price > 1 adn price < 2", "unexpected", 1, 11, "and"),
        ("price crosses_abov 3", "unexpected", 1, 7, "crosses_above"),
        ("all()", "unexpected", 1, 5, None),
        ("all(price > 1", "unexpected", 1, 14, None),
        ("price > 1)", "unexpected", 1, 10, None),
        ("close[-1] > 1", "look_ahead", 1, 7, None),
        ("close[501] > 1", "unexpected", 1, 7, None),
        ("price > 1 and\n  prise < 2", "unknown_name", 2, 3, "price"),
        ("qty > 1", "unknown_name", 1, 1, "position.qty"),
        ("rsi < 30", "unknown_name", 1, 1, "rsi(14)"),
        ("rsj(14) < 30", "unknown_indicator", 1, 1, "rsi"),
        ("price(3) > 1", "unknown_indicator", 1, 1, "price"),
        ("sma() > 1", "wrong_arguments", 1, 1, "sma(20)"),
        ("macd(12) > 1", "wrong_arguments", 1, 1, None),
        ("macd(12, slw=26, signal=9) > 1", "wrong_arguments", 1, 1, "slow"),
        ("macd(12, fast=26, slow=30, signal=9) > 1", "wrong_arguments", 1, 1, None),
        ("sma(period=20, period=30) > 1", "wrong_arguments", 1, 16, None),
        ("sma(period=20, 30) > 1", "unexpected", 1, 16, None),
        ("macd(26, 12, 9) > 1", "bad_argument", 1, 1, "macd(12, 26, 9)"),
        ("atr(volume, 14) > 1", "bad_argument", 1, 5, None),
        ("consecutive(upp) > 1", "bad_argument", 1, 13, "up"),
        ("bollinger(20, 2).uper > 1", "unknown_output", 1, 1, "upper"),
        ("sma($fast) > 1", "undefined_param", 1, 5, None),
        ("sma(20, timeframe=2h) > 1", "bad_timeframe", 1, 19, None),
        ("QQQ.price > 1", "unknown_name", 1, 1, "QQQ.close"),
        ("QQQ.sma > 1", "unknown_name", 1, 1, "QQQ.sma(20)"),
        ("posision.qty > 1", "unknown_name", 1, 1, "position.qty"),
        ("Q_Q.close > 1", "bad_symbol", 1, 1, None),
        ('"BRK/B > 1', "bad_character", 1, 1, None),
        ("bullish(engulfin)", "unknown_pattern", 1, 1, "engulfing"),
        ("engulfing", "unknown_name", 1, 1, "detected(engulfing)"),
        ("bullish > 1", "unexpected", 1, 9, None),
        ("session.phase == regula", "unknown_word", 1, 18, "regular"),
        ("session.phase == up", "unknown_word", 1, 18, None),
        ("session.phase > regular", "wrong_kind", 1, 1, None),
        ("price == regular", "wrong_kind", 1, 1, None),
        ("price between 1", "unexpected", 1, 16, None),
        ("price between 1 or 2", "unexpected", 1, 17, None),
        ("sma(1, 2, 3) > 1", "wrong_arguments", 1, 1, None),
        ("sma(0) > 1", "bad_argument", 1, 5, None),
        ("sma(2.5) > 1", "bad_argument", 1, 5, None),
        ("sma(price) > 1", "bad_argument", 1, 5, None),
        ("sma(volum, 3) > 1", "bad_argument", 1, 5, "volume"),
        ("rsi(0) > 1", "bad_argument", 1, 5, None),
        ("tema(1000) > 1", "too_many_bars", 1, 1, None),
        ("sma(1000)" + "[500]" * 9 + " > 1", "too_many_bars", 1, 1, None),
        ("price", "not_a_condition", 1, 1, None),
        ("price > true", "wrong_kind", 1, 9, None),
        ("price > (1 < 2)", "wrong_kind", 1, 10, None),
        ("not price", "wrong_kind", 1, 5, None),
        ("all(price > 1, 3)", "wrong_kind", 1, 16, None),
        ("bid[1] > 1", "no_history", 1, 1, None),
        ("spread crosses_above 1", "no_history", 1, 1, None),
        ("1 crosses_above 2", "nothing_moves", 1, 1, None),
        ("(" * 100 + "price" + ")" * 100 + " > 1", "too_deep", 1, 42, None),
        ("price > " + " + ".join(["1"] * 60), "too_deep", 1, None, None),
        ("price > 1 or " * 400 + "true", "too_long", None, None, None),
    ],
)
def test_a_mistake_is_named_with_its_place(text, code, line, column, suggestion):
    with pytest.raises(ConditionError) as caught:
        check_condition(parse(text))
    error = caught.value
    assert (error.code, error.line, error.suggestion) == (code, line, suggestion)
    if column is not None:
        assert error.column == column
    assert error.message.ko != error.message.en
    assert "\n" not in error.text.en


def test_the_whole_message_says_what_to_do_in_both_languages():
    with pytest.raises(ConditionError) as caught:
        check_condition(parse("prise < 30"))
    assert caught.value.text.en == "Line 1, column 1: There is nothing called `prise`. Did you mean `price`?"
    assert caught.value.text.ko == "1행 1열: `prise` 은(는) 없는 이름입니다. 혹시 `price` 인가요?"


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("price > 1", 0),
        ("price[1] > 1", 2),
        ("close > 1", 1),
        ("close[3] > 1", 4),
        ("sma(20) > 1", 20),
        ("sma(20)[2] > 1", 22),
        ("ema(20) > 1", 200),
        ("rsi(14) > 1", 280),
        ("QQQ.sma(20) > 1", 0),
        ("sma(10) crosses_above sma(30)", 31),
        ("position.avg_price < price", 0),
        ("close[3] > 1 or rsi(2) < 5", 40),
        ("bullish(engulfing)", 60),
    ],
)
def test_a_condition_says_how_many_bars_it_must_see(text, bars):
    assert check(parse(text)).look_back == bars


# ---- one tree, three spellings

numbers = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False).map(Number)
symbols = st.sampled_from(["QQQ", "BRK/B", "POSITION", "OBV", "3M", "ALL"])
every_series = st.builds(Series, st.none() | symbols, st.none() | st.sampled_from(Timeframe))
names = st.sampled_from(sorted(set(NAMES) - {"session.phase"})).map(Name) | st.builds(
    Name, st.sampled_from(["open", "high", "low", "close", "volume"]), every_series
)
params = st.sampled_from(["fast", "Slow_2", "_"]).map(Param)


@st.composite
def indicators(draw) -> Call:
    """Any call as somebody might write it: some arguments in their places, some named."""
    known = REGISTRY[draw(st.sampled_from(sorted(REGISTRY)))]
    args = [_argument(draw, p) for p in known.parameters]
    placed = draw(st.integers(0, len(args)))
    named = tuple((p.name, a) for p, a in zip(known.parameters[placed:], args[placed:], strict=True))
    source = (Name("volume"),) if known.sourced and draw(st.booleans()) else ()
    if source and placed == 0 and draw(st.booleans()):
        source, named = (), (("source", source[0]), *named)
    output = draw(st.none() | st.sampled_from([o.name for o in known.outputs]))
    return Call(known.name, (*source, *args[:placed]), named, output, draw(every_series))


def _argument(draw, parameter) -> Node:
    if parameter.kind == "choice":
        return Word(draw(st.sampled_from(parameter.choices)))
    if parameter.kind == "symbol":
        return Name("spy")
    if draw(st.integers(0, 9)) == 0:
        return draw(params)
    return Number(Decimal(str(parameter.default)))


values: st.SearchStrategy[Node] = st.recursive(
    numbers | params | names | indicators(),
    lambda inner: (
        st.builds(Negate, inner)
        | st.builds(Shift, inner, st.integers(0, 500))
        | st.builds(Arithmetic, st.sampled_from(Operator), inner, inner)
    ),
    max_leaves=8,
)
patterns = st.builds(Pattern, st.sampled_from(Signal), st.sampled_from(sorted(PATTERNS)), every_series)
phases = st.builds(
    Comparison,
    st.sampled_from([Comparator.EQ, Comparator.NE]),
    st.just(Name("session.phase")),
    st.sampled_from(Session).map(lambda session: Word(session.value)),
)
conditions: st.SearchStrategy[Node] = st.recursive(
    st.builds(Boolean, st.booleans())
    | st.builds(Comparison, st.sampled_from(Comparator), values, values)
    | st.builds(Between, values, values, values)
    | patterns
    | st.builds(Shift, patterns, st.integers(0, 500))
    | phases,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, min_size=1, max_size=4).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=4).map(tuple))
    ),
    max_leaves=12,
)


@given(conditions)
@settings(max_examples=300, deadline=None)
def test_text_and_json_lose_nothing(node):
    assert parse(to_text(node)) == node
    assert from_json(to_json(node)) == node
    assert read_condition(to_text(node)) == node


@given(st.text(alphabet='rsima()[]0123456789.<>=!+-*/ ,\nandorpe_쌰$"QB=twn', max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        node = parse(text)
    except ConditionError as e:
        assert e.line and e.column and e.message.ko
    else:
        assert parse(to_text(node)) == node


@given(
    node=conditions.map(lambda node: bind_params(node, BOUND)),
    held=st.integers(0, 1),
    closes=st.lists(st.integers(1, 500), min_size=1, max_size=60),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_whatever_passes_the_check_can_be_judged_and_explained(market, node, held, closes):
    try:
        compiled = Compiled(node)
    except ConditionError as error:
        assert error.text.ko and error.text.en
        return
    data = market(closes, held=held)
    look = Look(data, closed_bars(data))
    verdict, reason = compiled.verdict(look), reason_for(compiled, look)
    assert reason.result is verdict
    assert (reason.score == 1) == (verdict is True)
    assert 0 <= reason.score <= 1
    assert reason.because("ko") and reason.because("en")
    json.dumps(reason.as_dict(), allow_nan=False)


def test_a_condition_may_come_in_any_spelling():
    tree = parse("rsi(14) < 30 and price > 100.5")
    mapping = {"all": [{"op": "<", "left": "rsi(14)", "right": 30}, "price > 100.5"]}
    assert read_condition(mapping) == tree
    assert read_condition('{"all": ["rsi(14) < 30", {"op": ">", "left": "price", "right": 100.50}]}') == tree
    assert read_condition("all:\n  - rsi(14) < 30\n  - price > 100.5\n") == tree
    assert read_condition(True) == Boolean(True)
    assert read_condition({"op": "<", "left": "position.return_pct", "right": -5}) == parse("position.return_pct < -5")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"name": "obv"}, "obv()"),
        ({"name": "regular"}, "regular"),
        ({"call": "close", "timeframe": "1d"}, "close(timeframe=1d)"),
        ({"call": "SMA", "named": {"period": 20}, "symbol": "qqq"}, "QQQ.sma(period=20)"),
        ({"call": "pivot", "symbol": "BRK/B"}, '"BRK/B".pivot()'),
        ({"name": "close", "symbol": "position"}, '"POSITION".close'),
        ({"pattern": "doji", "signal": "detected", "timeframe": "5m"}, "detected(doji, timeframe=5m)"),
        ({"between": "rsi(14)", "low": 30, "high": {"param": "High"}}, "rsi(14) between 30 and $High"),
        ({"number": "-5"}, "-5"),
    ],
)
def test_a_mapping_has_one_spelling(value, text):
    node = read_condition(value)
    assert to_text(node) == text
    assert parse(text) == node == from_json(to_json(node))


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (None, "not_a_node", ""),
        ({"rsi": 14}, "unknown_shape", ""),
        ({"all": []}, "empty", "all"),
        ({"all": "price > 1"}, "wrong_type", "all"),
        ({"all": ["price > 1", {"op": "<<", "left": 1, "right": 2}]}, "unknown_operator", "all[1].op"),
        ({"not": {"op": "<", "left": 1, "right": [2]}}, "not_a_node", "not.right"),
        ({"any": ["price >"]}, "unexpected", "any[0]"),
        ({"number": "1e99"}, "bad_number", ""),
        ({"op": "<", "left": float("nan"), "right": 1}, "bad_number", "left"),
        ({"name": "price; import os"}, "bad_name", "name"),
        ({"name": "all"}, "bad_name", "name"),
        ({"shift": "close", "bars": True}, "bad_shift", "bars"),
        ({"shift": "close", "bars": -1}, "look_ahead", "bars"),
        ({"word": "regularly"}, "unknown_word", "word"),
        ({"name": "close", "symbol": "a b"}, "bad_name", "symbol"),
        ({"name": "close", "timeframe": "2h"}, "bad_timeframe", "timeframe"),
        ({"name": "position.qty", "symbol": "QQQ"}, "bad_name", "name"),
        ({"pattern": "doji", "signal": "up"}, "unknown_word", "signal"),
        ({"call": "sma", "named": {"period)": 3}}, "bad_name", "named"),
        ({"between": "price", "low": 1}, "unknown_shape", ""),
        ("{not json: [", "not_a_mapping", ""),
    ],
)
def test_a_wrong_mapping_is_named_by_its_path(value, code, path):
    with pytest.raises(ConditionError) as caught:
        read_condition(value)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_a_small_text_cannot_unfold_into_a_huge_tree():
    bomb = "all: &a [true, true, true, true, true, true, true, true]\n"
    lines = ["any:", "- &a {all: [true, true, true, true, true, true]}"]
    names = "abcdefgh"
    lines += [f"- &{b} {{all: [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}]}}" for a, b in pairwise(names)]
    with pytest.raises(ConditionError) as caught:
        read_condition("\n".join(lines))
    assert caught.value.code == "too_deep"
    assert read_condition(bomb)


def test_nothing_a_person_types_reaches_the_compiled_text():
    source = Compiled(parse("sma(volume, 123) > 777")).source
    assert "777" not in source
