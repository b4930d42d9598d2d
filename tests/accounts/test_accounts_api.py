"""Who may see and change which account."""

from uuid import uuid4

import pytest
from auditlog.models import LogEntry

from accounts import services, shapes
from accounts.models import BrokerageAccount, RiskLimits

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(person, paper_account):
    """Another trader, to whom `paper_account` was shared to operate."""
    user = person("operator@bamsae.test", "trader")
    services.share_account(account=paper_account, user=user, level="operate")
    return user


@pytest.fixture
def cast(admin, trader, other_trader, viewer, operator, foreign_account):
    return {
        "admin": admin,
        "owner": trader,
        "operator": operator,
        "viewer": viewer,
        "stranger": other_trader,
        "nobody": None,
    }


def path(account: BrokerageAccount, rest: str = "") -> str:
    return f"/api/accounts/{account.pk}{rest}"


TOGGLE = {"enabled": True, "confirm": "밤새 모의"}
KEYS = {"app_key": "PSkey0000000000000000000000000000001", "app_secret": "secret" * 20, "account_no": "50000077"}

# Each row: what is asked, and the status for owner, admin, operator, viewer, stranger, nobody.
RIGHTS = [
    ("get", "", None, (200, 200, 200, 200, 404, 401)),
    ("patch", "", {"margin_mode": "integrated"}, (200, 200, 403, 403, 404, 401)),
    ("post", ":toggle", TOGGLE, (200, 200, 200, 403, 404, 401)),
    ("get", "/limits", None, (200, 200, 200, 200, 404, 401)),
    ("patch", "/limits", {"daily_buy_usd": "1000"}, (200, 200, 403, 403, 404, 401)),
    ("get", "/credentials", None, (404, 404, 403, 403, 404, 401)),
    ("post", "/credentials", KEYS, (201, 201, 403, 403, 404, 401)),
]


@pytest.mark.parametrize(("method", "rest", "body", "statuses"), RIGHTS, ids=[f"{m} {r}" for m, r, *_ in RIGHTS])
def test_rights(as_, cast, paper_account, method, rest, body, statuses):
    who = ("owner", "admin", "operator", "viewer", "stranger", "nobody")
    answers = {name: getattr(as_(cast[name]), method)(path(paper_account, rest), body).status_code for name in who}

    assert answers == dict(zip(who, statuses, strict=True))


def test_the_list_holds_what_may_be_seen_and_says_as_what(as_, cast, paper_account, foreign_account):
    def listed(name: str) -> dict[str, str]:
        rows = as_(cast[name]).get("/api/accounts").json()["results"]
        return {row["nickname"]: row["role"] for row in rows}

    assert listed("owner") == {"밤새 모의": "owner"}
    assert listed("operator") == {"밤새 모의": "operate"}
    assert listed("viewer") == {"밤새 모의": "view"}
    assert listed("stranger") == {"남의 계좌": "owner"}
    assert listed("admin") == {"밤새 모의": "admin", "남의 계좌": "admin"}


def test_what_does_not_exist_is_a_problem(as_, trader):
    answer = as_(trader).get(f"/api/accounts/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_viewer_makes_no_account(as_, viewer):
    answer = as_(viewer).post("/api/accounts", {"nickname": "x", "environment": "paper"})
    assert answer.status_code == 403


def test_a_new_account_is_off_belongs_to_its_maker_and_has_limits(as_, trader):
    answer = as_(trader).post("/api/accounts", {"nickname": "새 계좌", "environment": "real"})

    account = answer.json()
    assert answer.status_code == 201
    assert (account["enabled"], account["role"], account["health_status"]) == (False, "owner", "unknown")
    assert account["created_at"].endswith("Z")
    assert RiskLimits.objects.filter(account_id=account["id"], account__user=trader).exists()


def test_a_nickname_is_used_once_per_person(as_, trader, other_trader, paper_account):
    again = {"nickname": paper_account.nickname, "environment": "real"}

    refused = as_(trader).post("/api/accounts", again)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_exists")
    assert as_(trader).patch(path(paper_account), {"nickname": ""}).status_code == 400
    assert as_(other_trader).post("/api/accounts", again).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"nickname": "x", "environment": "REAL"},
        {"nickname": "x", "environment": "demo"},
        {"environment": "paper"},
        {"nickname": "x" * 61, "environment": "paper"},
        {"nickname": "x", "environment": "paper", "enabled": True},
    ],
    ids=["upper case", "unknown word", "no name", "long name", "a field that is set elsewhere"],
)
def test_an_account_that_makes_no_sense_is_refused(as_, trader, body):
    answer = as_(trader).post("/api/accounts", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not BrokerageAccount.objects.exists()


class TestToggle:
    @pytest.mark.parametrize("confirm", ["", "밤새", "밤새 모의 ", "yes"])
    def test_the_name_must_be_typed_as_it_is_written(self, as_, trader, paper_account, confirm):
        answer = as_(trader).post(path(paper_account, ":toggle"), {"enabled": True, "confirm": confirm or " "})

        paper_account.refresh_from_db()
        assert (answer.status_code, answer.json()["code"]) == (409, "confirmation_mismatch")
        assert "confirm" in answer.json()["fields"]
        assert paper_account.enabled is False

    @pytest.mark.parametrize("body", [{"enabled": True}, {"confirm": "밤새 모의"}, {}])
    def test_it_never_flips_blindly(self, as_, trader, paper_account, body):
        assert as_(trader).post(path(paper_account, ":toggle"), body).status_code == 400

    def test_asking_twice_is_asking_once(self, as_, trader, paper_account):
        client = as_(trader)
        for _ in range(2):
            assert client.post(path(paper_account, ":toggle"), TOGGLE).json()["enabled"] is True
        assert client.post(path(paper_account, ":toggle"), TOGGLE | {"enabled": False}).json()["enabled"] is False

    def test_the_audit_log_says_who(self, as_, trader, paper_account):
        as_(trader).post(path(paper_account, ":toggle"), TOGGLE)

        entry = LogEntry.objects.get_for_object(paper_account).latest()
        assert (entry.actor, entry.changes["enabled"]) == (trader, ["False", "True"])


class TestLimits:
    def test_money_travels_as_strings_and_null_is_no_limit(self, as_, trader, paper_account):
        client = as_(trader)
        answer = client.patch(path(paper_account, "/limits"), {"daily_buy_usd": "1000.50", "max_position_qty": 10})

        found = answer.json()
        assert (found["daily_buy_usd"], found["max_position_qty"], found["max_order_usd"]) == ("1000.5000", 10, None)
        assert (found["failure_streak"], found["failure_cooldown_sec"]) == (5, 300)
        assert client.patch(path(paper_account, "/limits"), {"daily_buy_usd": None}).json()["daily_buy_usd"] is None

    @pytest.mark.parametrize(
        "body", [{"daily_buy_usd": "-1"}, {"daily_buy_usd": "NaN"}, {"max_position_qty": -1}, {"daily_buy": "1"}]
    )
    def test_a_limit_that_limits_nothing_is_refused(self, as_, trader, paper_account, body):
        answer = as_(trader).patch(path(paper_account, "/limits"), body)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(body))


class TestParts:
    def test_without_contributions_the_parts_have_their_defaults(self, as_, trader, paper_account, monkeypatch):
        monkeypatch.setattr(shapes, "_contributions", {})
        account = as_(trader).get(path(paper_account)).json()

        assert account["bot"] is None
        assert account["pnl"] == {
            "realized_today": "0.0000",
            "unrealized": "0.0000",
            "equity": None,
            "currency": "USD",
        }

    def test_higher_apps_fill_their_part_for_all_accounts_at_once(
        self, as_, trader, paper_account, real_account, monkeypatch
    ):
        asked = []

        def bots(accounts):
            asked.append(len(accounts))
            return {paper_account.pk: {"running": True, "holder": "host:1", "since": None}}

        monkeypatch.setattr(shapes, "_contributions", {})
        shapes.contribute("bot", bots)
        rows = as_(trader).get("/api/accounts").json()["results"]

        assert [row["bot"] and row["bot"]["holder"] for row in rows] == ["host:1", None]
        assert asked == [2]

    def test_there_are_no_other_parts(self):
        with pytest.raises(ValueError, match="no part"):
            shapes.contribute("weather", lambda accounts: {})


def test_health_changes_are_told_apart_from_repeats(paper_account, now):
    from market.errors import Text

    reason = Text("느림", "slow")
    told = [
        services.mark_health(account=paper_account, status=status, reason=why, now=now)
        for status, why in [
            ("degraded", reason),
            ("degraded", reason),
            ("degraded", None),
            ("healthy", None),
            ("healthy", None),
        ]
    ]
    assert told == [True, False, True, True, False]
