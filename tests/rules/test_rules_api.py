"""Rules over HTTP: who may what, and in which words."""

import pytest

from instruments.models import Instrument
from rules.fields import READERS
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
    odd = as_(trader).patch(url, {"cooldown_sec": 7}, headers={"If-Match": "9" * 5000})
    assert odd.status_code == 412


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


OFFICIAL = """version: "1.0"
metadata:
  name: Golden cross
strategy:
  id: golden_cross
  params:
    fast: {default: 5, min: 2, max: 20, type: int}
  indicators:
    - id: sma
      alias: fast_line
      params: {period: $fast}
    - id: sma
      alias: slow_line
      params: {period: 20}
  entry:
    logic: AND
    conditions:
      - {indicator: fast_line, operator: cross_above, compare_to: slow_line}
  exit:
    logic: OR
    conditions:
      - {indicator: fast_line, operator: cross_below, compare_to: slow_line}
risk:
  stop_loss: {enabled: true, percent: 5.0}
"""
FILE = """symbol: AAPL
buy_amount_usd: 1000
entry_condition: rsi(14) < 30
exit_condition: rsi(14) > 70
"""
CODE = 'def decide(market, position, params):\n    return "enter" if position.qty == 0 else None\n'


class TestCheck:
    def check(self, client, **body) -> dict:
        return client.post("/api/rules:check", body).json()

    def test_of_a_whole_rule_it_says_everything_wrong_with_its_place(self, as_, trader):
        fields = NEW | {"entry_condition": "rsj(14) < 30", "stop_loss_pct": 200, "timefrane": "1m"}
        answer = self.check(as_(trader), fields=fields)
        assert not answer["valid"]
        assert {(e["field"], e["code"]) for e in answer["errors"]} == {
            ("entry_condition", "unknown_indicator"), ("stop_loss_pct", "invalid"), ("timefrane", "unknown_field"),
        }  # fmt: skip
        assert answer["error"] == answer["errors"][0]

    def test_a_file_is_told_by_line(self, as_, trader):
        answer = self.check(as_(trader), yaml=FILE + "timefrane: 5m\n")
        (error,) = answer["errors"]
        assert (error["line"], error["column"], error["suggestion"]) == (5, 1, "timeframe")

    def test_a_valid_rule_says_what_it_reads(self, as_, trader):
        Instrument.objects.get_or_create(symbol="QQQ", defaults={"exchange": "nasdaq"})
        fields = NEW | {"entry_condition": "QQQ.sma(20, timeframe=1d) > 1 and rsi(14) < 30"}
        answer = self.check(as_(trader), fields=fields)
        assert answer["valid"]
        needs = {(n["symbol"], n["timeframe"]): (n["bars"], n["before_anchor"]) for n in answer["needs"]}
        assert needs["QQQ", "1d"] == (20, None)
        assert needs[None, None][1] == 280
        assert answer["conditions"]["entry_condition"]["text"].startswith("QQQ.sma")
        assert {use["name"] for use in answer["uses"]} == {"rsi", "sma"}

    def test_what_only_the_account_forbids_is_said_for_the_account(self, as_, trader, viewer, paper_account):
        fields = NEW | {"time_in_force": "at_open"}
        assert self.check(as_(trader), fields=fields)["valid"]
        answer = self.check(as_(trader), fields=fields, account_id=str(paper_account.pk))
        assert [e["code"] for e in answer["errors"]] == ["not_on_paper"]

    def test_another_symbol_must_be_listed(self, as_, trader):
        answer = self.check(as_(trader), fields=NEW | {"entry_condition": "NOPE.close > 1"})
        assert [(e["field"], e["code"]) for e in answer["errors"]] == [("entry_condition", "unknown_symbol")]

    @pytest.mark.parametrize("body", [{}, {"condition": "true", "yaml": "x"}, {"rule": 1}, []])
    def test_it_wants_exactly_one_of_them(self, as_, trader, body):
        assert as_(trader).post("/api/rules:check", body).status_code == 400

    def test_code_is_told_by_line(self, as_, trader):
        fields = {"symbol": "AAPL", "buy_amount_usd": 100, "mode": "python", "code": "import os\n" + CODE}
        (error,) = self.check(as_(trader), fields=fields)["errors"]
        assert (error["field"], error["line"]) == ("code", 1)


class TestPython:
    def test_a_strategy_is_saved_with_its_code_and_parameters(self, as_, trader, paper_account):
        body = {"account_id": str(paper_account.pk), "symbol": "AAPL", "buy_amount_usd": 100, "mode": "python"}
        made = as_(trader).post("/api/rules", body | {"code": CODE, "params": {"level": 3}, "stop_loss_pct": 5})
        assert made.status_code == 201
        rule = made.json()
        assert (rule["code"], rule["stop_loss_pct"]) == (CODE, "5.0000")
        assert rule["params"] == {"level": {"type": "int", "default": 3}}

    def test_from_conditions_to_code_and_back_each_is_a_version(self, as_, trader, made):
        url = f"/api/rules/{made['id']}"
        half = as_(trader).patch(url, {"mode": "python", "code": CODE})
        assert set(half.json()["fields"]) == {"entry_condition", "exit_condition"}
        whole = {"mode": "python", "code": CODE, "entry_condition": "", "exit_condition": ""}
        assert as_(trader).patch(url, whole).json()["version"] == 2
        back = {"mode": "dsl", "code": "", "entry_condition": "rsi(14) < 30", "exit_condition": "false"}
        assert as_(trader).patch(url, back).json()["version"] == 3


class TestImport:
    def test_an_official_file_becomes_fields_with_notes_by_line(self, as_, trader):
        answer = as_(trader).post("/api/rules:import", {"text": OFFICIAL})
        found = answer.json()
        assert (answer.status_code, found["format"], found["rule"]) == (200, "kis_yaml", None)
        assert found["fields"]["entry_condition"] == "sma($fast) crosses_above sma(20)"
        assert found["fields"]["params"]["fast"] == {"type": "int", "default": 5, "min": 2, "max": 20}
        assert (found["fields"]["stop_loss_pct"], found["fields"]["timeframe"]) == ("5", "1d")
        assert {(e["field"], e["code"]) for e in found["errors"]} == {
            ("symbol", "required"), ("buy_amount_usd", "required"),
        }  # fmt: skip
        assert all(note["line"] >= 1 and note["message"]["ko"] for note in found["notes"])

    def test_what_it_lacks_is_given_beside_it_and_it_is_saved_switched_off(self, as_, trader, paper_account):
        body = {"text": OFFICIAL, "account_id": str(paper_account.pk), "save": True}
        lacking = as_(trader).post("/api/rules:import", body)
        assert (lacking.status_code, set(lacking.json()["fields"])) == (400, {"symbol", "buy_amount_usd"})
        saved = as_(trader).post("/api/rules:import", body | {"symbol": "AAPL", "buy_amount_usd": "500"})
        rule = saved.json()["rule"]
        assert (saved.status_code, rule["enabled"], rule["timeframe"]) == (201, False, "1d")
        assert TradeRule.objects.get(pk=rule["id"]).compiled().needs

    def test_our_own_file_is_known_by_its_fields(self, as_, trader, paper_account):
        body = {"text": FILE, "account_id": str(paper_account.pk), "save": True}
        saved = as_(trader).post("/api/rules:import", body)
        assert (saved.status_code, saved.json()["format"]) == (201, "rule")

    @pytest.mark.parametrize("text", ["strategy: [", "metadata:\n  name: 3\nstrategy: 1\n", "just words", FILE * 2])
    def test_a_malformed_file_is_told_by_line_or_as_a_whole(self, as_, trader, text):
        answer = as_(trader).post("/api/rules:import", {"text": text})
        assert answer.status_code == 400
        assert answer.json()["fields"][""][0]["en"]

    def test_saving_needs_an_account_that_one_may_operate(self, as_, trader, viewer, paper_account):
        assert as_(trader).post("/api/rules:import", {"text": FILE, "save": True}).status_code in (400, 404)
        body = {"text": FILE, "account_id": str(paper_account.pk), "save": True}
        assert as_(viewer).post("/api/rules:import", body).status_code == 403


class TestExport:
    def test_what_is_exported_imports_as_it_was(self, as_, trader, viewer, other_trader, paper_account, made):
        url = f"/api/rules/{made['id']}/export"
        answer = as_(viewer).get(url)
        assert answer.status_code == 200
        assert "AAPL.rule.yaml" in answer["Content-Disposition"]
        body = {"text": answer.content.decode(), "account_id": str(paper_account.pk), "save": True}
        again = as_(trader).post("/api/rules:import", body).json()["rule"]
        same = ("symbol", "entry_condition", "exit_condition", "buy_amount_usd", "max_position", "params")
        assert {name: again[name] for name in same} == {name: made[name] for name in same}
        assert as_(other_trader).get(url).status_code == 404

    def test_an_official_file_imports_again_and_says_what_it_cannot_hold(self, as_, trader, paper_account):
        given = {"symbol": "AAPL", "buy_amount_usd": "500", "account_id": str(paper_account.pk), "save": True}
        rule = as_(trader).post("/api/rules:import", {"text": OFFICIAL, **given}).json()["rule"]
        url = f"/api/rules/{rule['id']}/export?format=kis_yaml&profile=backtester"
        answer = as_(trader).get(url)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/yaml; charset=utf-8")
        again = as_(trader).post("/api/rules:import", {"text": answer.content.decode()}).json()
        assert (again["format"], again["fields"]["stop_loss_pct"]) == ("kis_yaml", "5")
        beyond = {"entry_condition": "close > 1 and session.phase == regular"}
        assert as_(trader).patch(f"/api/rules/{rule['id']}", beyond).status_code == 200
        refused = as_(trader).get(url)
        assert (refused.status_code, refused.json()["code"]) == (422, "not_expressible")
        assert refused.json()["fields"]

    def test_another_format_is_no_format(self, as_, trader, made):
        assert as_(trader).get(f"/api/rules/{made['id']}/export?format=xml").status_code == 400


def test_versions_are_whole_texts_with_who_when_and_what_changed(as_, trader, viewer, other_trader, made):
    url = f"/api/rules/{made['id']}"
    as_(trader).patch(url, {"entry_condition": "rsi(14) < 25", "stop_loss_pct": "3"})
    newest, first = as_(viewer).get(f"{url}/versions").json()["results"]
    assert (newest["version"], first["version"], newest["changed_by"]) == (2, 1, trader.email)
    assert newest["changed"] == ["entry_condition", "stop_loss_pct"]
    assert newest["diff"] == ["-entry_condition: rsi(14) < 30", "+entry_condition: rsi(14) < 25", "+stop_loss_pct: 3"]
    assert first["diff"] == [] and "entry_condition: rsi(14) < 30" in first["text"]
    assert as_(other_trader).get(f"{url}/versions").status_code == 404


def test_the_vocabulary_explains_every_word_in_both_languages(as_, trader):
    words = as_(trader).get("/api/rules/vocabulary").json()
    assert len(words["indicators"]) >= 80 and len(words["patterns"]) >= 57
    for word in (*words["indicators"], *words["patterns"], *words["names"]):
        assert word["title"]["ko"] and word["definition"]["en"], word["name"]
    for word in words["indicators"]:
        example = word["example"] + ("" if len(word["outputs"]) == 1 else f".{word['outputs'][0]['name']}")
        asked = {"condition": f"{example} > {example}[1]"}
        answer = as_(trader).post("/api/rules:check", asked).json()
        assert answer["valid"] or answer["error"]["code"] == "never_true", (word["name"], answer["error"])


def test_ready_rules_can_be_made_as_they_are(as_, trader, paper_account):
    ready = as_(trader).get("/api/rules/ready").json()["results"]
    assert len(ready) >= 10
    for rule in ready:
        answer = as_(trader).post("/api/rules:check", {"yaml": rule["text"]}).json()
        assert answer["valid"], (rule["id"], answer["errors"])


def test_the_schema_of_a_rule_file_is_json_schema(as_, trader):
    answer = as_(trader).get("/api/rules/schema")
    assert answer.status_code == 200
    assert answer.json()["$schema"].startswith("https://json-schema.org/")
    assert set(answer.json()["properties"]) == set(READERS)


class TestEnabling:
    def test_a_rule_that_could_never_do_anything_is_not_switched_on(self, as_, trader, paper_account, made):
        url = f"/api/rules/{made['id']}"
        as_(trader).patch(url, {"entry_condition": "false"})
        body = {"enabled": True, "confirm": paper_account.nickname}
        refused = as_(trader).post(f"{url}:toggle", body)
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["entry_condition"])
        RuleState.objects.filter(rule_id=made["id"]).update(qty=2, avg_price="10")  # it has something to sell
        assert as_(trader).post(f"{url}:toggle", body).status_code == 200

    def test_why_a_rule_stopped_is_told_with_its_state(self, as_, trader, paper_account, made, now):
        from market.errors import Text
        from rules.services import stop_rule

        url = f"/api/rules/{made['id']}"
        as_(trader).post(f"{url}:toggle", {"enabled": True, "confirm": paper_account.nickname})
        assert stop_rule(rule_id=made["id"], version=1, because=Text("망가짐", "broke"), now=now)
        stopped = as_(trader).get(url).json()
        assert (stopped["enabled"], stopped["state"]["stopped_because"]) == (False, {"ko": "망가짐", "en": "broke"})


def test_the_admin_says_what_is_wrong_with_code_at_the_code(client, admin, trader, as_, paper_account):
    body = {"account_id": str(paper_account.pk), "symbol": "AAPL", "buy_amount_usd": 100, "mode": "python"}
    made = as_(trader).post("/api/rules", body | {"code": CODE}).json()
    client.force_login(admin)
    url = f"/admin/rules/traderule/{made['id']}/change/"
    page = client.get(url)
    assert "monospace" in str(page.context["adminform"].form["code"])
    form = {k: v for k, v in page.context["adminform"].form.initial.items() if v is not None}
    inlines = {f"{name}-{kind}": 0 for name in ("state", "versions") for kind in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form |= inlines | {"sessions": '["regular"]', "params": "{}", "code": "import os\n" + CODE}
    errors = client.post(url, form).context["adminform"].form.errors
    assert list(errors) == ["code"]
    assert "cannot be imported" in errors["code"][0]
    assert client.post(url, form | {"code": CODE.replace("== 0", "< 1"), "stop_loss_pct": "4"}).status_code == 302
    assert TradeRule.objects.get(pk=made["id"]).stop_loss_pct == 4
