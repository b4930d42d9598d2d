"""Guards: how much may be bought. At the limit, and a cent or a share to each side of it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.risk import Limits

D = Decimal

# Ten shares at $100 cost $1,002.50 with the fee of 25 basis points.


class TestDailyBuyLimit:
    @pytest.mark.parametrize(
        ("limit", "committed", "lets"),
        [
            pytest.param("1002.50", "0", 10, id="exactly enough, fees included"),
            pytest.param("1002.49", "0", 9, id="a cent short is a share short"),
            pytest.param("1002.51", "0", 10, id="a cent more is not a share more"),
            pytest.param("1002.50", "902.25", 1, id="what is left of the day"),
            pytest.param("1002.50", "902.26", 0, id="a cent short of one share"),
            pytest.param("500.00", "600.00", 0, id="already past it"),
            pytest.param("0", "0", 0, id="nothing may be bought"),
        ],
    )
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_reduces_to_fit(self, noon, limit, committed, lets, whose):
        facts = {whose: Limits(daily_buy_usd=D(limit)), f"{whose}_committed": D(committed)}
        asked = noon.ask("daily_buy_limit", **facts)
        assert (asked.lets, asked.passed) == (lets, lets > 0)

    def test_each_counts_its_own_and_the_smaller_room_wins(self, noon):
        limits = {"house": Limits(daily_buy_usd=D(1000)), "account": Limits(daily_buy_usd=D(500))}
        assert noon.ask("daily_buy_limit", **limits, house_committed=D(900), account_committed=D(0)).lets == 0
        assert noon.ask("daily_buy_limit", **limits, house_committed=D(700), account_committed=D(100)).lets == 2
        assert noon.ask("daily_buy_limit", **limits, house_committed=D(100), account_committed=D(398)).lets == 1

    def test_no_limit_has_no_opinion(self, noon):
        assert noon.ask("daily_buy_limit", account_committed=D("1e9")).vote.quantity is None


class TestMaxOrderValue:
    @pytest.mark.parametrize(("limit", "lets"), [("1000.00", 10), ("999.99", 9), ("1000.01", 10), ("99.99", 0)])
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_reduces_to_fit(self, noon, limit, lets, whose):
        assert noon.ask("max_order_value", **{whose: Limits(max_order_usd=D(limit))}).lets == lets

    def test_the_tighter_wins(self, noon):
        both = {"house": Limits(max_order_usd=D(300)), "account": Limits(max_order_usd=D(900))}
        assert noon.ask("max_order_value", **both).lets == 3


class TestMaxPosition:
    @pytest.mark.parametrize(
        ("facts", "lets"),
        [
            pytest.param({"rule_max_position": 10}, 10, id="the rule's maximum itself"),
            pytest.param({"rule_max_position": 9}, 9, id="a share less"),
            pytest.param({"rule_max_position": 11}, 10, id="a share more"),
            pytest.param({"rule_max_position": 100, "rule_buys_in_flight": 95}, 5, id="what is in flight counts"),
            pytest.param({"rule_max_position": 100, "rule_buys_in_flight": 100}, 0, id="all of it is in flight"),
        ],
    )
    def test_of_the_rule(self, noon, facts, lets):
        assert noon.ask("max_position", **facts).lets == lets

    @pytest.mark.parametrize(
        ("limits", "facts", "lets"),
        [
            pytest.param(Limits(max_position_qty=10), {}, 10, id="shares: just the limit"),
            pytest.param(Limits(max_position_qty=9), {}, 9, id="shares: one less"),
            pytest.param(Limits(max_position_qty=12), {"book_quantity": 8}, 4, id="shares: what is held counts"),
            pytest.param(Limits(max_position_qty=8), {"book_quantity": 8}, 0, id="shares: full"),
            pytest.param(Limits(max_position_qty=8), {"book_quantity": 99}, 0, id="shares: past it"),
            pytest.param(Limits(max_position_qty=12), {"buys_in_flight": 11}, 1, id="shares: in flight"),
            pytest.param(Limits(max_position_usd=D("1000.00")), {}, 10, id="dollars: just the limit"),
            pytest.param(Limits(max_position_usd=D("999.99")), {}, 9, id="dollars: a cent less"),
            pytest.param(Limits(max_position_usd=D("700")), {"book_quantity": 6}, 1, id="dollars: what is held counts"),
        ],
    )
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_of_account_and_house(self, noon, limits, facts, lets, whose):
        assert noon.ask("max_position", **facts, **{whose: limits}).lets == lets

    def test_the_tightest_of_all_wins(self, noon):
        limits = {"house": Limits(max_position_usd=D(700)), "account": Limits(max_position_qty=5)}
        assert noon.ask("max_position", **limits, rule_max_position=6).lets == 5
        assert noon.ask("max_position", **limits, rule_max_position=4).lets == 4


class TestMaxOpenPositions:
    @pytest.mark.parametrize(("others", "passes"), [(0, True), (1, True), (2, False), (3, False)])
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_a_new_symbol_needs_room(self, noon, others, passes, whose):
        limits = {whose: Limits(max_open_positions=2)}
        assert noon.ask("max_open_positions", open_positions=others, **limits).passed is passes

    @pytest.mark.parametrize("had", [{"book_quantity": 1}, {"buys_in_flight": 1}])
    def test_more_of_a_symbol_that_is_there_needs_none(self, noon, had):
        assert noon.ask("max_open_positions", open_positions=9, account=Limits(max_open_positions=2), **had).passed

    def test_the_tighter_wins(self, noon):
        both = {"house": Limits(max_open_positions=1), "account": Limits(max_open_positions=5)}
        assert not noon.ask("max_open_positions", open_positions=1, **both).passed


class TestBuyingPower:
    @pytest.mark.parametrize(
        ("power", "lets"), [("1002.50", 10), ("1002.49", 9), ("100.25", 1), ("100.24", 0), ("0", 0)]
    )
    def test_reduces_to_what_it_pays(self, noon, power, lets):
        assert noon.ask("buying_power", buying_power=D(power)).lets == lets

    def test_not_known_is_not_enough(self, noon):
        assert noon.ask("buying_power", buying_power=None).lets == 0

    def test_the_brokers_own_count_of_shares_bounds_it_too(self, noon):
        assert noon.ask("buying_power", buying_power_quantity=3).lets == 3
        assert noon.ask("buying_power", buying_power_quantity=0).lets == 0


class TestDailyLoss:
    @pytest.mark.parametrize(
        ("realized", "passes"),
        [("-99.99", True), ("-100.00", False), ("-100.01", False), ("0", True), ("250", True)],
    )
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_entries_stop_when_one_hundred_dollars_are_lost(self, noon, realized, passes, whose):
        facts = {whose: Limits(daily_loss_usd=D(100)), f"{whose}_realized": D(realized)}
        assert noon.ask("daily_loss", **facts).passed is passes

    def test_another_accounts_loss_counts_for_the_house_only(self, noon):
        both = {"house": Limits(daily_loss_usd=D(500)), "account": Limits(daily_loss_usd=D(100))}
        assert noon.ask("daily_loss", **both, house_realized=D(-499), account_realized=D(0)).passed
        assert not noon.ask("daily_loss", **both, house_realized=D(-500), account_realized=D(0)).passed
        assert not noon.ask("daily_loss", **both, house_realized=D(-100), account_realized=D(-100)).passed

    def test_is_not_asked_of_the_exit_that_it_is_for(self, noon):
        assert not noon.is_asked("daily_loss", noon.sell)


class TestDrawdown:
    @pytest.mark.parametrize(
        ("below", "passes"), [("9.99", True), ("10", False), ("10.01", False), ("0", True), ("100", False)]
    )
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_entries_stop_ten_per_cent_below_the_peak(self, noon, below, passes, whose):
        facts = {whose: Limits(max_drawdown_pct=D(10)), "drawdown_pct": D(below)}
        assert noon.ask("drawdown", **facts).passed is passes

    def test_the_tighter_wins(self, noon):
        both = {"house": Limits(max_drawdown_pct=D(5)), "account": Limits(max_drawdown_pct=D(50))}
        assert not noon.ask("drawdown", **both, drawdown_pct=D(5)).passed

    def test_not_known_is_no_reason_to_buy(self, noon):
        assert not noon.ask("drawdown", account=Limits(max_drawdown_pct=D(10))).passed
        assert noon.ask("drawdown").passed  # nobody set a limit

    def test_is_not_asked_of_the_stop_loss_that_it_should_cause(self, noon):
        assert not noon.is_asked("drawdown", noon.sell)


def test_a_reduced_quantity_says_why(noon):
    vote = noon.ask("max_order_value", account=Limits(max_order_usd=D("300"))).vote
    assert "$300" in vote.reason.ko and "$300" in vote.reason.en


def test_the_fee_is_part_of_what_is_counted(noon):
    free = replace(noon.calm, fee_bps=0)
    assert free.fee_bps == 0
    assert noon.ask("daily_buy_limit", account=Limits(daily_buy_usd=D(1000)), fee_bps=0).lets == 10
    assert noon.ask("daily_buy_limit", account=Limits(daily_buy_usd=D(1000))).lets == 9
