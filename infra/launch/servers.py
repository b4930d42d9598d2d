"""The database and Redis of a command: those that the URLs name, those that already run in this clone, or our own."""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from infra.launch import environment, paths, ports, postgres, runtime, stopping, valkey
from infra.launch.problem import Problem
from infra.launch.progress import Progress
from infra.launch.python_env import site_packages
from infra.launch.supervisor import Service, Supervisor

BOOK = "simulator.book"
URLS = ("SUPABASE_DB_URL", "REDIS_URL")


def check_given(env: Mapping[str, str]) -> None:
    """The URLs that a person set must lead to something that answers, before anything long begins."""
    for name in URLS:
        if env.get(name):
            ports.must_answer(name, env[name])


class Servers:
    """Embedded servers of one folder (`.local`, or `.local/test`), owned or borrowed."""

    def __init__(self, base: Path, command: str) -> None:
        self.base = base
        self.record = base / "runtime.json"
        self.owned = runtime.Lock(base / "servers.lock")
        self.used = runtime.Lock(base / "users.lock")
        self.runtime = runtime.Runtime(self.record, command)
        self.where = ""
        self.embedded = True  # whether the database is

    def open(self, supervisor: Supervisor, env: Mapping[str, str], *, quick: bool = False) -> dict[str, str]:
        """The environment with both URLs in it, starting what is missing.

        A second command in the same clone borrows what the first one started, with its environment.
        """
        missing = [name for name in URLS if not env.get(name)]
        self.embedded = "SUPABASE_DB_URL" in missing
        if not missing:
            self.where = "SUPABASE_DB_URL, REDIS_URL"
            return dict(env)
        if borrowed := self._borrow():
            self.where = "이미 실행 중인 것을 함께 씁니다 / shared with the command that runs already"
            return dict(env) | borrowed
        with supervisor.progress.stage("servers", "데이터베이스와 Redis / database and Redis") as stage:
            urls = self._start(supervisor, env, missing, quick=quick)
            stage.note = self.where = ", ".join(
                f"127.0.0.1:{(ports.endpoint(url) or ('', 0))[1]}" for url in urls.values()
            )
        self.used.take(shared=True)
        self.publish(urls)
        return dict(env) | urls

    def simulator_book(self, env: Mapping[str, str]) -> Path:
        """The file in which the simulator keeps what our database believes of it: one for each database."""
        if self.embedded:
            return self.base / BOOK
        where = f"{ports.endpoint(env['SUPABASE_DB_URL'])}{urlsplit(env['SUPABASE_DB_URL']).path}"
        return self.base / f"{hashlib.sha256(where.encode()).hexdigest()[:12]}-{BOOK}"

    def publish(self, env: Mapping[str, str]) -> None:
        """What a second command in this clone must know; only the owner has something to say."""
        if self.owned.held:
            self.runtime.publish(env)

    def clear(self, progress: Progress) -> None:
        """Ends what a killed command left, when its servers were its own; takes hold of them if nobody has."""
        house = runtime.Lock(self.base / "house.lock")
        if house.take():
            say_leftovers(progress, runtime.clear_leftovers(self.base / "house.json"))
            house.free()
        if self.owned.take():
            say_leftovers(progress, runtime.clear_leftovers(self.record))

    def _borrow(self) -> dict[str, str] | None:
        """The environment of the command that runs already; None when there is none (and the lock is then ours)."""
        for _ in range(600):
            if self.owned.held or self.owned.take():
                return None
            found = runtime.read(self.record)
            # The second lock is refused while the owner is about to stop them.
            if found and all(name in found["env"] for name in URLS) and self.used.take(shared=True):
                return {str(k): str(v) for k, v in found["env"].items()}
            stopping.pause(0.1)
        raise Problem(
            "다른 ./run 명령이 서버를 시작하는 중인데 끝나지 않습니다. 그 명령을 멈추고 다시 실행하세요.",
            "Another ./run command is starting the servers and does not finish: stop it and run again.",
        )

    def _start(
        self, supervisor: Supervisor, env: Mapping[str, str], missing: list[str], *, quick: bool
    ) -> dict[str, str]:
        password = self._password()
        urls = {name: env[name] for name in URLS if env.get(name)}
        services: list[Service] = []
        if "SUPABASE_DB_URL" in missing:
            place = postgres.choose_place(self.base, site_packages())
            if not postgres.made_by(place, password):
                (self.base / BOOK).unlink(missing_ok=True)  # a new database knows none of its orders
            if postgres.initialise(place, password, env, supervisor.logs / "postgres.log", quick=quick):
                kept = f"{place.data}.former"
                supervisor.progress.say(
                    f"  !  이전 폴더의 데이터를 옮겨 두었습니다 / data of an earlier clone was put by: {kept}"
                )
            postgres.forget_stale_pid(place)
            port = ports.free_port()
            services.append(postgres.service(place, port, env, quick=quick))
            urls["SUPABASE_DB_URL"] = f"postgresql://{postgres.USER}:{password}@127.0.0.1:{port}/{postgres.DATABASE}"
        if "REDIS_URL" in missing:
            port = ports.free_port()
            services.append(valkey.service(self.base, site_packages(), port, password, env))
            urls["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{port}/0"
        supervisor.start(*services, timeout=90, foundation=True)
        return urls

    def _password(self) -> str:
        """Made once: the data folder keeps the one that it was made with."""
        file = self.base / "servers.env"
        kept = environment.read_file(file).get("SERVERS_PASSWORD")
        if not kept:
            kept = secrets.token_hex(24)
            runtime.write_private(file, f"SERVERS_PASSWORD={kept}\n")
        return kept

    def wait_for_borrowers(self) -> None:
        """Returns when no other command uses our servers any more; from then on none can join."""
        self.used.free()
        while not self.used.take():
            stopping.pause(0.2)

    def close(self) -> None:
        if self.owned.held:
            self.runtime.remove()
        self.used.free()
        self.owned.free()


def say_leftovers(progress: Progress, names: list[str]) -> None:
    """Tells the person what was ended, if anything."""
    if names:
        said = ", ".join(names)
        progress.say(f"  ↻  지난번에 남은 프로세스를 정리했습니다 / ended what an earlier run left: {said}")


def base_folder(*, tests: bool = False) -> Path:
    """Where the embedded servers keep their data."""
    return paths.local("test") if tests else paths.local()
