"""Every fault of the simulator has a test here that shows what the client does."""

import ast
from pathlib import Path

from kis.simulator.faults import KINDS

HERE = Path(__file__).parent


def shown() -> set[str]:
    """The names in `@pytest.mark.fault(…)`, read from the files: which of them run here does not matter."""
    names = set()
    for file in HERE.glob("test_fault_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                names |= {ast.literal_eval(argument) for argument in node.args}
    return names


def test_every_fault_of_the_catalogue_is_shown():
    assert set(KINDS) - shown() == set()


def test_nothing_is_shown_that_the_catalogue_lacks():
    assert shown() - set(KINDS) == set()
