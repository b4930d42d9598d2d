"""What can be traded here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kis.simulator.codes import MARKETS, Market


@dataclass(frozen=True, slots=True)
class Listing:
    symbol: str
    market: Market
    name: str
    english: str
    base_cents: int  # the level around which the price moves
    volume: int  # shares per tick, on average
    etf: bool = False


def _listing(symbol: str, quote: str, name: str, english: str, base: int, volume: int, etf: bool = False) -> Listing:
    return Listing(symbol, MARKETS[quote], name, english, base, volume, etf)


DEFAULT = (
    _listing("AAPL", "NAS", "애플", "APPLE INC", 21450, 160),
    _listing("MSFT", "NAS", "마이크로소프트", "MICROSOFT CORP", 41820, 90),
    _listing("NVDA", "NAS", "엔비디아", "NVIDIA CORP", 18306, 260),
    _listing("TSLA", "NAS", "테슬라", "TESLA INC", 24190, 200),
    _listing("AMZN", "NAS", "아마존닷컴", "AMAZON.COM INC", 19875, 120),
    _listing("KO", "NYS", "코카콜라", "COCA-COLA CO", 6872, 140),
    _listing("IBM", "NYS", "IBM", "INTERNATIONAL BUSINESS MACHINES CORP", 24810, 60),
    _listing("SPY", "AMS", "SPDR S&P 500", "SPDR S&P 500 ETF TRUST", 56240, 220, True),
)


def read(rows: list[dict[str, Any]]) -> tuple[Listing, ...]:
    """Listings of a scenario file: `symbol`, `market` (NAS, NYS, AMS), `price`; optional `name`, `volume`, `etf`."""
    return tuple(
        _listing(
            str(row["symbol"]),
            str(row.get("market", "NAS")),
            str(row.get("name", row["symbol"])),
            str(row.get("english", row["symbol"])),
            round(float(row.get("price", 100)) * 100),
            int(row.get("volume", 120)),
            bool(row.get("etf", False)),
        )
        for row in rows
    )
