"""What a run reckons: one replay and what hangs on it, or one of the studies; as one JSON-safe result."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from backtests.asked import Asked
from backtests.engine import bias, run, studies
from backtests.engine.plan import Plan
from backtests.engine.result import Result
from backtests.models import Study
from backtests.texts import RuleText
from market.columns import Columns

MOST_TRADES = 5_000  # in a stored result; the newest
MOST_PRICES = 2_000
SEED = 1
FEW_CUTS = 25  # bars at which every replay is checked for looking ahead; the study of it takes more
Progress = Callable[[float], None]


def study(kind: str, plan: Plan, texts: Sequence[RuleText], asked: Asked, progress: Progress) -> dict[str, Any]:
    """The result as the API and the report give it. Raises PlanError for what cannot be."""
    whole = {"kind": kind, "options": asked.as_dict(), "rules": [text.as_dict() for text in texts]}
    if kind == Study.LOOK_AHEAD:
        return {**whole, **_looked(plan, progress)}
    if kind == Study.GRID:
        return {**whole, **_replayed(plan, asked), "grid": studies.grid(plan, asked.grid, progress=progress).as_dict()}
    if kind == Study.WALK_FORWARD:
        found = studies.walk_forward(
            plan, asked.grid, train_bars=asked.train_bars, test_bars=asked.test_bars, progress=progress
        )
        return {**whole, **_replayed(plan, asked), "walk_forward": found.as_dict()}
    return {**whole, **_replayed(plan, asked, progress)}


def _replayed(plan: Plan, asked: Asked, progress: Progress | None = None) -> dict[str, Any]:
    result = run(plan, progress=progress)
    found = shown(result)
    if asked.benchmark:
        found["benchmark"] = asked.benchmark
    if asked.monte_carlo and len(result.trades) > 1:
        found["monte_carlo"] = studies.monte_carlo(result, runs=asked.monte_carlo, seed=SEED).as_dict()
    found["look_ahead"] = bias.look_ahead(plan, most=FEW_CUTS).as_dict()
    if not found["look_ahead"]["ok"]:
        found["warnings"].insert(0, found["look_ahead"]["text"])
    return found


def _looked(plan: Plan, progress: Progress) -> dict[str, Any]:
    found = bias.look_ahead(plan, progress=progress)
    return {"look_ahead": found.as_dict(), "bars": found.bars}


def shown(result: Result) -> dict[str, Any]:
    """The engine's result with the prices that a chart needs, cut to what a page can show."""
    many = len(result.trades) > MOST_TRADES
    found = result.as_dict(reasons=not many)
    columns = dict(zip(found["symbols"], result.plan.series, strict=False))
    for fill, row in zip(result.fills, found["fills"], strict=True):
        row["at"] = int(result.plan.series[fill.rule].start[fill.bar])  # where it stands on the chart
    found["prices"] = {symbol: prices(series) for symbol, series in columns.items()}
    found["counts"] = {name: len(found[name]) for name in ("fills", "trades", "vetoes", "unfilled")}
    for name in found["counts"]:
        found[name] = found[name][-MOST_TRADES:]
    return found


def prices(columns: Columns) -> dict[str, list]:
    """Open, high, low, close in at most so many stretches; `time` is the beginning of each, in seconds."""
    size = -(-len(columns) // MOST_PRICES)
    begins = numpy.arange(0, len(columns), size)
    ends = numpy.append(begins[1:], len(columns)) - 1
    return {
        "time": columns.start[begins].tolist(),
        "open": columns.open[begins].tolist(),
        "high": numpy.maximum.reduceat(columns.high, begins).tolist(),
        "low": numpy.minimum.reduceat(columns.low, begins).tolist(),
        "close": columns.close[ends].tolist(),
    }
