"""Fills make holdings: quantity, average price, profit and loss."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.words import Side
from positions.domain import Book, after_fill, merged, unrealized
from positions.reconciliation import Finding, InFlight, compare

D = Decimal


def test_two_buys_average_by_quantity():
    book = after_fill(Book(), Side.BUY, 10, D("100")).book
    book = after_fill(book, Side.BUY, 30, D("104")).book
    assert (book.quantity, book.avg_price) == (40, D("103"))


def test_a_sale_realises_the_difference_less_the_fee_and_leaves_the_average():
    booked = after_fill(Book(40, D("103")), Side.SELL, 10, D("105"), D("2.50"))
    assert booked.realized == D("17.50")
    assert (booked.book.quantity, booked.book.avg_price) == (30, D("103"))


def test_selling_everything_leaves_no_average():
    assert after_fill(Book(5, D("10")), Side.SELL, 5, D("11")).book == Book(0, None, D("5"))


def test_a_sale_beyond_the_book_is_booked_as_far_as_it_goes_and_says_so():
    booked = after_fill(Book(5, D("10")), Side.SELL, 8, D("11"))
    assert (booked.book.quantity, booked.beyond, booked.realized) == (0, 3, D("5"))


def test_shares_from_elsewhere_realise_nothing():
    assert merged(Book(10, D("100"), D("7")), 10, D("120")) == Book(20, D("110"), D("7"))
    assert merged(Book(10, D("100"), D("7")), -10, None) == Book(0, None, D("7"))


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_fill_has_a_quantity(quantity):
    with pytest.raises(ValueError, match="quantity"):
        after_fill(Book(), Side.BUY, quantity, D("1"))


FILLS = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 500), st.decimals("0.01", "900", places=4)), max_size=30
)


@given(FILLS, st.decimals("0.01", "900", places=4))
def test_realised_and_unrealised_profit_add_up_to_the_money_that_moved(fills, last):
    book, cash, fees = Book(), D(0), D(0)
    for side, quantity, price in fills:
        if side is Side.SELL:
            quantity = min(quantity, book.quantity)
        if not quantity:
            continue
        fee = (quantity * price * D("0.0025")).quantize(D("0.0001"))
        book = after_fill(book, side, quantity, price, fee).book
        cash += (quantity * price if side is Side.SELL else -quantity * price) - fee
        fees += fee
    worth = cash + book.quantity * last
    assert book.realized_pnl + unrealized(book, last) == pytest.approx(worth, abs=D("0.01"))
    assert book.quantity >= 0


@pytest.mark.parametrize(
    ("ours", "broker", "flight", "finding"),
    [
        pytest.param(10, 10, InFlight(), "agrees", id="the same"),
        pytest.param(10, 15, InFlight(buys=5), "covered", id="an open buy may have filled"),
        pytest.param(10, 16, InFlight(buys=5), "disputed", id="more than every open buy"),
        pytest.param(10, 4, InFlight(sells=6), "covered", id="an open sell may have filled"),
        pytest.param(10, 0, InFlight(recent_buys=10), "covered", id="the balance lags behind our fill"),
        pytest.param(10, 25, InFlight(foreign=15), "adopt_foreign", id="bought by phone"),
        pytest.param(10, 28, InFlight(foreign=15, buys=5), "adopt_foreign", id="by phone, and a buy of ours filling"),
        pytest.param(10, 7, InFlight(foreign=-3), "adopt_foreign", id="sold by phone"),
        pytest.param(None, 7, InFlight(), "brought_in", id="held before we came"),
        pytest.param(None, 7, InFlight(buys=10), "covered", id="our first buy, seen before the list shows it"),
        pytest.param(10, 20, InFlight(), "disputed", id="a split, perhaps"),
        pytest.param(10, 0, InFlight(), "disputed", id="gone"),
    ],
)
def test_a_difference_means(ours, broker, flight, finding):
    assert compare(ours, broker, flight) is Finding(finding)
