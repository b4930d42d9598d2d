"""What a page shows of a result: the engine's JSON with the prices that a chart needs, cut to a size. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy

from backtests.engine.result import Result
from market.columns import Columns

MOST_TRADES = 5_000  # the newest
MOST_PRICES = 2_000


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


def headline(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a list shows: the return, but what speaks against believing it instead when anything does."""
    looked, figures = result.get("look_ahead"), result.get("statistics")
    against = next(iter(result.get("warnings") or ()), None)
    if against is None and looked and not looked["ok"]:
        against = looked["text"]
    if against is not None:
        return {"return_pct": None, "note": against, "warned": True}
    if figures is None:
        return {"return_pct": None, "note": looked and looked["text"], "warned": False}
    return {"return_pct": figures["total_return_pct"], "note": None, "warned": False}


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
