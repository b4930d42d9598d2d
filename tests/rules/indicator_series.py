"""Series that indicators are tried on: one like a market's, and those that break careless arithmetic."""

from pathlib import Path

import numpy

from rules.indicators import Given

FIELDS = ("open", "high", "low", "close", "volume", "benchmark")


def walk(length=320, seed=7, scale=100.0, digits=2):
    """Prices in cents, volume in shares, and a benchmark that moves along in part."""
    random = numpy.random.default_rng(seed)
    market = random.normal(0, 0.01, length)
    close = scale * numpy.exp(numpy.cumsum(0.7 * market + random.normal(0, 0.008, length)))
    open = close * (1 + random.normal(0, 0.004, length))
    high = numpy.maximum(open, close) * (1 + abs(random.normal(0, 0.004, length)))
    low = numpy.minimum(open, close) * (1 - abs(random.normal(0, 0.004, length)))
    prices = [numpy.round(values, digits) for values in (open, high, low, close)]
    volume = numpy.round(random.lognormal(12, 1, length))
    return Given(*prices, volume, numpy.round(400 * numpy.exp(numpy.cumsum(market)), 2))


def changed(given, **columns):
    return Given(**{name: columns.get(name, getattr(given, name)) for name in FIELDS})


def mapped(given, change):
    return Given(*(change(getattr(given, name)) for name in FIELDS))


def still(given):
    return mapped(given, lambda values: numpy.full(len(values), values[0] if len(values) else 0.0))


def gapped(given):
    def holes(values):
        values = values.copy()
        values[4::53] = numpy.nan
        values[100:103] = numpy.nan
        return values

    return mapped(given, holes)


def flat_bars(given):
    return changed(given, open=given.close, high=given.close, low=given.close)


def coarse(given):
    """Few levels: ties everywhere."""
    return changed(given, **{name: numpy.round(getattr(given, name) / 4) * 4 for name in FIELDS[:4]})


def stops(given):
    """A market that moves and then stands still."""

    def stopped(values):
        values = values.copy()
        values[150:] = values[150] if len(values) > 150 else 0.0
        return values

    return mapped(given, stopped)


def cut(given, start, end):
    return mapped(given, lambda values: values[start:end].copy())


BASE = walk()


def real():
    """Google's daily bars, which one of the peers of the benchmark carries; None while those are not installed."""
    peers = Path(__file__).parents[2] / ".local" / "peers"
    for file in peers.glob("lib/*/site-packages/backtesting/test/GOOG.csv"):
        columns = numpy.genfromtxt(file, delimiter=",", skip_header=1, usecols=range(1, 6))[-400:].T
        return Given(*columns, benchmark=walk(400).benchmark)
    return None


SERIES = {
    "like a market": BASE,
    "another": walk(seed=11, scale=7.0, digits=4),
    "standing still": still(BASE),
    "dead": flat_bars(still(BASE)),
    "gaps": gapped(BASE),
    "one bar": cut(BASE, 0, 1),
    "two bars": cut(BASE, 0, 2),
    "no bar": cut(BASE, 0, 0),
    "huge": walk(scale=1e12),
    "tiny": walk(scale=1e-8, digits=12),
    "no volume": changed(BASE, volume=numpy.zeros(len(BASE))),
    "bars without range": flat_bars(BASE),
    "few levels": coarse(BASE),
    "moves and stops": stops(BASE),
}
