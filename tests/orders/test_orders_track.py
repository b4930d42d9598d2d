"""What the broker's list does to our orders: fills once, ends from complete lists, doubt settled by evidence."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync

from accounts.models import BrokerageAccount
from logs.models import ExecutionLog
from market.errors import Unreachable
from market.orders import Notice
from market.words import Freshness, Side, TradingState
from orders.domain import State
from orders.listing import apply_listing
from orders.models import Execution, ForeignOrder, Instruction, Order, WishStatus
from orders.services import CannotCancel, Vetoed, on_notice, request_cancel
from positions.models import DailyLedger, Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db

LIST_SETTLES = timedelta(minutes=15)


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def state_of_account(desk) -> str:
    return BrokerageAccount.objects.get(pk=desk.account.pk).trading_state


class TestFills:
    def test_are_booked_once_however_often_they_are_read(self, desk):
        order = desk.buy(quantity=10, price="100.00")
        desk.broker.fill("40001", 4, "99.90")
        for _ in range(3):
            desk.track()
        desk.broker.fill("40001", 6, "100.00")
        for _ in range(3):
            desk.track()

        assert status(order) == State.FILLED
        assert list(order.executions.order_by("cumulative_qty").values_list("qty", "price")) == [
            (4, Decimal("99.90")), (6, Decimal("100.00")),
        ]  # fmt: skip
        assert order.avg_fill_price == Decimal("99.96")
        assert order.fees == Decimal("2.4990")

    def test_move_order_rule_position_and_ledger_together(self, desk):
        desk.held(quantity=10, price="100.00")
        state, position, ledger = RuleState.objects.get(), Position.objects.get(), DailyLedger.objects.get()

        assert (state.qty, state.avg_price, state.opened_at) == (10, Decimal("100"), desk.at)
        assert (position.qty, position.avg_price) == (10, Decimal("100"))
        assert (ledger.bought_usd, ledger.fees_usd) == (Decimal("1002.5000"), Decimal("2.5000"))
        assert ExecutionLog.objects.filter(kind="fill").count() == 1

    def test_of_a_sale_realise_profit_and_free_the_rule_to_enter_again(self, desk):
        desk.held(quantity=10, price="100.00")
        order = desk.sell(quantity=10, price="110.00")
        desk.broker.fill(order.broker_order_id, 10, "110.00")
        desk.track()
        state = RuleState.objects.get()

        assert (state.qty, state.avg_price, state.opened_at) == (0, None, None)
        assert DailyLedger.objects.get().realized_pnl == Decimal("94.7500")  # 100 less both fees
        assert desk.buy().status == State.WORKING

    def test_from_an_older_list_change_nothing(self, desk):
        order = desk.buy()
        older = dict(desk.broker.rows)
        desk.broker.fill("40001", 4, "100.00")
        desk.track()
        desk.broker.rows = older
        desk.track()
        assert (status(order), order.filled_qty) == (State.PARTIALLY_FILLED, 4)

    def test_after_a_cancel_are_booked_and_the_end_stays(self, desk):
        order = desk.buy()
        desk.cancel(order)
        desk.track()
        assert status(order) == State.CANCELLED
        desk.broker.fill("40001", 3, "100.00")  # it was on its way
        desk.track()
        assert (status(order), order.filled_qty, RuleState.objects.get().qty) == (State.CANCELLED, 3, 3)

    def test_of_an_order_that_silence_had_ended_are_booked_even_beside_its_successor(self, desk):
        desk.broker.next("lose_request")
        lost = desk.buy()
        desk.later(hours=5)
        desk.track()
        assert status(lost) == State.NOT_SEEN
        desk.later(hours=18)
        desk.buy()  # the rule goes on: only one of the two can be open
        Order.objects.filter(pk=lost.pk).update(broker_order_id="39999")
        desk.broker.add("39999", "NVDA", Side.BUY, 10, Decimal("100.00"), order_date=lost.us_order_date)
        desk.broker.fill("39999", 4, "100.00")
        apply_listing(
            desk.account,
            async_to_sync(desk.broker.executions)(lost.us_order_date, desk.at.date()),
            desk.at,
        )
        assert (status(lost), lost.filled_qty, lost.needs_person) == (State.CANCELLED, 4, True)
        assert lost.possible_filled_qty == 10
        assert RuleState.objects.get().qty == 4

    def test_without_a_price_wait_for_the_next_look(self, desk):
        order = desk.buy()
        desk.broker.fill("40001", 10, "100.00")
        whole = dict(desk.broker.rows)
        desk.broker.rows = {k: replace(r, avg_fill_price=None) for k, r in whole.items()}
        desk.track()
        assert status(order) == State.WORKING
        desk.broker.rows = whole
        desk.track()
        assert status(order) == State.FILLED


class TestEnds:
    def test_are_believed_from_a_complete_list_only(self, desk):
        order = desk.buy()
        desk.cancel(order)
        desk.broker.complete = False
        desk.track()
        assert status(order) == State.PENDING_CANCEL
        desk.broker.complete = True
        desk.track()
        assert status(order) == State.CANCELLED

    def test_an_order_that_is_all_filled_needs_no_other_row(self, desk):
        order = desk.buy()
        desk.broker.fill("40001", 10, "100.00")
        desk.broker.complete = False
        desk.track()
        assert status(order) == State.FILLED

    @pytest.mark.parametrize("freshness", [Freshness.FAILED, Freshness.THROTTLED])
    def test_a_list_that_could_not_be_read_proves_nothing(self, desk, freshness):
        order = desk.buy()
        desk.broker.freshness = freshness
        report = desk.track()
        assert not report.readable
        assert status(order) == State.WORKING

    def test_a_late_reject_of_the_venue_is_seen_in_the_list(self, desk):
        order = desk.buy()
        key = next(iter(desk.broker.rows))
        desk.broker.rows[key] = replace(desk.broker.rows[key], status_text="거부", open_quantity=0)
        desk.track()
        assert status(order) == State.REJECTED

    def test_a_day_order_expires_when_its_day_is_over(self, desk):
        order = desk.buy()
        key = next(iter(desk.broker.rows))
        desk.broker.rows[key] = replace(desk.broker.rows[key], status_text="완료", open_quantity=0)
        desk.track()
        assert status(order) == State.WORKING  # a cancel's row may still come
        desk.later(hours=4 + LIST_SETTLES / timedelta(hours=1))
        desk.track()
        assert status(order) == State.EXPIRED

    def test_dates_are_read_from_the_oldest_open_order_to_tomorrow(self, desk):
        desk.buy()
        desk.later(days=2)
        desk.track()
        assert [str(d) for d in desk.broker.asked_dates[-1]] == ["2026-11-24", "2026-11-27"]


class TestDoubt:
    @pytest.mark.parametrize("what", ["lose_answer", "crash"])
    def test_an_order_that_arrived_is_claimed_from_the_list_and_not_sent_again(self, desk, what):
        desk.broker.next(what)
        order = desk.buy()
        report = desk.track()

        assert report.claimed == 1
        assert (status(order), order.broker_order_id) == (State.WORKING, "40001")
        assert len(desk.broker.originals()) == 1
        assert state_of_account(desk) == TradingState.ACTIVE

    def test_its_fills_are_booked_in_the_same_look(self, desk):
        desk.broker.next("lose_answer")
        order = desk.buy()
        desk.broker.fill("40001", 10, "100.00")
        desk.track()
        assert (status(order), RuleState.objects.get().qty) == (State.FILLED, 10)

    def test_an_order_that_did_not_arrive_stays_unknown_until_its_day_is_over(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        desk.track()
        desk.later(hours=3)
        desk.track()
        assert status(order) == State.UNKNOWN
        desk.later(hours=2)
        desk.broker.complete = False
        desk.track()
        assert status(order) == State.UNKNOWN
        desk.broker.complete = True
        desk.track()
        assert status(order) == State.NOT_SEEN

    def test_it_is_adopted_even_after_that(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        desk.later(hours=5)
        desk.track()
        assert status(order) == State.NOT_SEEN
        assert Order.objects.filter(final_at__isnull=True).count() == 0

    def test_an_identical_order_by_phone_is_not_taken_for_ours(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"), channel="모바일")
        desk.track()
        assert status(order) == State.UNKNOWN
        assert ForeignOrder.objects.get().channel == "모바일"
        assert state_of_account(desk) == TradingState.ACTIVE

    def test_an_identical_order_of_another_program_calls_a_person(self, desk):
        desk.broker.next("lose_answer")
        order = desk.buy()
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"))
        for _ in range(3):
            assert (status(order), order.needs_person) == (State.UNKNOWN, False)
            report = desk.track()

        assert report.ambiguous == 1
        assert (status(order), order.needs_person) == (State.UNKNOWN, True)
        assert state_of_account(desk) == TradingState.REDUCING
        desk.track()
        assert ExecutionLog.objects.filter(kind="account", level="error").count() == 1  # said once

    def test_an_api_order_that_no_intent_explains_stops_entries(self, desk):
        desk.broker.add("50001", "TSLA", Side.BUY, 3, Decimal("200.00"))
        desk.track()
        assert state_of_account(desk) == TradingState.REDUCING
        with pytest.raises(Vetoed):
            desk.buy()

    def test_a_row_that_may_still_turn_out_to_be_ours_is_left_for_later(self, desk):
        desk.broker.next("lose_answer")
        desk.buy()
        desk.broker.complete = False
        Order.objects.update(status=State.SUBMITTING)  # its answer may still come
        desk.track()
        assert not ForeignOrder.objects.exists()
        assert state_of_account(desk) == TradingState.ACTIVE

    def test_a_row_of_another_order_under_our_number_is_not_booked(self, desk):
        order = desk.buy()
        key = next(iter(desk.broker.rows))
        desk.broker.rows[key] = replace(desk.broker.rows[key], symbol="TSLA", filled_quantity=10,
                                        avg_fill_price=Decimal("9"), open_quantity=0)  # fmt: skip
        desk.track()
        assert (status(order), order.needs_person) == (State.WORKING, True)
        assert not Execution.objects.exists()

    def test_an_amend_by_phone_continues_our_order(self, desk):
        order = desk.buy()
        key = next(iter(desk.broker.rows))
        desk.broker.fill("40001", 2, "100.00")
        desk.broker.rows[key] = replace(desk.broker.rows[key], open_quantity=0)
        desk.broker.add("40077", "NVDA", Side.BUY, 8, Decimal("101.00"), original_id="40001", request_kind="amend",
                        channel="모바일")  # fmt: skip
        desk.track()
        desk.broker.fill("40077", 8, "101.00")
        desk.track()
        assert (status(order), order.broker_order_id) == (State.FILLED, "40077")
        assert (order.filled_qty, order.avg_fill_price) == (10, Decimal("100.80"))
        assert not ForeignOrder.objects.exists()


class TestStart:
    def test_an_intent_that_never_reached_submitting_is_closed_and_never_sent(self, desk):
        order = desk.buy()
        Order.objects.update(status=State.INTENT, broker_order_id="", us_order_date=None)
        order.requests.all().delete()
        desk.broker.rows.clear()
        desk.recover()
        assert status(order) == State.NOT_SENT
        assert not desk.broker.rows

    @pytest.mark.parametrize("arrived", [True, False])
    def test_a_request_without_an_answer_is_unknown_then_settled_and_never_sent_again(self, desk, arrived):
        order = desk.buy()
        Order.objects.update(status=State.SUBMITTING, broker_order_id="")
        order.requests.update(outcome="pending", broker_order_id="", answered_at=None)
        if not arrived:
            desk.broker.rows.clear()
        desk.recover()
        assert status(order) == State.UNKNOWN  # a process that was paused may yet record its answer
        desk.later(seconds=64)
        desk.track()
        assert status(order) == (State.WORKING if arrived else State.UNKNOWN)
        assert len(desk.broker.originals()) == int(arrived)

    def test_a_request_whose_answer_cannot_come_any_more_is_unknown_without_a_restart(self, desk):
        order = desk.buy()
        Order.objects.update(status=State.SUBMITTING, broker_order_id="")
        order.requests.update(outcome="pending", broker_order_id="", answered_at=None)
        desk.track()
        assert status(order) == State.SUBMITTING
        desk.later(seconds=90)
        desk.track()
        assert status(order) == State.WORKING

    def test_nothing_is_traded_before_the_list_was_read(self, desk):
        desk.broker.freshness = Freshness.FAILED
        with pytest.raises(Unreachable):
            desk.recover()

    def test_recovering_twice_is_recovering_once(self, desk):
        desk.broker.next("lose_answer")
        desk.buy()
        desk.recover()
        before = list(Order.objects.values_list("status", "filled_qty"))
        desk.recover()
        assert list(Order.objects.values_list("status", "filled_qty")) == before


class TestNotices:
    def notice(self, desk, quantity=4, kind="fill"):
        return Notice("50000001-01", "0000040001", "", Side.BUY, kind, "NVDA", quantity, Decimal("100"), desk.at)

    def test_a_fill_notice_raises_what_may_be_filled_and_books_nothing(self, desk):
        order = desk.buy()
        assert async_to_sync(on_notice)(account=desk.account, notice=self.notice(desk), now=desk.at)
        order.refresh_from_db()
        assert (order.possible_filled_qty, order.filled_qty) == (4, 0)
        assert not Execution.objects.exists()
        with pytest.raises(Vetoed):
            desk.sell()

    def test_hearing_it_too_often_never_passes_the_order(self, desk):
        order = desk.buy()
        for _ in range(9):
            async_to_sync(on_notice)(account=desk.account, notice=self.notice(desk), now=desk.at)
        order.refresh_from_db()
        assert order.possible_filled_qty == 10


class TestCancels:
    def test_a_cancel_is_done_when_the_list_shows_it(self, desk):
        order = desk.buy()
        assert desk.cancel(order).status == State.PENDING_CANCEL
        desk.track()
        assert status(order) == State.CANCELLED

    def test_an_unknown_cancel_may_be_sent_again(self, desk):
        order = desk.buy()
        desk.broker.next("lose_request")
        desk.cancel(order)
        desk.track()
        assert status(order) == State.PENDING_CANCEL
        desk.later(seconds=20)
        assert desk.carry_out() == 1
        desk.track()
        assert status(order) == State.CANCELLED
        assert list(order.requests.filter(kind="cancel").order_by("attempt").values_list("outcome", flat=True)) == [
            "unknown", "accepted",
        ]  # fmt: skip

    def test_a_refused_cancel_means_look_not_conclude(self, desk):
        order = desk.buy()
        desk.broker.fill("40001", 10, "100.00")  # filled, and we do not know it yet
        desk.cancel(order)
        assert (status(order), order.requests.get(kind="cancel").outcome) == (State.WORKING, "refused")
        desk.track()
        assert status(order) == State.FILLED

    @pytest.mark.parametrize("what", ["throttle", "unreachable"])
    def test_a_cancel_that_was_not_taken_leaves_the_order_working(self, desk, what):
        order = desk.buy()
        desk.broker.next(what)
        assert desk.cancel(order).status == State.WORKING

    def test_an_order_of_unknown_outcome_has_no_number_to_cancel_yet(self, desk, trader):
        desk.broker.next("lose_answer")
        order = desk.buy()
        with pytest.raises(CannotCancel):
            desk.cancel(order)
        asked = request_cancel(order=order, by=trader)
        assert desk.carry_out() == 0
        desk.track()
        desk.carry_out()
        desk.track()
        asked.refresh_from_db()
        assert (status(order), asked.status) == (State.CANCELLED, WishStatus.DONE)

    def test_asking_twice_is_asking_once(self, desk, trader):
        order = desk.buy()
        assert request_cancel(order=order, by=trader) == request_cancel(order=order, by=trader)
        assert Instruction.objects.count() == 1

    def test_an_order_unfilled_for_as_long_as_its_rule_allows_is_cancelled(self, desk):
        desk.rule.cancel_after_sec = 30
        desk.rule.save()
        order = desk.buy()
        assert desk.carry_out() == 0
        desk.later(seconds=31)
        assert desk.carry_out() == 1
        desk.track()
        assert status(order) == State.CANCELLED

    def test_a_lost_lease_cancels_nothing(self, desk):
        order = desk.buy()
        desk.lost_lease = RuntimeError("lost")
        with pytest.raises(RuntimeError, match="lost"):
            desk.cancel(order)
        assert status(order) == State.WORKING
        assert len(desk.broker.rows) == 1
