"""What a number is a number of. `close > volume` compares dollars with shares, and means nothing.

None, "anything", fits every unit: literals, parameters, and what no unit can be given to (a product of prices …).
"""

from enum import StrEnum

from market.errors import Text
from rules.indicators.registry import Unit as IndicatorUnit
from rules.language.nodes import Operator


class Measure(StrEnum):
    DOLLARS = "dollars"
    SHARES = "shares"
    PERCENT = "percent"
    MINUTES = "minutes"
    BARS = "bars"
    INDEX = "index"  # on a scale of its own, such as RSI's 0 to 100
    RATIO = "ratio"  # of two like things

    @property
    def text(self) -> Text:
        """As it follows "is" in English."""
        return _TITLES[self]


_TITLES = {
    Measure.DOLLARS: Text("달러", "in dollars"),
    Measure.SHARES: Text("주식 수", "in shares"),
    Measure.PERCENT: Text("퍼센트", "in percent"),
    Measure.MINUTES: Text("분", "in minutes"),
    Measure.BARS: Text("봉의 수", "a number of bars"),
    Measure.INDEX: Text("지수", "an index"),
    Measure.RATIO: Text("비율", "a ratio"),
}
_OF_INDICATORS = {
    IndicatorUnit.SHARES: Measure.SHARES,
    IndicatorUnit.PERCENT: Measure.PERCENT,
    IndicatorUnit.RATIO: Measure.RATIO,
    IndicatorUnit.INDEX: Measure.INDEX,
    IndicatorUnit.COUNT: Measure.BARS,
}
_THINGS = (Measure.DOLLARS, Measure.SHARES)  # the others have no dimension, and a ratio may stand beside them


def of_output(unit: IndicatorUnit, source: str) -> Measure | None:
    """The measure of an indicator's output that is computed over this column."""
    if unit is IndicatorUnit.PRICE:
        return Measure.SHARES if source == "volume" else Measure.DOLLARS
    return _OF_INDICATORS.get(unit)


def fit(left: Measure | None, right: Measure | None) -> bool:
    """Whether the two may be compared, added or subtracted."""
    if left is None or right is None or left is right:
        return True
    return Measure.RATIO in (left, right) and left not in _THINGS and right not in _THINGS


def combined(op: Operator, left: Measure | None, right: Measure | None) -> Measure | None:
    """The measure of what an operator makes of two numbers that it may be given."""
    match op:
        case Operator.ADD | Operator.SUBTRACT:
            return left if right in (None, Measure.RATIO) else right
        case Operator.MULTIPLY:
            return _product(left, right)
        case Operator.DIVIDE:
            return _quotient(left, right)


def _product(left: Measure | None, right: Measure | None) -> Measure | None:
    plain = (None, Measure.RATIO)
    if left in plain or right in plain:
        return right if left in plain and right is not None else left
    if {left, right} == set(_THINGS):
        return Measure.DOLLARS  # a price times shares
    return None


def _quotient(left: Measure | None, right: Measure | None) -> Measure | None:
    if left is not None and left is right:
        return Measure.RATIO
    if right in (None, Measure.RATIO):
        return left
    if (left, right) == _THINGS:
        return Measure.DOLLARS  # an amount by its shares is a price
    return None
