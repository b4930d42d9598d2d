"""safety.md section 1, rules 6 and 7: which row of the list an unknown order caused, and whose number is whose."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import BrokerageAccount
from logs.models import ExecutionLog
from market.orders import Holding, Listing, OrderAccepted
from market.words import Exchange, Freshness, Side, TradingState
from orders.domain import Event, State
from orders.listing import apply_listing
from orders.models import ForeignOrder, Order, OrderLook, Outcome, Request
from orders.settlement import Finding, answer_may_come
from orders.submit import Answer, _record_answer
from positions.models import Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db

STILL = timedelta(seconds=64)  # longer than an answer may take


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def state_of(desk) -> str:
    return BrokerageAccount.objects.get(pk=desk.account.pk).trading_state


def fell_silent(desk, *, arrived: bool = True, **wanted) -> Order:
    """What a process leaves behind that was killed, or paused, between its write and the record of the answer."""
    order = desk.buy(**wanted)
    Order.objects.filter(pk=order.pk).update(status=State.SUBMITTING, broker_order_id="")
    order.requests.update(outcome=Outcome.PENDING, broker_order_id="", us_order_date=None, answered_at=None, raw={})
    if not arrived:
        del desk.broker.rows[order.us_order_date, order.broker_order_id]
    order.refresh_from_db()
    return order


def answered(order: Order, number: str, at) -> None:
    """The answer that a process which was paused records after all."""
    accepted = OrderAccepted(f"{number:0>10}", "00950", "", at)
    _record_answer(order, Answer(Event.ACCEPTED, Outcome.ACCEPTED, accepted), 1, at)


class TestTheAnswerOutranks:
    """While an answer may still come, unclaimed rows and notices are parked."""

    def test_a_row_is_not_claimed_while_the_answer_may_come(self, desk):
        order = fell_silent(desk)
        desk.recover()
        desk.later(seconds=30)
        desk.track()
        assert (status(order), order.broker_order_id) == (State.UNKNOWN, "")
        assert [look.finding for look in order.looks.all()] == [Finding.WAIT]
        assert order.looks.get().candidates[0]["broker_order_id"] == "40001"  # it is seen, and left
        assert not ForeignOrder.objects.exists()
        assert state_of(desk) == TradingState.ACTIVE

    def test_it_is_claimed_as_soon_as_none_can_come(self, desk):
        order = fell_silent(desk)
        desk.recover()
        desk.later(seconds=64)
        desk.track()
        assert (status(order), order.broker_order_id) == (State.WORKING, "40001")

    def test_at_once_when_the_process_that_wrote_has_given_up_waiting(self, desk):
        desk.broker.next("lose_answer")
        order = desk.buy()
        desk.track()
        assert status(order) == State.WORKING

    def test_how_long_an_answer_may_take_is_a_setting(self, desk, settings):
        settings.ORDER_ANSWER_WITHIN_SEC = 5
        order = fell_silent(desk)
        desk.recover()
        desk.later(seconds=9)
        desk.track()
        assert status(order) == State.WORKING

    def test_whether_it_may_come_is_a_pure_function(self, now):
        within = timedelta(seconds=60)
        assert answer_may_come(now, None, now + timedelta(seconds=59), within=within)
        assert not answer_may_come(now, None, now + timedelta(seconds=60), within=within)
        assert not answer_may_come(now, now, now, within=within)

    def test_an_identical_row_waits_for_the_answer_of_the_other_order(self, desk, new_rule):
        """Two orders that could not be told apart: the row may belong to the one whose answer is still awaited."""
        desk.broker.next("lose_request")
        lost = desk.buy()
        other = new_rule(desk.account)
        waiting = Order.objects.create(
            account=desk.account, rule=other, decision_key="twin", symbol="NVDA", exchange="nasdaq", side="buy",
            qty=10, price=Decimal("100.00"), status=State.SUBMITTING, trading_day=lost.trading_day,
            us_order_date=lost.us_order_date, placed_at=desk.at, created_at=desk.at,
        )  # fmt: skip
        Request.objects.create(order=waiting, kind="new", committed_at=desk.at)
        desk.broker.add("40777", "NVDA", Side.BUY, 10, Decimal("100.00"))
        desk.track()
        assert (status(lost), status(waiting)) == (State.UNKNOWN, State.SUBMITTING)
        answered(waiting, "40777", desk.at)
        desk.track()
        assert (status(lost), waiting.status) == (State.UNKNOWN, State.WORKING)

    def test_a_late_answer_that_agrees_changes_nothing(self, desk):
        order = fell_silent(desk)
        desk.later(seconds=64)
        desk.track()
        order.refresh_from_db()
        answered(order, "40001", desk.at)
        assert (status(order), order.broker_order_id, order.needs_person) == (State.WORKING, "40001", False)

    def test_a_late_answer_that_names_another_number_is_believed_instead_of_the_row(self, desk):
        order = fell_silent(desk, arrived=False)
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"))  # another program's, and like ours
        desk.later(seconds=64)
        desk.track()
        assert (status(order), order.broker_order_id) == (State.WORKING, "50001")
        desk.broker.add("40001", "NVDA", Side.BUY, 10, Decimal("100.00"))
        answered(order, "40001", desk.at)
        assert (status(order), order.broker_order_id, order.needs_person) == (State.WORKING, "40001", False)
        desk.track()
        assert ForeignOrder.objects.get().broker_order_id == "50001"
        assert state_of(desk) == TradingState.REDUCING

    def test_once_fills_are_booked_a_contradicting_answer_calls_a_person(self, desk):
        order = fell_silent(desk, arrived=False)
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"))
        desk.broker.fill("50001", 4, "100.00")
        desk.later(seconds=64)
        desk.track()
        answered(order, "40001", desk.at)
        assert (order.filled_qty, order.needs_person) == (4, True)
        assert state_of(desk) == TradingState.REDUCING

    def test_a_row_noted_as_somebody_elses_that_turns_out_to_be_ours_is_counted_once(self, desk):
        order = fell_silent(desk)
        desk.broker.fill("40001", 10, "100.00")
        ForeignOrder.objects.create(
            account=desk.account, us_order_date=order.us_order_date, broker_order_id="40001", symbol="NVDA",
            side="buy", qty=10, price=100, filled_qty=10, adopted_qty=10, avg_fill_price=100, seen_at=desk.at,
        )  # fmt: skip
        Position.objects.update_or_create(
            account=desk.account, symbol="NVDA", defaults={"exchange": "nasdaq", "qty": 10, "avg_price": 100}
        )
        desk.later(seconds=64)
        desk.track()
        assert status(order) == State.FILLED
        desk.broker.held = (Holding("NVDA", Exchange.NASDAQ, 10, 10, Decimal("100"), None, None),)
        desk.reconcile()
        position = Position.objects.get()
        assert (position.qty, position.needs_person, RuleState.objects.get().qty) == (10, False, 10)


class TestTwoCandidates:
    """They put the account in `reducing` and call a person; the end of the day settles without one."""

    def two(self, desk) -> Order:
        desk.broker.next("lose_answer")
        order = desk.buy()
        desk.later(seconds=2)
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"))
        return order

    def test_after_as_many_looks_as_the_setting_says(self, desk, settings):
        settings.ORDER_AMBIGUOUS_LOOKS = 5
        order = self.two(desk)
        for n in range(1, 6):
            desk.track()
            assert Order.objects.get(pk=order.pk).needs_person == (n == 5)
        assert state_of(desk) == TradingState.REDUCING
        called = ExecutionLog.objects.get(kind="account", level="error")
        assert called.ctx["event"] == "needs_person"

    def test_neither_is_taken_and_neither_is_somebody_elses(self, desk):
        order = self.two(desk)
        for _ in range(4):
            desk.track()
        assert status(order) == State.UNKNOWN
        assert not ForeignOrder.objects.exists()

    def test_a_second_candidate_that_goes_away_by_itself_calls_nobody(self, desk):
        order = self.two(desk)
        desk.track()
        desk.broker.rows = {k: r for k, r in desk.broker.rows.items() if k[1] != "50001"}
        desk.track()
        assert (status(order), order.needs_person) == (State.WORKING, False)
        assert state_of(desk) == TradingState.ACTIVE

    def test_the_end_of_the_day_settles_the_order_and_the_other_row_calls_a_person(self, desk):
        order = self.two(desk)
        desk.later(hours=5)
        for key, row in desk.broker.rows.items():
            desk.broker.rows[key] = replace(row, open_quantity=0, status_text="완료")
        desk.track()
        assert (status(order), order.broker_order_id, order.needs_person) == (State.EXPIRED, "40001", False)
        assert ForeignOrder.objects.get().broker_order_id == "50001"
        assert state_of(desk) == TradingState.REDUCING

    def test_an_order_of_the_api_channel_that_no_intent_explains_calls_a_person_at_once(self, desk):
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"))
        desk.track()
        assert state_of(desk) == TradingState.REDUCING

    def test_one_by_phone_is_noted_and_stops_nothing(self, desk):
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"), channel="모바일")
        desk.track()
        assert state_of(desk) == TradingState.ACTIVE

    def test_every_intent_is_final_after_its_day_without_a_person(self, desk, new_rule):
        desk.broker.next("lose_request", "lose_answer")
        desk.buy()
        desk.submit(desk.intent(symbol="TSLA"), rule=new_rule(desk.account, symbol="TSLA"))
        desk.later(hours=5)
        for key, row in desk.broker.rows.items():
            desk.broker.rows[key] = replace(row, open_quantity=0, status_text="완료")
        desk.track()
        assert sorted(Order.objects.values_list("status", flat=True)) == [State.EXPIRED, State.NOT_SEEN]
        assert state_of(desk) == TradingState.ACTIVE


class TestParkedRows:
    def test_the_row_of_an_awaited_answer_stays_parked_though_somebody_cancelled_it(self, desk):
        order = fell_silent(desk)
        key = (order.us_order_date, "40001")
        desk.broker.rows[key] = replace(desk.broker.rows[key], open_quantity=0)
        desk.broker.add("40050", "NVDA", Side.BUY, 10, Decimal(0), original_id="40001", request_kind="cancel",
                        channel="모바일", open_quantity=0)  # fmt: skip
        desk.track()
        assert not ForeignOrder.objects.exists()
        answered(order, "40001", desk.at)
        desk.track()
        assert status(order) == State.CANCELLED

    def test_so_does_an_amend_that_continues_it(self, desk):
        order = fell_silent(desk)
        desk.broker.add("40051", "NVDA", Side.BUY, 6, Decimal("99.00"), original_id="40001", request_kind="amend")
        desk.track()
        assert not ForeignOrder.objects.exists()
        answered(order, "40001", desk.at)
        desk.broker.fill("40051", 6, "99.00")
        desk.track()
        assert {r.broker_order_id for r in order.requests.all()} == {"40001", "40051"}
        assert not ForeignOrder.objects.exists()

    def test_amends_of_another_order_are_that_orders(self, desk):
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"), channel="모바일")
        desk.broker.add("50002", "NVDA", Side.BUY, 10, Decimal("99.00"), original_id="50001", request_kind="amend",
                        channel="모바일")  # fmt: skip
        desk.track()
        assert ForeignOrder.objects.count() == 2

    def test_a_row_that_no_table_can_hold_stops_no_look(self, desk):
        order = desk.buy()
        desk.broker.add("9" * 30, "NVDA", Side.BUY, 10, Decimal("100.00"))
        desk.broker.fill("40001", 10, "100.00")
        desk.track()
        assert status(order) == State.FILLED
        assert state_of(desk) == TradingState.REDUCING


class TestEvidenceIsKept:
    def test_a_look_is_a_row_only_when_something_changed(self, desk):
        desk.broker.next("lose_request")
        order = desk.buy()
        for _ in range(4):
            desk.later(seconds=2)
            desk.track()
        look = OrderLook.objects.get()
        assert (look.order, look.finding, look.times, look.last_at) == (order, Finding.WAIT, 4, desk.at)
        desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"), channel="모바일")
        desk.track()
        newest = OrderLook.objects.order_by("-pk")[0]
        assert [(c["broker_order_id"], c["fits"]) for c in newest.candidates] == [("50001", False)]

    def test_an_incomplete_look_says_so(self, desk):
        desk.broker.next("lose_request")
        desk.buy()
        desk.broker.complete, desk.broker.freshness = False, Freshness.PARTIAL
        desk.track()
        look = OrderLook.objects.get()
        assert (look.complete, look.freshness) == (False, Freshness.PARTIAL)


class TestNumbers:
    """Rule 1.7: dated, without leading zeros, all kept, and storing an answer never fails."""

    def test_leading_zeros_mean_nothing(self, desk):
        order = desk.buy()
        assert order.broker_order_id == "40001"
        assert order.requests.get().broker_order_id == "40001"

    def test_a_number_used_again_the_next_day_is_another_order(self, desk):
        first = desk.buy()
        desk.broker.fill("40001", 10, "100.00")
        desk.track()
        desk.broker.fill(desk.sell().broker_order_id, 10, "100.00")
        desk.track()
        desk.later(days=1)
        desk.broker.number = 40000
        second = desk.buy(price="101.00")
        assert second.broker_order_id == first.broker_order_id == "40001"
        day = second.us_order_date
        desk.broker.rows[day, "40001"] = replace(
            desk.broker.rows[day, "40001"], filled_quantity=3, open_quantity=7, avg_fill_price=Decimal("101")
        )
        desk.track()
        assert (status(second), second.filled_qty) == (State.PARTIALLY_FILLED, 3)
        assert (status(first), first.filled_qty) == (State.FILLED, 10)

    @pytest.mark.parametrize("number", ["9" * 21, "", "   ", "000"])
    def test_a_number_that_cannot_be_read_is_no_number(self, desk, number):
        desk.broker.take = lambda ticket: OrderAccepted(number, "00950", "", desk.at)
        order = desk.buy()
        assert (order.status, order.broker_order_id) == (State.UNKNOWN, "")

    def test_an_answer_with_a_character_that_no_database_keeps_is_stored(self, desk):
        desk.broker.take = lambda ticket: OrderAccepted("40001", "00950", "", desk.at, raw={"msg1": "a\x00b"})
        assert desk.buy().status == State.WORKING

    def test_a_number_of_another_order_is_journaled_and_the_order_is_unknown(self, desk, new_rule):
        desk.buy()
        desk.broker.number -= 1
        order = desk.submit(desk.intent(price="90.00"), rule=new_rule(desk.account), quote=desk.quote("90.00"))
        assert (status(order), order.needs_person, order.broker_order_id) == (State.UNKNOWN, True, "")
        assert order.requests.get().raw["clashing_number"] == "40001"
        assert ExecutionLog.objects.filter(level="error", kind="account").exists()

    def test_every_request_is_a_row_and_every_number_is_kept(self, desk):
        order = desk.buy()
        desk.broker.next("refuse")
        desk.cancel(order)
        desk.cancel(order)
        desk.track()
        rows = order.requests.order_by("kind", "attempt").values_list("kind", "attempt", "outcome", "broker_order_id")
        assert list(rows) == [("cancel", 1, "refused", ""), ("cancel", 2, "accepted", "40002"),
                              ("new", 1, "accepted", "40001")]  # fmt: skip
        assert status(order) == State.CANCELLED

    def test_rows_that_name_one_of_our_numbers_continue_that_order_whoever_sent_them(self, desk):
        order = desk.buy()
        desk.broker.add("40060", "NVDA", Side.BUY, 10, Decimal("101.00"), original_id="40001", request_kind="amend",
                        channel="모바일")  # fmt: skip
        desk.track()
        desk.broker.add("40061", "NVDA", Side.BUY, 10, Decimal("102.00"), original_id="40060", request_kind="amend",
                        channel="HTS")  # fmt: skip
        desk.broker.fill("40061", 10, "102.00")
        desk.track()
        assert (status(order), order.broker_order_id, order.filled_qty) == (State.FILLED, "40061", 10)
        assert not ForeignOrder.objects.exists()

    def test_an_order_of_the_evening_may_bear_the_date_of_its_trading_day(self, desk):
        order = desk.buy()
        evening, following = date(2026, 11, 23), date(2026, 11, 24)
        Order.objects.filter(pk=order.pk).update(us_order_date=evening)
        order.requests.update(us_order_date=evening)
        desk.broker.fill("40001", 10, "100.00")
        desk.track()
        assert (status(order), order.us_order_date) == (State.FILLED, following)
        assert order.requests.get().us_order_date == following
        assert not ForeignOrder.objects.exists()

    def test_but_a_number_used_again_on_that_day_is_not_it(self, desk):
        order = desk.buy()
        Order.objects.filter(pk=order.pk).update(us_order_date=date(2026, 11, 23))
        order.requests.update(us_order_date=date(2026, 11, 23))
        key = (date(2026, 11, 24), "40001")
        earlier = desk.at - timedelta(hours=1)
        desk.broker.fill("40001", 10, "100.00")
        desk.broker.rows[key] = replace(desk.broker.rows[key], placed_at=earlier)
        desk.track()
        assert (status(order), order.us_order_date) == (State.WORKING, date(2026, 11, 23))

    def test_the_list_read_while_the_answer_was_recorded_finds_nothing_foreign(self, desk):
        """The row was in the list, the order got its number before the look was judged."""
        order = desk.buy()
        rows = tuple(desk.broker.rows.values())
        apply_listing(desk.account, Listing(rows, Freshness.FRESH, True, desk.at), desk.at)
        assert status(order) == State.WORKING
        assert not ForeignOrder.objects.exists()
