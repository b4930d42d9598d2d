"""What a fill costs. Money is Decimal dollars; percentages and rates are Decimal."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from market.words import Side

ZERO = Decimal(0)
CENT = Decimal("0.01")
COMMISSION_PCT = Decimal("0.25")  # the broker's for US shares ordered online
SEC_RATE = Decimal("0.0000278")  # of what a sale brings: section 31 of the Securities Exchange Act
TAF_PER_SHARE = Decimal("0.000166")  # FINRA's trading activity fee, sales only
TAF_MOST = Decimal("8.30")  # of one sale


@dataclass(frozen=True, slots=True)
class Costs:
    """Commission in percent of the notional of every fill, and the fees of the exchanges on sales.

    A commission is not rounded; the fees of the exchanges are charged in cents (SEC's rounded up, FINRA's to the
    nearest).
    """

    commission_pct: Decimal = COMMISSION_PCT
    sec_rate: Decimal = SEC_RATE
    taf_per_share: Decimal = TAF_PER_SHARE
    taf_most: Decimal = TAF_MOST

    @classmethod
    def only(cls, commission_pct: Decimal) -> "Costs":
        """This commission and no other fee."""
        return cls(commission_pct, ZERO, ZERO, ZERO)

    @property
    def commission_alone(self) -> bool:
        return not self.sec_rate and not self.taf_per_share

    def commission(self, quantity: int, price: Decimal) -> Decimal:
        return quantity * price * self.commission_pct / 100

    def fees(self, side: Side, quantity: int, price: Decimal) -> Decimal:
        """What the exchanges take of a sale, in dollars."""
        if side is Side.BUY or self.commission_alone:
            return ZERO
        sec = (quantity * price * self.sec_rate).quantize(CENT, ROUND_CEILING)
        return sec + min(quantity * self.taf_per_share, self.taf_most).quantize(CENT, ROUND_HALF_UP)

    def on(self, side: Side, quantity: int, price: Decimal) -> Decimal:
        """All that a fill costs beside its price."""
        commission = self.commission(quantity, price)
        return commission if side is Side.BUY else commission + self.fees(side, quantity, price)

    def affordable(self, cash: Decimal, price: Decimal) -> int:
        """Whole shares that this much cash buys at this price, commission included; never below 0."""
        if cash <= 0 or price <= 0:
            return 0
        return int(cash // (price * (1 + self.commission_pct / 100)))
