"""Where a call is made: here, or in a helper process when this one forked from a process that had workers.

The helper is a fresh interpreter that knows nothing but this module. Plain values go over a pipe; its questions about
indicators come back and are answered here.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rules.sandbox.workers import WORKERS, Asked, CageAway, Job, Opened, Outcome, run_here

_ROOT = Path(__file__).resolve().parents[2]
_AGAIN = "again"
_ANSWER_WITHIN = 15.0  # seconds; a call that hangs longer than every limit together is a helper that is gone


def run(job: Job, opened: Opened) -> Outcome:
    """One call of a strategy. Raises CageAway."""
    return _HELPER.run(job, opened) if WORKERS.inherited else run_here(job, opened)


@dataclass
class _Helper:
    process: subprocess.Popen[bytes] | None = None
    pipe: Connection | None = None
    lock: Any = field(default_factory=threading.Lock)

    def run(self, job: Job, opened: Opened) -> Outcome:
        with self.lock:
            for _ in range(2):
                try:
                    return self._talk(job, opened)
                except (OSError, EOFError):
                    self.close()
        raise CageAway

    def _talk(self, job: Job, opened: Opened) -> Outcome:
        pipe = self._started()
        pipe.send(job)
        asked = opened()
        while True:
            if not pipe.poll(_ANSWER_WITHIN):
                raise EOFError
            word = pipe.recv()
            if isinstance(word, Outcome):
                return word
            if word is None:
                raise CageAway
            if word == _AGAIN:
                asked = opened()
                continue
            pipe.send(_answered(asked, *word))

    def _started(self) -> Connection:
        if self.pipe is None:
            ours, theirs = socket.socketpair()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rules.sandbox.relay", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=_ROOT,
                env={"PATH": os.defpath},
                stdin=subprocess.DEVNULL,
            )
            theirs.close()
            self.pipe = Connection(ours.detach())
        return self.pipe

    def close(self) -> None:
        process, pipe, self.process, self.pipe = self.process, self.pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.wait()


def _answered(asked: Asked, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[float | None, str | None]:
    try:
        return asked(*args, **options), None
    except ValueError as error:
        return None, str(error)


def _serve(pipe: Connection) -> None:
    """The helper's life: calls until the other end is gone."""

    def ask(*args: Any, **options: Any) -> float | None:
        pipe.send((_plain(args), _plain(options)))
        value, error = pipe.recv()
        if error is not None:
            raise ValueError(error)
        return float(value) if value is not None else None

    def opened() -> Asked:
        pipe.send(_AGAIN)
        return ask

    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(run_here(job, opened))
        except CageAway:
            pipe.send(None)


def _plain(value: Any) -> Any:
    """Only what a question can be made of crosses; the rest is refused over there as no number."""
    if isinstance(value, dict):
        return {str(key)[:60]: _plain(each) for key, each in list(value.items())[:20]}
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value[:20])
    if isinstance(value, str):
        return value[:60]
    return value if isinstance(value, bool | int | float | None) else "?"


_HELPER = _Helper()


def _after_fork() -> None:
    """The parent's helper is the parent's."""
    _HELPER.process, _HELPER.pipe, _HELPER.lock = None, None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_HELPER.close)

if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
