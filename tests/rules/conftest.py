"""A small market to judge: five facts and a series of minute bars."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from market.data import AccountView, Bar, Bars, MarketData, OwnedPosition, Quote, RuleMemory, SessionView
from market.words import Environment, EvaluateOn, Exchange, Session, Timeframe
from rules.domain import Rule
from rules.language import parse

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # a Friday in New York
MINUTE = timedelta(minutes=1)


def bars_until(end: datetime, closes, *, volume=1000, complete=True, timeframe=Timeframe.M1) -> Bars:
    """Closed bars, one for each close, the last of which ends at `end`; high and low are one dollar away."""
    step = timedelta(seconds=timeframe.seconds)
    prices = [Decimal(str(c)) for c in closes]
    first = end - step * len(prices)
    rows = [Bar(first + step * i, p, p + 1, max(p - 1, Decimal("0.01")), p, volume + i) for i, p in enumerate(prices)]
    return Bars(timeframe, tuple(rows), complete)


def quote_of(price, at=NOON, **changes) -> Quote:
    price = Decimal(str(price))
    quote = Quote("AAPL", Exchange.NASDAQ, price, at, at, bid=price - Decimal("0.01"), ask=price + Decimal("0.02"))
    return replace(quote, **changes)


def market_of(closes=(100,), price=None, *, now=NOON, held=0, paid="100", **changes) -> MarketData:
    """The market at `now`: bars that ended then, a fresh quote at the last close, and what the rule owns."""
    price = closes[-1] if price is None else price
    position = OwnedPosition(held, Decimal(paid), now - 90 * MINUTE, Decimal("105")) if held else OwnedPosition()
    whole = MarketData(
        now=now,
        symbol="AAPL",
        quote=quote_of(price, now),
        bars=bars_until(now, closes),
        position=position,
        account=AccountView(Environment.PAPER),
        session=SessionView(Session.REGULAR, now.date(), now - 150 * MINUTE, now + 240 * MINUTE),
        memory=RuleMemory(),
    )
    return replace(whole, **changes)


def rule_of(entry="price < 1000", exit="price > 1000", *, on=EvaluateOn.BAR_CLOSE, **changes) -> Rule:
    rule = Rule(
        id=UUID("00000000-0000-0000-0000-000000000001"),
        version=3,
        symbol="AAPL",
        exchange=Exchange.NASDAQ,
        timeframe=Timeframe.M1,
        evaluate_on=on,
        entry=parse(entry),
        exit=parse(exit),
        buy_amount_usd=Decimal("1000"),
        max_position=100,
    )
    return replace(rule, **changes)


@pytest.fixture(scope="session")  # plain functions: nothing to reset between tests
def market() -> Callable[..., MarketData]:
    return market_of


@pytest.fixture(scope="session")  # plain functions: nothing to reset between tests
def rule() -> Callable[..., Rule]:
    return rule_of


@pytest.fixture(scope="session")  # plain functions: nothing to reset between tests
def bars() -> Callable[..., Bars]:
    return bars_until


@pytest.fixture(scope="session")  # plain functions: nothing to reset between tests
def quote() -> Callable[..., Quote]:
    return quote_of
