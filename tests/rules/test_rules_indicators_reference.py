"""Every indicator against a second implementation: our plain one, and talipp's where it means the same."""

import math

import numpy
import pytest
import talipp.indicators as talipp
from talipp.ohlcv import OHLCV

from rules.indicators import REGISTRY, Family, Given
from tests.rules.indicator_series import SERIES, cut
from tests.rules.reference_indicators import reference


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
    indicator, given = REGISTRY[name], SERIES[kind]
    for parameters in {indicator.defaults, other_parameters(indicator)}:
        ours = indicator.run(given, *parameters)
        theirs = expected(indicator, given, parameters)
        assert len(ours) == len(theirs) == len(indicator.outputs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_close(indicator, given, mine, other)


def candles(given):
    names = ("open", "high", "low", "close", "volume")
    return [OHLCV(*row) for row in zip(*(getattr(given, name).tolist() for name in names), strict=True)]


CLOSES = {
    "sma": (talipp.SMA, (20,)),
    "ema": (talipp.EMA, (20,)),
    "dema": (talipp.DEMA, (20,)),
    "tema": (talipp.TEMA, (20,)),
    "lwma": (talipp.WMA, (20,)),
    "rsi": (talipp.RSI, (14,)),
    "roc": (talipp.ROC, (10,)),
    "std": (talipp.StdDev, (20,)),
}
BARS = {
    "ao": (talipp.AO, (5, 34)),
    "bop": (talipp.BOP, ()),
    "cci": (talipp.CCI, (20,)),
    "obv": (talipp.OBV, ()),
    "ad": (talipp.AccuDist, ()),
    "vwma": (talipp.VWMA, (20,)),
}


@pytest.mark.parametrize("name", CLOSES)
def test_it_agrees_with_talipp_on_closes(name):
    given = SERIES["like a market"]
    made, parameters = CLOSES[name]
    assert_like_talipp(name, given, parameters, made(*parameters, given.close.tolist()))


@pytest.mark.parametrize("name", BARS)
def test_it_agrees_with_talipp_on_bars(name):
    given = SERIES["like a market"]
    made, parameters = BARS[name]
    assert_like_talipp(name, given, parameters, made(*parameters, candles(given)))


def assert_like_talipp(name, given: Given, parameters, theirs):
    ours = REGISTRY[name].run(given, *parameters)[0]
    other = numpy.array([math.nan if x is None else x for x in theirs])
    both = ~numpy.isnan(ours) & ~numpy.isnan(other)
    assert both.sum() > len(ours) // 2
    numpy.testing.assert_allclose(ours[both], other[both], rtol=1e-9, atol=1e-9)


def test_the_reference_itself_by_hand():
    """Moves +1 +1 −1 +1, averaged plainly over two, then by one half."""
    assert reference("sma")({"close": [1.0, 2.0, 6.0]}, 2) == [[None, 1.5, 4.0]]
    assert reference("ema")({"close": [1.0, 2.0, 6.0]}, 2) == [[None, 1.5, pytest.approx(4.5)]]
    closes = {"close": [10.0, 11.0, 12.0, 11.0, 12.0]}
    assert reference("rsi")(closes, 2) == [[None, None, 100, pytest.approx(50), pytest.approx(75)]]
    assert cut(SERIES["like a market"], 0, 3).close.tolist() == SERIES["like a market"].close[:3].tolist()
