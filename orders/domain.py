"""An order's life is a table, and what the broker's list says moves it. Pure: no Django, no clock, no network."""

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


class Event(StrEnum):
    """What can happen to an order: our own acts, the broker's answers, and what its list says."""

    SUBMIT = "submit"  # the next thing is the write
    NOT_WRITTEN = "not_written"  # proved: no byte arrived, or the gateway turned it away
    REFUSED = "refused"  # proved: the ledger said no
    ACCEPTED = "accepted"  # an answer with a number, or a row that can only be ours
    LOST = "lost"  # no answer, or one that proves nothing
    NEVER_SEEN = "never_seen"  # the day is over and its complete list does not know the order
    ASK_CANCEL = "ask_cancel"
    ASK_AMEND = "ask_amend"
    REQUEST_ENDED = "request_ended"  # a cancel surely did not take effect, or an amend is settled; nothing is filled
    REQUEST_ENDED_FILLED = "request_ended_filled"  # the same, something is filled
    SEEN_WORKING = "seen_working"
    SEEN_PARTIALLY_FILLED = "seen_partially_filled"
    SEEN_FILLED = "seen_filled"
    SEEN_CANCELLED = "seen_cancelled"
    SEEN_REJECTED = "seen_rejected"
    SEEN_EXPIRED = "seen_expired"


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
FINAL = frozenset(State) - OPEN

# Without a number of its own such an order could not be told from an identical one (safety.md 1.2).
NAMELESS = frozenset({State.INTENT, State.SUBMITTING, State.UNKNOWN, State.NOT_SEEN})

# The broker has or had it under a number that we know.
NUMBERED = frozenset(
    {
        State.WORKING,
        State.PARTIALLY_FILLED,
        State.PENDING_CANCEL,
        State.PENDING_AMEND,
        State.FILLED,
        State.CANCELLED,
        State.EXPIRED,
    }
)

S, E = State, Event

_SEEN_END = {
    E.SEEN_FILLED: S.FILLED,
    E.SEEN_CANCELLED: S.CANCELLED,
    E.SEEN_REJECTED: S.REJECTED,
    E.SEEN_EXPIRED: S.EXPIRED,
}
_SEEN = {E.SEEN_WORKING: S.WORKING, E.SEEN_PARTIALLY_FILLED: S.PARTIALLY_FILLED, **_SEEN_END}
# A row that shows the order open says nothing about a cancel or amend that is still under way.
_SEEN_MEANWHILE = {E.SEEN_WORKING: None, E.SEEN_PARTIALLY_FILLED: None, **_SEEN_END}
_PENDING = {
    **_SEEN_MEANWHILE,
    E.REQUEST_ENDED: S.WORKING,
    E.REQUEST_ENDED_FILLED: S.PARTIALLY_FILLED,
    E.NEVER_SEEN: S.NOT_SEEN,
}
_WORKING = {
    **_SEEN,
    E.ASK_CANCEL: S.PENDING_CANCEL,
    E.ASK_AMEND: S.PENDING_AMEND,
    E.NEVER_SEEN: S.NOT_SEEN,
    E.LOST: S.UNKNOWN,
}
# The end was read from the broker's list. A row that shows the order open again is an older reading:
# its fills are booked like any others, the end stays.
_ENDED = dict.fromkeys(_SEEN) | {E.SEEN_FILLED: S.FILLED}

# state -> event -> next state; None: the order stays, the event is in order.
_TABLE: dict[State, dict[Event, State | None]] = {
    S.INTENT: {E.SUBMIT: S.SUBMITTING, E.NOT_WRITTEN: S.NOT_SENT},
    S.SUBMITTING: {
        E.SUBMIT: None,  # a new attempt after a proved refusal, inside the deadline (safety.md 1.5)
        E.NOT_WRITTEN: S.NOT_SENT,
        E.REFUSED: S.REJECTED,
        E.ACCEPTED: S.WORKING,
        E.LOST: S.UNKNOWN,
    },
    S.UNKNOWN: {
        **_SEEN,
        E.ACCEPTED: S.WORKING,
        E.REFUSED: S.REJECTED,  # an answer that comes late outranks the doubt
        E.NOT_WRITTEN: S.NOT_SENT,
        E.LOST: None,
        E.NEVER_SEEN: S.NOT_SEEN,
    },
    S.WORKING: {**_WORKING, E.SEEN_WORKING: None},
    # cumulative quantities do not fall: a row with nothing filled is an older reading
    S.PARTIALLY_FILLED: {**_WORKING, E.SEEN_WORKING: None, E.SEEN_PARTIALLY_FILLED: None},
    S.PENDING_CANCEL: {**_PENDING, E.ASK_CANCEL: None},  # an unknown cancel may be sent again (safety.md 1.8)
    S.PENDING_AMEND: {**_PENDING, E.ASK_CANCEL: S.PENDING_CANCEL},
    S.FILLED: dict.fromkeys(_SEEN),
    S.CANCELLED: dict(_ENDED),
    S.EXPIRED: dict(_ENDED),
    # a rejection and a fill contradict each other: the fill is the fact, so the rest may be alive
    S.REJECTED: {**_SEEN, E.SEEN_WORKING: None, E.SEEN_REJECTED: None},
    # silence was taken for an end: any row is better evidence
    S.NOT_SEEN: {**_SEEN, E.ACCEPTED: S.WORKING, E.NEVER_SEEN: None},
    S.NOT_SENT: {},
}

TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {(state, event): to or state for state, row in _TABLE.items() for event, to in row.items()}
)


class IllegalTransition(Exception):
    """A move that the table does not know: a mistake of ours, never the broker's."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"an order that is {state} knows no {event}")
        self.state = state
        self.event = event


def step(state: State, event: Event) -> State:
    """The state after the event. Raises IllegalTransition for what is not in the table."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None
