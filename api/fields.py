"""Model fields made from the market's words, and the constraints that keep them true."""

from enum import StrEnum

from django.db import models

MONEY = {"max_digits": 20, "decimal_places": 4}  # US dollars
PRICE = {"max_digits": 18, "decimal_places": 8}  # US dollars per share; KIS sends up to eight decimals


def word(enum: type[StrEnum], **options) -> models.CharField:
    """A column that holds one of the enum's words; pair it with `one_of` in the table's constraints."""
    choices = [(member.value, member.value) for member in enum]
    return models.CharField(max_length=max(len(m) for m in enum) + 4, choices=choices, **options)


def one_of(table: str, field: str, enum: type[StrEnum]) -> models.CheckConstraint:
    """The database itself knows the words."""
    return models.CheckConstraint(
        name=f"{table}_{field}_is_known", condition=models.Q(**{f"{field}__in": [m.value for m in enum]})
    )
