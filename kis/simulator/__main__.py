"""`python -m kis.simulator`: start the simulated broker and print one JSON line when it is ready."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from kis.simulator import accounts, scenarios
from kis.simulator.app import PortTaken, Simulator
from kis.simulator.candles import BadCandles
from kis.simulator.clock import FAST, REAL
from kis.simulator.faults import BadFault
from kis.simulator.journal import BadBook
from kis.simulator.memory import Memory
from kis.simulator.restart import open_world
from kis.simulator.settings import BadScenario, load_yaml, read_scenario
from kis.simulator.world import World


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="kis.simulator", description=__doc__)
    found.add_argument("--rest-port", type=int, default=0, help="real side on N, paper side on N+1; 0: free ones")
    found.add_argument("--ws-port", type=int, default=0, help="likewise for WebSocket")
    found.add_argument("--host", default="127.0.0.1")
    found.add_argument("--seed", type=int, help="of the market, the accounts and the faults")
    found.add_argument("--speed", type=float, help="seconds of the market per second: a clock of the mode fast")
    found.add_argument("--start", help="what time it is at the start, such as 2026-03-12T13:29:00Z")
    found.add_argument("--scenario", metavar="NAME or FILE", help="a day that ships, or YAML: market, accounts, faults")
    found.add_argument("--list-scenarios", action="store_true", help="name the days that ship, and end")
    found.add_argument("--accounts", type=Path, help="JSON list as in the ready line, with cash_usd and holdings")
    found.add_argument("--faults", type=Path, help="JSON or YAML list of faults that are on from the start")
    found.add_argument("--book", type=Path, help="file that keeps accounts, orders and tokens over a restart")
    found.add_argument("--until-stdin-ends", action="store_true", help="stop, too, when standard input ends")
    return found


def build(options: argparse.Namespace) -> World:
    """The world that the options describe. Raises BadScenario, BadFault or BadBook."""
    file = scenarios.find(options.scenario) if options.scenario else None
    mapping = load_yaml(file) if file else None
    scenario = read_scenario(with_options(mapping, options), file.parent if file else Path())
    if options.seed is not None:
        scenario = replace(scenario, seed=options.seed)
    if options.faults:
        faults = load_yaml(options.faults)
        if not isinstance(faults, list):
            raise BadScenario(f"{options.faults} must be a list of faults")
        scenario = replace(scenario, faults=(*scenario.faults, *faults))
    customers = None
    if options.accounts:
        customers = accounts.load(options.accounts, scenario.listings)
    elif scenario.accounts:
        customers = accounts.of(scenario.accounts, scenario.listings, scenario.seed)
    if options.book:
        own_seed = options.seed is not None or "seed" in (mapping or {})
        return open_world(Memory(options.book), scenario, customers, own_seed=own_seed)
    return World(scenario, customers or accounts.seeded(scenario.seed))


def with_options(mapping: Any, options: argparse.Namespace) -> Any:
    """The scenario with what the command line says of the clock."""
    if not isinstance(mapping, dict | None) or (options.speed is None and options.start is None):
        return mapping
    more: dict[str, Any] = {}
    if options.speed is not None:
        more["clock"] = {"mode": REAL if options.speed == 1 else FAST, "speed": options.speed}
    if options.start is not None:
        more["start"] = options.start
    return {**(mapping or {}), **more}


async def serve(simulator: Simulator, *, watch_stdin: bool = False) -> None:
    """Run until SIGTERM or SIGINT, or until standard input ends."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        if watch_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
        await simulator.start()
        print(json.dumps(simulator.ready), flush=True)
        await simulator.until(stop)
    finally:
        await simulator.stop()


def main() -> int:
    options = parser().parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if options.list_scenarios:
        print("\n".join(f"{name}: {scenarios.about(name)}" for name in scenarios.names()))
        return 0
    try:
        simulator = Simulator(build(options), options.host, options.rest_port, options.ws_port)
        asyncio.run(serve(simulator, watch_stdin=options.until_stdin_ends))
    except (BadScenario, BadCandles, BadFault, BadBook, PortTaken) as e:
        print(f"simulator: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
