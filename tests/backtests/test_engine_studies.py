"""Figures, warnings, the look-ahead check and the studies."""

from dataclasses import replace
from decimal import Decimal
from math import sqrt

import numpy
import pytest

from backtests.engine import Costs, Plan, PlanError, bias, run, statistics, studies
from backtests.engine.statistics import Curve
from market.columns import Columns
from market.words import Action, Timeframe
from rules.domain import Wish
from tests.backtests.series import BEGIN, DAY, bars, closes, rule

FREE = Costs.only(Decimal(0))


def walk(n: int = 400, seed: int = 1, step: int = 3600, timeframe: Timeframe = Timeframe.H1) -> Columns:
    random = numpy.random.default_rng(seed)
    close = numpy.round(100 * numpy.exp(numpy.cumsum(random.normal(0, 0.01, n))), 2)
    opened = numpy.append(close[:1], close[:-1])
    start = BEGIN + step * numpy.arange(n, dtype=numpy.int64)
    high, low = numpy.maximum(opened, close), numpy.minimum(opened, close)
    return Columns(timeframe, start, opened, high, low, close, numpy.full(n, 1000.0), begins=True)


def crossing(**fields) -> Plan:
    fields = {"params": {"fast": Decimal(3), "slow": Decimal(9)}, "timeframe": Timeframe.H1, **fields}
    made = rule("sma($fast) crosses_above sma($slow)", "sma($fast) crosses_below sma($slow)", **fields)
    return Plan((made,), {"AAPL": walk()}, costs=FREE)


def curve(*values: float, days: list[int] | None = None) -> Curve:
    dates = numpy.array(days if days is not None else range(len(values)), dtype=numpy.int64)
    return Curve(dates * DAY, numpy.array(values, dtype=float), dates)


class TestFigures:
    def test_sharpe_is_of_the_daily_returns_at_each_day_s_last_bar(self):
        of_days = curve(100, 999, 110, 1, 99, 108, days=[0, 1, 1, 2, 2, 3])
        returns = numpy.array([0.10, -0.10, 108 / 99 - 1])
        assert statistics.daily_returns(of_days) == pytest.approx(returns)
        found = statistics._ratios(of_days, None, 0.0)
        assert found["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1) * sqrt(252))
        assert found["sortino"] == pytest.approx(returns.mean() / sqrt(0.01 / 3) * sqrt(252))

    def test_the_deepest_fall_and_the_longest_one(self):
        found = statistics._falls(curve(100, 120, 90, 110, 130, 129), 100)
        assert found["max_drawdown_pct"] == pytest.approx(-25)
        assert found["max_drawdown_at"] == 2 * DAY
        assert found["longest_drawdown_days"] == 3

    def test_the_cash_at_the_start_is_a_high_too(self):
        assert statistics._falls(curve(90, 95), 100)["max_drawdown_pct"] == pytest.approx(-10)

    def test_months_are_new_york_s_and_chain_to_the_whole(self):
        months = statistics.monthly(curve(101, 105, 99, days=[19_722, 19_723, 19_760]), 100)  # 2023-12-31, 01-01, 02-07
        assert [month["month"] for month in months] == ["2023-12", "2024-01", "2024-02"]
        whole = numpy.prod([1 + month["return_pct"] / 100 for month in months])
        assert whole == pytest.approx(0.99)

    def test_trades_after_costs(self):
        columns = bars((10, 12), (12, 12), (12, 8), (8, 12), (10, 12), (12, 8), (15, 15))
        found = run(Plan((rule("close > 11", "close < 9"),), {"AAPL": columns}, costs=FREE)).statistics
        assert (found["trades"], found["win_rate_pct"]) == (2, 50)
        assert found["profit_factor"] == pytest.approx(415 / 332)
        assert found["expectancy"] == pytest.approx((415 - 332) / 2)
        assert found["buy_and_hold"]["return_pct"] == pytest.approx(25)
        assert found["exposure_pct"] == pytest.approx(100 * 4 / 7)

    def test_a_benchmark_is_compared_over_the_same_time(self):
        plan = replace(crossing(), benchmark=closes(50, 55, timeframe=Timeframe.D1, start=BEGIN))
        assert run(plan).statistics["benchmark"]["return_pct"] == pytest.approx(10)

    def test_without_a_trade_nothing_breaks(self):
        found = run(Plan((rule("close > 99"),), {"AAPL": closes(1, 1, 1)}, costs=FREE))
        assert found.as_dict()["fills"] == []
        assert found.statistics["win_rate_pct"] is None


class TestWarnings:
    def test_too_few_trades_are_said_first(self):
        found = run(Plan((rule("close > 99"),), {"AAPL": closes(1, 1, 1)}, costs=FREE))
        assert "Only 0 trades" in found.warnings[0].en

    def test_one_lucky_trade_is_said(self):
        columns = bars((10, 12), (10, 12), (10, 8), (90, 12), (10, 12), (12, 8), (11, 11))
        found = run(Plan((rule("close > 11", "close < 9"),), {"AAPL": columns}, costs=FREE))
        assert any("comes from one trade" in text.en for text in found.warnings)


class TestLookAhead:
    @pytest.mark.parametrize(
        "entry", ["sma(5) > sma(9)", "rsi(14) < 40", "close(timeframe=1d) > 90", "obv() > obv()[3]"]
    )
    def test_our_language_cannot_look_ahead(self, entry):
        made = rule(entry, "close < 95", timeframe=Timeframe.H1, trailing_stop_pct=Decimal(3))
        report = bias.look_ahead(Plan((made,), {"AAPL": walk(120)}, costs=FREE))
        assert report.ok
        assert report.bars == 120

    def test_long_series_are_cut_at_sampled_bars_the_last_among_them(self):
        bars = bias.sampled(10_000, 50)
        assert len(set(bars.tolist())) == 50
        assert bars[-1] == 9_999
        assert bars.tolist() == bias.sampled(10_000, 50).tolist()

    def test_a_strategy_that_remembers_is_caught(self):
        strategy = replace(rule("false", timeframe=Timeframe.H1), mode="python", program=Forgets())
        assert bias.look_ahead(Plan((strategy,), {"AAPL": walk(60)}, costs=FREE)).ok
        strategy = replace(strategy, program=Remembers())
        assert not bias.look_ahead(Plan((strategy,), {"AAPL": walk(60)}, costs=FREE)).ok


class Forgets:
    def decide(self, market, rule):
        return Wish(Action.ENTRY if len(market.bars.rows) % 2 else Action.NONE)


class Remembers:
    """Counts its calls: not a function of what it is shown."""

    calls = 0

    def decide(self, market, rule):
        self.calls += 1
        return Wish(Action.ENTRY if self.calls % 3 else Action.NONE)


def copied(columns: Columns) -> Columns:
    names = ("start", "open", "high", "low", "close", "volume")
    return Columns(columns.timeframe, *(getattr(columns, name).copy() for name in names), begins=True)


class TestGrid:
    def test_every_combination_with_a_heat_map(self):
        found = studies.grid(crossing(), {"fast": ["2", "3"], "slow": ["8", "9", "10"]})
        assert len(found.points) == 6
        assert (found.heat["x"], found.heat["y"]) == ("fast", "slow")
        assert [len(row) for row in found.heat["cells"]] == [2, 2, 2]
        alone = run(replace(crossing(), rules=(studies.varied(crossing().rules[0], {"$fast": "2", "slow": "10"}),)))
        assert found.heat["cells"][2][0] == alone.statistics["total_return_pct"]
        assert found.best.figures["total_return_pct"] == max(c for row in found.heat["cells"] for c in row)

    def test_fields_vary_as_well(self):
        varied = studies.varied(crossing().rules[0], {"stop_loss_pct": "2.5", "cooldown_sec": "300"})
        assert (varied.stop_loss_pct, varied.cooldown_sec) == (Decimal("2.5"), 300)
        assert studies.varied(varied, {"stop_loss_pct": "none"}).stop_loss_pct is None

    @pytest.mark.parametrize("axes", [{"nothing": ["1"]}, {"fast": ["x"]}, {}, {"fast": [str(k) for k in range(3000)]}])
    def test_what_cannot_vary_is_said(self, axes):
        with pytest.raises(PlanError):
            studies.grid(crossing(), axes)


class TestWalkForward:
    def test_values_are_chosen_by_the_past_alone_and_cash_is_carried_on(self):
        axes = {"fast": ["2", "3", "5"]}
        found = studies.walk_forward(crossing(), axes, train_bars=150, test_bars=100)
        assert [(w.train, w.test, w.end) for w in found.windows] == [(0, 150, 250), (100, 250, 350), (200, 350, 400)]
        assert found.final_equity == found.windows[-1].equity
        changed = copied(walk())
        changed.close[260:] = 1.0  # what comes after the first test must change nothing in it
        changed.low[260:] = 1.0
        again = studies.walk_forward(
            replace(crossing(), candles={"AAPL": changed}), axes, train_bars=150, test_bars=100
        )
        assert again.windows[0].as_dict() == found.windows[0].as_dict()

    def test_too_short_a_series_is_said(self):
        with pytest.raises(PlanError, match="too few"):
            studies.walk_forward(crossing(), {"fast": ["2"]}, train_bars=400, test_bars=10)


class TestMonteCarlo:
    def test_the_same_seed_gives_the_same_figures(self):
        result = run(crossing())
        first, second = (studies.monte_carlo(result, runs=500, seed=7) for _ in range(2))
        assert first.as_dict() == second.as_dict()
        assert studies.monte_carlo(result, runs=500, seed=8).as_dict() != first.as_dict()

    def test_shuffled_falls_lie_between_the_best_and_the_worst_order(self):
        result = run(crossing())
        profit = numpy.sort(result.trades.profit[result.trades.closed])
        worst = float(studies._deepest(100_000 + profit.cumsum()[None, :], 100_000)[0])
        found = studies.monte_carlo(result, runs=300)
        assert worst <= found.drawdown_pct[1] <= found.drawdown_pct[99] <= 0

    def test_one_trade_cannot_be_shuffled(self):
        with pytest.raises(PlanError):
            studies.monte_carlo(run(Plan((rule("close > 99"),), {"AAPL": closes(1, 1)}, costs=FREE)), runs=10)


class TestPythonStrategies:
    """A strategy that a machine calls for every bar may take long: it must be seen to live, and can be called off."""

    CODE = """def decide(market, position, params):
    if position.qty:
        return "exit"
    return "enter" if market.close[-1] > params["level"] else None
"""

    def plan(self) -> Plan:
        from rules.sandbox import CagedProgram

        program = CagedProgram(self.CODE, {"level": Decimal(1)})
        strategy = replace(
            rule("false", timeframe=Timeframe.H1), mode="python", program=program, params=dict(program.params)
        )
        return Plan((strategy,), {"AAPL": walk(60)}, costs=FREE)

    def test_a_grid_varies_their_parameters(self):
        found = studies.grid(self.plan(), {"level": ["1", "1000000"]})
        assert [point.figures["trades"] > 0 for point in found.points] == [True, False]

    def test_every_part_of_a_study_says_how_far_it_is(self):
        said: list[float] = []
        studies.grid(self.plan(), {"level": ["1", "1000000"]}, progress=said.append)
        assert len(said) >= 6 and said == sorted(said) and said[-1] == 1.0
        said.clear()
        studies.walk_forward(self.plan(), {"level": ["1", "2"]}, train_bars=20, test_bars=20, progress=said.append)
        assert len(said) >= 12 and said == sorted(said)

    def test_no_overflow_makes_a_huge_grid_look_small(self):
        axes = {f"p{k}": ["1"] * 128 for k in range(9)} | {"q": ["1"] * 2, "r": ["1"] * 3}
        with pytest.raises(PlanError, match="combinations"):
            studies.combinations(axes)

    def test_a_machine_without_workers_is_no_result(self, monkeypatch):
        from rules.sandbox.workers import WORKERS

        WORKERS.close()
        with monkeypatch.context() as broken:
            broken.setenv("MONTY_BIN", "/nowhere/monty")
            with pytest.raises(PlanError, match="did not start"):
                run(self.plan())
        WORKERS.close()
