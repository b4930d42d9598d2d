"""Runs a piece of the launcher in a process of its own, as `./run` does: it adopts, reaps and kills for real."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROLOGUE = """
import json, os, signal, sys, time
from pathlib import Path
from infra.launch import stopping
from infra.launch.problem import Interrupted, Problem
from infra.launch.processes import Command, Process, adopt_orphans, run_to_end
from infra.launch.progress import Progress
from infra.launch.runtime import Runtime
from infra.launch.supervisor import Service, Supervisor
here = Path(sys.argv[1])
stopping.listen()
adopt_orphans()
sup = Supervisor(here / "log", Runtime(here / "runtime.json", "test"), Progress())
def child(name, code, ready=lambda process: True, **more):
    command = Command(name, [sys.executable, "-c", "import os, signal, sys, time\\n" + code], os.environ, here, **more)
    return Service(command, ready)
def printed(word):
    return lambda process: word in process.lines
def say(**found):
    print(json.dumps(found), flush=True)
"""


class Box:
    """A launcher running a script; `said()` reads the next JSON line that it printed."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder = folder
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        argv = [sys.executable, "-c", PROLOGUE + script, str(folder)]
        # In a session of its own: what the test kills is the launcher alone.
        self.process = subprocess.Popen(
            argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def said(self) -> dict:
        line = self.process.stdout.readline()
        assert line, f"the launcher said nothing more: {self.process.stderr.read()}"
        return json.loads(line)

    def end(self, number: int | None = None) -> str:
        """Its stderr, after it ended (by a signal, when one is given)."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.communicate(timeout=40)[1]


def alive(pid: int) -> bool:
    """Whether a process lives; a dead one that nobody collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
