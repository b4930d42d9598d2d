"""What is wrong with a rule, and where: in which field, at which line and column, and what was expected there."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from market.errors import Text
from rules.language import ConditionError

Problems = dict[str, list[Text]]  # sentences by field, as problem+json carries them


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (or, when `warns`, one that a person should know).

    `field` is the field of the rule, empty for the whole; `path` the entry inside it ("all[1].left", "fast.min").
    `line` and `column` count from 1, in the field's own text, or in the file once `files` has placed them there.
    """

    field: str
    message: Text
    code: str = "invalid"
    path: str = ""
    line: int | None = None
    column: int | None = None
    expected: Text | None = None
    suggestion: str | None = None
    warns: bool = False

    @classmethod
    def of(cls, field: str, error: ConditionError) -> "Problem":
        """What is wrong with a condition of this field."""
        return cls(
            field,
            error.message,
            error.code,
            error.path,
            error.line,
            error.column,
            error.expected,
            error.suggestion,
        )

    def placed(self, line: int | None, column: int | None) -> "Problem":
        """The same, at a place in a file."""
        return replace(self, line=line, column=column)

    @property
    def text(self) -> Text:
        """All of it in one sentence per language, for a form field."""
        return Text(self._sentence("ko"), self._sentence("en"))

    def _sentence(self, language: str) -> str:
        korean = language == "ko"
        parts = [getattr(self.message, language)]
        if self.line is not None and self.column is not None:
            parts.insert(0, f"{self.line}행 {self.column}열:" if korean else f"Line {self.line}, column {self.column}:")
        elif self.line is not None:
            parts.insert(0, f"{self.line}행:" if korean else f"Line {self.line}:")
        elif self.path:
            parts.insert(0, f"{self.path}:")
        if self.expected:
            wanted = getattr(self.expected, language)
            parts.append(f"필요한 것: {wanted}." if korean else f"Expected: {wanted}.")
        if self.suggestion:
            parts.append(f"혹시 `{self.suggestion}` 인가요?" if korean else f"Did you mean `{self.suggestion}`?")
        return " ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "field": self.field,
            "code": self.code,
            "message": self.message.as_dict(),
            "expected": self.expected.as_dict() if self.expected else None,
            "suggestion": self.suggestion,
            "line": self.line,
            "column": self.column,
            "path": self.path,
        }


def by_field(problems: Iterable[Problem]) -> Problems:
    """Sentences by field, for a form or problem+json. Warnings are left out."""
    found: Problems = {}
    for problem in problems:
        if not problem.warns:
            found.setdefault(problem.field, []).append(problem.text)
    return found


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if not problem.warns]


def warnings_of(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.warns]
