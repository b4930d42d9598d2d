"""Ctrl-C and SIGTERM as a flag that every wait looks at.

An exception raised inside a signal handler could lose a process between its start and its entry
in our books, so the handler only sets a flag.
"""

import signal
import sys
import threading
from types import FrameType

from infra.launch.problem import Interrupted

_asked = threading.Event()
_again = threading.Event()
_signals: list[int] = []


def listen() -> None:
    """Takes over Ctrl-C, SIGTERM and a closed terminal."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)


def _on_signal(number: int, frame: FrameType | None) -> None:
    _signals.append(number)
    (_again if _asked.is_set() else _asked).set()


def pause(seconds: float) -> None:
    """Waits, or raises Interrupted as soon as somebody asks us to stop."""
    if _asked.wait(seconds):
        raise Interrupted


def asked() -> bool:
    return _asked.is_set()


def impatient() -> bool:
    """A second Ctrl-C: no more grace."""
    return _again.is_set()


def by_terminal() -> bool:
    """Whether it was Ctrl-C, which a program in the foreground got as well."""
    return bool(_signals) and _signals[0] == signal.SIGINT and sys.stdin.isatty()


def ask() -> None:
    _asked.set()


def forget() -> None:
    """For tests: as if nobody had asked."""
    _asked.clear()
    _again.clear()
    _signals.clear()
