"""What it costs to read one trade off the wire: text frame to typed quote, in microseconds of processor time.

Side by side with the least that anybody could do: splitting the text and making one Decimal of the price.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Any

from kis.wire import frames

FRAMES = 20_000
ROUNDS = 5
HEAD = "DNASNVDA^NVDA^4^20260312^20260312^{at}^20260312^{at}^183.1000^185.0200^182.4400^{last}^2^1.1800^+0.64^"
TAIL = "184.2300^184.2500^120^300^4^{volume}^1803456789^3998012^4120455^103.06^1"


def measure() -> dict[str, Any]:
    """The median of some rounds. `ratio`: ours over the bare split."""
    wire = [_frame(n) for n in range(FRAMES)]
    now = datetime.now(UTC)
    ours, bare = _microseconds(wire, lambda frame: _read(frame, now)), _microseconds(wire, _split)
    return {
        "ok": True,
        "us_per_tick": round(ours, 2),
        "bare_us_per_tick": round(bare, 2),
        "ratio": round(ours / bare, 1),
        "ticks": FRAMES * ROUNDS,
    }


def _frame(n: int) -> str:
    at = f"{10 + n // 3600 % 6:02}{n // 60 % 60:02}{n % 60:02}"
    record = (HEAD + TAIL).format(at=at, last=f"{184 + n % 100 / 100:.4f}", volume=9_812_345 + 4 * n)
    return f"0|HDFSCNT0|001|{record}"


def _microseconds(wire: list[str], read: Callable[[str], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for frame in wire:
            read(frame)
        rounds.append((time.process_time() - begun) / len(wire) * 1e6)
    return median(rounds)


def _read(frame: str, now: datetime) -> None:
    data = frames.parse(frame)
    assert isinstance(data, frames.Data)
    for record in frames.records(data, data.payload):
        frames.tick(record, now, {})


def _split(frame: str) -> Decimal:
    return Decimal(frame.split("|", 3)[3].split("^")[11])
