"""How often each function was called and how it answered, per app key: what a benchmark asks the broker itself."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Tally:
    """Counts answers since the start. `take` hands out a copy."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int, str]] = Counter()

    def add(self, app_key: str, path: str, status: int, code: str) -> None:
        """One answer: its HTTP status and its `msg_cd`, "" when there is none."""
        self._counts[app_key, path, status, code] += 1

    def rows(self) -> list[dict[str, Any]]:
        """One row per app key, path, status and code, the most frequent first."""
        names = ("app_key", "path", "status", "code")
        return [{**dict(zip(names, key, strict=True)), "count": n} for key, n in self._counts.most_common()]
