"""Whatever is sent to the simulator, it answers by KIS's rules or with a plain HTTP refusal, and goes on."""

import asyncio
import contextlib
import json
import time
from typing import Any

import httpx
import pytest
import websockets

from kis.simulator import testing
from kis.simulator.rest.endpoints import ENDPOINTS

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

SWITCHES = {"rate_real": 0, "rate_paper": 0, "token_interval": 0.0}
VALUES = [
    "NASD",
    "NAS",
    "AAPL",
    "10",
    "0",
    "184.25",
    "00",
    "01",
    "02",
    "20260312",
    "N",
    "",
    "512",
    "000",
    "840",
    "AMEX",
]
PLAIN_REFUSALS = {400, 404, 405, 408, 413, 414, 431}  # the HTTP layer's own


class Customer:
    """An account with a token, and requests that begin as valid ones."""

    def __init__(self, kis: testing.Simulated, side: str, http: httpx.AsyncClient) -> None:
        self.account, self.http = kis.accounts(side)[0], http
        self.token = ""

    async def log_in(self) -> None:
        pair = {"appkey": self.account["app_key"], "appsecret": self.account["app_secret"]}
        answer = await self.http.post("/oauth2/tokenP", json={"grant_type": "client_credentials", **pair})
        self.token = answer.json()["access_token"]

    def request(self, rng: Any, damaged: Any) -> dict[str, Any]:
        path, endpoint = rng.choice(sorted(ENDPOINTS.items()))
        number = self.account["account_no"]
        fields = {name: rng.choice(VALUES) for name in endpoint.fields}
        fields |= {"CANO": number[:8], "ACNT_PRDT_CD": number[8:]} if "CANO" in fields else {}
        for name in rng.sample(sorted(fields), min(len(fields), rng.randint(0, 3))):
            fields[name] = damaged(fields[name], rng)
        headers = {
            "authorization": f"Bearer {self.token}",
            "appkey": self.account["app_key"],
            "appsecret": self.account["app_secret"],
            "tr_id": rng.choice(tr_ids(path)),
            "content-type": "application/json; charset=utf-8",
        }
        if rng.random() < 0.1:
            headers[rng.choice(sorted(headers))] = rng.choice(["", "x", "Bearer", "a" * 600, "P"])
        if endpoint.method == "GET":
            return {"method": "GET", "url": path, "params": fields, "headers": headers}
        body: Any = json.dumps(fields)
        if rng.random() < 0.3:
            body = damaged(body, rng)
        return {"method": "POST", "url": path, "content": body.encode("utf-8", "replace"), "headers": headers}


def tr_ids(path: str) -> list[str]:
    from kis.simulator.codes import TR_IDS

    return [tr_id for side in TR_IDS.get(path, {}).values() for tr_id in side] or ["HHDFS00000300"]


def problem(answer: httpx.Response) -> str:
    """ "" when it is an answer that KIS or an HTTP server would give; else what is wrong with it."""
    if answer.status_code in PLAIN_REFUSALS:
        return ""
    try:
        body = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code} without JSON: {answer.text[:200]!r}"
    if not isinstance(body, dict) or not ({"rt_cd", "error_code", "access_token", "BODY"} & set(body)):
        return f"HTTP {answer.status_code}: {answer.text[:200]!r}"
    return ""


async def test_every_request_gets_an_answer_of_kiss_kind(seconds, rng, damaged):
    with testing.start(switches=SWITCHES) as kis:
        until, count = time.monotonic() + seconds, 0
        async with contextlib.AsyncExitStack() as stack:
            customers = []
            for side in ("paper", "real"):
                http = await stack.enter_async_context(httpx.AsyncClient(base_url=kis.info[side]["rest"], timeout=30))
                customers.append(Customer(kis, side, http))
                await customers[-1].log_in()
            while time.monotonic() < until:
                customer = rng.choice(customers)
                asked = customer.request(rng, damaged)
                try:
                    request = customer.http.build_request(**asked)
                except (ValueError, TypeError, UnicodeError, httpx.InvalidURL):
                    continue  # the library itself would not send it
                try:
                    answer = await customer.http.send(request)
                except (httpx.LocalProtocolError, UnicodeError):
                    continue
                count += 1
                if wrong := problem(answer):
                    pytest.fail(f"{wrong} after {count} requests, to {asked}")
        assert kis.process.poll() is None
        assert kis.control.state()["accounts"]
    assert count > seconds


async def test_every_message_on_the_socket_is_answered_or_ignored(seconds, rng, damaged):
    with testing.start(switches=SWITCHES) as kis:
        account = kis.accounts("real")[0]
        key = await _approval(kis, account)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            async with websockets.connect(kis.info["real"]["ws"] + "/tryitout", max_size=None) as socket:
                with contextlib.suppress(websockets.ConnectionClosed):
                    for _ in range(200):
                        await socket.send(_message(rng, damaged, key, account["hts_id"]))
                    await socket.send('{"header":{"tr_id":"PINGPONG"}}')
                    await asyncio.wait_for(socket.recv(), 30)
            assert kis.process.poll() is None
        assert await _still_works(kis, key)


def _message(rng: Any, damaged: Any, key: str, hts_id: str) -> str:
    header = {"approval_key": key, "custtype": "P", "tr_type": rng.choice(["1", "2", "3"]), "content-type": "utf-8"}
    subject = rng.choice(
        [("HDFSCNT0", "DNASAAPL"), ("HDFSASP0", "DNASNVDA"), ("H0GSCNI0", hts_id), ("H0STCNI0", hts_id), ("X", "Y")]
    )
    whole = json.dumps({"header": header, "body": {"input": dict(zip(("tr_id", "tr_key"), subject, strict=True))}})
    return damaged(whole, rng).encode("utf-8", "replace").decode() if rng.random() < 0.8 else whole


async def _approval(kis: testing.Simulated, account: dict[str, str]) -> str:
    async with httpx.AsyncClient(base_url=kis.info["real"]["rest"]) as http:
        pair = {"appkey": account["app_key"], "secretkey": account["app_secret"]}
        answer = await http.post("/oauth2/Approval", json={"grant_type": "client_credentials", **pair})
        return answer.json()["approval_key"]


async def _still_works(kis: testing.Simulated, key: str) -> bool:
    async with websockets.connect(kis.info["real"]["ws"] + "/tryitout") as socket:
        header = {"approval_key": key, "custtype": "P", "tr_type": "1", "content-type": "utf-8"}
        body = {"input": {"tr_id": "HDFSCNT0", "tr_key": "DNASAAPL"}}
        await socket.send(json.dumps({"header": header, "body": body}))
        async with asyncio.timeout(10):
            while "SUBSCRIBE SUCCESS" not in str(await socket.recv()):
                pass
    return True
