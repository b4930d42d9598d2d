"""Indicators against second implementations, on exactly the window that they declare."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy
import pytest
import talipp.indicators as second
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.indicators import REGISTRY, window_of
from rules.language import Compiled, Look, parse
from rules.language.look import closed_bars

prices = st.lists(st.floats(1, 1000).map(lambda x: round(x, 2)), min_size=40, max_size=40)
SECOND = {"sma": second.SMA, "ema": second.EMA, "rsi": second.RSI}


@pytest.mark.parametrize(("name", "n"), [("sma", 5), ("sma", 40), ("ema", 2), ("ema", 8), ("rsi", 2), ("rsi", 5)])
@given(series=prices)
@settings(max_examples=50, deadline=None)
def test_it_agrees_with_a_second_implementation(name, n, series):
    window = series[-window_of(name, [n]) :]
    assert len(window) == window_of(name, [n])
    ours = REGISTRY[name].compute(numpy.array(window), n)
    if ours is None:
        assert name == "rsi" and len(set(window)) == 1
        return
    theirs = SECOND[name](n, window)[-1]
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_rsi_by_hand():
    """Moves +1 +1 -1 and so on, averaged plainly over the first two, then by one half."""
    series = [10.0, 11, 12, 11, 12, 13, 12, 11, 12, 13, 14, 13, 14, 15, 16, 15]
    up = down = 0.0
    for i, (a, b) in enumerate(pairwise(series)):
        rise, fall = max(b - a, 0), max(a - b, 0)
        weight = 1 / 2 if i < 2 else None
        up = up + rise * weight if weight else (up + rise) / 2
        down = down + fall * weight if weight else (down + fall) / 2
    assert REGISTRY["rsi"].compute(numpy.array(series), 2) == pytest.approx(100 * up / (up + down))


def test_a_market_that_does_not_move_is_not_oversold():
    still = numpy.full(112, 50.0)
    assert REGISTRY["rsi"].compute(still, 14) is None
    assert REGISTRY["sma"].compute(still[:20], 20) == 50.0
    assert REGISTRY["ema"].compute(still[:100], 20) == 50.0


@pytest.mark.parametrize("text", ["sma(7) > 0", "ema(4) > 0", "rsi(3) > 0"])
def test_one_bar_short_is_warming_up_and_enough_is_a_number(market, text):
    needed = Compiled(parse(text)).checked.look_back
    closes = [100 + math.sin(i) for i in range(needed)]
    short, enough = market(closes[1:]), market(closes)
    assert Compiled(parse(text)).verdict(Look(short, closed_bars(short))) is None
    assert Compiled(parse(text)).verdict(Look(enough, closed_bars(enough))) is not None


@pytest.mark.parametrize("name", ["sma", "ema", "rsi"])
@given(before=st.lists(st.floats(1, 1000).map(lambda x: round(x, 2)), max_size=60), series=prices)
@settings(max_examples=30, deadline=None)
def test_what_lies_before_the_window_changes_not_one_bit(market, bars, name, before, series):
    """However long the history that a backtest, a preview and a live bot happen to hold, the value is the same."""
    end = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
    values = []
    for history in (series, before + series):
        data = market(history, bars=bars(end, history))
        look = Look(data, closed_bars(data))
        values.append(look.indicator(name, "close", (5,), 0))
    assert values[0] == values[1]


@given(series=prices, back=st.integers(0, 10))
@settings(max_examples=30, deadline=None)
def test_a_shifted_value_is_the_value_of_then(market, bars, series, back):
    end = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
    now = market(series, bars=bars(end, series))
    then_closes = series[: len(series) - back]
    then = market(then_closes, bars=bars(end - timedelta(minutes=back), then_closes))
    for name in REGISTRY:
        later = Look(now, closed_bars(now)).indicator(name, "close", (3,), back)
        assert later == Look(then, closed_bars(then)).indicator(name, "close", (3,), 0)


def test_every_indicator_says_what_it_is_in_both_languages():
    for indicator in REGISTRY.values():
        assert indicator.title.ko and indicator.title.en
        assert "읽는 봉" in indicator.definition.ko and "Bars read" in indicator.definition.en
