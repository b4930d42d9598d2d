"""Commands that run in the foreground, with the servers that they need: management commands, tests, benchmarks."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.launch import environment, paths, python_env, services, stopping
from infra.launch.processes import HERE, adopt_orphans
from infra.launch.progress import Progress
from infra.launch.servers import Servers, base_folder, check_given
from infra.launch.supervisor import Supervisor

SERVERLESS = {"backtest", "chaos"}  # commands that need no servers, or bring their own


@contextlib.contextmanager
def with_servers(
    progress: Progress, env: Mapping[str, str], command: str, *, tests: bool = False
) -> Iterator[dict[str, str]]:
    """The environment with a database and Redis that answer, borrowed or started for as long as the block lasts."""
    adopt_orphans()
    base = base_folder(tests=tests)
    servers = Servers(base, command)
    supervisor = Supervisor(base / "log", servers.runtime, progress)
    servers.clear(progress)
    try:
        yield servers.open(supervisor, env, quick=tests)
        if supervisor.services:
            servers.wait_for_borrowers()
    finally:
        if supervisor.services:
            supervisor.stop()
        servers.close()


def foreground(argv: Sequence[str], env: Mapping[str, str], cwd: str | Path) -> int:
    """Runs a program at our own terminal and returns its exit code; Ctrl-C is the program's to answer."""
    tie = [str(os.getpid()), str(int(signal.SIGTERM)), "-1", "-1"]
    shim = [sys.executable, "-I", "-S", str(HERE / "child.py"), *tie]
    process = subprocess.Popen([*shim, *argv], env=dict(env), cwd=cwd)
    passed_on = False
    while True:
        try:
            code = process.wait(timeout=0.2)
            return code if code >= 0 else 128 - code
        except subprocess.TimeoutExpired:
            if stopping.asked() and not passed_on:
                passed_on = True
                if not stopping.by_terminal():
                    process.terminate()


def manage(progress: Progress, arguments: list[str]) -> int:
    """Any word that is not ours is a management command."""
    if arguments[0] in SERVERLESS:
        env = environment.for_tools()
        python_env.ensure(progress, env)
        return foreground(services.manage(*arguments), environment.for_python(env), caller_folder())
    env = environment.load(environment.for_tools())
    check_given(env)
    python_env.ensure(progress, env)
    env, _ = environment.with_secrets(environment.for_python(env), paths.LOCAL / "secrets.env")
    with with_servers(progress, env, arguments[0]) as ready:
        return foreground(services.manage(*arguments), ready, caller_folder())


def simulator(progress: Progress, arguments: list[str]) -> int:
    """The KIS simulator alone; nothing else is started."""
    env = environment.for_tools()
    python_env.ensure(progress, env)
    argv = [python_env.python(), "-m", "kis.simulator", *arguments]
    return foreground(argv, environment.for_python(env), caller_folder())


def caller_folder() -> str:
    """Where the person was when they typed the command: file names in it are meant from there."""
    folder = os.environ.get("BAMSAE_CALLER") or ""
    return folder if Path(folder).is_dir() and folder else str(paths.ROOT)
