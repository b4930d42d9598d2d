"""The scenarios that ship with the simulator: YAML files beside this one, named by their file."""

from __future__ import annotations

from pathlib import Path

from kis.simulator.settings import BadScenario, load_yaml

HERE = Path(__file__).parent


def names() -> list[str]:
    """Names that `--scenario` knows, from the calmest on."""
    found = {file.stem for file in HERE.glob("*.yaml")}
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


ORDER = ("quiet-day", "volatile-day", "broker-outage", "ambiguous-orders", "worst-day")


def find(word: str) -> Path:
    """The file of a shipped scenario, or the file that `word` names. Raises BadScenario, naming those that ship."""
    file = Path(word)
    if file.is_file():
        return file
    if word in names():
        return HERE / f"{word}.yaml"
    raise BadScenario(f"{word} is neither a file nor a scenario that ships: {', '.join(names())}")


def about(name: str) -> str:
    """What a shipped scenario says of itself."""
    return " ".join(str(load_yaml(HERE / f"{name}.yaml")["about"]).split())
