"""GET /api/logs as a page: newest first, only what one may see."""

import pytest
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from logs.access import identify
from logs.models import ExecutionLog

pytestmark = pytest.mark.django_db(transaction=True)


def said(answer) -> list[str]:
    return [row["message"]["en"] for row in answer.json()["results"]]


@pytest.fixture
def lines(write, paper_account, real_account, foreign_account):
    """A line of each kind of owner."""
    ExecutionLog.objects.all().delete()
    write("the house's")
    write("paper", account=paper_account, ctx={"qty": 3})
    write("real", account=real_account, level="error")
    write("foreign", account=foreign_account)


class TestPage:
    def test_it_has_the_shape_of_the_contract(self, as_, trader, lines, paper_account):
        row = as_(trader).get("/api/logs").json()["results"][1]

        assert row == {
            "id": ExecutionLog.objects.get(account=paper_account).seq,
            "account_id": str(paper_account.pk),
            "rule_id": None,
            "kind": "log",
            "level": "info",
            "message": {"ko": "paper", "en": "paper"},
            "ctx": {"qty": 3},
            "created_at": "2026-11-24T17:00:00Z",
        }

    def test_pages_follow_each_other_without_gap_or_repeat(self, as_, admin, lines):
        client = as_(admin)
        first = client.get("/api/logs", {"limit": 3}).json()
        second = client.get("/api/logs", {"limit": 3, "cursor": first["next"]}).json()

        assert [r["message"]["en"] for r in first["results"] + second["results"]] == [
            "foreign",
            "real",
            "paper",
            "the house's",
        ]
        assert second["next"] is None

    def test_a_level_and_an_account_narrow_it(self, as_, trader, lines, real_account, paper_account):
        client = as_(trader)

        assert said(client.get("/api/logs", {"level": "warning"})) == ["real"]
        assert said(client.get("/api/logs", {"account_id": str(paper_account.pk)})) == ["paper"]

    @pytest.mark.parametrize(
        "query",
        [{"level": "loud"}, {"account_id": "7"}, {"rule_id": "x"}, {"limit": "0"}, {"cursor": "?"}],
    )
    def test_what_makes_no_sense_is_refused(self, as_, trader, query):
        assert as_(trader).get("/api/logs", query).status_code == 400


class TestWhoMayRead:
    @pytest.mark.parametrize(
        ("who", "sees"),
        [
            ("admin", ["foreign", "real", "paper", "the house's"]),
            ("trader", ["real", "paper"]),
            ("viewer", ["paper"]),
        ],
    )
    def test_each_sees_their_own_and_what_was_shared(self, who, sees, as_, lines, request):
        assert said(as_(request.getfixturevalue(who)).get("/api/logs")) == sees

    def test_another_persons_account_does_not_exist(self, as_, trader, lines, foreign_account):
        assert as_(trader).get("/api/logs", {"account_id": str(foreign_account.pk)}).status_code == 404

    @pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
    def test_nobody_reads_nothing(self, as_, lines, accept):
        answer = as_().get("/api/logs", headers={"Accept": accept})

        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
    def test_a_cookie_opens_nothing(self, client, trader, lines, accept):
        client.force_login(trader)

        assert client.get("/api/logs", headers={"Accept": accept}).status_code == 401


class TestTheDoorOfTheStream:
    @pytest.mark.parametrize(
        ("query", "headers", "status"),
        [
            ({"level": "loud"}, {}, 400),
            ({}, {"Last-Event-ID": "yesterday"}, 400),
            ({"account_id": "00000000-0000-4000-8000-000000000000"}, {}, 404),
        ],
    )
    def test_problems_are_said_before_the_stream_begins(self, as_, trader, query, headers, status):
        answer = as_(trader).get("/api/logs", query, headers={"Accept": "text/event-stream", **headers})

        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"


class TestTokens:
    def test_the_dashboards_session_token_is_as_good_as_a_programs(self, client, trader):
        answer = client.post(
            "/api/_allauth/app/v1/auth/login",
            {"email": trader.email, "password": "a long night over Seoul"},
            content_type="application/json",
        )

        assert identify({"X-Session-Token": answer.json()["meta"]["session_token"]}) == trader

    @pytest.mark.parametrize("headers", [{}, {"X-Session-Token": "no"}, {"Authorization": "Bearer no"}])
    def test_anything_else_is_nobody(self, headers, trader):
        with pytest.raises((AuthenticationFailed, NotAuthenticated)):
            identify(headers)
