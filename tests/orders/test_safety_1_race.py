"""safety.md 1.6, 1.7 and 1.9 with connections of their own: the answer, the list and a person at the same moment."""

import asyncio
import threading
from datetime import timedelta

import pytest
from django.db import connection

from logs.models import ExecutionLog
from market.orders import OrderAccepted
from orders.domain import Event, State
from orders.listing import apply_listing
from orders.models import Execution, ForeignOrder, Order, Outcome, Request
from orders.settling import CannotSettle, settle_by_person
from orders.submit import Answer, _record_answer
from positions.models import Position
from rules.models import RuleState

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs) -> list:
    """Run the jobs on threads, and so on connections, of their own; what each returned or refused with."""
    gate, found = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(i, job):
        try:
            gate.wait(10)
            found[i] = job()
        except CannotSettle as refused:
            found[i] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return found


@pytest.fixture
def lost(desk) -> Order:
    """An order that arrived under number 40001 and is filled; its process fell silent before the answer."""
    order = desk.buy()
    desk.broker.fill("40001", 10, "100.00")
    Order.objects.update(status=State.UNKNOWN, broker_order_id="")
    Request.objects.update(outcome=Outcome.UNKNOWN, broker_order_id="", us_order_date=None, answered_at=None, raw={})
    desk.later(seconds=64)
    order.refresh_from_db()
    return order


def look(desk):
    """A look that reads the list now and judges it when called."""
    day = next(iter(desk.broker.rows))[0]
    listing = asyncio.run(desk.broker.executions(day, day))
    return lambda: apply_listing(desk.account, listing, desk.at)


def answer(desk, number: str = "0000040001"):
    accepted = OrderAccepted(number, "00950", "", desk.at)
    mine = Order.objects.select_related("account").get()
    return lambda: _record_answer(mine, Answer(Event.ACCEPTED, Outcome.ACCEPTED, accepted), 1, desk.at)


def decision(desk, choice: str):
    mine = Order.objects.select_related("account").get()
    told = {"broker_order_id": "40001", "us_order_date": mine.us_order_date} if choice == "claim" else {}
    return lambda: settle_by_person(order=mine, decision=choice, by=None, now=desk.at, **told)


def settled_once(desk) -> None:
    look(desk)()  # whoever was first, the next look books what is missing
    order = Order.objects.get()
    assert (order.status, order.broker_order_id) == (State.FILLED, "40001")
    assert Execution.objects.count() == 1
    assert RuleState.objects.get().qty == Position.objects.get().qty == 10
    assert not ForeignOrder.objects.filter(order=None).exists()
    assert [e.ctx["status"] for e in ExecutionLog.objects.filter(kind="order")].count("filled") == 1


def test_several_looks_claim_a_row_once(desk, lost):
    at_once(*(look(desk) for _ in range(4)))
    settled_once(desk)


def test_a_late_answer_and_a_look_agree(desk, lost):
    at_once(answer(desk), look(desk), answer(desk), look(desk))
    settled_once(desk)
    assert not Order.objects.get().needs_person


def test_a_person_who_claims_and_a_look_agree(desk, lost):
    Request.objects.update(committed_at=desk.at)
    Order.objects.update(placed_at=desk.at - timedelta(seconds=30))  # the answer may still come: the row is only seen
    look(desk)()
    assert Order.objects.get().looks.get().candidates
    at_once(decision(desk, "claim"), look(desk), decision(desk, "claim"))
    settled_once(desk)


def test_a_person_who_says_never_arrived_beside_a_look_loses_no_fill(desk, lost):
    at_once(decision(desk, "never_arrived"), look(desk))
    settled_once(desk)
