"""design.md section 3, rule 3: the database itself refuses what an order cannot be."""

import re
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from orders.domain import FINAL, NUMBERED, OPEN, State
from orders.models import Execution, ForeignOrder, Instruction, Order, Outcome, Request, Wish, WishStatus

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TWO = {"filled_qty": 2, "avg_fill_price": Decimal("100")}


def refused(rows, **changes) -> str:
    """The constraint that the database names when it refuses the change."""
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        rows.update(**changes)
    return str(broken.value)


@pytest.fixture
def orders(desk):
    """One working order of ten shares under a number."""
    order = desk.buy()
    return Order.objects.filter(pk=order.pk)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("order_side_is_known", {"side": "short"}),
        ("order_has_quantity", {"qty": 0}),
        ("order_has_price", {"price": 0}),
        ("order_filled_within_quantity", {"filled_qty": 11, "avg_fill_price": 100}),
        ("order_possible_within_quantity", {"possible_filled_qty": 11}),
        ("order_filled_means_all", {"status": State.FILLED, "final_at": NOW, **TWO}),
        ("order_partially_filled_means_some", {"status": State.PARTIALLY_FILLED}),
        (
            "order_partially_filled_means_some",
            {"status": State.PARTIALLY_FILLED, "filled_qty": 10, "avg_fill_price": 100},
        ),
        ("order_rejected_filled_nothing", {"status": State.REJECTED, "final_at": NOW, **TWO}),
        ("order_fill_has_a_price", {"filled_qty": 2}),
        ("order_fill_has_a_price", {"avg_fill_price": 100}),
        ("order_number_has_its_date", {"us_order_date": None}),
        ("order_number_without_zeros", {"broker_order_id": "0000040001"}),
        ("order_sent_has_its_moment", {"placed_at": None}),
        ("order_amend_is_whole", {"amend_qty": 5}),
        ("order_amend_is_whole", {"amend_qty": 0, "amend_price": 1}),
        ("order_fees_are_paid", {"fees": -1}),
    ],
)
def test_an_order_cannot_be(orders, constraint, changes):
    assert constraint in refused(orders, **changes)


def test_no_word_but_those_of_the_table_is_a_state(desk):
    """Nor one of which no other constraint says anything."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_get_constraintdef(oid) from pg_constraint where conname = 'order_status_is_known'")
        known = cursor.fetchone()[0]
    assert {state.value for state in State} == set(re.findall(r"'(\w+)'::", known))


@pytest.mark.parametrize("state", sorted(FINAL - {State.FILLED, State.NOT_SENT}))
def test_an_end_has_its_time(orders, state):
    assert "order_ends_at_a_time" in refused(orders, status=state)


@pytest.mark.parametrize("state", sorted(OPEN - {State.PARTIALLY_FILLED, State.INTENT}))
def test_what_is_open_has_not_ended(orders, state):
    assert "order_ends_at_a_time" in refused(orders, status=state, final_at=NOW)


@pytest.mark.parametrize("state", sorted(NUMBERED))
def test_what_is_at_the_broker_has_a_number(orders, state):
    fills = {State.FILLED: {"filled_qty": 10, "avg_fill_price": 100}, State.PARTIALLY_FILLED: TWO}.get(state, {})
    ended = {"final_at": NOW} if state in FINAL else {}
    said = refused(orders, status=state, broker_order_id="", **fills, **ended)
    assert "order_at_the_broker_has_a_number" in said


@pytest.mark.parametrize("changes", [TWO, {"possible_filled_qty": 1}, {}])
def test_what_was_never_sent_is_untouched(orders, changes):
    said = refused(orders, status=State.NOT_SENT, final_at=NOW, **changes)
    assert "order_unsent_is_untouched" in said


def test_a_number_belongs_to_one_order_of_a_day(desk, orders, new_rule):
    other = desk.submit(desk.intent(symbol="TSLA"), rule=new_rule(desk.account, symbol="TSLA"))
    assert "broker_number_once_per_day" in refused(Order.objects.filter(pk=other.pk), broker_order_id="40001")


def test_a_rule_has_one_open_order_of_a_side(desk, orders, new_rule):
    other = desk.submit(desk.intent(price="90.00"), rule=new_rule(desk.account), quote=desk.quote("90.00"))
    assert "one_open_order_per_rule_and_side" in refused(Order.objects.filter(pk=other.pk), rule=desk.rule)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("request_kind_is_known", {"kind": "wish"}),
        ("request_outcome_is_known", {"outcome": "perhaps"}),
        ("request_number_has_its_date", {"us_order_date": None}),
        ("request_number_without_zeros", {"broker_order_id": "040001"}),
        ("request_pending_has_no_answer", {"outcome": Outcome.PENDING}),
        ("request_unsent_has_no_number", {"outcome": Outcome.NOT_SENT}),
        ("request_unsent_has_no_number", {"outcome": Outcome.REFUSED}),
    ],
)
def test_a_request_cannot_be(orders, constraint, changes):
    assert constraint in refused(Request.objects.filter(order=orders.get()), **changes)


def test_an_attempt_is_one_row(orders):
    with pytest.raises(IntegrityError, match="request_attempt_once"), transaction.atomic():
        Request.objects.create(order=orders.get(), kind="new", attempt=1, committed_at=NOW)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("fill_has_quantity", {"qty": 0}),
        ("fill_has_price", {"price": 0}),
        ("fill_within_cumulative", {"cumulative_qty": 3}),
    ],
)
def test_a_fill_cannot_be(desk, constraint, changes):
    order = desk.held()
    assert constraint in refused(Execution.objects.filter(order=order), **changes)


def test_the_same_cumulative_quantity_is_booked_once(desk):
    fill = desk.held().executions.get()
    fill.pk = None
    with pytest.raises(IntegrityError, match="fill_booked_once"), transaction.atomic():
        fill.save(force_insert=True)


def test_of_others_orders_no_more_is_adopted_than_was_filled(desk):
    desk.broker.add("50001", "NVDA", "buy", 10, Decimal("100.00"), channel="모바일")
    desk.track()
    assert "foreign_adopted_within_filled" in refused(ForeignOrder.objects.all(), adopted_qty=1)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("instruction_ends_at_a_time", {"wish": Wish.HALT, "status": WishStatus.DONE}),
        ("instruction_ends_at_a_time", {"wish": Wish.HALT, "done_at": NOW}),
        ("instruction_about_an_order_names_it", {"wish": Wish.SETTLE}),
        ("instruction_about_an_order_names_it", {"wish": Wish.AMEND}),
        ("instruction_wish_is_known", {"wish": "pray"}),
    ],
)
def test_an_instruction_cannot_be(desk, constraint, values):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Instruction.objects.create(account=desk.account, **values)


def test_two_wishes_of_a_kind_about_an_order_are_not_pending_together(desk, orders):
    asked = {"account": desk.account, "order": orders.get(), "wish": Wish.SETTLE}
    Instruction.objects.create(**asked)
    with pytest.raises(IntegrityError, match="one_pending_wish_per_order"), transaction.atomic():
        Instruction.objects.create(**asked)
