"""What a person asks of a replay, and what it means to the engine. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from backtests.engine.costs import Costs
from backtests.engine.plan import CASH
from market.words import Timeframe
from rules.domain import Rule

ZERO = Decimal(0)
MOST_RUNS_OF_A_GRID = 2_000
DEFAULT_REACH = {
    timeframe: timedelta(days=5 * 365) if timeframe is Timeframe.D1 else timedelta(days=30) for timeframe in Timeframe
}


class Source(StrEnum):
    """Where the candles come from."""

    STORED = "stored"
    BROKER = "broker"  # fetched and stored first
    CSV = "csv"  # brought along


@dataclass(frozen=True, slots=True)
class Wanted:
    """One series, from `first` on."""

    symbol: str
    timeframe: Timeframe
    first: datetime

    @property
    def name(self) -> str:
        """As the engine calls it."""
        return f"{self.symbol}@{self.timeframe}"

    def as_dict(self) -> dict[str, str]:
        return {"symbol": self.symbol, "timeframe": self.timeframe.value, "first": self.first.isoformat()}

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> "Wanted":
        return cls(stored["symbol"], Timeframe(stored["timeframe"]), datetime.fromisoformat(stored["first"]))


@dataclass(frozen=True)
class Asked:
    """The options of one run. Money in dollars, costs in percent or basis points; dates are New York's."""

    source: Source = Source.STORED
    first: date | None = None
    last: date | None = None
    cash: Decimal = CASH
    commission_pct: Decimal | None = None  # None: the broker's, with the fees of the exchanges
    slippage_bps: Decimal = Decimal(5)
    spread_bps: Decimal = Decimal(2)
    volume_limit_pct: Decimal | None = Decimal(5)
    limit_orders: bool = True
    ticks: bool = True
    sessions: bool = True
    settlement_days: int = 1
    guards: bool = True
    benchmark: str | None = None
    grid: Mapping[str, list[str]] = field(default_factory=dict)
    train_bars: int = 0
    test_bars: int = 0
    monte_carlo: int = 0

    @property
    def costs(self) -> Costs:
        return Costs() if self.commission_pct is None else Costs.only(self.commission_pct)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe; `Asked.of` reads it again."""
        return {
            "source": self.source.value,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "cash": str(self.cash),
            "commission_pct": None if self.commission_pct is None else str(self.commission_pct),
            "slippage_bps": str(self.slippage_bps),
            "spread_bps": str(self.spread_bps),
            "volume_limit_pct": None if self.volume_limit_pct is None else str(self.volume_limit_pct),
            "limit_orders": self.limit_orders,
            "ticks": self.ticks,
            "sessions": self.sessions,
            "settlement_days": self.settlement_days,
            "guards": self.guards,
            "benchmark": self.benchmark,
            "grid": {name: list(values) for name, values in self.grid.items()},
            "train_bars": self.train_bars,
            "test_bars": self.test_bars,
            "monte_carlo": self.monte_carlo,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Asked":
        """From what `as_dict` made, or from a checked request."""
        given = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        for name in ("first", "last"):
            if isinstance(given.get(name), str):
                given[name] = date.fromisoformat(given[name])
        for name in ("cash", "commission_pct", "slippage_bps", "spread_bps", "volume_limit_pct"):
            if isinstance(given.get(name), str):
                given[name] = Decimal(given[name])
        if "source" in given:
            given["source"] = Source(given["source"])
        return cls(**given)


def series_of(rule: Rule, asked: Asked, first: datetime) -> tuple[Wanted, ...]:
    """Every series that the replay reads: the rule's own first, each once."""
    own = Wanted(rule.symbol, rule.timeframe, first)
    others = [Wanted(series.symbol or rule.symbol, series.timeframe or rule.timeframe, first) for series in rule.needs]
    benchmark = [Wanted(asked.benchmark, Timeframe.D1, first)] if asked.benchmark else []
    return tuple(dict.fromkeys([own, *others, *benchmark]))


def earliest(asked: Asked, timeframe: Timeframe, now: datetime) -> datetime:
    """From when on candles are wanted; without a word, as far back as makes sense for their length."""
    if asked.first is not None:
        return datetime.combine(asked.first, datetime.min.time(), UTC)
    return now - DEFAULT_REACH[timeframe]
