"""What is known about the market, at one moment. Frozen; times are aware and UTC; money is Decimal dollars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from market.orders import Listing
from market.words import Environment, Exchange, Freshness, Session, Timeframe

if TYPE_CHECKING:
    from market.columns import Columns


def aware(moment: datetime) -> datetime:
    """The moment itself; a time without a zone is refused, because it is not a time."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is not a time")
    return moment


@dataclass(frozen=True, slots=True)
class Quote:
    """The latest price of one symbol. `at` is the market's time; `received_at` ours."""

    symbol: str
    exchange: Exchange
    last: Decimal
    at: datetime
    received_at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    volume: int | None = None  # cumulative shares of the day: proves that the market moved
    session: Session | None = None
    freshness: Freshness = Freshness.FRESH
    source: str = "websocket"
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle. `start` is inclusive; the bar covers [start, start + timeframe)."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    closed: bool = True


class Period(StrEnum):
    """Length of the bars that reach back for years; New York's calendar decides where one begins."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class BarListing(Listing[Bar]):
    """Bars oldest first, and what they are worth.

    `complete`: nothing is missing between the first and the last row. `exhausted`: the broker has nothing older;
    fewer rows than asked for are then all there are. `raw`: the broker's rows, in the same order; `head`: what it
    said beside the newest of them. A bar of a day or longer starts at midnight in New York.
    """

    exhausted: bool = False
    raw: tuple[Mapping[str, Any], ...] = field(default=(), compare=False, repr=False)
    head: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Bars:
    """Oldest first. `complete` is False when the window has holes: indicators then answer "warming up".

    `begins`: nothing lies before the first row. `_ready`: the same rows as columns, from a series that has them.
    """

    timeframe: Timeframe
    rows: Sequence[Bar] = ()
    complete: bool = True
    begins: bool = False
    _ready: "Columns | None" = field(default=None, compare=False, repr=False, kw_only=True)

    @cached_property
    def columns(self) -> "Columns":
        """The rows as numbers, the forming one among them; made once."""
        if self._ready is not None:
            return self._ready
        from market.columns import Columns  # numpy costs a tenth of a second, and most processes reckon nothing

        return Columns.of(self.rows, self.timeframe, self.begins)


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Whose bars, and how long each is."""

    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class OwnedPosition:
    """What the rule itself owns of its symbol (safety.md 2.1), not what the account holds."""

    qty: int = 0
    avg_price: Decimal | None = None
    opened_at: datetime | None = None
    high_since_entry: Decimal | None = None
    entries: int = 0  # buys that it comes from; re-priced ones are one


@dataclass(frozen=True, slots=True)
class AccountView:
    """What a rule may know of its account."""

    environment: Environment
    buying_power_usd: Decimal | None = None
    equity_usd: Decimal | None = None
    cash_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """Where in the trading day `now` lies; `trading_day` is New York's."""

    session: Session | None
    trading_day: date | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """What a rule remembers between looks; stored, so that a restart forgets nothing."""

    last_entry_at: datetime | None = None
    last_exit_at: datetime | None = None
    last_bar_at: datetime | None = None  # start of the last bar a bar-close rule has judged


@dataclass(frozen=True, slots=True)
class MarketData:
    """All that `rules.domain.evaluate` may know."""

    now: datetime
    symbol: str
    quote: Quote | None
    bars: Bars
    position: OwnedPosition = field(default_factory=OwnedPosition)
    account: AccountView = field(default_factory=lambda: AccountView(Environment.PAPER))
    session: SessionView = field(default_factory=lambda: SessionView(None))
    memory: RuleMemory = field(default_factory=RuleMemory)
    others: Mapping[SeriesKey, Bars] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aware(self.now)
