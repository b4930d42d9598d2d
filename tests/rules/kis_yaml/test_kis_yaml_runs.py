"""Every official strategy, once read, trades in a backtest; written and read again it makes the same trades."""

from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy
import pytest

from backtests.engine import Costs, Plan, run
from market.columns import Columns
from market.words import EvaluateOn, Exchange, Timeframe
from rules import kis_yaml
from rules.domain import Rule
from rules.language import Compiled, bind_params, parse
from rules.language.errors import ConditionError

FILES = sorted((Path(__file__).parent / "files").iterdir())
NEVER = parse("false")
DAY = 86_400
# The entry cannot come true: the close would have to pass the highest of closes that include it.
NEVER_BUYS = {
    "backtester_false_breakout",
    "backtester_week52_high",
    "builder_week52_high",
    "template_false_breakout",
    "template_week52_high",
}


def candles(bars=1500, seed=11):
    """Daily bars whose swings are wide enough for thresholds meant for shares, quiet for a while now and then."""
    random = numpy.random.default_rng(seed)
    wild = numpy.where(numpy.arange(bars) // 60 % 3 == 0, 0.008, 0.03)
    close = numpy.round(50 * numpy.exp(numpy.cumsum(random.normal(0, 1, bars) * wild)), 2)
    open = numpy.round(close * (1 + random.normal(0, 0.01, bars)), 2)
    high = numpy.round(numpy.maximum(open, close) * (1 + numpy.abs(random.normal(0, 0.01, bars))), 2)
    low = numpy.round(numpy.minimum(open, close) * (1 - numpy.abs(random.normal(0, 0.01, bars))), 2)
    start = numpy.arange(bars, dtype=numpy.int64) * DAY + 1_500_000_000 // DAY * DAY + 14 * 3600
    volume = random.integers(1_000, 9_000, bars) * 1.0
    return Columns(Timeframe.D1, start, open, high, low, close, volume, begins=True)


def rule_of(found):
    return Rule(
        id=UUID(int=1),
        version=1,
        symbol="TEST",
        exchange=Exchange.NASDAQ,
        timeframe=found.timeframe,
        evaluate_on=EvaluateOn.BAR_CLOSE,
        entry=possible(found.entry, found.values),
        exit=possible(found.exit, found.values),
        buy_amount_usd=Decimal(10_000),
        max_position=100_000,
        params=found.values,
        stop_loss_pct=found.stops.stop_loss_pct,
        take_profit_pct=found.stops.take_profit_pct,
        trailing_stop_pct=found.stops.trailing_stop_pct,
    )


def possible(node, values):
    """What our check calls never true is what `false` says."""
    try:
        Compiled(bind_params(node, values))
    except ConditionError as e:
        assert e.code == "never_true"
        return NEVER
    return node


def trades_of(found):
    result = run(Plan((rule_of(found),), {"TEST": candles()}, costs=Costs.only(Decimal("0.25"))))
    return [(fill["side"], fill["time"], fill["price"], fill["quantity"]) for fill in result.as_dict()["fills"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".kis.yaml"))
def test_it_trades_and_so_does_what_is_written_of_it(path):
    name = path.name.removesuffix(".kis.yaml")
    found = kis_yaml.read(path.read_bytes())
    trades = trades_of(found)
    assert bool(trades) is (name not in NEVER_BUYS)
    for profile in kis_yaml.PROFILES:
        assert trades_of(kis_yaml.read(kis_yaml.write(found, profile))) == trades
