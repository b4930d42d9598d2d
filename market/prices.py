"""What a broker tells of prices beyond the last one. Frozen; None is what it left blank; prices in US dollars."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from market.data import Quote
from market.words import Exchange


@dataclass(frozen=True, slots=True)
class PriceDetail:
    """One symbol in full. `read_at`: when the answer came, for it has no time of its own."""

    symbol: str
    exchange: Exchange
    last: Decimal
    read_at: datetime
    currency: str
    decimals: int | None
    trading_unit: int | None
    tick_size: Decimal | None
    tradable: bool | None  # None: the broker did not say
    tradable_text: str
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    volume: int | None
    amount: Decimal | None
    previous_volume: int | None
    previous_amount: Decimal | None
    upper_limit: Decimal | None  # US shares have none
    lower_limit: Decimal | None
    high_52w: Decimal | None
    high_52w_on: date | None
    low_52w: Decimal | None
    low_52w_on: date | None
    per: Decimal | None
    pbr: Decimal | None
    eps: Decimal | None
    bps: Decimal | None
    listed_shares: int | None
    capital: Decimal | None
    market_cap: Decimal | None
    par_value: Decimal | None
    sector: str
    etp_class: str
    last_krw: Decimal | None
    fx_rate: Decimal | None  # KRW per USD
    previous_fx_rate: Decimal | None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BookLevel:
    """`change`: shares more or fewer than at the look before, signed."""

    price: Decimal
    size: int | None
    change: int | None = None


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Best level first, at most ten a side. `at`: the market's time; None when the broker gave none."""

    symbol: str
    exchange: Exchange
    at: datetime | None
    read_at: datetime
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    last: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    total_bid_size: int | None
    total_ask_size: int | None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """One of many prices asked for at once: the quote, and the day around it."""

    quote: Quote
    name_ko: str
    currency: str
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    previous_volume: int | None
    amount: Decimal | None
    bid_size: int | None
    ask_size: int | None
    listed_shares: int | None
    market_cap: Decimal | None
    high_52w: Decimal | None
    high_52w_on: date | None
    low_52w: Decimal | None
    low_52w_on: date | None
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of the tick list. `clock` is Korean; `at` is None when the list does not say which day it was."""

    clock: time
    at: datetime | None
    price: Decimal
    size: int
    volume: int | None  # cumulative
    bid: Decimal | None
    ask: Decimal | None
    rate: Decimal | None  # per cent against the previous close
    strength: Decimal | None  # 체결강도
    market_type: str
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`, both included."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not (self.low.is_finite() and self.high.is_finite() and self.low <= self.high):
            raise ValueError("a span goes from a lower number to a higher one")


@dataclass(frozen=True, slots=True)
class Screen:
    """What a stock must be; None does not matter.

    `price` in US dollars, `rate` in per cent since the previous close, `market_cap` and `amount` in thousands of
    US dollars, `listed_shares` in thousands, `volume` in shares.
    """

    price: Span | None = None
    rate: Span | None = None
    market_cap: Span | None = None
    listed_shares: Span | None = None
    volume: Span | None = None
    amount: Span | None = None
    eps: Span | None = None
    per: Span | None = None


@dataclass(frozen=True, slots=True)
class ScreenedStock:
    """A stock that a screen found. The broker documents little here: the rest is in `raw`."""

    symbol: str
    exchange: Exchange
    name_ko: str
    name_en: str
    last: Decimal | None
    rate: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    volume: int | None
    amount: Decimal | None
    market_cap: Decimal | None
    listed_shares: int | None
    eps: Decimal | None
    per: Decimal | None
    rank: int | None
    tradable_text: str
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
