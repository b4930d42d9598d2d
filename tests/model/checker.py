"""Breadth first through every state, so that the first trace to a loss is a shortest one."""

import gc
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

Label = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What an exploration brought. `complete`: every state that can be reached was visited."""

    states: int
    transitions: int
    depth: int
    seconds: float
    complete: bool
    loss: str = ""
    trace: tuple[Label, ...] = ()


def explore[S: Hashable](
    start: S,
    next_of: Callable[[S], Iterable[tuple[Label, S, str]]],
    wrong_with: Callable[[S], str],
    *,
    at_most: int,
) -> Found:
    """Visit every state from `start`.

    `next_of` gives label, state and what the step itself broke ("" for nothing); `wrong_with` says what is wrong
    with a state. Stops at the first loss, or incomplete after `at_most` states.
    """
    gc.disable()  # nothing here goes round in circles, and there is much of it
    try:
        return _explored(start, next_of, wrong_with, at_most)
    finally:
        gc.enable()


def _explored[S: Hashable](
    start: S,
    next_of: Callable[[S], Iterable[tuple[Label, S, str]]],
    wrong_with: Callable[[S], str],
    at_most: int,
) -> Found:
    began = time.perf_counter()
    came_from: dict[S, tuple[S, Label] | None] = {start: None}
    waiting = deque([(start, 0)])
    transitions = depth = 0

    def found(complete: bool, loss: str = "", trace: tuple[Label, ...] = ()) -> Found:
        return Found(len(came_from), transitions, depth, time.perf_counter() - began, complete, loss, trace)

    while waiting:
        state, depth = waiting.popleft()
        for label, after, broken in next_of(state):
            transitions += 1
            if broken:
                return found(False, broken, (*_way_to(state, came_from), label))
            if after in came_from:
                continue
            came_from[after] = (state, label)
            if loss := wrong_with(after):
                return found(False, loss, _way_to(after, came_from))
            waiting.append((after, depth + 1))
        if len(came_from) > at_most:
            return found(False)
    return found(True)


def _way_to[S: Hashable](state: S, came_from: dict[S, tuple[S, Label] | None]) -> tuple[Label, ...]:
    labels = []
    while (step := came_from[state]) is not None:
        state, label = step
        labels.append(label)
    return tuple(reversed(labels))
