"""Answers and frames that differ from what KIS documents: what differs, by name, never by value.

Nothing here stops a parser. `Journal.drift` says each difference once per process.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kis.wire import fields
from kis.wire.fields import Container, Layout
from kis.wire.values import Row, decimal, text

Shape = dict[str, str]  # name -> its kind, or "missing"

MISSING = "missing"
SIGNATURES_KEPT = 2000

_DATE = re.compile(r"(19|20)\d{6}", re.ASCII)


def kind(value: object) -> str:
    """What sort of value it is: blank, date, number, text, object, list."""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    word = text(value)
    if not word:
        return "blank"
    if _DATE.fullmatch(word):
        return "date"
    return "number" if decimal(word) is not None else "text"


def unknown(layout: str, seen_names: Iterable[str], known_names: Iterable[str]) -> Shape | None:
    """Names nobody documented and documented ones that did not come; None when neither. For `Journal.drift`."""
    seen, known = set(seen_names), set(known_names)
    return dict.fromkeys(sorted(seen - known), "added") | dict.fromkeys(sorted(known - seen), MISSING) or None


def record(tr_id: str, count: int) -> list[str] | None:
    """The shape of a WebSocket record of `count` fields; None when that length is known, or the feed is not."""
    known = fields.FRAME_FIELDS.get(tr_id)
    return [f"{count} fields"] if known is not None and count not in known else None


# What was looked at and need not be again. Only names and types are kept.
_looked_at: set[tuple[Any, ...]] = set()


def answer(tr_id: str, body: Mapping[str, Any]) -> list[tuple[str, Shape]]:
    """How a successful answer differs from its documented layout: (layout, shape) for each part that does.

    A shape seen before costs a look-up and answers nothing.
    """
    found = fields.BY_TR_ID.get(tr_id)
    if found is None:
        return []
    signature = (tr_id, *((name, _signature(value)) for name, value in body.items()))
    if signature in _looked_at:
        return []
    if len(_looked_at) >= SIGNATURES_KEPT:
        _looked_at.clear()
    _looked_at.add(signature)
    return list(_differences(*found, body))


def forget() -> None:
    """As in a new process: every shape will be looked at again."""
    _looked_at.clear()


def _signature(part: object) -> object:
    if isinstance(part, list):
        return frozenset(map(_row_signature, part))
    return _row_signature(part)


def _row_signature(row: object) -> object:
    if not isinstance(row, dict):
        return type(row)
    odd = tuple(name for name, value in row.items() if type(value) is not str)
    return tuple(row), odd, any(map(_is_filled, row.values()))


def _is_filled(value: object) -> bool:
    return not isinstance(value, str) or bool(value.strip(" 0."))


def _differences(name: str, layout: Layout, body: Mapping[str, Any]) -> Iterator[tuple[str, Shape]]:
    parts = {str(key).lower(): value for key, value in body.items()}
    for key, container in layout.items():
        if key not in parts:
            if not container.optional:
                yield f"{name}.{key}", {key: MISSING}
        elif shape := _part(key, container, parts[key]):
            yield f"{name}.{key}", shape
    if added := {key: kind(parts[key]) for key in parts if key not in layout and key not in fields.ENVELOPE}:
        yield name, added


def _part(key: str, container: Container, value: object) -> Shape:
    if kind(value) not in container.form and not _is_known_form(container, value):
        return {key: kind(value)}
    rows = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    shape: Shape = {}
    for row in rows:
        shape |= _row(container, row) if isinstance(row, dict) else {"row": kind(row)}
    return shape


def _is_known_form(container: Container, value: object) -> bool:
    """An empty list comes as one object of blanks (4.11, Appendix E)."""
    return container.form == fields.LIST and isinstance(value, dict) and Row(value).blank


def _row(container: Container, row: Mapping[str, Any]) -> Shape:
    values = {str(name).lower(): value for name, value in row.items()}
    known = container.fields | container.also
    shape = {name: kind(value) for name, value in values.items() if name not in known or _is_nested(value)}
    return shape | dict.fromkeys(sorted(container.fields - values.keys()), MISSING)


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)
