"""Bars that were seen are kept; a correction stands beside what it corrects."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from instruments.candles import coverage, newest, read_columns, store_candles
from instruments.models import Candle
from market.data import Bar
from market.sessions import SessionSpan
from market.words import Session, Timeframe

pytestmark = pytest.mark.django_db
OPEN = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)


def bars(count: int, start: datetime = OPEN) -> list[Bar]:
    prices = [Decimal(100 + i) for i in range(count)]
    return [Bar(start + timedelta(minutes=i), p, p + 1, p - 1, p, 10 + i) for i, p in enumerate(prices)]


def store(rows: list[Bar], **more) -> int:
    return store_candles("AAPL", Timeframe.M1, rows, source="test", **more)


def test_what_is_there_already_is_not_written_again() -> None:
    assert store(bars(5)) == 5
    assert store(bars(7)) == 2
    assert Candle.objects.count() == 7


def test_a_correction_is_a_new_version_and_the_old_one_stays() -> None:
    rows = bars(3)
    store(rows)
    assert store([rows[0], replace(rows[1], close=Decimal("101.5"))]) == 1
    versions = list(Candle.objects.filter(start=rows[1].start).order_by("version").values_list("version", "close"))
    assert versions == [(1, Decimal(101)), (2, Decimal("101.5"))]
    assert [row.close for row in newest("AAPL", Timeframe.M1)] == [Decimal(100), Decimal("101.5"), Decimal(102)]


def test_a_forming_bar_is_not_kept() -> None:
    rows = bars(2)
    assert store([rows[0], replace(rows[1], closed=False)]) == 1


def test_columns_hold_the_latest_versions_of_the_wanted_sessions_in_order() -> None:
    rows = bars(4)
    after = SessionSpan(date(2026, 3, 4), Session.AFTER, rows[3].start, rows[3].start + timedelta(hours=1))
    store(rows, spans=[after])
    store([replace(rows[0], close=Decimal("100.25"))])
    found = read_columns("AAPL", Timeframe.M1)
    assert found.close.tolist() == [100.25, 101.0, 102.0]
    assert found.start.tolist() == [int(bar.start.timestamp()) for bar in rows[:3]]
    both = read_columns("AAPL", Timeframe.M1, sessions=[Session.REGULAR, Session.AFTER])
    assert len(both) == 4


def test_nothing_stored_is_an_empty_series() -> None:
    assert len(read_columns("AAPL", Timeframe.M1)) == 0
    assert coverage("AAPL", Timeframe.M1) is None


def test_the_range_and_the_coverage_are_by_the_start_of_the_bar() -> None:
    rows = bars(5)
    store(rows)
    assert coverage("AAPL", Timeframe.M1) == (rows[0].start, rows[4].start)
    some = read_columns("AAPL", Timeframe.M1, first=rows[1].start, last=rows[3].start)
    assert len(some) == 3
