"""How an account does, whoever pays in or out, and what a difference of cash means (safety.md 3.5). Pure.

An account is counted in units, as a fund is: its equity by the units is the equity alone. Trading moves the equity;
paying in or out makes more or fewer units. So a deposit raises no peak and hides no loss, a withdrawal is no drawdown.
US dollars as Decimal.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")
MONEY_STEP = Decimal("0.0001")
UNIT_STEP = Decimal(1).scaleb(-24)
WIDE = Context(prec=44, rounding=ROUND_HALF_EVEN)  # as many digits as the column has
SEOUL = ZoneInfo("Asia/Seoul")

SETTLED_AT = time(10, 40)  # Seoul: the last batch of settled figures is shown by 10:35 (kis-protocol 4.8)
MORNINGS_AFTER_A_US_DAY = {1, 2, 3, 4, 5}  # Tuesday to Saturday in Seoul
STAYS_FOR = timedelta(minutes=10)  # a difference that nothing of ours explains is believed when it lasted so long
SMALL = Decimal("0.01")  # of the cash: exchange rates and fees move that much, so it waits for settlement


@dataclass(frozen=True, slots=True)
class Standing:
    """`units` None: the worth was never known. `alone`: equity as it would be had nobody paid in or out."""

    units: Decimal | None = None
    alone: Decimal | None = None
    peak: Decimal | None = None
    peak_at: datetime | None = None


def marked(standing: Standing, equity: Decimal, at: datetime) -> Standing:
    """After trading or prices made the equity this."""
    if standing.units is None or standing.alone is None or standing.peak is None:
        return Standing(ONE, equity, equity, at) if equity > 0 else standing
    if not standing.units:
        return standing if equity <= 0 else replace(standing, units=_units(equity, standing.alone))
    alone = max(MONEY_STEP, WIDE.divide(equity, standing.units).quantize(MONEY_STEP, context=WIDE))
    if alone > standing.peak:
        return replace(standing, alone=alone, peak=alone, peak_at=at)
    return replace(standing, alone=alone)


def paid(standing: Standing, equity: Decimal, amount: Decimal, at: datetime) -> Standing:
    """After `amount` came from outside (negative: went) while the equity was `equity`. What was done stays done."""
    standing = marked(standing, equity, at)
    if standing.units is None or standing.alone is None:
        return standing  # measured from the first known worth on
    return replace(standing, units=_units(equity + amount, standing.alone))


def drawdown_pct(alone: Decimal | None, peak: Decimal | None) -> Decimal | None:
    """Per cent below the peak, in [0, 100]; None while unknown."""
    if alone is None or not peak:
        return None
    below = (peak - alone) / peak * 100
    return min(Decimal(100), max(ZERO, below)).quantize(MONEY_STEP, ROUND_HALF_EVEN)


def _units(equity: Decimal, alone: Decimal) -> Decimal:
    """None left when everything was taken out: then nothing is gained or lost until somebody pays in."""
    return WIDE.divide(equity, alone).quantize(UNIT_STEP, context=WIDE) if equity > 0 else ZERO


@dataclass(frozen=True, slots=True)
class Gap:
    """The broker's cash less ours, as much of it as has been there all the time since `since`."""

    usd: Decimal
    since: datetime


def narrowed(gap: Gap | None, difference: Decimal, now: datetime) -> Gap | None:
    """What is left of the gap after one more look; None when the two agree to the cent."""
    if abs(difference) < CENT:
        return None
    if gap is None or (gap.usd > 0) != (difference > 0):
        return Gap(difference, now)
    return gap if abs(gap.usd) <= abs(difference) else Gap(difference, gap.since)


def believed_at(gap: Gap, *, cash: Decimal, ours_moved: bool) -> datetime:
    """When what is still unexplained then came from outside.

    Soon, if our own ledger did not move since both agreed: nothing of ours can explain it. Else, and when it is so
    small that fees or an exchange rate may be it, when the trades of that day are settled.
    """
    if ours_moved or abs(gap.usd) < SMALL * abs(cash):
        return settled_after(gap.since)
    return gap.since + STAYS_FOR


def settled_after(moment: datetime) -> datetime:
    """The morning in Seoul on which the trades of a US day that was going on at `moment` show settled (T+1)."""
    morning = (moment + timedelta(days=1)).astimezone(SEOUL)
    day = morning.date() if morning.time() <= SETTLED_AT else morning.date() + timedelta(days=1)
    while day.weekday() not in MORNINGS_AFTER_A_US_DAY:
        day += timedelta(days=1)
    return datetime.combine(day, SETTLED_AT, SEOUL)
