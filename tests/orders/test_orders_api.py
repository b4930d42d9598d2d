"""Orders and fills over HTTP."""

from uuid import uuid4

import pytest

from orders.models import Instruction, WishStatus

pytestmark = pytest.mark.django_db

ORDER = {
    "id", "account_id", "rule_id", "rule_version", "symbol", "exchange", "order_type", "side", "qty", "price",
    "status", "filled_qty", "avg_fill_price", "broker_order_id", "needs_person", "reason", "failure", "created_at",
    "placed_at", "updated_at",
}  # fmt: skip


def test_the_list_has_the_accounts_orders_newest_first(desk, as_, trader):
    first = desk.held()
    desk.later(seconds=1)
    second = desk.sell()
    found = as_(trader).get("/api/orders").json()

    assert [o["id"] for o in found["results"]] == [str(second.pk), str(first.pk)]
    assert found["next"] is None
    assert set(found["results"][0]) == ORDER
    assert (found["results"][1]["price"], found["results"][1]["avg_fill_price"]) == ("100.00", "100.00")
    assert found["results"][1]["placed_at"].endswith("Z")


def test_pages_follow_a_cursor_without_gap_or_repeat(desk, as_, trader, new_rule):
    made = {str(desk.submit(desk.intent(symbol=s), rule=new_rule(desk.account, symbol=s)).pk) for s in ("A", "B", "C")}
    api, seen, cursor = as_(trader), [], ""
    while cursor is not None:
        answer = api.get(f"/api/orders?limit=1&cursor={cursor}").json()
        seen += [o["id"] for o in answer["results"]]
        cursor = answer["next"]
    assert set(seen) == made
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [("status=filled", 1), ("status=working", 1), ("status=cancelled", 0), ("symbol=nvda", 2), ("symbol=TSLA", 0)],
)
def test_filters(desk, as_, trader, query, count):
    desk.held()
    desk.sell()
    assert len(as_(trader).get(f"/api/orders?account_id={desk.account.pk}&{query}").json()["results"]) == count


@pytest.mark.parametrize("query", ["status=nonsense", "account_id=1", "limit=0", "cursor=zzz"])
def test_a_filter_that_cannot_be_is_said(desk, as_, trader, query):
    assert as_(trader).get(f"/api/orders?{query}").status_code == 400


def test_one_order_tells_why_and_every_request_and_fill(desk, as_, viewer):
    order = desk.held()
    found = as_(viewer).get(f"/api/orders/{order.pk}").json()
    assert [r["outcome"] for r in found["requests"]] == ["accepted"]
    assert [(e["qty"], e["price"], e["fee"]) for e in found["executions"]] == [(10, "100.00", "2.50")]
    assert {v["guard"] for v in found["reason"]["guards"]["votes"]} >= {"daily_buy_limit", "buying_power"}


def test_fills_have_a_list_of_their_own(desk, as_, trader, other_trader):
    order = desk.held()
    found = as_(trader).get(f"/api/executions?account_id={desk.account.pk}").json()["results"]
    assert [(e["order_id"], e["qty"]) for e in found] == [(str(order.pk), 10)]
    assert as_(other_trader).get("/api/executions").json()["results"] == []


def test_a_cancel_is_an_instruction_that_the_bot_carries_out(desk, as_, trader):
    order = desk.buy()
    answer = as_(trader).post(f"/api/orders/{order.pk}:cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert as_(trader).post(f"/api/orders/{order.pk}:cancel").json()["id"] == answer.json()["id"]

    desk.carry_out()
    desk.track()
    assert Instruction.objects.get().status == WishStatus.DONE
    assert as_(trader).get(f"/api/orders/{order.pk}").json()["status"] == "cancelled"


def test_an_order_that_has_ended_cannot_be_cancelled(desk, as_, trader):
    answer = as_(trader).post(f"/api/orders/{desk.held().pk}:cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_final")


def test_who_may_what(desk, as_, viewer, other_trader, admin):
    order = desk.buy()
    assert as_(viewer).post(f"/api/orders/{order.pk}:cancel").status_code == 403
    assert as_(other_trader).get(f"/api/orders/{order.pk}").status_code == 404
    assert as_(other_trader).post(f"/api/orders/{order.pk}:cancel").status_code == 404
    assert as_(other_trader).get(f"/api/orders?account_id={desk.account.pk}").status_code == 404
    assert as_(None).get("/api/orders").status_code == 401
    assert as_(admin, "read").post(f"/api/orders/{order.pk}:cancel").status_code == 403
    assert as_(admin).post(f"/api/orders/{order.pk}:cancel").status_code == 202
    assert as_(admin).get(f"/api/orders/{uuid4()}").status_code == 404


def test_the_admin_shows_orders_and_never_edits_them(desk, admin, client):
    order = desk.held()
    client.force_login(admin)
    for page in ("order", "execution", "foreignorder", "instruction"):
        assert client.get(f"/admin/orders/{page}/").status_code == 200
    assert client.get(f"/admin/orders/order/{order.pk}/change/").status_code == 200
    assert client.post(f"/admin/orders/order/{order.pk}/change/", {"qty": 1}).status_code == 403
    for page in ("position", "equitypoint", "dailyledger"):
        assert client.get(f"/admin/positions/{page}/").status_code == 200


def test_a_person_asks_for_a_cancel_in_the_admin(desk, admin, client):
    order = desk.buy()
    client.force_login(admin)
    form = {"action": "ask_cancel", "_selected_action": [str(order.pk)]}
    assert client.post("/admin/orders/order/", form).status_code == 302
    assert Instruction.objects.get().requested_by == admin
