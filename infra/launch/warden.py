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


def alive(pid: int) -> bool:
    """Whether it lives; a dead one that nobody collects does not."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as f:  # noqa: PTH123
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except ProcessLookupError:
        return False
    except OSError:
        return True  # not ours to signal, or a system without /proc


def end(book: dict[int, int], grace: float = GRACE) -> None:
    """Asks all, newest first; kills what is left of a group as soon as its leader is gone, or the grace is over."""
    for pid, number in reversed(book.items()):
        with contextlib.suppress(OSError):
            os.kill(pid, number)
    until = time.monotonic() + grace
    left = list(reversed(book))
    while left:
        for pid in [pid for pid in left if time.monotonic() > until or not alive(pid)]:
            left.remove(pid)
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        time.sleep(0.05)


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
