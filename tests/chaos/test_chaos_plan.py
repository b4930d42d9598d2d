"""What chaos draws: the same seed is the same plan, and everything that can go wrong gets its turn."""

import pytest

from bots.chaos.plan import Fate, Kind, death, draw, fate
from kis.simulator.faults import KINDS
from kis.simulator.settings import Switches
from market import points


@pytest.mark.parametrize("kind", list(Kind))
def test_the_same_seed_and_number_are_the_same_plan(kind):
    assert draw(1, 7, kind) == draw(1, 7, kind)
    assert draw(1, 7, kind) != draw(2, 7, kind)


def test_every_fault_gets_its_turn_within_forty_runs():
    assert {name for n in range(1, 41) for name in draw(1, n, Kind.BOTH).faults} == set(KINDS)


def test_every_named_point_ends_lives_of_both_kinds():
    for draw_one, ways in ((fate, {Fate.POINT, Fate.FREEZE_AT}), (death, {Fate.POINT})):
        rng = draw(1, 1, Kind.BOTH).rng("points")
        ends = [draw_one(rng) for _ in range(2000)]
        assert {end.point for end in ends if end.fate in ways} == set(points.NAMES)


def test_every_way_to_end_is_drawn():
    rng = draw(1, 1, Kind.BOTH).rng("fates")
    assert {fate(rng).fate for _ in range(500)} == set(Fate)


def test_servers_are_restarted_and_others_order_in_some_runs():
    strikes = {strike.what for n in range(1, 41) for day in draw(1, n, Kind.BOTH).days for strike in day.strikes}
    assert strikes == {"fault", "database", "redis", "phone", "program"}


def test_the_simulator_takes_every_switch_that_is_drawn():
    for n in range(1, 200):
        Switches.read(draw(1, n, Kind.BOTH).switches)


def test_a_run_is_about_several_trading_days():
    assert all(len(draw(1, n, kind).days) >= 3 for n in range(1, 20) for kind in Kind)
