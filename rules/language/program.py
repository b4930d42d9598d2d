"""Writes a condition as one straight Python function: no tree is walked while prices arrive.

Every distinct part of the tree becomes one slot (`v3 = ...`), in order; equal parts share a slot. Two functions are
made from the very same lines: one answers the verdict, the other every slot. So the reasons that a person reads are
the values that decided, by construction, and cost nothing until somebody asks.

The verdict of a whole that is `all` or `any` stops at the first part that settles it, as a person would write it;
cheap parts are looked at first. As no part has an effect, that changes no answer.

What the world looks like is left to subclasses: they write the leaves (`name`, `indicator`, `pattern`), say how an
unknown value is told (`unknown_slot`), and what the functions take (`signature`).

The text holds slot numbers and our own names only, never a word of the person's; values come in as bound names.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any

from rules.language.arguments import Reading, reading_of
from rules.language.kinds import Kind
from rules.language.names import NAMES
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
    Word,
    walk,
)

Value = Decimal | float | bool | str | None
Functions = tuple[Callable[..., bool | None], Callable[..., tuple[Value, ...]], str]


class Writer(ABC):
    """One condition's lines. Use: `Writer().functions(node)`; the slots of its parts are then in `slots`."""

    signature = "look"  # the parameters of both functions

    def __init__(self) -> None:
        self.slots: dict[tuple[Node, int], int] = {}  # (part, bars before the newest) -> slot
        self.kinds: list[Kind] = []
        self.literals: set[int] = set()
        self.lines: list[str] = []
        self.bound: dict[str, object] = {"divided": divided, "finite": finite, "nearest_float": float}
        self._shared: dict[object, int] = {}
        self._helpers: dict[object, str] = {}
        self._exits: dict[int, list[str]] = {}  # after this many lines, the verdict may be settled

    # ---- what subclasses say

    @abstractmethod
    def name(self, name: str, node: Name, offset: int) -> str:
        """The expression of a name's value `offset` bars before the newest; its kind is `NAMES[name].kind`'s."""

    @abstractmethod
    def indicator(self, reading: Reading, offset: int) -> str:
        """The expression of an indicator's value (float)."""

    @abstractmethod
    def pattern(self, node: Pattern, offset: int) -> str:
        """The expression of whether the pattern is there."""

    def unknown_slot(self, slot: int) -> str:
        """The test that the slot's value is not known."""
        return f"v{slot} is None"

    def number(self, value: Decimal) -> str:
        """An exact literal."""
        return self.constant(value)

    # ---- the functions

    def functions(self, node: Node) -> Functions:
        """(verdict, trace, their text). `trace` answers every slot's value, by number."""
        result = self.whole(node)
        every = "".join(f"v{i}, " for i in range(len(self.kinds)))
        verdict, trace = self._body(exits=True), self._body(exits=False)
        source = (
            f"def verdict({self.signature}):\n{verdict}    return v{result}\n\n"
            f"def trace({self.signature}):\n{trace}    return ({every})\n"
        )
        space: dict[str, Any] = dict(self.bound)
        exec(compile(source, "<condition>", "exec"), space)  # noqa: S102 - see above: nothing typed gets in here
        return space["verdict"], space["trace"], source

    def _body(self, *, exits: bool) -> str:
        lines: list[str] = []
        for number, line in enumerate(self.lines, 1):
            lines.append(line)
            if exits:
                lines.extend(self._exits.get(number, ()))
        return "".join(f"    {line}\n" for line in lines)

    def whole(self, node: Node) -> int:
        """The slot of the whole condition, its parts made in an order that settles it early."""
        if isinstance(node, All | AnyOf) and len(node.of) > 1:
            settles = isinstance(node, AnyOf)
            for item in sorted(node.of, key=_cost):
                slot = self.slot(item, 0)
                self._exits.setdefault(len(self.lines), []).append(f"if v{slot} is {settles}: return {settles}")
        return self.slot(node, 0)

    # ---- slots

    def slot(self, node: Node, offset: int) -> int:
        """The number of the slot that holds the part's value `offset` bars before the newest."""
        found = self.slots.get((node, offset))
        if found is None:
            found = self.slots[node, offset] = self.made(node, offset)
        return found

    def made(self, node: Node, offset: int) -> int:
        match node:
            case Shift(of=of, bars=bars):
                return self.slot(of, offset + bars)
            case All(of=(only,)) | AnyOf(of=(only,)):
                return self.slot(only, offset)
            case Number(value=number):
                return self.literal(number, Kind.EXACT, lambda: self.number(number))
            case Boolean(value=truth):
                return self.literal(truth, Kind.BOOLEAN, lambda: repr(truth))
            case Word(value=word):
                return self.literal(word, Kind.WORD, lambda: self.constant(word))
            case Name(name=name):
                kind = Kind.WORD if NAMES[name].is_word else Kind.EXACT
                return self.add(kind, self.name(name, node, offset))
            case Call():
                reading = reading_of(node)
                return self.share((reading, offset), Kind.FLOAT, lambda: self.indicator(reading, offset))
            case Pattern():
                return self.add(Kind.BOOLEAN, self.pattern(node, offset))
        kind, expression = self.operation(node, offset)
        return self.add(kind, expression)

    def literal(self, value: object, kind: Kind, write: Callable[[], str]) -> int:
        slot = self.share((kind, value), kind, write)
        self.literals.add(slot)
        return slot

    def share(self, key: object, kind: Kind, write: Callable[[], str]) -> int:
        """One slot for whatever has this key."""
        if key not in self._shared:
            self._shared[key] = self.add(kind, write())
        return self._shared[key]

    def add(self, kind: Kind, expression: str) -> int:
        slot = len(self.kinds)
        self.kinds.append(kind)
        self.lines.append(f"v{slot} = {expression}")
        return slot

    def helper(self, key: object, expression: str) -> str:
        """A line that is no part of the condition, such as the columns of a series; the name that holds it."""
        if key not in self._helpers:
            self._helpers[key] = f"h{len(self._helpers)}"
            self.lines.append(f"{self._helpers[key]} = {expression}")
        return self._helpers[key]

    def constant(self, value: object) -> str:
        """A name that holds the value inside the functions."""
        name = f"k{len(self.bound)}"
        self.bound[name] = value
        return name

    # ---- operations

    def operation(self, node: Node, offset: int) -> tuple[Kind, str]:
        match node:
            case Negate(of=of):
                slot = self.slot(of, offset)
                return self.kinds[slot], self.known([slot], f"-v{slot}")
            case Arithmetic(op=op, left=left, right=right):
                return self.arithmetic(op, left, right, offset)
            case Comparison(op=op, left=left, right=right):
                return Kind.BOOLEAN, self.comparison(op, left, right, offset)
            case Between(of=of, low=low, high=high):
                return Kind.BOOLEAN, self.between(of, low, high, offset)
            case Not(of=of):
                slot = self.slot(of, offset)
                return Kind.BOOLEAN, f"None if v{slot} is None else not v{slot}"
            case All(of=items):
                return Kind.BOOLEAN, self.group(items, offset, settles=False)
            case AnyOf(of=items):
                return Kind.BOOLEAN, self.group(items, offset, settles=True)
        raise TypeError(f"{node} has no operation")

    def alike(self, nodes: tuple[Node, ...], offset: int) -> tuple[Kind, list[str], list[int]]:
        """The parts in one kind of number, and their slots."""
        slots = [self.slot(node, offset) for node in nodes]
        kinds = {self.kinds[slot] for slot in slots}
        kind = Kind.FLOAT if Kind.FLOAT in kinds else kinds.pop()
        return kind, [self.operand(node, slot, kind) for node, slot in zip(nodes, slots, strict=True)], slots

    def operand(self, node: Node, slot: int, kind: Kind) -> str:
        if self.kinds[slot] is kind:
            return f"v{slot}"
        if isinstance(node, Number):
            return self.constant(float(node.value))
        return f"nearest_float(v{slot})"

    def unknown(self, slots: list[int]) -> str:
        """The test that one of them is unknown; literals never are."""
        tested = dict.fromkeys(slot for slot in slots if slot not in self.literals)
        return " or ".join(self.unknown_slot(slot) for slot in tested)

    def known(self, slots: list[int], expression: str) -> str:
        """The expression, or None when one of the slots is unknown."""
        unknown = self.unknown(slots)
        return f"None if {unknown} else {expression}" if unknown else expression

    def arithmetic(self, op: Operator, left: Node, right: Node, offset: int) -> tuple[Kind, str]:
        kind, (a, b), slots = self.alike((left, right), offset)
        value = f"divided({a}, {b})" if op is Operator.DIVIDE else f"{a} {op.value} {b}"
        return kind, self.known(slots, f"finite({value})" if kind is Kind.FLOAT else value)

    def comparison(self, op: Comparator, left: Node, right: Node, offset: int) -> str:
        _, (a, b), slots = self.alike((left, right), offset)
        if not op.crosses:
            return self.known(slots, f"{a} {op.value} {b}")
        _, (before_a, before_b), before = self.alike((left, right), offset + 1)
        came_from, went = ("<=", ">") if op is Comparator.CROSSES_ABOVE else (">=", "<")
        return self.known([*slots, *before], f"{before_a} {came_from} {before_b} and {a} {went} {b}")

    def between(self, of: Node, low: Node, high: Node, offset: int) -> str:
        _, (value, least, most), slots = self.alike((of, low, high), offset)
        return self.known(slots, f"{least} <= {value} <= {most}")

    def group(self, items: tuple[Node, ...], offset: int, *, settles: bool) -> str:
        """Kleene's logic: one part can settle it alone; otherwise one unknown part leaves it unknown."""
        slots = [self.slot(item, offset) for item in items]
        settled = " or ".join(f"v{s} is {settles}" for s in slots)
        unknown = " or ".join(f"v{s} is None" for s in slots if s not in self.literals)
        rest = f"None if {unknown} else {not settles}" if unknown else repr(not settles)
        return f"{settles} if {settled} else {rest}"


def finite(value: float | None) -> float | None:
    """What is beyond all floats is unknown."""
    return value if value is not None and isfinite(value) else None


def divided(a: Any, b: Any) -> Any:
    """Division by zero is no number."""
    return a / b if b else None


def _cost(node: Node) -> int:
    return sum(isinstance(part, Call | Pattern) for part in walk(node))
