"""The parts of the page that only a study has: the grid's heat map, walk-forward, Monte Carlo, the look-ahead check."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from backtests.report.parts import cell, direction, section, table
from backtests.report.words import number, said

SHADES = 4
_WALK = {
    "ko": ["훈련", "시험", "고른 값", "훈련 수익률", "시험 수익률", "평가액"],
    "en": ["Trained from", "Tested from", "Chosen values", "Return in training", "Return in test", "Equity"],
}


def studies(result: Mapping[str, Any], language: str) -> str:
    """All that the result has of them."""
    return "".join(
        (
            _look_ahead(result.get("look_ahead"), language),
            _grid(result.get("grid"), language),
            _walk_forward(result.get("walk_forward"), language),
            _monte_carlo(result.get("monte_carlo"), language),
        )
    )


def _look_ahead(found: Mapping[str, Any] | None, language: str) -> str:
    if not found:
        return ""
    rows = [
        [cell(each["time"]), cell(each["side"]), cell(str(each["whole"])), cell(str(each["cut"]))]
        for each in found["differences"]
    ]
    heads = {"ko": ["때", "방향", "전체로 본 답", "거기까지만 본 답"], "en": ["When", "Side", "Whole", "Cut there"]}
    body = f"<p>{escape(said(found['text'], language))}</p>{table(heads[language], rows)}"
    return section("look_ahead", language, body)


def _grid(grid: Mapping[str, Any] | None, language: str) -> str:
    if not grid:
        return ""
    heat = grid["heat"]
    values = [value for row in heat["cells"] for value in row if value is not None]
    rows = [
        [
            f'<th scope="row">{escape(name)}</th>',
            *(_heat(value, min(values, default=0), max(values, default=0)) for value in row),
        ]
        for name, row in zip(heat["ys"], heat["cells"], strict=True)
    ]
    head = [f"{heat['y'] or ''} \\ {heat['x']}", *heat["xs"]]
    note = f'<p class="soft">{escape(said(grid["warning"], language))} ({escape(grid["metric"])})</p>'
    return section("grid", language, note + table(head, rows))


def _heat(value: float | None, low: float, high: float) -> str:
    if value is None:
        return "<td>–</td>"
    share = (value - low) / (high - low) if high > low else 0.0
    return f'<td class="heat{round(share * SHADES)}">{number(value)}</td>'


def _walk_forward(found: Mapping[str, Any] | None, language: str) -> str:
    if not found:
        return ""
    rows = [
        [
            cell(window["train_from"]),
            cell(window["test_from"]),
            cell(", ".join(f"{name}={value}" for name, value in window["values"].items())),
            _percent(window["trained"]["total_return_pct"]),
            _percent(window["tested"]["total_return_pct"]),
            cell(number(window["equity"], "$")),
        ]
        for window in found["windows"]
    ]
    whole = {"ko": "시험만 이은 수익률", "en": "Return of the tests alone"}[language]
    efficiency = {"ko": "효율(시험/훈련)", "en": "efficiency (test over training)"}[language]
    note = (
        f"<p>{whole}: {number(found['total_return_pct'], '%', signed=True)} · "
        f"{efficiency}: {number(found['efficiency'])}</p>"
    )
    return section("walk_forward", language, note + table(_WALK[language], rows))


def _percent(value: float | None) -> str:
    return cell(number(value, "%", signed=True), direction(value))


def _monte_carlo(found: Mapping[str, Any] | None, language: str) -> str:
    if not found:
        return ""
    heads: dict[str, Sequence[str]] = {
        "ko": ["백분위", "최대 하락폭", "마지막 평가액"],
        "en": ["Percentile", "Deepest drawdown", "Final equity"],
    }
    rows = [
        [cell(f"{percent} %"), _percent(fall), cell(number(found["final_equity"][percent], "$"))]
        for percent, fall in found["max_drawdown_pct"].items()
    ]
    share = number(found["share_of_losing_runs"] * 100, "%")
    said_so = {
        "ko": f"거래 {found['trades']:,}건을 {found['runs']:,}번 다시 뽑으니 {share}가 손실로 끝났습니다.",
        "en": f"{found['trades']:,} trades drawn anew {found['runs']:,} times: {share} of them ended with a loss.",
    }[language]
    return section("monte_carlo", language, f"<p>{escape(said_so)}</p>{table(heads[language], rows)}")
