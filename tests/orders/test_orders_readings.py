"""What a row of the broker's order list says: quantities first, texts last (kis-protocol 6.2, Appendix E)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.orders import ExecutionRow
from market.words import Exchange, Side
from orders.domain import Event
from orders.readings import fill_from, read_order, read_row

DAY = date(2026, 11, 24)
ROW = ExecutionRow(
    order_date=DAY,
    broker_order_id="40901",
    original_id="",
    request_kind="new",
    symbol="NVDA",
    side=Side.BUY,
    exchange=Exchange.NASDAQ,
    quantity=10,
    limit_price=Decimal("184.25"),
    filled_quantity=0,
    avg_fill_price=None,
    open_quantity=10,
    status_text="전송",
    reject_reason="",
    channel="OpenAPI",
    placed_at=datetime(2026, 11, 24, 17, 0, tzinfo=UTC),
)


def row(filled=0, open_quantity=None, price="184.24", **changes) -> ExecutionRow:
    left = 10 - filled if open_quantity is None else open_quantity
    average = Decimal(price) if filled else None
    return replace(ROW, filled_quantity=filled, open_quantity=left, avg_fill_price=average, **changes)


def about(number="40902", kind="cancel", quantity=0, **changes) -> ExecutionRow:
    values = {"broker_order_id": number, "original_id": "40901", "request_kind": kind, "quantity": quantity,
              "open_quantity": 0, "status_text": "완료"}  # fmt: skip
    return replace(ROW, **(values | changes))


@pytest.mark.parametrize(
    ("order", "successors", "day_over", "event"),
    [
        pytest.param(row(), [], False, "seen_working", id="open and untouched"),
        pytest.param(row(4), [], False, "seen_partially_filled", id="some filled, some open"),
        pytest.param(row(10, status_text="완료"), [], False, "seen_filled", id="all filled"),
        pytest.param(row(10, status_text="거부"), [], False, "seen_filled", id="quantities before texts"),
        pytest.param(row(10), [about()], False, "seen_filled", id="a cancel that came too late"),
        pytest.param(row(0, 0), [about()], False, "seen_cancelled", id="cancelled"),
        pytest.param(row(4, 0), [about()], False, "seen_cancelled", id="the rest cancelled"),
        pytest.param(row(0, 10), [about()], False, "seen_working", id="a cancel that has yet to take effect"),
        pytest.param(row(0, 10), [about(quantity=10)], False, "seen_working", id="whatever quantity it names"),
        pytest.param(row(4, 6), [about()], True, "seen_cancelled", id="when the day is over it has"),
        pytest.param(row(0, 7), [about(quantity=3)], False, "seen_working", id="by phone, a part only"),
        pytest.param(row(0, 10), [about(status_text="거부")], False, "seen_working", id="the cancel was refused"),
        pytest.param(row(0, 0, status_text="거부"), [], False, "seen_rejected", id="rejected by the venue"),
        pytest.param(
            row(0, 0, status_text="완료", reject_reason="DFD 장종료로 취소"), [], False, "seen_expired",
            id="a reason text alone is no rejection",
        ),
        pytest.param(row(0, 0, status_text="완료"), [], True, "seen_expired", id="nothing open after the close"),
        pytest.param(row(0, 0, status_text="완료"), [], False, None, id="nothing open, nobody says why: look again"),
    ],
)  # fmt: skip
def test_a_row_says(order, successors, day_over, event):
    found = read_order(order, [order, *successors], day_over=day_over)
    assert found.event == (event and Event(event))


def test_a_cancel_is_a_request_and_not_an_order():
    with pytest.raises(ValueError, match="40901"):
        read_row(about())


def test_an_amend_by_phone_continues_the_order_under_its_new_number():
    first = row(3, 0)
    amended = replace(about("40905", "amend", 7), filled_quantity=2, avg_fill_price=Decimal("184.30"),
                      open_quantity=5, limit_price=Decimal("184.40"))  # fmt: skip
    found = read_order(first, [first, amended])

    assert found.event is Event.SEEN_PARTIALLY_FILLED
    assert (found.quantity, found.filled_quantity, found.broker_order_id) == (10, 5, "40905")
    assert found.filled_amount == 3 * Decimal("184.24") + 2 * Decimal("184.30")
    assert found.limit_price == Decimal("184.40")
    assert found.numbers == ("40901", "40905")


def test_amends_that_name_each_other_do_not_go_round_for_ever():
    a = about("40905", "amend", 10)
    b = replace(about("40901", "amend", 10), original_id="40905")
    assert read_order(row(), [row(), a, b]).numbers == ("40901", "40905")


def test_a_fill_is_the_difference_of_two_readings_with_the_price_of_that_difference():
    fill = fill_from(4, 4 * Decimal("184.24"), row(10, 0, price="184.26"))
    assert (fill.quantity, fill.cumulative_quantity) == (6, 10)
    assert fill.price == Decimal("184.27333333")  # (1842.60 - 736.96) / 6


def test_hearing_the_same_or_an_older_reading_is_no_fill():
    assert fill_from(4, 4 * Decimal("184.24"), row(4)) is None
    assert fill_from(4, 4 * Decimal("184.24"), row(3)) is None


def test_a_fill_without_a_price_waits_for_one():
    assert fill_from(0, Decimal(0), replace(row(4), avg_fill_price=None)) is None


FILLS = st.lists(st.tuples(st.integers(1, 50), st.decimals("0.5", "900", places=2)), min_size=1, max_size=12)


@given(fills=FILLS, looks=st.lists(st.integers(0, 12), max_size=30))
def test_in_whatever_order_readings_come_each_share_is_booked_once_at_its_price(fills, looks):
    quantity = sum(q for q, _ in fills)
    readings = []
    for n in range(len(fills) + 1):
        done = sum(q for q, _ in fills[:n])
        amount = sum((q * p for q, p in fills[:n]), Decimal(0))
        average = (amount / done).quantize(Decimal("0.00000001")) if done else None
        readings.append(
            replace(ROW, quantity=quantity, filled_quantity=done, avg_fill_price=average, open_quantity=quantity - done)
        )
    booked, amount, parts = 0, Decimal(0), []
    for look in [*looks, len(fills)]:
        fill = fill_from(booked, amount, readings[min(look, len(fills))])
        if fill is not None:
            booked, amount = fill.cumulative_quantity, fill.cumulative_amount
            parts.append(fill)

    assert sum(f.quantity for f in parts) == booked == quantity
    assert all(f.price > 0 for f in parts)
    assert sum(f.quantity * f.price for f in parts) == pytest.approx(
        sum(q * p for q, p in fills), abs=Decimal("0.00001") * quantity
    )
