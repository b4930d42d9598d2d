"""The words after `./run`."""

import argparse
import os

from infra.launch import checks, demo, environment, oneoff, python_env, smoke, stopping
from infra.launch.problem import Interrupted, Problem
from infra.launch.progress import Progress

USAGE = """./run demo [--web-port N] [--api-port N]     a running system with simulated accounts; Ctrl-C stops it
./run demo --smoke                            the same, judged by itself; one JSON line
./run up [--web-port N] [--api-port N]        everything against .env
./run test [--all] [pytest arguments]         all tests; --all: the long ones too
./run lint                                    every linter
./run bench [NAME]                            backtest, bots, cage, kis, order, parity, rule, startup, tasks, tick
./run backtest --rule FILE --candles CSV      a rule over bars of the past; needs no server
    --json  --html FILE                       one JSON object; a report as a page (./run backtest --help: all options)
./run simulator [--rest-port N --ws-port N]   the KIS simulator alone, on free ports unless told
    --scenario NAME|FILE  --speed S           a day of a certain kind; a market that runs S times as fast
    --list-scenarios                          the days that ship with it
./run chaos [--runs N --seed N]               bots killed at every step; the simulator's book is the judge
./run schedules [--restore]                   the house's schedules; brings back what was broken
./run lock [--upgrade]                        pin the Python packages anew
./run <command> …                             any manage.py command (./run help lists them)
"""


def main(arguments: list[str]) -> int:
    """Exit code of one command; every Problem becomes its sentence and 1, Ctrl-C 130 where nothing else is said."""
    stopping.listen()
    os.umask(os.umask(0) | 0o022)
    progress = Progress()
    try:
        return run(arguments, progress)
    except Problem as e:
        progress.problem(e)
        return 1
    except Interrupted:
        progress.say("\n멈췄습니다 / stopped")
        return 0 if arguments[:1] in (["demo"], ["up"]) else 130


def run(arguments: list[str], progress: Progress) -> int:
    """Finds what a word means."""
    word, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    match word:
        case "demo" | "up":
            return _house(word, rest, progress)
        case "test":
            return checks.test(progress, rest)
        case "lint":
            return checks.lint(progress)
        case "bench":
            return checks.bench(progress, rest)
        case "simulator":
            return oneoff.simulator(progress, rest)
        case "lock":
            env = environment.for_tools()
            python_env.ensure(progress, env)
            python_env.lock(env, rest)
            return 0
        case "-h" | "--help":
            print(USAGE, end="")
            return 0
    return oneoff.manage(progress, arguments)


def _house(word: str, arguments: list[str], progress: Progress) -> int:
    parser = argparse.ArgumentParser(prog=f"./run {word}")
    parser.add_argument("--web-port", type=int, default=3000, help="port of the dashboard; 0: a free one")
    parser.add_argument("--api-port", type=int, default=8000, help="port of the API and the admin; 0: a free one")
    if word == "demo":
        parser.add_argument("--smoke", action="store_true", help="wait for a fill, print one JSON line, stop")
        parser.add_argument("--timeout", type=float, default=180, help="seconds to wait for the first fill (smoke)")
    chosen = parser.parse_args(arguments)
    ports = {"web_port": chosen.web_port, "api_port": chosen.api_port}
    if word == "up":
        return demo.up(progress, **ports)
    if chosen.smoke:
        return smoke.run(progress, **ports, timeout=chosen.timeout)
    return demo.run(progress, **ports)
