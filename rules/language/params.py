"""Parameters of a rule, put in the place of their `$name`."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from market.errors import Text
from rules.language.errors import ConditionError, nearest
from rules.language.nodes import (
    WORDS,
    All,
    AnyOf,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Param,
    Place,
    Shift,
    Word,
    number_is_sayable,
    walk,
)


def bind_params(node: Node, values: Mapping[str, Decimal | str]) -> Node:
    """The tree with every `$name` replaced by its value; the same tree when it has none.

    Raises ConditionError at a name that has no value, or whose value a condition cannot hold.
    """
    match node:
        case Param():
            return _value(node, values)
        case Shift(of=of) | Negate(of=of) | Not(of=of):
            bound = bind_params(of, values)
            return node if bound is of else replace(node, of=bound)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            a, b = bind_params(left, values), bind_params(right, values)
            return node if a is left and b is right else replace(node, left=a, right=b)
        case Between(of=of, low=low, high=high):
            value, least, most = (bind_params(part, values) for part in (of, low, high))
            return replace(node, of=value, low=least, high=most)
        case All(of=items) | AnyOf(of=items):
            return replace(node, of=tuple(bind_params(item, values) for item in items))
        case Call(args=args, named=named):
            return replace(
                node,
                args=tuple(bind_params(arg, values) for arg in args),
                named=tuple((name, bind_params(value, values)) for name, value in named),
            )
    return node


def params_of(node: Node) -> frozenset[str]:
    """The names that it wants values for."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Param))


def number_node(value: Decimal, place: Place | None = None) -> Node:
    """The literal of a number of either sign. Raises ValueError when no condition can hold it."""
    size = Number(abs(value), place=place)
    return Negate(size, place=place) if value < 0 else size


def _value(node: Param, values: Mapping[str, Decimal | str]) -> Node:
    value = values.get(node.name)
    if value is None:
        known = ", ".join(sorted(values))
        raise ConditionError(
            Text(f"`${node.name}` 의 값이 정해지지 않았습니다.", f"`${node.name}` has no value."),
            code="undefined_param",
            place=node.place,
            expected=Text(f"다음 가운데 하나: {known}", f"one of {known}") if known else None,
            suggestion=_suggested(node.name, values),
        )
    if isinstance(value, str):
        return Word(value, place=node.place) if value in WORDS else Name(value.lower(), place=node.place)
    if not number_is_sayable(abs(value)):
        raise ConditionError(
            Text(f"`${node.name}` 의 값 {value} 을(를) 쓸 수 없습니다.", f"`${node.name}` cannot be {value}."),
            code="bad_number",
            place=node.place,
        )
    return number_node(value, node.place)


def _suggested(name: str, values: Mapping[str, Decimal | str]) -> str | None:
    by_lower = {known.lower(): known for known in values}
    found = nearest(name, by_lower)
    return None if found is None else f"${by_lower[found]}"
