"""What one evaluation costs a live bot, beside the same rule written by hand: `./run bench rule`. One JSON line.

    ./run bench rule                 20,000 ticks and 2,000 bar closes
    ./run bench rule --ticks 5000    fewer

The rule has five conditions over seven indicators, nearly always true, so that nothing ends early. Both sides
get the same MarketData, ask the same indicators for the same values and check the same things about quote and bars.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

from bots.bars import BarSeries
from market.data import AccountView, Bar, MarketData, OwnedPosition, Quote, SessionView
from market.words import Action, Environment, EvaluateOn, Exchange, Freshness, Session, Timeframe
from rules.domain import Decision, Rule, evaluate
from rules.indicators.values import value_at
from rules.language import parse

ENTRY = (
    "ema(12) > ema(26) - 100 and rsi(14) < 99 and close between sma(20) - 50 and bollinger(20, 2).upper + 50 "
    "and atr(14) > 0.0001 and adx(14) > 0.5"
)
OPENS = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)  # a Wednesday; the two days before are history
MINUTES = 390
TARGET = 1.5


def rule_of(evaluate_on: EvaluateOn) -> Rule:
    return Rule(
        id=UUID(int=1),
        version=1,
        symbol="AAPL",
        exchange=Exchange.NASDAQ,
        timeframe=Timeframe.M1,
        evaluate_on=evaluate_on,
        entry=parse(ENTRY),
        exit=parse("rsi(14) > 70"),
        buy_amount_usd=Decimal(1000),
        max_position=100,
    )


def by_hand(market: MarketData, *, closed_only: bool) -> Action:
    """The rule as a person would write it, without a language, reasons, or a key for the order."""
    quote, bars = market.quote, market.bars
    if quote is None or quote.freshness is not Freshness.FRESH or quote.last <= 0 or not bars.complete:
        return Action.NONE
    columns, last = bars.columns, bars.rows[-1]
    if closed_only and not last.closed:
        columns, last = columns.upto(len(columns) - 1), bars.rows[-2]
        judged = market.memory.last_bar_at
        late = market.now - last.start > timedelta(seconds=180)
        if late or (judged is not None and last.start <= judged):
            return Action.NONE
    fast, slow = value_at(columns, "ema", (12,)), value_at(columns, "ema", (26,))
    if fast is None or slow is None or not fast > slow - 100.0:
        return Action.NONE
    rsi = value_at(columns, "rsi", (14,))
    if rsi is None or not rsi < 99.0:
        return Action.NONE
    mean, upper = value_at(columns, "sma", (20,)), value_at(columns, "bollinger", (20, 2.0), "upper")
    if mean is None or upper is None or not mean - 50.0 <= float(last.close) <= upper + 50.0:
        return Action.NONE
    atr = value_at(columns, "atr", (14,))
    if atr is None or not atr > 0.0001:
        return Action.NONE
    adx = value_at(columns, "adx", (14,))
    if adx is None or not adx > 0.5:
        return Action.NONE
    return Action.ENTRY


@dataclass
class Moment:
    """One new price, as two bots with nothing in common have it."""

    ours: MarketData
    theirs: MarketData


def moments(count: int, ticks_a_bar: int) -> Iterator[Moment]:
    """A day's minutes after two days of history, again and again, `ticks_a_bar` new prices in each minute."""
    rng = random.Random(1)  # noqa: S311 - the same prices every time
    given = 0
    while True:
        series = [with_history(random.Random(2)) for _ in range(2)]  # noqa: S311
        price, traded = Decimal(100), 0
        for minute in range(MINUTES):
            for tick in range(ticks_a_bar):
                now = OPENS + timedelta(minutes=minute, seconds=tick * 60 / ticks_a_bar)
                price = max(price + Decimal(rng.randint(-5, 5)) / 100, Decimal(1))
                traded += rng.randint(1, 500)
                quote = Quote("AAPL", Exchange.NASDAQ, price, now, now, price - 1, price + 1, volume=traded)
                for each in series:
                    each.add(quote)
                yield Moment(*(_market(each, quote) for each in series))
                given += 1
                if given == count:
                    return


def _market(series: BarSeries, quote: Quote) -> MarketData:
    return MarketData(
        now=quote.at,
        symbol="AAPL",
        quote=quote,
        bars=series.view(),
        position=OwnedPosition(),
        account=AccountView(Environment.PAPER),
        session=SessionView(Session.REGULAR, OPENS.date(), OPENS, OPENS + timedelta(minutes=MINUTES)),
    )


def with_history(rng: random.Random) -> BarSeries:
    series, rows, price = BarSeries(Timeframe.M1, keep=2000), [], Decimal(100)
    for day in (3, 2, 1):
        for minute in range(MINUTES):
            start = OPENS - timedelta(days=day) + timedelta(minutes=minute)
            close = max(price + Decimal(rng.randint(-10, 10)) / 100, Decimal(1))
            high, low = max(price, close) + Decimal("0.03"), min(price, close) - Decimal("0.03")
            rows.append(Bar(start, price, high, low, close, rng.randint(1, 100_000)))
            price = close
    series.fill(rows, OPENS)
    return series


def measure(evaluate_on: EvaluateOn, count: int, ticks_a_bar: int) -> dict[str, Any]:
    """Median microseconds of one evaluation, ours and by hand, in turns, so that the machine is the same to both."""
    rule, closed_only = rule_of(evaluate_on), evaluate_on is EvaluateOn.BAR_CLOSE
    ours, rendered, hand, judged = [], [], [], 0
    for moment in moments(count, ticks_a_bar):
        spent, decision = _timed(evaluate, rule, moment.ours)
        ours.append(spent)
        rendered.append(spent + _timed(_rendered, decision)[0])
        spent, action = _timed(by_hand, moment.theirs, closed_only=closed_only)
        hand.append(spent)
        if action is not decision.action:
            raise AssertionError(f"{action} by hand, {decision.action} by the rule")
        judged += decision.verdict is not None
    if judged < 0.9 * count:
        raise AssertionError(f"only {judged} of {count} moments were judged")
    return {
        "evaluations": count,
        "rule_us": round(median(ours), 2),
        "by_hand_us": round(median(hand), 2),
        "ratio": round(median(ours) / median(hand), 3),
        "with_reasons_us": round(median(rendered), 2),
        "ratio_with_reasons": round(median(rendered) / median(hand), 3),
    }


def _timed(call: Callable[..., Any], *args: Any, **named: Any) -> tuple[float, Any]:
    began = time.perf_counter_ns()
    answer = call(*args, **named)
    return (time.perf_counter_ns() - began) / 1000, answer


def _rendered(decision: Decision) -> str:
    return decision.explain("ko")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench rule")
    parser.add_argument("--ticks", type=int, default=20_000)
    parser.add_argument("--closes", type=int, default=2_000)
    options = parser.parse_args()
    tick = measure(EvaluateOn.TICK, options.ticks, 20)
    close = measure(EvaluateOn.BAR_CLOSE, options.closes, 1)
    found = {
        "bench": "rule",
        "rule": ENTRY,
        "tick": tick,
        "bar_close": close,
        "target_ratio": TARGET,
        "processors": os.cpu_count(),
        "ok": max(tick["ratio"], close["ratio"]) <= TARGET,
    }
    print(json.dumps(found), flush=True)
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
