"""Random conditions that mean something: over every indicator and pattern, shifts, crossings, arithmetic, other
series, and what a rule holds. Literals are chosen near the values that they are compared with, some exactly on them."""

import random
from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy

from market.columns import FIELDS, Columns
from market.words import Timeframe
from rules.indicators.patterns import PATTERNS
from rules.indicators.registry import REGISTRY, Indicator, Parameter
from rules.indicators.values import series_of
from rules.language import Compiled, ConditionError
from rules.language.arguments import reading_of
from rules.language.nodes import (
    OWN,
    All,
    AnyOf,
    Arithmetic,
    Between,
    Call,
    Comparator,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Operator,
    Pattern,
    Series,
    Shift,
    Signal,
    Word,
)

OTHER = "QQQ"
HELD = ("position.return_pct", "position.drawdown_pct", "position.held_minutes", "position.avg_price", "position.value")
LONGER = {Timeframe.M1: (Timeframe.M5, Timeframe.H1, Timeframe.D1), Timeframe.H1: (Timeframe.D1,)}


class Conditions:
    """`columns`: the series that conditions may read, OWN among them. `held`: whether they may speak of a position."""

    def __init__(self, rng: random.Random, columns: Mapping[Series, Columns], *, held: bool) -> None:
        self.rng = rng
        self.columns = columns
        self.held = held

    def compiled(self) -> Compiled:
        """One that the language accepts."""
        while True:
            try:
                return Compiled(self.condition(self.rng.choice((0, 1, 1, 2, 2, 3))))
            except (ConditionError, ValueError):
                continue

    def condition(self, depth: int) -> Node:
        rng = self.rng
        if depth == 0:
            return self.leaf()
        kind = rng.choice(("all", "any", "all", "any", "not"))
        if kind == "not":
            return Not(self.condition(depth - 1))
        items = tuple(self.condition(depth - 1) for _ in range(rng.choice((2, 2, 3))))
        return All(items) if kind == "all" else AnyOf(items)

    def leaf(self) -> Node:
        rng = self.rng
        kind = rng.choices(("compare", "cross", "between", "pattern", "held"), (8, 4, 2, 2, 2 if self.held else 0))[0]
        if kind == "pattern":
            return Pattern(rng.choice(list(Signal)), rng.choice(list(PATTERNS)), self.series())
        if kind == "held":
            limit = Number(Decimal(rng.choice(("0", "1.5", "5", "20", "100"))))
            return Comparison(self.comparator(), Name(rng.choice(HELD)), rng.choice((limit, Negate(limit))))
        left = self.number(rng.choice((0, 0, 0, 1, 2)))
        if kind == "between":
            low, high = sorted((self.near(left), self.near(left)), key=_worth)
            return Between(left, low, high)
        right = self.near(left) if rng.random() < 0.6 else self.like(left)
        if kind == "cross":
            return Comparison(rng.choice((Comparator.CROSSES_ABOVE, Comparator.CROSSES_BELOW)), left, right)
        return Comparison(self.comparator(), left, right)

    def comparator(self) -> Comparator:
        return self.rng.choice([op for op in Comparator if not op.crosses])

    def number(self, depth: int) -> Node:
        rng = self.rng
        if depth == 0:
            return self.call() if rng.random() < 0.75 else self.column()
        kind = rng.choice(("shift", "arithmetic", "arithmetic", "negate"))
        if kind == "shift":
            return Shift(self.number(depth - 1), rng.choice((1, 1, 2, 5, 17)))
        if kind == "negate":
            return Negate(self.number(depth - 1))
        op = rng.choice(list(Operator))
        left = self.number(depth - 1)
        if rng.random() < 0.5:
            return Arithmetic(op, left, Number(Decimal(rng.choice(("1.01", "0.99", "2", "0.3", "100", "7")))))
        return Arithmetic(op, left, self.like(left) if rng.random() < 0.7 else self.number(0))

    def column(self) -> Node:
        if self.rng.random() < 0.1:
            return Name("price")
        return Name(self.rng.choice(FIELDS), self.series())

    def call(self) -> Call:
        indicator = REGISTRY[self.rng.choice(list(REGISTRY))]
        source: tuple[Node, ...] = ()
        if indicator.sourced and self.rng.random() < 0.3:
            source = (Name(self.rng.choice(FIELDS)),)
        params = tuple(self.parameter(p) for p in indicator.parameters)
        return Call(indicator.name, (*source, *params), (), self.rng.choice(indicator.outputs).name, self.series())

    def parameter(self, parameter: Parameter) -> Node:
        rng = self.rng
        if parameter.kind == "choice":
            return Word(rng.choice(parameter.choices))
        if parameter.kind not in ("int", "number"):
            return Name(OTHER)
        value = Decimal(str(parameter.default))
        if rng.random() < 0.8:
            low, high = parameter.least, min(parameter.most, max(parameter.least, 1) * 30)
            value = (
                Decimal(rng.randint(int(low), int(high)))
                if parameter.kind == "int"
                else _decimal(rng.uniform(low, high), 2)
            )
        return Negate(Number(-value)) if value < 0 else Number(value)

    def series(self) -> Series:
        return self.rng.choice(list(self.columns)) if self.rng.random() < 0.25 else OWN

    def like(self, node: Node) -> Node:
        """Something that may be compared with it: the same indicator with other parameters, or just anything."""
        match node:
            case Call(name=name) if self.rng.random() < 0.7:
                indicator: Indicator = REGISTRY[name]
                source = node.args[: len(node.args) - len(indicator.parameters)]
                args = (*source, *(self.parameter(p) for p in indicator.parameters))
                return Call(name, args, (), self.rng.choice(indicator.outputs).name, self.series())
            case Name(name=name) if name != "volume":
                return Name(self.rng.choice(("open", "high", "low", "close")), self.series())
        return self.number(0)

    def near(self, node: Node) -> Node:
        """A literal among the values that the node takes."""
        values = self.values(node)
        if not len(values):
            return Number(Decimal(self.rng.choice(("0", "1", "50"))))
        value = float(values[self.rng.randrange(len(values))])
        number = _decimal(value, self.rng.choice((0, 2, 4, 10)))
        return Negate(Number(-number)) if number < 0 else Number(number)

    def values(self, node: Node) -> numpy.ndarray:
        found = self._values(node)
        return found[numpy.isfinite(found) & (numpy.abs(found) < 1e14)]

    def _values(self, node: Node) -> numpy.ndarray:
        match node:
            case Name(name=name, series=series):
                return self.columns[series].column("close" if name == "price" else name)
            case Call(series=series):
                reading = reading_of(node)
                return series_of(self.columns[series], reading.name, reading.params, reading.output, reading.source)
            case Negate(of=of):
                return -self._values(of)
            case Shift(of=of):
                return self._values(of)
            case Arithmetic(op=op, left=left, right=right):
                return self._reckoned(op, self._values(left), self._values(right))
            case Number(value=value):
                return numpy.array([float(value)])
        raise TypeError(node)

    def _reckoned(self, op: Operator, left: numpy.ndarray, right: numpy.ndarray) -> numpy.ndarray:
        length = min(len(left), len(right)) if len(right) > 1 < len(left) else max(len(left), len(right))
        reckon: Mapping[Operator, Callable[..., numpy.ndarray]] = {
            Operator.ADD: numpy.add,
            Operator.SUBTRACT: numpy.subtract,
            Operator.MULTIPLY: numpy.multiply,
            Operator.DIVIDE: numpy.divide,
        }
        with numpy.errstate(all="ignore"):
            return reckon[op](left[-length:], right[-length:])


def _decimal(value: float, digits: int) -> Decimal:
    return Decimal(repr(round(value, digits)) if abs(value) < 1e14 else "1").quantize(Decimal(1).scaleb(-digits))


def _worth(node: Node) -> Decimal:
    match node:
        case Number(value=value):
            return value
        case Negate(of=Number(value=value)):
            return -value
    return Decimal(0)
