"""safety.md section 2: whose shares they are, and how many may be sold."""

from datetime import timedelta
from decimal import Decimal

import pytest

from logs.models import ExecutionLog
from market.orders import Holding
from market.words import Exchange, Side
from orders.domain import State
from orders.models import ForeignOrder, Order
from orders.owning import Owned, left_over
from orders.services import Vetoed
from orders.settling import settle_by_person
from positions.models import Position
from positions.services import accept_broker_quantity
from rules.models import RuleState

pytestmark = pytest.mark.django_db


def holding(quantity: int, sellable: int | None = None, symbol: str = "NVDA") -> Holding:
    sellable = quantity if sellable is None else sellable
    return Holding(symbol, Exchange.NASDAQ, quantity, sellable, Decimal("100"), Decimal("100"), None)


def owns(rule) -> int:
    return RuleState.objects.get(rule=rule).qty


def phone(desk, side: Side, quantity: int, number: str = "50001") -> None:
    desk.broker.add(number, "NVDA", side, quantity, Decimal("100.00"), channel="모바일")
    desk.broker.fill(number, quantity, "100.00")


def looked(desk, quantity: int, sellable: int | None = None) -> None:
    """The list and then the holdings are read; the broker holds so many shares."""
    desk.track()
    desk.broker.held = (holding(quantity, sellable),) if quantity else ()
    desk.reconcile()


class TestRule21:
    """A rule owns what its own orders bought or a person assigned to it, and can sell no more."""

    def test_what_was_bought_by_phone_belongs_to_no_rule(self, desk):
        phone(desk, Side.BUY, 10)
        looked(desk, 10)
        assert (Position.objects.get().qty, owns(desk.rule)) == (10, 0)
        with pytest.raises(Vetoed) as veto:
            desk.sell(quantity=10)
        assert [v.guard for v in veto.value.verdict.vetoes] == ["ownership"]

    def test_what_another_rule_bought_is_not_its_own(self, desk, new_rule):
        desk.held(quantity=10)
        other = new_rule(desk.account)
        with pytest.raises(Vetoed):
            desk.submit(desk.intent(Side.SELL, 10), rule=other)
        assert desk.sell(quantity=99).qty == 10

    def test_what_was_held_before_belongs_to_no_rule(self, desk):
        looked(desk, 7)
        assert (Position.objects.get().qty, owns(desk.rule)) == (7, 0)

    def test_a_sale_by_phone_takes_first_what_nobody_owns(self, desk):
        desk.held(quantity=10)
        phone(desk, Side.BUY, 5)
        desk.later(minutes=11)
        looked(desk, 15)
        phone(desk, Side.SELL, 5, "50002")
        looked(desk, 10)
        assert (Position.objects.get().qty, owns(desk.rule)) == (10, 10)

    def test_a_sale_by_phone_of_what_rules_own_lowers_the_newest_owner_first(self, desk, new_rule):
        desk.held(quantity=10)
        desk.later(minutes=1)
        newer = new_rule(desk.account)
        order = desk.submit(desk.intent(quantity=6, price="99.00"), rule=newer, quote=desk.quote("99.00"))
        desk.broker.fill(order.broker_order_id, 6, "99.00")
        desk.track()
        assert (owns(desk.rule), owns(newer)) == (10, 6)

        desk.later(minutes=11)
        phone(desk, Side.SELL, 8)
        looked(desk, 8)
        assert (Position.objects.get().qty, owns(desk.rule), owns(newer)) == (8, 8, 0)
        gone = RuleState.objects.get(rule=newer)
        assert (gone.avg_price, gone.opened_at, gone.high_since_entry) == (None, None, None)

    def test_that_is_journaled_rule_by_rule_with_an_event(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        phone(desk, Side.SELL, 4)
        looked(desk, 6)
        row = ExecutionLog.objects.get(rule_id=desk.rule.pk, kind="position", level="warning")
        assert (row.ctx["event"], row.ctx["before"], row.ctx["qty"]) == ("position_disputed", 10, 6)
        assert "4 shares" in row.message_en

    def test_nothing_is_lowered_twice(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        phone(desk, Side.SELL, 4)
        for _ in range(3):
            looked(desk, 6)
        assert owns(desk.rule) == 6

    def test_taking_the_brokers_figure_for_ours_lowers_what_rules_own(self, desk, admin):
        desk.held(quantity=10)
        desk.later(minutes=11)
        looked(desk, 6)
        assert Position.objects.get().needs_person
        accept_broker_quantity(position=Position.objects.get(), by=admin, now=desk.at)
        desk.reconcile()
        assert (Position.objects.get().qty, owns(desk.rule)) == (6, 6)

    def test_who_loses_is_a_pure_function(self, now):
        from uuid import UUID

        old, new, unknown = (UUID(int=n) for n in range(3))
        owners = [Owned(new, 6, now), Owned(old, 10, now - timedelta(days=1)), Owned(unknown, 4, None)]
        assert left_over(owners, 20) == {}
        assert left_over(owners, 17) == {new: 3}
        assert left_over(owners, 9) == {new: 0, old: 5}
        assert left_over(owners, 0) == {new: 0, old: 0, unknown: 0}


class TestRule22:
    """All sells of a symbol together: never more than the smaller of our book and what the broker lets us sell."""

    def test_the_brokers_fresh_sellable_quantity_bounds_a_sale(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        looked(desk, 10, sellable=7)
        assert desk.sell(quantity=10).qty == 7

    def test_our_own_open_sells_are_added_back_where_the_broker_has_deducted_them(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        assert desk.sell(quantity=4, price="101.00").status == State.WORKING
        desk.later(seconds=5)
        looked(desk, 10, sellable=6)
        assert desk.submit(desk.intent(Side.SELL, 10, "100.00"), rule=None).qty == 6

    def test_an_old_figure_of_the_broker_counts_no_more(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        looked(desk, 10, sellable=0)
        with pytest.raises(Vetoed):
            desk.sell(quantity=10)
        desk.later(minutes=3)
        assert desk.sell(quantity=10).qty == 10

    def test_it_is_judged_again_in_the_transaction_that_moves_to_submitting(self, desk):
        desk.held(quantity=10)

        async def gone():
            await Position.objects.aupdate(qty=4)

        desk.broker.before_send = gone
        assert desk.sell(quantity=10).status == State.NOT_SENT


class TestRule23:
    def test_no_entry_while_the_rule_holds_or_has_something_working(self, desk):
        desk.buy()
        with pytest.raises(Vetoed) as veto:
            desk.buy(price="99.00")
        assert {v.guard for v in veto.value.verdict.vetoes} >= {"one_working_order"}


class TestRule24:
    """An unknown buy blocks buys of its symbol, an unknown sell only its quantity."""

    def test_an_unknown_buy_blocks_buys_of_its_symbol_and_of_no_other(self, desk, new_rule):
        desk.broker.next("lose_request")
        desk.buy()
        with pytest.raises(Vetoed) as veto:
            desk.submit(desk.intent(price="90.00"), rule=new_rule(desk.account), quote=desk.quote("90.00"))
        assert [v.guard for v in veto.value.verdict.vetoes] == ["unsettled_buy"]
        assert desk.submit(desk.intent(symbol="TSLA"), rule=new_rule(desk.account, symbol="TSLA")).qty == 10

    def test_sells_stay_allowed_up_to_what_is_certain_without_it(self, desk, new_rule):
        desk.held(quantity=10)
        desk.broker.next("lose_answer")
        other = new_rule(desk.account)
        desk.submit(desk.intent(price="99.00"), rule=other, quote=desk.quote("99.00"))
        assert desk.sell(quantity=99).qty == 10

    @pytest.mark.parametrize("arrived", ["lose_answer", "lose_request"])
    def test_an_unknown_sell_blocks_its_quantity_and_no_more(self, desk, arrived):
        desk.held(quantity=10)
        desk.broker.next(arrived)
        assert desk.sell(quantity=4).status == State.UNKNOWN
        assert desk.submit(desk.intent(Side.SELL, 10, "99.00"), rule=None).qty == 6

    def test_once_it_is_settled_as_never_arrived_its_quantity_stays_until_the_day_was_read(self, desk):
        desk.held(quantity=10)
        desk.broker.next("lose_request")
        order = desk.sell(quantity=4)
        settle_by_person(order=order, decision="never_arrived", by=None, now=desk.at)
        assert desk.submit(desk.intent(Side.SELL, 10, "99.00"), rule=None).qty == 6


class TestRule25:
    """A difference clears by itself when open or unknown orders cover it; otherwise a person decides."""

    def test_an_unknown_buy_covers_what_the_broker_has_more(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        desk.broker.next("lose_request")
        desk.submit(desk.intent(quantity=5, price="99.00"), rule=None, quote=desk.quote("99.00"))
        looked(desk, 15)
        assert not Position.objects.get().needs_person

    def test_what_nothing_explains_stops_entries_and_not_exits(self, desk, new_rule):
        desk.held(quantity=49)
        desk.later(minutes=11)
        looked(desk, 50)
        assert Position.objects.get().needs_person
        with pytest.raises(Vetoed):
            desk.submit(desk.intent(price="99.00"), rule=new_rule(desk.account), quote=desk.quote("99.00"))
        assert desk.sell(quantity=49).qty == 49

    def test_fills_of_orders_that_are_not_ours_move_the_position_and_belong_to_no_rule(self, desk):
        desk.held(quantity=10)
        desk.later(minutes=11)
        phone(desk, Side.BUY, 3)
        looked(desk, 13)
        assert (Position.objects.get().qty, owns(desk.rule)) == (13, 10)
        assert ForeignOrder.objects.get().adopted_qty == 3
        assert Order.objects.count() == 1
