"""What the model of tests/model found, on the real database: each was a loss once."""

from dataclasses import replace

from market.orders import OrderAccepted
from market.words import Side
from orders.domain import State
from orders.models import Order
from orders.submit import Answer, Event, Outcome, _record_answer


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def test_an_intent_that_nobody_carries_is_closed_without_a_restart(desk):
    """A process that had lost its lease unknowingly records an intent after its successor recovered, and dies."""
    order = desk.buy()
    Order.objects.update(status=State.INTENT, broker_order_id="", us_order_date=None, placed_at=None)
    order.requests.all().delete()
    desk.broker.rows.clear()
    desk.track()
    assert status(order) == State.INTENT  # it may be on its way yet: a token, a turn, a connection
    desk.later(seconds=120)
    desk.track()
    assert status(order) == State.NOT_SENT


def test_a_cancel_that_the_venue_has_yet_to_carry_out_frees_nothing(desk):
    order = desk.buy(quantity=10)
    desk.track()
    Order.objects.update(status=State.PENDING_CANCEL)
    ((key, row),) = desk.broker.rows.items()
    asked = replace(row, broker_order_id="49999", original_id=row.broker_order_id, request_kind="cancel", quantity=0,
                    open_quantity=0, status_text="전송")  # fmt: skip
    desk.broker.rows[key[0], "49999"] = asked
    desk.track()
    assert status(order) == State.PENDING_CANCEL
    desk.broker.rows[key] = replace(row, filled_quantity=4, avg_fill_price=row.limit_price, open_quantity=0)
    desk.track()
    assert (status(order), order.filled_qty) == (State.CANCELLED, 4)


def test_an_answer_that_names_the_number_before_an_amend_by_phone_is_no_clash(desk):
    """The list was believed first, and showed the order under its second number already."""
    order = desk.buy(quantity=10)
    first = order.broker_order_id
    ((key, row),) = desk.broker.rows.items()
    desk.broker.rows[key] = replace(row, open_quantity=0)
    amend = replace(row, broker_order_id="48888", original_id=first, request_kind="amend", channel="모바일")
    desk.broker.rows[key[0], "48888"] = amend
    desk.track()
    assert (status(order), order.broker_order_id) == (State.WORKING, "48888")

    accepted = OrderAccepted(first, "", "", desk.at)
    _record_answer(order, Answer(Event.ACCEPTED, Outcome.ACCEPTED, accepted), 1, desk.at)
    assert (status(order), order.needs_person, order.side) == (State.WORKING, False, Side.BUY)
