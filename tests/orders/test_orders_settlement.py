"""Which row of the list an unknown order caused (safety.md 1.6)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from market.orders import ExecutionRow
from market.words import Exchange, Side
from orders.settlement import Finding, UnknownOrder, Window, settle

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
ORDER = UnknownOrder("NVDA", Side.BUY, 10, Decimal("184.25"))
WINDOW = Window(NOON, datetime(2026, 11, 25, 1, 0, tzinfo=UTC), timedelta(seconds=5), list_is_final=False)
OVER = replace(WINDOW, list_is_final=True)
OURS = ExecutionRow(
    DAY, "40901", "", "new", "NVDA", Side.BUY, Exchange.NASDAQ, 10, Decimal("184.25000000"), 0, None, 10, "전송", "",
    "OpenAPI", NOON + timedelta(seconds=1),
)  # fmt: skip


def test_the_one_row_that_can_only_be_ours_is_claimed():
    found = settle(ORDER, [OURS], set(), WINDOW)
    assert found.finding is Finding.CLAIM
    assert found.row is OURS


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(replace(OURS, symbol="TSLA"), id="another symbol"),
        pytest.param(replace(OURS, side=Side.SELL), id="the other side"),
        pytest.param(replace(OURS, quantity=11), id="another quantity"),
        pytest.param(replace(OURS, limit_price=Decimal("184.26")), id="another price"),
        pytest.param(replace(OURS, channel="모바일"), id="by phone"),
        pytest.param(replace(OURS, request_kind="amend", original_id="40800"), id="an amend of another order"),
        pytest.param(replace(OURS, original_id="40800"), id="names an original"),
        pytest.param(replace(OURS, placed_at=NOON - timedelta(minutes=1)), id="placed before we wrote"),
        pytest.param(replace(OURS, placed_at=NOON + timedelta(days=1)), id="placed the next day"),
    ],
)
def test_a_row_that_cannot_be_ours_settles_nothing(row):
    assert settle(ORDER, [row], set(), WINDOW).finding is Finding.WAIT


def test_a_row_that_another_order_claimed_is_not_claimed_again():
    assert settle(ORDER, [OURS], {(DAY, "40901")}, WINDOW).finding is Finding.WAIT


def test_the_same_number_of_another_day_is_another_order():
    assert settle(ORDER, [OURS], {(date(2026, 11, 23), "40901")}, WINDOW).finding is Finding.CLAIM


def test_a_broker_clock_that_is_behind_by_the_measured_skew_is_allowed_for():
    early = replace(OURS, placed_at=NOON - timedelta(seconds=20))
    assert settle(ORDER, [early], set(), WINDOW).finding is Finding.WAIT
    assert settle(ORDER, [early], set(), replace(WINDOW, skew=timedelta(seconds=20))).finding is Finding.CLAIM


def test_two_candidates_call_a_person():
    twin = replace(OURS, broker_order_id="40950", placed_at=NOON + timedelta(seconds=30))
    found = settle(ORDER, [OURS, twin], set(), WINDOW)
    assert found.finding is Finding.AMBIGUOUS
    assert found.row is None
    assert len(found.candidates) == 2


def test_when_the_day_is_over_the_complete_list_settles_without_a_person():
    twin = replace(OURS, broker_order_id="40950", placed_at=NOON + timedelta(seconds=30))
    found = settle(ORDER, [twin, OURS], set(), OVER)
    assert (found.finding, found.row) == (Finding.CLAIM, OURS)


def test_silence_is_not_proof_until_the_day_is_over():
    assert settle(ORDER, [], set(), WINDOW).finding is Finding.WAIT
    assert settle(ORDER, [], set(), OVER).finding is Finding.NOT_SEEN
