"""Bases for what goes out and what comes in, so that generated types need no casts."""

from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from api.fields import MONEY, PRICE
from api.pagination import MAX_LIMIT
from api.problems import TextOut
from market.errors import Text

__all__ = ["PAGE_PARAMETERS", "In", "ModelOut", "Money", "Out", "Price", "TextOut", "paged"]


class _AllRequired:
    """Every field is read-only and always there; null is said, never left out. `AccountOut` is Account outside."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._spectacular_annotation = {"component_name": cls.__name__.removesuffix("Out")}

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()  # type: ignore[misc]
        for field in fields.values():
            field.read_only, field.required = True, False
        return fields


class Out(_AllRequired, serializers.Serializer):
    """Output only."""


class ModelOut(_AllRequired, serializers.ModelSerializer):
    """Output only, from a model."""


class In(serializers.Serializer):
    """Input; a field that it does not know is refused, because a misspelt limit is no limit."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            text = Text("알 수 없는 항목입니다.", "There is no such field.")
            raise serializers.ValidationError({name: [str(text)] for name in sorted(unknown)})
        return super().to_internal_value(data)


class Money(serializers.DecimalField):
    """US dollars as a decimal string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**MONEY, **options)


class Price(serializers.DecimalField):
    """US dollars per share as a decimal string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**PRICE, **options)


@cache
def paged(row: type[serializers.Serializer]) -> serializers.Serializer:
    """For the schema: a page of rows, as `api.pagination.page` gives it."""
    return inline_serializer(
        f"{row.__name__.removesuffix('Out')}Page",
        {"results": row(many=True), "next": serializers.CharField(allow_null=True)},
    )


PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="`next` of the page before"),
    OpenApiParameter("limit", int, description=f"rows in a page, 1 to {MAX_LIMIT}"),
]
