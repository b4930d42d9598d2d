"""A condition as one straight Python function: no tree is walked while prices arrive.

Every distinct part of the tree becomes one slot (`v3 = ...`), in order; equal parts share a slot. Two functions
are made from the very same lines: one answers the verdict, the other every slot. So the reasons that a person
reads are the values that decided, by construction, and cost nothing until somebody asks.

Meaning of numbers: exact ones (prices, shares, literals) are Decimal and are reckoned as such. Where one meets an
indicator it becomes the nearest float. Nothing else is ever rounded.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rules.language.check import Kind, arguments_of, check_condition
from rules.language.look import Look
from rules.language.names import NAMES
from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
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
    Shift,
)

Value = Decimal | float | bool | None


class Compiled:
    """A checked condition, ready. `verdict(look)` is True, False or None (unknown)."""

    __slots__ = ("_slots", "_trace", "checked", "node", "source", "verdict")

    def __init__(self, node: Node) -> None:
        """Raises ConditionError when the condition means nothing."""
        self.node = node
        self.checked = check_condition(node)
        program = _Program()
        result = program.slot(node, 0)
        self.verdict: Callable[[Look], bool | None]
        self.verdict, self._trace, self.source = program.build(result)
        self._slots = program.slots

    def trace(self, look: Look) -> "Trace":
        """Every value that the verdict was made of."""
        return Trace(self._slots, self._trace(look))


class Trace:
    """The values of the parts of a condition at one moment."""

    def __init__(self, slots: dict[tuple[Node, int], int], values: tuple[Value, ...]) -> None:
        self._slots = slots
        self._values = values

    def value(self, node: Node, offset: int = 0) -> Value:
        """What the part was worth, `offset` bars before the newest."""
        return self._values[self._slots[node, offset]]


class _Program:
    """Writes the lines. The text holds slot numbers and our own names only, never a word of the person's."""

    def __init__(self) -> None:
        self.slots: dict[tuple[Node, int], int] = {}
        self.kinds: list[Kind] = []
        self.literals: set[int] = set()
        self.lines: list[str] = []
        self.bound: dict[str, object] = {"divided": _divided, "nearest_float": float}

    def build(self, result: int) -> tuple[Callable[[Look], bool | None], Callable[[Look], tuple[Value, ...]], str]:
        body = "".join(f"    {line}\n" for line in self.lines)
        every = "".join(f"v{i}, " for i in range(len(self.lines)))
        source = f"def verdict(look):\n{body}    return v{result}\n\ndef trace(look):\n{body}    return ({every})\n"
        space: dict[str, Any] = dict(self.bound)
        exec(compile(source, "<condition>", "exec"), space)  # noqa: S102 - see the class: nothing typed gets in here
        return space["verdict"], space["trace"], source

    def slot(self, node: Node, offset: int) -> int:
        key = (node, offset)
        if key not in self.slots:
            kind, expression = self.expression(node, offset)
            self.slots[key] = self.add(kind, expression)
            if isinstance(node, Number | Boolean):
                self.literals.add(self.slots[key])
        return self.slots[key]

    def add(self, kind: Kind, expression: str) -> int:
        self.kinds.append(kind)
        self.lines.append(f"v{len(self.lines)} = {expression}")
        return len(self.lines) - 1

    def constant(self, value: object) -> str:
        name = f"k{len(self.bound)}"
        self.bound[name] = value
        return name

    def expression(self, node: Node, offset: int) -> tuple[Kind, str]:
        match node:
            case Number(value=value):
                return Kind.EXACT, self.constant(value)
            case Boolean(value=value):
                return Kind.BOOLEAN, repr(value)
            case Name(name=name):
                return Kind.EXACT, f"{self.constant(NAMES[name].read(offset))}(look)"
            case Call():
                return Kind.FLOAT, self.indicator(node, offset)
            case Shift(of=of, bars=bars):
                slot = self.slot(of, offset + bars)
                return self.kinds[slot], f"v{slot}"
            case Negate(of=of):
                slot = self.slot(of, offset)
                return self.kinds[slot], f"None if v{slot} is None else -v{slot}"
            case Arithmetic(op=op, left=left, right=right):
                return self.arithmetic(op, left, right, offset)
            case Comparison(op=op, left=left, right=right):
                return Kind.BOOLEAN, self.comparison(op, left, right, offset)
            case Not(of=of):
                slot = self.slot(of, offset)
                return Kind.BOOLEAN, f"None if v{slot} is None else not v{slot}"
            case All(of=items):
                return Kind.BOOLEAN, self.group(items, offset, settles=False)
            case AnyOf(of=items):
                return Kind.BOOLEAN, self.group(items, offset, settles=True)

    def indicator(self, node: Call, offset: int) -> str:
        source, parameters = arguments_of(node)
        return f"look.indicator({node.name!r}, {source!r}, {parameters!r}, {offset})"

    def pair(self, left: Node, right: Node, offset: int) -> tuple[Kind, str, str, str]:
        """Both operands in one kind of number, and the test that one of them is unknown."""
        slots = [self.slot(left, offset), self.slot(right, offset)]
        kind = Kind.FLOAT if Kind.FLOAT in (self.kinds[s] for s in slots) else Kind.EXACT
        a, b = (self.operand(n, s, kind) for n, s in zip((left, right), slots, strict=True))
        return kind, a, b, self.unknown(slots)

    def operand(self, node: Node, slot: int, kind: Kind) -> str:
        if self.kinds[slot] is kind:
            return f"v{slot}"
        if isinstance(node, Number):
            return self.constant(float(node.value))
        return f"nearest_float(v{slot})"

    def unknown(self, slots: list[int]) -> str:
        """The test that one of them is unknown; literals never are."""
        return " or ".join(f"v{s} is None" for s in slots if s not in self.literals) or "False"

    def arithmetic(self, op: Operator, left: Node, right: Node, offset: int) -> tuple[Kind, str]:
        kind, a, b, unknown = self.pair(left, right, offset)
        value = f"divided({a}, {b})" if op is Operator.DIVIDE else f"{a} {op.value} {b}"
        return kind, f"None if {unknown} else {value}"

    def comparison(self, op: Comparator, left: Node, right: Node, offset: int) -> str:
        _, a, b, unknown = self.pair(left, right, offset)
        if not op.crosses:
            return f"None if {unknown} else {a} {op.value} {b}"
        _, before_a, before_b, was_unknown = self.pair(left, right, offset + 1)
        came_from, went = ("<=", ">") if op is Comparator.CROSSES_ABOVE else (">=", "<")
        return f"None if {unknown} or {was_unknown} else {before_a} {came_from} {before_b} and {a} {went} {b}"

    def group(self, items: tuple[Node, ...], offset: int, *, settles: bool) -> str:
        """Kleene's logic: one part can settle it alone; otherwise one unknown part leaves it unknown."""
        slots = [self.slot(item, offset) for item in items]
        settled = " or ".join(f"v{s} is {settles}" for s in slots)
        return f"{settles} if {settled} else None if {self.unknown(slots)} else {not settles}"


def _divided(a: Any, b: Any) -> Any:
    """Division by zero is no number."""
    return a / b if b else None
