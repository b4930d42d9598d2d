"""Fills paired into trades: from the first share bought until the last is sold, rule by rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy


@dataclass(frozen=True, slots=True)
class Trade:
    """One holding from flat to flat. Bars are those of the rule's own series; money in dollars.

    `exit` and what follows from it are None while it is still open; then `profit` is at the last close.
    `entry_decided`, `exit_decided`: the bars on whose close it was wanted.
    """

    lane: int
    quantity: int
    entry: int
    entry_decided: int
    entry_price: float
    exit: int | None
    exit_decided: int | None
    exit_price: float | None
    costs: float
    profit: float
    profit_pct: float
    bars_held: int

    @property
    def closed(self) -> bool:
        return self.exit is not None


class Trades(Sequence[Trade]):
    """All trades in the order of their entries, as arrays; a Trade is made when somebody looks at it."""

    __slots__ = ("_columns", "closed", "profit", "profit_pct")

    def __init__(self, fills: dict[str, numpy.ndarray], last: Sequence[tuple[int, float]]) -> None:
        """`fills`: the ledger's columns. `last`: the number of bars of each rule's series, and its last close."""
        self._columns = _paired(fills, last)
        self.closed = self._columns["exit"] >= 0
        self.profit = self._columns["profit"]
        self.profit_pct = self._columns["profit_pct"]

    def __len__(self) -> int:
        return len(self.profit)

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return [self[each] for each in range(*k.indices(len(self)))]
        row = {name: values[k].item() for name, values in self._columns.items()}
        if row["exit"] < 0:
            row |= {"exit": None, "exit_decided": None, "exit_price": None}
        return Trade(**row)

    def __iter__(self) -> Iterator[Trade]:
        return (self[k] for k in range(len(self)))

    @property
    def bars_held(self) -> numpy.ndarray:
        held: numpy.ndarray = self._columns["bars_held"]
        return held

    @property
    def lanes(self) -> numpy.ndarray:
        lanes: numpy.ndarray = self._columns["lane"]
        return lanes

    @property
    def spans(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        """First bar in which each was held, and the bar in which it ended (-1 while open)."""
        return self._columns["entry"], self._columns["exit"]


def _paired(fills: dict[str, numpy.ndarray], last: Sequence[tuple[int, float]]) -> dict[str, numpy.ndarray]:
    parts = []
    for lane, (bars, close) in enumerate(last):
        mine = fills if len(last) == 1 else {name: values[fills["lane"] == lane] for name, values in fills.items()}
        parts.append(_of_lane(mine, lane, bars, close))
    if len(parts) == 1:
        return parts[0]
    return {name: numpy.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_lane(fills: dict[str, numpy.ndarray], lane: int, bars: int, close: float) -> dict[str, numpy.ndarray]:
    """Sums over the fills between two moments in which nothing is held."""
    quantity = fills["quantity"]
    after = quantity.cumsum()
    begins = numpy.flatnonzero(numpy.append(0, after[:-1]) == 0) if len(after) else numpy.zeros(0, numpy.int64)
    if not len(begins):
        return {name: numpy.empty(0, dtype=kind) for name, kind in _TRADE_KINDS.items()}
    ends = numpy.append(begins[1:], len(after)) - 1
    open_ = after[ends] > 0
    value = quantity * fills["price"]
    bought = numpy.add.reduceat(numpy.where(quantity > 0, quantity, 0), begins)
    sold = bought - numpy.where(open_, after[ends], 0)
    paid = numpy.add.reduceat(numpy.where(quantity > 0, value, 0.0), begins)
    got = -numpy.add.reduceat(numpy.where(quantity < 0, value, 0.0), begins)
    costs = numpy.add.reduceat(fills["commission"] + fills["fees"], begins)
    profit = got + numpy.where(open_, after[ends] * close, 0.0) - paid - costs
    with numpy.errstate(divide="ignore", invalid="ignore"):
        exit_price = got / sold
    end = numpy.where(open_, bars - 1, fills["bar"][ends])
    return {
        "lane": numpy.full(len(begins), lane),
        "quantity": bought,
        "entry": fills["bar"][begins],
        "entry_decided": fills["decided"][begins],
        "entry_price": paid / bought,
        "exit": numpy.where(open_, -1, fills["bar"][ends]),
        "exit_decided": numpy.where(open_, -1, fills["decided"][ends]),
        "exit_price": exit_price,
        "costs": costs,
        "profit": profit,
        "profit_pct": profit / paid * 100,
        "bars_held": end - fills["bar"][begins] + open_,
    }


_FLOATS = ("entry_price", "exit_price", "costs", "profit", "profit_pct")
_TRADE_KINDS = {name: numpy.float64 if name in _FLOATS else numpy.int64 for name in Trade.__dataclass_fields__}
