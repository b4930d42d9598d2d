"""What is replayed: rules, candles, cash, costs, and the rules of the market that are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

import numpy

from backtests.engine.candles import by_symbol
from backtests.engine.costs import ZERO, Costs
from market.columns import Columns
from market.data import SessionView
from market.errors import Text
from market.sessions import SessionSpan
from market.words import Environment
from orders.risk import Limits
from rules.domain import Rule

CASH = Decimal(100_000)


class PlanError(ValueError):
    """What keeps the replay from running, and what to do."""

    def __init__(self, ko: str, en: str) -> None:
        self.text = Text(ko, en)
        super().__init__(str(self.text))


class SessionTable:
    """The sessions of the days replayed, with holidays and early closes, as data."""

    def __init__(self, spans: tuple[SessionSpan, ...]) -> None:
        self.spans = tuple(sorted(spans, key=lambda span: span.start))
        self._starts = numpy.array([int(span.start.timestamp()) for span in self.spans], dtype=numpy.int64)

    def at(self, moment: int) -> SessionSpan | None:
        """The session that contains a moment, in seconds since 1970; None when the market is closed."""
        place = int(self._starts.searchsorted(moment, "right")) - 1
        if place < 0:
            return None
        span = self.spans[place]
        return span if moment < span.end.timestamp() else None

    def view(self, moment: int) -> SessionView:
        span = self.at(moment)
        return SessionView(span.session, span.trading_day, span.start, span.end) if span else SessionView(None)


@dataclass(frozen=True, slots=True)
class Guards:
    """The house's limits and the account's, which every order is asked about as a live one is."""

    house: Limits = field(default_factory=Limits)
    account: Limits = field(default_factory=Limits)
    environment: Environment = Environment.REAL


@dataclass(frozen=True, slots=True)
class Options:
    """Rules of the market beside the plain ones; none of them holds unless asked for.

    `spread_bps`: the whole distance between bid and ask; half of it is against us. `limit_orders`: by the rule's
    price policy instead of marketable ones. `ticks`: prices lie on a tick, rounded against us. `volume_limit_pct`:
    the share of a bar's volume that an order may be. `sessions`: only bars inside a session in which the rule acts.
    `settlement_days`: trading days until what a sale brings may be spent.
    """

    slippage_bps: Decimal = ZERO
    spread_bps: Decimal = ZERO
    limit_orders: bool = False
    ticks: bool = False
    volume_limit_pct: Decimal | None = None
    sessions: SessionTable | None = None
    guards: Guards | None = None
    settlement_days: int = 0

    @property
    def plain(self) -> bool:
        """Only slippage may differ from nothing: an order fills whole at the next open."""
        return replace(self, slippage_bps=ZERO) == Options()


@dataclass(frozen=True)
class Plan:
    """One replay. `candles` by symbol, or `AAPL@1d` for a series of another length.

    `benchmark`: a series to compare the result with. `notes`: what was assumed before the plan was made.
    `trade_from`: nothing is bought on bars that begin before this moment (seconds since 1970), which only warm up.
    """

    rules: tuple[Rule, ...]
    candles: Mapping[str, Columns]
    cash: Decimal = CASH
    costs: Costs = field(default_factory=Costs)
    options: Options = field(default_factory=Options)
    benchmark: Columns | None = None
    notes: tuple[Text, ...] = ()
    trade_from: int | None = None

    def __post_init__(self) -> None:
        if not self.rules:
            raise PlanError("규칙이 없습니다.", "There is no rule.")
        if self.cash <= 0:
            raise PlanError("현금은 0보다 커야 합니다.", "The cash must be above zero.")

    @cached_property
    def series(self) -> tuple[Columns, ...]:
        """The bars of every rule. Raises PlanError when they are not given."""
        return tuple(self._own(rule) for rule in self.rules)

    def _own(self, rule: Rule) -> Columns:
        found = by_symbol(self.candles, rule.symbol, rule.timeframe)
        if found is None or not len(found):
            raise PlanError(
                f"{rule.symbol}의 {rule.timeframe} 봉이 없습니다. --candles 로 {rule.timeframe} 이하의 봉을 주세요.",
                f"There are no {rule.timeframe} bars of {rule.symbol}: give bars of {rule.timeframe} or shorter "
                "with --candles.",
            )
        return found

    def until(self, bars: int) -> "Plan":
        """The same, knowing nothing that begins after so many bars of the first rule."""
        own = self.series[0]
        end = int(own.start[bars - 1]) + own.timeframe.seconds
        return self.between(None, min(end, int(own.start[bars])) if bars < len(own) else end)

    def between(self, begin: int | None, end: int) -> "Plan":
        """The same with only the bars that begin in [begin, end), in seconds since 1970."""
        cut = {}
        for name, columns in self.candles.items():
            first = 0 if begin is None else int(columns.start.searchsorted(begin, "left"))
            last = int(columns.start.searchsorted(end, "left"))
            cut[name] = columns.between(first, last)
        return replace(self, candles=cut)
