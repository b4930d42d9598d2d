"""The types of the language."""

from enum import StrEnum


class Kind(StrEnum):
    """`exact` numbers are Decimal (money, shares); `float` ones statistics. Both are numbers to the person."""

    BOOLEAN = "boolean"
    EXACT = "exact"
    FLOAT = "float"
    WORD = "word"

    @property
    def is_number(self) -> bool:
        return self in (Kind.EXACT, Kind.FLOAT)
