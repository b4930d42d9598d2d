"""Requests about prices and instruments (sheet 4.17 to 4.25)."""

from kis import codes, functions
from kis.wire.calls import Call, ask
from market.words import Environment, Exchange


def price(environment: Environment, symbol: str, exchange: Exchange) -> Call:
    """The current price (4.17), real and paper."""
    fields = {"AUTH": "", "EXCD": codes.QUOTE_EXCHANGE[exchange], "SYMB": symbol}
    return ask(functions.PRICE, environment, fields)


def minute_bars(
    environment: Environment, symbol: str, exchange: Exchange, minutes: int, count: int, before: str = ""
) -> Call:
    """Minute bars (4.21), newest first, at most 120. `before`: YYYYMMDDHHMMSS, New York, of a further page."""
    fields = {
        "AUTH": "",
        "EXCD": codes.QUOTE_EXCHANGE[exchange],
        "SYMB": symbol,
        "NMIN": str(minutes),
        "PINC": "1",
        "NEXT": "1" if before else "",
        "NREC": str(min(count, functions.MINUTE_BARS.rows[0])),
        "FILL": "",
        "KEYB": before,
    }
    return ask(functions.MINUTE_BARS, environment, fields)
