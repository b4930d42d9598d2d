"""The array path is the judge's result, for random rules and series; and the judge is a plain loop's."""

from decimal import ROUND_FLOOR, Decimal

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backtests.engine import Costs, Options, Plan, run
from market.columns import Columns
from market.words import Timeframe
from rules.language import ConditionError
from tests.backtests.series import BEGIN, rule

SIDES = ("close", "open", "sma(3)", "sma(7)", "ema(4)", "close[2]", "maximum(5)", "close * 1.01", "(high + low) / 2")
comparisons = st.builds(
    "{} {} {}".format,
    st.sampled_from(SIDES),
    st.sampled_from(("<", ">", "<=", ">=", "crosses_above", "crosses_below")),
    st.sampled_from(SIDES),
)
others = st.sampled_from(("rsi(3) < 40", "rsi(3) > 60", "close > 100.5", "close < 99.5", "volume > 500"))
atoms = comparisons | others
conditions = st.one_of(
    atoms,
    st.builds("({}) and ({})".format, atoms, atoms),
    st.builds("({}) or ({})".format, atoms, atoms),
    st.builds("not ({})".format, atoms),
)
percent = st.none() | st.sampled_from(("0.5", "1", "2.5")).map(Decimal)


@st.composite
def series(draw) -> Columns:
    n = draw(st.integers(2, 120))
    seed = draw(st.integers(0, 2**32 - 1))
    places = draw(st.sampled_from((2, 4, 15)))
    random = numpy.random.default_rng(seed)
    close = numpy.round(100 * numpy.exp(numpy.cumsum(random.normal(0, 0.01, n))), places)
    opened = numpy.round(close * (1 + random.normal(0, 0.004, n)), places)
    high, low = numpy.maximum(opened, close), numpy.minimum(opened, close)
    start = BEGIN + numpy.cumsum(random.choice((60, 60, 60, 120, 50_000), n)).astype(numpy.int64)
    return Columns(
        Timeframe.M1, start, opened, high, low, close, random.integers(0, 1000, n).astype(float), begins=True
    )


@st.composite
def plans(draw) -> Plan:
    the_rule = rule(
        draw(conditions),
        draw(conditions),
        amount=draw(st.sampled_from(("90", "1000", "12345.67"))),
        max_position=draw(st.sampled_from((3, 1_000_000))),
        stop_loss_pct=draw(percent),
        take_profit_pct=draw(percent),
        trailing_stop_pct=draw(percent),
        cooldown_sec=draw(st.sampled_from((0, 60, 600))),
    )
    try:
        the_rule.compiled_entry, the_rule.compiled_exit  # noqa: B018
    except ConditionError:  # it means nothing, such as `close < close`
        assume(False)
    costs = draw(st.sampled_from((Costs(), Costs.only(Decimal(0)), Costs.only(Decimal("0.25")))))
    cash = Decimal(draw(st.sampled_from(("150", "2000", "100000"))))
    slippage = Options(slippage_bps=Decimal(draw(st.sampled_from(("0", "3", "2.5")))))
    return Plan((the_rule,), {"AAPL": draw(series())}, cash=cash, costs=costs, options=slippage)


def outcome(result) -> dict:
    return {
        "fills": [fill.as_dict() for fill in result.fills],
        "final": result.final_equity,
        "equity": result.curve.value.tolist(),
        "unfilled": [(u.decided, u.side, u.quantity, u.reason) for u in result.book.unfilled],
        "vetoes": [(v.decided, v.guard, v.times) for v in result.book.vetoes],
    }


@settings(max_examples=150, deadline=None)
@given(plans())
def test_arrays_and_the_judge_give_the_same_fills_and_the_same_equity_to_the_bit(plan):
    step, fast = run(plan, path="step"), run(plan, path="auto")
    assert outcome(fast) == outcome(step)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(plans())
def test_arrays_and_the_judge_agree_on_very_many_rules(plan):
    assert outcome(run(plan, path="auto")) == outcome(run(plan, path="step"))


def by_hand(columns: Columns, cash: Decimal, percent: Decimal, amount: Decimal) -> tuple[list, Decimal]:
    """SMA(3) over SMA(7), by hand and by nothing of ours."""
    close = [Decimal(repr(v)) for v in columns.close.tolist()]
    opened = [Decimal(repr(v)) for v in columns.open.tolist()]

    def mean(i, n):
        return sum(close[i - n + 1 : i + 1]) / n

    fills, held, order = [], 0, None
    for i in range(len(close)):
        if order:
            side, quantity = order
            fee = quantity * opened[i] * percent / 100
            cash += -quantity * opened[i] - fee if side == "buy" else quantity * opened[i] - fee
            held, order = (quantity, None) if side == "buy" else (0, None)
            fills.append((i, side, quantity, float(opened[i])))
        if i < 7:
            continue
        before, now = mean(i - 1, 3) - mean(i - 1, 7), mean(i, 3) - mean(i, 7)
        if not held and before <= 0 < now:
            order = ("buy", int((amount / close[i]).to_integral_value(ROUND_FLOOR)))
        elif held and before >= 0 > now:
            order = ("sell", held)
    return fills, cash + held * close[-1]


@settings(max_examples=60, deadline=None)
@given(series())
def test_the_judge_trades_as_the_same_rule_written_by_hand(columns):
    columns = Columns(
        columns.timeframe,
        columns.start,
        *(numpy.round(getattr(columns, name), 4) for name in ("open", "high", "low", "close")),
        columns.volume,
        begins=True,
    )
    crossing = rule("sma(3) crosses_above sma(7)", "sma(3) crosses_below sma(7)", amount="5000")
    plan = Plan((crossing,), {"AAPL": columns}, costs=Costs.only(Decimal("0.25")))
    fills, equity = by_hand(columns, Decimal(100_000), Decimal("0.25"), Decimal(5000))
    for path in ("step", "array"):
        found = run(plan, path=path)
        assert [(f.bar, f.side.value, f.quantity, f.price) for f in found.fills] == fills
        assert found.final_equity == float(equity)
