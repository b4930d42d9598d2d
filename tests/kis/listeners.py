"""Who listens to a live client, or counts what a client asked for."""

from typing import Any

from kis.realtime import RealtimeClient
from market.data import Quote
from market.orders import Notice
from market.prices import OrderBook


class Heard:
    """What a client's listeners were told."""

    def __init__(self, realtime: RealtimeClient) -> None:
        self.ticks: list[Quote] = []
        self.books: list[OrderBook] = []
        self.notices: list[Notice] = []
        self.gaps: list[bool] = []
        realtime.on_tick(self.ticks.append)
        realtime.on_book(self.books.append)
        realtime.on_notice(self.notices.append)
        realtime.on_gap(lambda: self.gaps.append(True))


class Issues:
    """Counts the requests for a token."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def of(self, path: str) -> int:
        return sum(e.get("path") == path for e in self.events)

    @property
    def count(self) -> int:
        return self.of("/oauth2/tokenP")
