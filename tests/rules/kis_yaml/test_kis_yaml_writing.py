"""Writing a strategy file: what is rewritten, what is refused and why, and that the tools read what was meant."""

import keyword
from decimal import Decimal

import numpy
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market.columns import Columns
from market.words import Timeframe
from rules import kis_yaml
from rules.indicators import REGISTRY
from rules.kis_yaml import NotExpressible, ParamSpec, Stops, Strategy
from rules.kis_yaml.official import INDICATORS
from rules.language import OWN, Compiled, Series, bind_params, parse, to_text
from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
    Call,
    Comparator,
    Comparison,
    Name,
    Negate,
    Number,
    Operator,
    Pattern,
    Signal,
    Word,
)
from rules.language.replay import Replay
from tests.rules.kis_yaml.official_tools import CANDLES, FRACTIONAL, OUTPUTS, PARAMS, Yaml12, backtester, builder

EXIT = parse("close < 1")


def strategy(entry, exit=EXIT, **more):
    return Strategy(name="A", entry=parse(entry), exit=exit, **more)


def round_trip(entry, profile="both", **more):
    return to_text(kis_yaml.read(kis_yaml.write(strategy(entry, **more), profile)).entry)


# ---- rewritten

REWRITTEN = [
    ("rsi(14) < 30", "rsi(14) < 30"),
    ("30 > rsi(14)", "rsi(14) < 30"),
    ("30 crosses_above rsi(14)", "rsi(14) crosses_below 30"),
    ("not (rsi(14) < 30)", "rsi(14) >= 30"),
    ("not (close > open or rsi(14) < 30)", "close <= open and rsi(14) >= 30"),
    ("not not (close > open)", "close > open"),
    ("rsi(14) between 30 and 70", "rsi(14) >= 30 and rsi(14) <= 70"),
    ("close > open and rsi(14) between 30 and 70", "close > open and rsi(14) >= 30 and rsi(14) <= 70"),
    ("not (rsi(14) between 30 and 70)", "rsi(14) < 30 or rsi(14) > 70"),
    ("close > open and (rsi(14) < 30 and adx(14) > 25)", "close > open and rsi(14) < 30 and adx(14) > 25"),
    ("all(close > open)", "close > open"),
    ("true and close > open", "close > open"),
    ("close > open or false", "close > open"),
    ("price > sma(20)", "close > sma(20)"),
    ("close < 0.9 * sma(20)", "disparity(20) < 90"),
    ("close < sma(20) * 0.9", "disparity(20) < 90"),
    ("sma(20) * 0.9 > close", "disparity(20) < 90"),
    ("close / sma(20) < 0.9", "disparity(20) < 90"),
    ("close / sma(20) * 100 - 100 < -10", "disparity(20) < 90"),
    ("close crosses_above sma(20) * 1.1", "disparity(20) crosses_above 110"),
    ("2 * close > sma(20)", "disparity(20) > 50"),
    ("sma(5) - sma(20) > 0", "sma(5) > sma(20)"),
    ("0 < sma(5) - sma(20)", "sma(5) > sma(20)"),
    ("rsi(14) - 50 > 0", "rsi(14) > 50"),
    ("-rsi(14) > -50", "rsi(14) < 50"),
    ("rsi(14) * 2 < 60 + 10", "rsi(14) < 35"),
    ("returns(60) > 5", "roc(60) > 5"),
    ("sma(close, 20) > sma(period=60)", "sma(20) > sma(60)"),
    ("close > sma(20, timeframe=1d)", "close > sma(20)"),
    ("macd(12, 26, 9).value > 0", "macd(12, 26, 9) > 0"),
    ("consecutive(up) >= 3", "consecutive(up) >= 3"),
    ("bullish(engulfing)", "bullish(engulfing)"),
]


@pytest.mark.parametrize(("entry", "expected"), REWRITTEN)
def test_where_another_form_means_the_same_it_is_written_so(entry, expected):
    assert round_trip(entry) == expected
    text = kis_yaml.write(strategy(entry))
    assert backtester(text) == builder(text)


@pytest.mark.parametrize(("entry", "expected"), REWRITTEN)
def test_the_other_form_gives_the_same_verdict_on_every_bar(entry, expected):
    columns = walk(400)
    series = {OWN: columns, Series(None, Timeframe.D1): columns}
    before, after = (Replay(Compiled(parse(text)), series).array() for text in (entry, expected))
    assert (before >= 0).any()
    assert (before == after).all()


def walk(bars, seed=7):
    random = numpy.random.default_rng(seed)
    close = numpy.round(100 * numpy.exp(numpy.cumsum(random.normal(0, 0.03, bars))), 2)
    open = numpy.round(close * (1 + random.normal(0, 0.01, bars)), 2)
    high, low = numpy.maximum(open, close) + 0.5, numpy.minimum(open, close) - 0.5
    start = numpy.arange(bars, dtype=numpy.int64) * 86_400 + 1_600_000_000 // 86_400 * 86_400
    return Columns(Timeframe.D1, start, open, high, low, close, random.integers(1, 9999, bars) * 1.0, begins=True)


# ---- refused

REFUSED = [
    ("close > open and (rsi(14) < 30 or adx(14) > 25)", "both", "nested", "rsi(14) < 30 or adx(14) > 25"),
    ("close > open or rsi(14) between 30 and 70", "both", "nested", "rsi(14) >= 30 and rsi(14) <= 70"),
    ("not (close crosses_above sma(20))", "both", "negated", "not close crosses_above sma(20)"),
    ("not bullish(engulfing)", "backtester", "negated", "not bullish(engulfing)"),
    ("close == sma(20)", "both", "equality", "close == sma(20)"),
    ("close != sma(20)", "both", "equality", "close != sma(20)"),
    ("close > sma(20, timeframe=5m)", "both", "other_timeframe", "sma(20, timeframe=5m)"),
    ("QQQ.close > 100", "both", "other_symbol", "QQQ.close"),
    ("QQQ.sma(20) > 100", "backtester", "other_symbol", "QQQ.sma(20)"),
    ("bullish(engulfing, timeframe=5m)", "both", "other_timeframe", "bullish(engulfing, timeframe=5m)"),
    ("position.return_pct > 5", "both", "not_in_the_file", "position.return_pct"),
    ("account.cash > 5", "backtester", "not_in_the_file", "account.cash"),
    ("session.minutes_to_close < 10", "both", "not_in_the_file", "session.minutes_to_close"),
    ("session.phase == regular", "backtester", "not_in_the_file", "session.phase"),
    ("bid > 10", "both", "not_in_the_file", "bid"),
    ("close > close[1]", "both", "shifted", "close[1]"),
    ("close > sma(5) + sma(20)", "both", "arithmetic", "close > sma(5) + sma(20)"),
    ("close * volume > 1000", "backtester", "arithmetic", "close * volume"),
    ("close > 2 * ema(20)", "both", "scaled", "close > 2 * ema(20)"),
    ("close > ema(20) + 1", "both", "scaled", "close > ema(20) + 1"),
    ("close > 2 * ema(20) + 1", "backtester", "arithmetic", "close > 2 * ema(20) + 1"),
    ("close crosses_above 2 * ema(20)", "backtester", "scaled", "close crosses_above 2 * ema(20)"),
    ("close crosses_above open", "backtester", "cross_price", "close crosses_above open"),
    ("high crosses_above sma(20)", "both", "cross_price", "high crosses_above sma(20)"),
    ("volume > 1000", "both", "volume", "volume > 1000"),
    ("sma(volume, 20) > 1000", "both", "source", "sma(volume, 20)"),
    ("rsi(14) * 3 > 100", "both", "not_exact", "rsi(14) * 3 > 100"),
    ("kst(10, 15, 20, 30) > 0", "both", "not_as_meant", "kst(10, 15, 20, 30)"),
    ("ppo(12, 26).signal > 0", "both", "not_as_meant", "ppo(12, 26).signal"),
    ("pivot(5, 5).high > close", "backtester", "not_as_meant", "pivot(5, 5).high"),
    ("bullish(tweezer_bottom)", "both", "unsupported_pattern", "bullish(tweezer_bottom)"),
    ("sma(1001) > 5", "both", "out_of_range", "sma(1001)"),
    ("bollinger(20, 11).upper > 5", "both", "out_of_range", "bollinger(20, 11).upper"),
    ("true", "both", "constant", "true"),
    ("close > open and false", "both", "constant", "false"),
]


@pytest.mark.parametrize(("entry", "profile", "code", "part"), REFUSED)
def test_what_the_file_cannot_say_is_refused_with_its_part_and_the_reason(entry, profile, code, part):
    with pytest.raises(NotExpressible) as refused:
        kis_yaml.write(strategy(entry), profile)
    (reason,) = refused.value.reasons
    assert (reason.code, reason.part) == (code, part)
    assert reason.text.ko and reason.text.en
    assert refused.value.as_dict()["reasons"][0]["message"] == reason.text.as_dict()


def test_every_reason_is_given_at_once():
    exit = parse("position.return_pct > 5 and close > close[1]")
    with pytest.raises(NotExpressible) as refused:
        kis_yaml.write(strategy("volume > 5", exit, timeframe=Timeframe.M5, stops=Stops(Decimal("0.05"), Decimal(150))))
    codes = [reason.code for reason in refused.value.reasons]
    assert codes == ["other_timeframe", "volume", "not_in_the_file", "shifted", "percent", "percent"]


# ---- for the backtester alone


@pytest.mark.parametrize(
    "entry",
    [
        "volume > 1000",
        "close < sma(20) * 0.9",
        "close > ema(20) / 3",
        "close > ema(20) + 1.5",
        "close > low - 1",
        "close == open",
        "close != sma(20)",
        "detected(doji)",
        "bullish(engulfing) and volume > 5",
    ],
)
def test_the_backtester_takes_what_the_builder_would_misread(entry):
    assert round_trip(entry, "backtester") == entry
    text = kis_yaml.write(strategy(entry), "backtester")
    assert backtester(text) == backtester(text, tool="mcp")


def test_a_number_on_the_left_of_a_scaled_side_is_turned_around():
    assert round_trip("1.1 * close < ema(20)", "backtester") == "close < ema(20) / 1.1"
    assert round_trip("2 * close < ema(20)", "backtester") == "close < ema(20) * 0.5"


def test_parameters_stay_with_the_backtester_and_are_put_in_place_for_both():
    params = {
        "fast": ParamSpec("fast", "int", Decimal(5), Decimal(2), Decimal(50), description="빠른"),
        "low": ParamSpec("low", "number", Decimal("-1.5")),
        "way": ParamSpec("way", "choice", "up", choices=("up", "down")),
    }
    entry = "sma($fast) > close and roc($fast) < $low and consecutive($way) > 2"
    found = kis_yaml.read(kis_yaml.write(strategy(entry, params=params), "backtester"))
    assert (to_text(found.entry), found.params) == (entry, params)
    assert round_trip(entry, params=params) == "sma(5) > close and roc(5) < -1.5 and consecutive(up) > 2"


def test_a_parameter_that_scales_is_put_in_place_for_it_too():
    params = {"ratio": ParamSpec("ratio", "number", Decimal("0.9"))}
    assert round_trip("close < ema(20) * $ratio", "backtester", params=params) == "close < ema(20) * 0.9"


# ---- the rest of the file


def test_a_strategy_without_indicators_declares_one_that_no_condition_uses():
    text = kis_yaml.write(strategy("bullish(engulfing)", parse("bearish(engulfing)")))
    assert backtester(text) == builder(text)
    assert [i["id"] for i in yaml.safe_load(text)["strategy"]["indicators"]] == ["sma"]


def test_an_exit_by_stops_alone_is_written_as_one_that_never_holds():
    stops = Stops(Decimal(5), None, Decimal("2.5"))
    text = kis_yaml.write(strategy("close > sma(20)", parse("false"), stops=stops))
    assert backtester(text)["exit"] == ("AND", [(("price", "close"), "<", 0.0, None)])
    again = kis_yaml.read(text)
    assert (to_text(again.exit), again.stops) == ("false", stops)
    with pytest.raises(NotExpressible):
        kis_yaml.write(strategy("close > sma(20)", parse("false")))


def test_one_declaration_serves_all_outputs_of_an_indicator():
    text = kis_yaml.write(strategy("macd(12, 26, 9) crosses_above macd(12, 26, 9).signal"))
    assert len(yaml.safe_load(text)["strategy"]["indicators"]) == 1


def test_our_registry_has_every_official_indicator_with_its_parameters_and_outputs():
    assert len(INDICATORS) == 80 and set(INDICATORS) <= set(REGISTRY)
    for id, official in INDICATORS.items():
        names = [p.name for p in REGISTRY[id].parameters if p.kind != "symbol"]
        assert names == [p.name for p in official.params] == PARAMS[id].split()
        assert [o.name for o in REGISTRY[id].outputs] == list(official.outputs) == OUTPUTS.get(id, "value").split()
    assert len(CANDLES) == 57


# Whatever a person calls a thing, both kinds of YAML must read text, the builder's own export too.
words = st.text(max_size=30)


@given(words, words, words, st.lists(words, max_size=4), words)
@settings(max_examples=200, deadline=None)
def test_any_name_description_author_tag_and_id_survives_both_parsers(name, description, author, tags, id):
    whole = Strategy(
        name=name,
        description=description,
        author=author,
        tags=tuple(tags),
        id=id,
        entry=parse("rsi(14) < 30"),
        exit=EXIT,
    )
    text = kis_yaml.write(whole)
    meant = backtester(text)
    assert meant == builder(text)
    old, new = yaml.safe_load(text), yaml.load(text, Loader=Yaml12)
    assert old == new
    for tag in old["metadata"]["tags"]:
        unquoted = yaml.safe_load(f"- {tag}\n")
        assert unquoted == [tag] == yaml.load(f"- {tag}\n", Loader=Yaml12)
    assert yaml.safe_load(f"id: {old['strategy']['id']}") == {"id": old["strategy"]["id"]}
    again = kis_yaml.read(text)
    assert kis_yaml.read(kis_yaml.write(again)) == again


# ---- random strategies

_NOT_WRITTEN = {"kst", "pivot", "beta", "alpha", "returns"}
_SPECIAL = {"offset": (0, 1), "volume_factor": (0, 1), "std": (1, 10), "multiplier": (1, 10)}


@st.composite
def calls(draw):
    id = draw(st.sampled_from(sorted(set(PARAMS) - _NOT_WRITTEN)))
    names = PARAMS[id].split()
    args = {name: draw(_argument(id, name)) for name in names}
    if "fast" in args and "slow" in args and isinstance(args["fast"], Number):
        assume(args["fast"].value < args["slow"].value)
    outputs = [o for o in OUTPUTS.get(id, "value").split() if id != "ppo" or o == "value"]
    output = draw(st.sampled_from(outputs))
    return Call(id, tuple(args.values()), output=None if output == "value" else output)


def _argument(id, name):
    if name == "direction":
        return st.sampled_from(["up", "down"]).map(Word)
    if name in FRACTIONAL:
        low, high = _SPECIAL.get(name, (0, 100))
        return st.decimals(low, high, places=2).map(lambda d: Number(Decimal(format(d.normalize(), "f"))))
    if id == "frama":
        return st.integers(1, 50).map(lambda n: Number(Decimal(2 * n)))
    return st.integers(3, 100).map(lambda n: Number(Decimal(n)))


def literal(value):
    value = Decimal(format(value.normalize(), "f")) + 0
    return Negate(Number(-value)) if value < 0 else Number(value)


numbers = st.decimals(-1000, 1000, places=3).map(literal)
prices = st.sampled_from(["close", "open", "high", "low"]).map(Name)
plain = [Comparator.GT, Comparator.GE, Comparator.LT, Comparator.LE]
crosses = [Comparator.CROSSES_ABOVE, Comparator.CROSSES_BELOW]
candles = st.builds(Pattern, st.sampled_from(list(Signal)), st.sampled_from(sorted(CANDLES)))
compared = st.builds(Comparison, st.sampled_from(plain), calls() | prices, calls() | prices | numbers)
crossed = st.builds(
    Comparison, st.sampled_from(crosses), calls() | st.just(Name("close")), calls() | st.just(Name("close")) | numbers
)
scaled = st.builds(
    Comparison,
    st.sampled_from([*plain, Comparator.EQ, Comparator.NE]),
    calls() | prices | st.just(Name("volume")),
    st.builds(
        Arithmetic,
        st.sampled_from(list(Operator)),
        calls() | prices,
        st.decimals("0.01", 50, places=2).filter(lambda d: d != 1).map(literal),
    ),
)
percents = st.none() | st.decimals("0.1", 100, places=1).map(lambda d: Decimal(format(d.normalize(), "f")))
stops = st.builds(Stops, percents, percents, percents)


def groups(leaves):
    several = st.lists(leaves, min_size=2, max_size=5).map(tuple)
    return leaves | several.map(All) | several.map(AnyOf)


@given(groups(candles | compared | crossed), groups(candles | compared | crossed), stops)
@settings(max_examples=150, deadline=None)
def test_every_expressible_strategy_is_read_back_by_us_and_alike_by_both_tools(entry, exit, stops):
    whole = Strategy(name="Random", entry=entry, exit=exit, stops=stops)
    text = kis_yaml.write(whole)
    found = kis_yaml.read(text)
    assert (found.entry, found.exit, found.stops) == (entry, exit, stops)
    assert backtester(text) == builder(text)
    aliases = [item["alias"] for item in yaml.safe_load(text)["strategy"]["indicators"]]
    assert len(set(aliases)) == len(aliases) and not any(map(keyword.iskeyword, aliases))


@given(groups(candles | compared | crossed | scaled), groups(scaled), stops)
@settings(max_examples=100, deadline=None)
def test_every_strategy_for_the_backtester_is_read_back_and_alike_by_mcp(entry, exit, stops):
    text = kis_yaml.write(Strategy(name="Random", entry=entry, exit=exit, stops=stops), "backtester")
    found = kis_yaml.read(text)
    assert (found.entry, found.exit, found.stops) == (entry, exit, stops)
    assert backtester(text) == backtester(text, tool="mcp")


def test_values_of_params_are_those_that_bind():
    spec = ParamSpec("n", "int", Decimal(9))
    whole = strategy("rsi($n) < 30", params={"n": spec})
    assert to_text(bind_params(whole.entry, whole.values)) == "rsi(9) < 30"
