"""Guards: how often."""

from datetime import timedelta

import pytest

from orders.risk import Limits


class TestOrderRate:
    @pytest.mark.parametrize(("orders", "passes"), [(0, True), (4, True), (5, False), (6, False)])
    @pytest.mark.parametrize("whose", ["house", "account"])
    def test_five_in_a_minute(self, noon, orders, passes, whose):
        facts = {whose: Limits(orders_per_minute=5), f"{whose}_orders": orders}
        assert noon.ask("order_rate", **facts).passed is passes

    def test_each_counts_its_own(self, noon):
        both = {"house": Limits(orders_per_minute=10), "account": Limits(orders_per_minute=2)}
        assert noon.ask("order_rate", **both, house_orders=9, account_orders=1).passed
        assert not noon.ask("order_rate", **both, house_orders=10, account_orders=0).passed
        assert not noon.ask("order_rate", **both, house_orders=2, account_orders=2).passed

    def test_none_a_minute_is_none(self, noon):
        assert not noon.ask("order_rate", account=Limits(orders_per_minute=0)).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("order_rate", noon.sell)


class TestCooldown:
    @pytest.mark.parametrize(("since", "passes"), [(0, False), (59.999, False), (60, True), (60.001, True)])
    def test_ends_at_its_second(self, noon, since, passes):
        acted = noon.now - timedelta(seconds=since)
        assert noon.ask("cooldown", last_acted_at=acted, cooldown=timedelta(seconds=60)).passed is passes

    def test_a_rule_that_never_acted_has_nothing_to_wait_for(self, noon):
        assert noon.ask("cooldown", cooldown=timedelta(days=1)).passed

    def test_going_on_with_an_entry_at_another_price_is_no_new_decision(self, noon):
        pace = {"last_acted_at": noon.now, "cooldown": timedelta(seconds=60)}
        assert not noon.ask("cooldown", **pace).passed
        assert noon.ask("cooldown", **pace, continues=True).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("cooldown", noon.sell)


class TestFailureStreak:
    PAUSED = timedelta(seconds=1)

    @pytest.mark.parametrize(("refusals", "passes"), [(0, True), (4, True), (5, False), (6, False)])
    def test_pauses_after_five_in_a_row(self, noon, refusals, passes):
        paused = noon.now + self.PAUSED
        assert noon.ask("failure_streak", failure_streak=refusals, paused_until=paused).passed is passes

    @pytest.mark.parametrize(("left", "passes"), [(0.001, False), (0, True), (-1, True)])
    def test_then_lets_one_try(self, noon, left, passes):
        until = noon.now + timedelta(seconds=left)
        assert noon.ask("failure_streak", failure_streak=5, paused_until=until).passed is passes

    def test_the_number_is_the_accounts_own(self, noon):
        facts = {"failure_streak": 2, "paused_until": noon.now + self.PAUSED}
        assert noon.ask("failure_streak", **facts, failure_streak_limit=3).passed
        assert not noon.ask("failure_streak", **facts, failure_streak_limit=2).passed

    def test_is_not_asked_of_an_exit(self, noon):
        assert not noon.is_asked("failure_streak", noon.sell)
