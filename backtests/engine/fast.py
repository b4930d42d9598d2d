"""The array path: all verdicts first, then from one decision to the next. Only where it is provably the judge's result.

That is: one rule whose entry is decided by bars alone, and whose exit is decided by bars alone or by its own stops
beside that; orders that fill whole at the next open. Everything else, and whatever is doubtful, is left to the judge.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy

from backtests.engine.at_once import PLACES, at_once, in_units
from backtests.engine.book import Book
from backtests.engine.judges import ConditionJudge, series_of
from backtests.engine.lane import LAST_BAR, LESS_CASH, NO_CASH, TOO_SMALL, Held, Judge
from backtests.engine.orders import exact, factor, marketable_price
from backtests.engine.plan import Plan
from backtests.engine.step import new_book
from market.columns import Columns
from market.words import Side, TimeInForce
from rules.domain import Rule, quantity_for
from rules.language import Compiled, bind_params
from rules.language.nodes import Boolean
from rules.language.replay import Replay

SHORTEST_DAY = 23 * 3600
DOUBT = 1e-9  # percent: nearer than this to a stop, the judge's exact arithmetic decides
FIRST_SCAN, LONGEST_SCAN = 128, 65_536


def run_array(plan: Plan, judges: tuple[Judge, ...]) -> Book | None:
    """The book after the replay, or None when this path would have to guess."""
    judge = judges[0]
    if not _may_try(plan) or not isinstance(judge, ConditionJudge):
        return None
    rule, columns = plan.rules[0], plan.series[0]
    entries = judge.replays[Side.BUY].array()
    exits = None if entries is None else _exits(plan, judge)
    if entries is None or exits is None:
        return None
    wanted = numpy.flatnonzero(entries == 1)
    if plan.trade_from is not None:
        wanted = wanted[wanted.searchsorted(columns.start.searchsorted(plan.trade_from)) :]
    leave = numpy.flatnonzero(exits == 1)
    stops = _Stops(rule, columns, judge) if _has_stops(rule) else None
    if stops is None and (book := at_once(plan, wanted, leave)) is not None:
        return book
    # where a stop may let go, the price at which it sells is not known beforehand
    money = (None if stops else _whole(plan, wanted, leave)) or _Decimals(plan)
    _walk(_Walk(rule, columns, wanted.tolist(), leave.tolist(), money, stops))
    money.close()
    return money.book


def _may_try(plan: Plan) -> bool:
    rule = plan.rules[0]
    length = min(plan.series[0].timeframe.seconds, SHORTEST_DAY)  # no two closes are nearer
    return (
        len(plan.rules) == 1
        and plan.options.plain
        and rule.program is None
        and rule.time_in_force is TimeInForce.DAY
        and rule.cooldown_sec <= length
        and rule.max_entries == 1
    )


def _has_stops(rule: Rule) -> bool:
    return any(each is not None for each in (rule.stop_loss_pct, rule.take_profit_pct, rule.trailing_stop_pct))


def _exits(plan: Plan, judge: ConditionJudge) -> numpy.ndarray | None:
    """The verdicts of the exit without the stops; None when it needs more than bars."""
    rule = plan.rules[0]
    if not _has_stops(rule):
        return judge.replays[Side.SELL].array()
    node = bind_params(rule.exit, rule.params)
    if node == Boolean(False):  # nothing but its stops
        return numpy.zeros(len(plan.series[0]), dtype=numpy.int8)
    compiled = Compiled(node)
    return Replay(compiled, series_of(plan, 0, compiled.checked.needs), beside=judge.replays[Side.BUY]).array()


@dataclass(slots=True)
class _Walk:
    rule: Rule
    columns: Columns
    wanted: list[int]
    leave: list[int]
    money: "_Wholes | _Decimals"
    stops: "_Stops | None"


def _walk(walk: _Walk) -> None:
    """From entry to exit to entry. A bar's index is the one on whose close it is decided; it fills in the next."""
    wanted, leave, money, n = walk.wanted, walk.leave, walk.money, len(walk.columns)
    book, count, place, after = money.book, len(wanted), 0, 0
    while place < count:
        bar = wanted[place]
        quantity = money.quantity(bar)
        place += 1
        if quantity < 1:
            book.veto(0, bar, Side.BUY, "whole_quantity", TOO_SMALL)
            continue
        if bar + 1 == n:
            book.not_filled(0, bar, Side.BUY, quantity, LAST_BAR)
            return
        filled = money.buy(bar, quantity)
        if filled < quantity:
            book.not_filled(0, bar, Side.BUY, quantity - filled, LESS_CASH if filled else NO_CASH)
        if not filled:
            continue
        after = bisect_left(leave, bar + 1, after)
        end = leave[after] if after < len(leave) else n
        if walk.stops is not None and isinstance(money, _Decimals):
            end = walk.stops.first(bar + 1, min(end, n - 1), money.paid, end)
        if end >= n:
            return
        if end + 1 == n:
            book.not_filled(0, end, Side.SELL, filled, LAST_BAR)
            return
        money.sell(end, filled)
        place = bisect_left(wanted, end + 1, place)


class _Decimals:
    """Money by the book itself."""

    def __init__(self, plan: Plan) -> None:
        self.book = new_book(plan)
        self._plan, self._columns = plan, plan.series[0]
        self.paid = Decimal(0)

    def quantity(self, bar: int) -> int:
        return quantity_for(self._plan.rules[0], exact(self._columns.close[bar]))

    def buy(self, bar: int, quantity: int) -> int:
        """Shares that the cash affords of those, bought at the next open."""
        price = self._price(Side.BUY, bar)
        quantity = min(quantity, self.book.costs.affordable(self.book.cash, price))
        if quantity:
            self.paid = price
            self.book.fill(0, Side.BUY, quantity, price, bar=bar + 1, decided=bar, day=0)
        return quantity

    def sell(self, bar: int, quantity: int) -> None:
        self.book.fill(0, Side.SELL, quantity, self._price(Side.SELL, bar), bar=bar + 1, decided=bar, day=0)

    def close(self) -> None:
        """The book knows all."""

    def _price(self, side: Side, bar: int) -> Decimal:
        return marketable_price(side, exact(self._columns.open[bar + 1]), self._plan.options)


class _Wholes:
    """The same in whole numbers: prices in units of 10^-PLACES times slippage, cash in units fine enough for fees."""

    def __init__(self, plan: Plan, closes: dict[int, int], opens: dict[int, int]) -> None:
        self.book = new_book(plan)
        self._rule, self._closes, self._opens = plan.rules[0], closes, opens
        buy, sell = (Fraction(factor(side, plan.options.slippage_bps)) for side in (Side.BUY, Side.SELL))
        fee = Fraction(plan.costs.commission_pct) / 100
        slip = max(buy.denominator, sell.denominator)
        self._buy, self._sell = int(buy * slip), int(sell * slip)
        self._price_unit = slip * 10**PLACES
        self._fee, self._fee_unit = fee.numerator, fee.denominator
        self._unit = self._price_unit * self._fee_unit
        self._amount = int(plan.rules[0].buy_amount_usd * 10**PLACES)
        cash = Fraction(plan.cash) * self._unit
        self.possible = cash.denominator == 1 and self._amount == plan.rules[0].buy_amount_usd * 10**PLACES
        self._cash = int(cash)

    def quantity(self, bar: int) -> int:
        return min(self._amount // self._closes[bar], self._rule.max_position)

    def buy(self, bar: int, quantity: int) -> int:
        price = self._opens[bar + 1] * self._buy
        quantity = min(quantity, self._cash // (price * (self._fee_unit + self._fee)))
        if quantity:
            value = quantity * price
            fee = value * self._fee
            self._cash -= value * self._fee_unit + fee
            self._write(bar, quantity, price, fee)
        return quantity

    def sell(self, bar: int, quantity: int) -> None:
        price = self._opens[bar + 1] * self._sell
        value = quantity * price
        fee = value * self._fee
        self._cash += value * self._fee_unit - fee
        self._write(bar, -quantity, price, fee)

    def _write(self, bar: int, quantity: int, price: int, fee: int) -> None:
        unit = self._unit
        self.book.ledger.add((0, bar + 1, bar, quantity, price / self._price_unit, fee / unit, 0.0, self._cash / unit))

    def close(self) -> None:
        """Tells the book what is left."""
        self.book.cash = Decimal(self._cash) / self._unit
        self.book.holdings[0].quantity = int(self.book.ledger.columns()["quantity"].sum())


def _whole(plan: Plan, wanted: numpy.ndarray, leave: numpy.ndarray) -> _Wholes | None:
    """Money in whole numbers, when every price that may matter has few enough decimals."""
    if not plan.costs.commission_alone:
        return None
    columns = plan.series[0]
    after = numpy.concatenate((wanted, leave)) + 1
    closes = _scaled(columns.close, wanted)
    opens = _scaled(columns.open, after[after < len(columns)])
    if closes is None or opens is None:
        return None
    money = _Wholes(plan, closes, opens)
    return money if money.possible else None


def _scaled(values: numpy.ndarray, bars: numpy.ndarray) -> dict[int, int] | None:
    units = in_units(values[bars])
    return None if units is None else dict(zip(bars.tolist(), units.tolist(), strict=True))


class _Stops:
    """Finds the first bar of a holding at which a stop lets go: by floats, and by the judge where they are close."""

    def __init__(self, rule: Rule, columns: Columns, judge: ConditionJudge) -> None:
        self._columns, self._exit = columns, judge.replays[Side.SELL].step
        self._loss = -float(rule.stop_loss_pct) if rule.stop_loss_pct is not None else -numpy.inf
        self._profit = float(rule.take_profit_pct) if rule.take_profit_pct is not None else numpy.inf
        self._trail = -float(rule.trailing_stop_pct) if rule.trailing_stop_pct is not None else None

    def first(self, begin: int, last: int, paid: Decimal, otherwise: int) -> int:
        """The first bar from `begin` to `last` whose close lets go, `otherwise` when none does."""
        held = Held()
        held.qty, held.avg_price, held.opened_at = 1, paid, float(self._columns.start[begin])
        high = float(paid)
        for a, b in _stretches(begin, last + 1):
            highs = numpy.maximum.accumulate(numpy.maximum(self._columns.high[a:b], high))
            high = float(highs[-1])
            for k in numpy.flatnonzero(self._near(self._columns.close[a:b], highs, float(paid))).tolist():
                held.high_since_entry = float(highs[k])
                if self._exit(a + k, held):
                    return a + int(k)
        return otherwise

    def _near(self, close: numpy.ndarray, highs: numpy.ndarray, paid: float) -> numpy.ndarray:
        gain = (close / paid - 1) * 100
        near: numpy.ndarray = (gain <= self._loss + DOUBT) | (gain >= self._profit - DOUBT)
        if self._trail is not None:
            near |= (close / highs - 1) * 100 <= self._trail + DOUBT
        return near


def _stretches(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Most holdings are short: the stretches looked at grow."""
    length = FIRST_SCAN
    while begin < end:
        yield begin, min(end, begin + length)
        begin += length
        length = min(length * 2, LONGEST_SCAN)
