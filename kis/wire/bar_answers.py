"""Bars in answers (sheet 4.20 to 4.22): newest first there, oldest first here, each with the row it came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from kis import codes
from kis.wire.answers import Answer, must
from kis.wire.values import NEW_YORK, Row, Unreadable, moment, rows, rows_missing
from market.data import Bar, Period

FIRST_YEAR, LAST_YEAR = 1800, 9000  # a date beyond them is a misprint, and no way to the day before it


@dataclass(frozen=True, slots=True)
class BarPage:
    """One page of a series. `rows`: oldest first, one for each start, with KIS's own row.

    `unreadable`: rows that were there and could not be read; blank rows after the last one are none.
    """

    rows: tuple[tuple[Bar, Mapping[str, Any]], ...]
    unreadable: int
    head: Mapping[str, Any]

    @property
    def oldest(self) -> datetime | None:
        return self.rows[0][0].start if self.rows else None


@dataclass(frozen=True, slots=True)
class _Names:
    """What a function calls the parts of its bars. `any_number`: prices may be zero or negative, volume blank."""

    open: str
    high: str
    low: str
    close: str
    volume: str
    day: str = "xymd"
    any_number: bool = False


_PERIOD = _Names("open", "high", "low", "clos", "tvol")
_MINUTE = _Names("open", "high", "low", "last", "evol")
_INDEX = _Names(
    "ovrs_nmix_oprc",
    "ovrs_nmix_hgpr",
    "ovrs_nmix_lwpr",
    "ovrs_nmix_prpr",
    "acml_vol",
    day="stck_bsop_date",
    any_number=True,
)


def period_bars(answer: Answer, period: Period) -> BarPage:
    """Bars of a day, week or month (4.20); the one that holds the answer's New York date is not closed."""
    return _page(answer, _counted(answer), lambda row: _period_bar(row, _PERIOD, period, answer.received_at))


def index_bars(answer: Answer, period: Period) -> BarPage:
    """Bars of an index, a currency or a large stock (4.22). A currency has no volume: 0. A yield may be negative."""
    found = list(rows(answer.body, "output2"))
    return _page(answer, found, lambda row: _period_bar(row, _INDEX, period, answer.received_at))


def minute_bars(answer: Answer, minutes: int) -> BarPage:
    """Minute bars (4.21); a bar whose time has not passed when the answer came is not closed."""

    def read(row: Row) -> Bar:
        start = must(moment(row.text(_MINUTE.day), row.text("xhms"), NEW_YORK), _MINUTE.day)
        return _bar(row, start, _MINUTE, closed=start + timedelta(minutes=minutes) <= answer.received_at)

    return _page(answer, _counted(answer), read)


def start_of(day: date) -> datetime:
    """Midnight in New York: where the bar of this date starts."""
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)


def date_of(start: datetime) -> date:
    """The date of a bar that starts at midnight in New York."""
    return start.astimezone(NEW_YORK).date()


def day_before(start: datetime, period: Period) -> date:
    """The last day before the period of a bar; KIS may date a week or a month by any of its days."""
    day = date_of(start)
    match period:
        case Period.WEEK:
            day -= timedelta(days=day.weekday())
        case Period.MONTH:
            day = day.replace(day=1)
        case Period.YEAR:
            day = day.replace(month=1, day=1)
    return day - timedelta(days=1)


def _counted(answer: Answer) -> list[Row]:
    """The rows that `nrec` counts: what comes after them is padding."""
    found = list(rows(answer.body, "output2"))
    said = next(rows(answer.body, "output1"), Row({})).integer("nrec")
    return found[:said] if said is not None and 0 < said < len(found) else found


def _page(answer: Answer, found: list[Row], read: Callable[[Row], Bar | None]) -> BarPage:
    while found and found[-1].blank:
        found = found[:-1]
    by_start: dict[datetime, tuple[Bar, Mapping[str, Any]]] = {}
    # without the list itself it is not known that the history ends here
    unreadable = 0 if answer.code in codes.NOTHING_FOUND else rows_missing(answer.body, "output2")
    for row in found:
        try:
            bar = read(row)
        except Unreadable:
            unreadable += 1
        else:
            if bar is not None and not FIRST_YEAR <= bar.start.year <= LAST_YEAR:
                unreadable += 1
            elif bar is not None:
                by_start.setdefault(bar.start, (bar, row.raw))
    head = next(rows(answer.body, "output1"), Row({})).raw
    return BarPage(tuple(by_start[start] for start in sorted(by_start)), unreadable, head)


def _period_bar(row: Row, names: _Names, period: Period, received_at: datetime) -> Bar | None:
    day = must(row.day(names.day), names.day)
    closed = _key(day, period) < _key(date_of(received_at), period)
    try:
        return _bar(row, start_of(day), names, closed=closed)
    except Unreadable:
        if not closed:
            return None  # the running one before its first trade: nothing is missing
        raise


def _bar(row: Row, start: datetime, names: _Names, *, closed: bool) -> Bar:
    """Raises Unreadable for a blank, for a price that is not above zero, and when high and low are confused."""
    opened, high, low, close = (
        _price(row, name, names.any_number) for name in (names.open, names.high, names.low, names.close)
    )
    if low > high:
        raise Unreadable(names.high)
    without_volume = names.any_number and not row.text(names.volume)
    return Bar(start, opened, high, low, close, 0 if without_volume else row.must_integer(names.volume), closed)


def _price(row: Row, name: str, any_number: bool) -> Decimal:
    found = row.must_decimal(name)
    if found <= 0 and not any_number:
        raise Unreadable(name)
    return found


def _key(day: date, period: Period) -> tuple[int, ...]:
    """Which period a date is in; later periods compare greater."""
    match period:
        case Period.DAY:
            return (day.toordinal(),)
        case Period.WEEK:
            return day.isocalendar()[:2]
        case Period.MONTH:
            return day.year, day.month
        case _:
            return (day.year,)
