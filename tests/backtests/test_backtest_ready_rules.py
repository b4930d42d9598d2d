"""Every rule that ships, replayed: it buys and sells on the very bars on which the same rule by hand does."""

from datetime import UTC, datetime
from functools import cache

import numpy
import pytest

from backtests.engine import Plan, Result, run
from market.columns import Columns
from market.words import Timeframe
from rules.files import read_rule
from rules.ready import READY
from tests.rules.reference_ready import BY_HAND, NEW_YORK, Bar, daily_market, intraday_market, replay

each = pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.slug)


@cache
def market(timeframe: Timeframe) -> list[Bar]:
    return daily_market() if timeframe is Timeframe.D1 else intraday_market(timeframe.seconds // 60)


def columns(bars: list[Bar], timeframe: Timeframe) -> Columns:
    start = numpy.array([int(bar.start.timestamp()) for bar in bars], dtype=numpy.int64)
    prices = [numpy.array([getattr(bar, name) / 100 for bar in bars]) for name in ("open", "high", "low", "close")]
    return Columns(timeframe, start, *prices, numpy.array([float(bar.volume) for bar in bars]), begins=True)


def replayed(ready, candles: Columns, path: str = "auto") -> Result:
    rule = read_rule(ready.text).rule
    return run(Plan((rule,), {rule.symbol: candles}), path=path)


def candles_for(ready) -> Columns:
    timeframe = read_rule(ready.text).rule.timeframe
    return columns(market(timeframe), timeframe)


def traded(ready, path: str) -> list[tuple[datetime, datetime | None]]:
    candles = candles_for(ready)
    result = replayed(ready, candles, path)

    def at(bar: int | None) -> datetime | None:
        return None if bar is None else datetime.fromtimestamp(int(candles.start[bar]), UTC)

    return [(at(trade.entry), at(trade.exit)) for trade in result.trades]


@pytest.mark.parametrize("path", ["step", "auto"])
@each
def test_it_trades_when_the_same_rule_by_hand_does(ready, path):
    rule = read_rule(ready.text).rule
    assert traded(ready, path) == replay(BY_HAND[ready.slug], market(rule.timeframe))


@each
def test_what_it_did_up_to_a_bar_does_not_depend_on_what_comes_after(ready):
    candles = candles_for(ready)
    whole = replayed(ready, candles).fills
    for bars in (len(candles) // 3, len(candles) // 2, whole[len(whole) // 2].bar + 1):
        assert list(replayed(ready, candles.upto(bars)).fills) == [fill for fill in whole if fill.bar < bars]


# The first trade and how many there are, New York's time: what a change of a rule or of an indicator must own up to.
FIRST = {
    "golden_cross": ("2018-10-23 00:00", "2019-04-11 00:00", 8),
    "momentum": ("2018-04-03 00:00", "2018-06-18 00:00", 10),
    "week52_high": ("2018-12-24 00:00", "2019-02-26 00:00", 7),
    "consecutive": ("2018-02-21 00:00", "2018-03-06 00:00", 42),
    "disparity": ("2018-06-20 00:00", "2018-06-25 00:00", 21),
    "failed_breakout": ("2024-01-12 13:30", "2024-01-15 11:45", 7),
    "strong_close": ("2018-02-26 00:00", "2018-03-02 00:00", 99),
    "volatility_expansion": ("2018-10-11 00:00", "2019-02-08 00:00", 14),
    "mean_reversion": ("2024-02-01 09:45", "2024-02-01 10:00", 29),
    "trend_filter": ("2018-04-03 00:00", "2018-06-25 00:00", 13),
}


@each
def test_its_first_trade_is_known(ready):
    trades = traded(ready, "auto")
    first = tuple(f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" for at in trades[0])
    assert (*first, len(trades)) == FIRST[ready.slug]
