"""The syntax tree: frozen, compared by meaning alone, never by where it stood in the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from market.words import Session, Timeframe

LARGEST = Decimal(10) ** 15  # below it, 15 significant digits survive the way to a float
MOST_DECIMALS = 10
DEEPEST = 40  # levels a person can still read, and far from the interpreter's own limit
MOST_NODES = 500
# Words that are values: the sessions of `session.phase`, and the directions of an indicator. Never names.
DIRECTIONS = ("up", "down")
WORDS = frozenset((*Session, *DIRECTIONS))
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,15}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node began in its text; both count from 1."""

    line: int
    column: int


class Comparator(StrEnum):
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    EQ = "=="
    NE = "!="
    CROSSES_ABOVE = "crosses_above"
    CROSSES_BELOW = "crosses_below"

    @property
    def crosses(self) -> bool:
        return self in (Comparator.CROSSES_ABOVE, Comparator.CROSSES_BELOW)


class Operator(StrEnum):
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


class Signal(StrEnum):
    """What is asked of a candle pattern."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    DETECTED = "detected"  # in either direction


@dataclass(frozen=True, slots=True)
class Series:
    """Whose bars: None is the rule's own symbol, the rule's own timeframe."""

    symbol: str | None = None
    timeframe: Timeframe | None = None

    def __post_init__(self) -> None:
        if self.symbol is not None and not is_symbol(self.symbol):
            raise ValueError(f"{self.symbol!r} cannot be a symbol")

    def named(self, symbol: str, timeframe: Timeframe) -> "Series":
        """The same series with nothing left unsaid, for a rule of this symbol and timeframe."""
        return Series(self.symbol or symbol, self.timeframe or timeframe)


def is_symbol(text: str) -> bool:
    """Upper case, as the exchange writes it, at most 16 characters; `BRK/B` is one."""
    return _SYMBOL.fullmatch(text) is not None


OWN = Series()


@dataclass(frozen=True, slots=True)
class Number:
    """A literal, not negative: -5 is Negate(Number(5)), so that every tree has one spelling."""

    value: Decimal
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if not number_is_sayable(self.value):
            raise ValueError(f"{self.value} cannot be written in a condition")


@dataclass(frozen=True, slots=True)
class Boolean:
    value: bool
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is a value: `regular` in `session.phase == regular`, `up` in `consecutive(up)`."""

    value: str
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.value not in WORDS:
            raise ValueError(f"{self.value!r} is no word of the language")


@dataclass(frozen=True, slots=True)
class Name:
    """Something known by name: `price`, `close`, `position.qty`, `QQQ.close`, `close(timeframe=1d)`."""

    name: str
    series: Series = OWN
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Call:
    """An indicator with its arguments: `sma(volume, 20)`, `bollinger(period=20, std=2).upper`, `QQQ.sma(20)`.

    `output` None is the indicator's first.
    """

    name: str
    args: "tuple[Node, ...]" = ()
    named: "tuple[tuple[str, Node], ...]" = ()
    output: str | None = None
    series: Series = OWN
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Param:
    """A number or word that the rule's `params` give: `$period`."""

    name: str
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Whether a candle pattern ends at the newest bar: `bullish(engulfing)`."""

    signal: Signal
    name: str
    series: Series = OWN
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Shift:
    """A value some bars earlier: `close[1]`."""

    of: "Node"
    bars: int
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Negate:
    of: "Node"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    op: Operator
    left: "Node"
    right: "Node"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Comparison:
    op: Comparator
    left: "Node"
    right: "Node"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends belong to it."""

    of: "Node"
    low: "Node"
    high: "Node"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Not:
    of: "Node"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class All:
    of: "tuple[Node, ...]"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class AnyOf:
    of: "tuple[Node, ...]"
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


Node = (
    Number
    | Boolean
    | Word
    | Name
    | Call
    | Param
    | Pattern
    | Shift
    | Negate
    | Arithmetic
    | Comparison
    | Between
    | Not
    | All
    | AnyOf
)


def number_is_sayable(value: Decimal) -> bool:
    """Whether a literal may hold it: finite, not negative, below 10^15, at most ten decimals."""
    if not value.is_finite() or value.is_signed() or value >= LARGEST:
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST_DECIMALS


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Call(args=args, named=named):
            return (*args, *(value for _, value in named))
        case Shift(of=of) | Negate(of=of) | Not(of=of):
            return (of,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case Between(of=of, low=low, high=high):
            return (of, low, high)
        case All(of=items) | AnyOf(of=items):
            return items
        case _:
            return ()


def unshifted(node: Node) -> tuple[Node, int]:
    """What is looked at, and how many bars before: `close[1][2]` is close, three bars before."""
    ago = 0
    while isinstance(node, Shift):
        ago += node.bars
        node = node.of
    return node, ago


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, outermost first."""
    yield node
    for child in children(node):
        yield from walk(child)


def fits(node: Node) -> bool:
    """Whether the tree is within DEEPEST and MOST_NODES. Not recursive: it guards what is."""
    level, count = [node], 0
    for _ in range(DEEPEST):
        count += len(level)
        level = [child for parent in level for child in children(parent)]
        if not level or count > MOST_NODES:
            break
    return not level and count <= MOST_NODES
