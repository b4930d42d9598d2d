"""What rules own lies above positions: whoever keeps it says here how it follows a change of the book."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from accounts.models import BrokerageAccount

Rescale = Callable[[UUID, str, Fraction, datetime], object]
Lower = Callable[[BrokerageAccount, datetime], object]

_rescale: list[Rescale] = []
_lower: list[Lower] = []


def follow(*, rescale: Rescale, lower: Lower) -> None:
    """Called once at start. Both run inside the transaction that changes the book, which holds the account's row.

    `rescale(account_id, symbol, ratio, at)`: new shares for old ones. `lower(account, at)`: rules own no more than
    the book has.
    """
    if rescale not in _rescale:
        _rescale.append(rescale)
        _lower.append(lower)


def rescale(account_id: UUID, symbol: str, ratio: Fraction, at: datetime) -> None:
    """Turn what rules own of the symbol, and their highs, to the new scale."""
    for each in _rescale:
        each(account_id, symbol, ratio, at)


def lower(account: BrokerageAccount, at: datetime) -> None:
    """Take from the rules what they own beyond the book as it is saved."""
    for each in _lower:
        each(account, at)
