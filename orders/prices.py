"""A price for what a person wants sent: the bot's own when it is fresh, else the broker's answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings

from market.broker import Broker
from market.data import Quote
from market.errors import TradingError
from market.words import Exchange, Freshness, Lane

ASK_EVERY_SEC = 1.0  # at most so often for one symbol
MARKET_SECOND = timedelta(seconds=1)  # the market's times have whole seconds


@dataclass
class Prices:
    """Prices by symbol. `known` is the live mapping of whoever hears the market; empty where nobody does.

    A price that was asked for has no time of its own: it is fresh only once its volume has moved (safety.md 4.1).
    """

    broker: Broker
    known: Mapping[str, Quote] = field(default_factory=dict)
    _asked: dict[str, tuple[float, Quote | None]] = field(default_factory=dict)

    def heard(self, symbol: str, now: datetime) -> Quote | None:
        """The price that the bot has heard, if it is fresh by the market's time and ours."""
        quote, most = self.known.get(symbol), settings.BOT_QUOTE_MAX_AGE
        if quote is None or quote.freshness is not Freshness.FRESH or quote.last <= 0:
            return None
        old = now - quote.received_at > most or now - quote.at > most + MARKET_SECOND
        return None if old else quote

    async def of(self, symbol: str, exchange: Exchange, now: datetime) -> Quote | None:
        """The price heard, or asked for; None when there is none. One that is not fresh says so."""
        heard = self.heard(symbol, now)
        if heard is not None:
            return heard
        asked_at, before = self._asked.get(symbol, (-ASK_EVERY_SEC, None))
        if time.monotonic() - asked_at < ASK_EVERY_SEC:
            return before
        try:
            found = await self.broker.quote(symbol, exchange, lane=Lane.EXIT)
        except TradingError:
            self._asked[symbol] = time.monotonic(), before
            return None
        moved = before is not None and None not in (before.volume, found.volume) and found.volume > before.volume  # type: ignore[operator]
        found = replace(found, freshness=Freshness.FRESH) if moved else found
        self._asked[symbol] = time.monotonic(), found
        return found if found.last > 0 else None
