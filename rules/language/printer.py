"""Tree to text: the one canonical spelling. `parse(to_text(node)) == node` for every tree."""

from rules.language.nodes import (
    All,
    AnyOf,
    Arithmetic,
    Boolean,
    Call,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Operator,
    Shift,
)

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
        case Name(name=name):
            return name, _VALUE
        case Call(name=name, args=args):
            return f"{name}({_list(args)})", _VALUE
        case Shift(of=of, bars=bars):
            return f"{_text(of, _VALUE)}[{bars}]", _VALUE
        case Negate(of=of):
            return f"-{_text(of, _UNARY)}", _UNARY
        case Arithmetic(op=op, left=left, right=right):
            strength = _SUM if op in (Operator.ADD, Operator.SUBTRACT) else _PRODUCT
            return f"{_text(left, strength)} {op} {_text(right, strength + 1)}", strength
        case Comparison(op=op, left=left, right=right):
            return f"{_text(left, _SUM)} {op} {_text(right, _SUM)}", _COMPARISON
        case Not(of=of):
            return f"not {_text(of, _NOT)}", _NOT
        case All(of=items):
            return _group(items, "all", "and", _AND)
        case AnyOf(of=items):
            return _group(items, "any", "or", _OR)


def _group(items: tuple[Node, ...], name: str, word: str, strength: int) -> tuple[str, int]:
    if len(items) == 1:
        return f"{name}({_list(items)})", _VALUE
    # A group inside its own kind keeps its parentheses: `a and (b and c)` is not `a and b and c`.
    return f" {word} ".join(_text(item, strength + 1) for item in items), strength


def _list(items: tuple[Node, ...]) -> str:
    return ", ".join(_text(item, _OR) for item in items)
