"""Means without rounding on the way: equal means are equal bits, whatever the bars before, and each costs O(1)."""

import numpy

from rules.indicators.shapes import Array

SCALE = 10**8  # values are read to eight decimals
LIMIT = 1e15  # beyond this a value has no exact sum: its windows have no value
_EXACT = 9e7  # sums of whole parts up to here, times SCALE, are exact in a float


def mean(columns: tuple[Array, ...], n: int) -> Array:
    """The mean of all values of the columns over the last n bars; NaN where one is missing or beyond LIMIT.

    Every value is split into its whole part and its decimals, both integers. Their running sums wrap around in
    int64 without harm, because differences of them are exact again.
    """
    length = len(columns[0])
    found = numpy.full(length, numpy.nan)
    if length < n:
        return found
    whole = decimals = missing = numpy.zeros(length, numpy.int64)
    for values in columns:
        fine = numpy.abs(values) < LIMIT  # False for NaN
        if not fine.all():
            missing = missing + ~fine
            values = numpy.where(fine, values, 0.0)
        floor = numpy.floor(values)
        whole = whole + floor.astype(numpy.int64)
        decimals = decimals + numpy.rint((values - floor) * SCALE).astype(numpy.int64)
    found[n - 1 :] = _divided(_sums(whole, n), _sums(decimals, n), n * len(columns))
    if missing.any():
        found[n - 1 :][_sums(missing, n) > 0] = numpy.nan
    return found


def _sums(values: Array, n: int) -> Array:
    running = numpy.cumsum(values)
    sums = running[n - 1 :].copy()
    sums[1:] -= running[:-n]
    return sums


def _divided(whole: Array, decimals: Array, count: int) -> Array:
    """(whole + decimals / SCALE) / count, each the nearest float or next to it, and always the same for one sum."""
    means = (whole * float(SCALE) + decimals) / (count * float(SCALE))
    large = numpy.abs(whole) >= _EXACT
    if large.any():
        means[large] = _divided_large(whole[large], decimals[large], count)
    return means


def _divided_large(whole: Array, decimals: Array, count: int) -> Array:
    quotient, rest = numpy.divmod(whole, count)
    rest = rest * SCALE + decimals
    plain = quotient + rest / (count * float(SCALE))
    digits, left = numpy.divmod(rest, count)
    written = quotient * float(SCALE) + digits  # exact below 2^53: then the mean is a number of eight decimals
    return numpy.where((left == 0) & (numpy.abs(written) < 2.0**53), written / SCALE, plain)
