"""Secrets of a row, sealed with the row's id and the column's name bound in: moved elsewhere they do not open."""

from uuid import UUID

from django.db.models import Model

from accounts.keys import keyring


def bound_to(row: UUID, column: str, table: type[Model]) -> bytes:
    """What a sealed value of this row and column is tied to."""
    return f"{table._meta.app_label}.{table.__name__}.{column}:{row}".encode()


def seal(row: UUID, column: str, text: str, table: type[Model]) -> bytes:
    """The text, sealed for this place alone."""
    return keyring().seal(text.encode(), aad=bound_to(row, column, table))


def open_blob(row: UUID, column: str, blob: bytes | memoryview | None, table: type[Model]) -> str:
    """The text that was sealed for this place; "" for null. Raises sealing.SealBroken, sealing.NoKeyOpens."""
    return "" if blob is None else keyring().open(bytes(blob), aad=bound_to(row, column, table)).decode()


def opened(row: Model, column: str) -> str:
    """The secret of a column; "" when there is none. Raises sealing.SealBroken, sealing.NoKeyOpens."""
    return open_blob(row.pk, column, getattr(row, column), type(row))
