"""Prices and minute bars of US stocks (sheet 4.17, 4.21)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kis import codes, errors
from kis.client import KisClient, default_client
from kis.transport import unreadable
from kis.wire import quote_answers, quote_calls
from kis.wire.values import NEW_YORK
from market.data import Bar, Quote
from market.errors import Text
from market.words import Exchange, Freshness, Lane


async def get_price(
    symbol: str, exchange: Exchange, *, client: KisClient | None = None, lane: Lane = Lane.SCAN
) -> Quote:
    """The last price. It has no time of its own, so it is STALE until its volume has moved: see `freshened`.

    Raises NoPrice when KIS knows none, Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    client = client or default_client()
    answer = await client.read(quote_calls.price(client.config.environment, symbol, exchange), lane=lane)
    found = quote_answers.quote(answer, symbol, exchange)
    if found is None:
        raise errors.NoPrice(
            Text(
                f"{symbol} 시세가 없습니다. 종목과 거래소를 확인하거나 장 시작을 기다리세요.",
                f"KIS has no price for {symbol}. Check symbol and exchange, or wait for the session.",
            )
        )
    return found


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


async def get_minute_bars(
    symbol: str,
    exchange: Exchange,
    *,
    minutes: int,
    count: int,
    client: KisClient | None = None,
    lane: Lane = Lane.SCAN,
) -> tuple[Bar, ...]:
    """At most `count` bars of `minutes` minutes, oldest first; about a month back (4.21). The last may be open.

    Raises NotInPaper for a paper key, Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    client = client or default_client()
    bars: dict[datetime, Bar] = {}
    before = ""
    for _page in range(codes.MAX_PAGES):
        call = quote_calls.minute_bars(client.config.environment, symbol, exchange, minutes, count - len(bars), before)
        page = quote_answers.minute_bars(await client.read(call, lane=lane), minutes)
        if page.unreadable:
            raise unreadable("output2")  # a hole in a series is worse than none
        older = {bar.start: bar for bar in page.rows if bar.start not in bars}
        if not older:
            break
        bars |= older
        if len(bars) >= count:
            break
        before = f"{(min(older) - timedelta(minutes=minutes)).astimezone(NEW_YORK):%Y%m%d%H%M%S}"
    return tuple(sorted(bars.values(), key=lambda bar: bar.start))[-count:]
