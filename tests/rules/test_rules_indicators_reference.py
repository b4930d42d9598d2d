"""Every indicator against a second implementation: our plain one, and talipp's where it means the same."""

import math

import numpy
import pytest
import talipp.indicators as talipp
from talipp.ohlcv import OHLCV

from rules.indicators import REGISTRY, Family
from rules.indicators.ta_lib import talib
from tests.rules.indicator_series import SERIES, real
from tests.rules.reference_indicators import reference

REAL = real()


def other_parameters(indicator):
    """A second setting beside the defaults: shorter, odd and even."""
    chosen = []
    for p in indicator.parameters:
        if p.kind == "int":
            chosen.append(max(int(p.least), p.default // 2 + (p.default % 3 == 0)))
        elif p.kind == "number":
            chosen.append(min(p.most, p.default * 1.5))
        else:
            chosen.append(p.choices[-1] if p.choices else p.default)
    return tuple(chosen)


def bars_of(given, reads, drop):
    """Columns as lists, None for what is missing; without the rows that lack anything if `drop`."""
    columns = {name: getattr(given, name).tolist() for name in reads}
    rows = list(zip(*columns.values(), strict=True))
    there = [not any(math.isnan(x) for x in row) for row in rows]
    lists = {
        name: [None if math.isnan(x) else x for x, ok in zip(xs, there, strict=True) if ok or not drop]
        for name, xs in columns.items()
    }
    return lists, there


def expected(indicator, given, parameters):
    anchored = indicator.family is Family.ANCHORED
    bars, there = bars_of(given, indicator.reads, drop=anchored)
    outputs = reference(indicator.name)(bars, *parameters)
    found = []
    for values in outputs:
        dense = numpy.array([math.nan if x is None else float(x) for x in values])
        if anchored:
            full = numpy.full(len(there), math.nan)
            full[numpy.array(there, bool)] = dense
        else:
            full = dense
            full[: indicator.reach(*parameters) - 1] = math.nan
        found.append(full)
    return found


def assert_close(indicator, given, ours, theirs):
    assert numpy.array_equal(numpy.isnan(ours), numpy.isnan(theirs)), (
        numpy.flatnonzero(numpy.isnan(ours) != numpy.isnan(theirs))[:5],
        ours[-3:],
        theirs[-3:],
    )
    known = ~numpy.isnan(ours)
    if not known.any():
        return
    size = numpy.abs(theirs[known]).max()
    if indicator.outputs[0].unit in ("percent", "index"):
        size = max(size, 1.0)
    if indicator.outputs[0].unit == "price":
        size = max(size, numpy.nanmax(numpy.abs(given.high)))
    numpy.testing.assert_allclose(ours[known], theirs[known], rtol=1e-9, atol=1e-10 * size)


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("kind", SERIES)
def test_it_agrees_with_the_plain_implementation(name, kind):
    assert_like_reference(REGISTRY[name], SERIES[kind])


@pytest.mark.parametrize("name", REGISTRY)
def test_it_agrees_on_the_days_of_a_real_stock(name):
    if REAL is None:
        pytest.skip("the benchmark's peers, one of which carries the sample, are not installed")
    assert_like_reference(REGISTRY[name], REAL)


def assert_like_reference(indicator, given):
    for parameters in {indicator.defaults, other_parameters(indicator)}:
        ours = indicator.run(given, *parameters)
        theirs = expected(indicator, given, parameters)
        assert len(ours) == len(theirs) == len(indicator.outputs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_close(indicator, given, mine, other)


def candles(given):
    names = ("open", "high", "low", "close", "volume")
    return [OHLCV(*row) for row in zip(*(getattr(given, name).tolist() for name in names), strict=True)]


# Where talipp means the same: how to call it, and its field for each of our outputs (None: a plain number).
ON_CLOSES = {
    "sma": (talipp.SMA, (20,), {"value": None}),
    "ema": (talipp.EMA, (20,), {"value": None}),
    "dema": (talipp.DEMA, (20,), {"value": None}),
    "tema": (talipp.TEMA, (20,), {"value": None}),
    "hma": (talipp.HMA, (20,), {"value": None}),
    "kama": (talipp.KAMA, (10, 2, 30), {"value": None}),
    "lwma": (talipp.WMA, (20,), {"value": None}),
    "t3": (talipp.T3, (10, 0.7), {"value": None}),
    "zlema": (talipp.ZLEMA, (20,), {"value": None}),
    "wma": (talipp.SMMA, (14,), {"value": None}),
    "rsi": (talipp.RSI, (14,), {"value": None}),
    "stochrsi": (talipp.StochRSI, (14, 14, 3, 3), {"k": "k", "d": "d"}),
    "macd": (talipp.MACD, (12, 26, 9), {"value": "macd", "signal": "signal", "histogram": "histogram"}),
    "momentum": (talipp.ROC, (10,), {"value": None}),
    "roc": (talipp.ROC, (10,), {"value": None}),
    "dpo": (talipp.DPO, (20,), {"value": None}),
    "kst": (talipp.KST, (10, 10, 15, 10, 20, 10, 30, 15, 9), {"value": "kst", "signal": "signal"}),
    "coppock": (talipp.CoppockCurve, (11, 14, 10), {"value": None}),
    "bollinger": (talipp.BB, (20, 2), {"middle": "cb", "upper": "ub", "lower": "lb"}),
    "std": (talipp.StdDev, (20,), {"value": None}),
}
ON_BARS = {
    "stochastic": (talipp.Stoch, (14, 3), {"k": "k", "d": "d"}),
    "cci": (talipp.CCI, (20,), {"value": None}),
    "aroon": (talipp.Aroon, (25,), {"aroon_up": "up", "aroon_down": "down"}),
    "ultosc": (talipp.UO, (7, 14, 28), {"value": None}),
    "ao": (talipp.AO, (5, 34), {"value": None}),
    "cho": (talipp.ChaikinOsc, (3, 10), {"value": None}),
    "ichimoku": (talipp.Ichimoku, (26, 9, 52, 26, 26), {"tenkan": "conversion_line", "kijun": "base_line"}),
    "vortex": (talipp.VTX, (14,), {"plus_vi": "plus_vtx", "minus_vi": "minus_vtx"}),
    "chop": (talipp.CHOP, (14,), {"value": None}),
    "mass_index": (talipp.MassIndex, (9, 9, 25), {"value": None}),
    "obv": (talipp.OBV, (), {"value": None}),
    "ad": (talipp.AccuDist, (), {"value": None}),
    "adl": (talipp.AccuDist, (), {"value": None}),
    "force": (talipp.ForceIndex, (13,), {"value": None}),
    "vwma": (talipp.VWMA, (20,), {"value": None}),
    "eom": (talipp.EMV, (14, 10000), {"value": None}),
    "donchian": (talipp.DonchianChannels, (20,), {"upper": "ub", "lower": "lb"}),
    "ibs": (talipp.IBS, (), {"value": None}),
    "bop": (talipp.BOP, (), {"value": None}),
}
MARKET = SERIES["like a market"]
NEARLY = {"stochrsi": 1e-7}  # a stochastic of an RSI enlarges its last bits


@pytest.mark.parametrize("name", ON_CLOSES)
def test_it_agrees_with_talipp_on_closes(name):
    made, parameters, fields = ON_CLOSES[name]
    assert_like_talipp(name, made(*parameters, MARKET.close.tolist()), fields)


@pytest.mark.parametrize("name", ON_BARS)
def test_it_agrees_with_talipp_on_bars(name):
    made, parameters, fields = ON_BARS[name]
    columns = (getattr(MARKET, column).tolist() for column in ("open", "high", "low", "close", "volume"))
    bars = [OHLCV(*row) for row in zip(*columns, strict=True)]
    assert_like_talipp(name, made(*parameters, bars), fields)


def assert_like_talipp(name, theirs, fields):
    indicator = REGISTRY[name]
    ours = dict(zip((o.name for o in indicator.outputs), indicator.run(MARKET, *indicator.defaults), strict=True))
    for output, field in fields.items():
        other = [x if x is None or field is None else getattr(x, field) for x in theirs]
        assert_same_where_both(
            ours[output], numpy.array([math.nan if x is None else x for x in other]), NEARLY.get(name)
        )


def assert_same_where_both(ours, theirs, tolerance=None):
    both = ~numpy.isnan(ours) & ~numpy.isnan(theirs)
    assert both.sum() > len(ours) // 2
    tolerance = tolerance or 1e-9
    numpy.testing.assert_allclose(ours[both], theirs[both], rtol=tolerance, atol=tolerance)


# Where TA-Lib means the same as what we reckon ourselves.
TA_LIB = {
    "sma": lambda b: [talib.SMA(b.close, 20)],
    "lwma": lambda b: [talib.WMA(b.close, 20)],
    "trima": lambda b: [talib.TRIMA(b.close, 20)],
    "kama": lambda b: [talib.KAMA(b.close, 10)],
    "rsi": lambda b: [talib.RSI(b.close, 14)],
    "cmo": lambda b: [talib.CMO(b.close, 14)],
    "stochastic": lambda b: talib.STOCHF(b.high, b.low, b.close, 14, 3),
    "cci": lambda b: [talib.CCI(b.high, b.low, b.close, 20)],
    "williams_r": lambda b: [talib.WILLR(b.high, b.low, b.close, 14)],
    "roc": lambda b: [talib.ROC(b.close, 10)],
    "ultosc": lambda b: [talib.ULTOSC(b.high, b.low, b.close, 7, 14, 28)],
    "trix": lambda b: [talib.TRIX(b.close, 15)],
    "adxr": lambda b: [talib.ADXR(b.high, b.low, b.close, 14)],
    "sar": lambda b: [talib.SAR(b.high, b.low, 0.02, 0.2)],
    "obv": lambda b: [talib.OBV(b.close, b.volume)],
    "ad": lambda b: [talib.AD(b.high, b.low, b.close, b.volume)],
    "mfi": lambda b: [talib.MFI(b.high, b.low, b.close, b.volume, 14)],
    "natr": lambda b: [talib.NATR(b.high, b.low, b.close, 14)],
    "bollinger": lambda b: [talib.BBANDS(b.close, 20, 2, 2)[k] for k in (1, 0, 2)],
    "std": lambda b: [talib.STDDEV(b.close, 20)],
    "variance": lambda b: [talib.VAR(b.close, 20)],
    "maximum": lambda b: [talib.MAX(b.close, 20)],
    "minimum": lambda b: [talib.MIN(b.close, 20)],
    "midpoint": lambda b: [talib.MIDPOINT(b.close, 14)],
    "midprice": lambda b: [talib.MIDPRICE(b.high, b.low, 14)],
    "bop": lambda b: [talib.BOP(b.open, b.high, b.low, b.close)],
    "regression": lambda b: [talib.LINEARREG(b.close, 14), talib.LINEARREG_SLOPE(b.close, 14)],
}


@pytest.mark.parametrize("name", TA_LIB)
def test_it_agrees_with_ta_lib(name):
    """To what TA-Lib's running sums allow."""
    indicator = REGISTRY[name]
    for ours, theirs in zip(indicator.run(MARKET, *indicator.defaults), TA_LIB[name](MARKET), strict=False):
        assert_same_where_both(ours, theirs, 1e-8)


def test_the_reference_itself_by_hand():
    """Moves +1 +1 −1 +1, averaged plainly over two, then by one half."""
    assert reference("sma")({"close": [1.0, 2.0, 6.0]}, 2) == [[None, 1.5, 4.0]]
    assert reference("ema")({"close": [1.0, 2.0, 6.0]}, 2) == [[None, 1.5, pytest.approx(4.5)]]
    closes = {"close": [10.0, 11.0, 12.0, 11.0, 12.0]}
    assert reference("rsi")(closes, 2) == [[None, None, 100, pytest.approx(50), pytest.approx(75)]]
