"""The replay of rules over candles: pure, without Django, clock or network."""

from backtests.engine.candles import Candles, CandlesError, read_csv
from backtests.engine.costs import Costs
from backtests.engine.plan import Guards, Options, Plan, PlanError, SessionTable
from backtests.engine.replay import run
from backtests.engine.result import Fill, Result
from backtests.engine.trades import Trade

__all__ = [
    "Candles",
    "CandlesError",
    "Costs",
    "Fill",
    "Guards",
    "Options",
    "Plan",
    "PlanError",
    "Result",
    "SessionTable",
    "Trade",
    "read_csv",
    "run",
]
