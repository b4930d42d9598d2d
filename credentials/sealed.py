"""Secrets of a key's row: as everywhere in the house, and a key's own table unless another is named."""

from uuid import UUID

from django.db.models import Model

from accounts import sealed
from accounts.sealed import opened
from credentials.models import ApiCredential

__all__ = ["bound_to", "open_blob", "opened", "seal"]


def bound_to(row: UUID, column: str, table: type[Model] = ApiCredential) -> bytes:
    """What a sealed value of this row and column is tied to."""
    return sealed.bound_to(row, column, table)


def seal(row: UUID, column: str, text: str, table: type[Model] = ApiCredential) -> bytes:
    """The text, sealed for this place alone."""
    return sealed.seal(row, column, text, table)


def open_blob(row: UUID, column: str, blob: bytes | memoryview | None, table: type[Model] = ApiCredential) -> str:
    """The text that was sealed for this place; "" for null. Raises sealing.SealBroken, sealing.NoKeyOpens."""
    return sealed.open_blob(row, column, blob, table)
