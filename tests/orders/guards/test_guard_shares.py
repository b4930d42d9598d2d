"""Guards: whose shares, what is unsettled, and what a person must look at first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.errors import Text
from market.words import Side
from orders.risk import Unsettled, assess

D = Decimal


class TestOwnership:
    @pytest.mark.parametrize(
        ("facts", "lets"),
        [
            pytest.param({}, 10, id="all that the rule owns"),
            pytest.param({"rule_quantity": 9}, 9, id="a share less than asked"),
            pytest.param({"rule_quantity": 11, "book_quantity": 11, "broker_sellable": 11}, 10, id="a share more"),
            pytest.param({"rule_quantity": 0}, 0, id="shares that belong to no rule of ours"),
            pytest.param({"book_quantity": 7}, 7, id="the account holds less"),
            pytest.param({"broker_sellable": 3}, 3, id="the broker lets less be sold"),
            pytest.param({"broker_sellable": 0}, 0, id="the broker lets nothing be sold"),
            pytest.param({"broker_sellable": None}, 10, id="no fresh figure: our book"),
            pytest.param({"sells_in_flight": 6}, 4, id="other sells of the symbol"),
            pytest.param({"sells_in_flight": 10}, 0, id="an unknown sell of everything"),
            pytest.param({"rule_sells_in_flight": 8}, 2, id="its own earlier sell, not settled"),
            pytest.param({"sells_in_flight": 99}, 0, id="never below nothing"),
        ],
    )
    def test_never_more_than_is_owned_and_surely_there(self, noon, facts, lets):
        assert noon.ask("ownership", noon.sell, **facts).lets == lets

    def test_a_person_may_sell_what_no_rule_owns(self, noon):
        assert noon.ask("ownership", noon.sell, has_rule=False, rule_quantity=0).lets == 10

    def test_a_person_who_sells_a_rules_shares_sells_no_more_than_it_owns(self, noon):
        assert noon.ask("ownership", replace(noon.sell, by_person=True), rule_quantity=4).lets == 4


class TestHoldsNothing:
    def test_an_entry_needs_a_rule_without_shares_and_without_orders(self, noon):
        assert noon.ask("holds_nothing").passed
        assert not noon.ask("holds_nothing", rule_quantity=1, rule_entries=1).passed
        assert not noon.ask("holds_nothing", rule_open_sides=frozenset({Side.SELL})).passed
        assert not noon.ask("holds_nothing", rule_open_sides=frozenset({Side.BUY})).passed

    @pytest.mark.parametrize(("entries", "passes"), [(1, True), (2, True), (3, False), (4, False)])
    def test_a_rule_may_add_so_often_as_it_says(self, noon, entries, passes):
        facts = {"rule_max_entries": 3, "rule_quantity": 10, "rule_entries": entries}
        assert noon.ask("holds_nothing", **facts).passed is passes

    def test_adding_waits_for_the_order_that_is_working(self, noon):
        facts = {"rule_max_entries": 3, "rule_quantity": 1, "rule_entries": 1}
        assert not noon.ask("holds_nothing", **facts, rule_open_sides=frozenset({Side.BUY})).passed

    def test_shares_that_a_person_assigned_are_held_all_the_same(self, noon):
        assert not noon.ask("holds_nothing", rule_quantity=1, rule_entries=0).passed

    def test_the_rest_of_a_partly_filled_entry_at_another_price_is_the_same_entry(self, noon):
        assert noon.ask("holds_nothing", rule_quantity=4, rule_entries=0, continues=True).passed
        assert not noon.ask("holds_nothing", rule_quantity=4, rule_entries=1, continues=True).passed

    def test_a_persons_order_is_no_rules_entry(self, noon):
        assert noon.ask("holds_nothing", has_rule=False, rule_quantity=9).passed


class TestOneWorkingOrder:
    @pytest.mark.parametrize("side", Side)
    def test_one_a_side(self, noon, side):
        intent = noon.buy if side is Side.BUY else noon.sell
        other = Side.SELL if side is Side.BUY else Side.BUY
        assert not noon.ask("one_working_order", intent, rule_open_sides=frozenset({side})).passed
        assert noon.ask("one_working_order", intent, rule_open_sides=frozenset({other})).passed

    def test_a_working_entry_does_not_stop_the_exit(self, noon):
        assert assess(noon.sell, replace(noon.held, rule_open_sides=frozenset({Side.BUY}))).quantity == 10


class TestDuplicateIntent:
    @pytest.mark.parametrize("side", Side)
    def test_a_decision_has_one_order(self, noon, side):
        intent = noon.buy if side is Side.BUY else noon.sell
        assert noon.ask("duplicate_intent", intent).passed
        assert not noon.ask("duplicate_intent", intent, decision_taken=True).passed


class TestUnsettledBuy:
    DOUBT = Unsettled("NVDA", Side.BUY, 3, D("95.00"))

    @pytest.mark.parametrize(
        ("doubt", "passes"),
        [
            pytest.param(DOUBT, False, id="a buy of the symbol"),
            pytest.param(replace(DOUBT, symbol="TSLA"), True, id="of another symbol"),
            pytest.param(replace(DOUBT, side=Side.SELL), True, id="a sell blocks its quantity only"),
            pytest.param(replace(DOUBT, unknown=False), True, id="on its way, its answer will come"),
        ],
    )
    def test_blocks_buys_of_its_symbol(self, noon, doubt, passes):
        assert noon.ask("unsettled_buy", unsettled=(doubt,)).passed is passes

    def test_lets_sells_of_what_is_certain_out(self, noon):
        assert assess(noon.sell, replace(noon.held, unsettled=(self.DOUBT,))).quantity == 10


class TestIdenticalOrder:
    """Same symbol, side, quantity and price as one without a known number: they could not be told apart."""

    def nameless(self, intent, **changes):
        same = Unsettled(intent.symbol, intent.side, intent.quantity, intent.limit_price, unknown=False)
        return {"unsettled": (replace(same, **changes),)}

    @pytest.mark.parametrize("side", Side)
    @pytest.mark.parametrize(
        ("changes", "passes"),
        [
            ({}, False),
            ({"quantity": 9}, True), ({"quantity": 11}, True), ({"price": D("98.99")}, True),
            ({"symbol": "TSLA"}, True), ({"side": "the other"}, True),
        ],
    )  # fmt: skip
    def test_only_the_very_same_is_stopped(self, noon, side, changes, passes):
        intent = noon.buy if side is Side.BUY else noon.sell
        if "side" in changes:
            changes = {"side": Side.SELL if side is Side.BUY else Side.BUY}
        assert noon.ask("identical_order", intent, **self.nameless(intent, **changes)).passed is passes

    def test_it_is_looked_for_after_the_quantity_was_reduced(self, noon):
        nine = self.nameless(noon.buy, quantity=9)
        assert not noon.ask("identical_order", rule_max_position=9, **nine).passed
        assert noon.ask("identical_order", rule_max_position=8, **nine).passed


class TestPositionReconciled:
    @pytest.mark.parametrize(
        ("age", "passes"), [(0, True), (599.999, True), (600, True), (600.001, False), (86_400, False)]
    )
    def test_compared_within_ten_minutes(self, noon, age, passes):
        at = noon.now - timedelta(seconds=age)
        assert noon.ask("position_reconciled", reconciled_at=at).passed is passes

    def test_never_compared_is_not_equal(self, noon):
        assert not noon.ask("position_reconciled", reconciled_at=None).passed

    def test_a_difference_stops_entries_of_the_symbol(self, noon):
        assert not noon.ask("position_reconciled", position_disputed=True).passed

    def test_is_not_asked_of_an_exit_of_what_is_certain(self, noon):
        assert not noon.is_asked("position_reconciled", noon.sell)
        assert assess(noon.sell, replace(noon.held, position_disputed=True, reconciled_at=None)).quantity == 10


class TestSymbolHold:
    """After a split nobody but a person trades the symbol: its prices and quantities mean something else now."""

    HELD = {"held_because": Text("10대 1 분할로 보입니다.", "It looks like a split of 10 to 1.")}

    @pytest.mark.parametrize("side", Side)
    def test_stops_both_sides_of_a_rule(self, noon, side):
        intent = noon.buy if side is Side.BUY else noon.sell
        asked = noon.ask("symbol_hold", intent, **self.HELD)
        assert asked.lets == 0
        assert "10대 1" in asked.vote.reason.ko and "10 to 1" in asked.vote.reason.en

    @pytest.mark.parametrize("side", Side)
    def test_lets_a_person_trade_it(self, noon, side):
        intent = noon.buy if side is Side.BUY else noon.sell
        assert noon.ask("symbol_hold", intent, has_rule=False, **self.HELD).passed
        assert noon.ask("symbol_hold", replace(intent, by_person=True), **self.HELD).passed

    def test_no_hold_no_word(self, noon):
        assert noon.ask("symbol_hold").passed
