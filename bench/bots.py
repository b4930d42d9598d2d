"""What bots cost, and whether one that burns harms the others: `./run bench bots`. One JSON line.

    ./run bench bots                       20 bots, 20 seconds a measurement
    ./run bench bots --bots 5 --seconds 8  fewer and shorter

Real bots in a real worker, against the simulator. Ticks are sent as the owner of a socket sends them, five a second to
each bot. `uss` is a process's own memory: what one more costs; the baseline is the same worker without moving what is
loaded out of the collector's sight before it forks. Tick to decision is from the tick's sending to the moment for which
the rule was judged, once a second and bot, while nothing burns and while one more account burns a processor: its
strategy in Python takes nearly all the time it may, at every tick, and its entry cannot be read.
"""

import argparse
import json
import os
import string
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

from bench.house import house, point_at, rule_on, settle_in
from kis.simulator import testing

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
SWITCHES = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
PER_SECOND = 5
START_WITHIN_SEC = 240
GIB = 2**30
TARGET_PER_GIB = 90
CONDITION = "price > 1000000 or (rsi(14) > 99 and sma(20) > 2 * price and ema(50) > 2 * price)"
BURNS = """
def decide(market, position, params):
    total = 0
    for n in range(120_000):
        total += n % 7
    return None
"""


def customers(count: int) -> list[dict[str, str]]:
    """Paper accounts for the simulator."""
    rng = Random("bench bots")  # noqa: S311
    letters = string.ascii_letters + string.digits
    return [
        {
            "environment": "paper",
            "app_key": "PV" + "".join(rng.choices(letters, k=34)),
            "app_secret": "".join(rng.choices(letters, k=180)),
            "account_no": f"50{n:06d}01",
            "hts_id": f"bench{n}",
        }
        for n in range(count)
    ]


# --- processes ----------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    from django.conf import settings
    from django.db import connection

    kis = {name: getattr(settings, name) for name in dir(settings) if name.startswith("KIS_") and name.endswith("_URL")}
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    return {**os.environ, **kis, "SUPABASE_DB_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}


@contextmanager
def worker(slots: int, app: str = "config.celery:app") -> Iterator[int]:
    """A worker for bots, as `./run up` starts it; its pid, once its pool is there."""
    pool = ("-Q", "bots", "-n", "bench-bots@%h", "-P", "prefork", "-c", str(slots), "-l", "WARNING")
    alone = ("--without-gossip", "--without-mingle", "--prefetch-multiplier", "1", "-O", "fair")
    command = [sys.executable, "-m", "celery", "-A", app, "worker", *pool, *alone]
    process = subprocess.Popen(
        command, env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: len(children_of(process.pid)) >= slots, 120, "the worker's pool did not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def children_of(pid: int) -> list[int]:
    """Of all its threads."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def family_of(pid: int) -> list[int]:
    """The process, what it started, and what they started."""
    return [pid, *(one for child in children_of(pid) for one in family_of(child))]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_of(pid: int) -> dict[str, float]:
    """MiB: what is this process's own, and what it has with its share of shared pages."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kib = {name: int(rows[name].split()[0]) for name in ("Private_Clean", "Private_Dirty", "Pss")}
    return {"uss": (kib["Private_Clean"] + kib["Private_Dirty"]) / 1024, "pss": kib["Pss"] / 1024}


def until(look: Callable[[], Any], seconds: float, otherwise: str) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise TimeoutError(otherwise)


# --- bots ---------------------------------------------------------------------------------------------------


def running(accounts: list[Any]) -> list[int]:
    """Every account's bot runs and has read the broker's list; their pids."""
    from accounts.models import BrokerageAccount
    from bots.models import BotLease
    from bots.services import ensure_bots

    ids = [account.pk for account in accounts]
    BrokerageAccount.objects.filter(pk__in=ids).update(enabled=True)

    def all_well() -> list[int]:
        ensure_bots()
        rows = BotLease.objects.filter(account__in=ids, holder__gt="", account__health_status="healthy")
        holders = list(rows.values_list("holder", flat=True))
        return [int(holder.rpartition(":")[2]) for holder in holders] if len(holders) == len(ids) else []

    return until(all_well, START_WITHIN_SEC, "not all bots came up")


class Ticker(threading.Thread):
    """Sends ticks evenly, as the owner of each key's socket would."""

    def __init__(self, wishes: list[tuple[str, str, float]]) -> None:
        """`wishes`: key id, symbol, ticks a second."""
        super().__init__(daemon=True)
        self._wishes = wishes
        self._enough = threading.Event()
        self.sent = 0

    def run(self) -> None:
        from django.conf import settings
        from redis import Redis

        from bots import ticks

        redis = Redis.from_url(settings.REDIS_URL)
        began = time.monotonic()
        due = [[began + n / len(self._wishes) / rate, rate, key, symbol]
               for n, (key, symbol, rate) in enumerate(self._wishes)]  # fmt: skip
        while not self._enough.is_set():
            for row in due:
                if row[0] <= time.monotonic():
                    row[0] += 1 / row[1]
                    self.sent += 1
                    redis.publish(ticks.quotes(row[2], row[3]), ticks.pack(_quote(row[3], self.sent)))
            time.sleep(0.001)

    def stop(self) -> None:
        self._enough.set()
        self.join()


def _quote(symbol: str, n: int) -> Any:
    from market.data import Quote
    from market.words import Exchange, Session

    now, price = datetime.now(UTC), Decimal(200) + Decimal(n % 50) / 100
    return Quote(symbol, Exchange.NASDAQ, price, now, now, price, price, volume=1000 + n, session=Session.REGULAR)


def latencies(rules: list[Any], seconds: float) -> list[float]:
    """Milliseconds from the sending of a tick to its judgement, as the rules remember it, once a second each."""
    from rules.models import RuleState

    ids, seen, end = [rule.pk for rule in rules], {}, time.monotonic() + seconds
    while time.monotonic() < end:
        for rule_id, look in RuleState.objects.filter(rule__in=ids).values_list("rule_id", "last_evaluation"):
            if look:
                seen[rule_id, look["at"]] = look["inputs"]["quote_age_sec"] * 1000
        time.sleep(0.4)
    return list(seen.values())


def spread(took: list[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "looks": len(took)}


# --- what is measured ---------------------------------------------------------------------------------------


def idle(accounts: list[Any], app: str) -> dict[str, float]:
    """Own memory of a bot that has nothing to watch, and of a child that waits for a bot. MiB."""
    with worker(len(accounts) + 1, app) as parent:
        pids = running(accounts)
        time.sleep(8)  # until what the first rounds allocate is there
        bots = [memory_of(pid) for pid in pids]
        waiting = [memory_of(pid)["uss"] for pid in children_of(parent) if pid not in pids]
    _stop(accounts)
    found = {
        "uss": median(b["uss"] for b in bots),
        "pss": median(b["pss"] for b in bots),
        "waiting_uss": median(waiting),
    }
    return {name: round(value, 1) for name, value in found.items()}


def _stop(accounts: list[Any]) -> None:
    """Every lease is free again, whatever became of its bot."""
    from accounts.models import BrokerageAccount
    from bots.models import BotLease

    BrokerageAccount.objects.filter(pk__in=[account.pk for account in accounts]).update(enabled=False)
    free = {"holder": "", "expires_at": None, "start_asked_until": None, "start_after": None, "starts_missed": 0}
    BotLease.objects.update(**free)


def busy(accounts: list[Any], burner: Any, seconds: float) -> dict[str, Any]:
    """Five ticks a second to each bot; then the same while one more account burns."""
    rules = [rule_on(account, entry_condition=CONDITION) for account in accounts]
    code = {"mode": "python", "code": BURNS, "entry_condition": "", "exit_condition": ""}
    burning = [rule_on(burner, **code) for _ in range(2)]
    spoilt = rule_on(burner, symbol="MSFT")
    type(spoilt).objects.filter(pk=spoilt.pk).update(entry_condition="price >")
    wishes = [(str(account.credential.pk), "AAPL", PER_SECOND) for account in accounts]
    with worker(len(accounts) + 1):
        pids = running(accounts)
        found = {"quiet": _phase(rules, pids, wishes, seconds)}
        (pid,) = running([burner])
        wishes += [(str(burner.credential.pk), "AAPL", 20.0)]
        found["burning"] = _phase(rules, pids, wishes, seconds, burner=pid)
        found["burning"]["strategies_still_on"] = (
            type(spoilt).objects.filter(pk__in=[r.pk for r in burning], enabled=True).count()
        )
    return found


def _phase(
    rules: list[Any], pids: list[int], wishes: list[Any], seconds: float, burner: int | None = None
) -> dict[str, Any]:
    ticker = Ticker(wishes)
    ticker.start()
    latencies(rules, 5)  # warm
    family = family_of(burner) if burner else []  # strategies run in processes of their own
    before, sent, began = _spent(pids), ticker.sent, time.monotonic()
    burnt = _spent(family)
    took = latencies(rules, seconds)
    wall, spent, burnt = time.monotonic() - began, _spent(pids) - before, _spent(family) - burnt
    sent = ticker.sent - sent
    ticker.stop()
    found = {
        "tick_to_decision_ms": spread(took),
        "cpu_pct_of_a_core_per_bot": round(spent / wall / len(pids) * 100, 2),
        "ticks_per_second": round(sent / wall, 1),
    }
    return found | ({"burner_cpu_pct": round(burnt / wall * 100)} if burner else {})


def _spent(pids: list[int]) -> float:
    return sum(map(cpu_seconds, pids))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench bots")
    parser.add_argument("--bots", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    if options.bots < 2 or options.seconds < 5:
        parser.error("at least --bots 2 and --seconds 5")
    with testing.start(switches=SWITCHES, accounts=customers(options.bots + 1)) as kis, house():
        point_at(kis)
        *accounts, burner = settle_in(kis, accounts=options.bots + 1)
        few = accounts[: min(6, len(accounts))]
        memory = {"unfrozen": idle(few, "bench.unfrozen:app"), "ours": idle(few, "config.celery:app")}
        found = busy(accounts, burner, options.seconds)
    quiet, burning = found["quiet"]["tick_to_decision_ms"], found["burning"]["tick_to_decision_ms"]
    per_gib = round(GIB / 2**20 / memory["ours"]["uss"])
    print(
        json.dumps(
            {
                "bench": "bots",
                "bots": options.bots,
                "idle_bot_mib": memory,
                "bots_per_gib": per_gib,
                **found,
                "burning_to_quiet": {name: round(burning[name] / quiet[name], 2) for name in ("p50", "p99")},
                "target": {"bots_per_gib": TARGET_PER_GIB},
                "processors": os.cpu_count(),
                "ok": per_gib >= TARGET_PER_GIB,
            }
        ),
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
