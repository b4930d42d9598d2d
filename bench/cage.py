"""What one call of a pasted Python strategy costs over 300 bars: `./run bench cage`. One JSON line.

    ./run bench cage                2,000 calls
    ./run bench cage --calls 500    fewer

The baseline beside it is the same strategy as plain Python in this process, without a cage.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from market.data import Bar, Bars, MarketData, Quote
from market.words import EvaluateOn, Exchange, Timeframe
from rules.domain import Rule
from rules.indicators.values import value_at
from rules.language import parse
from rules.sandbox import CagedProgram

CODE = """
def decide(market, position, params):
    mean = sum(market.close[-30:]) / 30
    rsi = indicator("rsi", 14)
    return "enter" if rsi and market.close[-1] > mean and rsi > 70 else None
"""
BARS = 300
START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def market() -> MarketData:
    """A walk of so many minute bars, all of them closed."""
    walk, price, rows = random.Random(1), 10_000, []  # noqa: S311 - a series that is the same every time
    for k in range(BARS):
        price = max(price + walk.randint(-20, 20), 100)
        value = Decimal(price) / 100
        rows.append(Bar(START + k * MINUTE, value, value, value, value, 1000))
    now = START + BARS * MINUTE
    quote = Quote("AAPL", Exchange.NASDAQ, rows[-1].close, now, now)
    return MarketData(now, "AAPL", quote, Bars(Timeframe.M1, tuple(rows), begins=True))


def rule() -> Rule:
    never = parse("false")
    return Rule(
        UUID(int=1), 1, "AAPL", Exchange.NASDAQ, Timeframe.M1, EvaluateOn.BAR_CLOSE, never, never, Decimal(1000), 100
    )


def by_hand(seen: MarketData) -> str | None:
    """The same without a cage."""
    columns = seen.bars.columns
    closes = columns.close.tolist()
    rsi = value_at(columns, "rsi", (14,))
    return "enter" if rsi and closes[-1] > sum(closes[-30:]) / 30 and rsi > 70 else None


def timed(call: Callable[[], object], calls: int) -> dict[str, float]:
    """Milliseconds of wall time, of which the machine's other work is a part."""
    took = []
    for _ in range(calls):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    return {name: round(took[int(len(took) * share)], 3) for name, share in (("p1", 0.01), ("p50", 0.5), ("p99", 0.99))}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench cage")
    parser.add_argument("--calls", type=int, default=2000)
    options = parser.parse_args()
    if options.calls < 1:
        parser.error("--calls must be at least 1")
    program, seen, caller = CagedProgram(CODE), market(), rule()
    program.decide(seen, caller)  # the first call starts a worker
    caged = timed(lambda: program.decide(seen, caller), options.calls)
    plain = timed(lambda: by_hand(seen), options.calls)
    ok = caged["p50"] <= 1.0
    found = {"bench": "cage", "bars": BARS, "caged_ms": caged, "by_hand_ms": plain, "target_ms": 1.0}
    print(json.dumps({**found, "processors": os.cpu_count(), "ok": ok}), flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
