"""A replay as lines for a terminal, in Korean and English."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from backtests.engine import Result, Trade, statistics
from backtests.engine.candles import spell_time
from market.errors import Text

LAST_TRADES = 10
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("최종 평가액 / final equity", "final_equity", "${:,.2f}"),
    ("수익률 / return", "total_return_pct", "{:+.2f} %"),
    ("연 수익률 / CAGR", "cagr_pct", "{:+.2f} %"),
    ("변동성 / volatility", "volatility_pct", "{:.2f} %"),
    ("샤프 / Sharpe", "sharpe", "{:.2f}"),
    ("소르티노 / Sortino", "sortino", "{:.2f}"),
    ("칼마 / Calmar", "calmar", "{:.2f}"),
    ("최대 낙폭 / max drawdown", "max_drawdown_pct", "{:.2f} %"),
    ("가장 긴 낙폭 / longest drawdown", "longest_drawdown_days", "{:.1f} 일 / days"),
    ("보유 시간 / exposure", "exposure_pct", "{:.1f} %"),
    ("끝난 거래 / closed trades", "trades", "{:,}"),
    ("승률 / win rate", "win_rate_pct", "{:.1f} %"),
    ("손익비 / profit factor", "profit_factor", "{:.2f}"),
    ("거래당 기대 / expectancy", "expectancy", "${:,.2f}"),
    ("회전율 / turnover", "turnover", "{:.2f}"),
    ("비용 / costs", "costs", "${:,.2f}"),
)


def shown(result: Result) -> str:
    """Warnings first, then figures, months, the latest trades with their reasons, and the studies."""
    parts = [_head(result), _warnings(result), _figures(result), _trades(result), *_studies(result.extra)]
    return "\n\n".join(part for part in parts if part)


def _head(result: Result) -> str:
    columns = result.plan.series[0]
    first, last = (spell_time(int(columns.start[k]), columns.timeframe) for k in (0, -1))
    symbols = ", ".join(dict.fromkeys(rule.symbol for rule in result.plan.rules))
    speed = result.bars / max(result.seconds, 1e-9)
    return (
        f"{symbols} {columns.timeframe}  {first} – {last}\n"
        f"봉 {result.bars:,}개 / bars, {result.seconds:.3f} s ({speed:,.0f} /s, {result.path})"
    )


def _warnings(result: Result) -> str:
    return "\n".join(f"  ! {text.ko}\n    {text.en}" for text in result.warnings)


def _figures(result: Result) -> str:
    figures = result.statistics
    rows = [(label, _number(pattern, figures[name])) for label, name, pattern in _ROWS]
    rows.append(("보유만 했다면 / buy and hold", _number("{:+.2f} %", figures["buy_and_hold"]["return_pct"])))
    if figures["benchmark"]:
        rows.append(("비교 대상 / benchmark", _number("{:+.2f} %", figures["benchmark"]["return_pct"])))
    convention: Text = statistics.CONVENTION
    return f"{aligned(rows)}\n\n{convention.ko}\n{convention.en}"


def _number(pattern: str, value: Any) -> str:
    return "–" if value is None else pattern.format(value)


def _trades(result: Result) -> str:
    trades = result.trades
    lines = [f"마지막 거래 / latest trades ({min(LAST_TRADES, len(trades))} / {len(trades):,})"]
    for trade in trades[-LAST_TRADES:]:
        lines.append(_trade(result, trade))
        reasons = [result.entry_reason(trade), result.exit_reason(trade)]
        lines += [f"      {reason.ko} / {reason.en}" for reason in reasons if reason is not None]
    return "\n".join(lines) if len(trades) else ""


def _trade(result: Result, trade: Trade) -> str:
    columns, bars = result.plan.series[trade.lane], (trade.entry, trade.exit)
    times = " → ".join(spell_time(int(columns.start[bar]), columns.timeframe) for bar in bars if bar is not None)
    end = "보유 중 / open" if trade.exit_price is None else f"{trade.exit_price:,.4f}"
    profit = f"{trade.profit:+,.2f} ({trade.profit_pct:+.2f} %)"
    symbol = result.plan.rules[trade.lane].symbol
    return f"  {symbol} {trade.quantity:,}  {times}  {trade.entry_price:,.4f} → {end}  {profit}"


def _studies(extra: dict[str, Any]) -> Iterable[str]:
    if found := extra.get("look_ahead"):
        yield f"미래 참조 검사 / look-ahead check: {found['text']['ko']}\n  {found['text']['en']}"
    if found := extra.get("grid"):
        yield _heat(found)
    if found := extra.get("walk_forward"):
        yield _walk(found)
    if found := extra.get("monte_carlo"):
        yield _shuffled(found)


def _heat(grid: dict[str, Any]) -> str:
    heat, warning = grid["heat"], grid["warning"]
    rows = [(f"{heat['y'] or ''} \\ {heat['x']}", *heat["xs"])]
    for y, cells in zip(heat["ys"], heat["cells"], strict=True):
        rows.append((y, *(_number("{:.2f}", cell) for cell in cells)))
    best = ", ".join(f"{name}={value}" for name, value in grid["best"]["values"].items())
    return f"{grid['metric']}\n{aligned(rows)}\n최고 / best: {best}\n{warning['ko']}\n{warning['en']}"


def _walk(study: dict[str, Any]) -> str:
    rows: list[tuple[str, ...]] = [("시험 / test", "값 / values", "훈련 / train", "시험 / test")]
    for window in study["windows"]:
        values = ", ".join(f"{name}={value}" for name, value in window["values"].items())
        returns = (_number("{:+.2f} %", window[part]["total_return_pct"]) for part in ("trained", "tested"))
        rows.append((f"{window['test_from']} – {window['test_until']}", values, *returns))
    total, efficiency = _number("{:+.2f} %", study["total_return_pct"]), _number("{:.2f}", study["efficiency"])
    return f"워크포워드 / walk-forward: {total}, 효율 / efficiency {efficiency}\n{aligned(rows)}"


def _shuffled(study: dict[str, Any]) -> str:
    rows = [("", *(f"{k} %" for k in study["max_drawdown_pct"]))]
    rows.append(("최대 낙폭 / max drawdown", *(f"{v:.2f} %" for v in study["max_drawdown_pct"].values())))
    rows.append(("최종 평가액 / final equity", *(f"${v:,.0f}" for v in study["final_equity"].values())))
    losing = f"{study['share_of_losing_runs']:.1%}"
    return f"몬테카를로 {study['runs']:,}회 / Monte Carlo, 손실 / losing {losing}\n{aligned(rows)}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side; a Korean letter is two places wide."""
    widths = [max(width(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  " + "  ".join(" " * (w - width(cell)) + cell if k else cell + " " * (w - width(cell))
                         for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )  # fmt: skip


def width(text: str) -> int:
    """Places on a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
