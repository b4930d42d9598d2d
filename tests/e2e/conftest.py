"""The whole house on free ports: broker, API, a bot for each account, and the dashboard's production build."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.conf import global_settings
from django.core.management import call_command
from django.utils import timezone

from kis.simulator import testing
from kis.simulator.testing import wait_for
from tests import processes
from tests.processes import ROOT, Running

SERVER = ROOT / "frontend" / ".next" / "standalone" / "server.js"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@dataclass
class House:
    web: str
    api: str
    people: dict[str, dict[str, str]]
    kis: testing.Simulated
    start_bots: Callable[[], None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def house(transactional_db, settings, tmp_path: Path) -> Iterator[House]:
    from accounts.models import BrokerageAccount
    from bots import demo

    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # the API's own process reads them
    running: list[Running] = []
    path = tmp_path / "house.log"
    with testing.start(switches={"rate_paper": 0, "rate_real": 0}) as kis, path.open("w") as log:
        for name, (side, kind) in processes.HOSTS.items():
            setattr(settings, name, kis.info[side][kind])
        call_command("import_trading_days", "--from", kis.info["control"] + "/calendar", verbosity=0)
        people = demo.seed(kis.info, now=timezone.now())
        api, web = free_port(), free_port()
        accounts = list(BrokerageAccount.objects.filter(enabled=True))

        def start_bots() -> None:
            running.extend(processes.bot(account, log) for account in accounts[:1])

        running.append(
            Running(
                sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(api), "config.asgi:application", log=log
            )
        )
        dashboard = {
            "PATH": os.environ["PATH"],
            "API_URL": f"http://127.0.0.1:{api}",
            "NEXTAUTH_URL": f"http://localhost:{web}",
            "NEXTAUTH_SECRET": "only for tests, and long enough for a key",
            "PORT": str(web),
            "HOSTNAME": "127.0.0.1",
            "NODE_ENV": "production",
        }
        running.append(Running("node", str(SERVER), log=log, env=dashboard, cwd=SERVER.parent))
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{api}/readyz"), 60)
            wait_for(lambda: answers(f"http://127.0.0.1:{web}/login"), 60)
            yield House(
                f"http://localhost:{web}", f"http://127.0.0.1:{api}", {p["role"]: p for p in people}, kis, start_bots
            )
        finally:
            for process in reversed(running):
                if process.alive:
                    process.kill()
    sys.stderr.write(path.read_text()[-6000:])


@pytest.fixture
def page() -> Iterator:
    """A page in headless Chromium."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        pytest.fail("Chromium is needed: apt-get install chromium")
    with sync_playwright() as player:
        # Chromium's own sandbox needs rights that root in a container lacks; every page here is our own.
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = player.chromium.launch(executable_path=CHROMIUM, args=arguments)
        shown = browser.new_page(viewport={"width": 1440, "height": 1000})
        shown.set_default_timeout(60_000)
        yield shown
        browser.close()
