"""Why a condition is true, false or unknown: a tree down to the values, and sentences for people.

Score, in [0, 1]: how near the condition is to what was wished of it (true).
    a comparison that is as wished: 1; unknown: 0; otherwise 0.99 * (1 - |left - right| / (|left| + |right|)), so
    never quite 1; `not` wishes the opposite of its part; a group that needs all its parts has their mean, a group
    that needs one of them the best of them. `between` is compared with its nearer end; a candle pattern is 1 or 0.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from market.errors import Text
from rules.indicators.patterns import PATTERNS, REACH
from rules.indicators.values import anchor_of
from rules.language.arguments import reading_of
from rules.language.compiled import Compiled, Trace
from rules.language.look import Look
from rules.language.names import NAMES
from rules.language.nodes import (
    OWN,
    All,
    AnyOf,
    Between,
    Boolean,
    Call,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Pattern,
    Series,
    Shift,
    Word,
    children,
    unshifted,
)
from rules.language.sentences import clause

_NEAR = 0.99  # not as wished is never 1

Shown = Decimal | float | str | None


@dataclass(frozen=True, slots=True)
class Operand:
    text: str
    label: Text
    value: Shown

    def shown(self, language: str) -> str:
        """Label and value; a literal is only its value."""
        label = getattr(self.label, language)
        return f"{label} {shown(self.value)}".strip()

    def as_dict(self) -> dict[str, str | None]:
        return {"text": self.text, "value": plain(self.value)}


@dataclass(frozen=True, slots=True)
class Reason:
    """`distance`: how far left must move to reach right (the nearer end of `between`), in their own unit, where the
    comparison flips. `gap`: the same as a share of both, 0 to 1. `upper`: the upper end of `between`."""

    kind: str  # "all", "any", "not", "comparison", "between", "pattern" or "boolean"
    text: str
    result: bool | None
    score: float
    operator: str | None = None
    left: Operand | None = None
    right: Operand | None = None
    upper: Operand | None = None
    distance: Decimal | float | None = None
    gap: float | None = None
    unknown_because: Text | None = None
    parts: "tuple[Reason, ...]" = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe; numbers as strings."""
        found: dict[str, Any] = {"kind": self.kind, "text": self.text, "result": self.result, "score": self.score}
        if self.left and self.right:
            found |= {
                "operator": self.operator,
                "left": self.left.as_dict(),
                "right": self.right.as_dict(),
                "distance": plain(self.distance),
            }
        if self.upper:
            found["upper"] = self.upper.as_dict()
        if self.unknown_because:
            found["unknown_because"] = self.unknown_because.as_dict()
        if self.parts:
            found["parts"] = [part.as_dict() for part in self.parts]
        return found

    def leaves(self) -> "Iterator[Reason]":
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    @property
    def nearest(self) -> "Reason | None":
        """The leaf that was nearest to flipping; None when none can be measured."""
        measured = [leaf for leaf in self.leaves() if leaf.gap is not None]
        return min(measured, key=lambda leaf: leaf.gap or 0.0, default=None)

    def deciding(self) -> "Iterator[Reason]":
        """The leaves that made the whole what it is."""
        if not self.parts:
            yield self
        guilty = [part for part in self.parts if part.result is self.result]
        for part in guilty if guilty and self.kind != "not" else self.parts:
            yield from part.deciding()

    def because(self, language: str) -> str:
        """The deciding leaves as one clause that a consequence can follow."""
        clauses = list(dict.fromkeys(clause(leaf, language) for leaf in self.deciding()))
        return (", " if language == "ko" else " and ").join(clauses)


def reason_for(compiled: Compiled, look: Look) -> Reason:
    """The tree of reasons at that moment, from the values that the verdict itself was made of."""
    return _Explainer(compiled.trace(look), Why(look).missing).reason(compiled.node, True)


def reason_of(node: Node, trace: Trace, missing: "Missing | None" = None) -> Reason:
    """The same from any trace of the condition, such as a replay's."""
    return _Explainer(trace, missing or (lambda _node, _offset: None)).reason(node, True)


class _Explainer:
    def __init__(self, trace: Trace, missing: "Missing") -> None:
        self.trace = trace
        self.missing = missing
        self.spelled = trace.spelled

    def reason(self, node: Node, wish: bool) -> Reason:
        match node:
            case All(of=items):
                return self.group("all", node, [self.reason(i, wish) for i in items], needs_every=wish)
            case AnyOf(of=items):
                return self.group("any", node, [self.reason(i, wish) for i in items], needs_every=not wish)
            case Not(of=of):
                part = self.reason(of, not wish)
                return Reason("not", self.spelled(node), self.result(node), part.score, parts=(part,))
            case Comparison():
                return self.comparison(node, wish)
            case Between():
                return self.between(node, wish)
        seen, ago = unshifted(node)
        if isinstance(seen, Pattern):
            return self.pattern(node, seen, ago, wish)
        return Reason("boolean", self.spelled(node), self.result(node), float(self.result(node) is wish))

    def group(self, kind: str, node: Node, parts: list[Reason], *, needs_every: bool) -> Reason:
        scores = [part.score for part in parts]
        score = sum(scores) / len(scores) if needs_every else max(scores)
        return Reason(kind, self.spelled(node), self.result(node), score, parts=tuple(parts))

    def comparison(self, node: Comparison, wish: bool) -> Reason:
        left, right = self.operand(node.left), self.operand(node.right)
        result, gap = self.result(node), _gap(left.value, right.value)
        return Reason(
            "comparison",
            self.spelled(node),
            result,
            _score(result, wish, gap),
            operator=node.op.value,
            left=left,
            right=right,
            distance=_apart(left.value, right.value),
            gap=gap,
            unknown_because=self.unknown(node, crosses=node.op.crosses) if result is None else None,
        )

    def between(self, node: Between, wish: bool) -> Reason:
        of, low, high = (self.operand(part) for part in (node.of, node.low, node.high))
        gaps = [(gap, end) for end in (low, high) if (gap := _gap(of.value, end.value)) is not None]
        gap, end = min(gaps, key=lambda each: each[0], default=(None, low))
        result = self.result(node)
        return Reason(
            "between",
            self.spelled(node),
            result,
            _score(result, wish, gap),
            operator="between",
            left=of,
            right=low,
            upper=high,
            distance=_apart(of.value, end.value),
            gap=gap,
            unknown_because=self.unknown(node) if result is None else None,
        )

    def pattern(self, node: Node, pattern: Pattern, ago: int, wish: bool) -> Reason:
        result, signal = self.result(node), pattern.signal.value
        found = None if result is None else signal if result else "none"
        label = _pattern_label(node, pattern, ago)
        return Reason(
            "pattern",
            self.spelled(node),
            result,
            float(result is wish),
            operator="==",
            left=Operand(pattern.name, label, found),
            right=Operand(signal, Text("", ""), signal),
            unknown_because=self.unknown(node) if result is None else None,
        )

    def result(self, node: Node) -> bool | None:
        value = self.trace.value(node)
        return value if isinstance(value, bool) else None

    def operand(self, node: Node) -> Operand:
        value = self.trace.value(node)
        return Operand(self.spelled(node), _label(self.spelled, node), None if isinstance(value, bool) else value)

    def unknown(self, node: Node, *, crosses: bool = False) -> Text:
        missing = (m for step in ((0, 1) if crosses else (0,)) for m in self.unknowns(node, step))
        return next(missing, Text("0 으로 나눌 수 없음", "division by zero"))

    def unknowns(self, node: Node, offset: int) -> Iterator[Text]:
        """Why each leaf below is not known."""
        match node:
            case Name() | Call() | Pattern():
                if self.trace.value(node, offset) is None:
                    yield self.missing(node, offset) or Text("이 봉들에는 값이 없음", "these bars give it no value")
            case Shift(of=of, bars=bars):
                yield from self.unknowns(of, offset + bars)
            case _:
                for child in children(node):
                    yield from self.unknowns(child, offset)


Missing = Callable[[Name | Call | Pattern, int], Text | None]


class Why:
    """Why a leaf is unknown to a Look."""

    def __init__(self, look: Look) -> None:
        self.look = look

    def missing(self, node: Name | Call | Pattern, offset: int) -> Text | None:
        if isinstance(node, Name):
            known = NAMES[node.name]
            if not known.bars and not offset:
                return known.missing
            return self.too_few(node.series, 1 + offset)
        if isinstance(node, Pattern):
            return self.too_few(node.series, PATTERNS[node.name].candles + offset, REACH)
        reading = reading_of(node)
        if reading.benchmark is not None and self.look.seen(reading.benchmark) is None:
            return self.not_there(reading.benchmark)
        if not reading.anchored:
            return self.too_few(node.series, reading.reach + offset)
        return self.too_few(node.series, reading.indicator.first(*reading.params) + offset, reading.reach)

    def too_few(self, series: Series, needed: int, reach: int | None = None) -> Text:
        seen = self.look.seen(series)
        if seen is None:
            return self.not_there(series)
        there = len(seen)
        if there < needed:
            return Text(f"봉 {needed}개 필요, {there}개 있음", f"{needed} bars needed, {there} there")
        if reach is not None and anchor_of(seen.columns, there - 1, reach) is None:
            return Text(
                f"기준 봉까지 봉이 모자람: 그 날(일봉은 28일)이 시작되기 전 {reach}개와 그날의 처음까지",
                f"older bars are needed to begin from: {reach} before this day (28 days of daily bars) began, "
                "back to the beginning of theirs",
            )
        return Text("이 봉들에는 값이 없음", "these bars give it no value")

    def not_there(self, series: Series) -> Text:
        if series == OWN or self.look.current is False:
            return Text("봉이 비었거나 아직 오지 않음", "bars are missing or late")
        market = self.look.market
        whole = series.named(market.symbol, market.bars.timeframe)
        return Text(
            f"{whole.symbol} {whole.timeframe} 봉이 없거나 비었음",
            f"the {whole.timeframe} bars of {whole.symbol} are not there or have holes",
        )


def _score(result: bool | None, wish: bool, gap: float | None) -> float:
    if result is None:
        return 0.0
    if result is wish:
        return 1.0
    return 0.0 if gap is None else round(_NEAR * (1 - gap), 5)


def _gap(left: Shown, right: Shown) -> float | None:
    if left is None or right is None or isinstance(left, str) or isinstance(right, str):
        return None
    size = abs(float(left)) + abs(float(right))
    if not isfinite(size):
        return None
    return abs(float(left) - float(right)) / size if size else 0.0


def _apart(left: Shown, right: Shown) -> Decimal | float | None:
    if left is None or right is None or isinstance(left, str) or isinstance(right, str):
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return abs(left - right)
    return abs(float(left) - float(right))


def _label(spelled: Callable[[Node], str], node: Node) -> Text:
    match node:
        case Number() | Negate(of=Number()) | Boolean() | Word():
            return Text("", "")
        case Name(name=name, series=series):
            title, of = NAMES[name].title, _of_series(series)
            return Text(of[0] + title.ko + of[1], of[0] + title.en + of[1])
        case Call(name=name):
            text = spelled(node).replace(name, name.upper(), 1)
            return Text(text, text)
    return Text(spelled(node), spelled(node))


def _pattern_label(node: Node, pattern: Pattern, ago: int) -> Text:
    title, of = PATTERNS[pattern.name].title, _of_series(pattern.series)
    back = f"[{ago}]" if ago else ""
    return Text(of[0] + title.ko + of[1] + back, of[0] + title.en + of[1] + back)


def _of_series(series: Series) -> tuple[str, str]:
    """What stands before and after the name of a value."""
    before = f"{series.symbol} " if series.symbol else ""
    return before, f"({series.timeframe})" if series.timeframe else ""


def plain(value: Shown) -> str | None:
    """Every digit, no exponent for money."""
    if value is None or isinstance(value, str):
        return value
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def shown(value: Shown) -> str:
    """As many digits as a person reads."""
    if value is None:
        return "?"
    if isinstance(value, str):
        return value
    digits = 2 if isinstance(value, float) and abs(value) >= 1 else 4
    text = format(value, f".{digits}f")
    return text.rstrip("0").rstrip(".") if "." in text else text
