"""A rule that may buy more than once before it sells (safety.md 2.3): live evaluation and replays alike."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import numpy
import pytest

from backtests.engine import run
from backtests.engine.plan import Guards, Options, Plan
from market.columns import Columns
from market.data import OwnedPosition
from market.words import Action, EvaluateOn, Exchange, Side, Timeframe
from orders.risk import Limits
from rules.domain import Rule, evaluate, may_add, quantity_for
from rules.language import read_condition
from rules.models import RuleState

HELD = OwnedPosition(5, Decimal(100), None, Decimal(100), entries=1)


def holding(market, **more):
    return replace(market((100,), held=5, paid="100"), position=replace(HELD, **more))


class TestDeciding:
    def adding(self, rule, entry="true", exit="false", **more):
        return replace(rule(entry, exit), **{"max_entries": 3, "max_position": 100} | more)

    def test_it_enters_again_while_its_exit_is_not_true(self, rule, market):
        decision = evaluate(self.adding(rule), holding(market))
        assert (decision.action, decision.side) == (Action.ENTRY, Side.BUY)
        assert decision.key.split(":")[1] == "buy"

    def test_with_both_true_it_exits(self, rule, market):
        assert evaluate(self.adding(rule, "true", "true"), holding(market)).action is Action.EXIT

    def test_an_exit_that_is_not_known_yet_adds_no_risk(self, rule, market):
        assert evaluate(self.adding(rule, "true", "rsi(14) > 70"), holding(market)).action is Action.NONE

    @pytest.mark.parametrize(("more", "why"), [({"entries": 3}, "often enough"), ({"qty": 100}, "max_position")])
    def test_never_more_often_nor_more_than_it_may(self, rule, market, more, why):
        assert evaluate(self.adding(rule), holding(market, **more)).action is Action.NONE, why

    def test_neither_true_is_told_as_a_position_that_is_kept(self, rule, market):
        decision = evaluate(self.adding(rule, "false", "false"), holding(market))
        assert (decision.action, decision.side) == (Action.NONE, Side.SELL)

    def test_what_it_buys_fits_under_its_maximum(self, rule):
        adding = replace(rule("true"), buy_amount_usd=Decimal(5000), max_position=60)
        assert [quantity_for(adding, Decimal(100), held) for held in (0, 20, 60, 70)] == [50, 40, 0, 0]

    def test_shares_that_a_person_assigned_are_one_entry(self):
        assert RuleState(qty=5, entries=0).owned().entries == 1
        assert RuleState(qty=0, entries=0).owned().entries == 0

    def test_one_entry_is_the_default(self, rule):
        assert not may_add(rule("true"), 5, 1)


def replayed(closes, guards=None, **fields):
    n, start = len(closes), int(datetime(2026, 11, 24, 14, 30, tzinfo=UTC).timestamp())
    price = numpy.array(closes, dtype=float)
    columns = Columns(
        Timeframe.M1, numpy.arange(n) * 60 + start, price, price, price, price, numpy.full(n, 1e6), begins=True
    )
    rule = Rule(
        id=UUID(int=1), version=1, symbol="AAPL", exchange=Exchange.NASDAQ, timeframe=Timeframe.M1,
        evaluate_on=EvaluateOn.BAR_CLOSE, entry=read_condition("price < 100"), exit=read_condition("price > 110"),
        buy_amount_usd=Decimal(1000), cooldown_sec=0, **{"max_position": 100, "max_entries": 3} | fields,
    )  # fmt: skip
    result = run(Plan((rule,), {"AAPL": columns}, options=Options(guards=guards)))
    return [(fill.side.value, fill.quantity) for fill in result.fills]


@pytest.mark.parametrize("guards", [None, Guards()], ids=["plain", "with every guard"])
class TestReplays:
    CLOSES = (105, 90, 90, 90, 90, 90, 112, 112, 112, 90, 90)

    def test_it_buys_so_often_then_sells_all_and_begins_anew(self, guards):
        assert replayed(self.CLOSES, guards) == [("buy", 11), ("buy", 11), ("buy", 11), ("sell", 33), ("buy", 11)]

    def test_never_above_max_position(self, guards):
        assert replayed(self.CLOSES, guards, max_position=15)[:3] == [("buy", 11), ("buy", 4), ("sell", 15)]

    def test_once_is_the_default(self, guards):
        assert replayed(self.CLOSES, guards, max_entries=1)[:2] == [("buy", 11), ("sell", 11)]


def test_the_guards_of_an_account_bound_what_is_added():
    guards = Guards(account=Limits(max_position_qty=20))
    assert replayed(TestReplays.CLOSES, guards)[:3] == [("buy", 11), ("buy", 9), ("sell", 20)]
