"""Text to tokens. Every token knows its line and column."""

import re
from dataclasses import dataclass

from market.errors import Text
from rules.language.errors import ConditionError
from rules.language.nodes import Place

LONGEST_TEXT = 4000

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\f]+)
      | (?P<number>\d+(?:\.\d+)?(?![\w.])|\.\d+(?![\w.]))
      | (?P<span>\d+[mhdMHD](?![\w.]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<quoted>"[^"\n]*"\.[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)
      | (?P<param>\$[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign><=|>=|==|!=|=(?![<>])|[-<>+*/(),.\[\]])""",
    re.VERBOSE,
)
# What people type from other languages, and how it is spelled here.
_FOREIGN = {
    "&&": "and", "||": "or", "=>": ">=", "=<": "<=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!=",
    "&": "and", "|": "or", "!": "not", "×": "*", "÷": "/", "{": "(", "}": ")", "，": ",",
    "（": "(", "）": ")",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # "number", "span" (1d), "word", "quoted" ("BRK/B".close), "param", "sign" or "end"
    text: str
    place: Place

    @property
    def shown(self) -> Text:
        return Text("끝", "the end") if self.kind == "end" else Text(f"`{self.text}`", f"`{self.text}`")


def tokens(text: str) -> list[Token]:
    """All tokens and one of kind "end". Raises ConditionError at the first character that is none."""
    if len(text) > LONGEST_TEXT:
        raise ConditionError(
            Text(
                f"조건이 너무 깁니다 ({len(text)}자). {LONGEST_TEXT}자 안으로 줄여 주세요.",
                f"The condition is too long ({len(text)} characters); keep it within {LONGEST_TEXT}.",
            ),
            code="too_long",
        )
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), place_of(text, at)))
        at = match.end()
    found.append(Token("end", "", place_of(text, len(text))))
    return found


def place_of(text: str, at: int) -> Place:
    """Line and column of the character at offset `at`."""
    before = text[:at]
    return Place(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1)


_NO_PERCENT = Text("퍼센트도 숫자만 (5 %는 `5`)", "a plain number for a percentage, too: `5` for 5 %")


def _unreadable(text: str, at: int) -> ConditionError:
    number = re.match(r"[\d.][\w.]*", text[at:])
    if number:
        return ConditionError(
            Text(f"`{number.group()}` 은(는) 숫자로 읽을 수 없습니다.", f"`{number.group()}` is not a number."),
            code="bad_number",
            place=place_of(text, at),
            expected=Text("30 이나 0.5 같은 숫자", "a number such as 30 or 0.5"),
        )
    if text[at] == '"':
        return ConditionError(
            Text("따옴표는 종목 이름에만 씁니다.", "Quotes are for the name of a symbol only."),
            code="bad_character",
            place=place_of(text, at),
            expected=Text('`"BRK/B".close` 같은 값', 'a value such as `"BRK/B".close`'),
        )
    foreign = next((sign for sign in _FOREIGN if text.startswith(sign, at)), None)
    shown = foreign or text[at]
    return ConditionError(
        Text(f"`{shown}` 은(는) 여기서 쓰지 않는 기호입니다.", f"`{shown}` is not a sign of this language."),
        code="bad_character",
        place=place_of(text, at),
        expected=_NO_PERCENT if shown == "%" else None,
        suggestion=_FOREIGN.get(shown),
    )
