"""The report's words in both languages, and how its numbers are written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from market.errors import Text

TITLES: dict[str, Text] = {
    "fall": Text("하락폭", "Drawdown"),
    "equity": Text("평가액", "Equity"),
    "price": Text("가격과 거래", "Price and trades"),
    "months": Text("월별 수익률", "Returns by month"),
    "figures": Text("통계", "Figures"),
    "trades": Text("거래", "Trades"),
    "vetoes": Text("막힌 주문", "Orders that a guard stopped"),
    "unfilled": Text("체결되지 않은 주문", "Orders that did not fill"),
    "warnings": Text("먼저 읽을 것", "Read this first"),
    "headline": Text("수익률", "Return"),
    "held": Text("그냥 들고 있었다면", "Simply holding it"),
    "grid": Text("값의 조합", "Grid of parameters"),
    "walk_forward": Text("구간을 옮겨 가며", "Walk-forward"),
    "monte_carlo": Text("거래 순서를 섞으면", "Trades in another order"),
    "look_ahead": Text("미래를 보는지", "Does it look ahead?"),
    "options": Text("가정", "What was assumed"),
    "buy": Text("매수", "bought"),
    "sell": Text("매도", "sold"),
    "cut": Text("너무 많아 일부만 보입니다", "Too many to show; these are some"),
}

FIGURES: dict[str, tuple[Text, str]] = {
    "final_equity": (Text("마지막 평가액", "Final equity"), "$"),
    "total_return_pct": (Text("수익률", "Return"), "%"),
    "cagr_pct": (Text("연평균 수익률", "Return a year (CAGR)"), "%"),
    "volatility_pct": (Text("연 변동성", "Volatility a year"), "%"),
    "max_drawdown_pct": (Text("최대 하락폭", "Deepest drawdown"), "%"),
    "longest_drawdown_days": (Text("가장 긴 회복 기간(일)", "Longest time below a high (days)"), ""),
    "sharpe": (Text("샤프", "Sharpe"), ""),
    "sortino": (Text("소르티노", "Sortino"), ""),
    "calmar": (Text("칼마", "Calmar"), ""),
    "trades": (Text("끝난 거래", "Closed trades"), "#"),
    "open_trades": (Text("아직 가진 거래", "Trades still open"), "#"),
    "win_rate_pct": (Text("이긴 거래", "Trades won"), "%"),
    "profit_factor": (Text("손익비(총이익/총손실)", "Profit factor"), ""),
    "expectancy": (Text("거래당 손익", "Profit per trade"), "$"),
    "expectancy_pct": (Text("거래당 수익률", "Return per trade"), "%"),
    "average_win": (Text("평균 이익", "Average win"), "$"),
    "average_loss": (Text("평균 손실", "Average loss"), "$"),
    "best_trade_pct": (Text("가장 좋은 거래", "Best trade"), "%"),
    "worst_trade_pct": (Text("가장 나쁜 거래", "Worst trade"), "%"),
    "average_bars_held": (Text("평균 보유 봉 수", "Bars held on average"), ""),
    "longest_losing_streak": (Text("가장 길게 이어진 손실", "Longest losing streak"), "#"),
    "exposure_pct": (Text("시장에 있던 시간", "Time in the market"), "%"),
    "turnover": (Text("회전율(배)", "Turnover (times equity)"), ""),
    "costs": (Text("수수료와 세금", "Commission and fees"), "$"),
}

TRADE_COLUMNS: dict[str, Text] = {
    "symbol": Text("종목", "Symbol"),
    "quantity": Text("수량", "Shares"),
    "entry_time": Text("산 때", "Bought"),
    "entry_price": Text("산 값", "At"),
    "exit_time": Text("판 때", "Sold"),
    "exit_price": Text("판 값", "At"),
    "profit": Text("손익", "Profit"),
    "profit_pct": Text("수익률", "Return"),
    "entry_reason": Text("왜 샀나", "Why bought"),
    "exit_reason": Text("왜 팔았나", "Why sold"),
}


def said(text: Text | Mapping[str, str] | None, language: str) -> str:
    """One language of a text; empty without one."""
    if text is None:
        return ""
    return text[language] if isinstance(text, Mapping) else str(getattr(text, language))


def number(value: Any, unit: str = "", *, signed: bool = False) -> str:
    """`$` dollars, `%` percent, `#` whole; a dash when there is none."""
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else ""
    if unit == "#":
        return f"{sign}{value:,.0f}"
    if unit == "$":
        minus, amount = ("-" if value < 0 else sign), abs(value)
        return f"{minus}${amount:,.2f}"
    return f"{sign}{value:,.2f}{unit}"


def day(moment: int | float) -> str:
    """A date of seconds since 1970."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
