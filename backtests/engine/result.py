"""What came of a replay: fills, trades with their reasons, equity, figures. Made from the book when asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy

from backtests.engine import bias, statistics
from backtests.engine.book import Book
from backtests.engine.candles import spell_time
from backtests.engine.lane import Held, Judge
from backtests.engine.orders import exact
from backtests.engine.plan import Plan
from backtests.engine.statistics import Curve
from backtests.engine.trades import Trade, Trades
from market.columns import new_york_dates
from market.errors import Text
from market.words import Side

POINTS = 2_000  # of the curve in the JSON; all fills and the deepest fall are kept exactly beside it


@dataclass(frozen=True, slots=True)
class Fill:
    """`time`: the beginning of the bar in which it filled. Money in dollars; `fees` are those of the exchanges."""

    time: str
    symbol: str
    side: Side
    quantity: int
    price: float
    commission: float
    fees: float
    rule: int
    bar: int
    decided: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "time": self.time,
            "symbol": self.symbol,
            "side": self.side.value,
            "quantity": self.quantity,
            "price": self.price,
            "commission": self.commission,
            "fees": self.fees,
            "rule": self.rule,
        }


class Fills(Sequence[Fill]):
    """Every fill in the order in which it happened; a Fill is made when somebody looks at it."""

    def __init__(self, plan: Plan, columns: Mapping[str, numpy.ndarray]) -> None:
        self._plan, self._columns = plan, columns

    def __len__(self) -> int:
        return len(self._columns["bar"])

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return [self[each] for each in range(*k.indices(len(self)))]
        row = {name: values[k].item() for name, values in self._columns.items()}
        lane, quantity = row["lane"], row["quantity"]
        columns = self._plan.series[lane]
        return Fill(
            time=spell_time(int(columns.start[row["bar"]]), columns.timeframe),
            symbol=self._plan.rules[lane].symbol,
            side=Side.BUY if quantity > 0 else Side.SELL,
            quantity=abs(quantity),
            price=row["price"],
            commission=row["commission"],
            fees=row["fees"],
            rule=lane,
            bar=row["bar"],
            decided=row["decided"],
        )

    def __iter__(self) -> Iterator[Fill]:
        return (self[k] for k in range(len(self)))


@dataclass
class Result:
    """One replay. `path`: "step" or "array", whichever ran; `seconds`: of the replay, without reading files."""

    plan: Plan
    book: Book
    judges: Sequence[Judge]
    path: str
    seconds: float
    notes: tuple[Text, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def ledger(self) -> dict[str, numpy.ndarray]:
        """The columns of the book's ledger."""
        return self.book.ledger.columns()

    @cached_property
    def fills(self) -> Fills:
        return Fills(self.plan, self.ledger)

    @cached_property
    def trades(self) -> Trades:
        return Trades(self.ledger, [(len(each), float(each.close[-1])) for each in self.plan.series])

    @property
    def bars(self) -> int:
        return sum(len(each) for each in self.plan.series)

    @property
    def final_equity(self) -> float:
        """Cash and what is held, at the last closes; reckoned exactly."""
        held = zip(self.book.holdings, self.plan.series, strict=True)
        total = sum((h.quantity * exact(c.close[-1]) for h, c in held if h.quantity), Decimal(0))
        return float(self.book.cash + total)

    @cached_property
    def curve(self) -> Curve:
        """Equity at the close of every bar of any rule, from the first on which it could act."""
        if len(self.plan.series) == 1:
            columns = self.plan.series[0]
            whole = Curve(columns.start, _equity(self.plan, self.ledger), columns.dates)
        else:
            whole = _joint(self.plan, self.ledger)
        return whole if self.plan.trade_from is None else whole.since(self.plan.trade_from)

    @property
    def exposure(self) -> float:
        """The share of bars in which something was held, 0 to 1; of all rules together."""
        entries, exits = self.trades.spans
        lengths = numpy.array([len(each) for each in self.plan.series])
        ends = numpy.where(exits < 0, lengths[self.trades.lanes] if len(entries) else 0, exits)
        return float((ends - entries).sum()) / max(self._bars_of_trading, 1)

    @property
    def _bars_of_trading(self) -> int:
        if self.plan.trade_from is None:
            return self.bars
        return sum(len(each) - int(each.start.searchsorted(self.plan.trade_from)) for each in self.plan.series)

    @cached_property
    def statistics(self) -> dict[str, Any]:
        fills = self.ledger
        traded = float((numpy.abs(fills["quantity"]) * fills["price"]).sum())
        costs = float(fills["commission"].sum() + fills["fees"].sum())
        found = statistics.statistics(self.curve, float(self.plan.cash), self.trades, traded, costs, self.exposure)
        found["final_equity"] = self.final_equity
        found["total_return_pct"] = (self.final_equity / float(self.plan.cash) - 1) * 100
        found["buy_and_hold"] = self.buy_and_hold
        found["benchmark"] = self._against(self.plan.benchmark) if self.plan.benchmark is not None else None
        return found

    @cached_property
    def buy_and_hold(self) -> dict[str, Any]:
        """Each rule's symbol held from the first close to the last, without costs; the mean over the rules."""
        each = [self._against(columns) for columns in self.plan.series]
        known = [one["return_pct"] for one in each if one["return_pct"] is not None]
        return each[0] if len(each) == 1 else {"return_pct": sum(known) / len(known) if known else None}

    def _against(self, columns: Any) -> dict[str, float | None]:
        return statistics.compared(columns.close, columns.start, self.curve)

    @cached_property
    def warnings(self) -> tuple[Text, ...]:
        """What keeps the figures from being believed, shown before them."""
        return (*self.plan.notes, *self.notes, *bias.of_result(self))

    def let_go(self) -> None:
        """Forgets the arrays that reasons are made of; no reason can be given afterwards."""
        _ = self.warnings
        self.judges = ()

    # --- reasons ---------------------------------------------------------------------------------------------

    def position_at(self, trade: Trade, bar: int) -> Held:
        """What the rule held of this trade when bar `bar` had closed (its whole quantity, bought at its mean)."""
        columns, held = self.plan.series[trade.lane], Held()
        held.qty, held.avg_price = trade.quantity, exact(trade.entry_price)
        held.opened_at = float(columns.start[trade.entry])
        high = float(columns.high[trade.entry : bar + 1].max(initial=0))
        held.high_since_entry = max(high, trade.entry_price)
        return held

    def entry_reason(self, trade: Trade) -> Text:
        """Why it bought, as a sentence with the values that decided."""
        return self._reason(trade.lane, Side.BUY, trade.entry_decided, Held())

    def exit_reason(self, trade: Trade) -> Text | None:
        """Why it sold; None while it is still open."""
        if trade.exit_decided is None:
            return None
        return self._reason(trade.lane, Side.SELL, trade.exit_decided, self.position_at(trade, trade.exit_decided))

    def _reason(self, lane: int, side: Side, bar: int, position: Held) -> Text:
        said = self.book.ledger.reasons.get((lane, bar))
        return Text(said, said) if said else self.judges[lane].because(side, bar, position)

    # --- JSON ------------------------------------------------------------------------------------------------

    def as_dict(self, *, reasons: bool = True) -> dict[str, Any]:
        """JSON-safe: what `--json` prints. Reasons cost time when there are very many trades."""
        return {
            "fills": [fill.as_dict() for fill in self.fills],
            "final_equity": self.final_equity,
            "bars": self.bars,
            "seconds": self.seconds,
            "path": self.path,
            "cash": float(self.plan.cash),
            "symbols": list(dict.fromkeys(rule.symbol for rule in self.plan.rules)),
            "statistics": self.statistics,
            "convention": statistics.CONVENTION.as_dict(),
            "warnings": [text.as_dict() for text in self.warnings],
            "trades": [self._trade(trade, reasons=reasons) for trade in self.trades],
            "monthly": statistics.monthly(self.curve, float(self.plan.cash)),
            "equity": self.points(),
            "vetoes": [self._event(veto) | {"guard": veto.guard, "times": veto.times} for veto in self.book.vetoes],
            "unfilled": [self._event(each) | {"quantity": each.quantity} for each in self.book.unfilled],
            "unfilled_count": self.book.unfilled_count,
            **self.extra,
        }

    def points(self, most: int = POINTS) -> dict[str, list]:
        """The curve in so many points: the last of each stretch, and what it fell to in between."""
        curve = self.curve
        ends = numpy.unique(numpy.linspace(0, len(curve.value) - 1, min(most, len(curve.value))).astype(numpy.int64))
        falls = statistics.drawdown(curve.value)
        deepest = numpy.minimum.reduceat(falls, numpy.append(0, ends[:-1] + 1))
        return {
            "time": curve.start[ends].tolist(),
            "value": curve.value[ends].round(6).tolist(),
            "drawdown_pct": deepest.round(6).tolist(),
        }

    def _trade(self, trade: Trade, *, reasons: bool) -> dict[str, Any]:
        columns = self.plan.series[trade.lane]

        def time(bar: int | None) -> str | None:
            return None if bar is None else spell_time(int(columns.start[bar]), columns.timeframe)

        found = {
            "symbol": self.plan.rules[trade.lane].symbol,
            "rule": trade.lane,
            "quantity": trade.quantity,
            "entry_time": time(trade.entry),
            "entry_price": trade.entry_price,
            "exit_time": time(trade.exit),
            "exit_price": trade.exit_price,
            "costs": trade.costs,
            "profit": trade.profit,
            "profit_pct": trade.profit_pct,
            "bars_held": trade.bars_held,
            "entry_bar": trade.entry,
            "exit_bar": trade.exit,
        }
        if reasons:
            why = self.exit_reason(trade)
            found |= {"entry_reason": self.entry_reason(trade).as_dict(), "exit_reason": why.as_dict() if why else None}
        return found

    def _event(self, event: Any) -> dict[str, Any]:
        columns = self.plan.series[event.lane]
        return {
            "time": spell_time(int(columns.start[event.decided]), columns.timeframe),
            "symbol": self.plan.rules[event.lane].symbol,
            "side": event.side.value,
            "reason": event.reason.as_dict(),
        }


def _steps(bars: numpy.ndarray, values: numpy.ndarray, first: float, n: int) -> numpy.ndarray:
    """A curve of `n` bars that is `first` until, at each of `bars`, it becomes the value beside it."""
    lengths = numpy.diff(numpy.concatenate(([0], bars, [n])))
    return numpy.repeat(numpy.concatenate(([first], values)), lengths)


def _equity(plan: Plan, fills: Mapping[str, numpy.ndarray]) -> numpy.ndarray:
    n = len(plan.series[0])
    equity = _steps(fills["bar"], fills["quantity"].cumsum().astype(numpy.float64), 0.0, n)
    equity *= plan.series[0].close
    equity += _steps(fills["bar"], fills["cash"], float(plan.cash), n)
    return equity


def _joint(plan: Plan, fills: Mapping[str, numpy.ndarray]) -> Curve:
    """The same over the bars of all rules: at each beginning the newest close of every series."""
    times = numpy.unique(numpy.concatenate([each.start for each in plan.series]))
    when = numpy.array(
        [int(plan.series[lane].start[bar]) for lane, bar in zip(fills["lane"], fills["bar"], strict=True)],
        dtype=numpy.int64,
    )
    order = numpy.argsort(when, kind="stable")
    equity = _steps(times.searchsorted(when[order]), fills["cash"][order], float(plan.cash), len(times))
    for lane, columns in enumerate(plan.series):
        mine = fills["lane"] == lane
        held = _steps(times.searchsorted(when[mine]), fills["quantity"][mine].cumsum().astype(float), 0.0, len(times))
        newest = columns.start.searchsorted(times, "right") - 1
        equity += held * columns.close[numpy.maximum(newest, 0)]
    return Curve(times, equity, new_york_dates(times))
