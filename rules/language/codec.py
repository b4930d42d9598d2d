"""The tree as JSON, for programs and the form. `from_json(to_json(node)) == node`.

    {"number": "30"}  {"boolean": true}  {"name": "price"}  {"call": "sma", "args": [...]}  {"shift": ..., "bars": 1}
    {"negate": ...}  {"op": "+", "left": ..., "right": ...}
    {"op": "<", "left": ..., "right": ...}  {"not": ...}  {"all": [...]}  {"any": [...]}

Numbers are strings, so that no float comes between. When reading, a bare number, a bare true or false, and a
string (an expression) may stand wherever a node may: `{"all": ["rsi(14) < 30", "price > 100"]}`.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from market.errors import Text
from rules.language.errors import ConditionError, nearest
from rules.language.lexer import LONGEST_TEXT
from rules.language.nodes import (
    DEEPEST,
    MOST_NODES,
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
    fits,
    number_is_sayable,
)
from rules.language.parser import FARTHEST_SHIFT, KEYWORDS, parse

_SHAPES: dict[str, frozenset[str]] = {
    "number": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "name": frozenset({"name"}),
    "call": frozenset({"call", "args"}),
    "shift": frozenset({"shift", "bars"}),
    "negate": frozenset({"negate"}),
    "op": frozenset({"op", "left", "right"}),
    "not": frozenset({"not"}),
    "all": frozenset({"all"}),
    "any": frozenset({"any"}),
}
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
_MAPPING_TEXT = re.compile(r"\s*(\{|(all|any|not|op|left|right|call|name)\s*:)")


def to_json(node: Node) -> dict[str, Any]:
    """Plain dicts, lists, strings, ints and booleans."""
    match node:
        case Number(value=value):
            return {"number": format(value, "f")}
        case Boolean(value=value):
            return {"boolean": value}
        case Name(name=name):
            return {"name": name}
        case Call(name=name, args=args):
            return {"call": name, "args": [to_json(a) for a in args]}
        case Shift(of=of, bars=bars):
            return {"shift": to_json(of), "bars": bars}
        case Negate(of=of):
            return {"negate": to_json(of)}
        case Arithmetic(op=op, left=left, right=right) | Comparison(op=op, left=left, right=right):
            return {"op": op.value, "left": to_json(left), "right": to_json(right)}
        case Not(of=of):
            return {"not": to_json(of)}
        case All(of=items):
            return {"all": [to_json(i) for i in items]}
        case AnyOf(of=items):
            return {"any": [to_json(i) for i in items]}


def from_json(value: object) -> Node:
    """The tree of such a mapping. Raises ConditionError whose `path` names the wrong entry."""
    node = _Reader().node(value, "")
    if not fits(node):
        raise _too_large("")
    return node


def read_condition(value: object) -> Node:
    """A condition as it comes: an expression, JSON (parsed or as text), or a YAML mapping (parsed or as text).

    Raises ConditionError.
    """
    if not isinstance(value, str):
        return from_json(value)
    if not is_mapping_text(value) or len(value) > LONGEST_TEXT:
        return parse(value)  # which says so when it is too long
    try:
        return from_json(json.loads(value, parse_float=Decimal))
    except json.JSONDecodeError:
        pass
    try:
        return from_json(yaml.safe_load(value))
    except yaml.YAMLError as e:
        raise _wrong("", Text("JSON 도 YAML 도 아닙니다.", "This is neither JSON nor YAML."), "not_a_mapping") from e


def is_mapping_text(text: str) -> bool:
    """Whether it begins like JSON or YAML; no expression does."""
    return _MAPPING_TEXT.match(text) is not None


class _Reader:
    """Counts what it has read, because a small YAML text can unfold into a very large tree."""

    def __init__(self) -> None:
        self.left = MOST_NODES
        self.depth = 0

    def node(self, value: object, path: str) -> Node:
        self.left -= 1
        self.depth += 1
        if self.left < 0 or self.depth > DEEPEST:
            raise _too_large(path)
        read = self.mapping(value, path) if isinstance(value, Mapping) else self.bare(value, path)
        self.depth -= 1
        return read

    def bare(self, value: object, path: str) -> Node:
        match value:
            case bool():
                return Boolean(value)
            case int() | float() | Decimal():
                return _number(value, path)
            case str():
                try:
                    return parse(value)
                except ConditionError as e:
                    e.path = path
                    raise
        raise _wrong(
            path,
            Text("여기는 조건, 숫자 또는 식이어야 합니다.", "A condition, a number or an expression belongs here."),
            "not_a_node",
        )

    def mapping(self, value: Mapping[Any, Any], path: str) -> Node:
        kind = _kind(value, path)
        match kind:
            case "number":
                return _number(value["number"], path)
            case "boolean":
                return Boolean(_of(bool, value, "boolean", path))
            case "name":
                return Name(_identifier(value, "name", path))
            case "call":
                return Call(_identifier(value, "call", path), self.items(value, "args", path))
            case "shift":
                return Shift(self.child(value, "shift", path), _bars(value, path))
            case "negate":
                return Negate(self.child(value, "negate", path))
            case "not":
                return Not(self.child(value, "not", path))
            case "all":
                return All(self.items(value, "all", path))
            case "any":
                return AnyOf(self.items(value, "any", path))
        return self.operation(value, path)

    def operation(self, value: Mapping[Any, Any], path: str) -> Node:
        op = _of(str, value, "op", path)
        left, right = self.child(value, "left", path), self.child(value, "right", path)
        if op in tuple(Comparator):
            return Comparison(Comparator(op), left, right)
        if op in tuple(Operator):
            return Arithmetic(Operator(op), left, right)
        raise ConditionError(
            Text(f"`{op}` 은(는) 없는 연산입니다.", f"There is no operator `{op}`."),
            code="unknown_operator",
            path=_join(path, "op"),
            suggestion=nearest(op, [*Comparator, *Operator]),
        )

    def child(self, value: Mapping[Any, Any], key: str, path: str) -> Node:
        return self.node(value[key], _join(path, key))

    def items(self, value: Mapping[Any, Any], key: str, path: str) -> tuple[Node, ...]:
        listed = _of(list, value, key, path)
        if not listed:
            raise _wrong(_join(path, key), Text("하나 이상 있어야 합니다.", "At least one is needed."), "empty")
        return tuple(self.node(item, f"{_join(path, key)}[{i}]") for i, item in enumerate(listed))


def _kind(value: Mapping[Any, Any], path: str) -> str:
    keys = frozenset(map(str, value))
    kind = next((k for k, shape in _SHAPES.items() if keys == shape), None)
    if kind is None:
        shapes = " · ".join("{" + ", ".join(sorted(shape)) + "}" for shape in _SHAPES.values())
        raise ConditionError(
            Text(f"알 수 없는 모양입니다: {sorted(keys)}.", f"Unknown shape: {sorted(keys)}."),
            code="unknown_shape",
            path=path,
            expected=Text(f"다음 가운데 하나: {shapes}", f"one of {shapes}"),
        )
    return kind


def _number(value: object, path: str) -> Node:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and number < 0:
        return Negate(_number(-number, path))
    number = abs(number) if number == 0 else number
    if isinstance(value, bool) or not number_is_sayable(number):
        raise _wrong(
            path,
            Text(f"`{value}` 은(는) 쓸 수 있는 숫자가 아닙니다.", f"`{value}` is not a usable number."),
            "bad_number",
        )
    return Number(number)


def _bars(value: Mapping[Any, Any], path: str) -> int:
    bars = _of(int, value, "bars", path)
    if isinstance(bars, bool) or not 0 <= bars <= FARTHEST_SHIFT:
        limits = Text(f"0에서 {FARTHEST_SHIFT} 사이여야 합니다.", f"It must be from 0 to {FARTHEST_SHIFT}.")
        raise _wrong(_join(path, "bars"), limits, "bad_shift")
    return bars


def _identifier(value: Mapping[Any, Any], key: str, path: str) -> str:
    word = _of(str, value, key, path).lower()
    if not _IDENTIFIER.fullmatch(word) or word in KEYWORDS:
        raise _wrong(
            _join(path, key), Text(f"`{word}` 은(는) 이름이 아닙니다.", f"`{word}` is not a name."), "bad_name"
        )
    return word


def _of[T](kind: type[T], value: Mapping[Any, Any], key: str, path: str) -> T:
    found = value[key]
    if not isinstance(found, kind):
        wanted = {str: "text", list: "list", int: "integer", bool: "true/false"}[kind]
        raise _wrong(_join(path, key), Text(f"{wanted} 이어야 합니다.", f"It must be a {wanted}."), "wrong_type")
    return found


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _wrong(path: str, message: Text, code: str) -> ConditionError:
    return ConditionError(message, code=code, path=path)


def _too_large(path: str) -> ConditionError:
    return _wrong(path, Text("조건이 너무 큽니다. 나누어 주세요.", "The condition is too large; split it."), "too_deep")
