"""Statistics over the last n bars, each window reckoned afresh in the same order: no sum is carried along.

A sum that is carried from bar to bar keeps the rounding of every bar before it; two histories would then differ.
All functions answer as many values as they get bars, NaN before the n-th and wherever the window has a NaN.
"""

import math
from collections.abc import Callable

import numpy

from rules.indicators.shapes import Array

CHUNK = 1 << 14  # windows at a time: the work stays in the cache
FEW = 32  # windows for which rows are quicker than steps


def windows_of(values: Array, n: int) -> Array:
    """Every window of n as a row; nothing is copied. To be read only."""
    values = numpy.ascontiguousarray(values)
    size = values.itemsize
    return numpy.ndarray((len(values) - n + 1, n), values.dtype, values, 0, (size, size))


def fold(
    term: Callable[..., Array],
    n: int,
    series: tuple[Array, ...],
    weights: Array | None = None,
    near: tuple[Array, ...] = (),
) -> Array:
    """The sum over the window, oldest first, of `term(*series at the bar, *near, weight of the bar)`.

    `near` are as long as the series and are read at the window's last bar. Terms are added one after another in
    either way of going about it, so both give the same bits.
    """
    length = len(series[0])
    found = numpy.full(length, numpy.nan)
    if length < n:
        return found
    count = length - n + 1
    ends = tuple(values[n - 1 :] for values in near)
    sums = found[n - 1 :]
    if count <= FEW:
        rows = [windows_of(values, n) for values in series]
        weight = () if weights is None else (weights,)
        terms = term(*rows, *(values[:, None] for values in ends), *weight)
        sums[:] = numpy.add.accumulate(terms, axis=1)[:, -1]
        return found
    for a in range(0, count, CHUNK):
        b = min(a + CHUNK, count)
        last = [values[a:b] for values in ends]
        for k in range(n):
            weight = () if weights is None else (weights[k],)
            step = term(*(values[a + k : b + k] for values in series), *last, *weight)
            if k == 0:
                sums[a:b] = step
            else:
                sums[a:b] += step
    return found


def total(values: Array, n: int) -> Array:
    """The plain sum of the last n."""
    return fold(lambda x: x, n, (values,))


def weighted(values: Array, weights: Array) -> Array:
    """The mean by weight, oldest first. Reckoned as a distance from the newest value: where all are equal, it is
    that very value."""
    n = len(weights)
    return values + fold(lambda x, newest, w: (x - newest) * w, n, (values,), weights, (values,)) / weights.sum()


def average(values: Array, n: int) -> Array:
    """The plain mean, likewise."""
    return values + fold(lambda x, newest: x - newest, n, (values,), near=(values,)) / n


def linear(values: Array, n: int) -> Array:
    """The mean by the weights 1 … n."""
    return weighted(values, numpy.arange(1.0, n + 1))


def variance(values: Array, n: int) -> Array:
    """Population variance."""
    middle = average(values, n)
    return fold(lambda x, mean: (x - mean) ** 2, n, (values,), near=(middle,)) / n


def highest(values: Array, n: int) -> Array:
    """The largest of the last n, by doubling: log n steps."""
    return _extreme(numpy.maximum, values, n)


def lowest(values: Array, n: int) -> Array:
    return _extreme(numpy.minimum, values, n)


def _extreme(better: Callable[[Array, Array], Array], values: Array, n: int) -> Array:
    found = numpy.full(len(values), numpy.nan)
    count = len(values) - n + 1
    if count < 1:
        return found
    width = 1
    while 2 * width <= n:
        values = better(values[:-width], values[width:])
        width *= 2
    found[n - 1 :] = better(values[:count], values[n - width : n - width + count])
    return found


def since(values: Array, n: int) -> Array:
    """How many bars ago the largest of the last n was, the latest if several are."""
    found = numpy.full(len(values), numpy.nan)
    count = len(values) - n + 1
    for a in range(0, count, CHUNK):
        b = min(a + CHUNK, count)
        rows = windows_of(values[a : b + n - 1], n)[:, ::-1]
        ago = rows.argmax(axis=1).astype(numpy.float64)
        ago[numpy.isnan(rows).any(axis=1)] = numpy.nan
        found[n - 1 :][a:b] = ago
    return found


def ago(values: Array, k: int) -> Array:
    """The value k bars before."""
    found = numpy.full(len(values), numpy.nan)
    if k < len(values):
        found[k:] = values[: len(values) - k]
    return found


def percent(values: Array, k: int) -> Array:
    """Change over k bars in percent of the value then; NaN when that was 0."""
    before = ago(values, k)
    return 100.0 * quotient(values - before, before)


def quotient(above: Array, below: Array, otherwise: float = numpy.nan) -> Array:
    """above / below, `otherwise` where below is 0; NaN stays NaN."""
    nothing = below == 0
    if not nothing.any():
        return above / below
    found = above / numpy.where(nothing, 1.0, below)
    found[nothing & ~numpy.isnan(above)] = otherwise
    return found


def span(values: Array, n: int, noise: Array | float) -> tuple[Array, Array]:
    """The lowest of the last n and how far the highest lies above it; what is within `noise` counts as nothing."""
    bottom = lowest(values, n)
    width = highest(values, n) - bottom
    return bottom, numpy.where(width <= noise, 0.0, width)


def tidy(values: Array) -> Array:
    """To eight decimals: sums of equal prices are then equal, however they were added."""
    return numpy.round(values, 8)


def log(values: Array) -> Array:
    """Natural logarithm, NaN at and below 0. One at a time: vectorised ones may round by the length of the array."""
    return numpy.array([math.log(x) if x > 0 else numpy.nan for x in values.tolist()], numpy.float64)


def log_change(values: Array, k: int) -> Array:
    """ln of the value over that of k bars before, NaN where either is not above 0."""
    before = ago(values, k)
    part = quotient(values - before, before).tolist()
    fine = ((values > 0) & (before > 0)).tolist()
    found = [math.log1p(x) if ok and x > -1 else numpy.nan for x, ok in zip(part, fine, strict=True)]
    return numpy.array(found, numpy.float64)


def true_range(high: Array, low: Array, close: Array) -> Array:
    """The bar's range, the close before it included; NaN at the first bar."""
    before = ago(close, 1)
    return numpy.maximum(high, before) - numpy.minimum(low, before)
