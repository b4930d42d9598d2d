"""Why a condition is true, false or unknown: a tree down to the values, and sentences for people.

Score, in [0, 1]: how near the condition is to what was wished of it (true).
    a comparison that is as wished: 1; unknown: 0; otherwise 0.99 * (1 - |left - right| / (|left| + |right|)), so
    never quite 1; `not` wishes the opposite of its part; a group that needs all its parts has their mean, a group
    that needs one of them the best of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from market.errors import Text
from rules.indicators import REGISTRY
from rules.language.check import arguments_of
from rules.language.compiled import Compiled, Trace
from rules.language.look import Look
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
    Shift,
    children,
)
from rules.language.printer import to_text

_NEAR = 0.99  # not as wished is never 1
_BATCHIM_DIGITS = "013678"  # 영 일 삼 육 칠 팔 end in a consonant: 이, 과, 을


@dataclass(frozen=True, slots=True)
class Operand:
    text: str
    label: Text
    value: Decimal | float | None

    def shown(self, language: str) -> str:
        """Label and value; a literal is only its value."""
        label = getattr(self.label, language)
        return f"{label} {shown(self.value)}".strip()


@dataclass(frozen=True, slots=True)
class Reason:
    """`distance`: how far left must move to reach right, in their own unit, where the comparison flips."""

    kind: str  # "all", "any", "not", "comparison" or "boolean"
    text: str
    result: bool | None
    score: float
    operator: str | None = None
    left: Operand | None = None
    right: Operand | None = None
    distance: Decimal | float | None = None
    unknown_because: Text | None = None
    parts: "tuple[Reason, ...]" = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe; numbers as strings."""
        found: dict[str, Any] = {"kind": self.kind, "text": self.text, "result": self.result, "score": self.score}
        if self.left and self.right:
            found |= {
                "operator": self.operator,
                "left": {"text": self.left.text, "value": plain(self.left.value)},
                "right": {"text": self.right.text, "value": plain(self.right.value)},
                "distance": plain(self.distance),
            }
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

    def deciding(self) -> "Iterator[Reason]":
        """The leaves that made the whole what it is."""
        if not self.parts:
            yield self
        guilty = [part for part in self.parts if part.result is self.result]
        for part in guilty if guilty and self.kind != "not" else self.parts:
            yield from part.deciding()

    def because(self, language: str) -> str:
        """The deciding leaves as one clause that a consequence can follow."""
        clauses = list(dict.fromkeys(_clause(leaf, language) for leaf in self.deciding()))
        return (", " if language == "ko" else " and ").join(clauses)


def reason_for(compiled: Compiled, look: Look) -> Reason:
    """The tree of reasons at that moment, from the values that the verdict itself was made of."""
    return _Explainer(compiled.trace(look), look).reason(compiled.node, True)


class _Explainer:
    def __init__(self, trace: Trace, look: Look) -> None:
        self.trace = trace
        self.look = look

    def reason(self, node: Node, wish: bool) -> Reason:
        match node:
            case All(of=items):
                return self.group("all", node, [self.reason(i, wish) for i in items], needs_every=wish)
            case AnyOf(of=items):
                return self.group("any", node, [self.reason(i, wish) for i in items], needs_every=not wish)
            case Not(of=of):
                part = self.reason(of, not wish)
                return Reason("not", to_text(node), self.result(node), part.score, parts=(part,))
            case Comparison():
                return self.comparison(node, wish)
        return Reason("boolean", to_text(node), self.result(node), float(self.result(node) is wish))

    def group(self, kind: str, node: Node, parts: list[Reason], *, needs_every: bool) -> Reason:
        scores = [part.score for part in parts]
        score = sum(scores) / len(scores) if needs_every else max(scores)
        return Reason(kind, to_text(node), self.result(node), score, parts=tuple(parts))

    def comparison(self, node: Comparison, wish: bool) -> Reason:
        left, right = self.operand(node.left), self.operand(node.right)
        result, distance = self.result(node), _apart(left.value, right.value)
        return Reason(
            "comparison",
            to_text(node),
            result,
            _score(result, wish, left.value, right.value),
            operator=node.op.value,
            left=left,
            right=right,
            distance=distance,
            unknown_because=self.unknown(node) if result is None else None,
        )

    def result(self, node: Node) -> bool | None:
        value = self.trace.value(node)
        return value if isinstance(value, bool) else None

    def operand(self, node: Node) -> Operand:
        value = self.trace.value(node)
        return Operand(to_text(node), _label(node), None if isinstance(value, bool) else value)

    def unknown(self, node: Comparison) -> Text:
        steps = (0, 1) if node.op.crosses else (0,)
        missing = (m for step in steps for side in (node.left, node.right) for m in self.missing(side, step))
        return next(missing, Text("0 으로 나눌 수 없음", "division by zero"))

    def missing(self, node: Node, offset: int) -> Iterator[Text]:
        match node:
            case Name(name=name) if self.trace.value(node, offset) is None:
                known = NAMES[name]
                yield self.too_few(known.bars + offset) if known.bars or offset else known.missing
            case Call(name=name) if self.trace.value(node, offset) is None:
                yield self.too_few(REGISTRY[name].window(*arguments_of(node)[1]) + offset)
            case Call():
                return
            case Shift(of=of, bars=bars):
                yield from self.missing(of, offset + bars)
            case _:
                for child in children(node):
                    yield from self.missing(child, offset)

    def too_few(self, needed: int) -> Text:
        there = len(self.look.rows)
        if not self.look.current:
            return Text("봉이 비었거나 아직 오지 않음", "bars are missing or late")
        if there >= needed:
            return Text("이 봉들에는 값이 없음", "these bars give it no value")
        return Text(f"봉 {needed}개 필요, {there}개 있음", f"{needed} bars needed, {there} there")


def _score(result: bool | None, wish: bool, left: Any, right: Any) -> float:
    if result is None:
        return 0.0
    if result is wish:
        return 1.0
    size = abs(float(left)) + abs(float(right))
    if not isfinite(size):
        return 0.0
    apart = abs(float(left) - float(right)) / size if size else 0.0
    return round(_NEAR * (1 - apart), 5)


def _apart(left: Any, right: Any) -> Decimal | float | None:
    if left is None or right is None:
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return abs(left - right)
    return abs(float(left) - float(right))


def _label(node: Node) -> Text:
    match node:
        case Number() | Negate(of=Number()) | Boolean():
            return Text("", "")
        case Name(name=name):
            return NAMES[name].title
        case Call(name=name):
            text = to_text(node).replace(name, name.upper(), 1)
            return Text(text, text)
    return Text(to_text(node), to_text(node))


def plain(value: Decimal | float | None) -> str | None:
    """Every digit, no exponent for money."""
    return None if value is None else format(value, "f") if isinstance(value, Decimal) else repr(value)


def shown(value: Decimal | float | None) -> str:
    """As many digits as a person reads."""
    if value is None:
        return "?"
    digits = 2 if isinstance(value, float) and abs(value) >= 1 else 4
    text = format(value, f".{digits}f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# ---- sentences


def _clause(leaf: Reason, language: str) -> str:
    if leaf.kind == "boolean":
        return {"ko": f"조건이 늘 {leaf.text} 이어서", "en": f"the condition is always {leaf.text}"}[language]
    return _korean(leaf) if language == "ko" else _english(leaf)


def _korean(leaf: Reason) -> str:
    assert leaf.left and leaf.right
    if leaf.unknown_because:
        return f"{leaf.text} 을(를) 아직 알 수 없어서 ({leaf.unknown_because.ko})"
    left, right = leaf.left.shown("ko"), leaf.right.shown("ko")
    if leaf.operator in ("crosses_above", "crosses_below"):
        way = "위로" if leaf.operator == "crosses_above" else "아래로"
        ending = "넘어서" if leaf.result else "넘지 않아서"
        return f"{left} {_particle(left, '이', '가')} {right} {_particle(right, '을', '를')} {way} {ending}"
    order = _order(leaf)
    if order == 0:
        return f"{left} {_particle(left, '이', '가')} {right} {_particle(right, '과', '와')} 같아서"
    return f"{left} {_particle(left, '이', '가')} {right} 보다 {'커서' if order > 0 else '작아서'}"


def _english(leaf: Reason) -> str:
    assert leaf.left and leaf.right
    if leaf.unknown_because:
        return f"{leaf.text} is not known yet ({leaf.unknown_because.en})"
    left, right = leaf.left.shown("en"), leaf.right.shown("en")
    if leaf.operator in ("crosses_above", "crosses_below"):
        way = "above" if leaf.operator == "crosses_above" else "below"
        return f"{left} {'crossed' if leaf.result else 'did not cross'} {way} {right}"
    order = _order(leaf)
    return f"{left} is {'equal to' if order == 0 else 'greater than' if order > 0 else 'less than'} {right}"


def _order(leaf: Reason) -> int:
    assert leaf.left and leaf.right and leaf.left.value is not None and leaf.right.value is not None
    left, right = leaf.left.value, leaf.right.value
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return (left > right) - (left < right)


def _particle(text: str, after_consonant: str, after_vowel: str) -> str:
    """Which form the last digit, read aloud, asks for."""
    return after_consonant if text[-1] in _BATCHIM_DIGITS else after_vowel
