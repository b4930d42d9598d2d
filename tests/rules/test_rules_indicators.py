"""What every indicator promises: its law, its bounds, its words. Values are compared in …_reference.py."""

import inspect
import math
import re
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.indicators import REGISTRY, Family, Unit, exact, windows
from rules.indicators.catalogue import page
from tests.rules.indicator_series import BASE, FIELDS, SERIES, changed, cut, mapped, walk

# The official builder's: id, parameters with defaults, outputs with the default first.
OFFICIAL = """
sma period=20 | ema period=20 | dema period=20 | tema period=20 | hma period=20 | kama period=10
alma period=9 sigma=6 offset=0.85 | lwma period=20 | trima period=20 | t3 period=10 volume_factor=0.7 | zlema period=20
wma period=14 | frama period=16 | vidya period=14 | rsi period=14 | stochastic k_period=14 d_period=3 -> k d
stochrsi rsi_period=14 stoch_period=14 k_period=3 d_period=3 -> k d
macd fast=12 slow=26 signal=9 -> value signal histogram | cci period=20 | williams_r period=14 | momentum period=10
roc period=10 | apo fast=12 slow=26 | ppo fast=12 slow=26 -> value signal histogram
aroon up_period=25 down_period=25 -> value aroon_up aroon_down | cmo period=14 | ao fast=5 slow=34 | cho fast=3 slow=10
ultosc period1=7 period2=14 period3=28 | trix period=15
tsi long_period=25 short_period=13 signal_period=7 -> value signal | rvi period=10 | dpo period=20
kvo fast=34 slow=55 signal=13 -> value signal | adx period=14 -> value plus_di minus_di | adxr period=14
ichimoku tenkan=9 kijun=26 senkou_b=52 -> tenkan kijun senkou_a senkou_b chikou
sar af_start=0.02 af_step=0.02 af_max=0.2 | vortex period=14 -> plus_vi minus_vi | chop period=14
kst roc1=10 roc2=15 roc3=20 roc4=30 -> value signal | coppock short_roc=11 long_roc=14 wma=10
supertrend period=10 multiplier=3 | mass_index ema_period=9 sum_period=25 | schaff cycle=10 fast=23 slow=50
fisher period=10 | obv | ad | adl | cmf period=20 | mfi period=14 | force period=13 | vwap period=14 | vwma period=20
eom period=14 scale=10000 | atr period=14 | natr period=14 | bollinger period=20 std=2 -> middle upper lower
keltner period=20 multiplier=2 -> middle upper lower | donchian period=20 -> upper lower | std period=20
variance period=20 | accbands period=20 width=4 -> middle upper lower | beta period=252 symbol=SPY
alpha period=252 symbol=SPY | volatility_ind period=10 | maximum period=20 | minimum period=20 | midpoint period=14
midprice period=14 | logr period=1 | ibs | bop | regression period=14 -> value slope intercept
pivot left_bars=5 right_bars=5 -> high low | augen period=3 | consecutive direction=up | disparity period=20 | change
returns period=60
"""
NAMES = sorted(REGISTRY)
quick = settings(max_examples=12, deadline=None, derandomize=True, database=None)


def parameters_of(indicator, longest=30):
    """Any setting within the bounds, short enough for a series of a few hundred bars."""
    drawn = []
    for p in indicator.parameters:
        if p.kind == "int":
            drawn.append(st.integers(int(p.least), longest))
        elif p.kind == "number":
            drawn.append(st.floats(p.least, p.most))
        else:
            drawn.append(st.sampled_from(p.choices or (p.default,)))
    return st.one_of(st.just(indicator.defaults), st.tuples(*drawn))


def assert_same_bits(ours, theirs):
    """One NaN is as good as another."""
    ours, theirs = (numpy.where(numpy.isnan(x), numpy.nan, x) for x in (ours, theirs))
    assert ours.tobytes() == theirs.tobytes(), numpy.flatnonzero(ours != theirs)[:5]


def test_every_official_indicator_is_there_with_its_parameters_and_outputs():
    official = {}
    for entry in re.split(r"[|\n]", OFFICIAL.strip()):
        said, _, outputs = entry.partition("->")
        name, *parameters = said.split()
        official[name] = ([tuple(p.split("=")) for p in parameters], outputs.split() or ["value"])
    assert len(official) == 80
    ours = {
        name: (
            [(p.name, f"{p.default:g}" if isinstance(p.default, float) else str(p.default)) for p in i.parameters],
            [output.name for output in i.outputs],
        )
        for name, i in REGISTRY.items()
    }
    assert ours == official


@pytest.mark.parametrize("name", NAMES)
def test_defaults_lie_within_the_bounds(name):
    for p in REGISTRY[name].parameters:
        if p.kind == "choice":
            assert p.default in p.choices
        elif p.kind != "symbol":
            assert p.least <= p.default <= p.most


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@quick
def test_the_law_of_its_family_holds_to_the_bit(name, data):
    """However much history a live bot, a preview or a backtest happens to hold, the value is the same."""
    indicator = REGISTRY[name]
    series = SERIES[data.draw(st.sampled_from(sorted(SERIES)))]
    parameters = data.draw(parameters_of(indicator))
    length, reach = len(series), indicator.reach(*parameters)
    whole = indicator.run(series, *parameters)
    if indicator.family is Family.WINDOW:
        if length < reach:
            assert all(numpy.isnan(values).all() for values in whole)
            return
        at = data.draw(st.integers(reach - 1, length - 1))
        spare = data.draw(st.integers(0, min(40, at - reach + 1)))
        part = indicator.run(cut(series, at - reach + 1 - spare, at + 1), *parameters)
        for values, again in zip(whole, part, strict=True):
            assert_same_bits(values[at - spare : at + 1][-1:], again[-1:])
            assert numpy.isnan(values[: reach - 1]).all()
    else:
        k = data.draw(st.integers(0, length))
        part = indicator.run(cut(series, 0, k), *parameters)
        for values, again in zip(whole, part, strict=True):
            assert_same_bits(values[:k], again)


ugly = st.lists(
    st.floats(width=64) | st.sampled_from([0.0, -0.0, 1e-300, 1e300, math.inf, -math.inf, math.nan, 1.0]), max_size=45
)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@quick
def test_it_never_raises_and_never_answers_infinity(name, data):
    indicator = REGISTRY[name]
    rows = data.draw(ugly)
    columns = {field: numpy.array(numpy.roll(rows, k), numpy.float64) for k, field in enumerate(FIELDS)}
    for values in indicator.run(changed(BASE, **columns), *data.draw(parameters_of(indicator, 8))):
        assert values.dtype == numpy.float64
        assert len(values) == len(rows)
        assert not numpy.isinf(values).any()


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_its_inputs_alone(name):
    indicator, series = REGISTRY[name], mapped(BASE, numpy.copy)
    smallest = tuple(p.least if p.kind == "int" else p.default for p in indicator.parameters)
    for parameters in (indicator.defaults, smallest):
        for values in indicator.run(series, *parameters):
            values[:] = -1
    for field in FIELDS:
        assert_same_bits(getattr(series, field), getattr(BASE, field))


@pytest.mark.parametrize("name", NAMES)
def test_values_stay_within_the_bounds_that_its_outputs_declare(name):
    indicator = REGISTRY[name]
    for series in SERIES.values():
        for output, values in zip(indicator.outputs, indicator.run(series, *indicator.defaults), strict=True):
            known = values[~numpy.isnan(values)]
            assert output.low is None or (known >= output.low).all()
            assert output.high is None or (known <= output.high).all()


WORDS = re.compile(
    r"exactly the last (?P<window>.+), afresh .* First value: bar .+\.$"
    r"|fades in (?P<reach>.+)\)\. First value: bar (?P<first>.+) from the anchor\.$"
)


@pytest.mark.parametrize("name", NAMES)
def test_its_words_say_what_it_does(name):
    """The lengths that the definition names, in both languages, are those that hold."""
    indicator = REGISTRY[name]
    assert indicator.title.ko and indicator.title.en
    said = WORDS.search(indicator.definition.en)
    names = {p.name: p.default for p in indicator.parameters} | {"sqrt": math.sqrt}
    settled = said["window"] or said["reach"]
    assert settled in indicator.definition.ko
    assert eval(settled, names) == indicator.reach(*indicator.defaults)
    first = said["first"] or settled
    assert f"{first}번째 봉" in indicator.definition.ko
    first = eval(first, names)
    assert first == indicator.first(*indicator.defaults)
    value = indicator.run(BASE, *indicator.defaults)[0]
    begins = int(numpy.isnan(value).argmin()) + 1
    assert begins >= first if name == "pivot" else begins == first


@pytest.mark.parametrize("name", NAMES)
def test_reach_takes_the_parameters_in_their_order(name):
    indicator = REGISTRY[name]
    signature = inspect.signature(indicator.reach)
    signature.bind(*indicator.defaults)
    assert indicator.reach(*indicator.defaults) >= 0
    assert indicator.sourced == (indicator.reads == ("close",))


LEVELS = {"obv", "ad", "adl"}  # count from the anchor


@pytest.mark.parametrize("name", [n for n in NAMES if REGISTRY[n].family is Family.ANCHORED and n not in LEVELS])
def test_what_lies_before_the_anchor_has_faded_after_reach(name):
    indicator = REGISTRY[name]
    reach = indicator.reach(*indicator.defaults)
    series = walk(reach + 400, seed=3)
    long, short = indicator.run(series, *indicator.defaults), indicator.run(cut(series, 300, None), *indicator.defaults)
    for old, new in zip(long, short, strict=True):
        size = numpy.nanmax(numpy.abs(old))
        assert numpy.abs(old[300 + reach :] - new[reach:]).max() < 1e-6 * size


# ---- what a person would be surprised by


def test_means_of_a_price_that_stands_still_are_that_very_price():
    for name in ("sma", "ema", "dema", "tema", "hma", "kama", "alma", "lwma", "trima", "t3", "zlema", "wma", "frama"):
        for price in (50.1, 0.07, 123.45):
            series = mapped(BASE, lambda values, price=price: numpy.full(len(values), price))
            value = REGISTRY[name].run(series, *REGISTRY[name].defaults)[0]
            assert value[-1] == price, name


def test_a_market_that_does_not_move_is_neither_oversold_nor_overbought():
    flat = SERIES["dead"]
    for name in ("rsi", "mfi", "ultosc", "stochrsi"):
        assert numpy.isnan(REGISTRY[name].run(flat, *REGISTRY[name].defaults)[0]).all(), name


def test_an_rsi_keeps_its_place_while_the_market_rests():
    rsi = REGISTRY["rsi"].run(SERIES["moves and stops"], 14)[0]
    assert rsi[-1] == pytest.approx(rsi[151], rel=1e-9)


def test_rises_alone_make_an_rsi_of_100():
    rising = mapped(BASE, lambda values: numpy.arange(1.0, len(values) + 1))
    assert (REGISTRY["rsi"].run(rising, 14)[0][14:] == 100).all()


def test_equal_means_are_equal_bits_however_they_came_about():
    """A crossing must not see a difference where there is none: 0.1 + 0.2 and 0.3 + 0.0 have one mean."""
    a, b = (exact.mean((numpy.array(values),), 2)[-1] for values in ([0.1, 0.2], [0.3, 0.0]))
    assert a == b == 0.15
    prices = numpy.round(numpy.random.default_rng(5).uniform(1, 900_000, 3000), 4)
    doubled = numpy.repeat(prices, 2)
    assert_same_bits(exact.mean((prices,), 10)[9:], exact.mean((doubled,), 20)[19::2])


def test_exact_means_hold_among_large_and_missing_values():
    random = numpy.random.default_rng(3)
    values = numpy.round(10 ** random.uniform(-3, 12, 3000), 4)
    values[::97], values[5::500] = numpy.nan, 1e16
    for n in (1, 3, 20):
        whole = exact.mean((values,), n)
        for at in range(n - 1, 3000, 7):
            assert_same_bits(whole[at : at + 1], exact.mean((values[at - n + 1 : at + 1],), n)[-1:])


def test_windows_far_apart_are_reckoned_alike():
    """Series longer than one chunk, and rows against steps."""
    values = walk(2 * windows.CHUNK + 50).close
    for statistic in (windows.variance, windows.linear, windows.since, windows.highest, windows.lowest):
        whole = statistic(values, 13)
        for at in (12, windows.CHUNK - 1, windows.CHUNK + 11, windows.CHUNK + 12, 2 * windows.CHUNK + 49):
            assert_same_bits(whole[at : at + 1], statistic(values[at - 12 : at + 1], 13)[-1:])


def test_wma_says_loudly_that_it_is_wilders():
    assert "WILDER" in REGISTRY["wma"].title.en and "와일더" in REGISTRY["wma"].title.ko


def test_a_missing_bar_is_stepped_over_by_what_remembers_and_unknown_to_what_looks_back():
    holed = BASE.close.copy()
    holed[200] = numpy.nan
    series = changed(BASE, close=holed)
    ema, sma = REGISTRY["ema"].run(series, 20)[0], REGISTRY["sma"].run(series, 20)[0]
    assert numpy.isnan(ema[200]) and not numpy.isnan(ema[201])
    assert numpy.isnan(sma[200:220]).all() and not numpy.isnan(sma[220])


def test_beta_of_the_benchmark_itself_is_one_and_without_a_benchmark_unknown():
    own = changed(BASE, benchmark=BASE.close)
    assert REGISTRY["beta"].run(own, 252, "SPY")[0][-1] == pytest.approx(1)
    assert REGISTRY["alpha"].run(own, 252, "SPY")[0][-1] == pytest.approx(0, abs=1e-9)
    assert [name for name, i in REGISTRY.items() if i.benchmark] == ["beta", "alpha"]
    assert numpy.isnan(REGISTRY["beta"].run(changed(BASE, benchmark=None), 252, "SPY")[0]).all()


def test_a_pivot_is_known_only_when_the_bars_after_it_are_over():
    highs = numpy.array([1, 2, 5, 3, 2, 1, 1, 6.0])
    series = changed(cut(BASE, 0, 8), high=highs, low=highs - 1)
    assert REGISTRY["pivot"].run(series, 2, 2)[0].tolist()[3:5] == pytest.approx([math.nan, 5.0], nan_ok=True)
    assert REGISTRY["pivot"].run(series, 2, 2)[0][-1] == 5.0


def test_units_are_said():
    assert {output.unit for i in REGISTRY.values() for output in i.outputs} <= set(Unit)


def test_the_page_of_indicators_is_current():
    """Written by `python -m rules.indicators.catalogue docs/indicators.md`."""
    written = Path(__file__).parents[2] / "docs" / "indicators.md"
    assert written.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_way_gives_the_same_values(name):
    indicator = REGISTRY[name]
    for series in (BASE, SERIES["gaps"]):
        slow, quick_ones = (ask(series, *indicator.defaults) for ask in (indicator.run, indicator.values))
        begins = indicator.reach(*indicator.defaults) - 1 if indicator.family is Family.WINDOW else 0
        for ours, theirs in zip(slow, quick_ones, strict=True):
            assert_same_bits(ours[begins:], numpy.where(numpy.isinf(theirs), numpy.nan, theirs)[begins:])
