"""Whether a condition means anything: types, units, names, arguments; what it needs; what is odd about it."""

from dataclasses import dataclass

from market.errors import Text
from market.words import Session
from rules.indicators.patterns import PATTERNS, REACH
from rules.indicators.registry import REGISTRY
from rules.language import mistakes, units
from rules.language.arguments import Reading, reading_of, undefined
from rules.language.kinds import Kind
from rules.language.names import NAMES, History
from rules.language.needs import Needs, SeriesNeed, look_back, merged
from rules.language.nodes import (
    OWN,
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
    Param,
    Pattern,
    Place,
    Series,
    Shift,
    Signal,
    Word,
    walk,
)
from rules.language.sense import warnings_of
from rules.language.units import Measure

MOST_BARS = 5_000  # of a window; three weeks of regular minutes
MOST_REACH = 20_000  # of what settles: RSI(1000)


@dataclass(frozen=True, slots=True)
class Warning:
    """Something odd that is no mistake."""

    code: str
    text: Text
    place: Place | None = None
    suggestion: str | None = None

    def as_dict(self) -> dict[str, object]:
        """JSON-safe."""
        return {
            "code": self.code,
            "message": self.text.as_dict(),
            "suggestion": self.suggestion,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """`needs`: the bars of each series that must be seen. `readings`: every indicator with its arguments."""

    kind: Kind
    needs: Needs
    names: frozenset[str]
    indicators: frozenset[str]
    patterns: frozenset[str] = frozenset()
    readings: frozenset[Reading] = frozenset()
    warnings: tuple[Warning, ...] = ()

    @property
    def look_back(self) -> int:
        """Bars of the own series that matter, the newest included; 0 when it needs none."""
        return look_back(self.needs)


def check(node: Node) -> Checked:
    """The condition's type and needs. Raises ConditionError at the first thing that means nothing."""
    checker = _Checker()
    kind = checker.visit(node, 0).kind
    for need in checker.needs.values():
        if need.bars > MOST_BARS:
            raise mistakes.too_many_bars(node, need.bars, MOST_BARS)
        if (need.anchored or 0) > MOST_REACH:
            raise mistakes.too_many_bars(node, need.anchored or 0, MOST_REACH)
    odd = tuple(Warning(*each) for each in warnings_of(node)) if kind is Kind.BOOLEAN else ()
    found = tuple(walk(node))
    return Checked(
        kind,
        checker.needs,
        frozenset(n.name for n in found if isinstance(n, Name) and n.name in NAMES),
        frozenset(n.name for n in found if isinstance(n, Call)),
        frozenset(n.name for n in found if isinstance(n, Pattern)),
        frozenset(checker.readings),
        odd,
    )


def check_condition(node: Node) -> Checked:
    """`check`, and the whole must be true or false: a number alone is no condition."""
    checked = check(node)
    if checked.kind is not Kind.BOOLEAN:
        raise mistakes.not_a_condition(node, checked.kind)
    return checked


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: Kind
    measure: Measure | None = None


_TRUTH = _Meaning(Kind.BOOLEAN)


class _Checker:
    """Each visit answers what the node is, and notes the bars it reads when seen `offset` bars back."""

    def __init__(self) -> None:
        self.needs: dict[Series, SeriesNeed] = {}
        self.readings: set[Reading] = set()

    def need(self, series: Series, need: SeriesNeed) -> None:
        self.needs = merged(self.needs, {series: need})

    def visit(self, node: Node, offset: int) -> _Meaning:
        match node:
            case Number():
                return _Meaning(Kind.EXACT)
            case Boolean():
                return _TRUTH
            case Word():
                return _Meaning(Kind.WORD)
            case Param():
                raise undefined(node)
            case Name():
                return self.name(node, offset)
            case Call():
                return self.call(node, offset)
            case Pattern():
                return self.pattern(node, offset)
            case Shift(of=of, bars=bars):
                self.must_have_history(of)
                return self.visit(of, offset + bars) if isinstance(of, Pattern) else self.number(of, offset + bars)
            case Negate(of=of):
                return self.number(of, offset)
            case Arithmetic():
                return self.arithmetic(node, offset)
            case Comparison():
                return self.comparison(node, offset)
            case Between(of=of, low=low, high=high):
                self.alike(of, low, offset)
                self.alike(of, high, offset)
                return _TRUTH
            case Not(of=of):
                self.condition(of, offset)
                return _TRUTH
            case All(of=items) | AnyOf(of=items):
                for item in items:
                    self.condition(item, offset)
                return _TRUTH

    def name(self, node: Name, offset: int) -> _Meaning:
        known = NAMES.get(node.name)
        if node.series != OWN and (known is None or not known.of_bar):
            raise mistakes.not_of_bars(node)
        if known is None:
            raise mistakes.unknown_name(node)
        # `price` needs no bar now, and one more for each step back.
        if known.of_bar or (offset and known.history is History.BARS):
            self.need(node.series, SeriesNeed(offset + 1))
        return _Meaning(Kind.WORD if known.is_word else Kind.EXACT, known.measure)

    def call(self, node: Call, offset: int) -> _Meaning:
        if node.name not in REGISTRY:
            raise mistakes.unknown_indicator(node)
        reading = reading_of(node)
        self.readings.add(reading)
        if reading.anchored:
            first = reading.indicator.first(*reading.params)
            self.need(node.series, SeriesNeed(anchored=reading.reach, first=first + offset))
        else:
            self.need(node.series, SeriesNeed(reading.reach + offset))
        if reading.benchmark is not None:
            self.need(reading.benchmark, SeriesNeed(reading.reach + offset))
        return _Meaning(Kind.FLOAT, units.of_output(reading.of_output.unit, reading.source))

    def pattern(self, node: Pattern, offset: int) -> _Meaning:
        known = PATTERNS.get(node.name)
        if known is None:
            raise mistakes.unknown_pattern(node)
        wanted = {Signal.BULLISH: 1, Signal.BEARISH: -1}.get(node.signal)
        if wanted is not None and wanted not in known.signals:
            raise mistakes.never_signals(node)
        self.need(node.series, SeriesNeed(anchored=REACH, first=known.candles + offset))
        return _TRUTH

    def arithmetic(self, node: Arithmetic, offset: int) -> _Meaning:
        left, right = self.number(node.left, offset), self.number(node.right, offset)
        if node.op.value in "+-" and not units.fit(left.measure, right.measure):
            raise _wrong_unit(node.left, node.right, left, right)
        kind = Kind.FLOAT if Kind.FLOAT in (left.kind, right.kind) else Kind.EXACT
        return _Meaning(kind, units.combined(node.op, left.measure, right.measure))

    def comparison(self, node: Comparison, offset: int) -> _Meaning:
        if node.op.crosses:
            for side in (node.left, node.right):
                self.must_have_history(side)
            self.alike(node.left, node.right, offset)
            if not any(_moves(side) for side in (node.left, node.right)):
                raise mistakes.nothing_moves(node)
            offset += 1
        elif self.is_about_words(node, offset):
            return _TRUTH
        self.alike(node.left, node.right, offset)
        return _TRUTH

    def is_about_words(self, node: Comparison, offset: int) -> bool:
        """Whether a word is compared; which words can be, only a name knows."""
        sides = (node.left, node.right)
        if not any(isinstance(side, Word) or _is_word_name(side) for side in sides):
            return False
        if node.op not in (Comparator.EQ, Comparator.NE):
            raise mistakes.words_only_match(node)
        phases = [side for side in sides if _is_word_name(side)]
        for side in sides:
            if side not in phases and not (phases and isinstance(side, Word) and side.value in tuple(Session)):
                if isinstance(side, Name) and side.name in NAMES and not phases:
                    raise mistakes.wrong_kind(side, Kind.EXACT, Kind.WORD)
                raise mistakes.unknown_word(side, list(Session))
            self.visit(side, offset)
        return True

    def alike(self, left: Node, right: Node, offset: int) -> None:
        one, other = self.number(left, offset), self.number(right, offset)
        if not units.fit(one.measure, other.measure):
            raise _wrong_unit(left, right, one, other)

    def number(self, node: Node, offset: int) -> _Meaning:
        found = self.visit(node, offset)
        if not found.kind.is_number:
            raise mistakes.wrong_kind(node, found.kind, Kind.EXACT)
        return found

    def condition(self, node: Node, offset: int) -> None:
        found = self.visit(node, offset)
        if found.kind is not Kind.BOOLEAN:
            raise mistakes.wrong_kind(node, found.kind, Kind.BOOLEAN)

    def must_have_history(self, node: Node) -> None:
        for part in walk(node):
            known = NAMES.get(part.name) if isinstance(part, Name) else None
            if known and known.history is History.NONE:
                raise mistakes.no_history(known, part)


def _wrong_unit(left: Node, right: Node, one: _Meaning, other: _Meaning) -> Exception:
    assert one.measure is not None and other.measure is not None
    return mistakes.wrong_unit(left, right, (one.measure, other.measure))


def _is_word_name(node: Node) -> bool:
    return isinstance(node, Name) and node.name in NAMES and NAMES[node.name].is_word


def _moves(node: Node) -> bool:
    return any(
        isinstance(part, Call) or (isinstance(part, Name) and NAMES[part.name].history is History.BARS)
        for part in walk(node)
        if not isinstance(part, Name) or part.name in NAMES
    )
