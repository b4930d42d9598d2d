"""`./run demo`: a running system with three simulated accounts. `./run up`: the same against `.env`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.launch import house as houses
from infra.launch import paths, services
from infra.launch.background import Background
from infra.launch.house import House
from infra.launch.problem import Problem
from infra.launch.progress import Progress
from infra.launch.runtime import write_private

JOIN = paths.LOCAL / "demo.json"


def bring_up(house: House, background: Background, before_bots: Callable[[], None] = lambda: None) -> None:
    """Everything of the demo, until it is ready."""
    JOIN.unlink(missing_ok=True)  # of a demo that was killed
    houses.open_servers(house)
    house.env["BOT_SLOTS"] = house.env.get("BOT_SLOTS") or "4"
    simulator = services.Simulator(house.env, house.servers.simulator_book(house.env))
    house.supervisor.launch(simulator.service)
    with house.progress.stage("simulator", "KIS 시뮬레이터 / KIS simulator", quiet=True):
        house.supervisor.await_ready(simulator.service, timeout=60)
    house.simulator = simulator.info
    house.env |= simulator.urls()
    file = paths.LOCAL / "simulator.json"
    write_private(file, json.dumps(simulator.info))
    web = houses.prepare_data(house, f"{simulator.info['control'].rstrip('/')}/calendar", file)
    houses.start_house(house, web, background, before_bots=before_bots)
    write_private(JOIN, json.dumps(joining(house), indent=1))


def joining(house: House) -> dict[str, Any]:
    """What a script needs to join in."""
    return {
        "api": house.api,
        "web": house.web,
        "admin": f"{house.api}/admin/",
        "simulator": house.simulator,
        "people": house.people,
    }


def down(house: House) -> float:
    """Takes the demo down; seconds."""
    JOIN.unlink(missing_ok=True)
    return houses.closing(house)


def run(progress: Progress, *, web_port: int, api_port: int) -> int:
    """The demo, until Ctrl-C or SIGTERM (which ends in Interrupted)."""
    house = houses.prepare("demo", progress, web_port=web_port, api_port=api_port)
    background = None
    try:
        background = houses.install(house)
        bring_up(house, background)
        progress.say(block(house))
        house.supervisor.watch(lambda: False)
    finally:
        if background:
            background.cancel()
        down(house)
    return 0


def up(progress: Progress, *, web_port: int, api_port: int) -> int:
    """Everything against `.env`, until Ctrl-C or SIGTERM."""
    house = houses.prepare("up", progress, web_port=web_port, api_port=api_port)
    background = None
    try:
        background = houses.install(house)
        houses.open_servers(house)
        refuse_demo_data(house.servers.simulator_book(house.env))
        house.env["BOT_SLOTS"] = house.env.get("BOT_SLOTS") or "24"
        web = houses.prepare_data(house, "exchange")
        houses.start_house(house, web, background)
        progress.say(block(house))
        house.supervisor.watch(lambda: False)
    finally:
        if background:
            background.cancel()
        houses.closing(house)
    return 0


def refuse_demo_data(book: Path) -> None:
    """The demo's accounts are the simulator's: against the real broker their bots would knock with keys of nobody."""
    if book.exists():
        raise Problem(
            f"이 데이터베이스에는 데모 계좌가 들어 있습니다. SUPABASE_DB_URL 로 다른 데이터베이스를 쓰거나, "
            f"데모 데이터를 지우려면 {paths.LOCAL} 폴더를 지운 뒤 다시 실행하세요.",
            f"This database holds the demo's accounts: name another one in SUPABASE_DB_URL, or remove "
            f"{paths.LOCAL} to be rid of the demo's data, and run again.",
        )


def block(house: House) -> str:
    """The one block: where everything is, how to sign in, how to stop."""
    lines = [
        "",
        f"밤새가 실행 중입니다 ({house.progress.elapsed:.0f} s) · Bamsae runs",
        "",
        f"  대시보드 / dashboard    {house.web}",
        f"  API                     {house.api}/api",
        f"  관리자 / admin          {house.api}/admin/",
    ]
    lines += [f"  로그인 / sign in        {p['role']:<7} {p['email']}   {p['password']}" for p in house.people]
    if not house.people:
        lines.append("  첫 관리자 / first admin ./run createsuperuser")
    lines += [
        f"  서버 / servers          {house.servers.where}",
        f"  기록 / logs             {paths.LOG}",
        "",
        "  멈추기 / stop           Ctrl-C",
        "",
    ]
    return "\n".join(lines)
