"""Becomes the program that it is told to, tied to the life of the launcher. Run as a script, not imported.

    python -I -S child.py PARENT SIGNAL UID GID program arguments…

On Linux the kernel sends SIGNAL when the launcher (PARENT) dies, however it dies. A shim and not a
`preexec_fn`, which is unsafe in a program with threads. UID -1: stay who we are.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, uid: int, gid: int, argv: list[str]) -> None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded while we may still read it
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if libc:
        libc.prctl(PR_SET_PDEATHSIG, death_signal)  # after setuid, which clears it
        if os.getppid() != parent:
            os._exit(1)  # the launcher was faster
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # what Python or a shell's `&` ignores must not be inherited
    try:
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as e:
        print(f"{argv[0]}: {e.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


if __name__ == "__main__":
    parent, death_signal, uid, gid = map(int, sys.argv[1:5])
    main(parent, death_signal, uid, gid, sys.argv[5:])
