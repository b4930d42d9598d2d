"""Answers whose rows, fields and pages are not as documented. Pure: an answer in, another one out."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kis.simulator.faults.engine import About, Fault, Faults
from kis.simulator.rest.call import Answer

Body = dict[str, Any]
NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*", re.ASCII)
DECIMAL = re.compile(r"-?\d+\.\d+", re.ASCII)
FRAME = ("rt_cd", "msg_cd", "msg1")
UNDOCUMENTED = {"nxdy_rsrv_fld1": "0", "etc_cntn_name": "신규"}


def deform(answer: Answer, faults: Faults, about: About) -> Answer:
    """The answer after every fault of the point `rows` that strikes it. Only good answers have rows."""
    if answer.body.get("rt_cd") != "0" or not containers(answer.body):
        return answer
    for fault in faults.due("rows", about):
        change = CHANGES[fault.kind.name]
        found = change(answer, fault, faults.rng)
        if found is not None and faults.draw(fault):
            answer = found
    return answer


def containers(body: Body) -> list[str]:
    """output, output1, …"""
    return [name for name in body if name.startswith("output")]


def _lists(body: Body) -> dict[str, list[Body]]:
    return {name: body[name] for name in containers(body) if isinstance(body[name], list)}


def _put(answer: Answer, **changes: Any) -> Answer:
    return replace(answer, body={**answer.body, **changes})


def _each_row(answer: Answer, change: Callable[[Body], Body]) -> Answer:
    """The same with `change` made to each row of each list and to each object."""

    def changed(value: Any) -> Any:
        return [change(row) for row in value] if isinstance(value, list) else change(value)

    return _put(answer, **{name: changed(answer.body[name]) for name in containers(answer.body)})


def _each_value(answer: Answer, change: Callable[[str], Any]) -> Answer:
    return _each_row(answer, lambda row: {name: change(v) if isinstance(v, str) else v for name, v in row.items()})


def _position(body: Body) -> str | None:
    """The name of the position key, if the answer comes in pages (3.3)."""
    return next((name for name in body if name.startswith("ctx_area_nk")), None)


# Each returns the changed answer, or None when it cannot be changed so.


def _half_page(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    position, lists = _position(answer.body), _lists(answer.body)
    if position is None or not any(lists.values()):
        return None
    halves = {name: rows[: len(rows) // 2] for name, rows in lists.items()}
    blank = " " * len(answer.body[position])
    return replace(_put(answer, **halves, **{position: blank}), tr_cont="M")


def _tr_cont_lost(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    return replace(answer, tr_cont="") if answer.tr_cont in ("F", "M") else None


def _page_key_repeats(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    """The key it gave first for a search is given again with every page, and so is the page."""
    position = _position(answer.body)
    if position is None:
        return None
    search = f"{position} {answer.body.get(position.replace('nk', 'fk'))}"
    if answer.tr_cont not in ("F", "M") and search not in fault.memory:
        return None
    return replace(_put(answer, **{position: fault.memory.setdefault(search, answer.body[position])}), tr_cont="M")


def _row_repeated(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    lists = {name: [rows[0]] * len(rows) for name, rows in _lists(answer.body).items() if len(rows) > 1}
    return _put(answer, **lists) if lists else None


def _rows_doubled(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    lists = {name: [row for row in rows for _ in "12"] for name, rows in _lists(answer.body).items() if rows}
    return _put(answer, **lists) if lists else None


def _blank_rows(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    lists = {name: [*rows, dict.fromkeys(rows[0], "")] for name, rows in _lists(answer.body).items() if rows}
    return _put(answer, **lists) if lists else None


def _object_for_array(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    lists = {name: rows[0] if rows else {} for name, rows in _lists(answer.body).items() if len(rows) < 2}
    return _put(answer, **lists) if lists else None


def _array_for_object(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    objects = {name: [answer.body[name]] for name in containers(answer.body) if isinstance(answer.body[name], dict)}
    return _put(answer, **objects) if objects else None


def _missing_field(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    rows = [row for rows in _lists(answer.body).values() for row in rows[:1]]
    rows += [value for name in containers(answer.body) if isinstance(value := answer.body[name], dict)]
    names = [name for row in rows for name in row]
    lost = fault.match.get("field") or (rng.choice(names) if names else "")
    if lost not in names:
        return None
    return _each_row(answer, lambda row: {name: v for name, v in row.items() if name != lost})


def _added_fields(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    more = _each_row(answer, lambda row: {**row, **UNDOCUMENTED})
    return _put(more, reserved_area="1")


def _padded_fields(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    return _each_value(answer, lambda text: f" {text}   ")


def _bare_numbers(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    return _each_value(answer, _bare)


def _bare(text: str) -> Any:
    """A JSON number where the text is one; leading zeros (codes, order numbers) stay text."""
    if DECIMAL.fullmatch(text):
        return float(text)
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text


def _signed_numbers(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    return _each_value(answer, lambda text: f" +{text}" if DECIMAL.fullmatch(text) and text[0] != "-" else text)


def _last(change: Callable[[str], str]) -> Callable[[Answer, Fault, random.Random], Answer | None]:
    def changed(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
        def row(fields: Body) -> Body:
            return {**fields, "last": change(fields["last"])} if fields.get("last", "").strip() else fields

        found = _each_row(answer, row)
        return found if found.body != answer.body else None

    return changed


def _tenfold(text: str) -> str:
    return f"{Decimal(text) * 10:.4f}"


def _stale_quote(answer: Answer, fault: Fault, rng: random.Random) -> Answer | None:
    """The first answer about each symbol, again and again."""
    rows = [row for name in containers(answer.body) if isinstance(row := answer.body[name], dict)]
    symbol = next((row["rsym"] for row in rows if row.get("rsym")), None)
    if symbol is None:
        return None
    seen = fault.memory.setdefault(f"{symbol} {sorted(rows[0])}", answer.body)
    return replace(answer, body=seen)


CHANGES: dict[str, Callable[[Answer, Fault, random.Random], Answer | None]] = {
    "half_page": _half_page,
    "tr_cont_lost": _tr_cont_lost,
    "page_key_repeats": _page_key_repeats,
    "row_repeated": _row_repeated,
    "rows_doubled": _rows_doubled,
    "blank_rows": _blank_rows,
    "object_for_array": _object_for_array,
    "array_for_object": _array_for_object,
    "missing_field": _missing_field,
    "added_fields": _added_fields,
    "padded_fields": _padded_fields,
    "bare_numbers": _bare_numbers,
    "signed_numbers": _signed_numbers,
    "blank_last": _last(lambda text: ""),
    "wrong_last": _last(_tenfold),
    "stale_quote": _stale_quote,
}
