"""Candles from CSV: exact numbers, times with zones, and what is wrong said by line."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.engine import CandlesError, read_csv
from backtests.engine.candles import PIECE, spell_times
from market.words import Timeframe

HEADER = "time,open,high,low,close,volume\n"


def lines(*rows: str) -> str:
    return HEADER + "\n".join(rows) + "\n"


def test_reads_minutes_and_says_how_long_a_bar_is():
    columns = read_csv(lines("2024-01-02T14:30:00Z,1,2,0.5,1.5,100", "2024-01-02T14:35:00Z,1.5,2,1,1.25,0"))
    assert columns.timeframe is Timeframe.M5
    assert columns.begins
    assert columns.start.tolist() == [1704205800, 1704206100]
    assert columns.close.tolist() == [1.5, 1.25]
    assert columns.volume.tolist() == [100, 0]


def test_a_date_is_a_day_that_begins_at_midnight_in_new_york():
    columns = read_csv(lines("2024-03-08,1,2,1,2,3", "2024-03-11,1,2,1,2,3"))
    assert columns.timeframe is Timeframe.D1
    assert [datetime.fromtimestamp(s, UTC).isoformat() for s in columns.start.tolist()] == [
        "2024-03-08T05:00:00+00:00",
        "2024-03-11T04:00:00+00:00",
    ]
    assert spell_times(columns.start, Timeframe.D1) == ["2024-03-08", "2024-03-11"]


@pytest.mark.parametrize(
    "time",
    ["2024-01-02T14:30:00Z", "2024-01-02T14:30:00+00:00", "2024-01-02 09:30:00-05:00", "2024-01-02T23:30:00.000+09:00"],
)
def test_any_spelling_of_a_time_with_a_zone(time):
    assert read_csv(lines(f"{time},1,2,1,2,3")).start.tolist() == [1704205800]


def test_zones_may_change_within_a_file():
    columns = read_csv(lines("2024-03-08T09:30:00-05:00,1,2,1,2,3", "2024-03-11T09:30:00-04:00,1,2,1,2,3"))
    assert spell_times(columns.start, Timeframe.M1) == ["2024-03-08T14:30:00Z", "2024-03-11T13:30:00Z"]


def test_columns_may_stand_in_any_order_with_others_between():
    columns = read_csv("\ufeffVolume,note,Time,Close,Low,High,Open\r\n7,x,2024-01-02,4,1,5,2\r\n\r\n")
    assert [columns.column(name).tolist() for name in ("open", "high", "low", "close", "volume")] == [
        [2],
        [5],
        [1],
        [4],
        [7],
    ]


@given(st.lists(st.decimals(min_value="0.0001", max_value="999999.9999", places=8), min_size=1, max_size=20))
def test_every_number_is_the_nearest_float_to_what_is_written(prices):
    rows = [f"2024-01-{k + 1:02}T00:00:00Z,{p},{p},{p},{p},1" for k, p in enumerate(prices)]
    assert read_csv(lines(*rows)).close.tolist() == [float(Decimal(p)) for p in prices]


def test_a_file_longer_than_one_piece_is_one_series(tmp_path):
    count = PIECE // 30
    times = numpy.datetime64("2020-01-01T00:00:00") + numpy.arange(count).astype("m8[m]")
    rows = [f"{time}Z,1,1,1,{k + 1},1" for k, time in enumerate(times.astype(str).tolist())]
    path = tmp_path / "long.csv"
    path.write_text(lines(*[row.replace(",1,1,1,", f",{k + 1},{k + 1},{k + 1},") for k, row in enumerate(rows)]))
    columns = read_csv(path)
    assert len(columns) == count
    assert columns.close[-1] == count
    assert (numpy.diff(columns.start) == 60).all()


GOOD = "2024-01-02T14:30:00Z,1,2,1,2,3"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "no column time, open, high, low, close, volume"),
        ("time,open,high,low,close\n", 1, "no column volume"),
        (HEADER, 2, "not a single bar"),
        (lines(GOOD, GOOD), 3, "that of the line before"),
        (lines(GOOD, "2024-01-02T14:29:00Z,1,2,1,2,3"), 3, "earlier than the line before"),
        (lines(GOOD, "", "2024-01-02T14:31:00Z,1,1,2,1,3"), 4, "the high 1 is below the low 2"),
        (lines("2024-01-02T14:30:00,1,2,1,2,3"), 2, "has no zone"),
        (lines("yesterday,1,2,1,2,3"), 2, "is no time"),
        (lines("2024-13-02,1,2,1,2,3"), 2, "is no time"),
        (lines("2024-01-02T14:30:00Z,1,2,1,NaN,3"), 2, "the close 'NaN' is no number"),
        (lines("2024-01-02T14:30:00Z,1,inf,1,2,3"), 2, "the high 'inf' is no number"),
        (lines("2024-01-02T14:30:00Z,1,2,,2,3"), 2, "the low '' is no number"),
        (lines("2024-01-02T14:30:00Z,1,2,1,1_0,3"), 2, "is no number"),
        (lines("2024-01-02T14:30:00Z,0,2,1,2,3"), 2, "the open is 0"),
        (lines("2024-01-02T14:30:00Z,1,2,1,2,-3"), 2, "the volume is -3"),
        (lines("2024-01-02T14:30:00Z,1,2"), 2, "only 3 columns"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_in_both_languages(text, line, said):
    with pytest.raises(CandlesError) as caught:
        read_csv(text)
    assert caught.value.line == line
    assert said in caught.value.text.en
    assert caught.value.text.ko.startswith(f"{line}번째 줄")
