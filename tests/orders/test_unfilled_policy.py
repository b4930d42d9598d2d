"""Orders that do not fill: left, cancelled, or priced again within the slippage limit (safety.md 1.8)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import HouseLimits
from market.words import Freshness, Side, TradingState
from orders.domain import FINAL, State
from orders.models import Order
from orders.services import Vetoed, request_cancel
from positions.models import Position
from rules.models import RuleState, TradeRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def chasing(desk):
    """A rule that prices its orders again after 10 s, three times, at most 50 bps beyond the first limit."""
    fields = {"reprice_times": 3, "reprice_after_sec": 10, "max_slippage_bps": 50, "price_offset_bps": 0}
    for name, value in fields.items():
        setattr(desk.rule, name, value)
    desk.rule.save()
    return desk


def hears(desk, price, **more):
    desk.broker.prices["NVDA"] = Decimal(price)
    desk.heard = [replace(desk.quote(price), **more)]


def again(desk, price, seconds=11):
    """Time passes, the market is there, the bot looks, and looks at the list."""
    desk.later(seconds=seconds)
    hears(desk, price)
    desk.compared()
    desk.carry_out()
    desk.track()
    hears(desk, price)
    desk.carry_out()


def chain(desk):
    return list(Order.objects.order_by("created_at", "decision_key"))


class TestPricedAgain:
    def test_cancel_confirmed_end_and_a_new_intent_for_what_is_left(self, chasing):
        first = chasing.buy(quantity=10, price="100.00", key="entry")
        chasing.broker.fill(first.broker_order_id, 4, "100.00")
        again(chasing, "100.20")
        first, second = chain(chasing)
        assert (first.status, first.filled_qty) == (State.CANCELLED, 4)
        assert (second.decision_key, second.qty, second.price) == ("entry#1", 6, Decimal("100.20"))
        assert second.replaces == first

    def test_nothing_is_sent_while_the_end_of_the_old_order_is_not_confirmed(self, chasing):
        chasing.buy(key="entry")
        chasing.broker.next("lose_request")
        again(chasing, "100.20")
        assert [o.status for o in chain(chasing)] == [State.PENDING_CANCEL]
        chasing.broker.complete = False  # an end is believed only from a complete list
        again(chasing, "100.20", seconds=16)
        assert [o.status for o in chain(chasing)] == [State.PENDING_CANCEL]

    def test_fills_during_the_cancel_are_subtracted(self, chasing):
        first = chasing.buy(quantity=10, key="entry")
        chasing.later(seconds=11)
        hears(chasing, "100.20")
        chasing.broker.fill(first.broker_order_id, 7, "100.00")  # before the cancel reaches the exchange
        chasing.compared()
        chasing.carry_out()
        chasing.track()
        chasing.carry_out()
        assert [(o.qty, o.filled_qty) for o in chain(chasing)] == [(10, 7), (3, 0)]

    def test_never_past_the_slippage_limit_from_the_first_limit(self, chasing):
        chasing.buy(key="entry")
        for price in ("100.30", "100.90", "101.50"):
            again(chasing, price)
        assert [o.price for o in chain(chasing)] == [Decimal("100.00"), Decimal("100.30"), Decimal("100.50")]

    def test_at_most_so_often(self, chasing):
        chasing.rule.reprice_times = 1
        chasing.rule.save()
        chasing.buy(key="entry")
        again(chasing, "100.10")
        again(chasing, "100.20")
        assert len(chain(chasing)) == 2
        assert chain(chasing)[1].status == State.WORKING

    def test_a_market_that_has_not_moved_leaves_the_order_its_place_in_the_queue(self, chasing):
        chasing.buy(key="entry")
        again(chasing, "100.00")
        assert [o.status for o in chain(chasing)] == [State.WORKING]

    def test_a_price_that_is_not_fresh_moves_nothing(self, chasing):
        chasing.buy(key="entry")
        chasing.later(seconds=11)
        hears(chasing, "100.20", freshness=Freshness.STALE)
        chasing.carry_out()
        assert [o.status for o in chain(chasing)] == [State.WORKING]

    def test_another_process_goes_on_where_this_one_died(self, chasing):
        chasing.buy(key="entry")
        chasing.later(seconds=11)
        hears(chasing, "100.20")
        chasing.carry_out()  # the cancel went out, and the process died
        chasing.recover()
        chasing.compared()
        chasing.carry_out()
        assert [o.decision_key for o in chain(chasing)] == ["entry", "entry#1"]
        chasing.carry_out()
        assert len(chain(chasing)) == 2

    def test_what_a_person_wants_cancelled_is_not_sent_again(self, chasing, trader):
        order = chasing.buy(key="entry")
        chasing.later(seconds=11)
        hears(chasing, "100.20")
        chasing.carry_out()
        request_cancel(order=order, by=trader, now=chasing.at)
        chasing.track()
        chasing.carry_out()
        assert len(chain(chasing)) == 1

    def test_an_exit_that_went_out_meanwhile_ends_it_and_cancels_the_rest_of_the_buy(self, chasing):
        first = chasing.buy(quantity=10, key="entry")
        chasing.broker.fill(first.broker_order_id, 4, "100.00")
        chasing.track()
        chasing.later(seconds=1)
        chasing.sell(quantity=4)
        again(chasing, "100.20")
        first.refresh_from_db()
        assert first.status == State.CANCELLED
        assert Order.objects.filter(side=Side.BUY).count() == 1

    def test_every_guard_is_asked_again(self, chasing):
        chasing.buy(key="entry")
        chasing.later(seconds=11)
        hears(chasing, "100.20")
        chasing.carry_out()
        chasing.track()
        chasing.account.trading_state = TradingState.REDUCING
        chasing.account.save()
        chasing.carry_out()
        assert len(chain(chasing)) == 1
        chasing.account.trading_state = TradingState.ACTIVE
        chasing.account.save()
        chasing.later(seconds=3)
        hears(chasing, "100.20")
        chasing.carry_out()
        assert len(chain(chasing)) == 2

    def test_it_is_one_entry_of_its_rule_however_many_orders_it_took(self, chasing):
        first = chasing.buy(quantity=10, key="entry")
        chasing.broker.fill(first.broker_order_id, 4, "100.00")
        again(chasing, "100.20")
        chasing.broker.fill(chain(chasing)[1].broker_order_id, 6, "100.20")
        chasing.track()
        state = RuleState.objects.get()
        assert (state.qty, state.entries) == (10, 1)

    def test_an_exit_is_priced_again_downwards(self, chasing):
        chasing.held(10)
        chasing.sell(quantity=10, price="100.00", key="exit")
        again(chasing, "99.80")
        again(chasing, "98.00")
        sells = [o.price for o in chain(chasing) if o.side == Side.SELL]
        assert sells == [Decimal("100.00"), Decimal("99.80"), Decimal("99.50")]


WITHOUT_A_SUCCESSOR = {
    "the house is halted": lambda order: HouseLimits.objects.create(trading_state=TradingState.HALTED),
    "the rule is switched off": lambda order: TradeRule.objects.update(enabled=False),
    "the symbol is on hold": lambda order: Position.objects.update(
        held_because={"kind": "price_jump", "ko": "분할", "en": "a split"}
    ),
    "a person is called": lambda order: Order.objects.filter(pk=order.pk).update(needs_person=True),
}


@pytest.mark.parametrize("meanwhile", WITHOUT_A_SUCCESSOR)
def test_an_exit_is_not_cancelled_for_another_price_when_nothing_could_follow_it(chasing, meanwhile):
    chasing.held(10)
    exit_order = chasing.sell(quantity=10, price="100.00", key="exit")
    WITHOUT_A_SUCCESSOR[meanwhile](exit_order)
    again(chasing, "99.80")
    exit_order.refresh_from_db()
    assert exit_order.status == State.WORKING


class TestTheClose:
    def close_in(self, desk, seconds):
        desk.at = desk.at.replace(hour=21, minute=0) - timedelta(seconds=seconds)
        desk.broker.now = desk.at

    @pytest.mark.parametrize(("at_close", "status"), [("leave", State.WORKING), ("cancel", State.CANCELLED)])
    def test_left_or_cancelled_before_the_end_of_the_session_that_the_order_is_for(self, desk, at_close, status):
        desk.rule.at_close, desk.rule.close_margin_sec = at_close, 90
        desk.rule.save()
        order = desk.buy()
        self.close_in(desk, 100)
        desk.carry_out()
        order.refresh_from_db()
        assert order.status == State.WORKING
        self.close_in(desk, 80)
        desk.carry_out()
        desk.track()
        order.refresh_from_db()
        assert order.status == status

    def test_an_early_close_counts(self, desk):
        from instruments.models import TradingDay
        from instruments.selectors import forget_sessions

        desk.rule.at_close = "cancel"
        desk.rule.save()
        day = TradingDay.objects.order_by("start").first()
        day.end = day.end.replace(hour=18)
        day.save()
        forget_sessions()
        order = desk.buy()
        desk.at = desk.at.replace(hour=17, minute=59, second=30)
        desk.broker.now = desk.at
        desk.carry_out()
        desk.track()
        order.refresh_from_db()
        assert order.status == State.CANCELLED

    def test_nothing_is_priced_again_then(self, chasing):
        chasing.rule.at_close = "cancel"
        chasing.rule.save()
        chasing.buy(key="entry")
        self.close_in(chasing, 61)
        hears(chasing, "100.20")
        chasing.carry_out()  # asked to be cancelled for another price
        chasing.track()
        self.close_in(chasing, 50)
        hears(chasing, "100.20")
        chasing.carry_out()
        assert [o.status in FINAL for o in chain(chasing)] == [True]


def test_a_halted_account_is_left_alone(chasing):
    chasing.buy(key="entry")
    chasing.account.trading_state = TradingState.HALTED
    chasing.account.save()
    again(chasing, "100.20", seconds=60)
    assert [o.status for o in chain(chasing)] == [State.WORKING]


def test_the_patience_of_a_rule_counts_from_the_first_order(chasing):
    chasing.rule.cancel_after_sec = 25
    chasing.rule.save()
    chasing.buy(key="entry")
    again(chasing, "100.10")
    assert len(chain(chasing)) == 2
    again(chasing, "100.20", seconds=15)
    assert [o.status for o in chain(chasing)] == [State.CANCELLED, State.CANCELLED]


def test_the_guards_let_a_rule_add_as_often_as_it_says(desk):
    desk.rule.max_entries = 2
    desk.rule.save()
    desk.held(10)
    desk.held(10)
    assert RuleState.objects.get().entries == 2
    with pytest.raises(Vetoed, match="entries"):
        desk.buy()
    sell = desk.sell(quantity=20)
    desk.broker.fill(sell.broker_order_id, 20, "100.00")
    desk.track()
    assert RuleState.objects.get().entries == 0
    desk.held(10)
