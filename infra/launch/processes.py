"""One process of ours: started in a group of its own, its output kept, ended with everything it forked."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from infra.launch import stopping
from infra.launch.problem import Problem

HERE = Path(__file__).resolve().parent
LOG_LIMIT = 5_000_000  # bytes; one older file is kept
_book_lock = threading.Lock()


class Warden:
    """The small process that ends ours when we are killed ourselves (see warden.py)."""

    def __init__(self) -> None:
        self._popen: subprocess.Popen[str] | None = None

    def tell(self, line: str) -> None:
        with _book_lock, contextlib.suppress(OSError):
            if self._popen is None or self._popen.poll() is not None:
                self._popen = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(HERE / "warden.py")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,  # it must not hold our terminal's pipes open when we are gone
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    text=True,
                    cwd="/",
                )
            assert self._popen.stdin
            self._popen.stdin.write(line + "\n")
            self._popen.stdin.flush()

    def dismiss(self) -> None:
        """Closes the book: with nothing left in it the warden simply goes."""
        with _book_lock:
            popen, self._popen = self._popen, None
        if popen and popen.stdin:
            popen.stdin.close()
            popen.wait()


warden = Warden()


@dataclass(frozen=True)
class Command:
    """What to run, as whom, and how it wants to be asked to stop."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0  # seconds between the asking and the SIGKILL
    user: tuple[int, int] = (-1, -1)  # uid, gid; -1: ours
    json_is_secret: bool = False  # its JSON lines carry keys or passwords and stay out of the log
    stdin: bytes | None = b""  # what it reads; None: a pipe that stays open for us to write to


class LogFile:
    """Lines with the time in front, in a file that is moved aside when it grows too large."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = self._open()

    def _open(self) -> IO[bytes]:
        return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")

    def write(self, line: bytes) -> None:
        self._file.write(time.strftime("%H:%M:%S ").encode() + line.rstrip(b"\n") + b"\n")
        self._file.flush()
        if self._file.tell() > LOG_LIMIT:
            self._file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._file = self._open()

    def close(self) -> None:
        self._file.close()


@dataclass
class Process:
    """A running Command.

    Start it from the main thread or from one that outlives it: the kernel ties it to that thread.
    """

    command: Command
    log: Path
    on_line: Callable[[str], None] | None = None
    started: float = 0.0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=400))

    def start(self) -> "Process":
        c = self.command
        shim = [sys.executable, "-I", "-S", str(HERE / "child.py")]
        tie = [str(os.getpid()), str(int(c.stop_signal)), str(c.user[0]), str(c.user[1])]
        self.started = time.monotonic()
        with _book_lock:
            self.popen = subprocess.Popen(
                [*shim, *tie, *c.argv],
                env=dict(c.env),
                cwd=c.cwd,
                stdin=subprocess.DEVNULL if c.stdin == b"" else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        warden.tell(f"+ {self.popen.pid} {int(c.stop_signal)}")
        if c.stdin and self.popen.stdin:
            with contextlib.suppress(BrokenPipeError), self.popen.stdin as pipe:
                pipe.write(c.stdin)
        self._reader = threading.Thread(target=self._read, daemon=True, name=f"log of {c.name}")
        self._reader.start()
        return self

    def _read(self) -> None:
        log = LogFile(self.log)
        assert self.popen.stdout
        with contextlib.suppress(ValueError):  # closed under us at the very end
            for raw in self.popen.stdout:
                line = raw.decode(errors="replace").rstrip()
                log.write(b"{...}" if self.command.json_is_secret and line.startswith("{") else raw)
                self.lines.append(line)
                if self.on_line:
                    self.on_line(line)
        log.close()

    @property
    def pid(self) -> int:
        return self.popen.pid

    def ended(self) -> bool:
        return self.popen.poll() is not None

    def ask_to_stop(self) -> None:
        """Sends the polite signal to the leader, who knows how to end its own children."""
        if not self.ended():
            self.popen.send_signal(self.command.stop_signal)

    def bury(self) -> None:
        """Kills whatever is left of the group (the orphans of a pool too) and collects the dead."""
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        reap_group(self.pid)
        self._reader.join(timeout=2)
        warden.tell(f"- {self.pid}")

    def stop(self, *, asked: bool = False) -> None:
        """Asks (unless `asked` already), waits out the grace, kills the group."""
        if not asked:
            self.ask_to_stop()
        until = time.monotonic() + self.command.grace
        while not self.ended() and time.monotonic() < until and not stopping.impatient():
            time.sleep(0.05)
        self.bury()

    def tail(self, count: int = 12) -> str:
        """The last lines that it printed."""
        return "\n".join([line for line in list(self.lines) if line.strip()][-count:])

    def epitaph(self) -> tuple[str, str]:
        """How it ended, in both languages."""
        code = self.popen.poll() or 0
        if code < 0:
            name = signal.Signals(-code).name
            return f"신호 {name} 으로 끝났습니다", f"was ended by signal {name}"
        return f"종료 코드 {code} 로 끝났습니다", f"ended with exit code {code}"


def adopt_orphans() -> None:
    """Makes us the parent of what our processes leave behind, so that we can collect it (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def reap_group(group: int) -> None:
    """Collects the dead of a group that became our children."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        try:
            found = os.waitid(os.P_PGID, group, os.WEXITED | os.WNOHANG)
        except OSError:  # none left
            return
        if found is None:
            time.sleep(0.01)


def end_strays() -> None:
    """Kills and collects every child that is left, whoever forked it; for the very end only."""
    for _ in range(200):
        for pid in _children():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except OSError:
            return


def _children() -> list[int]:
    if sys.platform != "linux":
        return []
    mine = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            mine += [int(pid) for pid in (task / "children").read_text().split()]
    return mine


def run_to_end(command: Command, log: Path, *, timeout: float = 1800, last_lines: int = 12) -> Process:
    """Runs a command that ends by itself; raises a Problem with its last lines when it fails."""
    process = Process(command, log).start()
    until = time.monotonic() + timeout
    try:
        while not process.ended():
            stopping.pause(0.03)
            if time.monotonic() > until:
                raise Problem(
                    f"{command.name} 이(가) {timeout:.0f}초 안에 끝나지 않았습니다. 기록: {log}",
                    f"{command.name} did not end within {timeout:.0f} s; its log: {log}",
                    detail=process.tail(last_lines),
                )
    finally:
        process.bury()
    if process.popen.returncode:
        ko, en = process.epitaph()
        raise Problem(
            f"{command.name} 이(가) {ko}. 기록: {log}",
            f"{command.name} {en}; its log: {log}",
            detail=process.tail(last_lines),
        )
    return process
