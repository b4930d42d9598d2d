"""One line for each stage, with its seconds, on stderr: stdout belongs to what a program reads."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from infra.launch.problem import Problem


class Stage:
    """What a stage may say about itself while it runs."""

    def __init__(self) -> None:
        self.note = ""


class Progress:
    """Prints stages and remembers how long each took (seconds)."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self.started = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self.started

    def say(self, text: str) -> None:
        """One line (or a block) for the person at the terminal. A closed terminal is no reason to fall over."""
        with self._lock:
            try:
                print(text, file=self.out, flush=True)
            except OSError:
                self.out = sys.stderr if self.out is not sys.stderr else open("/dev/null", "w")  # noqa: SIM115, PTH123

    @contextmanager
    def stage(self, name: str, what: str, *, quiet: bool = False) -> Iterator[Stage]:
        """Announces `what`, then its seconds; a Problem on its way out learns the stage's name."""
        begun, stage = time.monotonic(), Stage()
        if not quiet:
            self.say(f"  ·  {what} …")
        try:
            yield stage
        except Problem as e:
            e.stage = e.stage or name
            raise
        finally:
            self.seconds[name] = round(time.monotonic() - begun, 2)
        note = f" ({stage.note})" if stage.note else ""
        self.say(f"  ✓  {what}: {self.seconds[name]:.1f} s{note}")

    def problem(self, problem: Problem) -> None:
        """Says a Problem: the sentence in both languages, then the last lines of the log, if any."""
        self.say("\n" + "\n".join(f"✗ {text}" for text in (problem.ko, problem.en) if text))
        if problem.detail:
            self.say("\n".join(f"    | {line[:300]}" for line in problem.detail.splitlines()))
