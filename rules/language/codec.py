"""The tree as JSON, for programs and the form. `from_json(to_json(node)) == node`.

    {"number": "30"}  {"boolean": true}  {"word": "regular"}  {"param": "period"}
    {"name": "price"}  {"name": "close", "symbol": "QQQ", "timeframe": "1d"}
    {"call": "sma", "args": [...]}
    {"call": "bollinger", "args": [], "named": {"period": ..., "std": ...}, "output": "upper", "timeframe": "1d"}
    {"pattern": "engulfing", "signal": "bullish"}
    {"shift": ..., "bars": 1}  {"negate": ...}  {"op": "+", "left": ..., "right": ...}
    {"op": "<", "left": ..., "right": ...}  {"between": ..., "low": ..., "high": ...}
    {"not": ...}  {"all": [...]}  {"any": [...]}

`symbol` and `timeframe` (of names, calls and patterns), `args`, `named` and `output` may be left out. Numbers are
strings, so that no float comes between. When reading, a bare number, a bare true or false, and a string (an
expression) may stand wherever a node may: `{"all": ["rsi(14) < 30", "price > 100"]}`.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from market.errors import Text
from market.words import Timeframe
from rules.language.errors import ConditionError, nearest
from rules.language.lexer import LONGEST_TEXT
from rules.language.names import NAMES
from rules.language.nodes import (
    DEEPEST,
    MOST_NODES,
    OWN,
    WORDS,
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
    Param,
    Pattern,
    Series,
    Shift,
    Signal,
    Word,
    fits,
    is_symbol,
    number_is_sayable,
)
from rules.language.parser import FARTHEST_SHIFT, parse
from rules.language.words import FAMILIES, KEYWORDS, stands_bare

_SERIES = frozenset({"symbol", "timeframe"})
# What each shape must have, and what it may have beside.
_SHAPES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "number": (frozenset({"number"}), frozenset()),
    "boolean": (frozenset({"boolean"}), frozenset()),
    "word": (frozenset({"word"}), frozenset()),
    "param": (frozenset({"param"}), frozenset()),
    "name": (frozenset({"name"}), _SERIES),
    "call": (frozenset({"call"}), _SERIES | {"args", "named", "output"}),
    "pattern": (frozenset({"pattern", "signal"}), _SERIES),
    "shift": (frozenset({"shift", "bars"}), frozenset()),
    "negate": (frozenset({"negate"}), frozenset()),
    "op": (frozenset({"op", "left", "right"}), frozenset()),
    "between": (frozenset({"between", "low", "high"}), frozenset()),
    "not": (frozenset({"not"}), frozenset()),
    "all": (frozenset({"all"}), frozenset()),
    "any": (frozenset({"any"}), frozenset()),
}
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_PARAM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAPPING_TEXT = re.compile(
    r"\s*(\{|(all|any|not|op|left|right|call|name|between|low|high|pattern|signal|args|named|output|symbol|timeframe)\s*:)"
)


def to_json(node: Node) -> dict[str, Any]:
    """Plain dicts, lists, strings, ints and booleans."""
    match node:
        case Number(value=value):
            return {"number": format(value, "f")}
        case Boolean(value=value):
            return {"boolean": value}
        case Word(value=value):
            return {"word": value}
        case Param(name=name):
            return {"param": name}
        case Name(name=name, series=series):
            return {"name": name, **_series_json(series)}
        case Call():
            return _call_json(node)
        case Pattern(signal=signal, name=name, series=series):
            return {"pattern": name, "signal": signal.value, **_series_json(series)}
        case Shift(of=of, bars=bars):
            return {"shift": to_json(of), "bars": bars}
        case Negate(of=of):
            return {"negate": to_json(of)}
        case Arithmetic(op=op, left=left, right=right) | Comparison(op=op, left=left, right=right):
            return {"op": op.value, "left": to_json(left), "right": to_json(right)}
        case Between(of=of, low=low, high=high):
            return {"between": to_json(of), "low": to_json(low), "high": to_json(high)}
        case Not(of=of):
            return {"not": to_json(of)}
        case All(of=items):
            return {"all": [to_json(i) for i in items]}
        case AnyOf(of=items):
            return {"any": [to_json(i) for i in items]}


def _call_json(node: Call) -> dict[str, Any]:
    found: dict[str, Any] = {"call": node.name, "args": [to_json(a) for a in node.args]}
    if node.named:
        found["named"] = {name: to_json(value) for name, value in node.named}
    if node.output is not None:
        found["output"] = node.output
    return found | _series_json(node.series)


def _series_json(series: Series) -> dict[str, str]:
    found = {"symbol": series.symbol, "timeframe": series.timeframe and series.timeframe.value}
    return {key: value for key, value in found.items() if value is not None}


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
            case "word":
                return _word(value, path)
            case "param":
                return Param(_matching(_PARAM, value, "param", path))
            case "name":
                return _name(value, path)
            case "call":
                return self.call(value, path)
            case "pattern":
                return _pattern(value, path)
            case "between":
                return Between(*(self.child(value, key, path) for key in ("between", "low", "high")))
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

    def call(self, value: Mapping[Any, Any], path: str) -> Node:
        name, series = _matching(_IDENTIFIER, value, "call", path), _series(value, path)
        args = self.items(value, "args", path) if value.get("args") else ()
        named = tuple(self.named(value, path).items()) if "named" in value else ()
        output = None if value.get("output") is None else _matching(_IDENTIFIER, value, "output", path)
        if name in NAMES and series.timeframe and not (args or named or output):
            return Name(name, series)  # which is how its text is read
        return Call(name, args, named, output, series)

    def named(self, value: Mapping[Any, Any], path: str) -> dict[str, Node]:
        listed, inside = _of(dict, value, "named", path), _join(path, "named")
        for name in listed:
            _matching(_IDENTIFIER, {"named": name}, "named", path)
            if name == "timeframe":
                raise _wrong(
                    inside, Text("timeframe 은 named 밖에 둡니다.", "timeframe goes beside named."), "bad_name"
                )
        return {name: self.child(listed, name, inside) for name in listed}

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
    kind = next((k for k, (must, may) in _SHAPES.items() if must <= keys <= must | may), None)
    if kind is None:
        shapes = " · ".join("{" + ", ".join(sorted(must)) + "}" for must, _ in _SHAPES.values())
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
    if bars < 0:
        ahead = Text("아직 오지 않은 봉은 볼 수 없습니다.", "A bar that has not come yet cannot be seen.")
        raise _wrong(_join(path, "bars"), ahead, "look_ahead")
    if isinstance(bars, bool) or not 0 <= bars <= FARTHEST_SHIFT:
        limits = Text(f"0에서 {FARTHEST_SHIFT} 사이여야 합니다.", f"It must be from 0 to {FARTHEST_SHIFT}.")
        raise _wrong(_join(path, "bars"), limits, "bad_shift")
    return bars


def _name(value: Mapping[Any, Any], path: str) -> Node:
    family, _, rest = _of(str, value, "name", path).lower().partition(".")
    series = _series(value, path)
    if rest:
        wrong = family not in FAMILIES or series != OWN
        if wrong or not _IDENTIFIER.fullmatch(rest):
            raise _no_name(f"{family}.{rest}", _join(path, "name"))
        return Name(f"{family}.{rest}")
    name = _matching(_IDENTIFIER, {"name": family}, "name", path)
    if name in WORDS and series == OWN:
        return Word(name)
    if stands_bare(name) or (series.timeframe and name not in NAMES):
        return Call(name, series=series)  # which is how its text is read
    return Name(name, series)


def _word(value: Mapping[Any, Any], path: str) -> Word:
    word = _of(str, value, "word", path).lower()
    if word not in WORDS:
        raise ConditionError(
            Text(f"`{word}` 은(는) 이 언어의 낱말이 아닙니다.", f"`{word}` is no word of the language."),
            code="unknown_word",
            path=_join(path, "word"),
            suggestion=nearest(word, WORDS),
        )
    return Word(word)


def _pattern(value: Mapping[Any, Any], path: str) -> Pattern:
    signal = _of(str, value, "signal", path).lower()
    if signal not in tuple(Signal):
        raise ConditionError(
            Text(f"`{signal}` 은(는) 없는 신호입니다.", f"There is no signal `{signal}`."),
            code="unknown_word",
            path=_join(path, "signal"),
            suggestion=nearest(signal, Signal),
        )
    return Pattern(Signal(signal), _matching(_IDENTIFIER, value, "pattern", path), _series(value, path))


def _series(value: Mapping[Any, Any], path: str) -> Series:
    symbol, timeframe = value.get("symbol"), value.get("timeframe")
    if symbol is not None:
        symbol = _of(str, value, "symbol", path).upper()
        if not is_symbol(symbol):
            raise _no_name(symbol, _join(path, "symbol"))
    if timeframe is not None and timeframe not in tuple(Timeframe):
        limits = Text(f"다음 가운데 하나: {', '.join(Timeframe)}", f"It must be one of {', '.join(Timeframe)}.")
        raise _wrong(_join(path, "timeframe"), limits, "bad_timeframe")
    return OWN if symbol is None and timeframe is None else Series(symbol, timeframe and Timeframe(timeframe))


def _matching(wanted: re.Pattern[str], value: Mapping[Any, Any], key: str, path: str) -> str:
    word = _of(str, value, key, path)
    word = word if wanted is _PARAM else word.lower()
    if not wanted.fullmatch(word) or (wanted is _IDENTIFIER and word in KEYWORDS):
        raise _no_name(word, _join(path, key))
    return word


def _no_name(word: str, path: str) -> ConditionError:
    return _wrong(path, Text(f"`{word}` 은(는) 이름이 아닙니다.", f"`{word}` is not a name."), "bad_name")


def _of[T](kind: type[T], value: Mapping[Any, Any], key: str, path: str) -> T:
    found = value[key]
    if not isinstance(found, kind):
        wanted = {str: "text", list: "list", int: "integer", bool: "true/false", dict: "mapping"}[kind]
        raise _wrong(_join(path, key), Text(f"{wanted} 이어야 합니다.", f"It must be a {wanted}."), "wrong_type")
    return found


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _wrong(path: str, message: Text, code: str) -> ConditionError:
    return ConditionError(message, code=code, path=path)


def _too_large(path: str) -> ConditionError:
    return _wrong(path, Text("조건이 너무 큽니다. 나누어 주세요.", "The condition is too large; split it."), "too_deep")
