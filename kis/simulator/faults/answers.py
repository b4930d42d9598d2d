"""REST calls that are struck: what is answered in place of them, and how an answer travels."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from kis.simulator.codes import GATEWAY_TEXTS
from kis.simulator.faults.engine import Fault

# How long an answer that never comes keeps its connection, if the client does not give up first.
NEVER = 300.0
PIECES = 40
PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
TEXTS: dict[str, str] = {  # sections 8.1 to 8.3: what only a fault answers
    "EGW00001": "일시적 오류가 발생했습니다.",
    "EGW00002": "서버 에러가 발생했습니다.",
    "EGW00300": "Gateway 라우팅 오류가 발생했습니다.",
    "EGW00301": "연결 시간이 초과되었습니다. 직전 거래를 반드시 확인하십시오.",
    "OPSQ0011": "호출 결과처리(리소스 부족) 오류",
    "OPSQ1002": "세션 연결 오류",
    "IGW00009": "응답전문 구성 중 오류가 발생하였습니다.",
    "40910000": "모의투자 주문이 불가한 계좌입니다.",
    "90020000": "모의투자 서비스가 지연되고 있습니다.",
}

Send = Callable[[dict[str, Any], int], web.Response]  # the caller's way to write JSON and its headers


async def instead(request: web.Request, fault: Fault, send: Send) -> web.StreamResponse:
    """The answer in place of the call's own: nothing was done, or what was done is not told."""
    match fault.kind.act:
        case "silence":
            await until_gone(request)
        case "reset":
            _reset(request)
        case "close":
            _close(request)
    if fault.kind.answer is None:
        return web.Response(status=500)  # never seen: the connection is gone
    status, code = fault.kind.answer
    return send(said(request.path, code), status) if code else page(status)


def said(path: str, code: str) -> dict[str, Any]:
    """A code in the shape of its endpoint: those of the log-in have one of their own (2.1)."""
    text = TEXTS.get(code) or GATEWAY_TEXTS[code]
    if path.startswith("/oauth2/"):
        return {"error_description": text, "error_code": code}
    return {"rt_cd": "1", "msg_cd": code, "msg1": text}


def page(status: int) -> web.Response:
    """A page for people, such as a proxy sends."""
    title = {429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
    headers = {"Retry-After": "1"} if status == 429 else None
    return web.Response(status=status, headers=headers, text=PAGE.format(title[status]), content_type="text/html")


async def after_acceptance(
    request: web.Request, body: dict[str, Any], fault: Fault, send: Send
) -> web.StreamResponse | None:
    """The answer to an order that was taken; None: its own, after all."""
    match fault.kind.name:
        case "notice_before_answer":
            await asyncio.sleep(fault.seconds)
            return None
        case "accepted_without_number":
            return send(_without_numbers(body), 200)
        case "refusal_with_number":
            return send({**body, "rt_cd": "7", "msg_cd": "APBK0952", "msg1": "주문가능금액을 초과 했습니다"}, 200)
    return await instead(request, fault, send)


def _without_numbers(body: dict[str, Any]) -> dict[str, Any]:
    output = {name: "" if name.upper().endswith("ODNO") else value for name, value in body["output"].items()}
    return {**body, "output": output}


async def afterwards(request: web.Request, response: web.Response, faults: Mapping[str, Fault]) -> web.StreamResponse:
    """How the answer travels: late, cut, in drips, with another clock's time."""
    if slow := faults.get("slow_answer"):
        await asyncio.sleep(slow.seconds)
    if skew := faults.get("clock_skew"):
        response["skew"] = skew.seconds
    body = bytes(response.body or b"")  # type: ignore[arg-type]
    if "garbage_json" in faults:
        response.body = body[: len(body) // 2]
    if "empty_body" in faults:
        response = web.Response(status=200, headers={"Content-Type": "application/json; charset=utf-8"})
    if "cut_answer" in faults:
        return await _in_pieces(request, response, body[: len(body) // 2], len(body), 0.0)
    if drips := faults.get("dripped_answer"):
        return await _in_pieces(request, response, bytes(response.body or b""), None, drips.seconds)  # type: ignore[arg-type]
    if "keepalive_closed" in faults:
        asyncio.get_running_loop().call_later(0.02, _close, request)
    return response


async def _in_pieces(
    request: web.Request, whole: web.Response, body: bytes, promised: int | None, seconds: float
) -> web.StreamResponse:
    """Write `body` over `seconds`; when more was `promised` than it holds, end the connection there."""
    headers = {name: value for name, value in whole.headers.items() if name != "Content-Length"}
    response = web.StreamResponse(status=whole.status, headers=headers)
    response.content_length = promised or len(body)
    response.update(whole)
    await response.prepare(request)
    step = max(1, len(body) // PIECES)
    for start in range(0, len(body), step):
        await response.write(body[start : start + step])
        await asyncio.sleep(seconds / PIECES)
    if promised is not None:
        _close(request)
    return response


async def until_gone(request: web.Request) -> None:
    """Say nothing until the client has hung up."""
    waited = 0.0
    while waited < NEVER and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.1)
        waited += 0.1
    if request.transport is not None:
        request.transport.abort()


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def _reset(request: web.Request) -> None:
    """Cut the connection with a TCP reset instead of an orderly end."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
