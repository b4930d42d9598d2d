"""Parameters of a rule: `$fast` in a condition, `params["fast"]` in Python. Pure.

Stored and written as `{"fast": {"type": "int", "default": 10, "min": 2, "max": 50}}`; a bare number is its default.
`value` is what the person has set; without it the default holds.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from market.errors import Text
from rules.language.errors import nearest

MOST_PARAMS = 50
MOST_CHOICES = 100
LONGEST_TITLE = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_DIGITS = 15  # so many survive the way through JSON
_TYPES = {"int": "int", "integer": "int", "number": "number", "float": "number", "choice": "choice"}
_KEYS = {"type": "type", "default": "default", "value": "value", "min": "min", "max": "max", "least": "min",
         "most": "max", "title": "title", "label": "title", "choices": "choices"}  # fmt: skip


class ParamProblem(ValueError):
    """`path` is the parameter and, if it is one entry of it, the entry: "fast.min"."""

    def __init__(
        self, path: str, ko: str, en: str, *, expected: Text | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(f"{path}: {en}")
        self.path = path
        self.text = Text(ko, en)
        self.expected = expected
        self.suggestion = suggestion


def read_params(value: object) -> dict[str, dict[str, Any]]:
    """The parameters as they are stored, in the order given. Raises ParamProblem."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ParamProblem(
            "",
            "`fast: 10` 처럼 이름과 값을 짝지어야 합니다.",
            "It must be names with their values, such as `fast: 10`.",
        )
    if len(value) > MOST_PARAMS:
        raise ParamProblem("", f"{MOST_PARAMS}개까지 쓸 수 있습니다.", f"At most {MOST_PARAMS} parameters.")
    return {_name(name): _Reader(str(name)).read(given) for name, given in value.items()}


def values_of(params: Mapping[str, Mapping[str, Any]]) -> dict[str, Decimal | str]:
    """What each stored parameter is worth: a Decimal, or the word of a choice."""
    return {name: _worth(given.get("value", given["default"])) for name, given in params.items()}


def _worth(value: object) -> Decimal | str:
    return value if isinstance(value, str) else Decimal(str(value))


def _name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ParamProblem(
            str(name),
            "이름은 영문자, 숫자, _ 로 쓰고 숫자로 시작하지 않습니다.",
            "A name is made of letters, digits and _ and does not begin with a digit.",
        )
    return name


class _Reader:
    """Reads one parameter."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, given: object) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            given = {"default": given}
        raw = self.keys(given)
        if raw.get("default") is None:
            raise self.problem("default", "기본값(default)이 필요합니다.", "It needs a default.")
        kind = self.kind(raw)
        found: dict[str, Any] = {"type": kind}
        if kind == "choice":
            found |= self.choice(raw)
        else:
            found |= {key: self.number(key, raw[key], kind) for key in ("default", "value", "min", "max") if key in raw}
            self.must_fit(found)
        if "title" in raw:
            found["title"] = self.title(raw["title"])
        return found

    def keys(self, given: Mapping[Any, Any]) -> dict[str, Any]:
        raw = {}
        for key, value in given.items():
            known = _KEYS.get(str(key))
            if known is None:
                raise self.problem(
                    str(key),
                    "매개변수에 없는 항목입니다.",
                    "A parameter has no such entry.",
                    expected=Text("다음 가운데 하나: " + ", ".join(_KEYS), "one of " + ", ".join(_KEYS)),
                    suggestion=nearest(str(key), _KEYS),
                )
            if value is not None:
                raw[known] = value
        return raw

    def kind(self, raw: Mapping[str, Any]) -> str:
        given = raw.get("type")
        if given is None:
            default = raw["default"]
            if "choices" in raw or (isinstance(default, str) and _WORD.fullmatch(default)):
                return "choice"
            return "int" if self.number("default", default, "number") == int(Decimal(str(default))) else "number"
        if str(given) not in _TYPES:
            raise self.problem(
                "type",
                f"`{given}` 은(는) 모르는 종류입니다.",
                f"`{given}` is no kind of parameter.",
                expected=Text("int, number, choice 가운데 하나", "one of int, number, choice"),
                suggestion=nearest(str(given), _TYPES),
            )
        return _TYPES[str(given)]

    def number(self, key: str, value: object, kind: str) -> int | float:
        try:
            number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value).strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or len(number.normalize().as_tuple().digits) > _DIGITS or abs(number) >= 10**_DIGITS:
            raise self.problem(key, f"`{value}` 은(는) 숫자가 아닙니다.", f"`{value}` is no number.")
        if number == number.to_integral_value():
            return int(number)
        if kind == "int":
            raise self.problem(key, f"`{value}` 은(는) 정수가 아닙니다.", f"`{value}` is no whole number.")
        return float(number)

    def must_fit(self, found: Mapping[str, Any]) -> None:
        least, most = found.get("min"), found.get("max")
        if least is not None and most is not None and least > most:
            raise self.problem("min", f"min {least} 이 max {most} 보다 큽니다.", f"min {least} is above max {most}.")
        for key in ("default", "value"):
            number = found.get(key)
            if number is None or ((least is None or number >= least) and (most is None or number <= most)):
                continue
            limits = f"{'' if least is None else least}–{'' if most is None else most}"
            raise self.problem(
                key,
                f"{number} 은(는) 범위 밖입니다.",
                f"{number} is out of range.",
                expected=Text(limits, limits),
            )

    def choice(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        choices = raw.get("choices", [raw["default"]])
        words = [raw["default"], raw.get("value", raw["default"])]
        if not isinstance(choices, list) or not all(isinstance(c, str) and _WORD.fullmatch(c) for c in choices):
            raise self.problem("choices", "낱말의 목록이어야 합니다.", "It must be a list of words.")
        if len(choices) > MOST_CHOICES:
            raise self.problem("choices", f"{MOST_CHOICES}개까지 쓸 수 있습니다.", f"At most {MOST_CHOICES} words.")
        for key, word in zip(("default", "value"), words, strict=True):
            if word not in choices:
                raise self.problem(
                    key,
                    f"`{word}` 은(는) choices 에 없습니다.",
                    f"`{word}` is not one of the choices.",
                    expected=Text(", ".join(choices), ", ".join(choices)),
                    suggestion=nearest(str(word), choices),
                )
        found = {"default": words[0], "choices": choices}
        return found | ({"value": words[1]} if "value" in raw else {})

    def title(self, value: object) -> str | dict[str, str]:
        if isinstance(value, str) and len(value) <= LONGEST_TITLE:
            return value
        if isinstance(value, Mapping) and set(value) == {"ko", "en"}:
            said = {"ko": value["ko"], "en": value["en"]}
            if all(isinstance(text, str) and len(text) <= LONGEST_TITLE for text in said.values()):
                return said
        raise self.problem("title", "글자이거나 {ko, en} 이어야 합니다.", "It must be text, or {ko, en}.")

    def problem(self, key: str, ko: str, en: str, **more: Any) -> ParamProblem:
        return ParamProblem(f"{self.name}.{key}", ko, en, **more)
