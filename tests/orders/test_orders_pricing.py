"""Limits and sizes: on a tick, inside the collar, and never worth more than was allowed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.ticks import is_on_tick
from market.words import Side
from orders.pricing import LEAST, affordable, collar, commission, cost, limit_price, named_limit

PRICES = st.decimals("0.0105", "5000", places=4)


@pytest.mark.parametrize(
    ("side", "reference", "offset", "limit"),
    [
        pytest.param(Side.BUY, "100.00", 10, "100.10", id="a buy goes up by the offset"),
        pytest.param(Side.SELL, "100.00", 10, "99.90", id="a sell goes down by it"),
        pytest.param(Side.BUY, "184.24", 10, "184.43", id="a buy rounds up, to be filled"),
        pytest.param(Side.SELL, "184.24", 10, "184.05", id="a sell rounds down"),
        pytest.param(Side.BUY, "100.00", 900, "102.00", id="a buy stops at 2 % above"),
        pytest.param(Side.SELL, "100.00", 2000, "90.00", id="an exit may go 10 % below"),
        pytest.param(Side.BUY, "100.00", -10, "99.90", id="an offset below zero waits for a better price"),
        pytest.param(Side.SELL, "100.00", -10, "100.10", id="a sell waits above"),
        pytest.param(Side.BUY, "0.5", 10, "0.5005", id="below a dollar the tick is finer"),
    ],
)
def test_a_limit(side, reference, offset, limit):
    assert limit_price(side, Decimal(reference), offset_bps=offset) == Decimal(limit)


def test_the_collar_lies_around_the_last_price_not_around_the_touch():
    assert limit_price(Side.BUY, Decimal("120"), last=Decimal("100")) == Decimal("102.00")


@given(
    side=st.sampled_from(Side),
    reference=PRICES,
    offset=st.integers(-1000, 1000),
    ticks=st.integers(-1000, 1000),
    last=PRICES,
)
def test_every_limit_is_valid_and_inside_the_collar(side, reference, offset, ticks, last):
    limit = limit_price(side, reference, offset_bps=offset, offset_ticks=ticks, last=last)
    bound = collar(side, last)
    assert is_on_tick(limit)
    assert limit > 0
    assert limit <= bound if side is Side.BUY else limit >= bound


@given(side=st.sampled_from(Side), named=st.decimals("0.00001", "5000", places=5), last=PRICES)
def test_a_limit_that_somebody_named_is_never_made_worse_except_by_the_collar(side, named, last):
    limit, bound = named_limit(side, named, last=last), collar(side, last)
    assert is_on_tick(limit)
    assert limit > 0
    if side is Side.BUY:
        assert limit <= max(named, LEAST) and limit <= bound
    else:
        assert limit >= named and limit >= bound


@given(amount=st.decimals("0", "100000", places=2), price=PRICES, bps=st.integers(0, 100))
def test_what_is_affordable_stays_within_the_amount_and_one_more_would_not(amount, price, bps):
    quantity = affordable(amount, price, bps)
    assert quantity == 0 or cost(quantity, price, bps) <= amount
    assert cost(quantity + 1, price, bps) > amount - Decimal("0.001")


def test_the_commission_is_in_basis_points_with_four_decimals():
    assert commission(10, Decimal("184.24"), 25) == Decimal("4.6060")
