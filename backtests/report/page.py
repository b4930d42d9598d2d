"""The page: warnings before figures, then curves, months, trades with their reasons, and what was assumed."""

from collections.abc import Mapping
from html import escape
from typing import Any

from backtests.report.charts import Line, Mark, chart
from backtests.report.parts import cell, direction, section, table
from backtests.report.studies import studies
from backtests.report.style import STYLE
from backtests.report.words import FIGURES, TITLES, TRADE_COLUMNS, day, number, said

MOST_TRADES = 500
MOST_MARKS = 400
MOST_EVENTS = 100
Result = Mapping[str, Any]


def html_of(result: Result, *, title: str, language: str) -> str:
    """The whole file. `result` is what the engine's `as_dict` made, with `prices` and `rules` beside it."""
    body = "".join(
        (
            _head(result, title, language),
            _warnings(result, language),
            _headline(result, language),
            _curves(result, language),
            _prices(result, language),
            _figures(result, language),
            _months(result, language),
            studies(result, language),
            _trades(result, language),
            _events(result, "vetoes", language),
            _events(result, "unfilled", language),
            _assumed(result, language),
        )
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · Bamsae</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def _head(result: Result, title: str, language: str) -> str:
    times = result["equity"]["time"] if result.get("equity") else []
    span = f"{day(times[0])} – {day(times[-1])}" if times else ""
    symbols = ", ".join(result.get("symbols", ()))
    bars = f"{result.get('bars', 0):,}"
    line = {"ko": f"{symbols} · {span} · 봉 {bars}개", "en": f"{symbols} · {span} · {bars} bars"}[language]
    return f'<h1>{escape(title)}</h1><p class="soft">{escape(line)}</p>'


def _warnings(result: Result, language: str) -> str:
    found = result.get("warnings") or ()
    if not found:
        return ""
    items = "".join(f"<li>{escape(said(text, language))}</li>" for text in found)
    return (
        f'<section class="warnings" role="note"><h2>{escape(said(TITLES["warnings"], language))}</h2>'
        f"<ul>{items}</ul></section>"
    )


def _headline(result: Result, language: str) -> str:
    """The return, large, only when nothing speaks against believing it."""
    figures = result.get("statistics")
    if not figures or result.get("warnings"):
        return ""
    value = figures["total_return_pct"]
    held = figures["buy_and_hold"]["return_pct"]
    beside = f"{said(TITLES['held'], language)}: {number(held, '%', signed=True)}"
    return (
        f'<p class="headline {direction(value)}">{number(value, "%", signed=True)}</p>'
        f'<p class="soft">{escape(beside)}</p>'
    )


def _curves(result: Result, language: str) -> str:
    points = result.get("equity")
    if not points:
        return ""
    label = said(TITLES["equity"], language)
    lines = [Line(points["value"], "own")]
    if points.get("held"):
        lines.insert(0, Line(points["held"], "other"))
    equity = chart(points["time"], lines, label=label, height=260)
    fall = said(TITLES["fall"], language)
    falls = chart(points["time"], [Line(points["drawdown_pct"], "fall", filled=True)], label=fall, height=110)
    return section("equity", language, equity) + section("fall", language, falls)


def _prices(result: Result, language: str) -> str:
    parts = []
    for symbol, prices in (result.get("prices") or {}).items():
        marks = [
            Mark(fill["at"], fill["price"], fill["side"], _fill_said(fill, language))
            for fill in result["fills"][:MOST_MARKS]
            if fill["symbol"] == symbol
        ]
        label = f"{symbol} · {said(TITLES['price'], language)}"
        parts.append(chart(prices["time"], [Line(prices["close"], "own")], label=label, height=280, marks=marks))
    return section("price", language, "".join(parts))


def _fill_said(fill: Mapping[str, Any], language: str) -> str:
    side = said(TITLES[fill["side"]], language)
    return f"{fill['time']} {side} {fill['quantity']:,} × {number(fill['price'], '$')}"


def _figures(result: Result, language: str) -> str:
    figures = result.get("statistics")
    if not figures:
        return ""
    rows = [_figure(said(text, language), figures.get(name), unit) for name, (text, unit) in FIGURES.items()]
    held = figures["buy_and_hold"]["return_pct"]
    rows.append(_figure(said(TITLES["held"], language), held, "%"))
    if figures.get("benchmark"):
        rows.append(_figure(result.get("benchmark", "benchmark"), figures["benchmark"]["return_pct"], "%"))
    note = f'<p class="soft">{escape(said(result.get("convention"), language))}</p>'
    return section("figures", language, f'<dl class="figures">{"".join(rows)}</dl>{note}')


def _figure(title: str, value: Any, unit: str) -> str:
    return f"<div><dt>{escape(title)}</dt><dd>{number(value, unit)}</dd></div>"


def _months(result: Result, language: str) -> str:
    years: dict[str, dict[int, float]] = {}
    for each in result.get("monthly") or ():
        year, month = each["month"].split("-")
        years.setdefault(year, {})[int(month)] = each["return_pct"]
    whole = {"ko": "한 해", "en": "Year"}[language]
    rows = [
        [
            f'<th scope="row">{year}</th>',
            *(_percent(months.get(month)) for month in range(1, 13)),
            _percent(_compounded(months.values())),
        ]
        for year, months in sorted(years.items())
    ]
    head = ["", *([f"{month}월" for month in range(1, 13)] if language == "ko" else _MONTHS), whole]
    return section("months", language, table(head, rows))


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _compounded(percents: Any) -> float:
    grown = 1.0
    for percent in percents:
        grown *= 1 + percent / 100
    return (grown - 1) * 100


def _percent(value: float | None) -> str:
    return "<td></td>" if value is None else cell(number(value, "", signed=True), direction(value))


def _trades(result: Result, language: str) -> str:
    trades = result.get("trades") or ()
    rows = [_trade(trade, language) for trade in trades[:MOST_TRADES]]
    head = [said(text, language) for text in TRADE_COLUMNS.values()]
    return section("trades", language, table(head, rows) + _cut(len(trades), MOST_TRADES, language))


def _trade(trade: Mapping[str, Any], language: str) -> list[str]:
    profit = trade["profit"]
    return [
        cell(trade["symbol"]),
        cell(f"{trade['quantity']:,}"),
        cell(trade["entry_time"]),
        cell(number(trade["entry_price"], "$")),
        cell(trade["exit_time"] or "–"),
        cell(number(trade["exit_price"], "$")),
        cell(number(profit, "$", signed=True), direction(profit)),
        cell(number(trade["profit_pct"], "%", signed=True), direction(profit)),
        cell(said(trade.get("entry_reason"), language), "why"),
        cell(said(trade.get("exit_reason"), language), "why"),
    ]


def _events(result: Result, name: str, language: str) -> str:
    events = result.get(name) or ()
    rows = [
        [
            cell(event["time"]),
            cell(event["symbol"]),
            cell(said(TITLES[event["side"]], language)),
            cell(said(event["reason"], language), "why"),
        ]
        for event in events[:MOST_EVENTS]
    ]
    body = table(["", "", "", ""], rows) + _cut(len(events), MOST_EVENTS, language)
    return section(name, language, body)


def _cut(there: int, shown: int, language: str) -> str:
    if there <= shown:
        return ""
    return f'<p class="soft">{escape(said(TITLES["cut"], language))}: {shown:,} / {there:,}</p>'


def _assumed(result: Result, language: str) -> str:
    lines = [f"{name}: {value}" for name, value in (result.get("options") or {}).items() if value not in (None, {}, 0)]
    rules = [
        "\n".join(f"{name}: {value}" for name, value in rule["fields"].items() if value not in (None, "", {}))
        for rule in result.get("rules") or ()
    ]
    blocks = [*rules, "\n".join(lines)]
    return section("options", language, "".join(f"<pre>{escape(block)}</pre>" for block in blocks if block))
