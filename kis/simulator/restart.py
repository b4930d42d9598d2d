"""The world of a book: begun anew, or as it was left."""

from __future__ import annotations

from dataclasses import replace

from kis.simulator import accounts
from kis.simulator.book import Account
from kis.simulator.clock import Clock
from kis.simulator.journal import BadBook, damaged
from kis.simulator.memory import Memory
from kis.simulator.records import identity_row
from kis.simulator.settings import Scenario
from kis.simulator.world import World


def open_world(memory: Memory, scenario: Scenario, given: list[Account] | None, *, own_seed: bool) -> World:
    """The world of the book, which is in its file when this returns.

    A new book takes the accounts `given`, or draws some that no other book has. One that exists has its own,
    and its own market: what is given must then be the same (`own_seed`: the seed was asked for). Raises BadBook.
    """
    if memory.new:
        memory.begin(accounts.drawn() if given is None else given)
        memory.about.update(seed=scenario.seed)
    _check_seed(memory, scenario, own_seed)
    customers = memory.accounts()
    _check_accounts(memory, customers, given)
    _check_symbols(memory, customers, scenario)
    try:
        clock = _clock(memory, scenario)
    except (KeyError, TypeError, ValueError) as e:
        raise damaged(memory.path) from e
    world = World(replace(scenario, seed=memory.about["seed"]), customers, memory, clock)
    try:
        world.desk.restore(memory.rows)
        world.reservations.restore(memory.rows("reservations"))
    except (KeyError, TypeError, ValueError) as e:
        raise damaged(memory.path) from e
    memory.rewrite(world.now())
    world.exchange.expire(world.now())  # first: what has ended holds no money back from what is sent now
    world.pass_time(world.now())
    return world


def _clock(memory: Memory, scenario: Scenario) -> Clock:
    """Time goes on as if nobody had looked away, unless the scenario now has another start or another mode."""
    about, start = memory.about, scenario.start.isoformat() if scenario.start else None
    if start not in (None, about.get("start")) or not {"clock", "offset"} & set(about):
        clock = scenario.new_clock()
        about["start"] = start
    elif "clock" in about:
        clock = Clock.read(about["clock"])
    else:  # a book of a version whose clocks could only be moved
        clock = Clock(offset=float(about["offset"]))
    if scenario.clock is not None and scenario.clock != (clock.mode, clock.speed):
        clock.turn(*scenario.clock)
    about["clock"] = clock.row()
    return clock


def _check_seed(memory: Memory, scenario: Scenario, own_seed: bool) -> None:
    kept = memory.about["seed"]
    if own_seed and kept != scenario.seed:
        raise BadBook(
            memory.path,
            f"시장 씨앗이 {kept}인데 {scenario.seed}이(가) 주어졌습니다. 씨앗을 빼거나 다른 파일을 주세요.",
            f"its market has the seed {kept}, not {scenario.seed}. Leave the seed out, or name another file.",
        )


def _check_accounts(memory: Memory, kept: list[Account], given: list[Account] | None) -> None:
    if given is not None and [identity_row(a) for a in given] != [identity_row(a) for a in kept]:
        raise BadBook(
            memory.path,
            "주어진 계좌와 다른 계좌의 장부입니다. --accounts를 빼거나 다른 파일을 주세요.",
            "it has other accounts than those given. Leave --accounts out, or name another file.",
        )


def _check_symbols(memory: Memory, kept: list[Account], scenario: Scenario) -> None:
    used = {s for a in kept for s in a.holdings} | {o.symbol for a in kept for o in a.orders}
    used |= {row["symbol"] for row in memory.rows("reservations")}
    missing = sorted(used - {item.symbol for item in scenario.listings})
    if missing:
        raise BadBook(
            memory.path,
            f"이 시장에 없는 종목 {', '.join(missing)}이(가) 있습니다. 시나리오에 더하거나 다른 파일을 주세요.",
            f"it knows {', '.join(missing)}, which this market lacks. Add them to the scenario, or name another file.",
        )
