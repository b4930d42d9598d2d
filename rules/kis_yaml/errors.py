"""What is wrong with a strategy file, and what a strategy file cannot say."""

from dataclasses import dataclass
from typing import Any

from market.errors import Text


class KisYamlError(ValueError):
    """The file cannot be understood. `line` and `column` count from 1.

    `message` is a whole sentence, `expected` what would have been right there, `suggestion` a word that exists;
    `text` is all of them together, for a form field.
    """

    def __init__(
        self,
        line: int,
        column: int,
        message: Text,
        *,
        code: str,
        expected: Text | None = None,
        suggestion: str | None = None,
    ) -> None:
        super().__init__(f"line {line}, column {column}: {message.en}")
        self.line = line
        self.column = column
        self.message = message
        self.code = code
        self.expected = expected
        self.suggestion = suggestion

    @property
    def text(self) -> Text:
        return Text(self._sentence("ko"), self._sentence("en"))

    def _sentence(self, language: str) -> str:
        korean = language == "ko"
        parts = [f"{self.line}행 {self.column}열:" if korean else f"Line {self.line}, column {self.column}:"]
        parts.append(getattr(self.message, language))
        if self.expected:
            wanted = getattr(self.expected, language)
            parts.append(f"필요한 것: {wanted}." if korean else f"Expected: {wanted}.")
        if self.suggestion:
            parts.append(f"혹시 `{self.suggestion}` 인가요?" if korean else f"Did you mean `{self.suggestion}`?")
        return " ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe, with the keys of ConditionError.as_dict()."""
        return {
            "code": self.code,
            "message": self.message.as_dict(),
            "expected": self.expected.as_dict() if self.expected else None,
            "suggestion": self.suggestion,
            "line": self.line,
            "column": self.column,
            "path": "",
        }


@dataclass(frozen=True, slots=True)
class Reason:
    """`part` is the piece of the condition (or the name of the field) that the file cannot say."""

    part: str
    text: Text
    code: str

    def as_dict(self) -> dict[str, Any]:
        return {"part": self.part, "code": self.code, "message": self.text.as_dict()}


class NotExpressible(ValueError):
    """The strategy means something that the file has no words for. Nothing was written."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__("; ".join(f"{reason.part}: {reason.text.en}" for reason in reasons))
        self.reasons = reasons

    @property
    def text(self) -> Text:
        ko = "; ".join(f"`{reason.part}`: {reason.text.ko}" for reason in self.reasons)
        return Text(ko, "; ".join(f"`{reason.part}`: {reason.text.en}" for reason in self.reasons))

    def as_dict(self) -> dict[str, Any]:
        return {"code": "not_expressible", "reasons": [reason.as_dict() for reason in self.reasons]}
