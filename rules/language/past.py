"""One past moment, answering what rules.language.look.Look answers of the present one, from columns."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from market.columns import Columns, end_of
from rules.language.beside import beside
from rules.language.nodes import OWN, Series

if TYPE_CHECKING:
    from rules.language.leaves import Leaves, Quotes, SessionColumns


class PositionLike(Protocol):
    """What the rule holds. Prices: Decimal, or the nearest float; `opened_at` in seconds since 1970.

    It may also have `buying_power_usd`, `cash_usd` and `equity_usd` of its account; otherwise they are unknown.
    """

    @property
    def qty(self) -> int: ...
    @property
    def avg_price(self) -> Decimal | float | None: ...
    @property
    def opened_at(self) -> float | None: ...
    @property
    def high_since_entry(self) -> Decimal | float | None: ...


class Flat:
    """Nothing is held."""

    qty = 0
    avg_price = None
    opened_at = None
    high_since_entry = None


FLAT = Flat()


def exact(value: Any) -> Any:
    """The decimal number that a float stands for, the shortest that is nearest to it; None and NaN are unknown."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(repr(float(value))) if value == value else None


class PastLook:
    """The moment at which own bar `i` had closed. Nothing later is read."""

    __slots__ = ("_columns", "_held", "_leaves", "_now", "_price", "_quotes", "_session", "i")

    current = True

    def __init__(
        self, leaves: "Leaves", i: int, position: PositionLike, quotes: "Quotes", session: "SessionColumns"
    ) -> None:
        self.i = i
        self._leaves = leaves
        self._held = position
        self._quotes = quotes
        self._session = session
        self._price: Decimal | None = None
        self._now: datetime | None = None
        self._columns: dict[Series, Columns | None] = {}

    # ---- as a Look

    @property
    def price(self) -> Decimal | None:
        if self._price is None:
            self._price = exact(self._leaves.own.close.item(self.i))
        return self._price

    @property
    def quote(self) -> "PastLook":
        return self

    @property
    def market(self) -> "PastLook":
        return self

    @property
    def rows(self) -> range:
        return range(self.i + 1)

    def seen(self, series: Series) -> "PastSeen | None":
        columns = self._leaves.columns_of(series)
        return None if columns is None else PastSeen(columns.upto(self._newest(series) + 1))

    def bar(self, field: str, offset: int) -> Decimal | None:
        return self.bar_of(OWN, field, offset)

    def bar_of(self, series: Series, field: str, offset: int) -> Decimal | None:
        columns = self._leaves.columns_of(series)
        at = self._newest(series) - offset
        return None if columns is None or at < 0 else exact(columns.column(field).item(at))

    def columns(self) -> Columns | None:
        return self.columns_of(OWN)

    def columns_of(self, series: Series) -> Columns | None:
        if series not in self._columns:
            columns, newest = self._leaves.columns_of(series), self._newest(series)
            self._columns[series] = None if columns is None or newest < 0 else columns.upto(newest + 1)
        return self._columns[series]

    def columns_beside(self, series: Series, benchmark: Series) -> Columns | None:
        columns, other = self.columns_of(series), self.columns_of(benchmark)
        return None if columns is None or other is None else beside(columns, other)

    def _newest(self, series: Series) -> int:
        if series == OWN:
            return self.i
        return -1 if self._leaves.columns_of(series) is None else int(self._leaves.newest(series)[self.i])

    # ---- as its quote

    @property
    def last(self) -> Decimal | None:
        return self.price

    @property
    def bid(self) -> Decimal | None:
        return None if self._quotes.bid is None else exact(self._quotes.bid.item(self.i))

    @property
    def ask(self) -> Decimal | None:
        return None if self._quotes.ask is None else exact(self._quotes.ask.item(self.i))

    # ---- as its market

    symbol = "SYMBOL"  # a replay knows whose bars it reads by their place alone

    @property
    def bars(self) -> Columns:
        return self._leaves.own

    @property
    def now(self) -> datetime:
        if self._now is None:
            own = self._leaves.own
            self._now = datetime.fromtimestamp(end_of(own.timeframe, own.start.item(self.i)), UTC)
        return self._now

    @property
    def position(self) -> "PastLook":
        return self

    @property
    def account(self) -> "PastLook":
        return self

    @property
    def session(self) -> "_PastSession":
        return _PastSession(self)

    @property
    def qty(self) -> int:
        return self._held.qty

    @property
    def avg_price(self) -> Decimal | None:
        price: Decimal | None = exact(self._held.avg_price)
        return price

    @property
    def opened_at(self) -> datetime | None:
        opened = self._held.opened_at
        return None if opened is None else datetime.fromtimestamp(opened, UTC)

    @property
    def high_since_entry(self) -> Decimal | None:
        price: Decimal | None = exact(self._held.high_since_entry)
        return price

    @property
    def buying_power_usd(self) -> Decimal | None:
        return self._amount("buying_power_usd")

    @property
    def cash_usd(self) -> Decimal | None:
        return self._amount("cash_usd")

    @property
    def equity_usd(self) -> Decimal | None:
        return self._amount("equity_usd")

    def _amount(self, name: str) -> Decimal | None:
        amount: Decimal | None = exact(getattr(self._held, name, None))
        return amount


class PastSeen:
    """The bars of a series that could be seen."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns)


class _PastSession:
    def __init__(self, look: PastLook) -> None:
        self._look = look

    @property
    def session(self) -> Any:
        phase = self._look._session.phase
        word = phase[self._look.i] if phase else None
        return None if word is None else _Word(word)

    @property
    def opens_at(self) -> datetime | None:
        minutes = self._minutes(self._look._session.minutes_since_open)
        return None if minutes is None else self._look.now - minutes

    @property
    def closes_at(self) -> datetime | None:
        minutes = self._minutes(self._look._session.minutes_to_close)
        return None if minutes is None else self._look.now + minutes

    def _minutes(self, values: Any) -> timedelta | None:
        minutes = float("nan") if values is None else values.item(self._look.i)
        return timedelta(minutes=minutes) if minutes == minutes else None


class _Word(str):
    """A word where code expects a member of an enumeration."""

    @property
    def value(self) -> str:
        return str(self)
