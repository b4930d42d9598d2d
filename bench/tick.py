"""From the text of one trade on the wire to a decision: `./run bench tick`. One JSON line, microseconds.

    ./run bench tick                  20,000 trades
    ./run bench tick --ticks 5000     fewer

The way is that of a bot which owns its key's socket: frame, record, repetition check, quote, bars, freshness, the
rule of five conditions over seven indicators. Beside it a rule of one comparison, so that the share of the
indicators is seen, and what the hop through Redis to another bot adds to a quote (packing and reading it).
Processor time where the machine is shared; `wall` says what a clock on the wall saw.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import quantiles

from bench.rule import ENTRY, OPENS, rule_of, with_history
from bots import ticks
from kis.wire import frames
from market.data import AccountView, MarketData, OwnedPosition, Quote, SessionView
from market.sessions import NEW_YORK, SEOUL
from market.words import Environment, EvaluateOn, Freshness, Session
from rules.domain import Rule, evaluate
from rules.language import parse

SECONDS_APART = 1
MAX_AGE = timedelta(seconds=10)
TARGET_US = 7.5
RULES = {"seven indicators": ENTRY, "one comparison": "price > 1000000"}


def wire(count: int) -> list[tuple[str, datetime]]:
    """Trades of one symbol with the time at which they arrive, a second apart, each with more volume."""
    found, volume = [], 0
    for n in range(count):
        at = OPENS + timedelta(seconds=n * SECONDS_APART % 20_000)
        york, seoul = at.astimezone(NEW_YORK), at.astimezone(SEOUL)
        last = 100 + (n * 7 % 11 - 5) / 100
        volume += 100
        frame = (
            f"0|HDFSCNT0|001|DNASAAPL^AAPL^4^{york:%Y%m%d}^{york:%Y%m%d}^{york:%H%M%S}^{seoul:%Y%m%d}^{seoul:%H%M%S}^"
            f"100.0000^101.0000^99.0000^{last:.4f}^2^1.1800^+0.64^{last - 0.01:.4f}^{last + 0.01:.4f}^120^300^100^"
            f"{volume}^1803456789^3998012^4120455^103.06^1"
        )
        found.append((frame, at))
    return found


class Bot:
    """What a tick passes on its way, without the tasks around it."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.series, self.volume = rule, with_history(random.Random(2)), -1  # noqa: S311
        self.session = SessionView(Session.REGULAR, OPENS.date(), OPENS, OPENS + timedelta(hours=6, minutes=30))
        self.judged = 0
        self.account, self.position = AccountView(Environment.PAPER), OwnedPosition()

    def take(self, frame: str, arrived: datetime) -> None:
        """One frame, to the end of the decision."""
        data = frames.parse(frame)
        assert isinstance(data, frames.Data)
        for record in frames.records(data, data.payload):
            tick = frames.tick(record, arrived, {})
            if (tick.quote.volume or 0) > self.volume:
                self.volume = tick.quote.volume or 0
                self.decide(tick.quote)

    def decide(self, quote: Quote) -> None:
        """The quote as the bot gets it: into the bars, its age looked at, the rule asked."""
        self.series.add(quote)
        if quote.at - quote.received_at > MAX_AGE:
            quote = replace(quote, freshness=Freshness.STALE)
        market = MarketData(
            now=quote.at, symbol="AAPL", quote=quote, bars=self.series.view(), position=self.position,
            account=self.account, session=self.session,
        )  # fmt: skip
        self.judged += evaluate(self.rule, market).verdict is not None


def measure(entry: str, given: list[tuple[str, datetime]]) -> dict[str, float]:
    """Microseconds from frame to decision."""
    bot = Bot(replace(rule_of(EvaluateOn.TICK), entry=parse(entry)))
    for frame, arrived in given[:200]:
        bot.take(frame, arrived)
    wall, began = [], time.process_time()
    for frame, arrived in given[200:]:
        at = time.perf_counter_ns()
        bot.take(frame, arrived)
        wall.append((time.perf_counter_ns() - at) / 1000)
    if bot.judged < 0.9 * len(given):
        raise AssertionError(f"only {bot.judged} of {len(given)} trades were judged")
    spent = (time.process_time() - began) / len(wall) * 1e6
    cuts = quantiles(wall, n=100)
    return {"cpu_us": round(spent, 2), "wall_p50_us": round(cuts[49], 2), "wall_p99_us": round(cuts[98], 2)}


def each_us(call: Callable[[], object], times: int = 20_000) -> float:
    """Processor time of one call."""
    began = time.process_time()
    for _ in range(times):
        call()
    return round((time.process_time() - began) / times * 1e6, 2)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench tick")
    parser.add_argument("--ticks", type=int, default=20_000)
    options = parser.parse_args()
    if options.ticks < 1000:
        parser.error("--ticks must be at least 1000")
    given = wire(options.ticks)
    data = frames.parse(given[0][0])
    assert isinstance(data, frames.Data)
    quote = frames.tick(next(iter(frames.records(data, data.payload))), datetime.now(UTC), {}).quote
    packed = ticks.pack(quote)
    found = {
        "bench": "tick",
        "ticks": options.ticks,
        "frame_to_decision": {name: measure(entry, given) for name, entry in RULES.items()},
        "hop_us": {"pack": each_us(lambda: ticks.pack(quote)), "unpack": each_us(lambda: ticks.unpack(packed))},
        "target_us": TARGET_US,
        "processors": os.cpu_count(),
    }
    found["ok"] = found["frame_to_decision"]["seven indicators"]["cpu_us"] <= TARGET_US
    print(json.dumps(found), flush=True)
    return 0  # a figure to look at; design says what is reached for


if __name__ == "__main__":
    sys.exit(main())
