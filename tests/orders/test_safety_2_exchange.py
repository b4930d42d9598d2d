"""safety.md 2.6: "An exit uses the exchange code of the broker's holding row"."""

import pytest

from orders.models import Order
from positions.models import Position

pytestmark = pytest.mark.django_db


def test_an_exit_goes_where_the_broker_says_that_the_shares_are_listed(desk):
    """The listing moved, the rule still names the old exchange: the sale must not be refused for it."""
    desk.held(quantity=10)
    Position.objects.update(exchange="nyse")

    desk.sell()

    assert list(Order.objects.order_by("created_at").values_list("side", "exchange")) == [
        ("buy", "nasdaq"),
        ("sell", "nyse"),
    ]
