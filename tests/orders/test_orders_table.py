"""The life of an order is a table: every move in it, and no other."""

from itertools import product

import pytest

from orders.domain import FINAL, NAMELESS, OPEN, TRANSITIONS, Event, IllegalTransition, State, step

SEEN = [e for e in Event if e.value.startswith("seen_")]
FILLS = [Event.SEEN_PARTIALLY_FILLED, Event.SEEN_FILLED]


@pytest.mark.parametrize(("state", "event"), sorted(TRANSITIONS))
def test_every_move_in_the_table_leads_to_a_known_state(state, event):
    assert step(state, event) in State


@pytest.mark.parametrize(("state", "event"), sorted(set(product(State, Event)) - set(TRANSITIONS)))
def test_every_move_not_in_the_table_is_refused(state, event):
    with pytest.raises(IllegalTransition):
        step(state, event)


def test_open_and_final_part_the_states():
    assert set(State) == OPEN | FINAL
    assert not OPEN & FINAL
    assert NAMELESS - {State.NOT_SEEN} <= OPEN


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        ("intent", "submit", "submitting"),
        ("intent", "not_written", "not_sent"),
        ("submitting", "accepted", "working"),
        ("submitting", "refused", "rejected"),
        ("submitting", "not_written", "not_sent"),
        ("submitting", "lost", "unknown"),
        ("submitting", "submit", "submitting"),
        ("unknown", "accepted", "working"),
        ("unknown", "never_seen", "not_seen"),
        ("working", "seen_partially_filled", "partially_filled"),
        ("partially_filled", "seen_working", "partially_filled"),
        ("working", "ask_cancel", "pending_cancel"),
        ("pending_cancel", "ask_cancel", "pending_cancel"),
        ("pending_cancel", "seen_working", "pending_cancel"),
        ("pending_cancel", "seen_partially_filled", "pending_cancel"),
        ("pending_cancel", "seen_filled", "filled"),
        ("pending_cancel", "request_ended", "working"),
        ("pending_cancel", "request_ended_filled", "partially_filled"),
        ("working", "lost", "unknown"),
    ],
)
def test_the_moves_that_a_reader_would_look_for(state, event, after):
    assert step(State(state), Event(event)) == after


@pytest.mark.parametrize("state", sorted(FINAL - {State.NOT_SENT}))
@pytest.mark.parametrize("event", FILLS)
def test_a_fill_after_any_end_is_an_ordinary_row(state, event):
    assert step(state, event) in State


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_is_ever_sent_again_after_an_end(state):
    for event in (Event.SUBMIT, Event.ASK_CANCEL, Event.ASK_AMEND):
        with pytest.raises(IllegalTransition):
            step(state, event)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.WORKING, State.PARTIALLY_FILLED, State.PENDING_CANCEL])
def test_an_order_that_may_exist_is_never_submitted_again(state):
    with pytest.raises(IllegalTransition):
        step(state, Event.SUBMIT)


def test_silence_is_not_an_end_that_refuses_better_evidence():
    for event in SEEN:
        assert (State.NOT_SEEN, event) in TRANSITIONS
    assert step(State.NOT_SEEN, Event.SEEN_WORKING) == State.WORKING


@pytest.mark.parametrize("state", [State.CANCELLED, State.EXPIRED, State.REJECTED])
def test_an_older_row_that_shows_the_order_open_does_not_undo_its_end(state):
    assert step(state, Event.SEEN_WORKING) == state


def test_not_sent_is_proved_so_nothing_can_follow():
    assert not [event for event in Event if (State.NOT_SENT, event) in TRANSITIONS]
