"""A condition over a whole past: the same verdicts as live, at a small part of the cost.

`Replay.step(i, position)` judges one bar by straight-line code over the arrays of rules.language.leaves;
`Replay.array()` judges all bars at once where the condition needs nothing but bars. Exact numbers travel as the floats
nearest to them: comparing those is exact, and where they are reckoned with, they are Decimal again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy

from market.columns import Columns
from rules.language.arguments import Reading, reading_of
from rules.language.arrays import verdicts
from rules.language.compiled import Compiled, Trace
from rules.language.kinds import Kind
from rules.language.leaves import Leaf, Leaves, Quotes, SessionColumns
from rules.language.names import NAMES
from rules.language.nodes import (
    All,
    AnyOf,
    Boolean,
    Call,
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
    Word,
    children,
)
from rules.language.past import FLAT, PastLook, PositionLike, exact
from rules.language.program import Writer
from rules.language.quick import Quickly

BAR_NAMES = frozenset(("open", "high", "low", "close", "volume", "price"))
Step = Callable[..., bool | None]


class Replay:
    """One condition over one series (`OWN`) and those that it reads beside it.

    A series that is missing is unknown. `beside`: another condition over the same series, whose arrays this one
    shares. `quotes` and `session` tell what candles do not; without them that is unknown.
    `first`: the first bar at which the condition can be known.
    """

    def __init__(
        self,
        compiled: Compiled,
        columns: Mapping[Series, Columns],
        *,
        quotes: Quotes | None = None,
        session: SessionColumns | None = None,
        beside: "Replay | None" = None,
    ) -> None:
        self.compiled = compiled
        self.leaves: Leaves = Leaves(compiled.node, columns, beside.leaves if beside else None)
        self._quotes = quotes or Quotes()
        self._session = session or SessionColumns()
        self.step, self.source = self._written()
        self.first = min(_first(compiled.node, 0, self.leaves), len(self.leaves.own))

    def _written(self) -> tuple[Step, str]:
        careful = StepWriter(self.leaves, self._quotes, self._session, sure_from=None)
        slow, _, slow_text = careful.functions(self.compiled.node)
        fast = StepWriter(self.leaves, self._quotes, self._session, sure_from=careful.settled)
        fast.bound["careful"] = slow
        step, _, text = fast.functions(self.compiled.node)
        return step, text + "\n" + slow_text

    def array(self) -> numpy.ndarray | None:
        """Every bar's verdict (int8: 1, 0, or -1 for unknown), or None when bars alone do not decide it."""
        if self.leaves.names - BAR_NAMES:
            return None
        return verdicts(self.compiled.node, self.leaves, self.step)

    def look(self, i: int, position: PositionLike = FLAT) -> PastLook:
        """The moment at which bar `i` had closed, for reasons."""
        return PastLook(self.leaves, i, position, self._quotes, self._session)

    def trace(self, i: int, position: PositionLike = FLAT) -> Trace:
        """Every value that the verdict at bar `i` is made of, as live code reckons them."""
        return self.compiled.trace(self.look(i, position))  # type: ignore[arg-type]  # it answers what a Look answers


def _first(node: Node, offset: int, leaves: Leaves) -> int:
    """The first bar at which the part can be known: every operand of a comparison, one part of a group."""
    match node:
        case Number() | Boolean() | Word():
            return 0
        case Name(name=name, series=series):
            if name not in BAR_NAMES:
                return 0
            leaf = leaves.field("close" if name == "price" else name, series, offset)
            return leaf.first
        case Call():
            return leaves.indicator(reading_of(node), offset).first
        case Pattern():
            return leaves.pattern(node, offset).first
        case Shift(of=of, bars=bars):
            return _first(of, offset + bars, leaves)
        case All(of=items) | AnyOf(of=items):
            return min(_first(item, offset, leaves) for item in items)
        case Comparison(op=op) if op.crosses:
            offset += 1
    return max(_first(child, offset, leaves) for child in children(node))


class Form(StrEnum):
    """How a slot holds its value. RAW: an exact number as its nearest float, unknown NaN. DECIMAL: unknown None."""

    RAW = "raw"
    DECIMAL = "decimal"
    FLOAT = "float"
    OTHER = "other"


@dataclass(slots=True)
class _Made:
    """What the expression being written will be."""

    form: Form | None = None
    sure: bool = False


class StepWriter(Writer):
    """Writes the judgement of one bar. `sure_from` None: valid for every bar, whatever is missing.

    Otherwise for bars from `sure_from` on (earlier ones go to `careful`), without testing what is known there.
    """

    signature = "i, position=FLAT"

    def __init__(self, leaves: Leaves, quotes: Quotes, session: SessionColumns, *, sure_from: int | None) -> None:
        super().__init__()
        self.leaves = leaves
        self.quotes = quotes
        self.session = session
        self.fast = sure_from is not None
        self.settled = 0  # from here on, what is sure is known, and no index falls before the first bar
        self.forms: list[Form] = []
        self._made = _Made()
        self._views: dict[int, str] = {}
        self.bound |= {"FLAT": FLAT, "exact": exact, "nan": numpy.nan, "TRUTH": (False, True, None)}
        self.bound |= {"divided_float": _divided_float, "INF": float("inf")}
        if sure_from:
            self.lines.append(f"if i < {sure_from}: return careful(i, position)")

    # ---- leaves

    def name(self, name: str, node: Name, offset: int) -> str:
        if name in BAR_NAMES:
            return self.raw(self.leaves.field("close" if name == "price" else name, node.series, offset))
        match name:
            case "bid" | "ask":
                return self.maybe(getattr(self.quotes, name))
            case "session.minutes_since_open" | "session.minutes_to_close":
                return self.maybe(getattr(self.session, name.removeprefix("session.")))
            case "session.phase":
                return f"{self.constant(self.session.phase)}[i]" if self.session.phase else "None"
            case "position.qty":
                self._made = _Made(Form.RAW, sure=True)
                return "position.qty"
        # The rest is reckoned by the very functions that live code uses.
        self._made = _Made(Form.DECIMAL)
        self.bound["look_at"] = self.look_at
        look = self.helper("look", "look_at(i, position)")
        return f"{self.constant(NAMES[name].read(offset, node.series))}({look})"

    def look_at(self, i: int, position: PositionLike) -> PastLook:
        return PastLook(self.leaves, i, position, self.quotes, self.session)

    def maybe(self, values: numpy.ndarray | None) -> str:
        if values is None:
            self._made = _Made(Form.RAW)
            return "nan"
        return self.raw(Leaf(values))

    def raw(self, leaf: Leaf) -> str:
        text = self.at(leaf)
        self._made.form = Form.RAW
        return text

    def at(self, leaf: Leaf) -> str:
        """The leaf's value at bar i."""
        if leaf.sure:
            self.settled = max(self.settled, leaf.first)
        self.settled = max(self.settled, leaf.shift)
        self._made = _Made(sure=self.fast and leaf.sure)
        view = self._views.setdefault(id(leaf.array), f"a{len(self._views)}")
        self.bound[view] = leaf.view
        if not leaf.shift:
            return f"{view}[i]"
        there = f"{view}[i - {leaf.shift}]"
        unknown = "-1" if leaf.array.dtype == numpy.int8 else "nan"
        return there if self.fast else f"({there} if i >= {leaf.shift} else {unknown})"

    def indicator(self, reading: Reading, offset: int) -> str:
        return self.at(self.leaves.indicator(reading, offset))

    def pattern(self, node: Pattern, offset: int) -> str:
        value = self.at(self.leaves.pattern(node, offset))
        return f"{value} == 1" if self._made.sure else f"TRUTH[{value}]"

    def number(self, value: Decimal) -> str:
        return repr(float(value))

    # ---- what is known of each slot

    def add(self, kind: Kind, expression: str) -> int:
        made, self._made = self._made, _Made()
        usual = {Kind.EXACT: Form.RAW, Kind.FLOAT: Form.FLOAT}.get(kind, Form.OTHER)
        self.forms.append(made.form or usual)
        slot = super().add(kind, expression)
        if made.sure:
            self.literals.add(slot)  # never unknown, as a literal never is
        return slot

    def unknown_slot(self, slot: int) -> str:
        if self.forms[slot] in (Form.RAW, Form.FLOAT):
            return f"v{slot} != v{slot}"
        return f"v{slot} is None"

    def known(self, slots: list[int], expression: str) -> str:
        text = super().known(slots, expression)
        self._made = _Made(sure=text == expression)
        return text

    # ---- operations

    def alike(self, nodes: tuple[Node, ...], offset: int) -> tuple[Kind, list[str], list[int]]:
        kind, _, slots = super().alike(nodes, offset)
        decimal = kind is Kind.EXACT and any(self.forms[slot] is Form.DECIMAL for slot in slots)
        return kind, [self.as_form(n, s, kind, decimal) for n, s in zip(nodes, slots, strict=True)], slots

    def as_form(self, node: Node, slot: int, kind: Kind, decimal: bool) -> str:
        if kind is Kind.FLOAT:
            return f"nearest_float(v{slot})" if self.forms[slot] is Form.DECIMAL else f"v{slot}"
        if not decimal or self.forms[slot] is not Form.RAW:
            return f"v{slot}"
        return self.constant(node.value) if isinstance(node, Number) else f"exact(v{slot})"

    def arithmetic(self, op: Operator, left: Node, right: Node, offset: int) -> tuple[Kind, str]:
        kind, operands, slots = self.alike((left, right), offset)
        if kind is Kind.FLOAT:
            a, b = operands
            return kind, self.float_arithmetic(op, a, b, slots)
        a, b = (self.as_form(n, s, kind, True) for n, s in zip((left, right), slots, strict=True))
        value = f"divided({a}, {b})" if op is Operator.DIVIDE else f"{a} {op.value} {b}"
        text = self.known(slots, value)
        self._made = _Made(Form.DECIMAL, sure=self._made.sure and op is not Operator.DIVIDE)
        return kind, text

    def float_arithmetic(self, op: Operator, a: str, b: str, slots: list[int]) -> str:
        """NaN travels on by itself; what is beyond all floats is unknown."""
        value = f"divided_float({a}, {b})" if op is Operator.DIVIDE else f"{a} {op.value} {b}"
        text = f"(t if -INF < (t := {value}) < INF else nan)"
        missing = [s for s in slots if self.forms[s] is Form.DECIMAL and s not in self.literals]
        if missing:
            text = f"(nan if {' or '.join(self.unknown_slot(s) for s in missing)} else {text})"
        self._made = _Made(Form.FLOAT)
        return text

    def operation(self, node: Node, offset: int) -> tuple[Kind, str]:
        match node:
            case Comparison() if self.fast and not offset and (text := self.quickly(node)):
                return Kind.BOOLEAN, text
            case Negate(of=of):
                slot = self.slot(of, offset)
                form, sure = self.forms[slot], slot in self.literals
                text = f"None if v{slot} is None else -v{slot}" if form is Form.DECIMAL and not sure else f"-v{slot}"
                self._made = _Made(form, sure=sure)
                return self.kinds[slot], text
            case Not(of=of):
                slot = self.slot(of, offset)
                text = self.known([slot], f"not v{slot}")
                return Kind.BOOLEAN, text
        return super().operation(node, offset)

    def quickly(self, node: Comparison) -> str | None:
        """The comparison by floats, and by the careful function of its own where they do not decide it."""
        exactly = f"e{len(self.lines)}"
        text = Quickly(lambda part, offset: f"v{self.slot(part, offset)}", BAR_NAMES).comparison(node, exactly)
        if text is not None:
            careful = StepWriter(self.leaves, self.quotes, self.session, sure_from=None)
            self.bound[exactly] = careful.functions(node)[0]
            self._made = _Made()
        return text

    def group(self, items: tuple[Node, ...], offset: int, *, settles: bool) -> str:
        slots = [self.slot(item, offset) for item in items]
        text = super().group(items, offset, settles=settles)
        self._made = _Made(sure=all(slot in self.literals for slot in slots))
        return text


def _divided_float(a: float, b: float) -> float:
    """Division by zero is no number."""
    return a / b if b else numpy.nan
