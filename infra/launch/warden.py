"""Outlives the launcher for a moment, to take its processes along. Run as a script, not imported.

Reads `+ PID SIGNAL` and `- PID` from the launcher. When the pipe closes (the launcher is gone, even by
kill -9) every process still in the book gets its SIGNAL, newest first, and after a grace its whole group SIGKILL:
the kernel's death signal reaches only direct children, not what they forked.
"""

import contextlib
import os
import signal
import sys
import time

GRACE = 10.0


def alive(group: int) -> bool:
    """Whether a living process is left in the group; the dead that nobody reaps do not count."""
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    if not os.path.isdir("/proc/self"):  # noqa: PTH112
        return True
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:  # noqa: PTH123
                    state, _parent, of = f.read().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):
                continue
            if int(of) == group and state not in "ZX":
                return True
    return False


def end(book: dict[int, int], grace: float = GRACE) -> None:
    """Asks all, newest first, then kills what is left of their groups."""
    for pid, number in reversed(book.items()):
        with contextlib.suppress(OSError):
            os.kill(pid, number)
    until = time.monotonic() + grace
    while time.monotonic() < until and any(alive(pid) for pid in book):
        time.sleep(0.1)
    for pid in reversed(book):
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    book: dict[int, int] = {}
    for line in sys.stdin:
        word, pid, *number = line.split()
        if word == "+":
            book[int(pid)] = int(number[0])
        else:
            book.pop(int(pid), None)
    end(book)


if __name__ == "__main__":
    main()
