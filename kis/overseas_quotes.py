"""Prices of US stocks: last price, detail, order book, many at once, trades, screener (sheet 4.17 to 4.19, 4.25).

Bars are in `overseas_bars`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from kis import codes, errors, functions
from kis.client import KisClient, default_client
from kis.paging import Pages, complete, read_pages
from kis.wire import quote_answers, quote_calls
from kis.wire.answers import Answer, Page
from kis.wire.calls import Call
from market.data import Quote
from market.errors import CredentialProblem, NotInPaper, Text, TradingError
from market.orders import Listing
from market.prices import OrderBook, PriceDetail, PriceSnapshot, Screen, ScreenedStock, Trade
from market.words import Exchange, Freshness, Lane


async def get_price(
    symbol: str,
    exchange: Exchange,
    *,
    daytime: bool = False,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> Quote:
    """The last price. It has no time of its own, so it is STALE until its volume has moved: see `freshened`.

    Raises NoPrice when KIS knows none, Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    client = client or default_client()
    call = quote_calls.price(client.config.environment, symbol, exchange, daytime=daytime)
    found = quote_answers.quote(await client.read(call, lane=lane), symbol, exchange)
    return _there(found, symbol)


def freshened(seen: Quote, before: Quote | None) -> Quote:
    """`seen` marked FRESH if its cumulative volume rose since `before`, an earlier look in the same session."""
    if before is None or before.volume is None or seen.volume is None or seen.volume <= before.volume:
        return seen
    return replace(seen, freshness=Freshness.FRESH)


async def find_price(symbol: str, exchange: Exchange | None, *, client: KisClient, lane: Lane = Lane.SCAN) -> Quote:
    """The price on this exchange, or on the first that has one. Raises as `get_price`."""
    tried: Sequence[Exchange] = (exchange,) if exchange else tuple(Exchange)
    for candidate in tried[:-1]:
        try:
            return await get_price(symbol, candidate, client=client, lane=lane)
        except errors.NoPrice:
            continue
    return await get_price(symbol, tried[-1], client=client, lane=lane)


async def get_price_detail(
    symbol: str,
    exchange: Exchange,
    *,
    daytime: bool = False,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> PriceDetail:
    """The price with everything around it (4.18). Raises NotInPaper, and as `get_price`."""
    client = client or default_client()
    call = quote_calls.price_detail(client.config.environment, symbol, exchange, daytime=daytime)
    return _there(quote_answers.price_detail(await client.read(call, lane=lane), symbol, exchange), symbol)


async def get_order_book(
    symbol: str,
    exchange: Exchange,
    *,
    daytime: bool = False,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> OrderBook:
    """Up to ten levels a side with the market's time (4.19). Raises NotInPaper, and as `get_price`."""
    client = client or default_client()
    call = quote_calls.order_book(client.config.environment, symbol, exchange, daytime=daytime)
    return _there(quote_answers.order_book(await client.read(call, lane=lane), symbol, exchange), symbol)


async def get_prices(
    wanted: Iterable[tuple[str, Exchange]], *, daytime: bool = False, client: KisClient | None = None
) -> list[PriceSnapshot]:
    """As `read_prices`, all or nothing. Raises NotInPaper, Throttled, ReadFailed, CredentialProblem."""
    return complete(await read_prices(wanted, daytime=daytime, client=client or default_client(), lane=Lane.SCAN))


async def read_prices(
    wanted: Iterable[tuple[str, Exchange]], *, daytime: bool = False, client: KisClient, lane: Lane
) -> Listing[PriceSnapshot]:
    """Prices of many symbols, ten in a request (4.25). A symbol without a price has no row.

    The time of a row is a clock without a date: `quote.at` is the last moment it can have been, and the quote is
    STALE until its volume has moved (`freshened`). Raises NotInPaper and CredentialProblem only.
    """
    asked = list(dict.fromkeys(wanted))
    found = Pages[PriceSnapshot](client.clock())
    size = functions.MANY_PRICES.rows[0]
    for start in range(0, len(asked), size):
        part = asked[start : start + size]
        call = quote_calls.many_prices(client.config.environment, part, daytime=daytime)

        def parse(answer: Answer, part: Sequence[tuple[str, Exchange]] = part) -> Page[PriceSnapshot]:
            return quote_answers.many_prices(answer, part)

        found.add(await read_pages(call, parse, client=client, lane=lane))
    return found.listing(tuple(found.rows))


async def get_trades(
    symbol: str,
    exchange: Exchange,
    *,
    today: bool = True,
    trading_day: date | None = None,
    client: KisClient | None = None,
) -> list[Trade]:
    """As `read_trades`, all or nothing. Raises NotInPaper, Throttled, ReadFailed, CredentialProblem."""
    client = client or default_client()
    return complete(
        await read_trades(symbol, exchange, today=today, trading_day=trading_day, client=client, lane=Lane.SCAN)
    )


async def read_trades(
    symbol: str,
    exchange: Exchange,
    *,
    today: bool = True,
    trading_day: date | None = None,
    daytime: bool = False,
    client: KisClient,
    lane: Lane,
) -> Listing[Trade]:
    """The newest trades that KIS lists of today, or of the day before (4.25), newest first.

    Its rows have a Korean clock without a date: give the `trading_day` (New York) where it is known; without it
    `at` is the last moment it can have been, and None for the day before. KIS documents no way to older trades.
    Raises NotInPaper and CredentialProblem only.
    """
    call = quote_calls.trades(client.config.environment, symbol, exchange, today=today, daytime=daytime)

    def parse(answer: Answer) -> Page[Trade]:
        return quote_answers.trades(answer, on=trading_day, today=today)

    found = await read_pages(call, parse, client=client, lane=lane)
    return found.listing(tuple(found.rows))


async def get_screen(exchange: Exchange, wanted: Screen, *, client: KisClient | None = None) -> list[ScreenedStock]:
    """As `read_screen`, all or nothing. Raises Throttled, ReadFailed, CredentialProblem."""
    return complete(await read_screen(exchange, wanted, client=client or default_client(), lane=Lane.SCAN))


async def read_screen(exchange: Exchange, wanted: Screen, *, client: KisClient, lane: Lane) -> Listing[ScreenedStock]:
    """The stocks of an exchange within a screen's spans (4.25), real and paper.

    Complete only when KIS says that there is no more and the rows are as many as it counted.
    Raises CredentialProblem only.
    """
    found = Pages[ScreenedStock](client.clock())
    stocks: dict[str, ScreenedStock] = {}
    call: Call | None = quote_calls.screen(client.config.environment, exchange, wanted)
    while call is not None:
        answer = await _answer(found, call, client, lane)
        if answer is None:
            break
        page, known = quote_answers.screened(answer), len(stocks)
        found.spoiled |= page.unreadable > 0
        stocks |= {row.symbol: row for row in page.rows}
        call = _next_screen(call, answer)
        short = call is not None or len(stocks) < (quote_answers.screen_total(answer) or 0)
        if short and (call is None or len(stocks) == known or found.pages >= codes.MAX_PAGES):
            found.spoiled = True  # there is more, and no way to it
            break
    return found.listing(tuple(stocks.values()))


async def _answer[T](found: Pages[T], call: Call, client: KisClient, lane: Lane) -> Answer | None:
    try:
        answer = await client.read(call, lane=lane)
    except (CredentialProblem, NotInPaper):
        raise
    except TradingError as problem:
        found.failure = problem
        return None
    found.pages += 1
    return answer


def _next_screen(call: Call, answer: Answer) -> Call | None:
    """The further page that KIS announces, by its header or by naming a key; None when it does neither."""
    position = quote_answers.screen_position(answer)
    if not position and answer.tr_cont.strip().upper() not in codes.MORE_PAGES:
        return None
    return replace(call, fields={**call.fields, "KEYB": position}, tr_cont="N")


def _there[T](found: T | None, symbol: str) -> T:
    if found is None:
        raise errors.NoPrice(
            Text(
                f"{symbol} 시세가 없습니다. 종목과 거래소를 확인하거나 장 시작을 기다리세요.",
                f"KIS has no price for {symbol}. Check symbol and exchange, or wait for the session.",
            )
        )
    return found
