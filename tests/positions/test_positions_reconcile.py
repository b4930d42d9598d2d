"""Our book beside the broker's holdings, in the database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from logs.models import ExecutionLog
from market.orders import Holding, Listing
from market.words import Exchange, Freshness, Side
from positions.models import EquityPoint, Position
from positions.reconciliation import InFlight
from positions.services import accept_broker_quantity, book_fill, mark_to_market, reconcile_holdings, record_equity

pytestmark = pytest.mark.django_db
HELD = Holding("NVDA", Exchange.NASDAQ, 10, 8, Decimal("100"), Decimal("105"), Decimal("50"))


def listing(now, *rows, freshness=None, complete=True):
    worth = freshness or (Freshness.FRESH if rows else Freshness.EMPTY)
    return Listing(tuple(rows), worth, complete, now)


@pytest.fixture
def book(account, now):
    return Position.objects.create(
        account=account, symbol="NVDA", exchange="nasdaq", qty=10, avg_price=Decimal("100"), last_price=Decimal("100")
    )


def test_what_was_held_before_is_in_the_book_and_belongs_to_no_rule(account, now):
    reconcile_holdings(account=account, listing=listing(now, HELD), now=now)
    found = Position.objects.get()
    assert (found.qty, found.avg_price, found.broker_sellable_qty) == (10, Decimal("100"), 8)
    assert found.unrealized_pnl == Decimal("50")


@pytest.mark.parametrize(
    ("freshness", "complete"),
    [(Freshness.PARTIAL, False), (Freshness.FAILED, False), (Freshness.THROTTLED, True), (Freshness.STALE, True)],
)
def test_an_answer_that_is_not_complete_proves_no_zero(account, book, now, freshness, complete):
    found = reconcile_holdings(account=account, listing=listing(now, freshness=freshness, complete=complete), now=now)
    book.refresh_from_db()
    assert not found.judged
    assert (book.qty, book.needs_person, book.broker_qty) == (10, False, None)


def test_a_complete_empty_answer_proves_zero_and_what_nothing_explains_needs_a_person(account, book, now):
    found = reconcile_holdings(account=account, listing=listing(now), now=now)
    book.refresh_from_db()
    assert found.disputed == {"NVDA"}
    assert (book.qty, book.broker_qty, book.needs_person) == (10, 0, True)
    reconcile_holdings(account=account, listing=listing(now), now=now)
    assert ExecutionLog.objects.filter(kind="position", level="warning").count() == 1  # said once


def test_it_clears_by_itself_when_they_agree_again(account, book, now):
    reconcile_holdings(account=account, listing=listing(now), now=now)
    reconcile_holdings(account=account, listing=listing(now, HELD), now=now)
    book.refresh_from_db()
    assert not book.needs_person


def test_a_difference_that_an_open_order_covers_clears_by_itself(account, book, now):
    more = replace(HELD, quantity=15)
    reconcile_holdings(account=account, listing=listing(now, more), now=now, in_flight={"NVDA": InFlight(buys=5)})
    book.refresh_from_db()
    assert (book.qty, book.broker_qty, book.needs_person) == (10, 15, False)


def test_shares_bought_by_phone_join_the_book_at_their_price(account, book, now):
    flight = {"NVDA": InFlight(foreign=10, foreign_price=Decimal("120"))}
    found = reconcile_holdings(
        account=account, listing=listing(now, replace(HELD, quantity=20)), now=now, in_flight=flight
    )
    book.refresh_from_db()
    assert (book.qty, book.avg_price) == (20, Decimal("110"))
    assert found.adopted == {"NVDA"}


def test_a_person_may_take_the_brokers_figure(account, book, trader, now):
    reconcile_holdings(account=account, listing=listing(now, replace(HELD, quantity=40)), now=now)
    fixed = accept_broker_quantity(position=book, by=trader, now=now)
    assert (fixed.qty, fixed.needs_person) == (40, False)
    assert trader.email in ExecutionLog.objects.order_by("-id")[0].message_en


def test_marking_to_market_moves_the_unrealised_profit_and_ignores_a_zero(account, book, now):
    mark_to_market(account=account, prices={"NVDA": Decimal("104.50"), "TSLA": Decimal("9")}, now=now)
    mark_to_market(account=account, prices={"NVDA": Decimal(0)}, now=now)
    book.refresh_from_db()
    assert (book.last_price, book.unrealized_pnl) == (Decimal("104.50"), Decimal("45"))


def test_equity_is_cash_and_what_is_held_at_the_last_price(account, book, now):
    point = record_equity(account=account, now=now, cash=Decimal("500"))
    assert (point.positions_value, point.equity) == (Decimal("1000"), Decimal("1500"))
    mark_to_market(account=account, prices={"NVDA": Decimal("104")}, now=now)
    record_equity(account=account, now=now)
    assert EquityPoint.objects.get().equity == Decimal("1540")  # one point for a moment


def test_the_accounts_card_has_its_profit_and_loss(account, book, as_, trader, now):
    record_equity(account=account, now=now, cash=Decimal("500"))
    pnl = as_(trader).get(f"/api/accounts/{account.pk}").json()["pnl"]
    assert Decimal(pnl.pop("equity")) == Decimal("1500")
    assert {name: pnl[name] for name in pnl if name != "currency" and Decimal(pnl[name])} == {}


def test_positions_and_equity_over_the_api(account, book, as_, trader, viewer, other_trader, now):
    record_equity(account=account, now=now, cash=Decimal("500"))
    for person in (trader, viewer):
        rows = as_(person).get(f"/api/positions?account_id={account.pk}").json()["results"]
        assert [(r["symbol"], r["qty"], r["avg_price"]) for r in rows] == [("NVDA", 10, "100.00")]
        assert as_(person).get(f"/api/accounts/{account.pk}/equity").json()["results"][0]["equity"] == "1500.00"
    assert as_(other_trader).get(f"/api/positions?account_id={account.pk}").status_code == 404
    assert as_(other_trader).get("/api/positions").json()["results"] == []


def test_equity_is_unknown_until_the_cash_is(account, book, now):
    assert record_equity(account=account, now=now) is None
    assert not EquityPoint.objects.exists()


def test_between_the_brokers_figures_the_cash_moves_by_our_own_fills(account, book, now):
    record_equity(account=account, now=now, cash=Decimal("5000"))
    book_fill(
        account=account, rule_id=None, symbol="NVDA", exchange=Exchange.NASDAQ, side=Side.SELL,
        quantity=4, price=Decimal("110"), fee=Decimal("1"), at=now, trading_day=now.date(),
    )  # fmt: skip

    point = record_equity(account=account, now=now + timedelta(seconds=1))

    assert point.cash == Decimal("5439")
