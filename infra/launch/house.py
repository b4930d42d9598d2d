"""Brings the whole house up, in order, for `demo` and for `up`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.launch import environment, node_env, paths, ports, python_env, services
from infra.launch.background import Background
from infra.launch.problem import Problem
from infra.launch.processes import adopt_orphans
from infra.launch.progress import Progress
from infra.launch.runtime import Lock, Runtime, clear_leftovers
from infra.launch.servers import Servers, base_folder, check_given, say_leftovers
from infra.launch.steps import Steps
from infra.launch.supervisor import Service, Supervisor

RECORD = "house.json"  # of what runs, in `.local`


@dataclass
class House:
    """A running house, or one on its way up or down."""

    command: str
    progress: Progress
    web_port: int
    api_port: int
    env: dict[str, str]
    lock: Lock
    simulator: dict[str, Any] = field(default_factory=dict)
    people: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.servers = Servers(base_folder(), self.command)
        self.supervisor = Supervisor(paths.LOG, Runtime(paths.LOCAL / RECORD, self.command), self.progress)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def web(self) -> str:
        return f"http://localhost:{self.web_port}"

    def down(self) -> None:
        """Stops everything, newest first."""
        self.supervisor.stop()
        self.servers.close()
        self.lock.free()


def prepare(command: str, progress: Progress, *, web_port: int, api_port: int) -> House:
    """All that can be refused at once is refused before anything long begins."""
    adopt_orphans()
    env = environment.load(environment.for_tools())
    lock = Lock(paths.local() / "house.lock")
    if not lock.take():
        raise Problem(
            "이 폴더에서 이미 다른 데모나 서비스가 실행 중입니다. 그 터미널에서 Ctrl-C 로 멈춘 뒤 다시 실행하세요.",
            "Another demo (or up) already runs in this clone: stop it with Ctrl-C in its terminal, then run again.",
        )
    say_leftovers(progress, clear_leftovers(paths.LOCAL / RECORD))
    env = node_env.find(env)
    check_given(env)
    if web_port == api_port != 0:
        raise Problem(
            f"대시보드와 API 의 포트가 같습니다({web_port}). --web-port 와 --api-port 를 다르게 하세요.",
            f"Dashboard and API cannot share port {web_port}: give --web-port and --api-port different ones.",
        )
    web = ports.choose(web_port, "--web-port", command)
    api = ports.choose(api_port, "--api-port", command)
    return House(command, progress, web, api, env, lock)


def install(house: House, *beside: Callable[[], None]) -> Background:
    """Python now, the dashboard (and what else may run beside it) in the background; skips what is done."""

    def frontend() -> None:
        node_env.ensure(house.progress, house.env)
        for work in beside:
            work()

    background = Background(frontend)
    try:
        python_env.ensure(house.progress, house.env)
    except BaseException:
        background.cancel()
        raise
    return background


def open_servers(house: House) -> None:
    """Secrets, database and Redis."""
    env, made = environment.with_secrets(environment.for_python(house.env), paths.LOCAL / "secrets.env")
    if made and house.command == "up":
        house.progress.say(
            f"  !  비밀 키를 새로 만들었습니다. {paths.LOCAL / 'secrets.env'} 을(를) 백업하세요.\n"
            f"  !  New secrets were made: back up {paths.LOCAL / 'secrets.env'}."
        )
    env.setdefault("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1")
    house.servers.clear(house.progress)
    house.env = house.servers.open(house.supervisor, env)


LOG = paths.LOG / "steps.log"
MIGRATION_FAILED = (
    f"데이터베이스 마이그레이션이 실패했습니다. 아래 원인을 고친 뒤 다시 실행하세요. 기록: {LOG}",
    f"A migration of the database failed: put right what is named below, then run again. Its log: {LOG}",
)


def prepare_data(house: House, calendar: str, simulator_file: Path | None = None) -> Service:
    """Schema, checks, trading days, the demo's accounts; web comes up beside the last two and is returned."""
    steps = Steps(house.env, LOG)
    stage = house.progress.stage
    try:
        with stage("migrate", "스키마 / schema", quiet=True):
            steps.run("preflight", "--database")
            steps.run("migrate", "--no-input", failed=MIGRATION_FAILED)
        with stage("preflight", "시작 전 점검 / checks before the start", quiet=True):
            steps.run("preflight")
        house.servers.publish(shared_env(house))
        web = services.web(house.env, house.api_port)
        house.supervisor.launch(web)
        with stage("calendar", "거래일 / trading days", quiet=True):
            steps.run("import_trading_days", "--from", calendar)
        if simulator_file:
            with stage("seed", "데모 계정과 규칙 / demo accounts and rules", quiet=True):
                house.people = steps.run("seed_demo", "--simulator", str(simulator_file))["people"]
    finally:
        steps.close()
    return web


def start_house(
    house: House, web: Service, background: Background, *, before_bots: Callable[[], None] = lambda: None
) -> None:
    """Waits for web; then, with `before_bots` called in between, workers, beat and the dashboard."""
    with house.progress.stage("web", "API"):
        house.supervisor.await_ready(web, timeout=90)
    with house.progress.stage("bots", "봇과 작업자 / bots and workers"):
        before_bots()
        workers = [services.bots(house.env), services.tasks(house.env)]
        house.supervisor.launch(*workers)
        background.wait(house.supervisor.tick)
        url = house.web if house.command == "demo" else house.env.get("NEXTAUTH_URL") or house.web
        dashboard = services.dashboard(house.env, api=house.api, url=url, port=house.web_port)
        house.supervisor.launch(dashboard)
        house.supervisor.await_ready(*workers, timeout=90)
        house.supervisor.launch(services.beat(house.env))  # its first turn is seconds away: bots come first
    with house.progress.stage("dashboard", "대시보드 / dashboard"):
        house.supervisor.await_ready(dashboard, timeout=60)
    house.supervisor.launch(services.backtests(house.env))  # nobody waits for it


def shared_env(house: House) -> dict[str, str]:
    """What a second command in this clone must know to speak with the same house."""
    names = (
        "SUPABASE_DB_URL",
        "REDIS_URL",
        "KIS_REAL_REST_URL",
        "KIS_REAL_WS_URL",
        "KIS_PAPER_REST_URL",
        "KIS_PAPER_WS_URL",
        "KIS_MASTER_URL",
    )
    return {name: house.env[name] for name in names if house.env.get(name)}


def closing(house: House) -> float:
    """Takes the house down; the seconds that it took."""
    begun = time.monotonic()
    house.down()
    return round(time.monotonic() - begun, 2)
