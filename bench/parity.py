"""Whether a rule means the same live, step by step and all at once: `./run bench parity`. One JSON line.

    ./run bench parity                          ten million evaluations on random rules and markets
    ./run bench parity --evaluations 1000000    fewer
    ./run bench parity --seed 7                 others

An evaluation is one rule's verdict at one bar on one way, compared with its verdict there on another; beside them the
values of every part of a condition are compared bit by bit. `differences` must be 0.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import count
from multiprocessing import get_context

from bench.parity_paths import Found, compare

EVALUATIONS = 10_000_000
MARKETS_A_TASK = 4
PROCESSES = 2
VALUES = "value"  # what is compared beside evaluations begins with this


def judged(found: Found) -> int:
    """Evaluations alone, without the values inside them."""
    return sum(number for kind, number in found.kinds.items() if not kind.startswith(VALUES))


def some(first: int) -> Found:
    """The markets of one task."""
    found = Found()
    for seed in range(first, first + MARKETS_A_TASK):
        found.add(compare(seed))
    return found


def measure(evaluations: int, seed: int) -> Found:
    """At least so many evaluations, from markets numbered from `seed` on."""
    found, tasks = Found(), count(seed * 10_000_000, MARKETS_A_TASK)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for done in _completed(pool, tasks):
            found.add(done)
            _say(found, evaluations)
            if judged(found) >= evaluations:
                pool.shutdown(wait=True, cancel_futures=True)
                return found
    return found


def _completed(pool: ProcessPoolExecutor, tasks: Iterator[int]) -> Iterator[Found]:
    """One result after the other, in any order; there is always work ahead."""
    running: set[Future[Found]] = {pool.submit(some, next(tasks)) for _ in range(2 * PROCESSES)}
    while True:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        running |= {pool.submit(some, next(tasks)) for _ in done}
        for each in done:
            yield each.result()


def _say(found: Found, wanted: int) -> None:
    print(f"\rbench parity: {judged(found):,} of {wanted:,}", end="", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench parity")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    found = measure(options.evaluations, options.seed)
    print(file=sys.stderr)
    for difference in found.differences:
        print(difference, file=sys.stderr)
    line = {
        "bench": "parity",
        "evaluations": judged(found),
        "differences": found.different,
        "by_kind": dict(sorted(found.kinds.items())),
        "seed": options.seed,
        "seconds": round(time.perf_counter() - began, 1),
        "processors": os.cpu_count(),
        "ok": not found.different,
    }
    print(json.dumps(line), flush=True)
    return 0 if not found.different else 1


if __name__ == "__main__":
    sys.exit(main())
