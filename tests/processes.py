"""Processes of the house, run against the tests' own database."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
HOSTS = {f"KIS_{s}_{k}_URL".upper(): (s, k) for s in ("real", "paper") for k in ("rest", "ws")}


def environment(**more: str) -> dict[str, str]:
    """What our own processes need to see what this test sees; `more` wins."""
    return {
        **os.environ,
        "SUPABASE_DB_URL": database_url(),
        "CREDENTIAL_KEYS": settings.CREDENTIAL_KEYS,
        **{name: getattr(settings, name) for name in HOSTS},
        **more,
    }


def database_url(**other: Any) -> str:
    """Where this test's database is; `HOST`, `PORT` and the like may be others."""
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict | other)


class Running:
    """A child process; `stop` as a deploy does, `kill` as a power cut does."""

    def __init__(self, *command: str, log: IO[str], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> None:
        self.process = subprocess.Popen(
            command, cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


def bot(account: Any, log: IO[str], **env: str) -> Running:
    """The account's bot in a process of its own."""
    command = (sys.executable, "manage.py", "run_bot", str(account.pk), "--foreground")
    return Running(*command, log=log, env=environment(**env))


def bots_worker(log: IO[str], slots: int = 2, **env: str) -> Running:
    """A worker that runs bots, as `./run up` starts it."""
    pool = ("-Q", "bots", "-n", "bots-test@%h", "-P", "prefork", "-c", str(slots), "-l", "INFO")
    alone = ("--without-gossip", "--without-mingle", "--prefetch-multiplier", "1", "-O", "fair")
    return Running(
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config.celery:app",
        "worker",
        *pool,
        *alone,
        log=log,
        env=environment(**env),
    )


def ensure_bots(log: IO[str], **env: str) -> None:
    """One turn of the schedule, in a process of its own."""
    code = "import django; django.setup(); from bots.services import ensure_bots; ensure_bots()"
    done = Running(
        sys.executable, "-c", code, log=log, env=environment(DJANGO_SETTINGS_MODULE="config.settings", **env)
    )
    done.process.wait(timeout=60)
