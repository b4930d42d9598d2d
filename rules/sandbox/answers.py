"""What decide() returned, read strictly: anything that is not plainly a wish breaks the rule."""

import ast
import math
import re
from decimal import Decimal
from typing import Any

from market.errors import Text
from market.words import Action
from rules.domain import StrategyBroke, Wish
from rules.sandbox.limits import Limits
from rules.sandbox.words import clean

_ACTIONS = {"enter": Action.ENTRY, "exit": Action.EXIT}
_KEYS = ("action", "quantity", "limit_price", "reason")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
_FINEST = Decimal("0.0001")
_FLOATS = {"nan": math.nan, "inf": math.inf}
_EXPECTED = Text(
    'None, "enter", "exit" 또는 {"action": "enter", "quantity": 3, "limit_price": 12.5, "reason": "…"} 이어야 합니다',
    'it must be None, "enter", "exit" or {"action": "enter", "quantity": 3, "limit_price": 12.5, "reason": "…"}',
)


class _NoValue(Exception):
    pass


def read_answer(text: str, limits: Limits) -> Wish:
    """The wish in the repr of what decide() returned. Raises StrategyBroke."""
    if len(text) >= limits.answer:
        raise _broken(f"{limits.answer:,}자보다 깁니다", f"is longer than {limits.answer:,} characters")
    try:
        value = _value(ast.parse(text, mode="eval").body)
    except (_NoValue, SyntaxError, ValueError, RecursionError, MemoryError):
        raise _broken(f"{clean(text, 80)} 입니다", f"is {clean(text, 80)}") from None
    return _wish(value, limits)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in _FLOATS:
            return _FLOATS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _negative(_value(operand))
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(digits))], keywords=[]):
            return _decimal(digits)
        case ast.Dict(keys=keys, values=values) if len(keys) <= 2 * len(_KEYS):
            return {_key(key): _value(value) for key, value in zip(keys, values, strict=True)}
    raise _NoValue


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise _NoValue


def _negative(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return -value
    raise _NoValue


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:
        raise _NoValue from None


def _wish(value: Any, limits: Limits) -> Wish:
    if value is None:
        return Wish(Action.NONE)
    if isinstance(value, str):
        return Wish(_action(value))
    if not isinstance(value, dict):
        raise _broken(f"{clean(repr(value), 80)} 입니다", f"is {clean(repr(value), 80)}")
    unknown = [key for key in value if key not in _KEYS]
    if unknown:
        word = clean(repr(unknown[0]), 40)
        raise _broken(f"모르는 항목 {word} 이 있습니다", f"has an unknown entry {word}")
    return Wish(
        _action(value.get("action")),
        _quantity(value.get("quantity"), limits),
        _price(value.get("limit_price"), limits),
        _reason(value.get("reason"), limits),
    )


def _action(word: Any) -> Action:
    if isinstance(word, str) and word in _ACTIONS:
        return _ACTIONS[word]
    shown = clean(repr(word), 40)
    raise _broken(f"action 이 {shown} 입니다", f"has the action {shown}")


def _quantity(value: Any, limits: Limits) -> int | None:
    if value is None:
        return None
    shown = clean(repr(value), 40)
    problem = _broken(
        f"quantity 가 {shown} 입니다. 1 이상 {limits.quantity:,} 이하의 정수를 씁니다",
        f"has the quantity {shown}; a whole number from 1 to {limits.quantity:,} is meant",
    )
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise problem
    if not _finite(value) or not 1 <= value <= limits.quantity or value != int(value):
        raise problem
    return int(value)


def _price(value: Any, limits: Limits) -> Decimal | None:
    if value is None:
        return None
    shown = clean(repr(value), 40)
    problem = _broken(
        f"limit_price 가 {shown} 입니다. 0 보다 크고 {limits.price:,} 이하인 달러 값을 씁니다",
        f"has the limit_price {shown}; dollars above 0 and up to {limits.price:,} are meant",
    )
    if isinstance(value, str):
        if not _PLAIN_NUMBER.fullmatch(value):
            raise problem
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not _finite(value):
        raise problem
    if not isinstance(value, str) and not 0 < value <= limits.price:
        raise problem
    price = Decimal(str(value))
    if isinstance(value, float):
        price = price.quantize(_FINEST)  # 12.340000000000002 is nobody's price
    if not 0 < price <= limits.price or len(price.as_tuple().digits) > 30:
        raise problem
    return price


def _finite(value: int | float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isinstance(value, int) or math.isfinite(value)


def _reason(value: Any, limits: Limits) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _broken("reason 이 글이 아닙니다", "has a reason that is no text")
    words = " ".join(value.split())
    if len(words) > limits.reason:
        raise _broken(
            f"reason 이 {limits.reason}자보다 깁니다", f"has a reason of more than {limits.reason} characters"
        )
    if not words.isprintable():
        raise _broken("reason 에 보이지 않는 글자가 있습니다", "has a reason with characters that cannot be shown")
    return words or None


def _broken(ko: str, en: str) -> StrategyBroke:
    return StrategyBroke(
        Text(f"decide() 가 돌려준 값: {ko}. {_EXPECTED.ko}.", f"What decide() returned {en}: {_EXPECTED.en}.")
    )
