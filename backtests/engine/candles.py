"""Candles from a CSV file: `time,open,high,low,close,volume`, read in pieces into arrays and nothing else.

Every number is the float64 nearest to what is written. What is wrong is said with its line.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from typing import IO

import numpy

from market.columns import DAY, FIELDS, Columns, new_york_date, new_york_dates
from market.errors import Text
from market.sessions import NEW_YORK
from market.words import Exchange, Timeframe

COLUMNS = ("time", *FIELDS)
PIECE = 1 << 20  # bytes read at a time
SHORTEST_ROW = 20  # characters; more rows than the size of the file allows cannot come
_DATE, _SECONDS = 10, 19  # characters of 2026-11-23 and of 2026-11-23T14:30:00
_ROW = numpy.dtype([("time", "S40"), *((name, "f8") for name in FIELDS)])


class CandlesError(ValueError):
    """What is wrong with the file, and in which line (the header is line 1)."""

    def __init__(self, line: int, ko: str, en: str) -> None:
        self.line = line
        self.text = Text(f"{line}번째 줄: {ko}", f"Line {line}: {en}")
        super().__init__(str(self.text))


@dataclass(frozen=True, slots=True)
class Candles:
    """The bars of one symbol."""

    symbol: str
    exchange: Exchange
    columns: Columns


def read_csv(source: Path | str, timeframe: Timeframe | None = None) -> Columns:
    """The bars of a file (a Path) or of a text, oldest first; nothing lies before the first.

    The length of a bar is the shortest distance between two of them unless `timeframe` says it; a date without
    an hour is a daily bar, which begins at midnight in New York. Raises CandlesError.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _read(file, source.stat().st_size, timeframe)
    data = source.encode()
    return _read(io.BytesIO(data), len(data), timeframe)


def _read(file: IO[bytes], size: int, timeframe: Timeframe | None) -> Columns:
    header = file.readline().decode("utf-8-sig", "replace")
    order = _header(header)
    rows = max(size // SHORTEST_ROW, 16)  # memory that nobody writes to is not taken
    start = numpy.empty(rows, dtype=numpy.int64)
    values = {name: numpy.empty(rows, dtype=numpy.float64) for name in FIELDS}
    n, dates, line, before = 0, False, 2, None
    for lines in _pieces(file):
        table = _table(lines, order)
        times = None if table is None else _times(table["time"])
        if table is None or times is None or not _sound(table, times, before):
            table, times = _by_line(lines, order, line, before)
        line += len(lines)
        if not len(times):
            continue
        end = n + len(times)
        dates = dates or (n == 0 and len(table["time"][0].strip(b'" ')) == _DATE)
        start[n:end] = times
        for name, column in values.items():
            column[n:end] = table[name]
        n, before = end, int(times[-1])
    if not n:
        raise CandlesError(2, "봉이 하나도 없습니다.", "there is not a single bar.")
    start = start[:n]
    length = timeframe or (Timeframe.D1 if dates else spacing(start))
    return Columns(length, start, *(values[name][:n] for name in FIELDS), begins=True)


def spacing(start: numpy.ndarray) -> Timeframe:
    """The longest bar that fits between any two beginnings; a day has 23 hours once a year."""
    least = int(numpy.diff(start).min()) if len(start) > 1 else 60
    lengths = [each for each in Timeframe if each.seconds <= least or (each is Timeframe.D1 and least >= DAY - 3600)]
    return max(lengths, key=lambda each: each.seconds, default=Timeframe.M1)


def _header(line: str) -> tuple[int, ...]:
    """Where each of COLUMNS stands."""
    names = [name.strip().strip('"').lower() for name in line.split(",")]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise CandlesError(
            1,
            f"{', '.join(missing)} 열이 없습니다. 머리글은 {','.join(COLUMNS)} 이어야 합니다.",
            f"no column {', '.join(missing)}. The header must be {','.join(COLUMNS)}.",
        )
    return tuple(names.index(name) for name in COLUMNS)


def _pieces(file: IO[bytes]) -> Iterator[list[bytes]]:
    """Whole lines, some thousands at a time."""
    while lines := file.readlines(PIECE):
        yield lines


def _table(lines: list[bytes], order: tuple[int, ...]) -> numpy.ndarray | None:
    """The piece as a table; None when something in it cannot be read."""
    if any(len(line) <= 2 for line in (lines[0], lines[-1])):
        lines = [line for line in lines if line.strip()]
        if not lines:
            return numpy.empty(0, dtype=_ROW)
    try:
        return numpy.atleast_1d(numpy.loadtxt(lines, _ROW, comments=None, delimiter=",", usecols=order, quotechar='"'))
    except ValueError:
        return None


def _times(texts: numpy.ndarray) -> numpy.ndarray | None:
    """Seconds since 1970 of every text; None when one of them is no time."""
    if not len(texts):
        return numpy.empty(0, dtype=numpy.int64)
    width = int(numpy.strings.str_len(texts).max())
    cut = texts.astype(f"S{width}")
    if width > _SECONDS:
        letters = cut.view(numpy.uint8).reshape(len(cut), width)[:, _SECONDS:]
        shift = _zone(bytes(letters[0])) if (letters == letters[0]).all() else None
        if shift is not None:
            try:
                return cut.astype(f"S{_SECONDS}").astype("M8[s]").astype(numpy.int64) - shift
            except ValueError:
                return None
    try:
        return numpy.array([_moment(text.decode()) for text in cut.tolist()], dtype=numpy.int64)
    except ValueError:
        return None


def _zone(suffix: bytes) -> int | None:
    """Seconds ahead of UTC of a zone such as Z or +09:00; None when it is spelled in another way."""
    try:
        shift = datetime.fromisoformat("2000-01-01T00:00:00" + suffix.decode()).utcoffset()
    except ValueError:
        return None
    return None if shift is None or b"." in suffix else int(shift.total_seconds())


def _moment(text: str) -> int:
    """Seconds since 1970 of one time with a zone, or of the midnight in New York of a date; ValueError otherwise."""
    text = text.strip()
    if len(text) == _DATE:
        day = date.fromisoformat(text)
        return int(datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).timestamp())
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise NoZone
    return int(moment.timestamp())


class NoZone(ValueError):
    """A time without a zone is not a time."""


def _sound(table: numpy.ndarray, times: numpy.ndarray, before: int | None) -> bool:
    """Whether every row is a bar and later than the one before it."""
    if not len(times):
        return True
    rising = (before is None or times[0] > before) and bool((times[1:] > times[:-1]).all())
    prices = [table[name] for name in FIELDS[:4]]
    known = all(bool(numpy.isfinite(table[name]).all()) for name in FIELDS)
    positive = all(bool((each > 0).all()) for each in prices)
    return bool(
        rising and known and positive and (table["high"] >= table["low"]).all() and (table["volume"] >= 0).all()
    )


def _by_line(
    lines: list[bytes], order: tuple[int, ...], first: int, before: int | None
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The same slowly, to find the line that is wrong, or to read what is spelled unusually."""
    rows, times = [], []
    for number, raw in enumerate(lines, first):
        text = raw.decode("utf-8", "replace").strip()
        if not text:
            continue
        row, before = _line(text, order, number, before)
        rows.append(row)
        times.append(before)
    return numpy.array(rows, dtype=_ROW), numpy.array(times, dtype=numpy.int64)


def _line(text: str, order: tuple[int, ...], number: int, before: int | None) -> tuple[tuple, int]:
    parts = [part.strip().strip('"').strip() for part in text.split(",")]
    if len(parts) <= max(order):
        raise CandlesError(number, f"칸이 {len(parts)}개뿐입니다.", f"only {len(parts)} columns are there.")
    named = {name: parts[place] for name, place in zip(COLUMNS, order, strict=True)}
    moment = _time_of(named["time"], number)
    if before is not None and moment <= before:
        raise _not_later(named["time"], number, again=moment == before)
    values = tuple(_number(name, named[name], number) for name in FIELDS)
    bar = dict(zip(FIELDS, values, strict=True))
    if bar["high"] < bar["low"]:
        raise CandlesError(
            number,
            f"고가 {named['high']}이(가) 저가 {named['low']}보다 낮습니다.",
            f"the high {named['high']} is below the low {named['low']}.",
        )
    return (named["time"].encode(), *values), moment


def _not_later(text: str, number: int, *, again: bool) -> CandlesError:
    ko = "앞줄과 같습니다." if again else "앞줄보다 이릅니다."
    en = "that of the line before" if again else "earlier than the line before"
    return CandlesError(
        number,
        f"시각 {text}이(가) {ko} 오래된 봉부터 한 번씩 적으세요.",
        f"the time {text} is {en}: the oldest bar comes first, each once.",
    )


def _time_of(text: str, number: int) -> int:
    try:
        return _moment(text)
    except NoZone:
        raise CandlesError(
            number,
            f"시각 {text}에 시간대가 없습니다. {text}Z 또는 {text}-05:00 처럼 적으세요.",
            f"the time {text} has no zone: write {text}Z or {text}-05:00.",
        ) from None
    except ValueError:
        raise CandlesError(
            number,
            f"'{text}'은(는) 시각이 아닙니다. 2026-11-23T14:30:00Z 처럼, 일봉은 2026-11-23 처럼 적으세요.",
            f"'{text}' is no time: write 2026-11-23T14:30:00Z, or 2026-11-23 for a daily bar.",
        ) from None


def _number(name: str, text: str, number: int) -> float:
    try:
        value = float(text) if "_" not in text else float("nan")
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise CandlesError(number, f"{name} '{text}'은(는) 숫자가 아닙니다.", f"the {name} '{text}' is no number.")
    if value < 0 or (value == 0 and name != "volume"):
        raise CandlesError(number, f"{name}이(가) {text}입니다.", f"the {name} is {text}.")
    return value


def spell_times(start: numpy.ndarray, timeframe: Timeframe) -> list[str]:
    """The beginnings as text: ISO 8601 in UTC, or New York's date for daily bars."""
    if timeframe is Timeframe.D1:
        days: list[str] = new_york_dates(start).astype("M8[D]").astype(str).tolist()
        return days
    return [f"{moment}Z" for moment in start.astype("M8[s]").astype(str).tolist()]


def spell_time(start: int, timeframe: Timeframe) -> str:
    """One beginning as text, see spell_times."""
    if timeframe is Timeframe.D1:
        return str(numpy.datetime64(new_york_date(start), "D"))
    return datetime.fromtimestamp(start, UTC).isoformat().replace("+00:00", "Z")


def by_symbol(candles: Mapping[str, Columns], symbol: str, timeframe: Timeframe) -> Columns | None:
    """The series of a symbol in this length: given as `AAPL@1d`, or made of shorter bars; None when it cannot be."""
    exact = candles.get(f"{symbol}@{timeframe}")
    if exact is not None:
        return exact
    base = candles.get(symbol)
    if base is None or base.timeframe is timeframe:
        return base
    if base.timeframe.seconds < timeframe.seconds and timeframe.seconds % base.timeframe.seconds == 0:
        return base.resampled(timeframe)
    return None
