"""Named points on an order's way: somebody who listens is told that the process has come so far.

Nobody listens in ordinary running. `manage.py chaos` does, in the processes that it starts and ends there.
"""

from collections.abc import Callable

NAMES = (
    "before_intent_commit",
    "after_intent_commit",
    "before_submitting_commit",
    "after_submitting_commit",
    "before_write",
    "after_write",  # the bytes are out
    "before_answer_recorded",
    "after_answer_recorded",
    "before_cancel_commit",
    "after_cancel_commit",
    "in_settling",  # inside the transaction that claims
    "in_booking",  # inside the transaction that books a fill
    "after_booking",
    "before_checkpoint",
    "after_checkpoint",
    "in_recovery",
)

_hook: Callable[[str], None] | None = None


def at(name: str) -> None:
    """The process is at this point. Costs one look when nobody listens."""
    if _hook is not None:
        _hook(name)


def listen(hook: Callable[[str], None] | None) -> None:
    """Tell `hook` of every point from now on; None: nobody any more."""
    global _hook
    _hook = hook
