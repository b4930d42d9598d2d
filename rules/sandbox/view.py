"""What a strategy sees of one moment: plain numbers and words, made of the same values that the language reads."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from market.columns import Columns
from market.data import MarketData
from market.words import EvaluateOn
from rules.domain import Rule
from rules.language.look import Look, Seen, closed_bars, with_forming
from rules.language.names import NAMES
from rules.language.nodes import OWN

COLUMNS = ("open", "high", "low", "close", "volume", "time")
MARKET = (
    *("symbol", "timeframe", "now", "epoch", "price", "bid", "ask", "spread", "forming"),
    *("session", "minutes_since_open", "minutes_to_close"),
    *COLUMNS,
)
POSITION = ("qty", "avg_price", "return_pct", "held_minutes", "high_since_entry", "drawdown_pct", "value")


def look_at(market: MarketData, rule: Rule) -> Look:
    """The same look that a condition gets. `market` holds only bars that the rule may see."""
    by_bar = rule.evaluate_on is EvaluateOn.BAR_CLOSE
    return Look(market, closed_bars(market) if by_bar else with_forming(market), by_bar=by_bar)


def closed_columns(seen: Seen) -> Columns:
    """The bars that are over, as numbers."""
    return seen.columns.upto(len(seen) - (seen.forming is not None))


def market_view(look: Look, columns: Iterable[str], bars: int) -> dict[str, Any]:
    """Attributes of `market`: the columns asked for, as lists of the last `bars` closed bars, oldest first."""
    market = look.market
    view: dict[str, Any] = {
        "symbol": market.symbol,
        "timeframe": market.bars.timeframe.value,
        "now": market.now.isoformat().replace("+00:00", "Z"),
        "epoch": market.now.timestamp(),
        "price": _read("price", look),
        "bid": _read("bid", look),
        "ask": _read("ask", look),
        "spread": _read("spread", look),
        "forming": _read("price", look) if not look.by_bar else None,
        "session": market.session.session.value if market.session.session else None,
        "minutes_since_open": _read("session.minutes_since_open", look),
        "minutes_to_close": _read("session.minutes_to_close", look),
    }
    closed = closed_columns(look.rows)
    for name in columns:
        values = closed.start if name == "time" else closed.column(name)
        view[name] = values[-bars:].tolist()
    return view


def position_view(look: Look) -> dict[str, Any]:
    """Attributes of `position`: what the rule itself owns; None where nothing is held."""
    view: dict[str, Any] = {name: _read(f"position.{name}", look) for name in POSITION}
    return view | {"qty": look.market.position.qty}


def params_view(params: Mapping[str, Decimal | str]) -> dict[str, Any]:
    """Whole numbers as int, others as float, words as they are."""
    return {name: value if isinstance(value, str) else _number(value) for name, value in params.items()}


def _number(value: Decimal) -> int | float:
    whole = Decimal(value).to_integral_value()
    return int(whole) if whole == value else float(value)


def _read(name: str, look: Look) -> float | None:
    value = NAMES[name].read(0, OWN)(look)
    return None if value is None else float(value)
