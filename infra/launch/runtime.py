"""What runs now, written down: so that a second command can join in, and the next start can clear up.

`.local/runtime.json` (0600): {"pid", "start", "command", "env": {…}, "children": [{"name", "pid", "start"}]}
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any


def start_time(pid: int) -> str:
    """When a process began, as the system says it: a pid alone may be another's by now. Empty: no such process."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


class Lock:
    """A file lock that the system frees when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        """True when it is ours now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a")
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        try:
            fcntl.flock(file, how)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    @property
    def held(self) -> bool:
        return self._file is not None

    def free(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


class Runtime:
    """The written record of one owner of processes."""

    def __init__(self, path: Path, command: str) -> None:
        self.path = path
        self.record: dict[str, Any] = {
            "pid": os.getpid(),
            "start": start_time(os.getpid()),
            "command": command,
            "env": {},
            "children": [],
        }

    def publish(self, env: Mapping[str, str]) -> None:
        """Addresses that a second command may use."""
        self.record["env"] |= env
        self.write()

    def born(self, name: str, pid: int) -> None:
        self.record["children"].append({"name": name, "pid": pid, "start": start_time(pid)})
        self.write()

    def gone(self, pid: int) -> None:
        self.record["children"] = [c for c in self.record["children"] if c["pid"] != pid]
        self.write()

    def write(self) -> None:
        write_private(self.path, json.dumps(self.record, indent=1))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        f.write(text)
    partial.replace(path)


def read(path: Path) -> dict[str, Any] | None:
    """The record of a living owner, or None."""
    found = _load(path)
    alive = found and start_time(found["pid"]) == found["start"] != ""
    return found if alive else None


def clear_leftovers(path: Path, grace: float = 8.0) -> list[str]:
    """Ends what a killed launcher left running; says the names. Only for the holder of the lock."""
    found = _load(path) or {}
    left = [c for c in found.get("children", []) if c["start"] and start_time(c["pid"]) == c["start"]]
    for child in left:
        with contextlib.suppress(OSError):
            os.kill(child["pid"], signal.SIGINT if child["name"] == "postgres" else signal.SIGTERM)
    until = time.monotonic() + grace
    while time.monotonic() < until and any(start_time(c["pid"]) == c["start"] for c in left):
        time.sleep(0.05)
    for child in found.get("children", []):
        # The group outlives its leader; its number is not given to another process while a member lives.
        if child in left or start_time(child["pid"]) == "":
            with contextlib.suppress(OSError):
                os.killpg(child["pid"], signal.SIGKILL)
    path.unlink(missing_ok=True)
    return [c["name"] for c in left]


def _load(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
        return found if {"pid", "start", "children"} <= found.keys() else None
    except (OSError, ValueError, AttributeError):
        return None
