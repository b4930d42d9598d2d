"""Our engine on one series, in a process of its own, as bench.backtest runs its peers. Prints one JSON line."""

import json
import sys
import time

BEGAN = time.perf_counter(), time.process_time()

from decimal import Decimal  # noqa: E402
from uuid import UUID  # noqa: E402

import numpy  # noqa: E402

from backtests.engine import Costs, Plan, run  # noqa: E402
from bench.backtest_peers import peak_mb  # noqa: E402
from market.columns import Columns  # noqa: E402
from market.words import EvaluateOn, Exchange, Timeframe  # noqa: E402
from rules.domain import Rule  # noqa: E402
from rules.language import parse  # noqa: E402

STARTED = {"wall": time.perf_counter() - BEGAN[0], "cpu": time.process_time() - BEGAN[1]}
CONDITIONS = {
    "sma": ("sma(10) crosses_above sma(30)", "sma(10) crosses_below sma(30)"),
    "rsi": ("rsi(14) < 30", "rsi(14) > 70"),
}
NAMES = ("start", "open", "high", "low", "close", "volume")


def plan(path: str, rule: str) -> Plan:
    with numpy.load(path) as file:
        arrays = [file[name] for name in NAMES]
    daily = int(numpy.diff(arrays[0]).min()) > 80_000
    timeframe = Timeframe.D1 if daily else Timeframe.M1
    entry, exit = CONDITIONS[rule]
    ours = Rule(
        id=UUID(int=0),
        version=1,
        symbol="TEST",
        exchange=Exchange.NASDAQ,
        timeframe=timeframe,
        evaluate_on=EvaluateOn.BAR_CLOSE,
        entry=parse(entry),
        exit=parse(exit),
        buy_amount_usd=Decimal(10_000),
        max_position=1_000_000,
    )
    candles = {"TEST": Columns(timeframe, *arrays, begins=True)}
    return Plan((ours,), candles, cash=Decimal(10**9), costs=Costs.only(Decimal(0)))


def timed(whole: Plan, path: str) -> tuple[dict[str, float], list]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = run(whole, path=path)  # type: ignore[arg-type]
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    entries, exits = found.trades.spans
    closed = exits >= 0
    return spent, list(zip(entries[closed].tolist(), exits[closed].tolist(), strict=True))


def main() -> None:
    path, rule, how = sys.argv[1:4]
    whole = plan(path, rule)
    cold, trades = timed(whole, how)
    peak = peak_mb()
    del whole
    warm, _ = timed(plan(path, rule), how)
    print(json.dumps({"start": STARTED, "cold": cold, "warm": warm, "peak_mb": peak, "trades": trades}))


if __name__ == "__main__":
    main()
