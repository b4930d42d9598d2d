"""Each safeguard taken away in turn: the model must find what is then lost, or it proves nothing (safety.md 7)."""

import re
from pathlib import Path

import pytest

from tests.model.safeguards import SAFEGUARDS
from tests.model.worlds import Exploration

PAGE = Path(__file__).parents[2] / "docs" / "model.md"


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda s: s.name)
def test_without_it_something_is_lost(safeguard, capsys):
    with safeguard.taken_away():
        exploration = Exploration(safeguard.world, safeguard.switches, safeguard.loss)
        found = exploration.run()
        told = exploration.tell(found)
    with capsys.disabled():
        print(f"\n  without {safeguard.name} ({found.states} states):\n    " + "\n    ".join(told), end="")

    assert safeguard.loss in found.loss
    assert found.loss


def test_the_page_names_the_same_safeguards_and_losses():
    rows = re.findall(r"^\| ([^|]+) \| ([0-9., ]+) \| ([^|]+) \| `([^`]+)` \|", PAGE.read_text(), re.M)
    assert [(name, rule, loss) for name, rule, _, loss in rows] == [(s.name, s.rule, s.loss) for s in SAFEGUARDS]
