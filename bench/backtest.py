"""Our backtest beside backtesting.py, backtrader and vectorbt, one after the other in one run. One JSON line.

    ./run bench backtest                  1,000,000 one-minute bars, and the daily GOOG sample of backtesting.py
    ./run bench backtest --bars 100000    fewer
    ./run bench backtest --only step,array,vectorbt

Each runs in a process of its own, twice: cold and warm. Speeds are bars per second of CPU time. The peers live in
.local/peers, made from bench/peers.txt (pinned and hashed). Trades are compared by the bars in which they filled.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".local" / "peers"
PINNED = ROOT / "bench" / "peers.txt"
ENGINES = ("step", "array", "backtesting", "backtrader", "vectorbt")
RULES = ("sma", "rsi")
SHOWN_DIFFERENCES = 5


def ensure_peers() -> str:
    """The interpreter of the peers' environment, made when its pins have changed."""
    python, stamp = PEERS / "bin" / "python", PEERS / "pins"
    digest = hashlib.sha256(PINNED.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return str(python)
    say("installing the peers into .local/peers")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
    env = os.environ | {"VIRTUAL_ENV": str(PEERS)}
    uv = Path(sys.executable).with_name("uv")
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(PINNED)]
    if uv.exists():
        install = [str(uv), "--system-certs", "pip", "sync", "--quiet", "--require-hashes", str(PINNED)]
    subprocess.run(install, check=True, env=env, stdout=sys.stderr)
    stamp.write_text(digest)
    return str(python)


def say(text: str) -> None:
    print(f"bench backtest: {text}", file=sys.stderr, flush=True)


def synthetic(path: Path, bars: int) -> None:
    """A seeded random walk of one-minute bars, in prices of four decimals."""
    random = numpy.random.default_rng(20_260_102)
    close = numpy.round(100 * numpy.exp(numpy.cumsum(random.normal(0, 0.0005, bars))), 4)
    opened = numpy.round(numpy.append(close[:1], close[:-1]) * (1 + random.normal(0, 0.0001, bars)), 4)
    high = numpy.round(numpy.maximum(opened, close) * 1.0002, 4)
    low = numpy.round(numpy.minimum(opened, close) * 0.9998, 4)
    start = 1_640_995_200 + 60 * numpy.arange(bars, dtype=numpy.int64)
    volume = random.integers(100, 10_000, bars).astype(float)
    numpy.savez(path, start=start, open=opened, high=high, low=low, close=close, volume=volume)


def measured(engine: str, series: Path, rule: str, peers: str) -> dict[str, Any]:
    """What one engine says of one rule on one series; `failed` with its last words when it could not."""
    ours = engine in ("step", "array")
    argv = [sys.executable, "-m", "bench.backtest_ours", str(series), rule, engine]
    if not ours:
        argv = [peers, "-W", "ignore", str(ROOT / "bench" / "backtest_peers.py"), engine, str(series), rule]
    env = os.environ | {"PYTHONPATH": str(ROOT) if ours else "", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-3:]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def summary(found: dict[str, Any], bars: int, reference: list | None, equal: set[int]) -> dict[str, Any]:
    """Speeds, and how the trades differ from the judge's."""
    if "failed" in found:
        return found
    trades = [tuple(trade) for trade in found["trades"]]
    shown = {
        "bars_per_s": round(bars / max(found["warm"]["cpu"], 1e-9)),
        "bars_per_s_cold": round(bars / max(found["cold"]["cpu"], 1e-9)),
        "cold": _rounded(found["cold"]),
        "warm": _rounded(found["warm"]),
        "start": _rounded(found["start"]),
        "peak_mb": round(found["peak_mb"], 1),
        "trades": len(trades),
    }
    return shown if reference is None else shown | compared(trades, reference, equal)


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in seconds.items()}


def ties(series: Path) -> set[int]:
    """Bars on which both means are exactly equal, by whole numbers: where rounding makes other engines cross early."""
    with numpy.load(series) as file:
        units = numpy.rint(file["close"] * 10**6).astype(numpy.int64)
    sums = numpy.append(0, units.cumsum())
    short, long = sums[30:] - sums[20:-10], sums[30:] - sums[:-30]
    return set((numpy.flatnonzero(3 * short == long) + 29).tolist())


def at_ties(rows: list[tuple], equal: set[int]) -> int:
    """How many of the trades began or ended with a decision on such a bar or right after one."""
    return sum(any({bar - 1, bar - 2} & equal for bar in row) for row in rows)


def compared(trades: list[tuple], reference: list[tuple], equal: set[int]) -> dict[str, Any]:
    """Closed trades that only one side has. A trade that the peer closes by itself at the end is none of either's."""
    theirs, ours = set(trades), set(reference)
    only_theirs, only_ours = sorted(theirs - ours), sorted(ours - theirs)
    return {
        "differences_at_exact_ties": at_ties(only_theirs + only_ours, equal),
        "same": len(theirs & ours),
        "only_here": only_theirs[:SHOWN_DIFFERENCES],
        "only_in_step": only_ours[:SHOWN_DIFFERENCES],
        "differences": len(only_theirs) + len(only_ours),
    }


def compare(series: Path, engines: list[str], peers: str) -> dict[str, Any]:
    with numpy.load(series) as file:
        bars = len(file["close"])
    found: dict[str, Any] = {"bars": bars}
    equal = ties(series)
    for rule in RULES:
        reference = None
        found[rule] = {}
        for engine in engines:
            say(f"{series.stem}, {rule}, {engine} …")
            raw = measured(engine, series, rule, peers)
            if engine == "step" and "trades" in raw:
                reference = [tuple(trade) for trade in raw["trades"]]
            found[rule][engine] = summary(raw, bars, reference, equal)
        found[rule]["ratios"] = ratios(found[rule])
    return found


def ratios(engines: dict[str, Any]) -> dict[str, float]:
    """What the issue asks: array to vectorbt warm, step to backtesting.py and to backtrader."""
    pairs = (("array", "vectorbt"), ("step", "backtesting"), ("step", "backtrader"))
    speeds = {name: each.get("bars_per_s") for name, each in engines.items()}
    return {
        f"{ours}_to_{peer}": round(speeds[ours] / speeds[peer], 2)
        for ours, peer in pairs
        if speeds.get(ours) and speeds.get(peer)
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench backtest")
    parser.add_argument("--bars", type=int, default=1_000_000, help="one-minute bars of the synthetic series")
    parser.add_argument("--only", default=",".join(ENGINES), help="engines, with commas: " + ", ".join(ENGINES))
    options = parser.parse_args()
    engines = [name for name in ENGINES if name in options.only.split(",")]
    peers = ensure_peers()
    with tempfile.TemporaryDirectory() as folder:
        minutes, days = Path(folder) / "synthetic_1m.npz", Path(folder) / "goog_1d.npz"
        synthetic(minutes, options.bars)
        subprocess.run(
            [peers, "-W", "ignore", str(ROOT / "bench" / "backtest_peers.py"), "goog", str(days)], check=True
        )
        found = {each.stem: compare(each, engines, peers) for each in (days, minutes)}
    ok = all("failed" not in one for each in found.values() for rule in RULES for one in each[rule].values())
    print(json.dumps({"bench": "backtest", "ok": ok, "processors": os.cpu_count(), **found}), flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
