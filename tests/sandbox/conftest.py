"""A market that rises by a cent a minute, and a rule that looks at it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from market.data import Bar, Bars, MarketData, OwnedPosition, Quote, SeriesKey, SessionView
from market.words import EvaluateOn, Exchange, Session, Timeframe
from rules.domain import Rule
from rules.language.nodes import Boolean

OPENS = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
CENT = Decimal("0.01")


def _bars(count: int, timeframe: Timeframe = Timeframe.M1, began: datetime = OPENS) -> tuple[Bar, ...]:
    prices = [Decimal(100) + CENT * n for n in range(count)]
    step = timedelta(seconds=timeframe.seconds)
    return tuple(
        Bar(began + step * n, price, price + CENT, price - CENT, price, 1000 + n) for n, price in enumerate(prices)
    )


@pytest.fixture
def rule() -> Rule:
    return Rule(
        id=UUID("12345678-1234-5678-1234-567812345678"),
        version=3,
        symbol="AAPL",
        exchange=Exchange.NASDAQ,
        timeframe=Timeframe.M1,
        evaluate_on=EvaluateOn.BAR_CLOSE,
        entry=Boolean(False),
        exit=Boolean(False),
        buy_amount_usd=Decimal(1000),
        max_position=100,
        mode="python",
    )


@pytest.fixture
def market_of() -> Callable[..., MarketData]:
    def build(count: int = 300, held: int = 0, complete: bool = True, daily: int = 0) -> MarketData:
        bars = _bars(count)
        now = OPENS + timedelta(minutes=count, seconds=1)
        last = bars[-1].close if bars else Decimal(100)
        position = OwnedPosition(held, Decimal(100), OPENS, last) if held else OwnedPosition()
        days = _bars(daily, Timeframe.D1, OPENS - timedelta(days=daily + 1, hours=9, minutes=30))
        others = {SeriesKey("AAPL", Timeframe.D1): Bars(Timeframe.D1, days, begins=True)} if daily else {}
        return MarketData(
            now=now,
            symbol="AAPL",
            quote=Quote("AAPL", Exchange.NASDAQ, last, now, now, last - CENT, last + CENT, 10_000),
            bars=Bars(Timeframe.M1, bars, complete, begins=True),
            position=position,
            session=SessionView(Session.REGULAR, OPENS.date(), OPENS, OPENS + timedelta(hours=6, minutes=30)),
            others=others,
        )

    return build
