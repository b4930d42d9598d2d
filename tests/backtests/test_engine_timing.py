"""When and at what price a rule trades in a replay: the sentences of the specification, one by one."""

from dataclasses import replace
from decimal import Decimal

import pytest

from backtests.engine import Costs, Options, Plan, PlanError, run
from market.data import OwnedPosition
from market.words import Action, EvaluateOn
from rules.domain import Wish
from tests.backtests.series import bars, closes, rule, told

both = pytest.mark.parametrize("path", ["step", "array"])


def replay(the_rule, columns, *, path="step", commission="0", cash="100000", **options):
    plan = Plan(
        (the_rule,),
        {the_rule.symbol: columns},
        cash=Decimal(cash),
        costs=Costs.only(Decimal(commission)),
        options=Options(**options),
    )
    return run(plan, path=path)


@both
def test_decides_on_a_close_and_fills_at_the_next_open(path):
    columns = bars((10, 10), (10, 12), (13, 11), (9, 8), (7, 7))
    found = replay(rule("close > 11", "close < 9"), columns, path=path)
    assert told(found) == [(2, "buy", 83, 13.0), (4, "sell", 83, 7.0)]


@both
def test_quantity_is_the_amount_over_the_deciding_close_rounded_down(path):
    columns = bars((10, 10), (10, 30), (25, 25))
    assert told(replay(rule("close > 11", amount="1000"), columns, path=path)) == [(2, "buy", 33, 25.0)]


@both
def test_the_quotient_is_exact_where_floats_would_tip_it(path):
    columns = bars((1, 0.1), (0.1, 0.1))
    assert told(replay(rule("close < 1", amount="0.3"), columns, path=path)) == [(1, "buy", 3, 0.1)]


@both
def test_max_position_bounds_the_quantity(path):
    columns = bars((10, 12), (12, 12))
    assert told(replay(rule("close > 11", max_position=5), columns, path=path)) == [(1, "buy", 5, 12.0)]


@both
def test_an_order_decided_on_the_last_bar_does_not_fill(path):
    found = replay(rule("close > 11"), bars((10, 10), (10, 12)), path=path)
    assert told(found) == []
    assert [(each.decided, each.quantity) for each in found.book.unfilled] == [(1, 83)]
    assert found.final_equity == 100_000


@both
def test_an_open_position_is_valued_at_the_last_close(path):
    found = replay(rule("close > 11"), bars((10, 12), (12, 12), (12, 20)), path=path)
    assert found.final_equity == 100_000 + 83 * 8
    assert found.curve.value.tolist() == [100_000, 100_000, 100_664]
    assert not found.trades[0].closed


@both
def test_commission_is_taken_on_the_notional_of_every_fill_and_nothing_else(path):
    columns = bars((10, 12), (12, 12), (12, 8), (8, 8))
    found = replay(rule("close > 11", "close < 9"), columns, path=path, commission="0.25")
    assert [fill.commission for fill in found.fills] == [2.49, 1.66]
    assert [fill.fees for fill in found.fills] == [0, 0]
    assert found.book.cash == 100_000 - 83 * 4 - Decimal("2.49") - Decimal("1.66")


@both
def test_slippage_is_against_us_both_ways(path):
    columns = bars((10, 12), (12, 12), (12, 8), (8, 8))
    found = replay(rule("close > 11", "close < 9"), columns, path=path, slippage_bps=Decimal(10))
    assert [fill.price for fill in found.fills] == [12.012, 7.992]


def test_without_a_commission_the_broker_s_and_the_exchanges_are_charged():
    columns = bars((10, 12), (12, 12), (12, 8), (8, 8))
    found = run(Plan((rule("close > 11", "close < 9"),), {"AAPL": columns}))
    buy, sell = found.fills
    assert (buy.commission, buy.fees) == (2.49, 0)
    assert sell.commission == 1.66
    assert sell.fees == 0.03  # 664 * 0.0000278 rounded up to 0.02, and 83 * 0.000166 to the nearest cent


@both
def test_no_exit_on_the_bar_of_the_decision_and_none_before_the_fill(path):
    columns = bars((10, 12), (12, 12), (12, 12), (12, 12))
    found = replay(rule("close > 11", "close > 11"), columns, path=path)
    assert told(found) == [(1, "buy", 83, 12.0), (2, "sell", 83, 12.0), (3, "buy", 83, 12.0)]


@both
def test_cash_is_never_below_zero_and_a_smaller_fill_is_said(path):
    columns = bars((10, 10), (20, 20), (20, 20))
    found = replay(rule("close < 11"), columns, path=path, cash="500", commission="1")
    assert told(found) == [(1, "buy", 24, 20.0)]
    assert [(each.quantity, each.reason.en) for each in found.book.unfilled] == [
        (76, "Reduced to what the cash affords.")
    ]
    assert found.book.cash == Decimal("15.2")


@both
def test_without_cash_for_a_share_the_rule_tries_again_on_the_next_bar(path):
    columns = bars((10, 10), (600, 10), (10, 10), (10, 10))
    found = replay(rule("close < 11", amount="100"), columns, path=path, cash="500")
    assert told(found) == [(2, "buy", 10, 10.0)]
    assert found.book.unfilled_count == 1


@both
def test_an_amount_below_one_share_is_a_veto_counted_once(path):
    found = replay(rule("close > 1", amount="5"), closes(10, 10, 10, 10), path=path)
    assert told(found) == []
    assert [(veto.guard, veto.times) for veto in found.book.vetoes] == [("whole_quantity", 4)]


def test_the_cool_down_runs_from_the_last_decision_that_acted():
    columns = closes(*[12] * 10)
    found = replay(rule("close > 11", "close > 11", cooldown_sec=180), columns)
    # bought 1, sold on the close of 1 (bar 2); from there three minutes: the close of bar 4
    assert [(bar, side) for bar, side, *_ in told(found)] == [
        (1, "buy"),
        (2, "sell"),
        (5, "buy"),
        (6, "sell"),
        (9, "buy"),
    ]
    assert {veto.guard for veto in found.book.vetoes} == {"cooldown"}


@pytest.mark.parametrize("path", ["step", "array"])
class TestStops:
    def test_stop_loss_looks_at_closes_and_sells_at_the_next_open(self, path):
        columns = bars((100, 100), (100, 99), (99, 100, 80, 96), (96, 94), (90, 90))
        found = replay(rule("close == 100", stop_loss_pct=Decimal(5)), columns, path=path)
        assert told(found) == [(1, "buy", 10, 100.0), (4, "sell", 10, 90.0)]

    def test_exactly_at_the_stop_lets_go(self, path):
        columns = bars((100, 100), (100, 99), (95, 95), (95, 95))
        assert told(replay(rule("close == 100", stop_loss_pct=Decimal(5)), columns, path=path))[-1] == (
            3,
            "sell",
            10,
            95.0,
        )

    def test_take_profit(self, path):
        columns = bars((100, 100), (100, 109), (110, 110), (111, 111))
        assert told(replay(rule("close == 100", take_profit_pct=Decimal(10)), columns, path=path))[-1] == (
            3,
            "sell",
            10,
            111.0,
        )

    def test_a_trailing_stop_follows_the_highest_high_since_the_fill(self, path):
        columns = bars((100, 500, 100, 100), (100, 120, 100, 115), (115, 119, 110, 110), (110, 107), (106, 106))
        found = replay(rule("close == 100", trailing_stop_pct=Decimal(10)), columns, path=path)
        assert told(found)[-1] == (4, "sell", 10, 106.0)  # 107 is 10.8 % below 120; 110 is 8.3 %

    def test_the_reason_names_the_stop_with_its_values(self, path):
        columns = bars((100, 100), (100, 99), (95, 95), (95, 95))
        found = replay(rule("close == 100", stop_loss_pct=Decimal(5)), columns, path=path)
        assert "-5" in found.exit_reason(found.trades[0]).en


def test_a_rule_may_look_at_what_it_holds_and_at_its_account():
    columns = closes(10, 10, 10, 10, 10)
    found = replay(rule("account.cash > 99000", "position.held_minutes >= 2"), columns, cash="100000")
    assert [(bar, side) for bar, side, *_ in told(found)] == [(1, "buy"), (3, "sell"), (4, "buy")]


def test_arrays_refuse_what_they_cannot_do():
    with pytest.raises(PlanError, match="cannot be run over arrays"):
        replay(rule("close > 1", "position.held_minutes > 2"), closes(10, 10), path="array")


def test_auto_takes_the_judge_where_arrays_cannot():
    columns = closes(10, 10, 10)
    assert replay(rule("close > 1", "position.held_minutes > 2"), columns, path="auto").path == "step"
    assert replay(rule("close > 1", "close > 20"), columns, path="auto").path == "array"


def test_a_rule_on_ticks_is_judged_on_closes_and_that_is_said():
    on_ticks = replace(rule("close > 11"), evaluate_on=EvaluateOn.TICK)
    found = replay(on_ticks, bars((10, 12), (12, 12)))
    assert len(found.fills) == 1
    assert any("every tick" in text.en for text in found.warnings)


class Every:
    """Buys three shares when flat, sells two of them once it has seen two bars of holding."""

    def decide(self, market, rule):
        position: OwnedPosition = market.position
        if not position.qty:
            return Wish(Action.ENTRY, quantity=3, reason="because")
        held = (market.now - position.opened_at).total_seconds()
        return Wish(Action.EXIT, quantity=2) if held >= 120 else Wish(Action.NONE)


def test_a_python_strategy_is_asked_at_every_close_as_it_is_live():
    strategy = replace(rule("false"), mode="python", program=Every())
    found = replay(strategy, closes(10, 11, 12, 13, 14, 15))
    assert told(found)[:2] == [(1, "buy", 3, 10.0), (3, "sell", 2, 12.0)]
    assert found.entry_reason(found.trades[0]).en == "because"
