"""JSON from outside, of which nothing may be expected."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def read_json(text: str | bytes) -> Any:
    """What it says. Raises ValueError, also for what nests too deeply, is no number, or cannot be said again."""
    try:
        found = json.loads(text, parse_constant=_refuse)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair cannot be written
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


def _refuse(word: str) -> NoReturn:
    """`NaN` and `Infinity` are no JSON, though the library takes them."""
    raise ValueError(f"{word} is no JSON")
