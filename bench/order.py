"""From a tick to the order's request on the wire: `./run bench order`. One JSON line, milliseconds.

    ./run bench order                 200 orders of each kind
    ./run bench order --orders 50     fewer

The real bot judges the tick, the guards vote, the intent is committed, the request is written to the simulator; the
points on the way (`market.points`) say how the time divides. With and without the call for a hash, and with the buying
power at hand (as a bot has it) and asked for. The baseline is a bare commit of one row on the same database.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median, quantiles
from typing import Any

from bench.house import house, point_at, rule_on, settle_in
from kis.simulator import testing
from market import points

SWITCHES = {"rate_paper": 0, "rate_real": 0, "token_interval": 0.0}
STAGES = (
    ("decided, guards asked", "tick", "before_intent_commit"),
    ("intent committed", "before_intent_commit", "after_intent_commit"),
    ("token, hash, turn, connection", "after_intent_commit", "before_submitting_commit"),
    ("submitting committed", "before_submitting_commit", "after_submitting_commit"),
    ("written", "after_submitting_commit", "after_write"),
)
TARGET_COMMITS, TARGET_P99_MS = 3.0, 10.0


def bare_commits(count: int) -> list[float]:
    """Milliseconds of one insert committed alone, as fast as this database does it."""
    from django.db import connection

    took = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_commit (id bigserial PRIMARY KEY, said text)")
        for n in range(count):
            began = time.perf_counter()
            cursor.execute("INSERT INTO bench_commit (said) VALUES (%s)", [f"row {n}"])
            took.append((time.perf_counter() - began) * 1000)
    return took


def spread(took: list[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


class Stopwatch:
    """When the process was at which point, of one order."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}

    def __call__(self, name: str) -> None:
        self.seen.setdefault(name, time.perf_counter())


async def orders(account: Any, count: int, *, hashkey: bool, power_at_hand: bool) -> list[dict[str, float]]:
    """So many orders, one after the other; milliseconds by stage, and `whole`."""
    from asgiref.sync import sync_to_async
    from django.conf import settings

    from bots import desk
    from bots.health import Pulse
    from bots.loop import AccountBot

    settings.KIS_HASHKEY_OPTIONAL = not hashkey
    settings.KIS_SPEED = 1000.0  # the turn is asked for, and never waited for
    logging.getLogger().setLevel(logging.WARNING)
    found = []
    async with desk.taken(account) as ours:
        assert ours is not None, "somebody else holds the account"
        now = datetime.now(UTC)
        bot = AccountBot(account, ours.lease, ours.key, ours.broker, ours.redis, None, lambda: False, Pulse(now))
        beating = asyncio.create_task(bot._beat())
        await bot._recover()
        for _ in range(count):
            await sync_to_async(_one_rule)(account)
            await bot._load()
            bot.session = await sync_to_async(_session)(datetime.now(UTC))
            if power_at_hand:
                bot.quotes["AAPL"] = _quote()
                await bot._reckon()
            found.append(await _one(bot))
            await sync_to_async(_forget)(account)
        beating.cancel()
    return found


async def _one(bot: Any) -> dict[str, float]:
    from logs.models import ExecutionLog

    watch = next(iter(bot.watches.values()))
    seen = Stopwatch()
    points.listen(seen)
    try:
        seen("tick")
        bot._on_quote(_quote())
        await bot._judge(watch)
    finally:
        points.listen(None)
    if "after_write" not in seen.seen:
        said = await ExecutionLog.objects.order_by("-id").afirst()
        raise AssertionError(f"no order was written: the way ended after {list(seen.seen)[-1]}. {said}")
    at = seen.seen
    stages = {name: (at[last] - at[first]) * 1000 for name, first, last in STAGES}
    return stages | {"whole": (at["after_write"] - at["tick"]) * 1000}


def _quote() -> Any:
    from market.data import Quote
    from market.words import Exchange

    now = datetime.now(UTC)
    price = Decimal("200.00")
    return Quote(
        "AAPL", Exchange.NASDAQ, price, now, now, price - Decimal("0.01"), price + Decimal("0.01"), volume=1000
    )


def _session(now: datetime) -> Any:
    from instruments.selectors import session_spans
    from market.sessions import session_at

    return session_at(now, session_spans(now))


def _one_rule(account: Any) -> None:
    rule_on(account)


def _forget(account: Any) -> None:
    """The next order meets an account as empty as this one did."""
    from orders.domain import OPEN, State
    from orders.models import Order
    from rules.models import TradeRule

    TradeRule.objects.filter(account=account).update(enabled=False)
    ended = {"status": State.CANCELLED, "final_at": datetime.now(UTC)}
    moment = datetime.now(UTC) - timedelta(hours=1)  # so that it is not counted as a young order
    Order.objects.filter(account=account, status__in=[s.value for s in OPEN]).update(**ended, created_at=moment)


def summed(found: list[dict[str, float]], commit: float) -> dict[str, Any]:
    """The middle and the slow end; our own part without what only the broker's network takes."""
    stages = {name: spread([each[name] for each in found]) for name, *_ in STAGES}
    ours = [each["whole"] - each["token, hash, turn, connection"] for each in found]
    whole = spread([each["whole"] for each in found])
    return {
        "whole_ms": whole, "without_the_network_ms": spread(ours), "commits": round(median(ours) / commit, 2),
        "stages_ms": stages,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench order")
    parser.add_argument("--orders", type=int, default=200)
    options = parser.parse_args()
    if options.orders < 20:
        parser.error("--orders must be at least 20")
    with testing.start(switches=SWITCHES) as kis, house():
        point_at(kis)
        kis.control.pin("AAPL", "200.00")
        (account,) = settle_in(kis)
        account.enabled = True
        account.save()
        commits = bare_commits(options.orders)
        kinds: dict[str, Callable[[], Any]] = {
            "with hash": lambda: orders(account, options.orders, hashkey=True, power_at_hand=True),
            "without hash": lambda: orders(account, options.orders, hashkey=False, power_at_hand=True),
            "without hash, buying power asked for": lambda: orders(
                account, options.orders, hashkey=False, power_at_hand=False
            ),
        }
        commit = median(commits)
        found = {name: summed(asyncio.run(run()), commit) for name, run in kinds.items()}
    best = found["without hash"]
    print(
        json.dumps(
            {
                "bench": "order",
                "orders": options.orders,
                "bare_commit_ms": spread(commits),
                "tick_to_wire": found,
                "target": {"commits": TARGET_COMMITS, "p99_ms": TARGET_P99_MS},
                "processors": os.cpu_count(),
                "ok": best["commits"] <= TARGET_COMMITS and best["whole_ms"]["p99"] <= TARGET_P99_MS,
            },
            ensure_ascii=False,
        ),
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
