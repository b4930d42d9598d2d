"""The way of a newcomer, over HTTP alone: account, key, limits, rules, bot, order, fill, and the cancel of another.

Against KIS's paper server when it is asked for and its market is open, else on the simulator's paper side. The rules
read prices as the account can: on paper without a data key that is by asking.
"""

import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command

from kis.simulator.testing import wait_for
from tests import processes
from tests.processes import Running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
KIS_S, SIMULATOR_S = 600.0, 120.0  # paper allows one request a second, and its list may lag by minutes


@dataclass
class Person:
    """A trader with a program: nothing but HTTP."""

    http: httpx.Client

    def get(self, path: str, **query) -> dict:
        answer = self.http.get(f"/api{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict | None = None, *, expected: int) -> dict:
        answer = self.http.post(f"/api{path}", json=body or {})
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else {}

    def patch(self, path: str, body: dict) -> dict:
        answer = self.http.patch(f"/api{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def keys(target, settings) -> dict[str, str]:
    """The paper key of the broker under contract, where the house can reach it."""
    if not target.paper:
        pytest.skip("the flow is that of a paper account")
    config = target.config
    settings.KIS_PAPER_REST_URL, settings.KIS_PAPER_WS_URL = config.rest_url, config.ws_url
    return {name: getattr(config, name) for name in ("app_key", "app_secret", "account_no", "hts_id")}


@pytest.fixture
def open_market(target, request, transactional_db) -> None:
    """The trading days; a closed market at KIS is no place for this test."""
    from instruments.selectors import session_spans
    from instruments.services import ensure_instruments
    from market.sessions import session_at
    from market.words import Session

    if target.name == "kis-paper":
        call_command("import_trading_days", verbosity=0)
    else:
        calendar = request.getfixturevalue("simulated").info["control"] + "/calendar"
        call_command("import_trading_days", "--from", calendar, verbosity=0)
    ensure_instruments()
    now = datetime.now(UTC)
    if session_at(now, session_spans(now)).session is not Session.REGULAR:
        pytest.skip("KIS's market is closed; the flow ran on the simulator")


@pytest.fixture
def person(trader, keys, open_market, tmp_path: Path) -> Iterator[Person]:
    """The API in a process of its own, and a trader's token for it."""
    from accounts.services import create_api_token

    soon = datetime.now(UTC) + timedelta(hours=1)
    _, token = create_api_token(user=trader, name="flow", scope="trade", expires_at=soon, by=trader)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "api.log").open("w") as log:
        daphne = ("-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "config.asgi:application")
        api = Running(sys.executable, *daphne, log=log)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, trust_env=False) as http:
            try:
                wait_for(lambda: _answers(http), 60)
                yield Person(http)
            finally:
                api.kill()
                sys.stderr.write((tmp_path / "api.log").read_text()[-4000:])


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_from_an_account_to_a_fill_and_the_cancel_of_another_order(person, keys, target, tmp_path):
    patience = KIS_S if target.name == "kis-paper" else SIMULATOR_S
    account = person.post("/accounts", {"nickname": "첫 계좌", "environment": "paper"}, expected=201)
    person.post(f"/accounts/{account['id']}/credentials", keys, expected=201)
    person.patch(f"/accounts/{account['id']}/limits", {"daily_buy_usd": "5000"})
    look = {"timeframe": "1m", "evaluate_on": "tick", "entry_condition": "price > 0", "exit_condition": "false"}
    common = {**look, "account_id": account["id"], "buy_amount_usd": "1500", "max_position": 1, "cooldown_sec": 3600}
    buys = person.post("/rules", {**common, "symbol": "AAPL", "price_offset_bps": 50}, expected=201)
    rests = person.post("/rules", {**common, "symbol": "KO", "price_offset_bps": -900}, expected=201)
    for rule in (buys, rests):
        person.post(f"/rules/{rule['id']}:toggle", {"enabled": True, "confirm": "첫 계좌"}, expected=200)
    person.post(f"/bots/{account['id']}:start", {"confirm": "첫 계좌"}, expected=202)

    def order_of(rule: dict, *statuses: str) -> dict | None:
        found = person.get("/orders", account_id=account["id"])["results"]
        return next((o for o in found if o["rule_id"] == rule["id"] and o["status"] in statuses), None)

    with (tmp_path / "bot.log").open("w") as log:
        bot = processes.bot(_Row(account["id"]), log)  # what a worker does with the start that was asked for
        try:
            filled = wait_for(lambda: order_of(buys, "filled"), patience)
            assert (filled["side"], filled["qty"], filled["filled_qty"]) == ("buy", 1, 1)
            assert filled["broker_order_id"] and filled["reason"]["guards"]["passed"]
            fill = person.get("/executions", account_id=account["id"])["results"][0]
            assert (fill["order_id"], fill["qty"]) == (filled["id"], 1)
            held = wait_for(lambda: person.get("/positions", account_id=account["id"])["results"], patience)
            assert any(p["symbol"] == "AAPL" and p["qty"] >= 1 for p in held)

            resting = wait_for(lambda: order_of(rests, "working"), patience)
            person.post(f"/orders/{resting['id']}:cancel", expected=202)
            wait_for(lambda: order_of(rests, "cancelled"), patience)
            whole = person.get(f"/orders/{resting['id']}")
            assert [r["kind"] for r in whole["requests"]] == ["new", "cancel"]

            person.post(f"/bots/{account['id']}:stop", {"confirm": "첫 계좌"}, expected=202)
            wait_for(lambda: not bot.alive, 30)
        finally:
            if bot.alive:
                bot.kill()
            sys.stderr.write((tmp_path / "bot.log").read_text()[-4000:])
    print(f"the flow ran on {target.name} at {time.strftime('%H:%M:%S', time.gmtime())} UTC")


@dataclass
class _Row:
    pk: str
