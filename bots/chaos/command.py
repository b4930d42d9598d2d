"""`manage.py chaos`: kills and faults the trading path at random against the simulator, and counts what went wrong.

Needs neither settings nor servers: it starts its own before Django is set up.
"""

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bots.chaos.plan import Kind
from kis.simulator.faults import KINDS

# A short lease makes a run short, and being killed all day long is what these bots are for.
SHORT = {
    "BOT_LEASE_SEC": "5",
    "BOT_SEND_WITHIN_SEC": "1.0",
    "BOT_CRASH_LIMIT": "1000000",
    "KIS_SPEED": "50",
    "DJANGO_DEBUG": "false",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", type=Kind, choices=list(Kind), default=Kind.BOTH)
    parser.add_argument("--first", type=int, default=1, help="the number of the first run: repeats one that failed")
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--lives", type=int, default=12, help="of a day of the cheap kind")
    parser.add_argument("--faults", type=_names, default=(), metavar="A,B", help="these faults, and no others")
    parser.add_argument("--keep", action="store_true", help="keep the journals of runs that went well, too")
    parser.add_argument("--json", action="store_true", help="only the last line")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no fault is called {unknown[0]!r}; docs/simulator.md lists them")
    return names


def main(arguments: list[str], plant: Callable[[], None] | None = None) -> int:
    """`plant` puts a bug into every process that trades: with it the judge must find something."""
    parser = argparse.ArgumentParser(prog="manage.py chaos", description=__doc__)
    add_arguments(parser)
    return carried_out(parser.parse_args(arguments), print, plant)


def carried_out(options: argparse.Namespace, say: Callable[[str], Any], plant: Callable[[], None] | None = None) -> int:
    """Run them all; 0 when the judge found nothing."""
    from bots.chaos.servers import Servers

    folder = Path(tempfile.mkdtemp(prefix="bamsae-chaos-"))
    servers = Servers(folder)
    failed = True
    try:
        servers.start()
        _set_up(servers.environment)
        failed = _all(options, servers, folder, say, plant)
    finally:
        servers.stop()
        if not failed and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return int(failed)


def _set_up(environment: dict[str, str]) -> None:
    """Django on the harness's own servers: whatever the environment named is not looked at."""
    os.environ.update(environment | SHORT, DJANGO_SETTINGS_MODULE="config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from bots.chaos import clock, life, run  # noqa: F401  imports all that the clock must reach

    life.prepare()
    call_command("migrate", verbosity=0)
    connections.close_all()
    clock.install()
    gc.collect()
    gc.freeze()


def _all(options: argparse.Namespace, servers: Any, folder: Path, say: Callable[[str], Any], plant: Any) -> bool:
    from bots.chaos.judge import Counts
    from bots.chaos.plan import draw
    from bots.chaos.run import Run

    started, counts = time.monotonic(), Counts()
    total: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    for number in range(options.first, options.first + options.runs):
        plan = draw(options.seed, number, options.kind, days=options.days, lives=options.lives, faults=options.faults)
        place = folder / f"run-{number}"
        place.mkdir()
        run = Run(plan, servers, place, plant)
        run.keep = options.keep
        outcome = run.live()
        counts.add(outcome.counts)
        ends += outcome.ends
        struck += outcome.struck
        total += Counter(
            runs=1, process_runs=outcome.processes, process_runs_that_traded=outcome.traded,
            runs_with_foreign_orders=plan.foreign, failed=bool(outcome.findings), days=len(plan.days),
        )  # fmt: skip
        if not options.json:
            say(line_of(options, plan, outcome))
        for finding in outcome.findings:
            say(f"    {finding}")
        if outcome.findings:
            say(f"    repeat: ./run chaos --runs 1 --first {number} --seed {options.seed} --kind {options.kind}"
                f" --days {options.days} --lives {options.lives}; both sides' journals: {place}")  # fmt: skip
        elif not options.keep:
            shutil.rmtree(place)
    result = {**total, **asdict(counts), "seconds": round(time.monotonic() - started, 1)}
    say(json.dumps(result | {"seed": options.seed, "kind": options.kind, "ends": ends, "struck": struck}))
    return bool(total["failed"])


def line_of(options: argparse.Namespace, plan: Any, outcome: Any) -> str:
    """One line about a run."""
    ends = ", ".join(f"{name} {n}" for name, n in outcome.ends.most_common(4))
    struck = ", ".join(f"{name} {n}" for name, n in outcome.struck.items())
    verdict = "ok" if not outcome.findings else f"{len(outcome.findings)} WRONG"
    return (
        f"run {plan.number} seed {options.seed}: {outcome.counts.orders} orders, {outcome.counts.fills} fills, "
        f"{outcome.processes} processes ({ends}), faults: {struck or 'none'}, {outcome.seconds:.1f} s: {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
