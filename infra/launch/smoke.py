"""`./run demo --smoke`: the demo without a person, judged from outside, by the public API and by the page itself."""

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any

from infra.launch import browser, demo, house, page, paths
from infra.launch.house import House
from infra.launch.loopback import get_json
from infra.launch.problem import Interrupted, Problem
from infra.launch.progress import Progress


class Smoke:
    """One smoke run and its verdict."""

    def __init__(self, progress: Progress, timeout: float) -> None:
        self.progress, self.timeout = progress, timeout
        self.chromium: str | None = None
        self.before: set[str] = set()  # fills of earlier runs
        self.fill: dict[str, Any] = {}

    def run(self, *, web_port: int, api_port: int) -> None:
        """Up, look, down; raises a Problem at the first stage that fails."""
        made = house.prepare("demo", self.progress, web_port=web_port, api_port=api_port)
        background = None
        try:
            background = house.install(made, lambda: self._find_browser(made))
            demo.bring_up(made, background, before_bots=lambda: self._remember(made))
            self._wait_for_fill(made)
            self._wait_for_page(made)
        finally:
            if background:
                background.cancel()
            self.progress.seconds["stop"] = demo.down(made)

    def _find_browser(self, made: House) -> None:
        self.chromium = browser.find_or_install(self.progress, made.env)

    def _remember(self, made: House) -> None:
        self.before = {str(fill["id"]) for fill in executions(made)}

    def _wait_for_fill(self, made: House) -> None:
        with self.progress.stage("first_fill", "첫 체결 (공개 API) / first fill, by the public API"):
            until = time.monotonic() + self.timeout
            while not self.fill:
                if time.monotonic() > until:
                    raise Problem(
                        f"{self.timeout:.0f}초 안에 체결이 없습니다. 기록: {paths.LOG}/bots.log, simulator.log",
                        f"No fill within {self.timeout:.0f} s; see {paths.LOG}/bots.log and simulator.log",
                    )
                self._look(made)
        self.progress.seconds["to_first_fill"] = round(self.progress.elapsed, 2)

    def _look(self, made: House) -> None:
        next_look = time.monotonic() + 0.3
        made.supervisor.watch(lambda: time.monotonic() > next_look, every=0.1)
        self.fill = next((fill for fill in executions(made) if str(fill["id"]) not in self.before), {})

    def _wait_for_page(self, made: House) -> None:
        person, fill = trader(made), str(self.fill["id"])
        with self.progress.stage("page", "대시보드 화면 / on the dashboard's page") as stage:
            if self.chromium:
                page.see_in_browser(self.chromium, web=made.web, person=person, fill=fill, env=made.env, timeout=60)
            else:
                stage.note = "HTTP"
                page.read_over_http(web=made.web, person=person, fill=fill, tries=60)
        self.progress.seconds["to_first_fill_on_page"] = round(self.progress.elapsed, 2)


def trader(made: House) -> Mapping[str, str]:
    """The person in whose name the smoke run looks."""
    return next(person for person in made.people if person["role"] == "trader")


def executions(made: House) -> list[dict[str, Any]]:
    """The newest fills as the public API shows them; an API that restarts right now shows none."""
    try:
        found = get_json(f"{made.api}/api/executions?limit=100", token=trader(made)["token"])
    except (ConnectionError, TimeoutError, http.client.HTTPException):
        return []
    except OSError as e:
        raise Problem(
            f"공개 API 가 체결 목록을 주지 않습니다: {e}",
            f"The public API does not give the list of fills: {e}",
        ) from e
    return list(found["results"])


def run(progress: Progress, *, web_port: int, api_port: int, timeout: float) -> int:
    """Prints one JSON line on stdout; 0 when a bot's fill was seen both ways, else 1."""
    smoke = Smoke(progress, timeout)
    verdict: dict[str, Any] = {"ok": True}
    try:
        smoke.run(web_port=web_port, api_port=api_port)
    except Problem as e:
        progress.problem(e)
        verdict = {"ok": False, "stage": e.stage or "start", "why": e.en or e.ko}
    except Interrupted:
        verdict = {"ok": False, "stage": "interrupted", "why": "Stopped by a signal."}
    seconds = progress.seconds | {"total": round(progress.elapsed, 2)}
    line = verdict | {"browser": bool(smoke.chromium), "seconds": seconds, "fill": smoke.fill or None}
    print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0 if verdict["ok"] else 1
