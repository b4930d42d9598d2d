"""The gateway in front of every REST call: login, rate, TR id, fields, faults; then the handler."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakSet

from aiohttp import web

from kis.simulator import codes, master
from kis.simulator.book import Account
from kis.simulator.faults import About, answers, ledger, rows
from kis.simulator.faults.kinds import LISTS
from kis.simulator.keys import Denied
from kis.simulator.rest import oauth
from kis.simulator.rest.call import (
    ACCOUNT,
    Answer,
    Call,
    Endpoint,
    gateway,
    missing_field,
    refusal,
)
from kis.simulator.rest.endpoints import ENDPOINTS
from kis.simulator.untrusted import read_json
from kis.simulator.world import World

# Log-in errors whose HTTP status was seen (2.1).
RECORDED = frozenset({"EGW00133", "EGW00103", "EGW00105"})
# Where a question names its symbol.
SYMBOLS = ("SYMB", "PDNO", "ITEM_CD")


class Stop(Exception):
    """The call ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def path_of(request: web.Request) -> str:
    """The path; some clients join a host that ends in a slash with a path that begins with one."""
    return "/" + request.path.lstrip("/")


class Gateway:
    """Serves one side (real or paper)."""

    def __init__(self, world: World, side: str) -> None:
        self._world = world
        self._side = side
        self._used: WeakSet[asyncio.Transport] = WeakSet()  # connections that have carried a call

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Any request. Faults strike before or after; what lies between knows nothing of them."""
        raw = await request.read()
        faults, now = self._world.faults, self._world.now()  # a body may take its time
        about = self._about(request, raw)

        def send(body: dict[str, Any], status: int) -> web.Response:
            return self._response(request, Answer(body, "", status))

        if fault := faults.strike("before", about):
            return await answers.instead(request, fault, send)
        if about.path in master.PATHS and request.method == "GET":
            return await answers.afterwards(request, self._master(about.path), faults.strikes("after", about))
        if about.path in oauth.PATHS:
            return await answers.afterwards(request, self._oauth(request, raw, now), faults.strikes("after", about))
        answer = rows.deform(await self._answer(request, raw, now, about), faults, about)
        if answer.body.get("rt_cd") == "0" and (fault := faults.strike("accepted", about)):
            struck = await answers.after_acceptance(request, answer.body, fault, send)
            if struck is not None:
                return struck
        return await answers.afterwards(request, self._response(request, answer), faults.strikes("after", about))

    def _about(self, request: web.Request, raw: bytes) -> About:
        """What faults may ask about a call before anybody has looked at it."""
        query = {name.upper(): value for name, value in request.query.items()}
        account = self._world.desk.by_app_key(request.headers.get("appkey") or _app_key(raw))
        connection = request.transport
        reused = connection in self._used
        if connection is not None:
            self._used.add(connection)
        return About(
            path_of(request),
            request.headers.get("tr_id", ""),
            account.account_no if account else "",
            self._side,
            next((query[name] for name in SYMBOLS if query.get(name)), ""),
            "rest",
            reused,
        )

    async def _answer(self, request: web.Request, raw: bytes, now: datetime, about: About) -> Answer:
        try:
            if path_of(request) == oauth.HASHKEY:
                return self._hashkey(request, raw, now)
            self._lose_token(about, now)
            call, endpoint = self._check(request, raw, now)
        except Denied as e:
            return gateway(e.code, self._world.switches.rate_status if e.code == "EGW00201" else 500)
        except Stop as e:
            return e.answer
        latency = self._world.switches.cancel_latency
        if latency and endpoint.path in (codes.REVISE, codes.DAYTIME_REVISE):
            # On its way to the exchange: what it is about may fill meanwhile.
            await asyncio.sleep(self._world.clock.wait_seconds(latency))
            call = replace(call, now=self._world.now())
        call = self._as_seen(call, about, now)
        if endpoint.slow:
            return await asyncio.to_thread(endpoint.handle, self._world, call)
        return endpoint.handle(self._world, call)

    # Checks, in the order of the gateway

    def _check(self, request: web.Request, raw: bytes, now: datetime) -> tuple[Call, Endpoint]:
        endpoint = ENDPOINTS.get(path_of(request))
        if endpoint is None or request.method != endpoint.method:
            raise Stop(Answer({}, status=404))
        if request.method == "POST":
            self._check_post(request)
        account = self._check_login(request, now)
        self._check_rate(account, now)
        tr_id = self._tr_id(request)
        self._check_tr_id(path_of(request), tr_id)
        params = self._params(request, raw)
        self._check_fields(endpoint, params, account)
        call = Call(
            self._side,
            path_of(request),
            tr_id,
            request.headers.get("tr_cont", "").strip(),
            account,
            params,
            now,
        )
        return call, endpoint

    @staticmethod
    def _check_post(request: web.Request) -> None:
        if request.content_type != "application/json":
            raise Denied("EGW00132")
        if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raise Denied("EGW00202")  # section 3.1

    def _check_login(self, request: web.Request, now: datetime) -> Account:
        token = self._world.desk.check(self._side, request.headers.get("Authorization"), now)
        key, secret = request.headers.get("appkey"), request.headers.get("appsecret")
        if not key:
            raise Denied("EGW00102")
        if key != token.account.app_key:
            raise Denied("EGW00121" if self._world.desk.by_app_key(key) else "EGW00103")
        if secret != token.account.app_secret:
            raise Denied("EGW00304")
        return token.account

    def _check_rate(self, account: Account, now: datetime) -> None:
        switches = self._world.switches
        limit = switches.rate_real if self._side == codes.REAL else switches.rate_paper
        if not self._world.rates.allow(account.app_key, limit, now):
            raise Denied("EGW00201")

    def _tr_id(self, request: web.Request) -> str:
        """As sent, or what it has become: old clients say the ids of their years (section 9, trap 44)."""
        sent = request.headers.get("tr_id", "").strip()
        return codes.OLD_TR_IDS.get(sent, sent) if self._world.switches.old_tr_ids else sent

    def _check_tr_id(self, path: str, tr_id: str) -> None:
        """The TR id must fit path and side (1.3); what paper lacks has codes of its own."""
        mine = codes.TR_IDS[path].get(self._side, ())
        others = {t for side in codes.SIDES for t in codes.TR_IDS[path].get(side, ())}
        lacking = self._side == codes.PAPER and tr_id in codes.UNSERVED_ON_PAPER
        if lacking or (tr_id == "VTTS3018R" and self._side == codes.PAPER and not self._world.switches.paper_nccs):
            raise Stop(refusal("1", "OPSQ0002", "없는 서비스 코드 입니다.", 500))
        if tr_id == "VTTT1006U" and self._side == codes.PAPER and not self._world.switches.paper_sell_1006:
            raise Stop(refusal("1", "90000000", "모의투자에서는 해당업무가 제공되지 않습니다."))
        if tr_id.startswith(codes.RETIRED_PREFIX) and not self._world.switches.old_tr_ids:
            raise Denied("EGW00356")
        if tr_id in mine:
            return
        raise Denied("EGW02006" if self._side == codes.PAPER and tr_id in others else "EGW00310")

    def _params(self, request: web.Request, raw: bytes) -> dict[str, str]:
        """Query names in any case; body keys in upper case, values texts (3.1)."""
        if request.method == "GET":
            return {name.upper(): value for name, value in request.query.items()}
        signed = request.headers.get("hashkey")
        if signed and self._world.switches.verify_hashkey and signed != oauth.body_hash(raw):
            raise Denied("EGW00131")
        try:
            body = read_json(raw)
        except ValueError:
            raise Denied("EGW00202") from None
        if not isinstance(body, dict):
            raise Denied("EGW00202")
        if self._world.switches.refuse_compact_json and raw == _compact(body) and len(body) > 1:
            raise Denied("EGW00202")  # Appendix E, 3.1
        wrong = next((k for k, v in body.items() if not isinstance(v, str)), None)
        if wrong is not None:
            raise Stop(refusal("1", "IGW00009", "응답전문 구성 중 오류가 발생하였습니다."))
        return body

    @staticmethod
    def _check_fields(endpoint: Endpoint, params: dict[str, str], account: Account) -> None:
        for name in endpoint.fields:
            if name not in params:
                raise Stop(missing_field(name))
        if "CANO" not in endpoint.fields:
            return
        cano, product = (params[name].strip() for name in ACCOUNT)
        if cano != account.account_no[:8]:
            raise Stop(refusal("1", "OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO"))
        if product != account.account_no[8:]:
            raise Stop(refusal("1", "APBK1271", "Not Found"))

    # Answers

    def _oauth(self, request: web.Request, raw: bytes, now: datetime) -> web.Response:
        try:
            if request.method != "POST":
                return web.Response(status=404)
            body = read_json(raw)
            if not isinstance(body, dict):
                raise Denied("EGW00101")
            status, answer = oauth.PATHS[path_of(request)](self._world, self._side, body, now)
            self._world.keep()
        except ValueError:
            status, answer = oauth.denied("EGW00101", self._world.switches.token_error_status)
        except Denied as e:
            recorded = e.code in RECORDED
            status, answer = oauth.denied(e.code, 403 if recorded else self._world.switches.token_error_status)
        response = _json(answer, status)
        response["code"] = str(answer.get("error_code", ""))
        return response

    def _master(self, path: str) -> web.Response:
        """An instrument master archive: without a login, as a file (7)."""
        body = master.archive(self._world.market.listings.values(), master.PATHS[path])
        return web.Response(body=body, content_type="application/zip")

    def _hashkey(self, request: web.Request, raw: bytes, now: datetime) -> Answer:
        """Needs the key pair, no token (2.4)."""
        headers = request.headers
        account = self._world.desk.login(self._side, headers.get("appkey"), headers.get("appsecret"))
        if self._world.switches.hashkey_counts:
            self._check_rate(account, now)
        try:
            body = read_json(raw)
        except ValueError:
            raise Denied("EGW00101") from None
        return Answer({"BODY": body, "HASH": oauth.body_hash(raw)})

    def _response(self, request: web.Request, answer: Answer) -> web.Response:
        """`tr_id`, `tr_cont` and `gt_uid` in lower case, every other header capitalised (3.2)."""
        if answer.status == 404:
            return web.Response(status=404, text="Not Found")
        headers = {
            "tr_id": request.headers.get("tr_id", ""),
            "tr_cont": answer.tr_cont,
            "gt_uid": request.headers.get("gt_uid") or secrets.token_hex(16),
        }
        response = _json(answer.body, answer.status, headers)
        response["code"] = str(answer.body.get("msg_cd", ""))
        return response

    def _as_seen(self, call: Call, about: About, now: datetime) -> Call:
        """The call with the account as it is shown: order lists and balances may lag behind (4.8, 4.11)."""
        account, delay = call.account, self._world.switches.paper_list_delay
        if delay and self._side == codes.PAPER and call.path in LISTS:
            account = ledger.without_young_orders(account, now - timedelta(seconds=delay))
        for fault in self._world.faults.strikes("list", about).values():
            account = ledger.seen(account, fault, now)
        return call if account is call.account else replace(call, account=account)

    def _lose_token(self, about: About, now: datetime) -> None:
        """Another holder of the key makes our token worthless, or it just dies (2.1)."""
        account = self._world.exchange.accounts.get(about.account_no)
        fault = self._world.faults.strike("token", about) if account else None
        if account and fault:
            self._world.desk.lose(account, now, replaced=fault.kind.name == "token_killed")
            self._world.keep()


def _app_key(raw: bytes) -> str:
    """The key in the body of a log-in call."""
    try:
        body = read_json(raw) if raw else {}
    except ValueError:
        return ""
    return str(body.get("appkey", "")) if isinstance(body, dict) else ""


def _compact(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _json(body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        headers=headers,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        charset="utf-8",
    )
