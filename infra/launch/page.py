"""The dashboard's page as a person sees it: in Chromium, or where there is none over HTTP."""

import http.client
import json
from collections.abc import Mapping
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from infra.launch import paths, stopping
from infra.launch.loopback import request
from infra.launch.problem import Problem
from infra.launch.processes import Command, run_to_end

SCRIPT = paths.FRONTEND / "e2e" / "smoke.mjs"


def see_in_browser(
    chromium: str, *, web: str, person: Mapping[str, str], fill: str, env: Mapping[str, str], timeout: float
) -> None:
    """Signs in and waits until the fill's row is on the screen; a Problem with what the browser said if it is not."""
    wanted = {
        "SMOKE_WEB": web,
        "SMOKE_EMAIL": person["email"],
        "SMOKE_PASSWORD": person["password"],
        "SMOKE_FILL": fill,
        "SMOKE_CHROMIUM": chromium,
        "SMOKE_TIMEOUT": str(int(timeout)),
        "SMOKE_SCREENSHOT": str(paths.LOG / "smoke.png"),
    }
    command = Command("smoke browser", ["node", str(SCRIPT)], dict(env) | wanted, paths.FRONTEND)
    run_to_end(command, paths.LOG / "smoke-browser.log", timeout=timeout + 30)


class Visitor:
    """A visitor without a browser: keeps cookies, follows nothing."""

    def __init__(self, web: str) -> None:
        self.web = web
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, str]:
        return self._send("GET", path)

    def sign_in(self, email: str, password: str) -> None:
        """NextAuth's own steps: its token against forged requests, then the credentials; OSError when refused."""
        _, text = self.get("/api/auth/csrf")
        form = {"csrfToken": json.loads(text)["csrfToken"], "email": email, "password": password, "json": "true"}
        status, answer = self._send("POST", "/api/auth/callback/credentials", urlencode(form))
        if not any("session-token" in name for name in self.cookies):
            raise OSError(f"sign-in answered {status}: {answer[:200]}")

    def _send(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Origin": self.web}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        status, given, text = request(self.web + path, method=method, headers=headers, body=body, timeout=30)
        for line in given.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return status, text


def read_over_http(*, web: str, person: Mapping[str, str], fill: str, tries: int) -> None:
    """Signs in and reads the page until the fill is in it, a second between two tries."""
    visitor, why = Visitor(web), "nothing was answered"
    for _ in range(tries):
        try:
            if not visitor.cookies:
                visitor.sign_in(person["email"], person["password"])
            status, text = visitor.get("/")
            if status == 200 and fill in text:
                return
            why = f"/ answered {status}, without the fill {fill}"
        except (OSError, ValueError, KeyError, http.client.HTTPException) as e:
            visitor.cookies.clear()
            why = str(e)
        stopping.pause(1)
    raise Problem(
        f"대시보드 페이지에 체결이 나타나지 않습니다. {why}. 기록: {paths.LOG / 'dashboard.log'}",
        f"The fill does not appear on the dashboard's page: {why}. Its log: {paths.LOG / 'dashboard.log'}",
    )
