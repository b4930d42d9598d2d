"""Section 2: token, revocation, approval key, hash. Their error bodies have a shape of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from kis.simulator.clock import SEOUL
from kis.simulator.codes import GATEWAY_TEXTS
from kis.simulator.keys import Denied
from kis.simulator.world import World

Reply = tuple[int, dict[str, Any]]


def denied(code: str, status: int = 403) -> Reply:
    return status, {"error_description": GATEWAY_TEXTS[code], "error_code": code}


def _grant(body: dict[str, Any]) -> None:
    if not body.get("grant_type"):
        raise Denied("EGW00115")
    if body["grant_type"] != "client_credentials":
        raise Denied("EGW00116")


def token(world: World, side: str, body: dict[str, Any], now: datetime) -> Reply:
    """An access token; `access_token_token_expired` is Korean time without a zone (2.1)."""
    _grant(body)
    account = world.desk.login(side, body.get("appkey"), body.get("appsecret"))
    found = world.desk.issue(account, now)
    full = world.switches.reissue_expires_in == "full"
    return 200, {
        "access_token": found.text,
        "access_token_token_expired": f"{found.expires_at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}",
        "token_type": "Bearer",
        "expires_in": int((found.expires_at - (found.issued_at if full else now)).total_seconds()),
    }


def revoke(world: World, side: str, body: dict[str, Any], now: datetime) -> Reply:
    account = world.desk.login(side, body.get("appkey"), body.get("appsecret"))
    world.desk.revoke(account, str(body.get("token", "")))
    return 200, {"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}


def approval(world: World, side: str, body: dict[str, Any], now: datetime) -> Reply:
    """An approval key; any registered key pair is good on either host (2.3). The secret is `secretkey`."""
    _grant(body)
    account = world.desk.login(None, body.get("appkey"), body.get("secretkey"))
    if not world.rates.allow(f"approval:{account.app_key}", world.switches.approval_per_second, now):
        raise Denied("EGW00201")
    return 200, {"approval_key": world.desk.approve(account, now)}


def body_hash(raw: bytes) -> str:
    """SHA-256 of the very bytes of the body: an order must be sent as it was signed (2.4)."""
    return hashlib.sha256(raw).hexdigest()


PATHS: dict[str, Callable[[World, str, dict[str, Any], datetime], Reply]] = {
    "/oauth2/tokenP": token,
    "/oauth2/revokeP": revoke,
    "/oauth2/Approval": approval,
}
HASHKEY = "/uapi/hashkey"
