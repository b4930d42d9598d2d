"""Rebalancing plans over HTTP, with the rights of rules; and carried out against the simulator by the account's bot."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bots.hooks import work
from bots.hooks.running import run_due, run_one
from bots.models import HookRun, RebalanceRun
from instruments.services import ensure_instruments
from logs.models import ExecutionLog
from orders.models import Order
from positions.models import Position
from rules.models import RebalancePlan

WEIGHTS = {"AAPL": "40", "KO": "30.5"}


@pytest.fixture
def instruments(db):
    ensure_instruments()


@pytest.fixture
def plan(as_, trader, account, instruments):
    given = {"account_id": str(account.pk), "name": "core", "weights": WEIGHTS}
    return as_(trader).post("/api/rebalances", given).json()


@pytest.mark.usefixtures("instruments")
class TestWritingPlans:
    def test_a_new_plan_is_switched_off_and_the_rest_is_cash(self, plan):
        assert plan["enabled"] is False
        assert plan["weights"] == {"AAPL": "40", "KO": "30.5"}
        assert plan["cash_pct"] == "29.5"
        assert (plan["schedule"], plan["band_pct"]) == ("manual", "5.0000")

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("weights", {"AAPL": "70", "KO": "31"}, "101"),
            ("weights", {"NOSUCH": "10"}, "NOSUCH"),
            ("weights", {"AAPL": "-1"}, "between"),
            ("weights", {"AAPL": "NaN"}, "between"),
            ("weights", {"AAPL": "1e999999"}, "between"),
            ("weights", {"AAPL": True}, "between"),
            ("weights", {}, "expected"),
            ("weights", [], "expected"),
            ("weights", {"aapl": "1", "AAPL": "2"}, "twice"),
            ("band_pct", "0.1", "0.5"),
            ("band_pct", "51", "50"),
            ("schedule", "hourly", "daily"),
            ("schedule", [], "daily"),
            ("weekday", 5, "0 to 4"),
            ("month_day", 0, "1 to 31"),
            ("minutes_after_open", 400, "360"),
            ("include_rule_positions", "yes", "true"),
            ("name", "", "name"),
            ("colour", "blue", "no such field"),
        ],
    )
    def test_what_cannot_be_is_refused_with_what_was_expected(self, as_, trader, account, field, value, said):
        given = {"account_id": str(account.pk), "name": "core", "weights": WEIGHTS, field: value}
        answer = as_(trader).post("/api/rebalances", given, headers={"Accept-Language": "en"})

        assert answer.status_code == 400, answer.json()
        assert said in str(answer.json()["fields"][field])

    def test_a_name_is_used_once_in_an_account(self, as_, trader, plan, account):
        given = {"account_id": str(account.pk), "name": "core", "weights": WEIGHTS}
        assert as_(trader).post("/api/rebalances", given).status_code == 409

    def test_a_change_is_a_new_version_and_a_stale_one_is_refused(self, as_, trader, plan):
        url = f"/api/rebalances/{plan['id']}"
        changed = as_(trader).patch(url, {"weights": {"AAPL": "50"}}, headers={"If-Match": '"1"'})
        assert (changed.status_code, changed.json()["version"]) == (200, 2)

        assert as_(trader).patch(url, {"name": "x"}, headers={"If-Match": '"1"'}).status_code == 412

    def test_the_switch_asks_for_the_accounts_name(self, as_, trader, plan, account):
        url = f"/api/rebalances/{plan['id']}:toggle"
        assert as_(trader).post(url, {"enabled": True, "confirm": "x"}).status_code == 409
        assert as_(trader).post(url, {"enabled": True, "confirm": account.nickname}).json()["enabled"] is True
        assert RebalancePlan.objects.get().enabled_at is not None

    def test_it_can_be_deleted(self, as_, trader, plan):
        assert as_(trader).delete(f"/api/rebalances/{plan['id']}").status_code == 204
        assert not RebalancePlan.objects.exists()


class TestWhoMay:
    def test_a_viewer_sees_and_changes_nothing(self, as_, viewer, plan):
        url = f"/api/rebalances/{plan['id']}"
        assert as_(viewer).get(url).status_code == 200
        assert as_(viewer).patch(url, {"name": "x"}).status_code == 403
        assert as_(viewer).post(url + ":run").status_code == 403

    def test_for_others_it_does_not_exist(self, as_, other_trader, plan):
        for method, tail in (("get", ""), ("patch", ""), ("delete", ""), ("post", ":run"), ("get", "/runs")):
            answer = getattr(as_(other_trader), method)(f"/api/rebalances/{plan['id']}{tail}")
            assert answer.status_code == 404

    def test_nobody_is_asked_to_sign_in(self, as_, plan):
        assert as_(None).get("/api/rebalances").status_code == 401

    def test_lists_hold_only_what_one_may_read(self, as_, trader, other_trader, plan):
        assert [p["id"] for p in as_(trader).get("/api/rebalances").json()["results"]] == [plan["id"]]
        assert as_(other_trader).get("/api/rebalances").json()["results"] == []


class TestClosedMarket:
    def test_a_plan_is_not_run_while_the_market_is_closed(self, as_, trader, plan):
        answer = as_(trader).post(f"/api/rebalances/{plan['id']}:run")

        assert (answer.status_code, answer.json()["code"]) == (409, "market_closed")
        assert not RebalanceRun.objects.exists()


@pytest.fixture
def trading_plan(trading_account, trader, kis):
    from rules.plans import create_plan

    kis.control.pin("AAPL", "200.00")
    kis.control.pin("KO", "60.00")
    return create_plan(
        account=trading_account, by=trader, name="core", weights={"AAPL": "2", "KO": "1"}, band_pct="0.5"
    )


def carry_on(run: RebalanceRun) -> RebalanceRun:
    """One turn of the schedule."""
    now = timezone.now()
    HookRun.objects.filter(hook__startswith="rebalance:", status="pending").update(not_before=None)
    for pk in run_due(now):
        if HookRun.objects.get(pk=pk).hook.startswith("rebalance:"):
            run_one(pk, now, work.do)
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
class TestAgainstTheSimulator:
    def test_the_preview_has_every_order_with_every_guards_vote_and_orders_nothing(self, as_, trader, trading_plan):
        answer = as_(trader).post(f"/api/rebalances/{trading_plan.pk}:preview")

        assert answer.status_code == 200, answer.json()
        body = answer.json()
        assert {(t["symbol"], t["side"]) for t in body["trades"]} == {("AAPL", "buy"), ("KO", "buy")}
        assert all(t["guards"]["votes"] for t in body["trades"])
        assert {line["target_pct"] for line in body["lines"]} == {"2.00", "1.00"}
        assert not Order.objects.exists()

    def test_a_plan_is_carried_out_by_the_bot_and_a_second_run_has_nothing_to_do(
        self, as_, trader, trading_plan, trading_account, start_bot, eventually, kis
    ):
        trading_account.enabled = True
        trading_account.save()
        start_bot()
        asked = as_(trader).post(f"/api/rebalances/{trading_plan.pk}:run")
        assert asked.status_code == 202, asked.json()
        run = RebalanceRun.objects.get(pk=asked.json()["id"])

        eventually(lambda: carry_on(run).status == "done", 120)

        (shown,) = as_(trader).get(f"/api/rebalances/{trading_plan.pk}/runs").json()["results"]
        assert {(o["symbol"], o["side"], o["status"]) for o in shown["orders"]} == {
            ("AAPL", "buy", "filled"),
            ("KO", "buy", "filled"),
        }
        theirs = kis.control.account(kis.accounts("paper")[0]["account_no"])["holdings"]
        ours = {p.symbol: p.qty for p in Position.objects.filter(qty__gt=0)}
        assert ours == {symbol: held["qty"] for symbol, held in theirs.items()}
        assert ExecutionLog.objects.filter(ctx__event="rebalance").count() == 1

        again = as_(trader).post(f"/api/rebalances/{trading_plan.pk}:run")
        assert (again.status_code, again.json()["code"]) == (409, "ran_today")
        preview = as_(trader).post(f"/api/rebalances/{trading_plan.pk}:preview").json()
        assert preview["trades"] == []

    def test_sells_are_final_before_anything_is_bought(
        self, trader, trading_plan, trading_account, start_bot, eventually, kis
    ):
        from bots.rebalancing import ask_to_run
        from rules.plans import create_plan, update_plan

        trading_account.enabled = True
        trading_account.save()
        start_bot()
        first = ask_to_run(plan=trading_plan, by=trader, now=timezone.now())
        eventually(lambda: carry_on(first).status == "done", 120)

        other = create_plan(
            account=trading_account, by=trader, name="other", weights={"AAPL": "0", "KO": "3"}, band_pct="0.5"
        )
        update_plan(plan=other, by=trader, minutes_after_open=0)
        second = ask_to_run(plan=other, by=trader, now=timezone.now())
        eventually(lambda: carry_on(second).status == "done", 120)

        sell, buy = Order.objects.get(side="sell"), Order.objects.filter(side="buy", symbol="KO").latest("created_at")
        assert sell.symbol == "AAPL" and sell.status == "filled"
        assert sell.final_at <= buy.created_at
        held = {p.symbol: p.qty for p in Position.objects.filter(qty__gt=0)}
        assert set(held) == {"KO"}

    def test_what_no_bot_carries_out_in_time_ends(self, trader, trading_plan, trading_account):
        from bots.rebalancing import ask_to_run

        run = ask_to_run(plan=trading_plan, by=trader, now=timezone.now())
        for _ in range(3):
            carry_on(run)
        assert run.status == "buying"

        RebalanceRun.objects.filter(pk=run.pk).update(
            reckoned=run.reckoned | {"buying_at": (timezone.now() - timedelta(minutes=11)).isoformat()}
        )
        carry_on(run)
        assert carry_on(run).status == "done"
        assert Order.objects.count() == 0

    def test_a_position_in_doubt_ends_the_run_with_the_reason(self, trader, trading_plan, trading_account):
        from bots.rebalancing import ask_to_run

        Position.objects.create(account=trading_account, symbol="IBM", exchange="nyse", qty=7, avg_price=Decimal(100))
        run = ask_to_run(plan=trading_plan, by=trader, now=timezone.now())

        assert carry_on(run).status == "failed"
        assert run.failure["code"] == "in_doubt"
        assert "IBM" in ExecutionLog.objects.get(ctx__event="rebalance").message
