"""An order's life is a table. Pure: no Django, no clock, no network."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    INTENT = "intent"  # committed, nothing sent
    SUBMITTING = "submitting"  # the request may be on its way
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    NOT_SENT = "not_sent"  # proved: the broker never had it
    NOT_SEEN = "not_seen"  # silence: keeps its reservation until the day's complete list was read
    UNKNOWN = "unknown"
    PENDING_CANCEL = "pending_cancel"
    PENDING_AMEND = "pending_amend"


OPEN = frozenset(
    {
        State.INTENT,
        State.SUBMITTING,
        State.WORKING,
        State.PARTIALLY_FILLED,
        State.UNKNOWN,
        State.PENDING_CANCEL,
        State.PENDING_AMEND,
    }
)

TRANSITIONS: Mapping = MappingProxyType({})
