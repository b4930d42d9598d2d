"""Continued answers: tr_cont in the headers, a search and a position key in the body (3.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kis.simulator.rest.call import Call


@dataclass(frozen=True, slots=True)
class Context:
    """The two fields that a list goes on with: their names in the query, their width, what joins a search."""

    search: str
    position: str
    width: int
    joint: str = "^"

    @property
    def fields(self) -> tuple[str, str]:
        return self.search, self.position


CTX200 = Context("CTX_AREA_FK200", "CTX_AREA_NK200", 200)
WIDTH = CTX200.width
CTX100 = Context("CTX_AREA_FK100", "CTX_AREA_NK100", 100, "!^")  # section 4.13
CTX20 = Context("CTX_AREA_FK", "CTX_AREA_NK", 20)  # section 4.23


def page[T](
    call: Call,
    rows: Sequence[T],
    key: Callable[[T], str],
    size: int,
    search: Sequence[str],
    context: Context = CTX200,
    *,
    falling: bool = False,
) -> tuple[Sequence[T], dict[str, Any], str, bool]:
    """(rows of this page, the two context fields, response tr_cont, whether more follow).

    The position key names the last row shown, so that rows which come or go meanwhile shift nothing. `falling`: the
    rows are sorted by falling keys.
    """
    after = call.params.get(context.position, "").strip() if call.tr_cont == "N" else ""
    start = _start([key(row) for row in rows], after, falling) if after else 0
    shown = rows[start : start + size]
    more = start + size < len(rows)
    both = {
        context.search.lower(): (context.joint.join(search) + context.joint).ljust(context.width),
        context.position.lower(): (key(shown[-1]) if more else "").ljust(context.width),
    }
    tr_cont = ("M" if after else "F") if more else ("E" if after else "D")
    return shown, both, tr_cont, more


def _start(keys: Sequence[str], after: str, falling: bool) -> int:
    """Where the rows behind `after` begin; it may be gone itself (an order that was filled meanwhile)."""
    if after in keys:
        return keys.index(after) + 1
    return next((i for i, key in enumerate(keys) if (key < after if falling else key > after)), len(keys))


def said(call: Call, rows: int, more: bool) -> tuple[str, str]:
    """Message code and text of a list (3.6)."""
    if call.side == "paper":
        if not rows:
            return "70070000", "모의투자 조회할 내역(자료)이 없습니다."
        return "20310000", "모의투자 조회가 완료되었습니다."
    if more:
        return "KIOK0510", "조회가 완료되었습니다"
    return ("KIOK0460", "조회 되었습니다. (마지막 자료)") if rows else ("KIOK0560", "조회할 내용이 없습니다")
