"""Every process of the house: how it is started and when it is ready. Nothing here waits."""

import json
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.launch import node_env, paths, ports
from infra.launch.loopback import Answers
from infra.launch.processes import Command, Process
from infra.launch.python_env import python
from infra.launch.supervisor import Service

# The dashboard is given these and nothing else: no database, no keys.
FOR_NODE = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "LD_LIBRARY_PATH")


def manage(*arguments: str) -> list[str]:
    """The argv of a management command."""
    return [python(), str(paths.ROOT / "manage.py"), *arguments]


def module(name: str, *arguments: str, env: Mapping[str, str], run: str, grace: float = 10) -> Command:
    """A Python module of the house as a command named `name`."""
    return Command(name, [python(), "-m", run, *arguments], env, paths.ROOT, signal.SIGTERM, grace)


class Simulator:
    """The broker of the demo. It comes back at the same addresses and with the same books.

    A broker that forgot its orders would give their numbers again, and the house would rightly trust nothing more.
    """

    def __init__(self, env: Mapping[str, str], book: Path) -> None:
        self.info: dict[str, Any] = {}
        rest, ws = ports.free_pair(), ports.free_pair()
        arguments = ["--rest-port", str(rest), "--ws-port", str(ws), "--book", str(book)]
        command = replace(module("simulator", *arguments, env=env, run="kis.simulator"), json_is_secret=True)
        self.service = Service(command, lambda process: bool(self.info), self._on_line)

    def _on_line(self, line: str) -> None:
        if line.startswith("{") and '"control"' in line:
            try:
                self.info = json.loads(line)
            except ValueError:
                return

    def urls(self) -> dict[str, str]:
        """The variables that point the client at it."""
        sides = {
            f"KIS_{side.upper()}_{kind.upper()}_URL": self.info[side][kind]
            for side in ("real", "paper")
            for kind in ("rest", "ws")
        }
        return {**sides, "KIS_MASTER_URL": self.info["real"]["rest"] + "/common/master"}


def web(env: Mapping[str, str], port: int) -> Service:
    """Django behind Daphne, or behind uvicorn where ASGI_SERVER says so."""
    application = "config.asgi:application"
    if env.get("ASGI_SERVER") == "uvicorn":
        arguments = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", application]
        command = module("web", *arguments, env=env, run="uvicorn")
    else:
        command = module("web", "-b", "127.0.0.1", "-p", str(port), application, env=env, run="daphne")
    return Service(command, Answers(f"http://127.0.0.1:{port}/readyz"))


def _worker(name: str, queue: str, slots: str, env: Mapping[str, str], *more: str, grace: float) -> Service:
    said_ready: list[float] = []
    arguments = ["-A", "config.celery:app", "worker", "-Q", queue, "-n", f"{queue}@%h", "-P", "prefork", "-c", slots,
                 "-l", "INFO", "--without-gossip", "--without-mingle", *more]  # fmt: skip

    def on_line(line: str) -> None:
        if line.rstrip().endswith("ready."):
            said_ready.append(time.monotonic())

    def ready(process: Process) -> bool:
        return any(at >= process.started for at in said_ready)

    return Service(module(name, *arguments, env=env, run="celery", grace=grace), ready, on_line)


def bots(env: Mapping[str, str]) -> Service:
    """One process for each account; a slot takes one start message at a time."""
    fair = ("--prefetch-multiplier", "1", "-O", "fair")
    return _worker("bots", "bots", env["BOT_SLOTS"], env, *fair, grace=15)


def tasks(env: Mapping[str, str]) -> Service:
    """Short tasks."""
    return _worker("tasks", "tasks", "2", env, grace=10)


def backtests(env: Mapping[str, str]) -> Service:
    """Replays, one at a time, where no short task waits behind them."""
    return _worker("backtests", "backtests", "1", env, grace=10)


def beat(env: Mapping[str, str]) -> Service:
    """The clock of the house; its schedule is in the database."""
    arguments = ["-A", "config.celery:app", "beat", "-S", "django_celery_beat.schedulers:DatabaseScheduler",
                 "-l", "INFO", "--pidfile", ""]  # fmt: skip
    return Service(module("beat", *arguments, env=env, run="celery"))


def dashboard(env: Mapping[str, str], *, api: str, url: str, port: int) -> Service:
    """The production build of the dashboard."""
    given = {name: env[name] for name in FOR_NODE if name in env}
    given |= {
        "API_URL": api,
        "NEXTAUTH_URL": url,
        "NEXTAUTH_SECRET": env["NEXTAUTH_SECRET"],
        "PORT": str(port),
        "HOSTNAME": "127.0.0.1",
        "NODE_ENV": "production",
    }
    command = Command("dashboard", ["node", str(node_env.SERVER)], given, node_env.SERVER.parent)
    return Service(command, Answers(f"http://127.0.0.1:{port}/login"))
