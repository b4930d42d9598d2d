"""What a condition reads, laid out as arrays along the bars of its own series: the ground of a replay.

A value of another series is put at the own bar at whose end it was the newest one known (market.columns.visible).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy

from market.columns import Columns, visible_all
from rules.indicators.values import PATTERN_UNKNOWN, pattern_series, series_all
from rules.language.arguments import Reading, reading_of
from rules.language.beside import beside
from rules.language.nodes import OWN, Call, Name, Node, Pattern, Series, Signal
from rules.language.program import Writer

TRUE, FALSE, UNKNOWN = 1, 0, -1  # of an int8 array of verdicts


@dataclass(frozen=True)
class Leaf:
    """The value for own bar i is `array[i - shift]`. Unknown is NaN, or UNKNOWN where the array is int8."""

    array: numpy.ndarray
    shift: int = 0

    @cached_property
    def view(self) -> memoryview:
        return memoryview(self.array)

    @cached_property
    def first(self) -> int:
        """The first own bar at which it is known; the number of bars when never."""
        known = self._known
        if not known.any():
            return len(self.array)
        return int(known.argmax()) + self.shift

    @cached_property
    def sure(self) -> bool:
        """Whether it is known at every bar from `first` on."""
        return bool(self._known[self.first - self.shift :].all())

    @property
    def _known(self) -> numpy.ndarray:
        return self.array != UNKNOWN if self.array.dtype == numpy.int8 else self.array == self.array

    def part(self, a: int, b: int) -> numpy.ndarray:
        """The values for own bars `a` to `b`."""
        low = a - self.shift
        if low >= 0:
            return self.array[low : b - self.shift]
        missing = numpy.full(min(-low, b - a), UNKNOWN if self.array.dtype == numpy.int8 else numpy.nan)
        return numpy.concatenate((missing.astype(self.array.dtype), self.array[: max(b - self.shift, 0)]))


@dataclass(frozen=True)
class Quotes:
    """What a file of candles does not tell, one value per own bar; NaN and None are unknown."""

    bid: numpy.ndarray | None = None
    ask: numpy.ndarray | None = None


@dataclass(frozen=True)
class SessionColumns:
    """Where in its trading day each own bar ends. `phase`: words; minutes float64, NaN outside a session."""

    phase: list[str | None] = field(default_factory=list)
    minutes_since_open: numpy.ndarray | None = None
    minutes_to_close: numpy.ndarray | None = None


class Leaves:
    """Every array that a condition reads, each made once. `beside`: those of another condition over the same series,
    which are taken as they are."""

    def __init__(self, node: Node, columns: Mapping[Series, Columns], beside: "Leaves | None" = None) -> None:
        self.own = columns[OWN]
        self._columns = columns
        self._newest: dict[Series, numpy.ndarray] = beside._newest if beside else {}
        self._leaves: dict[Hashable, Leaf] = beside._leaves if beside else {}
        self._called: dict[tuple[int, int], tuple[Call, Leaf]] = {}  # with the node, so that no other takes its id
        wanted = Wanted()
        wanted.whole(node)
        self.names = wanted.names
        self._reckon(wanted.readings)

    def field(self, name: str, series: Series, offset: int) -> Leaf:
        """A column of the bars."""
        return self._once((name, series, offset), lambda: self._field(name, series, offset))

    def indicator(self, reading: Reading, offset: int) -> Leaf:
        return self._leaves[reading, offset]

    def called(self, node: Call, offset: int) -> Leaf:
        """The indicator that a part of the condition calls; what the call means is read once."""
        found = self._called.get((id(node), offset))
        if found is None:
            found = self._called[id(node), offset] = (node, self.indicator(reading_of(node), offset))
        return found[1]

    def pattern(self, node: Pattern, offset: int) -> Leaf:
        """int8: TRUE, FALSE, UNKNOWN."""
        key = (node.signal, node.name, node.series, offset)
        return self._once(key, lambda: self._pattern(node, offset))

    def columns_of(self, series: Series) -> Columns | None:
        return self._columns.get(series)

    def newest(self, series: Series) -> numpy.ndarray:
        """For each own bar the index of the series' newest bar that is over; -1 when none is."""
        if series not in self._newest:
            self._newest[series] = visible_all(self._columns[series], self.own) - 1
        return self._newest[series]

    def _once(self, key: Hashable, make: Callable[[], Leaf]) -> Leaf:
        if key not in self._leaves:
            self._leaves[key] = make()
        return self._leaves[key]

    def _field(self, name: str, series: Series, offset: int) -> Leaf:
        columns = self._columns.get(series)
        if columns is None:
            return self._nothing()
        if series == OWN:
            return Leaf(columns.column(name), offset)
        return Leaf(self._along(columns.column(name), series, offset))

    def _pattern(self, node: Pattern, offset: int) -> Leaf:
        columns = self._columns.get(node.series)
        if columns is None:
            return Leaf(numpy.full(len(self.own), UNKNOWN, dtype=numpy.int8))
        found = pattern_series(columns, node.name, offset)
        truth = _SIGNS[node.signal](found).astype(numpy.int8)
        truth[found == PATTERN_UNKNOWN] = UNKNOWN
        return Leaf(truth if node.series == OWN else self._along(truth, node.series, 0))

    def _reckon(self, readings: Iterable[tuple[Reading, int]]) -> None:
        """One pass over an indicator gives all its outputs and offsets that are asked for."""
        passes: dict[Hashable, list[tuple[Reading, int]]] = {}
        for reading, offset in dict.fromkeys(readings):
            if (reading, offset) in self._leaves:
                continue
            key = (reading.series, reading.name, reading.params, reading.source)
            passes.setdefault(key, []).append((reading, offset))
        for together in passes.values():
            self._reckon_pass(together)

    def _reckon_pass(self, together: list[tuple[Reading, int]]) -> None:
        one = together[0][0]
        columns = self._columns.get(one.series)
        if columns is not None and one.benchmark is not None:
            other = self._columns.get(one.benchmark)
            columns = None if other is None else beside(columns, other)
        if columns is None:
            self._leaves |= {each: self._nothing() for each in together}
            return
        # A window moves with the bars, so its earlier value is the same array; a run is another one at every block.
        wanted = list(dict.fromkeys((r.output, offset if r.anchored else 0) for r, offset in together))
        series = dict(zip(wanted, series_all(columns, one.name, one.params, one.source, wanted), strict=True))
        for reading, offset in together:
            values = series[reading.output, offset if reading.anchored else 0]
            shift = 0 if reading.anchored else offset
            if reading.series == OWN:
                self._leaves[reading, offset] = Leaf(values, shift)
            else:
                self._leaves[reading, offset] = Leaf(self._along(values, reading.series, shift))

    def _along(self, values: numpy.ndarray, series: Series, offset: int) -> numpy.ndarray:
        """Another series' values, put at the own bars."""
        at = self.newest(series) - offset
        unknown = UNKNOWN if values.dtype == numpy.int8 else numpy.nan
        if not len(values):
            return numpy.full(len(at), unknown, dtype=values.dtype)
        return numpy.where(at >= 0, values[numpy.maximum(at, 0)], numpy.array(unknown, dtype=values.dtype))

    def _nothing(self) -> Leaf:
        return self._once((), lambda: Leaf(numpy.full(len(self.own), numpy.nan)))


class Wanted(Writer):
    """Finds what a condition reads, and how many bars back, by writing it and throwing the text away."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.readings: list[tuple[Reading, int]] = []

    def name(self, name: str, node: Name, offset: int) -> str:
        self.names.add(name)
        return ""

    def indicator(self, reading: Reading, offset: int) -> str:
        self.readings.append((reading, offset))
        return ""

    def pattern(self, node: Pattern, offset: int) -> str:
        return ""


def _bullish(found: numpy.ndarray) -> numpy.ndarray:
    return found > 0


def _bearish(found: numpy.ndarray) -> numpy.ndarray:
    return found < 0


def _detected(found: numpy.ndarray) -> numpy.ndarray:
    return found != 0


_SIGNS = {Signal.BULLISH: _bullish, Signal.BEARISH: _bearish, Signal.DETECTED: _detected}
