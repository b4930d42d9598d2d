"""Pages by key, not by number: page ten thousand costs what page one costs, and nothing is skipped or repeated
when rows arrive meanwhile."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems import ApiError
from market.errors import Text

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def _encode(values: Sequence[Any]) -> str:
    text = json.dumps([value if isinstance(value, int) else str(value) for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _bad(name: str) -> ApiError:
    text = Text(f"{name} 값이 올바르지 않습니다.", f"The value of {name} is not valid.")
    return ApiError("invalid", text, 400, {name: [text]})


def _decode(cursor: str, model: type[Model], names: Sequence[str]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(names):
            raise ValueError(cursor)
        return [model._meta.get_field(n).to_python(v) for n, v in zip(names, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, ValidationError, FieldDoesNotExist):
        raise _bad("cursor") from None


def _beyond(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after `values`. The bound on the first column alone lets the index start at the right place."""
    steps = [(name.lstrip("-"), "lt" if name.startswith("-") else "gt") for name in ordering]
    after = Q(pk__in=[])
    for i, (name, compare) in enumerate(steps):
        equal = {steps[j][0]: values[j] for j in range(i)}
        after |= Q(**equal, **{f"{name}__{compare}": values[i]})
    first, compare = steps[0]
    return Q(**{f"{first}__{compare}e": values[0]}) & after


def page_limit(request: Request) -> int:
    """`limit` of the query, 1 to 200; 50 when not given."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise _bad("limit")
    return int(text)


def page(
    request: Request,
    rows: QuerySet,
    *,
    ordering: Sequence[str] = ("-created_at", "-id"),
    shape: Callable[[list[Any]], Iterable[Any]] = list,
) -> dict[str, Any]:
    """`{"results": […], "next": cursor | None}` of what the query asks for.

    `ordering` must end in a unique column and hold no nulls; `shape` turns the rows (model instances or
    `values()` dicts) of one page into what is sent. Raises ApiError for a cursor that is not ours.
    """
    limit, cursor = page_limit(request), request.query_params.get("cursor", "")
    names = [name.lstrip("-") for name in ordering]
    if cursor:
        rows = rows.filter(_beyond(ordering, _decode(cursor, rows.model, names)))
    found = list(rows.order_by(*ordering)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    last = found[-1] if more else None
    values = last if isinstance(last, dict) else {n: getattr(last, n, None) for n in names}
    return {"results": list(shape(found)), "next": _encode([values[n] for n in names]) if more else None}


def page_schema(results: dict[str, Any]) -> dict[str, Any]:
    """The page around the schema of a list."""
    return {
        "type": "object",
        "required": ["results", "next"],
        "properties": {"results": results, "next": {"type": ["string", "null"]}},
    }


class KeysetPagination(BasePagination):
    """The same pages for DRF's generic list views, which may name their `ordering`."""

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Any]:
        ordering = getattr(view, "ordering", ("-created_at", "-id"))
        self.page = page(request, queryset, ordering=ordering)
        return self.page["results"]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.page["next"]})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return page_schema(schema)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "required": False, "schema": limit},
        ]
