"""What an indicator is: a name, what goes in, what comes out, and the law that its values keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, Protocol

import numpy

from market.errors import Text

LONGEST = 1000  # bars a person may ask an indicator's period to be

Array = numpy.ndarray[Any, numpy.dtype[Any]]


class Family(StrEnum):
    """WINDOW: the value is a function of exactly the last `reach` bars: `run(x)[t]` has the bits of
    `run(x[t-reach+1:t+1])[-1]`, and there is none before `reach` bars.

    ANCHORED: recursive or cumulative, from the first bar that it is given. What comes later changes nothing:
    `run(x)[:k]` has the bits of `run(x[:k])`. What lies further back than `reach` weighs next to nothing.
    """

    WINDOW = "window"
    ANCHORED = "anchored"


class Unit(StrEnum):
    """Of an output. PRICE becomes the unit of the source when the indicator is `sourced`."""

    PRICE = "price"
    SHARES = "shares"
    PERCENT = "percent"
    RATIO = "ratio"
    INDEX = "index"
    COUNT = "count"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: "int" and "number" lie between `least` and `most`, both included; a "choice" is one of `choices`;
    a "symbol" names the series that comes in as `benchmark`."""

    name: str
    kind: str
    least: float
    most: float
    default: Any
    title: Text
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """One of the series that an indicator gives. `low` and `high` where the definition bounds it."""

    name: str
    title: Text
    unit: Unit
    low: float | None = None
    high: float | None = None


class Inputs(Protocol):
    """Columns of bars, oldest first, float64 and of one length; NaN for what is not there.

    For a `sourced` indicator `close` holds whatever column was asked for. An indicator that reads `benchmark`
    finds there the other symbol's close of the bar with the same start.
    """

    @property
    def open(self) -> Array: ...
    @property
    def high(self) -> Array: ...
    @property
    def low(self) -> Array: ...
    @property
    def close(self) -> Array: ...
    @property
    def volume(self) -> Array: ...


@dataclass(frozen=True, slots=True)
class Given:
    """Inputs made of plain arrays."""

    open: Array
    high: Array
    low: Array
    close: Array
    volume: Array
    benchmark: Array | None = None

    def __len__(self) -> int:
        return len(self.close)


@dataclass(frozen=True, slots=True)
class Indicator:
    """`run(inputs, *parameters)` answers one float64 array per output, as long as the inputs, NaN where there is no
    value; it never raises for parameters within their bounds. `reach(*parameters)` is in bars."""

    name: str
    title: Text
    definition: Text
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    family: Family
    reach: Callable[..., int]
    formula: Callable[..., tuple[Array, ...]]  # over whole columns without NaN rows (ANCHORED), or with (WINDOW)
    reads: tuple[str, ...]
    group: str
    sourced: bool = False
    first: Callable[..., int] = lambda *_: 1  # the bar of the first output's first value, counted from 1

    @property
    def defaults(self) -> tuple[Any, ...]:
        return tuple(parameter.default for parameter in self.parameters)

    @property
    def benchmark(self) -> bool:
        """Whether it needs another symbol's closes beside its own bars."""
        return "benchmark" in self.reads

    def output(self, name: str | None = None) -> int:
        """The index of the output; the first one is the default. KeyError for a name that it does not have."""
        if name is None:
            return 0
        for index, output in enumerate(self.outputs):
            if output.name == name:
                return index
        raise KeyError(name)

    def run(self, inputs: Inputs, *parameters: Any) -> tuple[Array, ...]:
        """Every output over the whole of the inputs, by the law of the family."""
        found = tuple(values.copy() for values in self.values(inputs, *parameters))
        for values in found:
            values[numpy.isinf(values)] = numpy.nan
            if self.family is Family.WINDOW:
                values[: self.reach(*parameters) - 1] = numpy.nan
        return found

    def values(self, inputs: Inputs, *parameters: Any) -> tuple[Array, ...]:
        """The same, quicker, for callers who take infinity for no value, know that a WINDOW has none before `reach`
        bars, and do not write to the arrays: some may be the inputs themselves."""
        columns = [_column(inputs, name) for name in self.reads]
        if self.family is Family.WINDOW and len(columns[0]) < self.reach(*parameters):
            return self._nothing(len(columns[0]))
        with numpy.errstate(all="ignore"):
            if not all(map(_is_finite, columns)):
                columns = [numpy.where(numpy.isinf(column), numpy.nan, column) for column in columns]
                if self.family is Family.ANCHORED:
                    return self._stepping_over(columns, parameters)
            elif not len(columns[0]):
                return self._nothing(0)
            return self.formula(*columns, *parameters)

    def _stepping_over(self, columns: list[Array], parameters: Sequence[Any]) -> tuple[Array, ...]:
        """A recursion would never recover from a bar that is not there: such bars are stepped over."""
        there = ~numpy.isnan(columns[0])
        for column in columns[1:]:
            there &= ~numpy.isnan(column)
        found = self._nothing(len(there))
        if there.any():
            columns = [column[there] for column in columns]
            for values, dense in zip(found, self.formula(*columns, *parameters), strict=True):
                values[there] = dense
        return found

    def _nothing(self, length: int) -> tuple[Array, ...]:
        return tuple(numpy.full(length, numpy.nan) for _ in self.outputs)


def _column(inputs: Inputs, name: str) -> Array:
    values = getattr(inputs, name, None)
    if values is None:
        return numpy.full(len(inputs.close), numpy.nan)
    return numpy.ascontiguousarray(values, numpy.float64)


def _is_finite(values: Array) -> bool:
    """Whether every value is a number: their squares have a sum then, but for the largest of numbers."""
    return isfinite(values.dot(values)) or bool(numpy.isfinite(values).all())


# Shorthand for the tables below.


def whole(name: str, default: int, ko: str, en: str, *, least: int = 1, most: int = LONGEST) -> Parameter:
    """A whole number of bars."""
    return Parameter(name, "int", least, most, default, Text(ko, en))


def period(default: int, *, least: int = 1) -> Parameter:
    return whole("period", default, "봉의 수", "number of bars", least=least)


def number(name: str, default: float, least: float, most: float, ko: str, en: str) -> Parameter:
    return Parameter(name, "number", least, most, default, Text(ko, en))


def value(unit: Unit, low: float | None = None, high: float | None = None) -> tuple[Output, ...]:
    """The only output."""
    return (Output("value", Text("값", "value"), unit, low, high),)


def indicator(
    name: str,
    title: tuple[str, str],
    meaning: tuple[str, str],
    *,
    parameters: tuple[Parameter, ...] = (),
    outputs: tuple[Output, ...],
    group: str,
    reads: tuple[str, ...],
    formula: Callable[..., tuple[Array, ...]],
    reach: tuple[str, Callable[..., int]],
    first: tuple[str, Callable[..., int]] | None = None,
) -> Indicator:
    """`first` given: ANCHORED, with its first value at that bar. Otherwise WINDOW, whose first value is at `reach`."""
    family = Family.WINDOW if first is None else Family.ANCHORED
    return Indicator(
        name,
        Text(*title),
        _definition(meaning, reach[0], first and first[0]),
        parameters,
        outputs,
        family,
        reach[1],
        formula,
        reads,
        group,
        sourced=reads == ("close",),
        first=(first or reach)[1],
    )


def _definition(meaning: tuple[str, str], reach: str, first: str | None) -> Text:
    """The meaning, the first bar with a value and the bars that matter, as people read them."""
    ko, en = meaning
    if first is None:
        return Text(
            f"{ko} 읽는 봉: 마지막 {reach}개만, 봉마다 새로 계산. 첫 값: {reach}번째 봉.",
            f"{en} Bars read: exactly the last {reach}, afresh at every bar. First value: bar {reach}.",
        )
    return Text(
        f"{ko} 읽는 봉: 기준 봉부터 모두(그 전의 영향이 사라지는 데 {reach}개). 첫 값: 기준 봉부터 {first}번째 봉.",
        f"{en} Bars read: all since the anchor (what lies before it fades in {reach}). "
        f"First value: bar {first} from the anchor.",
    )
