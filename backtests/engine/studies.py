"""Many replays of one plan: a grid of parameters, walk-forward, and the trades in another order. Pure and seeded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import product
from math import prod
from typing import Any

import numpy

from backtests.engine.candles import spell_time
from backtests.engine.plan import Plan, PlanError
from backtests.engine.replay import run
from backtests.engine.result import Result
from market.errors import Text
from rules.domain import Rule

Progress = Callable[[float], None]
Axes = Mapping[str, Sequence[str]]
METRIC = "total_return_pct"
SHOWN = ("total_return_pct", "cagr_pct", "sharpe", "max_drawdown_pct", "trades", "win_rate_pct", "profit_factor")
MONEY = ("buy_amount_usd", "stop_loss_pct", "take_profit_pct", "trailing_stop_pct")
WHOLE = ("max_position", "max_entries", "cooldown_sec", "price_offset_bps", "price_offset_ticks", "cancel_after_sec")
MOST_RUNS = 2_000
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
CELLS = 2_000_000  # numbers drawn at a time


def varied(rule: Rule, values: Mapping[str, str]) -> Rule:
    """The rule with other values: of its parameters (`fast` or `$fast`) or of its numeric fields. Raises PlanError."""
    params: dict[str, Any] = dict(rule.params)
    fields: dict[str, Any] = {}
    for name, text in values.items():
        bare = name.removeprefix("$")
        if bare in params:
            params[bare] = _decimal(name, text) if isinstance(params[bare], Decimal) else text
        elif bare in MONEY:
            fields[bare] = None if text == "none" else _decimal(name, text)
        elif bare in WHOLE:
            fields[bare] = int(_decimal(name, text))
        else:
            known = ", ".join([*(f"${each}" for each in params), *MONEY, *WHOLE])
            raise PlanError(f"'{name}'은(는) 바꿀 수 없습니다. 있는 것: {known}.", f"'{name}' cannot vary: {known}.")
    if rule.program is not None and params != dict(rule.params):
        fields["program"] = rule.program.with_params(params)
    return replace(rule, params=params, **fields)


def _decimal(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise PlanError(f"{name}: '{text}'은(는) 숫자가 아닙니다.", f"{name}: '{text}' is no number.")
    return value


@dataclass(frozen=True)
class Point:
    """One choice of values, and the figures that it gave."""

    values: Mapping[str, str]
    figures: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"values": dict(self.values), **self.figures}


@dataclass(frozen=True)
class Grid:
    """Every combination. The heat map has the first axis along x and the second along y, the best of the others."""

    axes: Axes
    metric: str
    points: tuple[Point, ...]

    @property
    def best(self) -> Point:
        return max(self.points, key=lambda point: _rank(point.figures.get(self.metric)))

    @property
    def heat(self) -> dict[str, Any]:
        names = list(self.axes)[:2]
        x, y = names[0], names[1] if len(names) > 1 else None
        cells: dict[tuple[str, str], float | None] = {}
        for point in self.points:
            place, value = (point.values[x], point.values[y] if y else ""), point.figures.get(self.metric)
            if place not in cells or _rank(value) > _rank(cells[place]):
                cells[place] = value
        rows = list(self.axes[y]) if y else [""]
        table = [[cells.get((column, row)) for column in self.axes[x]] for row in rows]
        return {"x": x, "xs": list(self.axes[x]), "y": y, "ys": rows, "metric": self.metric, "cells": table}

    @property
    def warning(self) -> Text:
        count = len(self.points)
        return Text(
            f"{count}가지 가운데 가장 좋은 것은 우연일 수 있습니다. 이웃한 값과 워크포워드도 좋은지 보세요.",
            f"The best of {count} choices may be luck: see whether its neighbours and a walk-forward are good as well.",
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "axes": {name: list(values) for name, values in self.axes.items()},
            "metric": self.metric,
            "best": self.best.as_dict(),
            "points": [point.as_dict() for point in self.points],
            "heat": self.heat,
            "warning": self.warning.as_dict(),
        }


def _rank(value: float | None) -> float:
    return -numpy.inf if value is None or value != value else value


def combinations(axes: Axes) -> list[dict[str, str]]:
    """Every choice of one value per axis. Raises PlanError when there are none, or too many to run."""
    count = prod(len(values) for values in axes.values()) if axes else 0
    if not 0 < count <= MOST_RUNS:
        raise PlanError(
            f"조합이 {count}개입니다. 1개 이상 {MOST_RUNS}개 이하여야 합니다.",
            f"{count} combinations: it must be 1 to {MOST_RUNS}.",
        )
    return [dict(zip(axes, chosen, strict=True)) for chosen in product(*axes.values())]


def grid(plan: Plan, axes: Axes, *, metric: str = METRIC, progress: Progress | None = None) -> Grid:
    """Replays every combination of values; all rules of the plan that have the name are varied together."""
    choices, points = combinations(axes), []
    for k, values in enumerate(choices):
        result = run(_with(plan, values), progress=_part(progress, k, len(choices)))
        points.append(Point(values, figures(result)))
    return Grid(axes, metric, tuple(points))


def _part(progress: Progress | None, k: int, parts: int) -> Progress | None:
    """The progress of part `k` (from 0) as that of the whole: a long part says that it is alive, too."""
    return None if progress is None else lambda share: progress((k + share) / parts)


def _with(plan: Plan, values: Mapping[str, str]) -> Plan:
    return replace(plan, rules=tuple(varied(rule, values) for rule in plan.rules))


def figures(result: Result) -> dict[str, Any]:
    """The figures that studies compare by."""
    return {name: result.statistics[name] for name in SHOWN} | {"final_equity": result.final_equity}


@dataclass(frozen=True)
class Window:
    """One step of a walk-forward: chosen on [train, test), then traded on [test, end). Bar indexes; dollars."""

    train: int
    test: int
    end: int
    times: tuple[str, str, str]
    values: Mapping[str, str]
    trained: Mapping[str, Any]
    tested: Mapping[str, Any]
    equity: float

    def as_dict(self) -> dict[str, Any]:
        names = ("train_from", "test_from", "test_until")
        bars = {"train_bars": self.test - self.train, "test_bars": self.end - self.test}
        return {
            **dict(zip(names, self.times, strict=True)),
            **bars,
            "values": dict(self.values),
            "trained": dict(self.trained),
            "tested": dict(self.tested),
            "equity": self.equity,
        }


@dataclass(frozen=True)
class WalkForward:
    """What the rule would have brought had its values been chosen by the past alone, again and again."""

    cash: float
    windows: tuple[Window, ...]
    metric: str

    @property
    def final_equity(self) -> float:
        return self.windows[-1].equity

    @property
    def efficiency(self) -> float | None:
        """The mean return per bar in tests over that in training: near 1 is good, near 0 or below was overfitted."""
        trained = [w.trained["total_return_pct"] / (w.test - w.train) for w in self.windows]
        tested = [w.tested["total_return_pct"] / (w.end - w.test) for w in self.windows]
        mean = sum(trained) / len(trained)
        return sum(tested) / len(tested) / mean if mean > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "metric": self.metric,
            "final_equity": self.final_equity,
            "total_return_pct": (self.final_equity / self.cash - 1) * 100,
            "efficiency": self.efficiency,
            "windows": [window.as_dict() for window in self.windows],
        }


def walk_forward(
    plan: Plan,
    axes: Axes,
    *,
    train_bars: int,
    test_bars: int,
    metric: str = METRIC,
    progress: Progress | None = None,
) -> WalkForward:
    """Chooses the values on `train_bars`, trades the next `test_bars` with them, moves on by `test_bars`.

    Bars before each stretch warm the indicators up. Each test begins with what the one before it ended with, and
    what is held at its end is valued at the last close. Raises PlanError when the series is too short.
    """
    own, choices = plan.series[0], combinations(axes)
    spans = list(_spans(len(own), train_bars, test_bars))
    if not spans:
        raise PlanError(
            f"봉이 {len(own)}개라 훈련 {train_bars}개와 시험 {test_bars}개를 나눌 수 없습니다.",
            f"{len(own)} bars are too few to train on {train_bars} and test on {test_bars}.",
        )
    cash, windows = plan.cash, []
    for k, (train, test, end) in enumerate(spans):
        part = _part(progress, k, len(spans))
        tried = [
            (
                values,
                figures(run(_stretch(_with(plan, values), train, test), progress=_part(part, n, len(choices) + 1))),
            )
            for n, values in enumerate(choices)
        ]
        values, trained = max(tried, key=lambda each: _rank(each[1].get(metric)))
        result = run(
            _stretch(replace(_with(plan, values), cash=cash), test, end),
            progress=_part(part, len(choices), len(choices) + 1),
        )
        times = tuple(spell_time(int(own.start[min(bar, len(own) - 1)]), own.timeframe) for bar in (train, test, end))
        windows.append(Window(train, test, end, times, values, trained, figures(result), result.final_equity))  # type: ignore[arg-type]
        cash = Decimal(repr(result.final_equity))
    return WalkForward(float(plan.cash), tuple(windows), metric)


def _spans(bars: int, train: int, test: int) -> Iterator[tuple[int, int, int]]:
    if train < 1 or test < 1:
        return
    begin = 0
    while begin + train < bars:
        yield begin, begin + train, min(begin + train + test, bars)
        begin += test


def _stretch(plan: Plan, first: int, end: int) -> Plan:
    """Trading on bars [first, end) of the first rule; the bars before only warm up."""
    start = int(plan.series[0].start[first])
    return replace(plan.until(end), trade_from=start)


@dataclass(frozen=True)
class MonteCarlo:
    """The closed trades shuffled, and drawn again with replacement. Percentiles by their number; dollars, percent.

    Shuffling keeps the end and shows how deep it could have fallen on the way; drawing anew shows other ends.
    """

    runs: int
    seed: int
    trades: int
    drawdown_pct: Mapping[int, float]
    final_equity: Mapping[int, float]
    loss_share: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return {
            "runs": self.runs,
            "seed": self.seed,
            "trades": self.trades,
            "max_drawdown_pct": {str(k): v for k, v in self.drawdown_pct.items()},
            "final_equity": {str(k): v for k, v in self.final_equity.items()},
            "share_of_losing_runs": self.loss_share,
        }


def monte_carlo(result: Result, *, runs: int, seed: int = 0, progress: Progress | None = None) -> MonteCarlo:
    """Raises PlanError when fewer than two trades were closed. The same seed gives the same figures."""
    profit = result.trades.profit[result.trades.closed]
    if len(profit) < 2 or runs < 1:
        raise PlanError("섞을 거래가 두 건 이상 있어야 합니다.", "At least two closed trades are needed, and one run.")
    cash, generator = float(result.plan.cash), numpy.random.default_rng(seed)
    falls, ends = numpy.empty(runs), numpy.empty(runs)
    step = max(1, CELLS // len(profit))
    for a in range(0, runs, step):
        b = min(runs, a + step)
        shuffled = generator.permuted(numpy.broadcast_to(profit, (b - a, len(profit))), axis=1)
        falls[a:b] = _deepest(cash + shuffled.cumsum(axis=1), cash)
        ends[a:b] = cash + generator.choice(profit, size=(b - a, len(profit))).sum(axis=1)
        if progress:
            progress(b / runs)
    return MonteCarlo(runs, seed, len(profit), _percentiles(falls), _percentiles(ends), float((ends < cash).mean()))


def _deepest(equity: numpy.ndarray, cash: float) -> numpy.ndarray:
    peak = numpy.maximum(numpy.maximum.accumulate(equity, axis=1), cash)
    fall: numpy.ndarray = ((equity / peak - 1) * 100).min(axis=1)
    return numpy.minimum(fall, 0)


def _percentiles(values: numpy.ndarray) -> dict[int, float]:
    return {k: float(v) for k, v in zip(PERCENTILES, numpy.percentile(values, PERCENTILES), strict=True)}
