"""What may come in at all, whatever it is for."""

from collections.abc import Mapping
from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

from api.problems import ApiError
from market.errors import Text

DEEPEST = 200  # objects and lists inside one another


class JSONParser(parsers.JSONParser):
    """JSON of bounded depth, whose texts every database can keep: no NUL, no half of a surrogate pair."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value. Raises ParseError for what is no JSON, ApiError for what cannot be taken."""
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError from None
        _must_be_kept(value)
        return value


def _must_be_kept(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ParseError
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, str) and not _is_text(each):
                raise ApiError(
                    "bad_text",
                    Text(
                        "저장할 수 없는 글자(NUL 이나 짝 없는 서로게이트)가 있습니다. 지우고 다시 보내 주세요.",
                        "A text has a character that cannot be stored (NUL, or half of a pair). Take it out.",
                    ),
                )
        level = below


def _is_text(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
