"""Figures of the companies behind the symbols: plausible, the same for a symbol for ever, and nobody's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from kis.simulator.listing import Listing

SECTORS = ("기술", "금융", "헬스케어", "소비재", "에너지", "산업재")


@dataclass(frozen=True, slots=True)
class Company:
    shares: int
    per: Decimal
    pbr: Decimal
    eps: Decimal  # USD
    bps: Decimal
    sector: str

    @staticmethod
    def of(listing: Listing) -> Company:
        """Of one symbol. A fund earns nothing of its own."""
        digest = hashlib.sha256(f"company:{listing.symbol}".encode()).digest()
        shares, base = listing.volume * 50_000_000, Decimal(listing.base_cents) / 100
        if listing.etf:
            return Company(shares, Decimal(0), Decimal(0), Decimal(0), Decimal(0), "ETF")
        per, pbr = Decimal(8 + digest[0] % 40), Decimal(1 + digest[1] % 12)
        return Company(shares, per, pbr, base / per, base / pbr, SECTORS[digest[2] % len(SECTORS)])
