"""JSON Schemas (2020-12) for editors: of a condition, and of a whole rule file. Generated from the registries.

They describe the shapes and the known words; what a condition means is `check`'s question. Descriptions hold both
languages, Korean first.
"""

from typing import Any

from market.errors import Text
from market.words import EvaluateOn, Exchange, Session, Timeframe, TimeInForce
from rules.indicators.patterns import PATTERNS
from rules.indicators.registry import REGISTRY, SOURCES, Indicator, Parameter
from rules.language.lexer import LONGEST_TEXT
from rules.language.names import NAMES
from rules.language.nodes import WORDS, Comparator, Operator, Signal
from rules.language.parser import FARTHEST_SHIFT
from rules.words import MOST_CLOSE_MARGIN_SEC, MOST_REPRICES, MOST_SLIPPAGE_BPS, AtClose

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NODE: Schema = {"$ref": "#/$defs/node"}
_SYMBOL: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9./-]{0,15}$"}
_NUMBER_TEXT = r"^-?(\d+(\.\d*)?|\.\d+)$"


def condition_schema() -> Schema:
    """Of a condition: an expression, or the same tree as JSON (rules.language.codec)."""
    return {"$schema": DIALECT, **_said(_CONDITION), **_NODE, "$defs": _definitions()}


def rule_schema() -> Schema:
    """Of a rule file: the fields of a rule by name; only `symbol` and `buy_amount_usd` must be said."""
    return {
        "$schema": DIALECT,
        "title": "Bamsae rule",
        "type": "object",
        "properties": _fields(),
        "required": ["symbol", "buy_amount_usd"],
        "additionalProperties": False,
        "if": {"properties": {"mode": {"const": "python"}}, "required": ["mode"]},
        "then": {"required": ["code"]},
        "else": {"required": ["entry_condition"]},
        "$defs": _definitions(),
    }


# ---- conditions


def _definitions() -> Schema:
    shapes = {
        "number": _shape({"number": {"type": ["string", "number"]}}),
        "boolean": _shape({"boolean": {"type": "boolean"}}),
        "word": _shape({"word": {"enum": sorted(WORDS)}}),
        "param": _shape({"param": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}}),
        "name": _shape({"name": {"enum": sorted(NAMES)}}, **_series()),
        "call": _call(),
        "pattern": _shape(
            {"pattern": {"enum": sorted(PATTERNS)}, "signal": {"enum": [signal.value for signal in Signal]}},
            **_series(),
        ),
        "shift": _shape({"shift": _NODE, "bars": {"type": "integer", "minimum": 0, "maximum": FARTHEST_SHIFT}}),
        "negate": _shape({"negate": _NODE}),
        "operation": _shape({"op": {"enum": [*Comparator, *Operator]}, "left": _NODE, "right": _NODE}),
        "between": _shape({"between": _NODE, "low": _NODE, "high": _NODE}),
        "not": _shape({"not": _NODE}),
        "all": _shape({"all": _several()}),
        "any": _shape({"any": _several()}),
    }
    bare: list[Schema] = [
        {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, **_said(_EXPRESSION)},
        {"type": ["number", "boolean"]},
    ]
    return {"node": {"anyOf": [*bare, *({"$ref": f"#/$defs/{name}"} for name in shapes)]}, **shapes}


def _shape(must: Schema, **may: Schema) -> Schema:
    return {"type": "object", "properties": must | may, "required": list(must), "additionalProperties": False}


def _several() -> Schema:
    return {"type": "array", "items": _NODE, "minItems": 1}


def _series() -> dict[str, Schema]:
    return {
        "symbol": {
            **_SYMBOL,
            **_said(Text("다른 종목. 없으면 이 규칙의 종목", "another symbol; the rule's own without")),
        },
        "timeframe": {
            "enum": [timeframe.value for timeframe in Timeframe],
            **_said(Text("다른 봉의 길이. 없으면 이 규칙의 것", "another length of bars; the rule's own without")),
        },
    }


def _call() -> Schema:
    may: dict[str, Schema] = {
        "args": {"type": "array", "items": _NODE},
        "named": {"type": "object"},  # each indicator says below what its own may be
        "output": {"type": "string"},
        **_series(),
    }
    name = {"oneOf": [{"const": i.name, "title": i.title.en, **_said(i.definition)} for i in REGISTRY.values()]}
    return {**_shape({"call": name}, **may), "allOf": [_of_indicator(i) for i in REGISTRY.values()]}


def _of_indicator(indicator: Indicator) -> Schema:
    """What `named` and `output` may be when this is the indicator."""
    named = {parameter.name: _parameter(parameter) for parameter in indicator.parameters}
    if indicator.sourced:
        named["source"] = _or_named({"enum": list(SOURCES)})
    most = len(indicator.parameters) + indicator.sourced
    return {
        "if": {"properties": {"call": {"const": indicator.name}}, "required": ["call"]},
        "then": {
            "properties": {
                "args": {"maxItems": most},
                "named": {"properties": named, "additionalProperties": False},
                "output": {"enum": [output.name for output in indicator.outputs]},
            }
        },
    }


def _or_named(plain: Schema) -> Schema:
    """A word as people write it, or as the tree has it."""
    return {"anyOf": [plain, _shape({"name": {"type": "string"}})]}


def _parameter(parameter: Parameter) -> Schema:
    said = _said(parameter.title) | {"default": parameter.default}
    if parameter.kind == "choice":
        return {"anyOf": [{"enum": list(parameter.choices)}, _NODE], **said}
    if parameter.kind == "symbol":
        return {**_or_named(_SYMBOL), **said}
    kind = "integer" if parameter.kind == "int" else "number"
    plain = {"type": kind, "minimum": parameter.least, "maximum": parameter.most}
    return {"anyOf": [plain, {"type": ["string", "object"]}], **said}


# ---- rules


def _fields() -> Schema:
    condition = {"anyOf": [_NODE, {"type": "null"}, {"const": ""}]}
    return {
        "name": {"type": "string", "maxLength": 80},
        "symbol": {**_SYMBOL, **_said(Text("사고파는 종목", "what is bought and sold"))},
        "exchange": _words(Exchange),
        "mode": {"enum": ["dsl", "python"], "default": "dsl"},
        "timeframe": {**_words(Timeframe), "default": "1m"},
        "evaluate_on": {
            **_words(EvaluateOn),
            "default": "bar_close",
            **_said(Text("봉이 닫힐 때 또는 새 값마다", "when a bar has closed, or at every new price")),
        },
        "buy_amount_usd": {**_positive(), **_said(Text("한 번에 살 금액(달러)", "dollars to buy for at once"))},
        "max_position": {"type": "integer", "minimum": 1, **_said(Text("가질 수 있는 주식 수", "shares it may own"))},
        "entry_condition": {**condition, **_said(Text("살 조건", "when to buy"))},
        "exit_condition": {
            **condition,
            **_said(Text("팔 조건. 없으면 손절·익절만", "when to sell; without, stops alone")),
        },
        "params": {"type": ["object", "null"], **_said(_PARAMS)},
        "code": {"type": ["string", "null"], **_said(Text("decide 함수의 파이썬 코드", "Python text of `decide`"))},
        "stop_loss_pct": {
            **_percent(100),
            **_said(Text("매수가보다 이만큼 낮으면 팖", "sells this far below the entry")),
        },
        "take_profit_pct": {
            **_percent(None),
            **_said(Text("매수가보다 이만큼 높으면 팖", "sells this far above the entry")),
        },
        "trailing_stop_pct": {
            **_percent(100),
            **_said(Text("매수 후 최고가보다 이만큼 낮으면 팖", "sells this far below the highest price since entry")),
        },
        "time_in_force": {**_words(TimeInForce), "default": "day"},
        "cooldown_sec": {"type": "integer", "minimum": 0, "default": 60},
        "sessions": {"type": "array", "items": _words(Session), "minItems": 1, "default": ["regular"]},
        "order_price": {"enum": ["last", "touch", "passive"], "default": "touch", **_said(_ORDER_PRICE)},
        "price_offset_bps": {"type": "integer", "minimum": -1000, "maximum": 1000, "default": 10},
        "price_offset_ticks": {"type": "integer", "minimum": -1000, "maximum": 1000, "default": 0},
        **_unfilled(),
        "max_entries": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            **_said(Text("팔기 전에 살 수 있는 횟수", "how often it may buy before it has sold")),
        },
    }


def _unfilled() -> Schema:
    """What becomes of an order that does not fill."""
    return {
        "cancel_after_sec": {
            "type": ["integer", "null"],
            "minimum": 1,
            **_said(Text("체결되지 않으면 이만큼 뒤에 취소(초)", "seconds after which it is cancelled")),
        },
        "reprice_times": {
            "type": "integer",
            "minimum": 0,
            "maximum": MOST_REPRICES,
            "default": 0,
            **_said(Text("새 값으로 다시 내는 횟수", "how often it is sent again at a new price")),
        },
        "reprice_after_sec": {
            "type": ["integer", "null"],
            "minimum": 1,
            **_said(Text("그때마다 기다리는 시간(초)", "seconds that it waits each time")),
        },
        "max_slippage_bps": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": MOST_SLIPPAGE_BPS,
            **_said(Text("첫 지정가에서 불리하게 움직일 수 있는 한도", "how far beyond the first limit it may go")),
        },
        "at_close": {
            **_words(AtClose),
            "default": "leave",
            **_said(Text("장이 끝날 때: 두거나 취소", "at the end of its session: left, or cancelled")),
        },
        "close_margin_sec": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_CLOSE_MARGIN_SEC,
            "default": 60,
            **_said(Text("장 종료 몇 초 전에 취소할지", "how many seconds before that end")),
        },
    }


def _words(enum: Any) -> Schema:
    return {"enum": [word.value for word in enum]}


def _positive() -> Schema:
    return {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": _NUMBER_TEXT}]}


def _percent(most: int | None) -> Schema:
    """3 is three percent; `3%` is the same."""
    number: Schema = {"type": ["number", "null"], "exclusiveMinimum": 0}
    if most is not None:
        number["exclusiveMaximum"] = most
    return {"anyOf": [number, {"type": "string", "pattern": r"^\s*(\d+(\.\d*)?|\.\d+)?\s*%?\s*$"}]}


def _said(text: Text) -> Schema:
    return {"description": f"{text.ko} / {text.en}"}


_CONDITION = Text("조건", "A condition")
_EXPRESSION = Text("식, 예를 들어 rsi(14) < 30", "An expression, such as rsi(14) < 30")
_PARAMS = Text("조건에서 $이름 으로 쓰는 값", "values that conditions name as $name")
_ORDER_PRICE = Text(
    "지정가의 기준: 체결가, 상대 호가, 우리 쪽 호가",
    "what the limit starts from: last, the other side's, our own side's",
)
