"""The little HTTP that a launcher needs, to loopback addresses only."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infra.launch.processes import Process


def request(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    timeout: float = 10,
) -> tuple[int, http.client.HTTPMessage, str]:
    """Status, headers and text of one request; raises OSError or HTTPException. Follows no redirect, uses no proxy."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=timeout)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")
    finally:
        connection.close()


def get_json(url: str, *, token: str) -> Any:
    """The JSON behind a URL of the API; raises OSError when the answer is none."""
    status, _, text = request(url, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
    if status != 200:
        raise OSError(f"{urlsplit(url).path} answered {status}: {text[:200]}")
    try:
        return json.loads(text)
    except ValueError as e:
        raise OSError(f"{urlsplit(url).path} did not answer JSON: {text[:200]}") from e


class Answers:
    """Readiness of a server: a GET is answered with 200. Keeps the last answer, to say why it is not ready."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, process: Process) -> bool:
        try:
            return request(self.url, timeout=5)[0] == 200
        except (OSError, http.client.HTTPException):
            return False
