"""Ports and addresses: which are free, which answer."""

import socket
from urllib.parse import urlsplit

from infra.launch.problem import Problem

DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "valkey": 6379}


def free_port() -> int:
    """A loopback port that nobody has now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def free_pair() -> int:
    """A free port whose neighbour above is free too."""
    while True:
        port = free_port()
        if port < 65535 and not in_use(port + 1):
            return port


def in_use(port: int) -> bool:
    """Whether somebody listens on this port where `localhost` could reach it."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection in TIME_WAIT is nobody
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return True
    return answers("::1", port, timeout=0.2)


def answers(host: str, port: int, *, timeout: float = 5) -> bool:
    """Whether something accepts a TCP connection there within `timeout` seconds."""
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError:
        return False
    return True


def choose(port: int, option: str, command: str) -> int:
    """The port itself, a free one for 0, or a Problem that names the option to change."""
    if port == 0:
        return free_port()
    if not 0 < port < 65536:
        raise Problem(f"{option} {port}: 포트는 0~65535 여야 합니다.", f"{option} {port}: a port is 0 to 65535.")
    if in_use(port):
        raise Problem(
            f"포트 {port} 을(를) 다른 프로그램이 쓰고 있습니다. 그 프로그램을 멈추거나 "
            f"다른 포트를 고르세요: ./run {command} {option} {port + 1} (0 은 빈 포트).",
            f"Port {port} is used by another program: stop it, or choose another port: "
            f"./run {command} {option} {port + 1} (0 takes a free one).",
        )
    return port


def endpoint(url: str) -> tuple[str, int] | None:
    """Host and port of a database or Redis URL; None when it does not name a TCP address (a socket file)."""
    parts = urlsplit(url)
    if not parts.hostname:
        return None
    return parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme, 5432)


def must_answer(name: str, url: str) -> None:
    """Raises a Problem, without the password in it, when the server behind a URL cannot be reached."""
    try:
        where = endpoint(url)
    except ValueError:
        where = ("", 0)
    if where is None or answers(*where):
        return
    at = f"{where[0]}:{where[1]}" if where[0] else "(unreadable)"
    raise Problem(
        f"{name} 의 서버 {at} 이(가) 응답하지 않습니다. 주소와 서버를 확인하거나, "
        f"{name} 을(를) 지우면 내장 서버를 씁니다.",
        f"The server {at} of {name} does not answer: check the address and the server, "
        f"or unset {name} to use an embedded one.",
    )
