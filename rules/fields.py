"""What each field of a rule may be. One table reads the API's JSON, a rule file and a form alike."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from market.errors import Text
from market.words import Environment, EvaluateOn, Exchange, Session, Timeframe, TimeInForce
from rules.language import ConditionError, check_condition, read_condition, to_text
from rules.language.codec import is_mapping_text
from rules.models import Mode, OrderPrice

# A rule file need not say how much it may own at most: what its amount buys, it may own.
DEFAULT_MAX_POSITION = 1_000_000
_MOST = 2**31 - 1
_SYMBOL = re.compile(r"[A-Z][A-Z0-9./-]{0,15}")
_MONEY_STEP = Decimal("0.0001")
_MONEY_LIMIT = Decimal(10) ** 16

Problems = dict[str, list[Text]]


class FieldProblem(ValueError):
    def __init__(self, ko: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(ko, en)


def read_fields(raw: Mapping[str, Any]) -> tuple[dict[str, Any], Problems]:
    """The fields as the table of rules stores them, and what is wrong with the others."""
    fields, problems = {}, {}
    for name, value in raw.items():
        reader = READERS.get(name)
        try:
            if reader is None:
                raise FieldProblem("규칙에 없는 항목입니다.", "A rule has no such field.")
            fields[name] = reader(value)
        except FieldProblem as problem:
            problems[name] = [problem.text]
        except ConditionError as error:
            problems[name] = [error.text]
    return fields, problems


def missing(fields: Iterable[str]) -> Problems:
    """What a whole rule still lacks."""
    lacking = [name for name in REQUIRED if name not in fields]
    return {name: [Text("필수 항목입니다.", "This field is required.")] for name in lacking}


def misfits(fields: Mapping[str, Any], environment: str) -> Problems:
    """What each field allows but the whole does not."""
    problems: Problems = {}
    auction = fields.get("time_in_force") in (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE)
    if auction and environment == Environment.PAPER:
        text = Text(
            "모의투자에는 동시호가 주문이 없습니다. day 로 두세요.", "Paper accounts have no auction orders; use day."
        )
        problems["time_in_force"] = [text]
    return problems


def _symbol(value: object) -> str:
    text = _string(value).upper()
    if not _SYMBOL.fullmatch(text):
        raise FieldProblem("AAPL 같은 종목 기호여야 합니다.", "It must be a symbol such as AAPL.")
    return text


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise FieldProblem("글자여야 합니다.", "It must be text.")
    return value.strip()


def _name(value: object) -> str:
    text = _string(value)
    if len(text) > 80:
        raise FieldProblem("80자 이하여야 합니다.", "At most 80 characters.")
    return text


def _word[E: StrEnum](enum: type[E]) -> Callable[[object], E]:
    def read(value: object) -> E:
        try:
            return enum(value.lower() if isinstance(value, str) else value)
        except ValueError:
            words = ", ".join(enum)
            raise FieldProblem(f"다음 가운데 하나여야 합니다: {words}.", f"It must be one of {words}.") from None

    return read


def _mode(value: object) -> Mode:
    mode = _word(Mode)(value)
    if mode is Mode.PYTHON:
        raise FieldProblem("Python 규칙은 아직 실행할 수 없습니다.", "Python rules cannot be run yet; use dsl.")
    return mode


def _money(value: object) -> Decimal:
    """A float is read by its shortest spelling, which is what the file or the JSON said."""
    try:
        amount = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < _MONEY_LIMIT or amount % _MONEY_STEP:
        raise FieldProblem(
            "0 보다 큰 달러 금액이어야 합니다 (소수 4자리까지).",
            "It must be an amount in dollars above zero, with at most four decimals.",
        )
    return amount


def _whole(least: int, most: int = _MOST) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = str(value).strip()
        number = int(text) if not isinstance(value, bool) and text.isascii() and text.isdigit() else None
        if number is None or not least <= number <= most:
            raise FieldProblem(
                f"{least} 이상 {most} 이하의 정수여야 합니다.", f"It must be a whole number from {least} to {most}."
            )
        return number

    return read


def _condition(value: object) -> str:
    """Checked; an expression is kept as it was typed, a mapping in its canonical spelling."""
    node = read_condition(value)
    check_condition(node)
    if isinstance(value, str) and not is_mapping_text(value):
        return value.strip()
    return to_text(node)


def _sessions(value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        raise FieldProblem("장의 목록이어야 합니다.", "It must be a list of sessions.")
    return list(dict.fromkeys(_word(Session)(item).value for item in value))


def _optional[T](read: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else read(value)


READERS: dict[str, Callable[[object], Any]] = {
    "name": _name,
    "symbol": _symbol,
    "exchange": _word(Exchange),
    "mode": _mode,
    "timeframe": _word(Timeframe),
    "evaluate_on": _word(EvaluateOn),
    "buy_amount_usd": _money,
    "max_position": _whole(1),
    "entry_condition": _condition,
    "exit_condition": _condition,
    "time_in_force": _word(TimeInForce),
    "cooldown_sec": _whole(0),
    "sessions": _sessions,
    "order_price": _word(OrderPrice),
    "price_offset_bps": _whole(0, 1000),
    "cancel_after_sec": _optional(_whole(1)),
}
REQUIRED = ("symbol", "buy_amount_usd", "entry_condition", "exit_condition")
