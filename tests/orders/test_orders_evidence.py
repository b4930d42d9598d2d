"""What is known of an order whose outcome is not, and the person who decides with it in view (safety.md 1.6)."""

from decimal import Decimal

import pytest
from auditlog.models import LogEntry

from logs.models import ExecutionLog
from market.words import Side
from orders.domain import State
from orders.models import ForeignOrder, Instruction, Order, WishStatus
from orders.settling import CannotSettle, settle_by_person
from rules.models import RuleState

pytestmark = pytest.mark.django_db

ROW = {
    "us_order_date", "broker_order_id", "symbol", "side", "qty", "price", "filled_qty", "open_qty", "status_text",
    "channel", "placed_at", "fits",
}  # fmt: skip


DAY = "2026-11-24"


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


@pytest.fixture
def beside(desk) -> Order:
    """Another order of ours, of the same symbol and side, under number 60001."""
    desk.broker.number = 60000
    order = desk.submit(desk.intent(quantity=5, price="99.00"), rule=None, quote=desk.quote("99.00"))
    desk.broker.number = 40000
    return order


@pytest.fixture
def doubtful(desk) -> Order:
    """An order of unknown outcome, two rows that could be it, and looks until a person was called."""
    desk.broker.next("lose_answer")
    order = desk.buy()
    desk.later(seconds=2)
    desk.broker.add("50001", "NVDA", Side.BUY, 10, Decimal("100.00"))
    desk.broker.add("50002", "NVDA", Side.SELL, 3, Decimal("100.00"), channel="모바일")
    desk.broker.add("50003", "NVDA", Side.BUY, 7, Decimal("100.00"), channel="모바일")
    for _ in range(3):
        desk.track()
    order.refresh_from_db()
    return order


def claim(order: Order, desk, number: str = "40001", day: str = "2026-11-24") -> Order:
    return settle_by_person(
        order=order, decision="claim", by=desk.account.user, now=desk.at, broker_order_id=number, us_order_date=day
    )


class TestTheEvidence:
    def test_has_requests_window_looks_and_rows(self, desk, doubtful, as_, trader):
        found = as_(trader).get(f"/api/orders/{doubtful.pk}/evidence").json()
        assert found["order"]["id"] == str(doubtful.pk)
        assert [r["outcome"] for r in found["requests"]] == ["unknown"]
        assert found["window"]["from"] < found["order"]["placed_at"] < found["window"]["to"]
        assert [(k["finding"], k["times"], k["complete"], k["freshness"]) for k in found["looks"]] == [
            ("ambiguous", 3, True, "fresh")
        ]
        assert set(found["looks"][0]["candidates"][0]) == ROW
        rows = [(c["broker_order_id"], c["fits"], c["claimed_by"]) for c in found["candidates"]]
        assert rows == [("40001", True, None), ("50001", True, None), ("50003", False, None)]
        assert found["may_decide"] is True

    def test_says_whose_a_row_is(self, beside, doubtful, as_, trader):
        found = as_(trader).get(f"/api/orders/{doubtful.pk}/evidence").json()
        claimed = {c["broker_order_id"]: c["claimed_by"] for c in found["candidates"]}
        assert claimed["60001"] == str(beside.pk)

    def test_is_read_by_who_may_read_the_account_and_decided_by_who_may_operate_it(
        self, doubtful, as_, viewer, other_trader
    ):
        assert as_(viewer).get(f"/api/orders/{doubtful.pk}/evidence").json()["may_decide"] is False
        assert as_(other_trader).get(f"/api/orders/{doubtful.pk}/evidence").status_code == 404

    def test_of_an_order_that_is_settled_asks_nobody(self, desk, as_, trader):
        found = as_(trader).get(f"/api/orders/{desk.buy().pk}/evidence").json()
        assert (found["may_decide"], found["looks"], found["candidates"]) == (False, [], [])


class TestADecision:
    def test_over_http_is_an_instruction_that_the_bot_carries_out(self, desk, doubtful, as_, trader):
        asked = as_(trader).post(
            f"/api/orders/{doubtful.pk}:settle",
            {
                "decision": "claim",
                "broker_order_id": "0000040001",
                "us_order_date": DAY,
                "confirm": "밤새 모의",
            },
        )
        assert (asked.status_code, asked.json()["wish"], asked.json()["status"]) == (202, "settle", "pending")
        desk.carry_out()
        assert Instruction.objects.get().status == WishStatus.DONE
        assert (status(doubtful), doubtful.broker_order_id, doubtful.needs_person) == (State.WORKING, "40001", False)

    def test_asking_twice_is_asking_once_and_another_answer_has_to_wait(self, doubtful, as_, trader):
        url, said = f"/api/orders/{doubtful.pk}:settle", {"decision": "never_arrived", "confirm": "밤새 모의"}
        first = as_(trader).post(url, said).json()
        assert as_(trader).post(url, said).json()["id"] == first["id"]
        other = {"decision": "claim", "broker_order_id": "40001", "us_order_date": DAY, "confirm": "밤새 모의"}
        answer = as_(trader).post(url, other)
        assert (answer.status_code, answer.json()["code"]) == (409, "decision_pending")

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"decision": "never_arrived", "confirm": "밤새"}, "confirmation_mismatch"),
            ({"decision": "claim"}, "number_needed"),
            ({"decision": "claim", "broker_order_id": "40001"}, "number_needed"),
            ({"decision": "claim", "broker_order_id": "99999", "us_order_date": DAY}, "number_not_seen"),
            (
                {"decision": "claim", "broker_order_id": "50003", "us_order_date": DAY},
                "number_of_another_kind",
            ),
            (
                {"decision": "claim", "broker_order_id": "50002", "us_order_date": DAY},
                "number_of_another_kind",
            ),
        ],
    )
    def test_that_contradicts_what_is_known_is_refused_in_both_languages(self, doubtful, as_, trader, said, code):
        answer = as_(trader).post(f"/api/orders/{doubtful.pk}:settle", {"confirm": "밤새 모의"} | said)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert answer.json()["message"]["ko"]
        assert answer.json()["message"]["en"]
        assert not Instruction.objects.exists()

    def test_a_number_of_another_order_is_refused(self, beside, doubtful, as_, trader):
        said = {"decision": "claim", "broker_order_id": beside.broker_order_id, "us_order_date": DAY}
        answer = as_(trader).post(f"/api/orders/{doubtful.pk}:settle", {"confirm": "밤새 모의"} | said)
        assert (answer.status_code, answer.json()["code"]) == (409, "number_taken")

    def test_an_order_that_has_ended_is_refused(self, desk, as_, trader):
        order = desk.held()
        answer = as_(trader).post(
            f"/api/orders/{order.pk}:settle", {"decision": "never_arrived", "confirm": "밤새 모의"}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "order_settled")

    def test_who_may_not_operate_the_account_may_not_decide(self, doubtful, as_, viewer, other_trader):
        said = {"decision": "never_arrived", "confirm": "밤새 모의"}
        assert as_(viewer).post(f"/api/orders/{doubtful.pk}:settle", said).status_code == 403
        assert as_(other_trader).post(f"/api/orders/{doubtful.pk}:settle", said).status_code == 404

    def test_a_claim_gives_the_number_and_the_fills_follow(self, desk, doubtful):
        desk.broker.fill("40001", 10, "100.00")
        claim(doubtful, desk)
        desk.track()
        assert (status(doubtful), RuleState.objects.get().qty) == (State.FILLED, 10)

    def test_the_rows_not_chosen_are_somebody_elses_and_call_nobody_again(self, desk, doubtful):
        claim(doubtful, desk)
        before = ExecutionLog.objects.filter(kind="account", level="error").count()
        desk.broker.fill("50001", 4, "100.00")
        desk.track()
        foreign = ForeignOrder.objects.get(broker_order_id="50001")
        assert (foreign.declared, foreign.filled_qty) == (True, 4)
        assert ExecutionLog.objects.filter(kind="account", level="error").count() == before

    def test_never_arrived_is_not_seen_and_the_rows_are_not_taken_for_it_later(self, desk, doubtful):
        settle_by_person(order=doubtful, decision="never_arrived", by=desk.account.user, now=desk.at)
        for _ in range(2):
            desk.later(seconds=70)
            desk.track()
        assert (status(doubtful), doubtful.broker_order_id, doubtful.day_read_at) == (State.NOT_SEEN, "", None)
        assert set(ForeignOrder.objects.filter(declared=True).values_list("broker_order_id", flat=True)) == {
            "40001", "50001",
        }  # fmt: skip

    def test_stands_in_the_audit_log_and_in_the_journal(self, desk, doubtful):
        claim(doubtful, desk)
        entry = LogEntry.objects.get_for_object(doubtful).latest("timestamp")
        assert entry.actor == desk.account.user
        assert entry.changes["decision"] == ["", "claim"]
        row = ExecutionLog.objects.get(ctx__event="settled_by_person")
        assert (row.ctx["order_id"], row.ctx["broker_order_id"]) == (str(doubtful.pk), "40001")
        assert desk.account.user.email in row.message_en

    def test_is_carried_out_once(self, desk, doubtful):
        claim(doubtful, desk)
        claim(doubtful, desk)
        assert ExecutionLog.objects.filter(ctx__event="settled_by_person").count() == 1

    def test_of_a_process_that_lost_its_lease_changes_nothing(self, desk, doubtful):
        def lost():
            raise RuntimeError("the lease is lost")

        with pytest.raises(RuntimeError):
            settle_by_person(order=doubtful, decision="never_arrived", by=None, now=desk.at, fence=lost)
        assert status(doubtful) == State.UNKNOWN

    def test_that_came_too_late_is_refused(self, desk, doubtful):
        desk.broker.rows = {k: r for k, r in desk.broker.rows.items() if k[1] != "50001"}
        desk.track()
        assert status(doubtful) == State.WORKING
        with pytest.raises(CannotSettle) as refused:
            settle_by_person(order=doubtful, decision="never_arrived", by=None, now=desk.at)
        assert refused.value.code == "order_settled"

    def test_confirming_the_number_that_it_has_only_lowers_the_flag(self, desk):
        order = desk.buy()
        Order.objects.filter(pk=order.pk).update(needs_person=True)
        claim(order, desk)
        assert (status(order), order.needs_person) == (State.WORKING, False)


class TestTheAdminPage:
    def test_shows_the_evidence_and_the_form(self, doubtful, admin, client):
        client.force_login(admin)
        page = client.get(f"/admin/orders/order/{doubtful.pk}/change/").content.decode()
        assert f'data-evidence="{doubtful.pk}"' in page
        assert 'value="2026-11-24/50001"' in page
        assert 'value="never_arrived"' in page
        assert "ambiguous" in page

    def test_takes_a_decision_with_the_accounts_name_typed(self, desk, doubtful, admin, client):
        client.force_login(admin)
        url = f"/admin/orders/order/{doubtful.pk}/settle/"
        answer = client.post(url, {"choice": "2026-11-24/40001", "confirm": "밤새 모의"})
        assert answer.status_code == 302
        assert Instruction.objects.get().requested_by == admin
        desk.carry_out()
        assert (status(doubtful), doubtful.broker_order_id) == (State.WORKING, "40001")

    @pytest.mark.parametrize(
        "form", [{"choice": "never_arrived", "confirm": "?"}, {"choice": "", "confirm": "밤새 모의"}]
    )
    def test_takes_nothing_else(self, doubtful, admin, client, form):
        client.force_login(admin)
        assert client.post(f"/admin/orders/order/{doubtful.pk}/settle/", form).status_code == 302
        assert client.get(f"/admin/orders/order/{doubtful.pk}/settle/").status_code == 405
        assert not Instruction.objects.exists()

    def test_is_for_superusers(self, doubtful, trader, client):
        client.force_login(trader)
        form = {"choice": "never_arrived", "confirm": "밤새 모의"}
        assert client.post(f"/admin/orders/order/{doubtful.pk}/settle/", form).status_code in {302, 403}
        assert not Instruction.objects.exists()

    def test_of_an_ordinary_order_shows_none_of_it(self, desk, admin, client):
        client.force_login(admin)
        page = client.get(f"/admin/orders/order/{desk.buy().pk}/change/")
        assert page.status_code == 200
        assert "data-evidence" not in page.content.decode()
