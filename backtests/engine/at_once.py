"""All fills of a replay by a few array operations, in whole numbers: exact, or not at all.

Which bars decide depends on money in two cases only: an amount below one share, and cash that runs out. Then this
answers None, and the slower ways do it.
"""

from decimal import Decimal
from fractions import Fraction

import numpy

from backtests.engine.book import Book
from backtests.engine.lane import LAST_BAR
from backtests.engine.orders import factor
from backtests.engine.plan import Plan
from backtests.engine.step import new_book
from market.words import Side

PLACES = 8  # decimals of a price up to which money is reckoned in whole numbers
MOST = 10**15  # a price in whole numbers that a float still tells from its neighbours
ROOM = 2.0**62  # below this whole numbers do not overflow


def in_units(values: numpy.ndarray) -> numpy.ndarray | None:
    """Prices in whole numbers of 10^-PLACES; None when one has more decimals."""
    units = numpy.rint(values * 10.0**PLACES)
    if len(units) and (units.max() >= MOST or not (units / 10.0**PLACES == values).all()):
        return None
    return units.astype(numpy.int64)


def at_once(plan: Plan, wanted: numpy.ndarray, leave: numpy.ndarray) -> Book | None:
    """The book of a rule that wants in and out on the closes of these bars (both rising)."""
    columns, rule, n = plan.series[0], plan.rules[0], len(plan.series[0])
    amount = rule.buy_amount_usd * 10**PLACES
    if not plan.costs.commission_alone or amount != int(amount) or amount >= 2**62:
        return None
    entries, exits = _pairs(wanted, leave, n)
    closes = in_units(columns.close[entries])
    bought, sold = entries + 1 < n, exits + 1 < n
    decided = _interleaved(entries, exits, bought, sold)
    opens = in_units(columns.open[decided + 1])
    if closes is None or opens is None:
        return None
    quantity = numpy.minimum(int(amount) // closes, rule.max_position)
    if (quantity < 1).any():
        return None
    signed = _interleaved(quantity, -quantity, bought, sold)
    book = _booked(plan, decided, signed, opens)
    if book is not None and len(entries):
        _say_last(book, int(entries[-1]), int(exits[-1]), int(quantity[-1]), n)
    return book


def _pairs(wanted: numpy.ndarray, leave: numpy.ndarray, n: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Deciding bars of the entries that are acted on, and of their exits (n: none)."""
    ends = numpy.append(leave, n)[leave.searchsorted(wanted + 1)]
    after = wanted.searchsorted(ends + 1).tolist()
    picked, place, count = [], 0, len(wanted)
    while place < count:
        picked.append(place)
        place = after[place]
    return wanted[picked], ends[picked]


def _interleaved(
    first: numpy.ndarray, second: numpy.ndarray, has_first: numpy.ndarray, has_second: numpy.ndarray
) -> numpy.ndarray:
    """first[0], second[0], first[1], … without those that are not there."""
    both = numpy.column_stack((first, second)).ravel()
    return both[numpy.column_stack((has_first, has_first & has_second)).ravel()]


def _booked(plan: Plan, decided: numpy.ndarray, signed: numpy.ndarray, opens: numpy.ndarray) -> Book | None:
    bps, percent = plan.options.slippage_bps, Fraction(plan.costs.commission_pct) / 100
    buy, sell = (Fraction(factor(side, bps)) for side in (Side.BUY, Side.SELL))
    slip = max(buy.denominator, sell.denominator)
    price_unit, fee_unit, fee_share = slip * 10**PLACES, percent.denominator, percent.numerator
    unit = price_unit * fee_unit
    cash = Fraction(plan.cash) * unit
    factors = numpy.where(signed > 0, float(buy * slip), float(sell * slip))
    moved = (numpy.abs(signed) * opens.astype(float) * factors).sum() * (fee_unit + fee_share)
    if cash.denominator != 1 or float(cash) + moved * 1.01 >= ROOM:
        return None
    price = opens * factors.astype(numpy.int64)
    value = signed * price
    fee = numpy.abs(value) * fee_share
    left = int(cash) - (value * fee_unit + fee).cumsum()
    if (left < 0).any():
        return None
    book = new_book(plan)
    table = numpy.zeros((len(signed), len(book.ledger.COLUMNS)))
    parts = {"bar": decided + 1, "decided": decided, "quantity": signed, "price": _divided(price, price_unit)}
    parts |= {"commission": _divided(fee, unit), "cash": _divided(left, unit)}
    for name, values in parts.items():
        table[:, book.ledger.COLUMNS.index(name)] = values
    book.ledger.rows.frombytes(table.tobytes())
    book.cash = Decimal(int(left[-1]) if len(left) else int(cash)) / unit
    book.holdings[0].quantity = int(signed.sum())
    return book


def _divided(values: numpy.ndarray, unit: int) -> numpy.ndarray | list[float]:
    """The nearest floats to the quotients, which numpy gives only while both are exact in floats."""
    if unit < 2**53 and (not len(values) or int(values.max()) < 2**53):
        return values / float(unit)
    return [value / unit for value in values.tolist()]


def _say_last(book: Book, entry: int, exit: int, quantity: int, n: int) -> None:
    if entry + 1 == n:
        book.not_filled(0, entry, Side.BUY, quantity, LAST_BAR)
    elif exit + 1 == n:
        book.not_filled(0, exit, Side.SELL, quantity, LAST_BAR)
