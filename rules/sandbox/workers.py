"""The worker processes of this process, and one call in one of them.

A pool starts when it is first needed and ends with the process. Each call gets a session of its own: a fresh heap,
no globals but what is handed in. A worker that broke a limit is not used again.

A fork takes a copy of the pool that must never be touched: its event loop is still the parent's. A process that
forked after its parent had a pool works through a helper process instead (`relay`).
"""

import atexit
import ctypes
import os
import resource
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydantic_monty
from pydantic_monty import ClassInstance, CollectString, Monty, MontyCrashedError, MontyError, MontySession

from market.errors import Text
from rules.domain import StrategyAway
from rules.sandbox.limits import GRACE, LIMITS, LONGEST_TURN, PATIENCE, WORKER_MEMORY, Limits

Asked = Callable[..., float | None]
Opened = Callable[[], Asked]  # begins one attempt: what was asked is counted afresh

# Follows the user's code. What is known beforehand is answered inside; the rest is asked outside.
_ASKING = """
def indicator(*_args, **_options):
    _question = (_args, tuple(_options.items()))
    if _question not in _cage_known:
        _cage_known[_question] = _cage_ask(*_args, **_options)
    return _cage_known[_question]
"""
# The answer travels as text of bounded length, made inside the cage: however large it is, this process reads little.
_CALL = '\nf"{{decide(market, position, params)!r:.{most}}}"'
_SPARE_SUSPENSIONS = 50


class CageAway(StrategyAway):
    """No worker could be had: the machine's fault, not the strategy's."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Python 전략을 돌리는 작업 프로세스를 시작하지 못했습니다. ./run doctor 로 설치를 확인하세요.",
                "The worker process for Python strategies did not start. Check the installation with ./run doctor.",
            )
        )


class Kind(StrEnum):
    ANSWERED = "answered"
    FAILED = "failed"  # an exception in the user's code
    SYNTAX = "syntax"
    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    CALLS = "calls"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Job:
    """One call, as plain values: `market` and `position` become objects with these attributes.

    `known`: answers of indicator() by its arguments; empty when nothing is known beforehand.
    """

    code: str
    market: Mapping[str, Any]
    position: Mapping[str, Any]
    params: Mapping[str, float | str]
    known: Mapping[Any, float | None]
    now: datetime
    seed: str
    limits: Limits = LIMITS


@dataclass(frozen=True, slots=True)
class Outcome:
    """`text` is the answer's repr, or the error; `line` counts in the user's code."""

    kind: Kind
    text: str = ""
    line: int | None = None
    printed: str = ""


class Market(SimpleNamespace):
    pass


class Position(SimpleNamespace):
    pass


@dataclass(slots=True)
class Workers:
    """Lazily one pool. Safe to use from several threads."""

    pool: Monty | None = None
    inherited: bool = False  # this process forked from one that had a pool
    lock: Any = field(default_factory=threading.Lock)

    def session(self, job: Job) -> MontySession:
        """A session of its own for this call. Raises CageAway."""
        for _ in range(2):  # a pool that cannot serve is replaced once
            try:
                return self._checkout(job)
            except (MontyError, OSError, RuntimeError):
                self.close()
        raise CageAway

    def close(self) -> None:
        with self.lock:
            pool, self.pool = self.pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def _checkout(self, job: Job) -> MontySession:
        limits = job.limits
        session = self._started().checkout(
            script_name="strategy.py",
            limits=pydantic_monty.ResourceLimits(
                max_feed_duration_secs=limits.seconds,
                max_memory=limits.memory,
                max_recursion_depth=limits.depth,
                max_suspensions=limits.indicator_calls + _SPARE_SUSPENSIONS,
                max_total_sleep_secs=0,
            ),
            os_policy={
                "datetime": job.now,
                "timezone": "utc",
                "sleep": "zero",
                "process_time": "zero",
                "random_start": {"seed": job.seed},
            },
        )
        session.__enter__()
        _confine(session.worker_pid)
        return session

    def _started(self) -> Monty:
        with self.lock:
            if self.pool is None:
                pool = Monty(
                    max_processes=2,
                    checkout_timeout=5,
                    request_timeout=LONGEST_TURN,
                    feed_duration_limit_grace=GRACE,
                    turn_duration_limit_grace=GRACE,
                )
                self.pool = pool.__enter__()
            return self.pool


WORKERS = Workers()


def run_here(job: Job, opened: Opened) -> Outcome:
    """One call in a worker of this process. `opened` begins the answering of indicator(). Raises CageAway.

    A time limit that was hit, or a worker that died, gets a second chance: the machine may have been busy, and the
    same call gives the same answer.
    """
    outcome, _ = _attempt(job, opened)
    return _patiently(job, opened) if outcome.kind in (Kind.TIME, Kind.CRASHED) else outcome


def _patiently(job: Job, opened: Opened) -> Outcome:
    """Where the processor's time can be read it decides, and the clock on the wall may run on for longer."""
    if not _TASKS.exists():
        return _attempt(job, opened)[0]
    patient = replace(job, limits=replace(job.limits, seconds=job.limits.seconds * PATIENCE))
    outcome, used = _attempt(patient, opened, measured=True)
    if outcome.kind is Kind.ANSWERED and used > job.limits.seconds:
        return Outcome(Kind.TIME, printed=outcome.printed)
    return outcome


def _attempt(job: Job, opened: Opened, *, measured: bool = False) -> tuple[Outcome, float]:
    """How it ended, and the processor's seconds that it took when they are measured."""
    session = WORKERS.session(job)
    pid = session.worker_pid if measured else None
    begun = _processor_seconds(pid)
    outcome = _fed(session, job, opened())
    used = _processor_seconds(pid) - begun
    if outcome.kind in (Kind.ANSWERED, Kind.FAILED, Kind.SYNTAX):
        session.__exit__(None, None, None)
    # Otherwise the session is dropped unfinished, and its worker dies with it.
    return outcome, used


def _fed(session: MontySession, job: Job, asked: Asked) -> Outcome:
    printed = CollectString(max_bytes=job.limits.printed)
    try:
        answer = session.feed_run(
            job.code + (_ASKING if job.known else "") + _CALL.format(most=job.limits.answer),
            inputs={
                "market": ClassInstance(Market(**job.market), eager_attrs="all"),
                "position": ClassInstance(Position(**job.position), eager_attrs="all"),
                "params": dict(job.params),
                "_cage_known": dict(job.known),
            },
            external_lookup={"_cage_ask": asked, "indicator": asked},
            print_callback=printed,
        )
    except MontyError as error:
        return _what_happened(error, job, printed.output)
    return Outcome(Kind.ANSWERED, str(answer), printed=printed.output)


_TASKS = Path("/proc/self/task")


def _processor_seconds(pid: int | None) -> float:
    """What all threads of the process have used (Linux); 0 for none."""
    if pid is None:
        return 0.0
    try:
        spent = [(task / "schedstat").read_text().split()[0] for task in Path(f"/proc/{pid}/task").iterdir()]
    except (OSError, IndexError):
        return 0.0  # it has ended meanwhile, which its outcome tells
    return sum(map(int, spent)) / 1e9


def _what_happened(error: MontyError, job: Job, printed: str) -> Outcome:
    if isinstance(error, MontyCrashedError):
        return Outcome(Kind.TIME if error.timed_out else Kind.CRASHED, printed=printed)
    name, message = type(error.exception()).__name__, str(error)[:2000]
    kind, line = Kind.FAILED, _line(error, job.code)
    if isinstance(error, pydantic_monty.MontySyntaxError) or name == "NotImplementedError":
        kind = Kind.SYNTAX
    elif name == "TimeoutError" and "time limit exceeded" in message:
        kind = Kind.TIME
    elif name == "MemoryError":
        kind = Kind.OUTPUT if message.endswith(f"> {job.limits.printed} bytes") else Kind.MEMORY
    elif "suspension limit" in message:
        kind = Kind.CALLS
    return Outcome(kind, message, line, printed)


def _line(error: MontyError, code: str) -> int | None:
    frames = error.traceback() if hasattr(error, "traceback") else []
    last = code.count("\n") + 1
    lines = [frame.line for frame in frames if frame.line <= last]
    return lines[-1] if lines else None


def _confine(pid: int | None) -> None:
    """The second wall: what the kernel refuses a worker whatever happens inside. Where there is such a call."""
    if pid is None or not hasattr(resource, "prlimit"):
        return
    for what, most in (
        (resource.RLIMIT_AS, WORKER_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.prlimit(pid, what, (most, most))
        except (OSError, ValueError):
            return  # a container may forbid it; the cage does not rest on it


def _after_fork() -> None:
    """The copy is kept for ever: letting it go would end the parent's workers."""
    WORKERS.lock = threading.Lock()
    if WORKERS.pool is not None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(WORKERS.pool))
        WORKERS.pool, WORKERS.inherited = None, True


os.register_at_fork(after_in_child=_after_fork)
atexit.register(WORKERS.close)
