"""Small series and rules for the tests of the engine."""

from decimal import Decimal
from uuid import UUID

import numpy

from market.columns import Columns
from market.words import EvaluateOn, Exchange, Timeframe
from rules.domain import Rule
from rules.language import parse

BEGIN = 1_704_202_200  # 2024-01-02 13:30 UTC, 08:30 in New York
DAY = 86_400
FREE = Decimal(0)


def bars(*rows: tuple, timeframe: Timeframe = Timeframe.M1, start: int = BEGIN, step: int | None = None) -> Columns:
    """(open, close), (open, high, low, close) or (…, volume) per bar, one after the other."""
    full = [_row(row) for row in rows]
    times = start + numpy.arange(len(full), dtype=numpy.int64) * (step or timeframe.seconds)
    return Columns(timeframe, times, *(numpy.array(c, dtype=float) for c in zip(*full, strict=True)), begins=True)


def _row(row: tuple) -> tuple:
    if len(row) == 2:
        opened, close = row
        return opened, max(row), min(row), close, 1000
    return row if len(row) == 5 else (*row, 1000)


def closes(*prices: float, **options) -> Columns:
    """Bars that open at the close before."""
    return bars(*zip((prices[0], *prices), prices, strict=False), **options)


def rule(entry: str, exit: str = "false", *, amount: str = "1000", symbol: str = "AAPL", **fields) -> Rule:
    fields = {"timeframe": Timeframe.M1, "max_position": 1_000_000, **fields}
    return Rule(
        id=UUID(int=1),
        version=1,
        symbol=symbol,
        exchange=Exchange.NASDAQ,
        evaluate_on=EvaluateOn.BAR_CLOSE,
        entry=parse(entry),
        exit=parse(exit),
        buy_amount_usd=Decimal(amount),
        **fields,
    )


def told(result) -> list[tuple]:
    """(bar, side, quantity, price) of every fill."""
    return [(fill.bar, fill.side.value, fill.quantity, fill.price) for fill in result.fills]
