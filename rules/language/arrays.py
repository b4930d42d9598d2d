"""The verdicts of a condition at all bars at once, with numpy, in pieces that stay in the processor's cache.

Truth is 0 false, 1 unknown, 2 true in here: `all` is then the least, `any` the greatest, `not` is two less it.

Exact numbers are reckoned as floats beside a bound of how far that may be off. Where a comparison is closer than the
bounds, the bar is judged by the step function, which reckons exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy

from rules.language.leaves import UNKNOWN, Leaf, Leaves
from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
    Between,
    Boolean,
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
    Shift,
)

PIECE = 16_384  # bars; a value of each is 128 KB
_HALF = 2.0**-52  # more than the rounding of one operation, relative
_TINY = 1e-300  # and where numbers are so small that rounding is no longer relative
_TRUTH = numpy.array([0, UNKNOWN, 1], dtype=numpy.int8)
_COMPARE: dict[Comparator, Callable[..., numpy.ndarray]] = {
    Comparator.LT: numpy.less,
    Comparator.LE: numpy.less_equal,
    Comparator.GT: numpy.greater,
    Comparator.GE: numpy.greater_equal,
    Comparator.EQ: numpy.equal,
    Comparator.NE: numpy.not_equal,
}
_RECKON: dict[Operator, Callable[..., numpy.ndarray]] = {
    Operator.ADD: numpy.add,
    Operator.SUBTRACT: numpy.subtract,
    Operator.MULTIPLY: numpy.multiply,
    Operator.DIVIDE: numpy.divide,
}
Values = numpy.ndarray | float


@dataclass(slots=True)
class Part:
    """Numbers along the bars. `error` None: the very floats that live code has. `raw`: exact numbers, not reckoned
    with; `known`: no NaN among them; `exact`: Decimal by meaning."""

    values: Values
    exact: bool
    known: bool = False
    raw: bool = False
    error: Values | None = None


def verdicts(node: Node, leaves: Leaves, step: Callable[[int], bool | None]) -> numpy.ndarray:
    """int8 per bar: 1, 0 or -1 for unknown. Only for conditions that read nothing but bars."""
    length = len(leaves.own)
    found = numpy.empty(length, dtype=numpy.int8)
    for begin in range(0, length, PIECE):
        end = min(begin + PIECE, length)
        piece = _Piece(leaves, begin, end)
        with numpy.errstate(all="ignore"):
            found[begin:end] = _TRUTH[piece.truth(node, 0)]
        for i in numpy.flatnonzero(piece.close_calls).tolist() if piece.close_calls is not None else ():
            verdict = step(begin + i)
            found[begin + i] = UNKNOWN if verdict is None else verdict
    return found


class _Piece:
    """Bars `begin` to `end`."""

    def __init__(self, leaves: Leaves, begin: int, end: int) -> None:
        self.leaves = leaves
        self.begin = begin
        self.end = end
        self.close_calls: numpy.ndarray | None = None
        self._parts: dict[tuple[Node, int], Part] = {}
        self._truths: dict[tuple[Node, int], numpy.ndarray] = {}

    # ---- truth

    def truth(self, node: Node, offset: int) -> numpy.ndarray:
        found = self._truths.get((node, offset))
        if found is None:
            found = self._truths[node, offset] = self._truth(node, offset)
        return found

    def _truth(self, node: Node, offset: int) -> numpy.ndarray:
        match node:
            case Boolean(value=value):
                return numpy.full(self.end - self.begin, 2 if value else 0, dtype=numpy.int8)
            case Pattern():
                found = self.leaves.pattern(node, offset).part(self.begin, self.end)
                return numpy.where(found == UNKNOWN, numpy.int8(1), found * numpy.int8(2))
            case Not(of=of):
                return numpy.int8(2) - self.truth(of, offset)
            case All(of=items):
                return self._group(numpy.minimum, items, offset)
            case AnyOf(of=items):
                return self._group(numpy.maximum, items, offset)
            case Comparison(op=op, left=left, right=right) if op.crosses:
                return self._crossing(op, left, right, offset)
            case Comparison(op=op, left=left, right=right):
                return self._compared(op, self.part(left, offset), self.part(right, offset))
            case Between(of=of, low=low, high=high):
                return self._between(self.part(of, offset), self.part(low, offset), self.part(high, offset))
            case Shift(of=of, bars=bars):
                return self.truth(of, offset + bars)
        raise TypeError(f"{node} is neither true nor false")

    def _group(self, join: Callable[..., numpy.ndarray], items: tuple[Node, ...], offset: int) -> numpy.ndarray:
        truth = self.truth(items[0], offset)
        for item in items[1:]:
            truth = join(truth, self.truth(item, offset))
        return truth

    def _crossing(self, op: Comparator, left: Node, right: Node, offset: int) -> numpy.ndarray:
        came_from, went = (
            (Comparator.LE, Comparator.GT) if op is Comparator.CROSSES_ABOVE else (Comparator.GE, Comparator.LT)
        )
        now = (self.part(left, offset), self.part(right, offset))
        before = (self.part(left, offset + 1), self.part(right, offset + 1))
        return self._both(self._holds(came_from, *before), self._holds(went, *now), (*now, *before))

    def _between(self, of: Part, low: Part, high: Part) -> numpy.ndarray:
        above = self._holds(Comparator.LE, low, of)
        return self._both(above, self._holds(Comparator.LE, of, high), (of, low, high))

    def _both(self, first: numpy.ndarray, second: numpy.ndarray, read: tuple[Part, ...]) -> numpy.ndarray:
        """All that is read must be known, whichever half would settle it."""
        return self._unless_unknown(first & second, read)

    def _compared(self, op: Comparator, left: Part, right: Part) -> numpy.ndarray:
        return self._unless_unknown(self._holds(op, left, right), (left, right))

    def _unless_unknown(self, holds: numpy.ndarray, read: tuple[Part, ...]) -> numpy.ndarray:
        truth = numpy.left_shift(holds.view(numpy.int8), 1)
        if truth.shape != (self.end - self.begin,):
            truth = numpy.full(self.end - self.begin, truth, dtype=numpy.int8)
        for part in read:
            if not part.known:
                truth[numpy.isnan(part.values)] = 1
        return truth

    def _holds(self, op: Comparator, left: Part, right: Part) -> numpy.ndarray:
        if left.error is not None or right.error is not None:
            exact = left.exact and right.exact
            self._mark(numpy.abs(left.values - right.values) <= _bound(left, exact) + _bound(right, exact))
        return numpy.asarray(_COMPARE[op](left.values, right.values))

    def _mark(self, close: numpy.ndarray) -> None:
        """These bars are judged exactly, whatever is found here."""
        if self.close_calls is None:
            self.close_calls = numpy.zeros(self.end - self.begin, dtype=bool)
        self.close_calls |= close

    # ---- numbers

    def part(self, node: Node, offset: int) -> Part:
        found = self._parts.get((node, offset))
        if found is None:
            found = self._parts[node, offset] = self._part(node, offset)
        return found

    def _part(self, node: Node, offset: int) -> Part:
        match node:
            case Number(value=value):
                return Part(float(value), exact=True, known=True, raw=True)
            case Name(name=name, series=series):
                leaf = self.leaves.field("close" if name == "price" else name, series, offset)
                return self._leaf(leaf, exact=True)
            case Call():
                return self._leaf(self.leaves.called(node, offset), exact=False)
            case Shift(of=of, bars=bars):
                return self.part(of, offset + bars)
            case Negate(of=of):
                part = self.part(of, offset)
                return Part(-part.values, part.exact, part.known, part.raw, part.error)
            case Arithmetic(op=op, left=left, right=right):
                return self._reckoned(op, self.part(left, offset), self.part(right, offset))
        raise TypeError(f"{node} is no number")

    def _leaf(self, leaf: Leaf, *, exact: bool) -> Part:
        known = leaf.sure and leaf.first <= self.begin
        return Part(leaf.part(self.begin, self.end), exact, known, raw=exact)

    def _reckoned(self, op: Operator, left: Part, right: Part) -> Part:
        exact = left.exact and right.exact
        values: Values = _RECKON[op](left.values, right.values)
        # Only a number that was reckoned exactly, or is being, is not the very float that live code has.
        error = None
        if exact or left.error is not None or right.error is not None:
            a, b = _bound(left, exact), _bound(right, exact)
            error = _propagated(op, left.values, right.values, values, a, b)
            if op is Operator.DIVIDE:
                self._mark(numpy.abs(right.values) <= b)
            self._mark(numpy.isinf(values))  # beyond floats, not beyond Decimal
        finite = numpy.isfinite(values)
        if not finite.all():
            values = numpy.where(finite, values, numpy.nan)
        return Part(values, exact, bool(finite.all()), error=error)


def _bound(part: Part, exact: bool) -> Values:
    """How far the float may be from what live code reckons with here."""
    if part.error is not None:
        return part.error + (0.0 if exact else numpy.abs(part.values) * _HALF)
    # Among exact numbers a float stands for a decimal beside it; among floats it is the very number.
    return numpy.abs(part.values) * _HALF if exact else 0.0


def _propagated(op: Operator, x: Values, y: Values, result: Values, a: Values, b: Values) -> Values:
    rounding = numpy.abs(result) * _HALF + _TINY
    if op in (Operator.ADD, Operator.SUBTRACT):
        return a + b + rounding
    if op is Operator.MULTIPLY:
        return numpy.abs(x) * b + numpy.abs(y) * a + a * b + rounding
    return (a + numpy.abs(result) * b) / (numpy.abs(y) - b) * 2.0 + rounding
