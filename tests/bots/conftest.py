"""A house with one paper account at a real simulator, and bots as processes of their own."""

import sys
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.core.management import call_command
from redis import Redis

from kis.simulator import testing
from kis.simulator.testing import Simulated, wait_for
from tests import processes

QUICK = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}  # limits have tests of their own


@pytest.fixture
def kis(settings) -> Iterator[Simulated]:
    with testing.start(switches=QUICK) as simulated:
        for name, (side, kind) in processes.HOSTS.items():
            setattr(settings, name, simulated.info[side][kind])
        yield simulated


@pytest.fixture
def trading_account(transactional_db, kis, paper_account, trader):
    """An account whose key is good at the simulator, with somebody's data key beside it; not yet enabled."""
    from credentials.services import set_credentials, set_data_credential
    from instruments.services import ensure_instruments

    names = ("app_key", "app_secret", "account_no", "hts_id")
    ours, data = kis.accounts("paper")[0], kis.accounts("real")[0]
    set_credentials(account=paper_account, by=trader, **{n: ours[n] for n in names})
    set_data_credential(owner=trader, environment="real", by=trader, **{n: data[n] for n in names})
    ensure_instruments()
    for symbol in ("AAPL", "MSFT"):  # in a market that stands still an order fills however slow this machine is
        kis.control.pin(symbol, "200.00")
    call_command("import_trading_days", "--from", kis.info["control"] + "/calendar", verbosity=0)
    return paper_account


@pytest.fixture
def write_rule(trading_account, trader) -> Callable:
    """`write_rule(entry, exit)`: an enabled rule on AAPL that looks at every tick."""
    from rules.services import create_rule, set_rule_enabled

    def make(entry: str = "price > 0", exit: str = "false", *, account=trading_account, **fields):
        given = {"symbol": "AAPL", "timeframe": "1m", "evaluate_on": "tick", "buy_amount_usd": Decimal(1000)}
        rule = create_rule(
            account=account,
            by=trader,
            entry_condition=entry,
            exit_condition=exit,
            **given | {"max_position": 100, "cooldown_sec": 1} | fields,
        )
        set_rule_enabled(rule=rule, enabled=True, confirm=account.nickname, by=trader)
        return rule

    return make


@pytest.fixture
def start_bot(trading_account, tmp_path) -> Iterator[Callable[[], processes.Running]]:
    """`start_bot()`: a bot of `trading_account`; what it says is shown when the test fails."""
    started: list[processes.Running] = []
    path = tmp_path / "bots.log"
    log = path.open("w")

    def start(account=trading_account, **env: str) -> processes.Running:
        started.append(processes.bot(account, log, **env))
        return started[-1]

    yield start
    for bot in started:
        if bot.alive:
            bot.kill()
    log.close()
    sys.stderr.write(path.read_text()[-6000:])


@pytest.fixture
def house_of_bots(trading_account, settings, tmp_path) -> Iterator[Callable]:
    """`house_of_bots(slots=2)`: a worker for bots with a queue of its own; answers it and a turn of the schedule."""
    path = tmp_path / "worker.log"
    log = path.open("w")
    started: list[processes.Running] = []
    own = {"REDIS_URL": settings.REDIS_URL.rpartition("/")[0] + "/11", "BOT_LEASE_SEC": "6", "BOT_SEND_WITHIN_SEC": "1"}

    with Redis.from_url(own["REDIS_URL"]) as redis:
        redis.delete("bots")  # start messages of earlier tests

    def start(slots: int = 2, **env: str) -> tuple[processes.Running, Callable[[], None]]:
        started.append(processes.bots_worker(log, slots, **own | env))
        wait_for(lambda: "ready." in path.read_text(), 90)
        return started[-1], lambda: processes.ensure_bots(log, **own | env)

    yield start
    for worker in started:
        if worker.alive:
            worker.stop()
    log.close()
    sys.stderr.write(path.read_text()[-6000:])


@pytest.fixture
def eventually() -> Callable:
    """`eventually(lambda: …)`: the first true answer, within a minute; a loaded machine may need it."""
    return lambda look, seconds=60: wait_for(look, seconds)
