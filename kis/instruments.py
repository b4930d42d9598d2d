"""What KIS knows of an instrument, and when its trades settle (sheet 4.23, 4.24). Master files are in `master`."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from kis import errors
from kis.client import KisClient, default_client
from kis.paging import complete, read_pages
from kis.wire import instrument_answers, instrument_calls
from market.errors import Text
from market.instruments import InstrumentInfo, SettlementDate
from market.orders import Listing
from market.words import Exchange, Lane


async def get_info(
    symbol: str, exchange: Exchange | None = None, *, client: KisClient | None = None, lane: Lane = Lane.SCAN
) -> InstrumentInfo:
    """All about one instrument, on this exchange or on the first that has it.

    Raises NoInstrument when KIS has none there, NotInPaper, Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    client = client or default_client()
    tried: Sequence[Exchange] = (exchange,) if exchange else tuple(Exchange)
    for candidate in tried:
        found = await _info(symbol, candidate, client, lane)
        if found is not None:
            return found
    where = exchange.value if exchange else "NASDAQ, NYSE, AMEX"
    raise errors.NoInstrument(
        Text(
            f"{where}에서 {symbol} 종목 정보를 찾지 못했습니다. 종목 코드와 거래소를 확인하세요.",
            f"KIS has no information on {symbol} ({where}). Check symbol and exchange.",
        )
    )


async def _info(symbol: str, exchange: Exchange, client: KisClient, lane: Lane) -> InstrumentInfo | None:
    try:
        answer = await client.read(instrument_calls.info(client.config.environment, symbol, exchange), lane=lane)
    except errors.NoData:
        return None
    return instrument_answers.info(answer, symbol, exchange)


async def get_settlement_dates(trade_date: date, *, client: KisClient | None = None) -> list[SettlementDate]:
    """As `read_settlement_dates`, all or nothing. Raises NotInPaper, Throttled, ReadFailed, CredentialProblem."""
    return complete(await read_settlement_dates(trade_date, client=client or default_client(), lane=Lane.SCAN))


async def read_settlement_dates(trade_date: date, *, client: KisClient, lane: Lane) -> Listing[SettlementDate]:
    """When trades made on a date settle, one row a US market. Not a calendar of sessions (4.23).

    Raises NotInPaper and CredentialProblem only.
    """
    call = instrument_calls.settlement_dates(client.config.environment, trade_date)
    parse = partial(instrument_answers.settlement_dates, trade_date=trade_date)
    found = await read_pages(call, parse, client=client, lane=lane)
    return found.listing(tuple(found.rows))
