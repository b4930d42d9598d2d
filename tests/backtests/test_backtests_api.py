"""Asking for a replay over HTTP, following it, reading its report; and the preview of a rule."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import RiskLimits
from backtests import services
from backtests.execution import execute
from backtests.models import BacktestRun, Status
from instruments.candles import store_candles
from instruments.models import Instrument
from market.data import Bar
from market.words import Exchange, Timeframe
from rules.services import create_rule

pytestmark = pytest.mark.django_db
FIELDS = {
    "symbol": "AAPL",
    "timeframe": "1d",
    "buy_amount_usd": "10000",
    "entry_condition": "sma(5) crosses_above sma(20)",
    "exit_condition": "sma(5) crosses_below sma(20)",
}
DAYS = 300


def daily_bars(days: int = DAYS, *, end: datetime | None = None) -> list[Bar]:
    """A price that swings, a bar a day from midnight in New York (05:00 UTC), up to yesterday."""
    last = (end or timezone.now()).replace(hour=5, minute=0, second=0, microsecond=0) - timedelta(days=1)
    rows = []
    for k in range(days):
        price = Decimal(f"{100 + 20 * math.sin(k / 9) + k * 0.05:.2f}")
        start = last - timedelta(days=days - 1 - k)
        rows.append(Bar(start, price, price + 3, price - 3, price + Decimal("0.25"), 1_000_000))
    return rows


def csv_of(bars: list[Bar]) -> str:
    rows = [f"{b.start.isoformat()},{b.open},{b.high},{b.low},{b.close},{b.volume}" for b in bars]
    return "\n".join(["time,open,high,low,close,volume", *rows]) + "\n"


@pytest.fixture
def apple() -> Instrument:
    return Instrument.objects.create(symbol="AAPL", exchange=Exchange.NASDAQ)


@pytest.fixture
def stored(apple: Instrument) -> list[Bar]:
    bars = daily_bars()
    store_candles("AAPL", Timeframe.D1, bars, source="test")
    return bars


@pytest.fixture
def ask(as_: Callable, trader, apple: Instrument) -> Callable:
    """POST /backtests, carried out at once as the queue's process would."""

    def post(status: int = 202, *, fields: dict | None = None, user=None, **options):
        body = {"rules": [{"fields": {**FIELDS, **(fields or {})}}], **options}
        answer = as_(user or trader).post("/api/backtests", body, format="json")
        assert answer.status_code == status, answer.content
        if status == 202:
            execute(UUID(answer.data["id"]))
        return answer

    return post


def result_of(client, answer) -> dict:
    found = client.get(f"/api/backtests/{answer.data['id']}")
    assert found.status_code == 200
    assert found.data["status"] == "done", found.data["problem"]
    return found.data["result"]


# --- asking -------------------------------------------------------------------------------------------------


def test_a_run_over_stored_candles_ends_with_fills_figures_and_reasons(ask, as_, trader, stored) -> None:
    result = result_of(as_(trader), ask())
    assert result["bars"] == DAYS
    assert {fill["side"] for fill in result["fills"]} == {"buy", "sell"}
    assert result["trades"][0]["entry_reason"]["ko"]
    assert result["statistics"]["trades"] >= 2
    assert result["rules"][0]["fields"]["symbol"] == "AAPL"
    assert result["look_ahead"]["ok"] is True
    assert len(result["prices"]["AAPL"]["time"]) == DAYS


def test_too_few_trades_are_a_warning_before_any_headline(ask, as_, trader, stored) -> None:
    answer = ask()
    warnings = result_of(as_(trader), answer)["warnings"]
    assert any("30" in warning["en"] for warning in warnings)
    html = as_(trader).get(f"/api/backtests/{answer.data['id']}/report?language=en").content.decode()
    assert 'class="headline' not in html
    assert html.index("Read this first") < html.index("Figures")


def test_trades_cost_money_unless_somebody_says_otherwise(ask, as_, trader, stored) -> None:
    assert result_of(as_(trader), ask())["statistics"]["costs"] > 0
    free = {"commission_pct": "0", "slippage_bps": "0", "spread_bps": "0"}
    assert result_of(as_(trader), ask(**free))["statistics"]["costs"] == 0


def test_candles_may_be_brought_along(ask, as_, trader) -> None:
    candles = [{"symbol": "aapl", "timeframe": "1d", "csv": csv_of(daily_bars(120))}]
    assert result_of(as_(trader), ask(source="csv", candles=candles))["bars"] == 120


def test_a_bad_csv_is_refused_with_its_line(ask) -> None:
    text = csv_of(daily_bars(5)).replace("AAPL", "") + "2026-13-01,1,1,1,1,1\n"
    answer = ask(400, source="csv", candles=[{"symbol": "AAPL", "timeframe": "1d", "csv": text}])
    assert answer.data["code"] == "bad_candles"
    assert "7" in answer.data["message"]["en"]


def test_without_any_candles_the_answer_says_what_to_do(ask) -> None:
    answer = ask(409)
    assert answer.data["code"] == "no_candles"
    assert "source: broker" in answer.data["message"]["en"]


def test_a_wrong_rule_is_refused_at_its_field(ask) -> None:
    answer = ask(400, fields={"entry_condition": "rsy(14) < 30"})
    assert "entry_condition" in answer.data["fields"]


def test_one_of_rule_id_fields_and_text_is_wanted(as_, trader, stored) -> None:
    answer = as_(trader).post("/api/backtests", {"rules": [{}]}, format="json")
    assert answer.status_code == 400


def test_a_saved_rule_is_replayed_as_it_stood(ask, as_, trader, stored, paper_account) -> None:
    rule = create_rule(account=paper_account, by=trader, **FIELDS)
    answer = as_(trader).post("/api/backtests", {"rules": [{"rule_id": str(rule.pk)}]}, format="json")
    assert answer.status_code == 202, answer.content
    assert answer.data["rule_id"] == str(rule.pk)
    assert answer.data["rules"][0]["version"] == 1


def test_several_symbols_share_one_cash_account(ask, as_, trader, stored) -> None:
    Instrument.objects.create(symbol="MSFT", exchange=Exchange.NASDAQ)
    store_candles("MSFT", Timeframe.D1, daily_bars(), source="test")
    body = {"rules": [{"fields": FIELDS}, {"fields": {**FIELDS, "symbol": "MSFT"}}], "cash": "12000"}
    answer = as_(trader).post("/api/backtests", body, format="json")
    execute(UUID(answer.data["id"]))
    result = result_of(as_(trader), answer)
    assert result["symbols"] == ["AAPL", "MSFT"]
    bought = [fill["quantity"] * fill["price"] for fill in result["fills"][:2]]
    assert sum(bought) <= 12_000


# --- studies ------------------------------------------------------------------------------------------------


def test_a_grid_tries_every_combination(ask, as_, trader, stored) -> None:
    fields = {
        "entry_condition": "sma($fast) crosses_above sma(20)",
        "params": {"fast": {"type": "int", "default": 5, "min": 2, "max": 15}},
    }
    answer = ask(study="grid", fields=fields, grid={"fast": ["3", "5", "8"], "stop_loss_pct": ["none", "5"]})
    grid = result_of(as_(trader), answer)["grid"]
    assert len(grid["points"]) == 6
    assert len(grid["heat"]["cells"]) == 2
    assert "heat4" in as_(trader).get(f"/api/backtests/{answer.data['id']}/report").content.decode()


def test_walk_forward_and_monte_carlo(ask, as_, trader, stored) -> None:
    options = {"grid": {"stop_loss_pct": ["3", "8"]}, "train_bars": 100, "test_bars": 50, "monte_carlo": 200}
    result = result_of(as_(trader), ask(study="walk_forward", **options))
    assert len(result["walk_forward"]["windows"]) == 4
    assert result["monte_carlo"]["runs"] == 200


def test_the_look_ahead_check_alone(ask, as_, trader, stored) -> None:
    found = result_of(as_(trader), ask(study="look_ahead"))["look_ahead"]
    assert found["ok"] is True and found["bars"] >= 200


# --- following ----------------------------------------------------------------------------------------------


def test_a_run_is_seen_by_who_asked_for_it_and_by_an_admin(ask, as_, trader, other_trader, admin, stored) -> None:
    answer = ask()
    path = f"/api/backtests/{answer.data['id']}"
    assert as_(other_trader).get(path).status_code == 404
    assert as_(other_trader).post(path + ":cancel").status_code == 404
    assert as_(admin).get(path).status_code == 200
    assert [row["id"] for row in as_(trader).get("/api/backtests").data["results"]] == [answer.data["id"]]
    assert as_(other_trader).get("/api/backtests").data["results"] == []


def test_a_list_says_what_came_of_it_without_the_whole_result(ask, as_, trader, stored) -> None:
    ask()
    (row,) = as_(trader).get("/api/backtests").data["results"]
    assert "result" not in row
    assert row["headline"]["warned"] is True and row["headline"]["return_pct"] is None


def test_a_viewer_starts_nothing(ask, viewer, stored) -> None:
    ask(403, user=viewer)


def test_delivered_twice_it_runs_once(ask, stored) -> None:
    answer = ask()
    assert execute(UUID(answer.data["id"])) is None


def test_a_run_that_was_called_off_does_not_begin(as_, trader, stored) -> None:
    answer = as_(trader).post("/api/backtests", {"rules": [{"fields": FIELDS}]}, format="json")
    path = f"/api/backtests/{answer.data['id']}"
    assert as_(trader).post(path + ":cancel").data["status"] == "cancelled"
    assert execute(UUID(answer.data["id"])) is None
    assert as_(trader).get(path + "/report").status_code == 409
    assert as_(trader).delete(path).status_code == 204
    assert as_(trader).get(path).status_code == 404


def test_nobody_fills_the_queue_alone(as_, trader, stored) -> None:
    for _ in range(services.MOST_OPEN):
        assert as_(trader).post("/api/backtests", {"rules": [{"fields": FIELDS}]}, format="json").status_code == 202
    answer = as_(trader).post("/api/backtests", {"rules": [{"fields": FIELDS}]}, format="json")
    assert (answer.status_code, answer.data["code"]) == (429, "too_many")


def test_a_run_whose_process_is_gone_is_said_to_have_failed(as_, trader, stored) -> None:
    answer = as_(trader).post("/api/backtests", {"rules": [{"fields": FIELDS}]}, format="json")
    now = timezone.now()
    runs = BacktestRun.objects.filter(pk=answer.data["id"])
    runs.update(status=Status.RUNNING, beat_at=now - services.SILENT + timedelta(seconds=5))
    assert services.end_silent(now) == 0
    assert services.end_silent(now + timedelta(seconds=10)) == 1
    assert as_(trader).get(f"/api/backtests/{answer.data['id']}").data["status"] == "failed"


def test_candles_of_the_broker_are_waited_for(ask, as_, trader) -> None:
    answer = as_(trader).post(
        "/api/backtests", {"rules": [{"fields": FIELDS}], "source": "broker", "first": "2025-01-02"}, format="json"
    )
    assert answer.data["status"] == "needs_candles"
    run = BacktestRun.objects.get(pk=answer.data["id"])
    (wanted,) = services.waiting_for_candles(run, timezone.now())
    assert (wanted.symbol, wanted.timeframe) == ("AAPL", Timeframe.D1)
    assert wanted.first == datetime(2025, 1, 2, tzinfo=UTC)
    assert services.candles_came(run=run)
    assert execute(run.pk) is Status.FAILED  # nothing came after all, and it says so
    assert "AAPL" in as_(trader).get(f"/api/backtests/{run.pk}").data["problem"]["ko"]


# --- preview ------------------------------------------------------------------------------------------------


def preview(client, account, status: int = 200, **body) -> dict:
    asked = {"rule": {"fields": FIELDS}, "account_ids": [str(account.pk)], "sessions": 150, **body}
    answer = client.post("/api/rules:preview", asked, format="json")
    assert answer.status_code == status, answer.content
    return answer.data


def test_a_preview_says_what_the_rule_would_have_sent_and_would_do_now(as_, trader, paper_account, stored) -> None:
    found = preview(as_(trader), paper_account)
    (one,) = found["accounts"]
    assert found["bars"] == 150
    assert one["buys"] > 0 and one["sells"] > 0
    assert 9_000 < one["cash_used"] <= 10_100
    assert one["now"]["decision"]["action"] in ("none", "entry")
    assert one["now"]["decision"]["explanation"]["ko"]
    first = min(fill["time"] for fill in one["fills"])
    assert first >= found["first"].date().isoformat()


def test_a_preview_shows_the_guards_that_would_have_said_no(as_, trader, paper_account, stored) -> None:
    RiskLimits.objects.update_or_create(account=paper_account, defaults={"daily_buy_usd": Decimal(50)})
    (one,) = preview(as_(trader), paper_account)["accounts"]
    assert one["buys"] == 0
    assert [veto["guard"] for veto in one["vetoes"]] == ["daily_buy_limit"]


def test_a_preview_tells_the_difference_to_the_rule_it_would_replace(as_, trader, paper_account, stored) -> None:
    rule = create_rule(account=paper_account, by=trader, **FIELDS)
    same = preview(as_(trader), paper_account, rule_id=str(rule.pk))["accounts"][0]["replaces"]
    assert same["only_new"] == same["only_old"] == [] and same["same"] > 0 and same["difference"] == 0
    other = {"fields": {**FIELDS, "entry_condition": "close > sma(50)"}}
    changed = preview(as_(trader), paper_account, rule_id=str(rule.pk), rule=other)["accounts"][0]["replaces"]
    assert changed["only_new"] and changed["only_old"]


def test_a_preview_of_a_symbol_without_candles_says_so(as_, trader, paper_account, apple) -> None:
    assert preview(as_(trader), paper_account, 409)["code"] == "no_candles"


def test_a_preview_is_only_of_accounts_that_one_may_read(as_, trader, foreign_account, stored) -> None:
    preview(as_(trader), foreign_account, 404)


def test_a_preview_saves_nothing(as_, trader, paper_account, stored) -> None:
    preview(as_(trader), paper_account)
    assert paper_account.rules.count() == 0 and BacktestRun.objects.count() == 0


def test_a_preview_says_which_other_series_is_missing(as_, trader, paper_account, stored) -> None:
    Instrument.objects.create(symbol="QQQ", exchange=Exchange.NASDAQ)
    rule = {"fields": {**FIELDS, "entry_condition": "QQQ.close > 3"}}
    answer = preview(as_(trader), paper_account, 409, rule=rule)
    assert answer["code"] == "no_candles"
    assert "QQQ 1d" in answer["message"]["en"]


def test_a_saved_rule_that_means_nothing_any_more_is_told_so(as_, trader, paper_account, stored) -> None:
    rule = create_rule(account=paper_account, by=trader, **FIELDS)
    type(rule).objects.filter(pk=rule.pk).update(entry_condition="rsi(")
    assert "entry_condition" in preview(as_(trader), paper_account, 400, rule_id=str(rule.pk))["fields"]
    assert "entry_condition" in preview(as_(trader), paper_account, 400, rule={"rule_id": str(rule.pk)})["fields"]
    answer = as_(trader).post("/api/backtests", {"rules": [{"rule_id": str(rule.pk)}]}, format="json")
    assert (answer.status_code, list(answer.data["fields"])) == (400, ["entry_condition"])


def test_a_slow_strategy_does_not_hold_the_house_up(as_, trader, paper_account, stored, monkeypatch) -> None:
    monkeypatch.setattr("backtests.preview.PATIENCE_SEC", 0.05)
    code = "def decide(market, position, params):\n    return None\n"
    fields = {"symbol": "AAPL", "timeframe": "1d", "buy_amount_usd": "1", "mode": "python", "code": code}
    assert preview(as_(trader), paper_account, 409, rule={"fields": fields})["code"] == "too_long"


def test_an_account_named_twice_is_shown_once(as_, trader, paper_account, stored) -> None:
    assert len(preview(as_(trader), paper_account, account_ids=[str(paper_account.pk)] * 3)["accounts"]) == 1


@pytest.mark.parametrize("dates", [{"first": "0001-01-01"}, {"last": "9999-12-31"}])
def test_dates_beyond_all_clocks_are_refused(ask, stored, dates) -> None:
    assert list(ask(400, **dates).data["fields"]) == list(dates)


def test_no_request_asks_for_a_thousand_rules(as_, trader, stored) -> None:
    answer = as_(trader).post("/api/backtests", {"rules": [{"fields": FIELDS}] * 1000}, format="json")
    assert answer.status_code == 400
