"""Comparisons of exact numbers by floats, wherever floats are surely enough.

`close > open * 1.01` is reckoned with decimals, which costs ten times as much as with floats. Both sides are therefore
reckoned with floats first, beside a number that none of the intermediate results exceeds: rounding can be off by a
few parts in 10^16 of that. Only where the two sides are closer than that, or something is unknown, do decimals decide.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rules.language.nodes import Arithmetic, Call, Comparator, Comparison, Name, Negate, Node, Number, Operator, Shift

TOLERANCE = 1e-13  # of the largest intermediate result: some hundred times the rounding of the deepest tree
_DECIDED = {
    Comparator.GT: "d > 0.0",
    Comparator.GE: "d > 0.0",
    Comparator.LT: "d < 0.0",
    Comparator.LE: "d < 0.0",
    Comparator.EQ: "False",
    Comparator.NE: "True",
}
# The price paid and the highest since then may be Decimal; the price now is the close.
_HELD = {
    "position.return_pct": (
        ("position.qty", "position.avg_price"),
        "({close} / nearest_float(position.avg_price) {sign} 1.0) * 100.0",
    ),
    "position.drawdown_pct": (
        ("position.qty", "position.high_since_entry", "{close} > 0.0"),
        "({close} / max(nearest_float(position.high_since_entry), {close}) {sign} 1.0) * 100.0",
    ),
    "position.avg_price": (("position.qty", "position.avg_price"), "nearest_float(position.avg_price)"),
    "position.value": ((), "position.qty * {close}"),
}
HELD_NAMES = frozenset(_HELD)


@dataclass(frozen=True, slots=True)
class Quick:
    """The text of a float near the exact value, of a number that no intermediate result exceeds, and of what must
    hold for both."""

    value: str
    most: str
    guards: tuple[str, ...] = ()


class Quickly:
    """`slot` writes a leaf and answers the name that holds it; `columns`: names of the bars' columns."""

    def __init__(self, slot: Callable[[Node, int], str], columns: frozenset[str]) -> None:
        self._slot = slot
        self._columns = columns

    def comparison(self, node: Comparison, exactly: str) -> str | None:
        """The text, where `exactly` is the name of the function that decides with decimals; None when it would not
        be right or not be quicker."""
        sides = (node.left, node.right)
        if node.op.crosses or not any(_reckons(side) for side in sides):
            return None
        left, right = (self.of(side, 0) for side in sides)
        if left is None or right is None:
            return None
        far = f"((d := {left.value} - {right.value}) > (t := ({left.most} + {right.most}) * {TOLERANCE!r}) or d < -t)"
        held = " and ".join(dict.fromkeys((*left.guards, *right.guards, far)))
        return f"({_DECIDED[node.op]}) if {held} else {exactly}(i, position)"

    def of(self, node: Node, offset: int) -> Quick | None:
        match node:
            case Number(value=value):
                return Quick(repr(float(value)), repr(float(value)))
            case Name(name=name) if name in HELD_NAMES:
                return self.held(name)
            case Name(name=name) if name in self._columns:
                return self.leaf(node, offset)
            case Call():
                return self.leaf(node, offset)
            case Shift(of=of, bars=bars):
                return self.of(of, offset + bars)
            case Negate(of=of):
                part = self.of(of, offset)
                return None if part is None else Quick(f"(-{part.value})", part.most, part.guards)
            case Arithmetic(op=op, left=left, right=right) if not _mixed(node):
                return self.reckoned(op, left, right, offset)
        return None

    def leaf(self, node: Node, offset: int) -> Quick:
        slot = self._slot(node, offset)
        return Quick(slot, f"abs({slot})")

    def held(self, name: str) -> Quick:
        guards, text = _HELD[name]
        close = self._slot(Name("price"), 0)
        value, most = (f"({text.format(close=close, sign=sign)})" for sign in "-+")
        return Quick(value, f"abs{most}", tuple(guard.format(close=close) for guard in guards))

    def reckoned(self, op: Operator, left: Node, right: Node, offset: int) -> Quick | None:
        a, b = self.of(left, offset), self.of(right, offset)
        if a is None or b is None or (op is Operator.DIVIDE and not isinstance(right, Number | Name)):
            return None  # a difference of near things may be all rounding: no bound below
        guards = (*a.guards, *b.guards)
        value = f"({a.value} {op.value} {b.value})"
        if op is Operator.DIVIDE:
            return Quick(value, f"({a.most} / {b.most})", (*guards, f"{b.value} != 0.0"))
        most = f"({a.most} {'*' if op is Operator.MULTIPLY else '+'} {b.most})"
        return Quick(value, most, guards)


def _reckons(node: Node) -> bool:
    """Whether decimals would be reckoned with."""
    match node:
        case Name(name=name):
            return name in HELD_NAMES
        case Shift(of=of) | Negate(of=of):
            return _reckons(of)
        case Arithmetic():
            return not _mixed(node)
    return False


def _mixed(node: Node) -> bool:
    """Whether an indicator is part of it: then floats are reckoned with in any case, in an order of their own."""
    match node:
        case Call():
            return True
        case Shift(of=of) | Negate(of=of):
            return _mixed(of)
        case Arithmetic(left=left, right=right):
            return _mixed(left) or _mixed(right)
    return False
