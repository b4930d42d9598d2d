"""Rules over HTTP: who may what, and in which words."""

import pytest

from instruments.models import Instrument
from rules.models import RuleState, StrategySignal, TradeRule

NEW = {
    "symbol": "AAPL",
    "buy_amount_usd": "1000.50",
    "max_position": 10,
    "entry_condition": "rsi(14) < 30",
    "exit_condition": {"any": ["rsi(14) > 70", "position.return_pct <= -3"]},
}


@pytest.fixture(autouse=True)
def apple(db):
    Instrument.objects.get_or_create(symbol="AAPL", defaults={"exchange": "nasdaq"})


@pytest.fixture
def made(as_, trader, paper_account):
    return as_(trader).post("/api/rules", NEW | {"account_id": str(paper_account.pk)}).json()


def test_a_trader_makes_a_rule_and_reads_it_back(as_, trader, paper_account, made):
    assert made["account_id"] == str(paper_account.pk)
    assert (made["buy_amount_usd"], made["enabled"], made["version"]) == ("1000.5000", False, 1)
    assert made["exit_condition"] == "rsi(14) > 70 or position.return_pct <= -3"
    assert made["state"] == {"qty": 0, "avg_price": None, "last_evaluation": None, "stopped_because": None}
    assert made["created_at"].endswith("Z")
    assert as_(trader).get(f"/api/rules/{made['id']}").json() == made


def test_a_wrong_rule_is_answered_field_by_field_in_both_languages(as_, trader, paper_account):
    body = NEW | {"account_id": str(paper_account.pk), "entry_condition": "prise < 3", "timeframe": "2m"}
    answer = as_(trader).post("/api/rules", body)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert set(problem["fields"]) == {"entry_condition", "timeframe"}
    assert "Did you mean `price`?" in problem["fields"]["entry_condition"][0]["en"]
    assert "price" in problem["fields"]["entry_condition"][0]["ko"]


@pytest.mark.parametrize("body", [[], "text", {"account_id": "x"}, {}, {"account_id": None, "by": 1}])
def test_a_body_of_another_shape_is_a_problem_and_no_crash(as_, trader, body):
    assert as_(trader).post("/api/rules", body).status_code == 400


def test_a_field_cannot_pass_for_an_argument_of_the_service(as_, trader, paper_account, made):
    for stranger in ("by", "now", "account", "rule", "seen_version", "enabled", "version"):
        answer = as_(trader).patch(f"/api/rules/{made['id']}", {stranger: "1"})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [stranger])


def test_the_list_holds_what_one_may_read_and_can_be_narrowed(
    as_, trader, other_trader, viewer, admin, paper_account, real_account, foreign_account, made
):
    as_(other_trader).post("/api/rules", NEW | {"account_id": str(foreign_account.pk)})
    as_(trader).post("/api/rules", NEW | {"account_id": str(real_account.pk)})
    count = lambda who, query="": len(as_(who).get(f"/api/rules{query}").json()["results"])  # noqa: E731
    assert (count(trader), count(viewer), count(other_trader), count(admin)) == (2, 1, 1, 3)
    assert count(trader, f"?account_id={paper_account.pk}") == 1
    assert as_(trader).get(f"/api/rules?account_id={foreign_account.pk}").status_code == 404
    assert as_(trader).get("/api/rules?account_id=x").status_code == 400
    page = as_(trader).get("/api/rules?limit=1").json()
    rest = as_(trader).get(f"/api/rules?limit=1&cursor={page['next']}").json()
    assert page["results"][0]["id"] != rest["results"][0]["id"] and rest["next"] is None


def test_nobody_changes_what_is_not_theirs(as_, viewer, other_trader, paper_account, made):
    url = f"/api/rules/{made['id']}"
    assert as_(None).get(url).status_code == 401
    assert as_(viewer).get(url).status_code == 200
    for call in (
        lambda who: as_(who).patch(url, {"name": "x"}),
        lambda who: as_(who).delete(url),
        lambda who: as_(who).post(f"{url}:toggle", {"enabled": True, "confirm": paper_account.nickname}),
        lambda who: as_(who).post("/api/rules", NEW | {"account_id": str(paper_account.pk)}),
    ):
        assert call(viewer).status_code == 403
        assert call(other_trader).status_code == 404
    assert TradeRule.objects.count() == 1


def test_a_change_is_a_new_version_and_if_match_guards_it(as_, trader, made):
    url = f"/api/rules/{made['id']}"
    changed = as_(trader).patch(url, {"cooldown_sec": 5}, headers={"If-Match": '"1"'})
    assert (changed.json()["version"], changed["ETag"]) == (2, '"2"')
    late = as_(trader).patch(url, {"cooldown_sec": 7}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert trader.email in late.json()["message"]["en"]


def test_switching_on_needs_the_name_typed(as_, trader, paper_account, made):
    url = f"/api/rules/{made['id']}:toggle"
    wrong = as_(trader).post(url, {"enabled": True, "confirm": "ok"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "confirmation_mismatch")
    assert as_(trader).post(url, {"enabled": True}).status_code == 400
    right = as_(trader).post(url, {"enabled": True, "confirm": paper_account.nickname})
    assert (right.status_code, right.json()["enabled"]) == (200, True)


def test_deleting_a_rule_that_owns_shares_is_refused_with_what_to_do(as_, trader, made):
    RuleState.objects.filter(rule_id=made["id"]).update(qty=2, avg_price="10")
    refused = as_(trader).delete(f"/api/rules/{made['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "rule_holds")
    RuleState.objects.filter(rule_id=made["id"]).update(qty=0)
    assert as_(trader).delete(f"/api/rules/{made['id']}").status_code == 204
    assert as_(trader).get(f"/api/rules/{made['id']}").status_code == 404


def test_check_says_what_a_condition_means(as_, trader):
    answer = as_(trader).post("/api/rules:check", {"condition": "all(rsi(14)<30, price>1)"}).json()
    assert (answer["valid"], answer["text"], answer["look_back"]) == (True, "rsi(14) < 30 and price > 1", 280)
    assert answer["tree"]["all"][0]["left"] == {"call": "rsi", "args": [{"number": "14"}]}
    assert answer["uses"][0]["definition"]["ko"]
    again = as_(trader).post("/api/rules:check", {"condition": answer["tree"]}).json()
    assert again == answer


def test_check_points_at_the_character(as_, trader):
    answer = as_(trader).post("/api/rules:check", {"condition": "price > 1 and\n rsj(14) < 30"}).json()
    error = answer["error"]
    assert not answer["valid"]
    assert (error["line"], error["column"], error["suggestion"]) == (2, 2, "rsi")
    assert error["message"]["ko"] and error["expected"]["en"]


def test_explain_gives_the_latest_evaluation(as_, viewer, trader, other_trader, made, now, market):
    url = f"/api/rules/{made['id']}/explain"
    assert as_(trader).get(url).json() == {"rule_id": made["id"], "evaluated_at": None, "evaluation": None}
    from rules.domain import evaluate

    rule = TradeRule.objects.get(pk=made["id"])
    seen = evaluate(rule.compiled(), market((100, 101))).as_dict()
    RuleState.objects.filter(rule=rule).update(last_evaluation=seen, last_evaluated_at=now)
    found = as_(viewer).get(url).json()
    assert found["evaluation"] == seen
    assert found["evaluation"]["explanation"]["ko"].endswith("매수하지 않음")
    assert as_(other_trader).get(url).status_code == 404


def test_signals_of_a_rule_newest_first(as_, trader, viewer, other_trader, made, now):
    for score in ("0.5", "1"):
        StrategySignal.objects.create(
            rule_id=made["id"], rule_version=1, type="entry", score=score, payload={"key": score}, created_at=now
        )
    rows = as_(viewer).get(f"/api/signals?rule_id={made['id']}").json()["results"]
    assert {row["score"] for row in rows} == {"0.50000", "1.00000"}
    assert set(rows[0]) == {"id", "rule_id", "rule_version", "type", "score", "payload", "created_at"}
    assert as_(other_trader).get("/api/signals").json()["results"] == []
    assert as_(other_trader).get(f"/api/signals?rule_id={made['id']}").status_code == 404


def test_the_admin_shows_rules_and_changes_them_in_versions(client, admin, made):
    client.force_login(admin)
    url = f"/admin/rules/traderule/{made['id']}/change/"
    assert client.get("/admin/rules/traderule/").status_code == 200
    page = client.get(url)
    assert page.status_code == 200
    form = {k: v for k, v in page.context["adminform"].form.initial.items() if v is not None}
    inlines = {f"{name}-{kind}": 0 for name in ("state", "versions") for kind in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form |= inlines | {"sessions": '["regular"]', "params": "{}", "entry_condition": "prise < 3"}
    assert "Did you mean" in client.post(url, form).content.decode()
    assert client.post(url, form | {"entry_condition": "price < 3"}).status_code == 302
    rule = TradeRule.objects.get(pk=made["id"])
    assert (rule.entry_condition, rule.version) == ("price < 3", 2)
    assert rule.versions.count() == 2
    for table in ("strategysignal", "rulestate", "ruleversion"):
        assert client.get(f"/admin/rules/{table}/").status_code == 200
