"""What the house asks of a broker. `kis` gives it; nobody above needs to know KIS."""

from datetime import date
from decimal import Decimal
from typing import Protocol

from market.data import Bar, BarListing, Quote
from market.orders import (
    AmendTicket,
    BuyingPower,
    CancelTicket,
    ExecutionRow,
    Holding,
    Listing,
    OrderAccepted,
    OrderTicket,
)
from market.words import Environment, Exchange, Lane


class Prepared(Protocol):
    """A request with everything slow already done: token, hash, rate slot, an open connection (safety.md 1.5)."""

    async def send(self, *, within: float) -> OrderAccepted:
        """Write it, once, and read the answer.

        `within`: seconds from now after which it must not be written any more (raises Unreachable unsent),
        on a clock that counts sleep. Raises Refused (proved), Throttled, Unreachable (no byte written),
        OutcomeUnknown, CredentialProblem. Never sends twice; a second call raises RuntimeError.
        """
        ...

    async def discard(self) -> None:
        """Give back what was reserved; the request will not be sent."""
        ...


class Broker(Protocol):
    environment: Environment

    async def prepare_order(self, ticket: OrderTicket, *, lane: Lane) -> Prepared: ...

    async def prepare_cancel(self, ticket: CancelTicket) -> Prepared: ...

    async def prepare_amend(self, ticket: AmendTicket, *, lane: Lane = Lane.ENTRY) -> Prepared:
        """The order goes on under a new number; never sent again when its outcome is unknown (safety.md 1.8)."""
        ...

    async def open_orders(self, *, lane: Lane = Lane.TRACKING) -> Listing[ExecutionRow]:
        """Orders with shares still open, every page. On paper the list may lag by minutes."""
        ...

    async def executions(self, first: date, last: date, *, lane: Lane = Lane.TRACKING) -> Listing[ExecutionRow]:
        """All orders with a US order date in [first, last], every page, rows of other channels included."""
        ...

    async def holdings(self, *, lane: Lane = Lane.TRACKING) -> Listing[Holding]: ...

    async def buying_power(
        self, symbol: str, exchange: Exchange, price: Decimal, *, lane: Lane = Lane.TRACKING
    ) -> BuyingPower: ...

    async def quote(self, symbol: str, exchange: Exchange, *, lane: Lane = Lane.SCAN) -> Quote: ...

    async def minute_bars(self, symbol: str, exchange: Exchange, *, minutes: int, count: int) -> tuple[Bar, ...]:
        """Oldest first, at most `count`; real side only (paper raises NotInPaper)."""
        ...

    async def daily_bars(self, symbol: str, exchange: Exchange, *, count: int, adjusted: bool = True) -> BarListing:
        """The newest `count` days, on both sides; today's is not closed. Raises CredentialProblem only."""
        ...

    async def aclose(self) -> None: ...
