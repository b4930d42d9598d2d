"""Bars of US stocks, indices and currencies, read backwards to any depth (sheet 4.20 to 4.22)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from kis import functions
from kis.client import KisClient, default_client
from kis.paging import Pages
from kis.transport import unreadable
from kis.wire import bar_answers, quote_calls
from kis.wire.answers import Answer
from kis.wire.bar_answers import BarPage, date_of, day_before
from kis.wire.calls import Call
from market.data import Bar, BarListing, Period
from market.errors import CredentialProblem, NotInPaper, TradingError
from market.words import Exchange, Lane

INDEX, CURRENCY, BOND, GOLD = "N", "X", "I", "S"  # 4.22 FID_COND_MRKT_DIV_CODE
INDEX_PAGE = 100  # rows of an answer; not documented, so only a measure
LONGEST_INDEX_SPAN = timedelta(days=36_500)
SHORT_PAGES = 3  # pages may be shorter than they could be; a server that sends next to nothing is left in the end

_Row = tuple[Bar, Mapping[str, Any]]


@dataclass(slots=True)
class _Series:
    """What was read of a series, newest page first."""

    pages: Pages[_Row]
    by_start: dict[datetime, _Row] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    exhausted: bool = False

    def add(self, page: BarPage) -> bool:
        """Take a page; True when it reached further back than those before."""
        if not self.pages.pages:
            self.head = page.head
        self.pages.pages += 1
        self.pages.spoiled |= page.unreadable > 0
        known = self.oldest
        older = {row[0].start: row for row in page.rows if known is None or row[0].start < known}
        self.by_start |= older
        return bool(older)

    @property
    def oldest(self) -> datetime | None:
        return min(self.by_start, default=None)

    def bars(self, count: int) -> tuple[Bar, ...]:
        """The newest `count` bars. Raises what kept the rest from being read, ReadFailed for a hole."""
        if self.pages.failure is not None:
            raise self.pages.failure
        if self.pages.spoiled:
            raise unreadable("output2")  # a hole in a series is worse than none
        return self.listing(count).rows

    def listing(self, count: int) -> BarListing:
        """The newest `count` bars."""
        newest = [self.by_start[start] for start in sorted(self.by_start)][-count:]
        worth = self.pages.listing(tuple(bar for bar, _ in newest))
        return BarListing(
            rows=worth.rows,
            freshness=worth.freshness,
            complete=worth.complete,
            read_at=worth.read_at,
            exhausted=self.exhausted and worth.complete and len(self.by_start) <= count,
            raw=tuple(raw for _, raw in newest),
            head=self.head,
        )


async def read_daily_bars(
    symbol: str,
    exchange: Exchange,
    *,
    count: int,
    period: Period = Period.DAY,
    adjusted: bool = True,
    until: date | None = None,
    client: KisClient,
    lane: Lane,
) -> BarListing:
    """The newest `count` bars of a day, week or month, up to the New York date `until` (None: today). Real and paper.

    Raises CredentialProblem only, and ValueError for a count below one or for years.
    """
    series = await _daily(symbol, exchange, count, period, adjusted, until, client, lane)
    return series.listing(count)


async def get_daily_bars(
    symbol: str,
    exchange: Exchange,
    *,
    count: int,
    period: Period = Period.DAY,
    adjusted: bool = True,
    until: date | None = None,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> tuple[Bar, ...]:
    """As `read_daily_bars`, all or nothing: at most `count` bars, fewer when there are no more.

    Raises Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    series = await _daily(symbol, exchange, count, period, adjusted, until, client or default_client(), lane)
    return series.bars(count)


async def _daily(
    symbol: str,
    exchange: Exchange,
    count: int,
    period: Period,
    adjusted: bool,
    until: date | None,
    client: KisClient,
    lane: Lane,
) -> _Series:
    if period not in quote_calls.PERIOD_CODE:
        raise ValueError("stocks have bars of a day, a week or a month")

    def ask(oldest: datetime | None) -> Call:
        last = day_before(oldest, period) if oldest else until
        return quote_calls.period_bars(
            client.config.environment, symbol, exchange, period, last=last, adjusted=adjusted
        )

    def read(answer: Answer) -> BarPage:
        return bar_answers.period_bars(answer, period)

    return await _backwards(ask, read, count, functions.PERIOD_BARS.rows[0], client, lane)


async def read_minute_bars(
    symbol: str,
    exchange: Exchange,
    *,
    minutes: int,
    count: int,
    daytime: bool = False,
    until: datetime | None = None,
    client: KisClient,
    lane: Lane,
) -> BarListing:
    """The newest `count` bars of `minutes` minutes, starting at `until` or before; about a month back, real only.

    `daytime`: of the daytime session, of which KIS keeps a day at most. Raises NotInPaper, CredentialProblem, and
    ValueError for a count or a length below one.
    """
    series = await _minutes(symbol, exchange, minutes, count, daytime, until, client, lane)
    return series.listing(count)


async def get_minute_bars(
    symbol: str,
    exchange: Exchange,
    *,
    minutes: int,
    count: int,
    daytime: bool = False,
    until: datetime | None = None,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> tuple[Bar, ...]:
    """As `read_minute_bars`, all or nothing: at most `count` bars, fewer when there are no more.

    Raises NotInPaper, Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    series = await _minutes(symbol, exchange, minutes, count, daytime, until, client or default_client(), lane)
    return series.bars(count)


async def _minutes(
    symbol: str,
    exchange: Exchange,
    minutes: int,
    count: int,
    daytime: bool,
    until: datetime | None,
    client: KisClient,
    lane: Lane,
) -> _Series:
    if minutes < 1:
        raise ValueError("a bar lasts at least a minute")

    def ask(oldest: datetime | None) -> Call:
        newest = oldest - timedelta(minutes=minutes) if oldest else until
        return quote_calls.minute_bars(
            client.config.environment, symbol, exchange, minutes, count, until=newest, daytime=daytime
        )

    def read(answer: Answer) -> BarPage:
        return bar_answers.minute_bars(answer, minutes)

    return await _backwards(ask, read, count, functions.MINUTE_BARS.rows[0], client, lane, repeats_at_its_end=True)


async def read_index_bars(
    code: str,
    market_code: str = INDEX,
    *,
    count: int,
    period: Period = Period.DAY,
    until: date | None = None,
    client: KisClient,
    lane: Lane,
) -> BarListing:
    """The newest `count` bars of an index, a currency, a bond, or a stock of the large indices (4.22).

    `market_code`: INDEX, CURRENCY, BOND or GOLD. Real and paper. Raises CredentialProblem only, and ValueError.
    """
    series = await _index(code, market_code, count, period, until, client, lane)
    return series.listing(count)


async def get_index_bars(
    code: str,
    market_code: str = INDEX,
    *,
    count: int,
    period: Period = Period.DAY,
    until: date | None = None,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> tuple[Bar, ...]:
    """As `read_index_bars`, all or nothing. Raises Throttled, Unreachable, ReadFailed, CredentialProblem."""
    series = await _index(code, market_code, count, period, until, client or default_client(), lane)
    return series.bars(count)


async def _index(
    code: str, market_code: str, count: int, period: Period, until: date | None, client: KisClient, lane: Lane
) -> _Series:
    newest = until or date_of(client.clock())

    def ask(oldest: datetime | None) -> Call:
        last = day_before(oldest, period) if oldest else newest
        first = newest - LONGEST_INDEX_SPAN
        return quote_calls.index_bars(client.config.environment, market_code, code, period, first=first, last=last)

    def read(answer: Answer) -> BarPage:
        return bar_answers.index_bars(answer, period)

    return await _backwards(ask, read, count, INDEX_PAGE, client, lane)


async def _backwards(
    ask: Callable[[datetime | None], Call],
    read: Callable[[Answer], BarPage],
    count: int,
    page_rows: int,
    client: KisClient,
    lane: Lane,
    *,
    repeats_at_its_end: bool = False,
) -> _Series:
    """Pages from the newest bar back until there are `count`.

    An empty page is the end of the history. One that holds no older bar is no proof of it: the series is then
    PARTIAL, unless the function is known to repeat itself there.
    """
    if count < 1:
        raise ValueError("at least one bar must be asked for")
    series = _Series(Pages(client.clock()))
    for _page in range(SHORT_PAGES * -(-count // page_rows) + SHORT_PAGES):
        page = await _one(series, ask(series.oldest), read, client, lane)
        if page is None:
            break
        went_back = series.add(page)
        if not went_back:
            series.exhausted = not page.rows or repeats_at_its_end
            series.pages.spoiled |= not series.exhausted
        if not went_back or len(series.by_start) >= count:
            break
    else:
        series.pages.spoiled = True
    return series


async def _one(
    series: _Series, call: Call, read: Callable[[Answer], BarPage], client: KisClient, lane: Lane
) -> BarPage | None:
    try:
        return read(await client.read(call, lane=lane))
    except (CredentialProblem, NotInPaper):
        raise
    except TradingError as problem:
        series.pages.failure = problem
        return None
