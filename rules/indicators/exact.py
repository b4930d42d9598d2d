"""Means without rounding on the way: equal means are equal bits, whatever the bars before, and each costs O(1)."""

from math import sqrt

import numpy

from rules.indicators.shapes import Array

SCALE = 10**8  # values are read to eight decimals
LIMIT = 1e15  # beyond this a value has no exact sum: its windows have no value
_EXACT = 9e7  # sums up to here, times SCALE, are whole numbers that a float holds exactly


def mean(columns: tuple[Array, ...], n: int) -> Array:
    """The mean of all values of the columns over the last n bars; NaN where one is missing or beyond LIMIT.

    Values are read as whole numbers of 1/SCALE. Their running sums may wrap around in int64 without harm, because
    the differences of two of them are exact again.
    """
    found = numpy.full(len(columns[0]), numpy.nan)
    if len(found) < n:
        return found
    count = n * len(columns)
    if all(_is_small(values, count) for values in columns):
        units = sum((_units(values) for values in columns[1:]), _units(columns[0]))
        numpy.divide(_sums(units, n), count * float(SCALE), out=found[n - 1 :])
    else:
        _mean_of_large(columns, n, found[n - 1 :])
    return found


def _is_small(values: Array, count: int) -> bool:
    """Whether `count` of the largest of them have an exact sum. The root of the sum of squares is no smaller than
    the largest, and for a few values quicker to come by."""
    return sqrt(values.dot(values)) * count < _EXACT or _largest(values) * count < _EXACT


def _largest(values: Array) -> float:
    """NaN if one is missing."""
    return max(float(values.max()), -float(values.min()))


def _units(values: Array) -> Array:
    scaled = values * SCALE
    return numpy.rint(scaled, out=scaled).astype(numpy.int64)


def _sums(values: Array, n: int) -> Array:
    running = numpy.add.accumulate(values)
    sums = running[n - 1 :].copy()
    sums[1:] -= running[:-n]
    return sums


def _mean_of_large(columns: tuple[Array, ...], n: int, found: Array) -> None:
    """The same, with whole parts and decimals summed apart, and with windows that lack a value."""
    whole = decimals = missing = numpy.zeros(len(columns[0]), numpy.int64)
    for values in columns:
        fine = numpy.abs(values) < LIMIT  # False for NaN
        missing = missing + ~fine
        floor, rest = _parted(numpy.where(fine, values, 0.0))
        whole, decimals = whole + floor, decimals + rest
    found[:] = _divided(_sums(whole, n), _sums(decimals, n), n * len(columns))
    found[_sums(missing, n) > 0] = numpy.nan


def _parted(values: Array) -> tuple[Array, Array]:
    small = numpy.abs(values) < _EXACT
    floor, units = numpy.divmod(_units(numpy.where(small, values, 0.0)), SCALE)
    large = numpy.where(small, 0.0, values)
    steps = numpy.floor(large)
    return floor + steps.astype(numpy.int64), units + _units(large - steps)


def _divided(whole: Array, decimals: Array, count: int) -> Array:
    """(whole + decimals / SCALE) / count, always the same for one sum, and the nearest float wherever that matters."""
    means = (whole * float(SCALE) + decimals) / (count * float(SCALE))
    large = numpy.abs(whole + decimals / SCALE) >= _EXACT  # of the exact sum alone, however it was parted
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
