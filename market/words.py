"""Enumerations every part shares. They travel as lower-case words."""

from enum import StrEnum


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @classmethod
    def read(cls, word: str) -> "Side":
        """Either case is accepted."""
        return cls(word.lower())


class Exchange(StrEnum):
    """Where a US stock is listed. KIS's two families of codes are made from it in `kis.wire` alone."""

    NASDAQ = "nasdaq"
    NYSE = "nyse"
    AMEX = "amex"


class Environment(StrEnum):
    REAL = "real"
    PAPER = "paper"


class Session(StrEnum):
    DAYTIME = "daytime"
    PRE = "pre"
    REGULAR = "regular"
    AFTER = "after"


class TimeInForce(StrEnum):
    """What KIS has for US stocks: day orders, and the two auctions (real only)."""

    DAY = "day"
    AT_OPEN = "at_open"
    AT_CLOSE = "at_close"


class SliceBy(StrEnum):
    """How KIS spreads a limit order that it slices: evenly over time, or with the traded volume (real only)."""

    TWAP = "twap"
    VWAP = "vwap"


class OrderType(StrEnum):
    """KIS has no US market order: MARKETABLE is a limit beyond the touch, with a collar."""

    LIMIT = "limit"
    MARKETABLE = "marketable"


class Timeframe(StrEnum):
    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        """Length of one bar in seconds."""
        unit = {"m": 60, "h": 3600, "d": 86400}[self.value[-1]]
        return int(self.value[:-1]) * unit


class EvaluateOn(StrEnum):
    """When a rule looks: at every new price, or once when a bar has closed."""

    TICK = "tick"
    BAR_CLOSE = "bar_close"


class Action(StrEnum):
    NONE = "none"
    ENTRY = "entry"
    EXIT = "exit"


class MarginMode(StrEnum):
    """USD cash only, or KIS's integrated margin (통합증거금)."""

    USD = "usd"
    INTEGRATED = "integrated"


class Freshness(StrEnum):
    """What an answer is worth. Only FRESH moves money; EMPTY is a fact, the others are not."""

    FRESH = "fresh"
    EMPTY = "empty"
    STALE = "stale"
    PARTIAL = "partial"
    THROTTLED = "throttled"
    FAILED = "failed"


class TradingState(StrEnum):
    """`reducing`: exits and cancels only. `halted`: nothing."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class Lane(StrEnum):
    """Whose turn it is at the broker's rate limit, most urgent first."""

    EXIT = "exit"
    ENTRY = "entry"
    TRACKING = "tracking"
    SCAN = "scan"
