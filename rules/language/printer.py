"""Tree to text: the one canonical spelling. `parse(to_text(node)) == node` for every tree."""

import re

from rules.indicators.registry import REGISTRY, SOURCES
from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
    Between,
    Boolean,
    Call,
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
    Word,
)
from rules.language.words import FAMILIES

_PLAIN = re.compile(r"[A-Z][A-Z0-9]*")
# How tightly each binds; a child that binds looser than its place needs is put in parentheses.
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _UNARY, _VALUE = range(8)


def to_text(node: Node) -> str:
    """The condition as a person would type it."""
    return _text(node, _OR)


def _text(node: Node, place: int) -> str:
    text, strength = _spelled(node)
    return text if strength >= place else f"({text})"


def _spelled(node: Node) -> tuple[str, int]:
    match node:
        case Number(value=value):
            return format(value, "f"), _VALUE
        case Boolean(value=value):
            return ("true" if value else "false"), _VALUE
        case Word(value=value):
            return value, _VALUE
        case Param(name=name):
            return f"${name}", _VALUE
        case Name(name=name, series=series):
            return _prefix(series) + name + (f"({_timeframe(series)[0]})" if series.timeframe else ""), _VALUE
        case Call():
            return _call(node), _VALUE
        case Pattern(signal=signal, name=name, series=series):
            return f"{_prefix(series)}{signal}({', '.join([name, *_timeframe(series)])})", _VALUE
        case Shift(of=of, bars=bars):
            return f"{_text(of, _VALUE)}[{bars}]", _VALUE
        case Negate(of=of):
            return f"-{_text(of, _UNARY)}", _UNARY
        case Arithmetic(op=op, left=left, right=right):
            strength = _SUM if op in (Operator.ADD, Operator.SUBTRACT) else _PRODUCT
            return f"{_text(left, strength)} {op} {_text(right, strength + 1)}", strength
        case Comparison(op=op, left=left, right=right):
            return f"{_text(left, _SUM)} {op} {_text(right, _SUM)}", _COMPARISON
        case Between(of=of, low=low, high=high):
            value, least, most = (_text(part, _SUM) for part in (of, low, high))
            return f"{value} between {least} and {most}", _COMPARISON
        case Not(of=of):
            return f"not {_text(of, _NOT)}", _NOT
        case All(of=items):
            return _group(items, "all", "and", _AND)
        case AnyOf(of=items):
            return _group(items, "any", "or", _OR)


def _call(node: Call) -> str:
    named = [f"{name}={_argument(node, value)}" for name, value in node.named]
    args = ", ".join([*(_argument(node, arg) for arg in node.args), *named, *_timeframe(node.series)])
    output = "" if node.output is None else f".{node.output}"
    return f"{_prefix(node.series)}{node.name}({args}){output}"


def _argument(call: Call, node: Node) -> str:
    """Symbols are read in either case, and shown as the exchange writes them."""
    text = _text(node, _OR)
    indicator = REGISTRY.get(call.name)
    takes_symbol = indicator is not None and any(p.kind == "symbol" for p in indicator.parameters)
    return text.upper() if takes_symbol and isinstance(node, Name) and text not in SOURCES else text


def _prefix(series: Series) -> str:
    """`QQQ.`, or in quotes what could be read as something else."""
    symbol = series.symbol
    if symbol is None:
        return ""
    plain = _PLAIN.fullmatch(symbol) and symbol.lower() not in FAMILIES and symbol.lower() not in REGISTRY
    return f"{symbol}." if plain else f'"{symbol}".'


def _timeframe(series: Series) -> list[str]:
    return [f"timeframe={series.timeframe}"] if series.timeframe else []


def _group(items: tuple[Node, ...], name: str, word: str, strength: int) -> tuple[str, int]:
    if len(items) == 1:
        return f"{name}({_list(items)})", _VALUE
    # A group inside its own kind keeps its parentheses: `a and (b and c)` is not `a and b and c`.
    return f" {word} ".join(_text(item, strength + 1) for item in items), strength


def _list(items: tuple[Node, ...]) -> str:
    return ", ".join(_text(item, _OR) for item in items)
