"""The ready rules a second time, by hand: plain Python over lists of bars, and a replay of a dozen lines.

A condition is looked at when a bar has closed; what it wants is filled at the next bar's open.
"""

import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Bar:
    """Prices in cents, exact."""

    start: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int


# --- markets ------------------------------------------------------------------------------------------------


def weekdays(first: date, count: int) -> list[date]:
    found = []
    while len(found) < count:
        if first.weekday() < 5:
            found.append(first)
        first += timedelta(days=1)
    return found


def bar(rng: random.Random, start: datetime, last: int, drift: float, noise: float, gap: float) -> Bar:
    opened = max(100, round(last * (1 + rng.gauss(0, gap))))
    close = max(100, round(opened * (1 + rng.gauss(drift, noise))))
    high = max(opened, close) + round(abs(rng.gauss(0, noise / 2)) * last)
    low = max(50, min(opened, close) - round(abs(rng.gauss(0, noise / 2)) * last))
    surge = 1 + 40 * abs(close / last - 1)
    return Bar(start, opened, high, low, close, round(1_000_000 * surge * rng.uniform(0.6, 1.4)))


def daily_market(seed: int = 41, days: int = 1500) -> list[Bar]:
    """Calm rises, storms, falls and sideways months, one after the other."""
    rng = random.Random(seed)
    moods = [(0.0015, 0.006), (0.0005, 0.025), (-0.002, 0.018), (0.0, 0.010), (0.003, 0.014)]
    bars: list[Bar] = []
    for at, day in enumerate(weekdays(date(2018, 1, 2), days)):
        drift, noise = moods[at // 45 % len(moods)]
        if rng.random() < 0.02:
            drift += rng.choice([-0.04, 0.04])
        start = datetime.combine(day, time(), NEW_YORK).astimezone(UTC)
        bars.append(bar(rng, start, bars[-1].close if bars else 10_000, drift, noise, noise / 3))
    return bars


def intraday_market(minutes: int, seed: int = 42, days: int = 70) -> list[Bar]:
    """Regular sessions in New York, rising over the weeks, with sudden dips that mostly come back."""
    rng = random.Random(seed)
    bars: list[Bar] = []
    fair = 50_000.0
    for day in weekdays(date(2024, 1, 2), days):
        opens = datetime.combine(day, time(9, 30), NEW_YORK).astimezone(UTC)
        for at in range(390 // minutes):
            fair *= 1 + rng.gauss(0.00002 * minutes, 0.0003 * minutes**0.5)
            last = bars[-1].close if bars else round(fair)
            back = 0.25 * (fair / last - 1)
            drift = back - (0.015 if rng.random() < 0.03 else 0)
            start = opens + timedelta(minutes=at * minutes)
            bars.append(bar(rng, start, last, drift, 0.0006 * minutes**0.5, 0.0001))
    return bars


# --- indicators ---------------------------------------------------------------------------------------------


def mean(bars: list[Bar], at: int, n: int, of: str = "close") -> Fraction:
    return Fraction(sum(getattr(each, of) for each in bars[at + 1 - n : at + 1]), n)


def disparity(bars: list[Bar], at: int, n: int) -> Fraction:
    return 100 * bars[at].close / mean(bars, at, n)


def change(bars: list[Bar], at: int, n: int = 1) -> Fraction:
    return 100 * (Fraction(bars[at].close, bars[at - n].close) - 1)


def streak(bars: list[Bar], at: int, sign: int) -> int:
    count = 0
    while at > count and sign * (bars[at - count].close - bars[at - count - 1].close) > 0:
        count += 1
    return count


def place_of_close(each: Bar) -> Fraction:
    span = each.high - each.low
    return Fraction(each.close - each.low, span) if span else Fraction(1, 2)


def deviation(bars: list[Bar], at: int, n: int) -> float:
    return statistics.stdev(float(change(bars, k)) / 100 for k in range(at + 1 - n, at + 1))


def highest(bars: list[Bar], at: int, n: int) -> int:
    """Of the `n` bars before this one."""
    return max(each.high for each in bars[at - n : at])


def lowest(bars: list[Bar], at: int, n: int) -> int:
    return min(each.low for each in bars[at - n : at])


def finished_days(bars: list[Bar], at: int) -> list[int]:
    """Closes of the days that are over when this bar closes."""
    today = bars[at].start.astimezone(NEW_YORK).date()
    closes: dict[date, int] = {}
    for each in bars[:at]:
        closes[each.start.astimezone(NEW_YORK).date()] = each.close
    closes.pop(today, None)
    return list(closes.values())


# --- rules --------------------------------------------------------------------------------------------------

Look = Callable[[list[Bar], int], bool]


@dataclass(frozen=True)
class ByHand:
    """`first`: the bar from which both conditions can be known; `rest`: between one decision and the next to buy."""

    first: int
    entry: Look
    exit: Look
    stop: float
    take: float | None = None
    trail: float | None = None
    rest: timedelta = timedelta(minutes=1)


def _long_dip(bars: list[Bar], at: int) -> bool:
    if disparity(bars, at - 1, 20) > 99 or bars[at].close <= bars[at - 1].high:
        return False
    days = finished_days(bars, at)
    return len(days) >= 20 and days[-1] > Fraction(sum(days[-20:]), 20)


BY_HAND: dict[str, ByHand] = {
    "golden_cross": ByHand(
        60,
        lambda b, i: mean(b, i - 1, 20) <= mean(b, i - 1, 60) and mean(b, i, 20) > mean(b, i, 60),
        lambda b, i: mean(b, i - 1, 20) >= mean(b, i - 1, 60) and mean(b, i, 20) < mean(b, i, 60),
        stop=8,
    ),
    "momentum": ByHand(
        61,
        lambda b, i: change(b, i - 1, 60) <= 15 < change(b, i, 60),
        lambda b, i: change(b, i, 60) < 0,
        stop=10,
        trail=15,
    ),
    "week52_high": ByHand(
        252,
        lambda b, i: b[i].close > highest(b, i, 252),
        lambda b, i: b[i].close < lowest(b, i, 20),
        stop=8,
    ),
    "consecutive": ByHand(
        19,
        lambda b, i: streak(b, i, 1) == 3 and b[i].close > mean(b, i, 20),
        lambda b, i: streak(b, i, -1) >= 3,
        stop=5,
    ),
    "disparity": ByHand(
        20,
        lambda b, i: disparity(b, i - 1, 20) <= 94 < disparity(b, i, 20),
        lambda b, i: disparity(b, i, 20) >= 100,
        stop=6,
    ),
    "failed_breakout": ByHand(
        52,
        lambda b, i: b[i].low < lowest(b, i, 52) < b[i].close,
        lambda b, i: b[i].high > highest(b, i, 52) > b[i].close or b[i].close < lowest(b, i, 52),
        stop=2,
        take=4,
        rest=timedelta(hours=1),
    ),
    "strong_close": ByHand(
        20,
        lambda b, i: (
            place_of_close(b[i]) >= Fraction(8, 10)
            and b[i].close > b[i - 1].close
            and b[i].volume > mean(b, i - 1, 20, "volume") * Fraction(12, 10)
        ),
        lambda b, i: place_of_close(b[i]) < Fraction(3, 10),
        stop=3,
        take=6,
    ),
    "volatility_expansion": ByHand(
        11,
        lambda b, i: deviation(b, i - 1, 10) < 0.015 and change(b, i) >= 2.5,
        lambda b, i: change(b, i) <= -2.5 or b[i].close < lowest(b, i, 10),
        stop=4,
        trail=6,
    ),
    "mean_reversion": ByHand(
        20,
        _long_dip,
        lambda b, i: disparity(b, i, 20) >= 100,
        stop=1.5,
        take=2,
        rest=timedelta(minutes=30),
    ),
    "trend_filter": ByHand(
        64,
        lambda b, i: disparity(b, i, 60) > 102 and mean(b, i, 60) > mean(b, i - 5, 60),
        lambda b, i: disparity(b, i, 60) < 98,
        stop=8,
    ),
}


def replay(rule: ByHand, bars: list[Bar]) -> list[tuple[datetime, datetime | None]]:
    """When each trade was entered and left (None: still open), at the opens that filled them."""
    trades: list[tuple[datetime, datetime | None]] = []
    bought = peak = 0
    decided = datetime.min.replace(tzinfo=UTC)
    for at in range(rule.first, len(bars) - 1):
        filled = bars[at + 1]
        if not bought:
            if bars[at].start - decided >= rule.rest and rule.entry(bars, at):
                trades.append((filled.start, None))
                bought, peak, decided = filled.open, filled.open, bars[at].start
            continue
        peak = max(peak, bars[at].high)
        gain, fall = 100 * (bars[at].close / bought - 1), 100 * (bars[at].close / peak - 1)
        stopped = gain <= -rule.stop or (rule.trail is not None and fall <= -rule.trail)
        if stopped or (rule.take is not None and gain >= rule.take) or rule.exit(bars, at):
            trades[-1] = (trades[-1][0], filled.start)
            bought, decided = 0, bars[at].start
    return trades
