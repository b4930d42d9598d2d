"""Limits over HTTP: what a person sets for an account, what an admin sets for the house, and how much is used."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import HouseLimits
from market.words import Exchange, Side
from orders.domain import State
from orders.limits import trading_day
from orders.limits_api import COMMON, OWN
from orders.models import Order
from positions.models import DailyLedger, Position

NOTHING_SET = dict.fromkeys(COMMON)
BAD = [
    {"daily_buy_usd": "-0.01"}, {"max_position_qty": -1}, {"max_spread_bps": -1}, {"max_spread_bps": 10_001},
    {"max_slippage_bps": 10_001}, {"daily_loss_usd": "0"}, {"daily_loss_usd": "-5"}, {"max_drawdown_pct": "0"},
    {"max_drawdown_pct": "100.01"}, {"no_entry_before_close_sec": 86_401}, {"orders_per_minute": "many"},
    {"orders_per_minute": 2**31}, {"max_order_usd": "NaN"}, {"daily_buy": "1"},
]  # fmt: skip
GOOD = {
    "daily_buy_usd": "0.0000", "max_order_usd": "1000.0000", "max_position_usd": "5000.0000", "max_position_qty": 10,
    "max_open_positions": 3, "max_spread_bps": 10_000, "max_slippage_bps": 0, "orders_per_minute": 0,
    "daily_loss_usd": "0.0100", "max_drawdown_pct": "100.00", "no_entry_before_close_sec": 86_400,
}  # fmt: skip


def of(account) -> str:
    return f"/api/accounts/{account.pk}/limits"


def place(account, price="100", qty=10, **more):
    """A buy that is on its way to the broker."""
    now = timezone.now()
    values = {
        "decision_key": f"k{Order.objects.count()}", "symbol": "NVDA", "exchange": Exchange.NASDAQ, "side": Side.BUY,
        "qty": qty, "price": Decimal(price), "status": State.INTENT, "trading_day": trading_day(now),
        "created_at": now,
    }  # fmt: skip
    return Order.objects.create(account=account, **(values | more))


def test_an_account_has_every_limit_and_none_is_set_at_first(as_, trader, account):
    found = as_(trader).get(of(account)).json()
    assert {name: found[name] for name in COMMON} == NOTHING_SET
    assert set(found) == {*OWN, "updated_at", "used", "house"}
    assert found["house"] == NOTHING_SET
    assert set(found["used"]) == {*COMMON, "failure_streak"}


def test_all_limits_can_be_set_and_taken_back(as_, trader, account):
    client = as_(trader)
    assert {n: v for n, v in client.patch(of(account), GOOD).json().items() if n in GOOD} == GOOD
    assert {n: client.patch(of(account), NOTHING_SET).json()[n] for n in COMMON} == NOTHING_SET


@pytest.mark.parametrize("body", BAD, ids=str)
def test_a_value_that_means_nothing_is_refused_with_what_was_expected(as_, trader, admin, account, body):
    for client, path in ((as_(trader), of(account)), (as_(admin), "/api/limits")):
        answer = client.patch(path, body)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(body))
        said = answer.json()["fields"][next(iter(body))][0]
        assert said["ko"] and said["en"]
    found = as_(trader).get(of(account)).json()
    assert {name: found[name] for name in COMMON} == found["house"] == NOTHING_SET


class TestHouse:
    def test_is_for_admins_only(self, as_, admin, trader, viewer):
        assert as_(admin).get("/api/limits").status_code == 200
        for person in (trader, viewer):
            assert as_(person).get("/api/limits").status_code == 403
            assert as_(person).patch("/api/limits", {"daily_buy_usd": "1"}).status_code == 403
        assert as_().get("/api/limits").status_code == 401
        assert as_(admin, scope="read").patch("/api/limits", {"daily_buy_usd": "1"}).status_code == 403

    def test_all_limits_can_be_set_and_are_shown_to_who_looks_at_an_account(self, as_, admin, trader, account):
        answer = as_(admin).patch("/api/limits", GOOD)
        assert {n: v for n, v in answer.json().items() if n in GOOD} == GOOD
        assert as_(trader).get(of(account)).json()["house"] == GOOD
        assert HouseLimits.objects.get().max_position_qty == 10

    def test_its_state_is_not_changed_here(self, as_, admin):
        assert as_(admin).patch("/api/limits", {"trading_state": "halted"}).status_code == 400

    def test_a_change_is_in_the_audit_log_with_its_person(self, as_, admin):
        from auditlog.models import LogEntry

        as_(admin).patch("/api/limits", {"daily_buy_usd": "5000"})
        entry = LogEntry.objects.get_for_object(HouseLimits.objects.get()).latest()
        assert (entry.actor, entry.changes["daily_buy_usd"][1]) == (admin, "5000.0000")


class TestUsed:
    def test_nothing_yet(self, as_, trader, account):
        used = as_(trader).get(of(account)).json()["used"]
        assert (used["daily_buy_usd"], used["orders_per_minute"], used["max_open_positions"]) == ("0.0000", 0, 0)
        assert used["max_order_usd"] is used["max_spread_bps"] is used["max_drawdown_pct"] is None

    def test_what_was_bought_and_what_is_reserved_count_as_the_guards_count(self, as_, trader, account):
        day = trading_day(timezone.now())
        DailyLedger.objects.create(account=account, trading_day=day, bought_usd=Decimal("500"))
        place(account)
        used = as_(trader).get(of(account)).json()["used"]
        assert used["daily_buy_usd"] == "1502.5000"
        assert (used["orders_per_minute"], used["max_position_qty"], used["max_open_positions"]) == (1, 10, 1)

    def test_orders_of_more_than_a_minute_ago_are_past(self, as_, trader, account):
        place(account, created_at=timezone.now() - timedelta(seconds=61))
        assert as_(trader).get(of(account)).json()["used"]["orders_per_minute"] == 0

    def test_of_the_symbols_the_one_that_is_nearest_to_the_limit(self, as_, trader, account):
        for symbol, qty, price in (("NVDA", 3, "200"), ("F", 50, "10")):
            Position.objects.create(account=account, symbol=symbol, exchange="nasdaq", qty=qty, avg_price=1,
                                    last_price=Decimal(price))  # fmt: skip
        used = as_(trader).get(of(account)).json()["used"]
        assert (used["max_position_usd"], used["max_position_qty"]) == ("600.0000", 50)
        assert used["max_open_positions"] == 2

    def test_losses_are_told_above_zero(self, as_, trader, account, foreign_account, admin):
        day = trading_day(timezone.now())
        DailyLedger.objects.create(account=account, trading_day=day, realized_pnl=Decimal("-12.5"))
        DailyLedger.objects.create(account=foreign_account, trading_day=day, realized_pnl=Decimal("2.5"))
        assert as_(trader).get(of(account)).json()["used"]["daily_loss_usd"] == "12.5000"
        assert as_(admin).get("/api/limits").json()["used"]["daily_loss_usd"] == "10.0000"

    def test_the_houses_is_the_sum_over_all_accounts(self, as_, admin, account, foreign_account):
        place(account)
        place(foreign_account, price="50")
        used = as_(admin).get("/api/limits").json()["used"]
        assert (used["daily_buy_usd"], used["orders_per_minute"]) == ("1503.7500", 2)
        assert used["max_position_qty"] is None
