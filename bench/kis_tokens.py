"""A simulated day of ten processes with one key, whose token dies three times: how many tokens are issued.

The processes share the vault, as the house's do: a row of the database. Market time runs so fast that a day passes in
the given seconds; the simulator counts the issues. One at the start and one for each death is the least there can be.
"""

import asyncio
import logging
import multiprocessing
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from bench.simulated import Simulated, config_of
from kis.simulator import testing
from kis.simulator.testing import wait_for
from market.words import Environment

PROCESSES = 10
DEATHS_AT_HOURS = (7, 14, 21)  # more than six hours apart: within six KIS gives the same token again
DAY_S = 86_400.0
SWITCHES = {"rate_real": 0, "rate_paper": 0}
STARTED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Share:
    """What a process is told. `market_at` is the market's moment at `wall_at` of time.time."""

    credential: UUID
    environ: dict[str, str]
    market_at: datetime
    wall_at: float
    speed: float
    until: float

    def now(self) -> datetime:
        return self.market_at + timedelta(seconds=(time.time() - self.wall_at) * self.speed)


def measure(seconds: float) -> dict[str, Any]:
    """`seconds` of real time are a day of the market, at least a minute."""
    speed = DAY_S / max(seconds, 60.0)
    with testing.start(speed=speed, switches=SWITCHES) as kis:
        hosts = {"KIS_REAL_REST_URL": kis.info["real"]["rest"], "KIS_REAL_WS_URL": kis.info["real"]["ws"]}
        os.environ |= {**hosts, "KIS_SPEED": str(speed), "DJANGO_SETTINGS_MODULE": "config.settings"}
        database = _make_database()
        try:
            found = _live_through_a_day(kis, _store_key(kis), speed, max(seconds, 60.0))
        finally:
            database()
    return found


def _make_database() -> Any:
    """Tables in a database of our own; what is returned drops it."""
    import django

    django.setup()
    from django.db import connection

    before = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    url = urlsplit(os.environ["SUPABASE_DB_URL"])
    os.environ["SUPABASE_DB_URL"] = urlunsplit(url._replace(path=f"/{name}"))
    return lambda: connection.creation.destroy_test_db(before, verbosity=0)


def _store_key(kis: Simulated) -> UUID:
    from accounts import services as people
    from credentials.services import set_credentials

    keys = kis.accounts("real")[0]
    owner = people.create_user(email="bench@bamsae.test", password=token_urlsafe(), role="trader")
    account = people.create_account(user=owner, nickname="bench", environment="real", by=owner)
    names = ("app_key", "app_secret", "account_no")
    return set_credentials(account=account, **{name: keys[name] for name in names}, by=owner).pk


def _live_through_a_day(kis: Simulated, credential: UUID, speed: float, seconds: float) -> dict[str, Any]:
    market_at, wall_at = datetime.fromisoformat(kis.control.state()["now"]), time.time()
    until = wall_at + seconds
    share = Share(credential, dict(os.environ), market_at.astimezone(UTC), wall_at, speed, until)
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        working = pool.map_async(_work, [share] * PROCESSES, chunksize=1)
        wait_for(lambda: _issues(kis)["issued"], STARTED_WITHIN_S)
        for hour in DEATHS_AT_HOURS:
            time.sleep(max(0.0, wall_at + hour * 3600 / speed - time.time()))
            kis.control.fault("token_killed", count=1)
        asked = working.get()
    issues = _issues(kis)
    return _verdict(issues, asked, config_of(kis, Environment.REAL).masked_account, speed)


def _issues(kis: Simulated) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in kis.control.calls():
        if row["path"] == "/oauth2/tokenP":
            found["issued" if row["status"] == 200 else row["code"]] += row["count"]
    return found


def _verdict(issues: Counter[str], asked: list[Counter[str]], account: str, speed: float) -> dict[str, Any]:
    """Each death is another holder's new token, so our own issue right after it comes within KIS's minute: once."""
    questions = sum(asked, Counter())
    refused = sum(count for name, count in issues.items() if name != "issued")
    return {
        "ok": issues["issued"] == 1 + len(DEATHS_AT_HOURS)
        and refused <= len(DEATHS_AT_HOURS)
        and questions["failed"] == 0,
        "account": account,
        "processes": PROCESSES,
        "speed": round(speed, 1),
        "deaths": len(DEATHS_AT_HOURS),
        "tokens_issued": issues["issued"],
        "issues_refused": refused,
        "questions_answered": questions["answered"],
        "questions_failed": questions["failed"],
    }


def _work(share: Share) -> Counter[str]:
    os.environ |= share.environ
    import django

    django.setup()
    logging.disable(logging.WARNING)  # a line for each request would drown the result
    return asyncio.run(_ask(share))


async def _ask(share: Share) -> Counter[str]:
    """A question a quarter second, answered or not."""
    from asgiref.sync import sync_to_async

    from credentials.models import ApiCredential
    from credentials.services import kis_config, token_store
    from kis.client import KisClient
    from kis.overseas_quotes import get_price
    from kis.throttle import LocalBudget
    from market.errors import TradingError
    from market.words import Exchange

    credential = await sync_to_async(ApiCredential.objects.get)(pk=share.credential)
    config = await sync_to_async(kis_config)(credential)
    found: Counter[str] = Counter()
    store = token_store(credential)
    async with KisClient(config, token_store=store, budget=LocalBudget(100), clock=share.now) as client:
        while time.time() < share.until:
            try:
                await get_price("AAPL", Exchange.NASDAQ, client=client)
                found["answered"] += 1
            except TradingError as problem:
                found["failed"] += 1
                found[type(problem).__name__] += 1
            await asyncio.sleep(0.25)
    return found
