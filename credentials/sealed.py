"""Secrets of a row, sealed with the row's id and the column's name bound in: moved elsewhere they do not open."""

from uuid import UUID

from accounts.keys import keyring
from credentials.models import ApiCredential


def bound_to(row: UUID, column: str) -> bytes:
    """What a sealed value of this row and column is tied to."""
    return f"credentials.ApiCredential.{column}:{row}".encode()


def seal(row: UUID, column: str, text: str) -> bytes:
    """The text, sealed for this place alone."""
    return keyring().seal(text.encode(), aad=bound_to(row, column))


def open_blob(row: UUID, column: str, blob: bytes | memoryview | None) -> str:
    """The text that was sealed for this place; "" for null. Raises sealing.SealBroken, sealing.NoKeyOpens."""
    return "" if blob is None else keyring().open(bytes(blob), aad=bound_to(row, column)).decode()


def opened(credential: ApiCredential, column: str) -> str:
    """The secret of a column; "" when there is none. Raises sealing.SealBroken, sealing.NoKeyOpens."""
    return open_blob(credential.pk, column, getattr(credential, column))
