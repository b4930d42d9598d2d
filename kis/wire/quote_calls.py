"""Requests about prices (sheet 4.17 to 4.22, 4.25)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from kis import codes, functions
from kis.wire.calls import Call, ask
from kis.wire.values import NEW_YORK
from market.data import Period
from market.prices import Screen, Span
from market.words import Environment, Exchange

PERIOD_CODE = {Period.DAY: "0", Period.WEEK: "1", Period.MONTH: "2"}  # 4.20 GUBN
INDEX_PERIOD_CODE = {Period.DAY: "D", Period.WEEK: "W", Period.MONTH: "M", Period.YEAR: "Y"}  # 4.22
# 4.25 the screen's conditions, as they are called in CO_YN_…, CO_ST_…, CO_EN_…
SCREEN_CODE = {
    "price": "PRICECUR",
    "rate": "RATE",
    "market_cap": "VALX",
    "listed_shares": "SHAR",
    "volume": "VOLUME",
    "amount": "AMT",
    "eps": "EPS",
    "per": "PER",
}


def _of(symbol: str, exchange: Exchange, daytime: bool = False) -> dict[str, str]:
    family = codes.DAYTIME_QUOTE_EXCHANGE if daytime else codes.QUOTE_EXCHANGE
    return {"AUTH": "", "EXCD": family[exchange], "SYMB": symbol}


def price(environment: Environment, symbol: str, exchange: Exchange, *, daytime: bool = False) -> Call:
    """The current price (4.17), real and paper."""
    return ask(functions.PRICE, environment, _of(symbol, exchange, daytime))


def price_detail(environment: Environment, symbol: str, exchange: Exchange, *, daytime: bool = False) -> Call:
    """The price with everything around it (4.18), real only."""
    return ask(functions.PRICE_DETAIL, environment, _of(symbol, exchange, daytime))


def order_book(environment: Environment, symbol: str, exchange: Exchange, *, daytime: bool = False) -> Call:
    """Ten levels of bids and asks (4.19), real only."""
    return ask(functions.ORDER_BOOK, environment, _of(symbol, exchange, daytime))


def many_prices(environment: Environment, wanted: Sequence[tuple[str, Exchange]], *, daytime: bool = False) -> Call:
    """At most ten prices at once (4.25), real only. ValueError for none or more."""
    most = functions.MANY_PRICES.rows[0]
    if not 1 <= len(wanted) <= most:
        raise ValueError(f"one to {most} symbols can be asked for at once")
    fields = {"AUTH": "", "NREC": str(len(wanted))}
    for number in range(1, most + 1):  # all documented fields are sent, the unused ones blank
        symbol, exchange = wanted[number - 1] if number <= len(wanted) else ("", None)
        code = _of(symbol, exchange, daytime)["EXCD"] if exchange else ""
        fields |= {f"EXCD_{number:02}": code, f"SYMB_{number:02}": symbol}
    return ask(functions.MANY_PRICES, environment, fields)


def trades(environment: Environment, symbol: str, exchange: Exchange, *, today: bool, daytime: bool = False) -> Call:
    """The newest trades of today or of the day before (4.25), real only."""
    fields = {**_of(symbol, exchange, daytime), "TDAY": "1" if today else "0", "KEYB": ""}
    return ask(functions.TICKS, environment, fields)


def period_bars(
    environment: Environment,
    symbol: str,
    exchange: Exchange,
    period: Period,
    *,
    last: date | None = None,
    adjusted: bool = True,
) -> Call:
    """Bars of a day, week or month (4.20), newest first, at most 100 up to `last` (None: today)."""
    fields = {
        **_of(symbol, exchange),
        "GUBN": PERIOD_CODE[period],
        "BYMD": f"{last:%Y%m%d}" if last else "",
        "MODP": "1" if adjusted else "0",
        "KEYB": "",
    }
    return ask(functions.PERIOD_BARS, environment, fields)


def minute_bars(
    environment: Environment,
    symbol: str,
    exchange: Exchange,
    minutes: int,
    count: int,
    *,
    until: datetime | None = None,
    daytime: bool = False,
) -> Call:
    """Minute bars (4.21), newest first, at most 120, the newest starting at `until` or before; real only."""
    fields = {
        **_of(symbol, exchange, daytime),
        "NMIN": str(minutes),
        "PINC": "1",
        "NEXT": "1" if until else "",
        "NREC": str(min(count, functions.MINUTE_BARS.rows[0])),
        "FILL": "",
        "KEYB": f"{until.astimezone(NEW_YORK):%Y%m%d%H%M%S}" if until else "",
    }
    return ask(functions.MINUTE_BARS, environment, fields)


def index_bars(
    environment: Environment, market_code: str, code: str, period: Period, *, first: date, last: date
) -> Call:
    """Bars of an index, a currency or a large stock (4.22). `market_code`: N index, X currency, I bond, S gold."""
    fields = {
        "FID_COND_MRKT_DIV_CODE": market_code,
        "FID_INPUT_ISCD": code,
        "FID_INPUT_DATE_1": f"{first:%Y%m%d}",
        "FID_INPUT_DATE_2": f"{last:%Y%m%d}",
        "FID_PERIOD_DIV_CODE": INDEX_PERIOD_CODE[period],
    }
    return ask(functions.INDEX_BARS, environment, fields)


def screen(environment: Environment, exchange: Exchange, wanted: Screen, *, position: str = "") -> Call:
    """Stocks within the spans of a screen (4.25). `position`: the key of a further page, "" where KIS names none."""
    fields = {"AUTH": "", "EXCD": codes.QUOTE_EXCHANGE[exchange]}
    for name, code in SCREEN_CODE.items():
        span: Span | None = getattr(wanted, name)
        fields |= {
            f"CO_YN_{code}": "1" if span else "",
            f"CO_ST_{code}": _plain(span.low) if span else "",
            f"CO_EN_{code}": _plain(span.high) if span else "",
        }
    return ask(functions.SCREENER, environment, {**fields, "KEYB": position})


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
