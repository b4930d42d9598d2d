"""What a jump between two days looks like."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positions.jumps import (
    KNOWN,
    Jump,
    JumpKind,
    Seen,
    after_split,
    judge,
    ratio_from,
    ratio_of_prices,
    ratio_of_shares,
    ratio_text,
)

D, F = Decimal, Fraction


@pytest.mark.parametrize(
    ("seen", "jump"),
    [
        pytest.param(Seen(10, 10, our_close=D(100), previous_close=D("100.4")), None, id="an ordinary morning"),
        pytest.param(
            Seen(10, 20, our_close=D(100), previous_close=D(50)), Jump(JumpKind.SPLIT, F(2)), id="both say two for one"
        ),
        pytest.param(
            Seen(105, 10, our_close=D(1), previous_close=D("10.02")),
            Jump(JumpKind.SPLIT, F(1, 10)),
            id="a reverse split",
        ),
        pytest.param(
            Seen(10, 10, our_close=D(100), previous_close=D(50)),
            Jump(JumpKind.PRICE_JUMP, F(2)),
            id="the balance does not show the split yet",
        ),
        pytest.param(
            Seen(10, None, our_close=D(100), previous_close=D(50)),
            Jump(JumpKind.PRICE_JUMP, F(2)),
            id="no listing to compare with",
        ),
        pytest.param(
            Seen(10, 10, our_close=D(100), previous_close=D(71)), Jump(JumpKind.PRICE_JUMP, None), id="no usual ratio"
        ),
        pytest.param(
            Seen(10, 30, our_close=None, previous_close=D(50)), Jump(JumpKind.QUANTITY_JUMP, F(3)), id="shares alone"
        ),
        pytest.param(
            Seen(100, 105, our_close=D(100), previous_close=D("95.2")),
            Jump(JumpKind.SPLIT, F(21, 20)),
            id="a stock dividend of five per cent",
        ),
        pytest.param(Seen(10, 20, covered=True), None, id="an order of ours is about to fill"),
        pytest.param(Seen(10, 17), None, id="a difference like no split is another matter"),
        pytest.param(Seen(10, 0), None, id="gone is no split"),
        pytest.param(Seen(10, 10, our_close=D(100), previous_close=D(0)), None, id="a zero is no price"),
        pytest.param(
            Seen(10, 10, our_close=D(100), previous_close=D(88), slack=D("0.2")),
            None,
            id="our own last price was of noon",
        ),
    ],
)
def test_a_morning_means(seen, jump):
    assert judge(seen) == jump


@given(st.sampled_from(KNOWN), st.integers(1, 100_000))
def test_the_shares_that_a_split_leaves_are_recognised(ratio, shares):
    after = after_split(shares, ratio)
    if after in (0, shares):
        assert ratio_of_shares(shares, after) is None
    else:
        assert after_split(shares, ratio_of_shares(shares, after)) == after


@given(st.sampled_from(KNOWN), st.decimals("5", "5000", places=2))
def test_the_prices_of_a_split_are_recognised(ratio, price):
    after = (price * ratio.denominator / ratio.numerator).quantize(D("0.0001"))
    if after > 1:
        assert ratio_of_prices(price, after, D("0.03")) == ratio


@given(st.sampled_from(KNOWN))
def test_a_ratio_is_read_as_it_is_written(ratio):
    assert ratio_from(ratio_text(ratio)) == ratio


@pytest.mark.parametrize("text", ["", "2:0", "two", "-2:1", "0:1", "2:1:1", "999999:1"])
def test_what_is_no_ratio_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        ratio_from(text)
