"""What is wrong with a strategy's code, said when it is saved."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from market.data import Bar, Bars, MarketData, OwnedPosition, Quote, SessionView
from market.errors import Text
from market.words import EvaluateOn, Exchange, Session, Timeframe
from rules.domain import Rule, StrategyBroke
from rules.language.nodes import Boolean
from rules.sandbox.program import BrokeAt, CagedProgram
from rules.sandbox.reading import Problem, read_code

_BEGAN = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)  # a Monday, when New York opens
_LENGTHS = (300, 40, 1)  # a strategy must stand a series that has only begun


def check_code(code: str, params: Mapping[str, Decimal | str] | None = None) -> list[Problem]:
    """Everything found wrong, by line; empty when it may be saved.

    After reading it, the code is run on a made-up market, holding and not, with many bars and with one. Without
    `params` every parameter that it reads is taken to be 10. Raises CageAway when there is no worker to try it in.
    """
    reading = read_code(code)
    if reading.problems:
        return list(reading.problems)
    given = {key: Decimal(10) for key in reading.params} if params is None else params
    program = CagedProgram(code, given)
    for length in _LENGTHS:
        for held in (0, 5):
            problem = _tried(program, length, held)
            if problem:
                return [problem]
    return []


def _tried(program: CagedProgram, length: int, held: int) -> Problem | None:
    market = _market(length, held)
    try:
        program.decide(market, _RULE)
    except BrokeAt as broke:
        return Problem(broke.line or 1, 1, _told(broke.bare, length))
    except StrategyBroke as broke:
        return Problem(1, 1, _told(broke.text, length))
    return None


def _told(text: Text, length: int) -> Text:
    if length == _LENGTHS[0]:
        return text
    bars = "bar" if length == 1 else "bars"
    return Text(f"봉이 {length}개뿐일 때 실패합니다. {text.ko}", f"With only {length} {bars} it fails. {text.en}")


_RULE = Rule(
    id=UUID(int=0),
    version=1,
    symbol="AAPL",
    exchange=Exchange.NASDAQ,
    timeframe=Timeframe.M1,
    evaluate_on=EvaluateOn.BAR_CLOSE,
    entry=Boolean(False),
    exit=Boolean(False),
    buy_amount_usd=Decimal(1000),
    max_position=100,
)


def _market(length: int, held: int) -> MarketData:
    bars = _BARS[:length]
    now = bars[-1].start + timedelta(minutes=1, seconds=1)
    last = bars[-1].close
    return MarketData(
        now=now,
        symbol="AAPL",
        quote=Quote("AAPL", Exchange.NASDAQ, last, now, now, last - _CENT, last + _CENT, 10_000),
        bars=Bars(Timeframe.M1, bars, begins=True),
        position=_position(bars[-1], held),
        session=SessionView(Session.REGULAR, _BEGAN.date(), _BEGAN, _BEGAN + timedelta(hours=6, minutes=30)),
    )


def _position(bar: Bar, held: int) -> OwnedPosition:
    if not held:
        return OwnedPosition()
    return OwnedPosition(held, bar.close - _CENT, bar.start - timedelta(minutes=10), bar.high)


def _walk() -> tuple[Bar, ...]:
    chance, price, bars = random.Random(7), Decimal(100), []  # noqa: S311 - the same made-up market every time
    for minute in range(_LENGTHS[0]):
        moved = max(price + _CENT * chance.randint(-40, 40), Decimal(1))
        high, low = max(price, moved) + _CENT, min(price, moved) - _CENT
        start = _BEGAN + timedelta(minutes=minute)
        bars.append(Bar(start, price, high, low, moved, chance.randint(100, 10_000)))
        price = moved
    return tuple(bars)


_CENT = Decimal("0.01")
_BARS = _walk()
