"""A PostgreSQL and a Redis of the harness's own, in a temporary folder, so that they may be killed at any moment.

Whatever database the environment names, it is never asked: a run truncates tables.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from infra.launch import ports, postgres, processes, valkey
from infra.launch.environment import new_secrets
from infra.launch.python_env import site_packages

READY_WITHIN_SEC = 60.0
# The machine does not go down with the server, so nothing need reach the disk; but what was committed must be there.
NO_DISK = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=on")


class Server:
    """One server process, tied to our life by the kernel; `restart` is not gentle."""

    def __init__(self, command: processes.Command, ready: Callable[[], bool], log: Path) -> None:
        self._command, self._ready, self._log = command, ready, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        c = self._command
        shim = [sys.executable, "-I", "-S", str(processes.HERE / "child.py")]
        tie = [str(os.getpid()), str(int(signal.SIGKILL)), str(c.user[0]), str(c.user[1])]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*shim, *tie, *c.argv], env=dict(c.env), cwd=c.cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + READY_WITHIN_SEC
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{c.name} did not start; its log:\n{self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.03)

    def stop(self, how: int) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def restart(self, how: int, away_sec: float = 0.0) -> None:
        """End it by this signal and start it again `away_sec` later."""
        self.stop(how)
        time.sleep(away_sec)
        self.start()


class Servers:
    """Both of them. `environment`: what Django must find before its settings are read."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)  # as root the database runs as somebody else, who must come in
        password = secrets.token_hex(16)
        bare = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        place = postgres.choose_place(folder, site_packages())
        postgres.initialise(place, password, bare, folder / "initdb.log", quick=True)
        processes.warden.dismiss()
        port, redis_port = ports.free_port(), ports.free_port()
        database = postgres.service(place, port, bare).command
        redis = valkey.service(folder, site_packages(), redis_port, password, bare)
        self.database = Server(
            replace(database, argv=[*database.argv, *NO_DISK]), lambda: postgres.accepts(port), folder / "postgres.log"
        )
        self.redis = Server(redis.command, lambda: valkey.accepts(redis_port, password), folder / "redis.log")
        self.environment = {
            "SUPABASE_DB_URL": f"postgresql://{postgres.USER}:{password}@127.0.0.1:{port}/{postgres.DATABASE}",
            "REDIS_URL": f"redis://:{password}@127.0.0.1:{redis_port}/0",
            **new_secrets(),
        }

    def start(self) -> None:
        self.database.start()
        self.redis.start()

    def stop(self) -> None:
        self.redis.stop(signal.SIGKILL)
        self.database.stop(signal.SIGINT)
