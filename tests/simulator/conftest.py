"""A broker for tests, and a customer who speaks to it with nothing but httpx and the protocol sheet."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.asyncio.client import ClientConnection, connect

from kis.simulator.testing import Simulated, start, wait_for

TRADING = "/uapi/overseas-stock/v1/trading/"
QUOTES = "/uapi/overseas-price/v1/quotations/"
TR = {
    "paper": {"buy": "VTTT1002U", "sell": "VTTT1001U", "revise": "VTTT1004U", "ccnl": "VTTS3035R"},
    "real": {"buy": "TTTT1002U", "sell": "TTTT1006U", "revise": "TTTT1004U", "ccnl": "TTTS3035R"},
}
BALANCE_TR = {"paper": "VTTS3012R", "real": "TTTS3012R"}
FREE = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}


class Customer:
    """One account, spoken for over plain HTTP."""

    def __init__(self, kis: Simulated, account: dict[str, Any]) -> None:
        self.kis, self.account = kis, account
        self.side: str = account["environment"]
        self.account_no: str = account["account_no"]
        self.http = httpx.Client(base_url=kis.info[self.side]["rest"], timeout=20)
        self._token: str | None = None
        self.dates: tuple[str, str] | None = None  # of the order list; today and its neighbours unless set

    def issue(self) -> httpx.Response:
        pair = {"appkey": self.account["app_key"], "appsecret": self.account["app_secret"]}
        return self.http.post("/oauth2/tokenP", json={"grant_type": "client_credentials", **pair})

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = self.issue().json()["access_token"]
        return self._token

    def headers(self, tr_id: str, **more: str) -> dict[str, str]:
        return {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {self.token}",
            "appkey": self.account["app_key"],
            "appsecret": self.account["app_secret"],
            "tr_id": tr_id,
            "custtype": "P",
            **more,
        }

    @property
    def acct(self) -> dict[str, str]:
        return {"CANO": self.account_no[:8], "ACNT_PRDT_CD": self.account_no[8:]}

    def get(self, path: str, tr_id: str, params: dict[str, str], **more: str) -> httpx.Response:
        return self.http.get(path, params=params, headers=self.headers(tr_id, **more))

    def post(self, path: str, tr_id: str, body: dict[str, Any], **more: str) -> httpx.Response:
        text = json.dumps(body, ensure_ascii=False)
        return self.http.post(path, content=text.encode(), headers=self.headers(tr_id, **more))

    def order_body(self, symbol: str, qty: Any, price: Any, exchange: str = "NASD", **more: str) -> dict[str, str]:
        return {
            **self.acct,
            "OVRS_EXCG_CD": exchange,
            "PDNO": symbol,
            "ORD_QTY": str(qty),
            "OVRS_ORD_UNPR": str(price),
            "SLL_TYPE": "",
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": "00",
            **more,
        }

    def order(
        self, side: str, symbol: str, qty: Any, price: Any, exchange: str = "NASD", **more: str
    ) -> httpx.Response:
        body = self.order_body(symbol, qty, price, exchange, **more)
        return self.post(TRADING + "order", TR[self.side][side], body)

    def accepted(self, side: str, symbol: str, qty: Any, price: Any, exchange: str = "NASD") -> str:
        """The number of an order that must be taken."""
        answer = self.order(side, symbol, qty, price, exchange).json()
        assert answer["rt_cd"] == "0", answer
        return answer["output"]["ODNO"]

    def revise(
        self, what: str, number: str, symbol: str, qty: Any = 0, price: Any = "0", exchange: str = "NASD"
    ) -> httpx.Response:
        body = {
            **self.acct,
            "OVRS_EXCG_CD": exchange,
            "PDNO": symbol,
            "ORGN_ODNO": number,
            "RVSE_CNCL_DVSN_CD": {"amend": "01", "cancel": "02"}[what],
            "ORD_QTY": str(qty),
            "OVRS_ORD_UNPR": str(price),
        }
        return self.post(TRADING + "order-rvsecncl", TR[self.side]["revise"], body)

    def ccnl_query(self, **more: str) -> dict[str, str]:
        everything = "" if self.side == "paper" else "%"
        today = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")).date()
        first, last = self.dates or (f"{today - timedelta(days=1):%Y%m%d}", f"{today + timedelta(days=1):%Y%m%d}")
        return {
            **self.acct,
            "PDNO": everything,
            "ORD_STRT_DT": first,
            "ORD_END_DT": last,
            "SLL_BUY_DVSN": "00",
            "CCLD_NCCS_DVSN": "00",
            "OVRS_EXCG_CD": everything,
            "SORT_SQN": "DS",
            **dict.fromkeys(("ORD_DT", "ORD_GNO_BRNO", "ODNO", "CTX_AREA_FK200", "CTX_AREA_NK200"), ""),
            **more,
        }

    def ccnl(self, tr_cont: str = "", **more: str) -> httpx.Response:
        return self.get(TRADING + "inquire-ccnl", TR[self.side]["ccnl"], self.ccnl_query(**more), tr_cont=tr_cont)

    def row(self, number: str) -> dict[str, str]:
        output = self.ccnl().json()["output"]
        return next(r for r in output if r["odno"] == number)

    def row_when(self, number: str, **wanted: str) -> dict[str, str]:
        """The order's row once its fields have these values."""

        def look() -> dict[str, str] | None:
            row = self.row(number)
            return row if all(row[k] == v for k, v in wanted.items()) else None

        return wait_for(look)

    def balance(self, exchange: str = "", **more: str) -> httpx.Response:
        query = {**self.acct, "OVRS_EXCG_CD": exchange, "TR_CRCY_CD": "USD", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
        return self.get(TRADING + "inquire-balance", BALANCE_TR[self.side], {**query, **more})

    def price(self, symbol: str, market: str = "NAS") -> dict[str, str]:
        query = {"AUTH": "", "EXCD": market, "SYMB": symbol}
        return self.get(QUOTES + "price", "HHDFS00000300", query).json()["output"]

    def approve(self) -> str:
        pair = {"appkey": self.account["app_key"], "secretkey": self.account["app_secret"]}
        answer = self.http.post("/oauth2/Approval", json={"grant_type": "client_credentials", **pair})
        return answer.json()["approval_key"]

    def socket(self, path: str = "/tryitout") -> Any:
        return connect(self.kis.info[self.side]["ws"] + path)

    def registration(self, tr_id: str, tr_key: str, tr_type: str = "1", key: str | None = None) -> str:
        header = {"approval_key": key or self.approve(), "custtype": "P", "tr_type": tr_type, "content-type": "utf-8"}
        return json.dumps({"header": header, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}})


async def hear(socket: ClientConnection, wanted: Callable[[str], bool]) -> str:
    """The next message that is wanted."""
    while True:
        text = await socket.recv()
        assert isinstance(text, str)
        if wanted(text):
            return text


async def ask(socket: ClientConnection, message: str) -> dict[str, Any]:
    """Send a registration and read the control reply to it."""
    await socket.send(message)
    return json.loads(await hear(socket, lambda t: t.startswith("{") and "PINGPONG" not in t))


def decrypt(frame: str, reply: dict[str, Any]) -> list[str]:
    """The fields of an encrypted notice, by section 5.5."""
    key, iv = reply["body"]["output"]["key"].encode(), reply["body"]["output"]["iv"].encode()
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    plain = decryptor.update(base64.b64decode(frame.split("|", 3)[3])) + decryptor.finalize()
    return plain[: -plain[-1]].decode().split("^")


def make_account(environment: str, n: int, **more: Any) -> dict[str, Any]:
    digit = 5 if environment == "paper" else 6
    return {
        "environment": environment,
        "app_key": f"{environment}{n:03d}".ljust(36, "k"),
        "app_secret": f"secret{environment}{n:03d}".ljust(180, "s"),
        "account_no": f"{digit}{n:07d}01",
        "hts_id": f"{environment[0]}{n:03d}",
        **more,
    }


@pytest.fixture(scope="session")
def broker() -> Iterator[Simulated]:
    """One simulator for most tests, without rate limits, with an account for each of them."""
    holdings = {"KO": {"quantity": 100, "average": "60"}, "SPY": 5}
    pool = [
        make_account(side, n, cash_usd="100000", holdings=holdings) for side in ("paper", "real") for n in range(400)
    ]
    with start(accounts=pool, switches=FREE) as kis:
        yield kis


@pytest.fixture(scope="session")
def _untouched(broker: Simulated) -> dict[str, Iterator[dict[str, str]]]:
    return {side: iter(broker.accounts(side)) for side in ("paper", "real")}


@pytest.fixture
def kis(broker: Simulated) -> Iterator[Simulated]:
    yield broker
    broker.control.clear_faults()
    broker.control.unpin()


@pytest.fixture
def paper(kis: Simulated, _untouched: dict[str, Iterator[dict[str, str]]]) -> Customer:
    """A paper customer with 100,000 USD, 100 KO and 5 SPY, and no order yet."""
    return Customer(kis, next(_untouched["paper"]))


@pytest.fixture
def real(kis: Simulated, _untouched: dict[str, Iterator[dict[str, str]]]) -> Customer:
    return Customer(kis, next(_untouched["real"]))


@pytest.fixture(params=["paper", "real"])
def customer(request: pytest.FixtureRequest) -> Customer:
    """Either side: what holds for both."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def speak() -> Any:
    """The helpers that need no account: `ask`, `hear`, `decrypt`."""

    class Speak:
        pass

    found: Any = Speak()
    found.ask, found.hear, found.decrypt, found.customer = ask, hear, decrypt, Customer
    return found
