"""What a trade costs, as data. Who charges it, and from when, stands beside each rate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from kis.simulator import codes

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Fees:
    """Shares of the traded value, unless said otherwise."""

    commission: Decimal = Decimal("0.0025")
    sec: Decimal = Decimal("0.0000278")  # SEC section 31, sells
    taf: Decimal = Decimal("0.000166")  # FINRA's trading activity fee, USD a share, sells
    taf_most: Decimal = Decimal("8.30")  # of one trade
    ptp: Decimal = Decimal("0.10")  # withheld from the proceeds of a publicly traded partnership (section 6.5)
    paper_buffer: Decimal = Decimal("0.007")  # what paper holds back on a buy (section 4.9)

    def on(self, side: str, value: Decimal, quantity: int = 0) -> Decimal:
        """Commission and, on sells, the fees of the exchanges; USD to the cent."""
        extra = value * self.sec + min(quantity * self.taf, self.taf_most) if side == "sell" else Decimal(0)
        return (value * self.commission + extra).quantize(CENT, ROUND_HALF_UP)

    def withheld(self, side: str, value: Decimal, *, ptp: bool) -> Decimal:
        """US tax kept back from a sale; USD to the cent."""
        return (value * self.ptp).quantize(CENT, ROUND_HALF_UP) if ptp and side == "sell" else Decimal(0)

    def buffer(self, environment: str) -> Decimal:
        return self.paper_buffer if environment == codes.PAPER else self.commission
