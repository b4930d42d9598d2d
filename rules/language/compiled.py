"""A condition, checked and made into a function of one Look (rules.language.program).

Meaning of numbers: exact ones (prices, shares, literals) are Decimal and are reckoned as such. Where one meets an
indicator it becomes the nearest float. Nothing else is ever rounded.
"""

from collections.abc import Callable

from rules.indicators.values import pattern_at, value_at
from rules.language.arguments import Reading
from rules.language.check import check_condition
from rules.language.look import Look
from rules.language.names import NAMES
from rules.language.nodes import MOST_NODES, OWN, Name, Node, Pattern, Series, Signal
from rules.language.printer import to_text
from rules.language.program import Value, Writer


class Compiled:
    """A checked condition, ready. `verdict(look)` is True, False or None (unknown)."""

    __slots__ = ("_slots", "_spelling", "_trace", "checked", "node", "source", "verdict")

    def __init__(self, node: Node) -> None:
        """Raises ConditionError when the condition means nothing."""
        self.node = node
        self.checked = check_condition(node)
        writer = LiveWriter()
        self.verdict: Callable[[Look], bool | None]
        self.verdict, self._trace, self.source = writer.functions(node)
        self._slots = writer.slots
        self._spelling = Spelling()

    def trace(self, look: Look) -> "Trace":
        """Every value that the verdict was made of."""
        return Trace(self._slots, self._trace(look), self._spelling)


class Trace:
    """The values of the parts of a condition at one moment."""

    def __init__(
        self, slots: dict[tuple[Node, int], int], values: tuple[Value, ...], spelling: "Spelling | None" = None
    ) -> None:
        self._slots = slots
        self._values = values
        self._spelling = spelling or Spelling()

    def value(self, node: Node, offset: int = 0) -> Value:
        """What the part was worth, `offset` bars before the newest."""
        return self._values[self._spelling.slot(self._slots, node, offset)]

    @property
    def spelled(self) -> Callable[[Node], str]:
        """The text of a part."""
        return self._spelling.text


class Spelling:
    """The parts of a condition, each written and looked up once: they are shown with every reason.

    By identity, because equal numbers may be spelled differently, and because a tree takes long to compare. The nodes
    are kept, so that the id of each stays its own.
    """

    __slots__ = ("_slots", "_texts")

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Node, str]] = {}
        self._slots: dict[tuple[int, int], int] = {}

    def text(self, node: Node) -> str:
        found = self._texts.get(id(node))
        if found is None:
            if len(self._texts) > 2 * MOST_NODES:
                self._texts.clear()
                self._slots.clear()
            found = self._texts[id(node)] = (node, to_text(node))
        return found[1]

    def slot(self, slots: dict[tuple[Node, int], int], node: Node, offset: int) -> int:
        key = (id(node), offset)
        found = self._slots.get(key)
        if found is None:
            self.text(node)
            found = self._slots[key] = slots[node, offset]
        return found


class LiveWriter(Writer):
    """Reads from a Look: exact values as Decimal, indicators over the columns of their series."""

    def __init__(self) -> None:
        super().__init__()
        self.bound |= {"value_at": value_at, "pattern_at": pattern_at}

    def name(self, name: str, node: Name, offset: int) -> str:
        if name == "price" and not offset:
            return "look.price"
        return f"{self.constant(NAMES[name].read(offset, node.series))}(look)"

    def indicator(self, reading: Reading, offset: int) -> str:
        columns = self.columns(reading.series)
        if reading.benchmark is not None:
            both = (reading.series, reading.benchmark)
            columns = self.helper(both, f"look.columns_beside({', '.join(map(self.constant, both))})")
        known = (reading.name, reading.params, reading.output, reading.source)
        args = ", ".join(self.constant(value) for value in known)
        return f"None if {columns} is None else value_at({columns}, {args}, {offset})"

    def pattern(self, node: Pattern, offset: int) -> str:
        columns = self.columns(node.series)
        found = self.helper(
            ("pattern", node.name, node.series, offset),
            f"None if {columns} is None else pattern_at({columns}, {self.constant(node.name)}, {offset})",
        )
        return f"None if {found} is None else {found} {_SIGNS[node.signal]} 0"

    def columns(self, series: Series) -> str:
        if series == OWN:
            return self.helper(series, "look.columns()")
        return self.helper(series, f"look.columns_of({self.constant(series)})")


_SIGNS = {Signal.BULLISH: ">", Signal.BEARISH: "<", Signal.DETECTED: "!="}
