"""The report as one file: it says what speaks against it first, needs nothing else, and cannot be broken into."""

import math
import re
from decimal import Decimal
from typing import Any

import numpy
import pytest

from backtests.engine import Costs, Plan, run, studies
from backtests.report import html_of
from backtests.report.charts import Line, chart
from backtests.report.data import MOST_PRICES, headline, prices, shown
from backtests.report.words import number
from market.columns import Columns
from market.words import Timeframe
from rules.files import read_rule

RULE = """
symbol: AAPL
timeframe: 1d
buy_amount_usd: 10000
params: {fast: {type: int, default: 3, min: 2, max: 10}}
entry_condition: sma($fast) crosses_above sma(8)
exit_condition: sma($fast) crosses_below sma(8)
"""


def days(count: int) -> Columns:
    close = numpy.array([100 + 10 * math.sin(k / 4) + k / 50 for k in range(count)]).round(2)
    start = 1_700_000_000 // 86_400 * 86_400 + 5 * 3600 + numpy.arange(count, dtype=numpy.int64) * 86_400
    return Columns(Timeframe.D1, start, close, close + 1, close - 1, close, numpy.full(count, 1e6), begins=True)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan((read_rule(RULE).rule,), {"AAPL": days(1200)}, Decimal(100_000), Costs.only(Decimal("0.01")))


@pytest.fixture(scope="module")
def result(plan) -> dict[str, Any]:
    found = shown(run(plan))
    axes = {"fast": ["2", "3", "5"], "stop_loss_pct": ["none", "4"]}
    found["grid"] = studies.grid(plan, axes).as_dict()
    found["walk_forward"] = studies.walk_forward(plan, axes, train_bars=400, test_bars=200).as_dict()
    found["monte_carlo"] = studies.monte_carlo(run(plan), runs=100).as_dict()
    return found


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_part_has_its_place(result, language: str) -> None:
    html = html_of(result, title="시험", language=language)
    titles = {
        "ko": [
            "평가액",
            "가격과 거래",
            "통계",
            "월별 수익률",
            "값의 조합",
            "구간을 옮겨 가며",
            "거래 순서를 섞으면",
            "거래",
        ],
        "en": ["Equity", "Price and trades", "Figures", "Returns by month", "Grid of parameters", "Walk-forward"],
    }[language]
    places = [html.index(f"<h2>{title}</h2>") for title in titles]
    assert places == sorted(places)


def test_the_file_needs_nothing_else(result) -> None:
    html = html_of(result, title="x", language="en")
    assert "<script" not in html
    assert not re.search(r"(src|href|url)\s*[=(]", html)


def test_a_warning_takes_the_place_of_the_headline(result) -> None:
    believed = html_of({**result, "warnings": []}, title="x", language="en")
    doubted = html_of({**result, "warnings": [{"ko": "적음", "en": "Too few"}]}, title="x", language="en")
    assert 'class="headline' in believed and 'class="warnings"' not in believed
    assert 'class="headline' not in doubted
    assert doubted.index("Too few") < doubted.index("Figures")


def test_trades_carry_their_reasons_and_marks_their_words(result) -> None:
    html = html_of(result, title="x", language="en")
    assert "crossed above" in html
    assert html.count('<polygon class="buy"') == sum(fill["side"] == "buy" for fill in result["fills"][:400])
    assert "bought" in html


def test_what_a_person_typed_stays_text(result) -> None:
    evil = "<img src=x onerror=alert(1)>\"'&"
    fill = {**result["fills"][0], "symbol": evil, "time": evil}
    trade = {**result["trades"][0], "symbol": evil, "entry_reason": {"ko": evil, "en": evil}}
    rules = [{"rule_id": None, "version": 1, "fields": {"name": evil}}]
    broken = {**result, "fills": [fill], "trades": [trade], "rules": rules, "symbols": [evil],
              "prices": {evil: result["prices"]["AAPL"]}, "benchmark": evil}  # fmt: skip
    for language in ("ko", "en"):
        html = html_of(broken, title=evil, language=language)
        assert "<img" not in html
        assert "&lt;img" in html


def test_a_result_with_nothing_in_it_is_still_a_page() -> None:
    html = html_of({"equity": None, "statistics": None, "bars": 0}, title="x", language="ko")
    assert html.startswith("<!doctype html>")


def test_a_flat_line_and_a_single_point_can_be_drawn() -> None:
    assert "<polyline" in chart([0, 1], [Line([5.0, 5.0], "own")], label="x", height=100)
    assert "<polyline" in chart([0], [Line([5.0], "own")], label="x", height=100)
    assert chart([0, 1], [Line([math.nan, math.nan], "own")], label="x", height=100) == ""


def test_prices_are_cut_to_what_a_chart_shows_without_losing_an_extreme() -> None:
    columns = days(3 * MOST_PRICES + 7)
    found = prices(columns)
    assert len(found["time"]) <= MOST_PRICES
    assert max(found["high"]) == columns.high.max() and min(found["low"]) == columns.low.min()
    assert found["close"][-1] == columns.close[-1] and found["open"][0] == columns.open[0]


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "$", "–"),
        (1234.5, "$", "$1,234.50"),
        (-1234.5, "$", "-$1,234.50"),
        (3.14159, "%", "3.14%"),
        (14, "#", "14"),
    ],
)
def test_numbers_are_written_as_people_read_them(value, unit: str, said: str) -> None:
    assert number(value, unit) == said


class TestHeadline:
    """What a list says of a run."""

    FINE = {"ok": True, "text": {"ko": "같음", "en": "same"}}
    AHEAD = {"ok": False, "text": {"ko": "다름", "en": "ahead"}}
    WARNING = {"ko": "적음", "en": "few"}

    def test_it_is_the_return_when_nothing_speaks_against_it(self) -> None:
        result = {"statistics": {"total_return_pct": 10.0}, "warnings": [], "look_ahead": self.FINE}
        assert headline(result) == {"return_pct": 10.0, "note": None, "warned": False}

    def test_it_is_the_first_warning_instead_of_the_return(self) -> None:
        result = {"statistics": {"total_return_pct": 10.0}, "warnings": [self.WARNING, self.AHEAD["text"]]}
        assert headline(result) == {"return_pct": None, "note": self.WARNING, "warned": True}

    def test_it_never_shows_the_return_of_a_rule_that_looks_ahead(self) -> None:
        result = {"statistics": {"total_return_pct": 10.0}, "warnings": [], "look_ahead": self.AHEAD}
        assert headline(result) == {"return_pct": None, "note": self.AHEAD["text"], "warned": True}

    def test_of_a_look_ahead_check_it_is_the_answer(self) -> None:
        assert headline({"look_ahead": self.FINE}) == {"return_pct": None, "note": self.FINE["text"], "warned": False}
