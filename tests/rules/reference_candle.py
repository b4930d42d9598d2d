"""One bar as the published definitions of candle patterns speak of it, in whole numbers.

Prices are whole numbers of 1/10^11, so that every average below divides without a remainder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

UNIT = 1000  # on top of the eight decimals: the least number that all shares and periods below divide


@dataclass(frozen=True)
class Candle:
    """One bar of a series, and the averages over the bars before it by which it is called long, near, equal …"""

    series: Sequence["Candle"]
    at: int
    open: int
    high: int
    low: int
    close: int

    @property
    def white(self) -> bool:
        return self.close >= self.open

    @property
    def black(self) -> bool:
        return not self.white

    @property
    def colour(self) -> int:
        return 1 if self.white else -1

    @property
    def body(self) -> int:
        return abs(self.close - self.open)

    @property
    def top(self) -> int:
        return max(self.open, self.close)

    @property
    def foot(self) -> int:
        return min(self.open, self.close)

    @property
    def upper(self) -> int:
        return self.high - self.top

    @property
    def lower(self) -> int:
        return self.foot - self.low

    @property
    def range(self) -> int:
        return self.high - self.low

    def _sum(self, of: str, bars: int) -> int:
        assert self.at >= bars, "asked before there are enough bars"
        return sum(getattr(candle, of) for candle in self.series[self.at - bars : self.at])

    @property
    def mean_body(self) -> int:
        return self._sum("body", 10) // 10

    @property
    def long(self) -> bool:
        return self.body > self.mean_body

    @property
    def short(self) -> bool:
        return self.body < self.mean_body

    @property
    def doji_limit(self) -> int:
        return self._sum("range", 10) // 100

    @property
    def doji(self) -> bool:
        return self.body <= self.doji_limit

    @property
    def no_upper(self) -> bool:
        return self.upper < self._sum("range", 10) // 100

    @property
    def no_lower(self) -> bool:
        return self.lower < self._sum("range", 10) // 100

    @property
    def some_upper(self) -> bool:
        return self.upper > self._sum("range", 10) // 100

    @property
    def some_lower(self) -> bool:
        return self.lower > self._sum("range", 10) // 100

    @property
    def mean_shadow(self) -> int:
        return (self._sum("upper", 10) + self._sum("lower", 10)) // 20

    @property
    def equal(self) -> int:
        return self._sum("range", 5) // 100

    @property
    def near(self) -> int:
        return self._sum("range", 5) // 25

    @property
    def far(self) -> int:
        return 3 * self._sum("range", 5) // 25

    @property
    def bare(self) -> bool:
        return self.no_upper and self.no_lower

    @property
    def marubozu(self) -> bool:
        return self.long and self.bare

    @property
    def bare_at_open(self) -> bool:
        return self.no_lower if self.white else self.no_upper

    def above(self, other: "Candle") -> bool:
        """A gap up between the bodies."""
        return self.foot > other.top

    def below(self, other: "Candle") -> bool:
        return self.top < other.foot

    def wholly_above(self, other: "Candle") -> bool:
        return self.low > other.high

    def wholly_below(self, other: "Candle") -> bool:
        return self.high < other.low

    def within(self, other: "Candle") -> bool:
        """This body lies strictly inside the other's."""
        return self.top < other.top and self.foot > other.foot

    def engulfs(self, other: "Candle") -> bool:
        return self.top > other.top and self.foot < other.foot

    def opens_like_soldier(self, before: "Candle") -> bool:
        return before.open < self.open <= before.close + before.near
