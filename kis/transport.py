"""The only place that waits for KIS's REST servers.

Questions (GET, and the hash of a body) are asked again after what may be repeated. Orders and cancels are
written once, on a connection of their own, and never again from here.
"""

import asyncio
import json
import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol

import httpx

from kis import drift, errors, functions
from kis.config import KisConfig
from kis.journal import Journal, inside_a_request
from kis.throttle import Budget
from kis.token_store import AccessToken
from kis.wire.answers import Answer
from kis.wire.calls import Call
from kis.wire.values import json_object
from market import points
from market.errors import CredentialProblem, OutcomeUnknown, Text, TradingError, Unreachable
from market.words import Environment, Lane

CONNECT_S, READ_S, WRITE_S = 5.0, 10.0, 5.0
ORDER_READ_S = 15.0  # a slow acknowledgement is worth waiting for: without it the order is unknown
FILE_S = 120.0  # for a whole file
ANSWER_S = 25.0  # for the whole answer, however slowly it drips
USER_TIMEOUT_MS = 10_000  # written and not acknowledged: the kernel gives up, so that nothing arrives later
IDLE_S = 30.0
ATTEMPTS = 4
BACKOFF_S = {Environment.REAL: 0.15, Environment.PAPER: 1.0}
BACKOFF_LIMIT_S = 5.0
LONGEST_PAUSE_S = 10.0  # who is told to wait longer is told so, and decides
CONNECTIONS = 20  # more than 18 questions a second with answers of a second need

Clock = Callable[[], datetime]
pause = asyncio.sleep


class Tokens(Protocol):
    """What a request needs of the token's keeper."""

    async def ensure(self) -> AccessToken: ...

    async def refused(self, token: AccessToken) -> None: ...

    async def accepted(self, token: AccessToken) -> None: ...


class _TooLate(Exception):
    """The deadline had passed before the first byte."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def uptime() -> float:
    """Seconds on a clock that counts sleep too, where the platform has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def backoff(attempt: int, environment: Environment) -> float:
    """Seconds before attempt `attempt` + 1, doubling, with jitter so that processes do not march in step."""
    longest = min(BACKOFF_LIMIT_S, BACKOFF_S[environment] * 2**attempt)
    return longest * random.uniform(0.7, 1.3)  # noqa: S311


def _socket_options() -> list[tuple[int, int, int]]:
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS))
    return options


@cache
def tls() -> ssl.SSLContext:
    """One for all clients of a process: each would read all roots of the world again, a megabyte of them."""
    return httpx.create_ssl_context(trust_env=False)


def _http(config: KisConfig, connections: int) -> httpx.AsyncClient:
    # trust_env off: a proxy or a .netrc of the machine must not see or change what carries the key.
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_S)
    wire = httpx.AsyncHTTPTransport(
        verify=tls(), retries=0, limits=limits, socket_options=_socket_options(), trust_env=False
    )
    return httpx.AsyncClient(
        base_url=config.rest_url,
        transport=wire,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S, write=WRITE_S),
    )


def body_bytes(fields: Mapping[str, str]) -> bytes:
    """With the default separators: compact JSON was refused (Appendix E). Bytes give it a Content-Length."""
    return json.dumps(dict(fields)).encode()


def headers_for(config: KisConfig, call: Call, token: str = "", body_hash: str = "") -> dict[str, str]:
    """Sheet 3.1. The token endpoints carry their key in the body and need none of the rest."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if call.path.startswith("/uapi/"):
        headers |= {"appkey": config.app_key, "appsecret": config.app_secret, "custtype": "P"}
    if call.tr_id:
        headers |= {"tr_id": call.tr_id, "tr_cont": call.tr_cont}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if body_hash:
        headers["hashkey"] = body_hash
    return headers


def is_of_the_ledger(call: Call) -> bool:
    """Functions of the account share a limit of the whole ledger (3.5), those of prices do not."""
    return call.path.startswith(functions.TRADING)


def _answer(response: httpx.Response, received_at: datetime) -> Answer:
    return Answer(
        status=response.status_code,
        body=json_object(response.content),
        tr_cont=response.headers.get("tr_cont", ""),
        received_at=received_at,
        retry_after=_retry_after(response.headers.get("retry-after", ""), received_at),
    )


def _retry_after(word: str, now: datetime) -> float | None:
    """Seconds, from seconds or from a date (RFC 9110)."""
    if word.isascii() and word.isdigit():
        return float(word[:9])
    try:
        until = parsedate_to_datetime(word)
        return max(0.0, (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now.timestamp())
    except (ValueError, OverflowError):
        return None


class Line:
    """A connection that nobody else uses, from prepare to send."""

    def __init__(self, http: httpx.AsyncClient, give_back: Callable[["Line"], None]) -> None:
        self.http = http
        self._give_back = give_back

    def release(self) -> None:
        self._give_back(self)


class Transport:
    """HTTP to one KIS host with one key."""

    def __init__(
        self, config: KisConfig, journal: Journal, *, order_answer_s: float = ORDER_READ_S, clock: Clock = utc_now
    ) -> None:
        """`order_answer_s`: seconds to wait for the answer to an order before its outcome counts as unknown."""
        self._config = config
        self._order_answer_s = order_answer_s
        self._journal = journal
        self._clock = clock
        self._http = _http(config, connections=CONNECTIONS)
        self._idle: list[Line] = []
        self._lines: list[Line] = []

    async def exchange(
        self, call: Call, *, token: str = "", http: httpx.AsyncClient | None = None, lane: str = ""
    ) -> Answer:
        """One request, one answer of any status. Raises Unreachable, or ReadFailed when the answer is missing."""
        try:
            return await self._send(call, http or self._http, headers_for(self._config, call, token), lane=lane)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreachable() from error
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            raise errors.ReadFailed(
                Text(
                    "한국투자증권의 응답을 받지 못했습니다. 다시 시도합니다.",
                    "KIS did not answer. It will be asked again.",
                )
            ) from error

    async def read(
        self,
        call: Call,
        *,
        budget: Budget,
        lane: Lane,
        tokens: Tokens | None,
        http: httpx.AsyncClient | None = None,
    ) -> Answer:
        """Ask until there is an answer, pausing between attempts. `tokens` None: the call needs no token.

        Raises Throttled, Unreachable, ReadFailed, NotInPaper, CredentialProblem.
        """
        failure: TradingError = unreachable()
        reissued = False
        for attempt in range(ATTEMPTS):
            token = await tokens.ensure() if tokens else None
            again = True
            try:
                answer = await self._in_turn(call, budget, lane, token=token.value if token else "", http=http)
            except (Unreachable, errors.ReadFailed) as error:
                failure = error
            else:
                found = self._problem(answer, call)
                if found is None:
                    if tokens and token:
                        await tokens.accepted(token)
                    return answer
                failure = found
                again = errors.may_ask_again(answer)
                if tokens and token and errors.is_token_refusal(answer):
                    await tokens.refused(token)
                    if not reissued:
                        reissued = True
                        continue  # with the new token, at once
            if not again or (failure.retry_after or 0.0) > LONGEST_PAUSE_S:
                break
            if attempt + 1 < ATTEMPTS:
                await pause(max(failure.retry_after or 0.0, backoff(attempt, self._config.environment)))
        raise failure

    async def _in_turn(
        self, call: Call, budget: Budget, lane: Lane, *, token: str, http: httpx.AsyncClient | None
    ) -> Answer:
        """One exchange in a slot of the key's rate. Raises as `exchange`."""
        slot = await budget.take(lane, ledger=is_of_the_ledger(call))
        refused = ""
        try:
            answer = await self.exchange(call, token=token, http=http, lane=lane.value)
            refused = errors.rate_refusal(answer)
            return answer
        finally:
            slot.done(refused)

    def _problem(self, answer: Answer, call: Call) -> TradingError | None:
        if not call.tr_id:  # the hash endpoint answers without rt_cd (2.4)
            if answer.status == 200 and answer.body is not None and not answer.code:
                return None
            return errors.read_error(answer, self._config.environment) or errors.ReadFailed(
                errors.sentence(answer), code=answer.code
            )
        return errors.read_error(answer, self._config.environment)

    async def write_once(
        self, call: Call, line: Line, *, token: str, body_hash: str, deadline: float, lane: str
    ) -> Answer:
        """Write an order or a cancel, once, unless `deadline` (of `uptime`) has passed before the first byte.

        Raises Unreachable when no byte can have been written, OutcomeUnknown when one can.
        """
        written = False

        async def watch(event: str, _info: Mapping[str, Any]) -> None:
            # Called by the HTTP library with a connection in hand, before the first byte goes out on it.
            nonlocal written
            if event == "http11.send_request_headers.started":
                if uptime() >= deadline:
                    raise _TooLate
                points.at("before_write")
                written = True
            elif event == "http11.send_request_body.complete":
                points.at("after_write")

        left = max(0.0, deadline - uptime())
        timeout = httpx.Timeout(self._order_answer_s, connect=min(CONNECT_S, left), pool=left, write=WRITE_S)
        headers = headers_for(self._config, call, token, body_hash)
        try:
            if not left:
                raise _TooLate
            return await self._send(call, line.http, headers, timeouts=timeout, extensions={"trace": watch}, lane=lane)
        except _TooLate as error:
            raise _expired_unsent() from error
        except Exception as error:
            # Only what cannot have written is proof; for all else, mistakes of ours included, somebody must look.
            if not written and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
                raise unreachable() from error
            raise _outcome_unknown() from error

    async def line(self) -> Line:
        """A connection of its own, open or to be opened by its first request. Give it back with `release`."""
        if self._idle:
            return self._idle.pop()
        line = Line(_http(self._config, connections=1), self._idle.append)
        self._lines.append(line)
        return line

    async def open(self, line: Line) -> None:
        """Connect, by a request for nothing: `HEAD /` names no function and needs no key."""
        try:
            with inside_a_request():
                await line.http.head("/")
        except (httpx.HTTPError, OSError) as error:
            raise unreachable() from error

    async def aclose(self) -> None:
        for http in [self._http, *(line.http for line in self._lines)]:
            await http.aclose()
        self._lines.clear()
        self._idle.clear()

    async def _send(
        self,
        call: Call,
        http: httpx.AsyncClient,
        headers: Mapping[str, str],
        *,
        timeouts: httpx.Timeout | None = None,
        extensions: dict[str, Any] | None = None,
        lane: str = "",
    ) -> Answer:
        asks = {"params": dict(call.fields)} if call.method == "GET" else {"content": body_bytes(call.fields)}
        begun, answer, failed = time.monotonic(), None, "cancelled"
        try:
            with inside_a_request():
                async with asyncio.timeout(ANSWER_S):
                    response = await http.request(
                        call.method,
                        call.path,
                        headers=headers,
                        timeout=timeouts or http.timeout,
                        extensions=extensions or {},
                        **asks,  # type: ignore[arg-type]
                    )
            answer = _answer(response, self._clock())
            self._compare(call, answer)
            return answer
        except Exception as error:
            failed = type(error).__name__.lstrip("_")
            raise
        finally:
            self._note(call, answer, "" if answer else failed, time.monotonic() - begun, lane)

    def _compare(self, call: Call, answer: Answer) -> None:
        """Say where a successful answer differs from its documents. It is parsed by name all the same."""
        if answer.ok and answer.body is not None:
            for layout, shape in drift.answer(call.tr_id, answer.body):
                self._journal.drift(layout, shape)

    def _note(self, call: Call, answer: Answer | None, failed: str, seconds: float, lane: str) -> None:
        self._journal.exchanged(
            fields=call.fields,
            error=failed,
            method=call.method,
            path=call.path,
            tr_id=call.tr_id,
            status=answer.status if answer else None,
            rt_cd=answer.result if answer else "",
            msg_cd=answer.code if answer else "",
            msg1=answer.message if answer else "",
            seconds=round(seconds, 4),
            lane=lane,
        )


def post_blocking(config: KisConfig, call: Call) -> Answer:
    """One POST without an event loop, for the blocking twin of the hash. Raises Unreachable, ReadFailed."""
    try:
        with inside_a_request(), httpx.Client(base_url=config.rest_url, trust_env=False, timeout=READ_S) as http:
            response = http.post(call.path, content=body_bytes(call.fields), headers=headers_for(config, call))
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise unreachable() from error
    except httpx.HTTPError as error:
        raise errors.ReadFailed(Text("한국투자증권의 응답을 받지 못했습니다.", "KIS did not answer.")) from error
    return _answer(response, utc_now())


async def fetch_file(url: str, *, most_bytes: int) -> bytes:
    """A public file of KIS, such as a master archive: no key goes out. Raises Unreachable, ReadFailed."""
    refused = errors.ReadFailed(
        Text(f"파일을 받지 못했습니다. 주소를 확인하세요: {url}", f"The file cannot be had, check its address: {url}")
    )
    try:
        async with (
            asyncio.timeout(FILE_S),
            httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(READ_S, connect=CONNECT_S)) as http,
            http.stream("GET", url, headers={"accept-encoding": "identity"}) as response,
        ):
            content = bytearray()
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > most_bytes:
                    raise refused
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise unreachable() from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        raise refused from error
    if response.status_code != 200:
        raise refused
    return bytes(content)


def unreachable() -> Unreachable:
    return Unreachable(
        Text(
            "한국투자증권 서버에 연결할 수 없습니다. 다시 시도합니다.", "KIS cannot be reached. It will be tried again."
        )
    )


def unreadable(field: str) -> errors.ReadFailed:
    """An answer of success that lacks what was asked for."""
    return errors.ReadFailed(
        Text(f"한국투자증권 응답에 필요한 값이 없습니다: {field}", f"KIS's answer lacks a value: {field}")
    )


def credential_problem(ko: str, en: str, code: str = "") -> CredentialProblem:
    return CredentialProblem(Text(ko, en), code=code)


def _expired_unsent() -> Unreachable:
    return Unreachable(
        Text(
            "정해진 시간 안에 보내지 못해 주문을 보내지 않았습니다.",
            "The order was not sent: its time had run out before it could be written.",
        )
    )


def _outcome_unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        Text(
            "응답을 받기 전에 연결이 끊겼습니다. 주문 내역을 확인합니다.",
            "The line broke before KIS answered. The order list will tell.",
        )
    )
