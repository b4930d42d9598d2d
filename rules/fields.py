"""What each field of a rule may be. One table reads the API's JSON, a rule file and a form alike. Pure.

What the fields mean together is judged in `rules.whole`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from market.errors import Text
from market.words import EvaluateOn, Exchange, Session, Timeframe, TimeInForce
from rules.language import ConditionError, read_condition, to_text
from rules.language.codec import is_mapping_text
from rules.language.errors import nearest
from rules.params import ParamProblem, read_params
from rules.problems import Problem
from rules.words import (
    MOST_CLOSE_MARGIN_SEC,
    MOST_OFFSET_BPS,
    MOST_OFFSET_TICKS,
    MOST_REPRICES,
    MOST_SLIPPAGE_BPS,
    AtClose,
    Mode,
    OrderPrice,
)

# A rule file need not say how much it may own at most: what its amount buys, it may own.
DEFAULT_MAX_POSITION = 1_000_000
LONGEST_CODE = 20_000
_MOST = 2**31 - 1
_SYMBOL = re.compile(r"[A-Z][A-Z0-9./-]{0,15}")
_MONEY_STEP = Decimal("0.0001")
_MONEY_LIMIT = Decimal(10) ** 16
_PERCENT_LIMIT = Decimal(10) ** 5


class FieldProblem(ValueError):
    """A field cannot be what it is; `expected` and `suggestion` say what could be."""

    def __init__(
        self,
        ko: str,
        en: str,
        code: str = "invalid",
        *,
        expected: Text | None = None,
        suggestion: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(en)
        self.text = Text(ko, en)
        self.code = code
        self.expected = expected
        self.suggestion = suggestion
        self.line = line
        self.column = column

    def at(self, field: str) -> Problem:
        return Problem(field, self.text, self.code, "", self.line, self.column, self.expected, self.suggestion)


def read_fields(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The fields as the table of rules stores them, and what is wrong with the others."""
    fields: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in raw.items():
        try:
            fields[name] = read_field(name, value)
        except FieldProblem as problem:
            problems.append(problem.at(name))
        except ConditionError as error:
            problems.append(Problem.of(name, error))
        except ParamProblem as wrong:
            problems.append(
                Problem(name, wrong.text, "bad_param", wrong.path, expected=wrong.expected, suggestion=wrong.suggestion)
            )
    return fields, problems


def read_field(name: str, value: object) -> Any:
    """One field as it is stored. Raises FieldProblem, ConditionError or ParamProblem."""
    reader = READERS.get(name)
    if reader is None:
        raise FieldProblem(
            "규칙에 없는 항목입니다.",
            "A rule has no such field.",
            "unknown_field",
            suggestion=nearest(name, READERS),
        )
    return reader(value)


def missing(fields: Iterable[str]) -> list[Problem]:
    """What every rule must say and this one does not."""
    said = set(fields)
    lacking = [name for name in REQUIRED if name not in said]
    return [Problem(name, Text("필수 항목입니다.", "This field is required."), "required") for name in lacking]


def with_defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A whole rule's fields: those given, and for the others what a rule has when nobody says."""
    whole = {**DEFAULTS, **fields}
    if "price_offset_bps" not in fields and fields.get("order_price") == OrderPrice.PASSIVE:
        whole["price_offset_bps"] = 0  # who waits to be met does not step towards the other side
    return whole


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
            return enum(str(value).lower())
        except ValueError:
            words = ", ".join(enum)
            raise FieldProblem(
                f"다음 가운데 하나여야 합니다: {words}.",
                f"It must be one of {words}.",
                "unknown_word",
                suggestion=nearest(value, [word.value for word in enum]) if isinstance(value, str) else None,
            ) from None

    return read


def _decimal(value: object) -> Decimal:
    """A float is read by its shortest spelling, which is what the file or the JSON said; NaN for what is none."""
    try:
        return Decimal("NaN") if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        return Decimal("NaN")


def _money(value: object) -> Decimal:
    amount = _decimal(value)
    if not amount.is_finite() or not 0 < amount < _MONEY_LIMIT or amount % _MONEY_STEP:
        raise FieldProblem(
            "0 보다 큰 달러 금액이어야 합니다 (소수 4자리까지).",
            "It must be an amount in dollars above zero, with at most four decimals.",
        )
    return amount


def _percent(most: Decimal | None) -> Callable[[object], Decimal]:
    """Above zero, as a person says it: 3 is three percent. `most` itself is too much."""

    def read(value: object) -> Decimal:
        text = value.strip().removesuffix("%") if isinstance(value, str) else value
        percent = _decimal(text)
        if not percent.is_finite() or not 0 < percent < (most or _PERCENT_LIMIT) or percent % _MONEY_STEP:
            ko = f"0 보다 크고 {most} 보다 작은" if most else "0 보다 큰"
            en = f"above 0 and below {most}" if most else "above 0"
            raise FieldProblem(
                f"{ko} 퍼센트여야 합니다 (3은 3 %, 소수 4자리까지).",
                f"It must be a percentage {en} (3 means 3 %, at most four decimals).",
            )
        return percent

    return read


def _whole(least: int, most: int = _MOST) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = str(value).strip()
        digits = text.removeprefix("-") if least < 0 else text
        plain = not isinstance(value, bool) and digits.isascii() and digits.isdigit() and len(digits) < 12
        number = int(text) if plain else None
        if number is None or not least <= number <= most:
            raise FieldProblem(
                f"{least} 이상 {most} 이하의 정수여야 합니다.", f"It must be a whole number from {least} to {most}."
            )
        return number

    return read


def _condition(value: object) -> str:
    """Its spelling only; an expression is kept as it was typed, a mapping in its canonical spelling.

    Blank or null: none. What it means is judged with the parameters, in `rules.whole`.
    """
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == "":
        return ""
    node = read_condition(text)
    if isinstance(text, str) and not is_mapping_text(text):
        return text
    return to_text(node)


def _code(value: object) -> str:
    """The text of `decide`, checked by the cage that will run it. Blank: none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldProblem("글자여야 합니다.", "It must be text.")
    if len(value) > LONGEST_CODE:
        raise FieldProblem(f"{LONGEST_CODE}자 이하여야 합니다.", f"At most {LONGEST_CODE} characters.", "too_long")
    return value.replace("\r\n", "\n").strip("\n").rstrip() + "\n" if value.strip() else ""


def _sessions(value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        raise FieldProblem("장의 목록이어야 합니다.", "It must be a list of sessions.")
    return list(dict.fromkeys(_word(Session)(item).value for item in value))


def _optional[T](read: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None or value == "" else read(value)


_loss, _profit = _optional(_percent(Decimal(100))), _optional(_percent(None))

READERS: dict[str, Callable[[object], Any]] = {
    "name": _name,
    "symbol": _symbol,
    "exchange": _word(Exchange),
    "mode": _word(Mode),
    "timeframe": _word(Timeframe),
    "evaluate_on": _word(EvaluateOn),
    "buy_amount_usd": _money,
    "max_position": _whole(1),
    "entry_condition": _condition,
    "exit_condition": _condition,
    "params": read_params,
    "code": _code,
    "stop_loss_pct": _loss,
    "take_profit_pct": _profit,
    "trailing_stop_pct": _loss,
    "time_in_force": _word(TimeInForce),
    "cooldown_sec": _whole(0),
    "sessions": _sessions,
    "order_price": _word(OrderPrice),
    "price_offset_bps": _whole(-MOST_OFFSET_BPS, MOST_OFFSET_BPS),
    "price_offset_ticks": _whole(-MOST_OFFSET_TICKS, MOST_OFFSET_TICKS),
    "cancel_after_sec": _optional(_whole(1)),
    "reprice_times": _whole(0, MOST_REPRICES),
    "reprice_after_sec": _optional(_whole(1)),
    "max_slippage_bps": _optional(_whole(0, MOST_SLIPPAGE_BPS)),
    "at_close": _word(AtClose),
    "close_margin_sec": _whole(1, MOST_CLOSE_MARGIN_SEC),
    "max_entries": _whole(1),
}
REQUIRED = ("symbol", "buy_amount_usd")
STOPS = ("stop_loss_pct", "take_profit_pct", "trailing_stop_pct")
DEFAULTS: dict[str, Any] = {
    "name": "",
    "exchange": Exchange.NASDAQ,
    "mode": Mode.DSL,
    "timeframe": Timeframe.M1,
    "evaluate_on": EvaluateOn.BAR_CLOSE,
    "max_position": DEFAULT_MAX_POSITION,
    "entry_condition": "",
    "exit_condition": "",
    "params": {},
    "code": "",
    "stop_loss_pct": None,
    "take_profit_pct": None,
    "trailing_stop_pct": None,
    "time_in_force": TimeInForce.DAY,
    "cooldown_sec": 60,
    "sessions": [Session.REGULAR.value],
    "order_price": OrderPrice.TOUCH,
    "price_offset_bps": 10,
    "price_offset_ticks": 0,
    "cancel_after_sec": None,
    "reprice_times": 0,
    "reprice_after_sec": None,
    "max_slippage_bps": None,
    "at_close": AtClose.LEAVE,
    "close_margin_sec": 60,
    "max_entries": 1,
}
