"""Figures of a replay. Conventions: equity is cash and holdings at the last close of each bar; daily returns are those
between the last bars of consecutive days in New York; 252 days are a year; the risk-free rate is 0."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy

from backtests.engine.trades import Trades
from market.errors import Text

YEAR_OF_DAYS = 252
SECONDS_OF_YEAR = 365.25 * 86_400
CONVENTION = Text(
    "샤프·소르티노·칼마: 뉴욕 날짜별 마지막 봉의 평가액으로 만든 일간 수익률, 1년 252일, 무위험 이자율 0.",
    "Sharpe, Sortino and Calmar: daily returns of the equity at each New York day's last bar, 252 days a year, "
    "risk-free rate 0.",
)


@dataclass(frozen=True)
class Curve:
    """Equity along time: `start` in seconds since 1970 (beginnings of bars), `value` in dollars, `dates` in days."""

    start: numpy.ndarray
    value: numpy.ndarray
    dates: numpy.ndarray

    def since(self, moment: int) -> "Curve":
        """Only from the first bar on that begins at this moment or later; the last bar is always kept."""
        first = min(int(self.start.searchsorted(moment)), len(self.start) - 1)
        return Curve(self.start[first:], self.value[first:], self.dates[first:])

    @property
    def day_ends(self) -> numpy.ndarray:
        """The last bar of every day in New York."""
        return numpy.flatnonzero(numpy.diff(self.dates, append=self.dates[-1:] + 1))


def drawdown(value: numpy.ndarray) -> numpy.ndarray:
    """How far below its highest so far, in percent: 0 or less."""
    peak = numpy.maximum.accumulate(value)
    return (value / peak - 1) * 100


def statistics(curve: Curve, cash: float, trades: Trades, traded: float, costs: float, exposed: float) -> dict:
    """All figures; None where one has no meaning. `traded`: notional of all fills; `exposed`: share of bars held."""
    value = curve.value
    years = max(float(curve.start[-1] - curve.start[0]) / SECONDS_OF_YEAR, 0.0)
    found: dict[str, Any] = {
        "final_equity": float(value[-1]),
        "total_return_pct": (float(value[-1]) / cash - 1) * 100,
        "years": years,
        "cagr_pct": growth(cash, float(value[-1]), years),
        "exposure_pct": exposed * 100,
        "costs": costs,
        "turnover": traded / float(value.mean()) if value.mean() > 0 else None,
        "mean_equity": float(value.mean()),
    }
    found |= _falls(curve, cash)
    found |= _ratios(curve, found["cagr_pct"], found["max_drawdown_pct"])
    found |= of_trades(trades)
    return found


def growth(before: float, after: float, years: float) -> float | None:
    """Percent a year; None below a day, where it would only be a large number."""
    if years < 1 / 365.25 or before <= 0 or after <= 0:
        return None
    try:
        return ((after / before) ** (1 / years) - 1) * 100
    except OverflowError:
        return None


def _falls(curve: Curve, cash: float) -> dict[str, Any]:
    """The deepest fall from a high, and the longest time below one. The cash at the start is a high as well."""
    peak = numpy.maximum.accumulate(curve.value)
    numpy.maximum(peak, cash, out=peak)
    ratio = curve.value / peak
    deepest = int(ratio.argmin())
    at_peak = numpy.flatnonzero(ratio >= 1)
    marks = numpy.concatenate((curve.start[:1], curve.start[at_peak], curve.start[-1:]))
    return {
        "max_drawdown_pct": (float(ratio[deepest]) - 1) * 100,
        "max_drawdown_at": int(curve.start[deepest]) if ratio[deepest] < 1 else None,
        "longest_drawdown_days": float(numpy.diff(marks).max(initial=0)) / 86_400,
    }


def daily_returns(curve: Curve) -> numpy.ndarray:
    """From one day's last bar to the next day's, as a ratio less one."""
    ends = curve.value[curve.day_ends]
    return ends[1:] / ends[:-1] - 1


def _ratios(curve: Curve, cagr: float | None, deepest: float) -> dict[str, float | None]:
    returns = daily_returns(curve)
    spread = float(returns.std(ddof=1)) if len(returns) > 1 else 0.0
    below = sqrt(float((numpy.minimum(returns, 0) ** 2).mean())) if len(returns) else 0.0
    mean = float(returns.mean()) if len(returns) else 0.0
    year = sqrt(YEAR_OF_DAYS)
    return {
        "volatility_pct": spread * year * 100 if len(returns) > 1 else None,
        "sharpe": mean / spread * year if spread > 0 else None,
        "sortino": mean / below * year if below > 0 else None,
        "calmar": cagr / -deepest if cagr is not None and deepest < 0 else None,
    }


def of_trades(trades: Trades) -> dict[str, Any]:
    """Figures of the closed trades, after all costs."""
    profit, percent = trades.profit[trades.closed], trades.profit_pct[trades.closed]
    won, lost = profit[profit > 0], profit[profit < 0]
    held = trades.bars_held[trades.closed]
    return {
        "trades": len(profit),
        "open_trades": len(trades) - len(profit),
        "win_rate_pct": _mean(profit > 0, 100),
        "profit_factor": float(won.sum() / -lost.sum()) if len(lost) and lost.sum() else None,
        "expectancy": _mean(profit),
        "expectancy_pct": _mean(percent),
        "average_win": _mean(won),
        "average_loss": _mean(lost),
        "best_trade_pct": float(percent.max()) if len(percent) else None,
        "worst_trade_pct": float(percent.min()) if len(percent) else None,
        "average_bars_held": _mean(held),
        "longest_losing_streak": longest_run(profit < 0),
    }


def longest_run(flags: numpy.ndarray) -> int:
    """The most true values in a row."""
    edges = numpy.flatnonzero(numpy.diff(numpy.concatenate(([0], flags.astype(numpy.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _mean(values: numpy.ndarray, scale: float = 1.0) -> float | None:
    return float(values.mean()) * scale if len(values) else None


def monthly(curve: Curve, cash: float) -> list[dict[str, Any]]:
    """The return of every month in New York, in percent, from the end of the month before."""
    if not len(curve.value):
        return []
    months = curve.dates.astype("M8[D]").astype("M8[M]")
    ends = numpy.flatnonzero(numpy.diff(months.astype(numpy.int64), append=-(10**6)))
    values = numpy.concatenate(([cash], curve.value[ends]))
    percent = (values[1:] / values[:-1] - 1) * 100
    return [{"month": str(month), "return_pct": float(each)} for month, each in zip(months[ends], percent, strict=True)]


def compared(close: numpy.ndarray, start: numpy.ndarray, curve: Curve) -> dict[str, float | None]:
    """What holding another series over the same time would have brought: from its first close to its last."""
    inside = (start >= curve.start[0]) & (start <= curve.start[-1])
    prices = close[inside]
    if len(prices) < 2:
        return {"return_pct": None, "max_drawdown_pct": None, "cagr_pct": None}
    years = float(curve.start[-1] - curve.start[0]) / SECONDS_OF_YEAR
    return {
        "return_pct": (float(prices[-1] / prices[0]) - 1) * 100,
        "max_drawdown_pct": float(drawdown(prices).min()),
        "cagr_pct": growth(float(prices[0]), float(prices[-1]), years),
    }
