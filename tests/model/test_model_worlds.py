"""Every state of the small worlds, with all safeguards in place: nothing is lost (safety.md 7)."""

import pytest

from tests.model.scenarios import SMALL, WHOLE
from tests.model.worlds import Exploration, Scenario


def explored(scenario: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    exploration = Exploration(scenario)
    found = exploration.run()
    with capsys.disabled():
        print(
            f"\n  {scenario.name}: {found.states} states, {found.transitions} transitions, depth {found.depth}, "
            f"{found.seconds:.1f} s",
            end="",
        )
    assert not found.loss, "\n".join(["a loss:", *exploration.tell(found)])
    assert found.complete, f"not explored to the end within {scenario.at_most} states"


@pytest.mark.parametrize("scenario", SMALL, ids=lambda s: s.name)
def test_in_a_small_world_nothing_is_lost(scenario, capsys):
    explored(scenario, capsys)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scenario", WHOLE, ids=lambda s: s.name)
def test_in_a_whole_world_nothing_is_lost(scenario, capsys):
    explored(scenario, capsys)
