"""What can never be true, and what always is: reasoning over the ranges of values. Sound, not complete.

Every value lies in an interval (RSI in 0 to 100, a price above nothing); a comparison is a statement about the
interval of left minus right; `and` intersects statements about the same parts, `or` joins them.
"""

from dataclasses import dataclass
from decimal import Decimal

from rules.indicators.registry import REGISTRY, Family
from rules.language.arguments import Reading, literal, reading_of
from rules.language.names import NAMES
from rules.language.nodes import (
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
    Operator,
    Series,
    Shift,
    unshifted,
)

_ZERO = Decimal(0)
# Outputs that are the highest or lowest of a column within their window, which holds the newest bar itself.
_HIGHEST = {("maximum", "value"): "close", ("donchian", "upper"): "high"}
_LOWEST = {("minimum", "value"): "close", ("donchian", "lower"): "low"}
# Within one bar: what is never above what.
_BELOW = {("low", "open"), ("low", "close"), ("low", "high"), ("open", "high"), ("close", "high")}


@dataclass(frozen=True, slots=True)
class Interval:
    """None is without end. `over`, `under`: the end itself does not belong to it."""

    low: Decimal | None = None
    high: Decimal | None = None
    over: bool = False
    under: bool = False

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None or self.low < self.high:
            return False
        return self.low > self.high or self.over or self.under

    @property
    def point(self) -> Decimal | None:
        return self.low if self.low is not None and self.low == self.high and not (self.over or self.under) else None

    def negated(self) -> "Interval":
        return Interval(_minus(self.high), _minus(self.low), self.under, self.over)

    def plus(self, other: "Interval") -> "Interval":
        low = None if self.low is None or other.low is None else self.low + other.low
        high = None if self.high is None or other.high is None else self.high + other.high
        return Interval(low, high, self.over or other.over, self.under or other.under)

    def times(self, factor: Decimal) -> "Interval":
        if factor < 0:
            return self.negated().times(-factor)
        if factor == 0:
            return Interval(_ZERO, _ZERO)
        low = None if self.low is None else self.low * factor
        return Interval(low, None if self.high is None else self.high * factor, self.over, self.under)

    def and_(self, other: "Interval") -> "Interval":
        low, over = max(self._lower, other._lower)
        high, under = min(self._upper, other._upper)
        return Interval(_finite(low), _finite(high), over, not under)

    def or_(self, other: "Interval") -> "Interval":
        """The least interval that holds both."""
        low, over = min(self._lower, other._lower)
        high, under = max(self._upper, other._upper)
        return Interval(_finite(low), _finite(high), over, not under)

    @property
    def _lower(self) -> tuple[Decimal, bool]:
        return (Decimal("-Infinity") if self.low is None else self.low, self.over)

    @property
    def _upper(self) -> tuple[Decimal, bool]:
        return (Decimal("Infinity") if self.high is None else self.high, not self.under)


ANYTHING = Interval()
Part = Node | tuple[Node, Node]  # a value, or the difference of two
Facts = dict[Part, Interval]

_POSITIVE, _NEGATIVE = Interval(low=_ZERO, over=True), Interval(high=_ZERO, under=True)
_MEANS = {
    Comparator.LT: _NEGATIVE,
    Comparator.LE: Interval(high=_ZERO),
    Comparator.GT: _POSITIVE,
    Comparator.GE: Interval(low=_ZERO),
    Comparator.EQ: Interval(_ZERO, _ZERO),
    Comparator.CROSSES_ABOVE: _POSITIVE,
    Comparator.CROSSES_BELOW: _NEGATIVE,
}
_OPPOSITE = {
    Comparator.LT: Comparator.GE,
    Comparator.LE: Comparator.GT,
    Comparator.GT: Comparator.LE,
    Comparator.GE: Comparator.LT,
    Comparator.NE: Comparator.EQ,
}


def always(node: Comparison) -> bool | None:
    """True: it holds whenever it is known. False: it never holds. None: it may or may not."""
    difference = difference_of(node.left, node.right)
    if node.op is Comparator.NE:
        answer = _holds(Comparator.EQ, difference)
        return None if answer is None else not answer
    if node.op.crosses:
        now = _MEANS[node.op]
        stays = difference.and_(now) == difference and not now.and_(difference).is_empty
        return False if stays or difference.and_(now).is_empty else None
    return _holds(node.op, difference)


def _holds(op: Comparator, difference: Interval) -> bool | None:
    inside = difference.and_(_MEANS[op])
    if inside.is_empty:
        return False
    return True if inside == difference else None


def difference_of(left: Node, right: Node) -> Interval:
    """Where left minus right lies."""
    if left == right:
        return Interval(_ZERO, _ZERO)
    if is_extreme_of(right, left, _HIGHEST) or is_extreme_of(left, right, _LOWEST) or _is_below(left, right):
        return Interval(high=_ZERO)
    if is_extreme_of(right, left, _LOWEST) or is_extreme_of(left, right, _HIGHEST) or _is_below(right, left):
        return Interval(low=_ZERO)
    return range_of(left).plus(range_of(right).negated())


def range_of(node: Node) -> Interval:
    """Where the value lies, whatever the market does."""
    value = literal(node)
    if value is not None:
        return Interval(value, value)
    match node:
        case Name(name=name):
            return Interval(NAMES[name].least, NAMES[name].most)
        case Call():
            output = reading_of(node).of_output
            return Interval(_decimal(output.low), _decimal(output.high))
        case Shift(of=of):
            return range_of(of)
        case Negate(of=of):
            return range_of(of).negated()
        case Arithmetic(op=op, left=left, right=right):
            return _reckoned(op, range_of(left), range_of(right))
    return ANYTHING


def _reckoned(op: Operator, left: Interval, right: Interval) -> Interval:
    match op:
        case Operator.ADD:
            return left.plus(right)
        case Operator.SUBTRACT:
            return left.plus(right.negated())
        case Operator.MULTIPLY if right.point is not None:
            return left.times(right.point)
        case Operator.MULTIPLY if left.point is not None:
            return right.times(left.point)
        case Operator.DIVIDE if right.point:
            if left.point is not None:
                return Interval(left.point / right.point, left.point / right.point)
            return left.times(1 / right.point) if right.point in (1, 2, 4, 5, 10, 100) else ANYTHING
    return ANYTHING


def divides_by_zero(node: Node) -> bool:
    return isinstance(node, Arithmetic) and node.op is Operator.DIVIDE and range_of(node.right).point == 0


# ---- statements about the same parts


def facts(node: Node, wish: bool) -> Facts | None:
    """What must be so for the condition to be as wished; None when it cannot be."""
    match node:
        case Not(of=of):
            return facts(of, not wish)
        case All(of=items) | AnyOf(of=items):
            found = [facts(item, wish) for item in items]
            return _together(found) if isinstance(node, All) is wish else _either(found)
        case Comparison():
            return _stated(node.op if wish else _OPPOSITE.get(node.op), node.left, node.right)
        case Between(of=of, low=low, high=high) if wish:
            return _together([_stated(Comparator.GE, of, low), _stated(Comparator.LE, of, high)])
    return {}


def _stated(op: Comparator | None, left: Node, right: Node) -> Facts | None:
    if op is None or op not in _MEANS:
        return {}
    difference = difference_of(left, right).and_(_MEANS[op])
    if difference.is_empty:
        return None
    for part, other, sign in ((left, right, 1), (right, left, -1)):
        value = range_of(other).point
        if value is not None:
            moved = (difference if sign > 0 else difference.negated()).plus(Interval(value, value))
            return {part: moved}
    if repr(left) <= repr(right):
        return {(left, right): difference}
    return {(right, left): difference.negated()}


def joined(one: Facts, other: Facts) -> Facts | None:
    """Both at once; None when they cannot be."""
    both = dict(one)
    for part, interval in other.items():
        both[part] = both.get(part, ANYTHING).and_(interval)
        if both[part].is_empty:
            return None
    return both


def _together(found: list[Facts | None]) -> Facts | None:
    whole: Facts | None = {}
    for each in found:
        whole = None if whole is None or each is None else joined(whole, each)
    return whole


def _either(found: list[Facts | None]) -> Facts | None:
    possible = [each for each in found if each is not None]
    if not possible:
        return None
    common = set(possible[0]).intersection(*possible[1:])
    whole = {part: possible[0][part] for part in common}
    for each in possible[1:]:
        whole = {part: whole[part].or_(each[part]) for part in common}
    return whole


# ---- bars and the extremes of windows that hold them


def is_extreme_of(extreme: Node, column: Node, table: dict[tuple[str, str], str]) -> bool:
    """Whether `extreme` is the highest (lowest) of a window in which the value `column` lies."""
    call, ago = unshifted(extreme)
    seen = _column(column)
    if not isinstance(call, Call) or call.name not in REGISTRY or seen is None:
        return False
    reading = reading_of(call)
    source = _source_of(reading, table)
    if source is None or reading.indicator.family is not Family.WINDOW or reading.series != seen[1]:
        return False
    lower_is_source = table is _LOWEST
    inside = ago <= seen[2] < ago + reading.reach
    pair = (source, seen[0]) if lower_is_source else (seen[0], source)
    return inside and (seen[0] == source or pair in _BELOW)


def holds_its_own_bar(extreme: Node) -> bool:
    """Whether it is the highest or lowest of a window that ends at the newest bar."""
    if not isinstance(extreme, Call) or extreme.name not in REGISTRY:
        return False
    reading = reading_of(extreme)
    return any(_source_of(reading, table) for table in (_HIGHEST, _LOWEST))


def _source_of(reading: Reading, table: dict[tuple[str, str], str]) -> str | None:
    column = table.get((reading.name, reading.output))
    return reading.source if column == "close" else column


def _is_below(left: Node, right: Node) -> bool:
    a, b = _column(left), _column(right)
    return a is not None and b is not None and a[1:] == b[1:] and (a[0], b[0]) in _BELOW


def _column(node: Node) -> tuple[str, Series, int] | None:
    """(field, series, bars ago) of a value of a bar."""
    name, ago = unshifted(node)
    if isinstance(name, Name) and NAMES[name.name].of_bar:
        return name.name, name.series, ago
    return None


def _minus(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def _finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
