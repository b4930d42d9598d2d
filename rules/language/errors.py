"""What is wrong with a condition: where, what was expected, and the nearest thing that exists."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from market.errors import Text
from rules.language.nodes import Place


class ConditionError(ValueError):
    """The condition cannot be understood, or means nothing.

    `message` is a whole sentence; `expected` says what would have been right there; `suggestion` is a name
    or spelling that exists. `line` and `column` count from 1 and are None when the condition was not text;
    `path` then names the entry of the mapping ("all[1].left").
    """

    def __init__(
        self,
        message: Text,
        *,
        code: str,
        place: Place | None = None,
        path: str = "",
        expected: Text | None = None,
        suggestion: str | None = None,
    ) -> None:
        super().__init__(message.en)
        self.message = message
        self.code = code
        self.place = place
        self.path = path
        self.expected = expected
        self.suggestion = suggestion

    @property
    def line(self) -> int | None:
        return self.place.line if self.place else None

    @property
    def column(self) -> int | None:
        return self.place.column if self.place else None

    @property
    def text(self) -> Text:
        """Everything in one sentence per language, for a form field."""
        return Text(" ".join(self._parts("ko")), " ".join(self._parts("en")))

    def _parts(self, language: str) -> list[str]:
        korean = language == "ko"
        parts = []
        if self.place:
            line, column = self.place.line, self.place.column
            parts.append(f"{line}행 {column}열:" if korean else f"Line {line}, column {column}:")
        elif self.path:
            parts.append(f"{self.path}:")
        parts.append(getattr(self.message, language))
        if self.expected:
            wanted = getattr(self.expected, language)
            parts.append(f"필요한 것: {wanted}." if korean else f"Expected: {wanted}.")
        if self.suggestion:
            parts.append(f"혹시 `{self.suggestion}` 인가요?" if korean else f"Did you mean `{self.suggestion}`?")
        return parts

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "code": self.code,
            "message": self.message.as_dict(),
            "expected": self.expected.as_dict() if self.expected else None,
            "suggestion": self.suggestion,
            "line": self.line,
            "column": self.column,
            "path": self.path,
        }


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name most like `word`, or None when nothing is near."""
    names = sorted(known)
    # `return_pct` for `position.return_pct`: a person often forgets the family, and that is no misspelling of another.
    whole = next((name for name in names if "." in name and name.split(".")[-1] == word.lower()), None)
    return whole or next(iter(get_close_matches(word.lower(), names, n=1, cutoff=0.6)), None)
