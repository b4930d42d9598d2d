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


def environment() -> dict[str, str]:
    """What our own processes need to see what this test sees."""
    database = connection.settings_dict
    return {
        **os.environ,
        "SUPABASE_DB_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
        "CREDENTIAL_KEYS": settings.CREDENTIAL_KEYS,
        **{name: getattr(settings, name) for name in HOSTS},
    }


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


def bot(account: Any, log: IO[str]) -> Running:
    """The account's bot in a process of its own."""
    return Running(sys.executable, "manage.py", "run_bot", str(account.pk), "--foreground", log=log)
