"""The page of the simulator says what the code does, and what it tells people to type works."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from kis.simulator import catalogue, scenarios
from kis.simulator.__main__ import parser
from kis.simulator.control import Control
from kis.simulator.faults.engine import KEYS as FAULT_KEYS
from kis.simulator.faults.engine import MATCHES
from kis.simulator.faults.kinds import POINTS
from kis.simulator.settings import KEYS, Switches
from kis.simulator.testing import start

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")


def part(heading: str) -> str:
    """The text of one section, up to the next of its rank."""
    level = heading.split()[0]
    return PAGE.split(f"\n{heading}\n", 1)[1].split(f"\n{level} ", 1)[0]


def first_cells(text: str) -> set[str]:
    """Everything in code in the first column of its tables."""
    rows = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def block(mark: str) -> str:
    """The code under `<!-- run: mark -->`."""
    after = PAGE.split(f"<!-- run: {mark} -->\n", 1)[1].lstrip("\n")
    return textwrap.dedent(re.match(r"(?:(?:    .*)?\n)+", after)[0])


class TestTables:
    def test_faults_and_switches_are_those_of_the_code(self):
        wanted = catalogue.with_tables(PAGE)
        assert wanted == PAGE, "run: python -m kis.simulator.catalogue docs/simulator.md"

    def test_every_switch_says_what_it_decides(self):
        assert re.findall(r"^\| `\w+` \| `[^`]*` \|  \|$", catalogue.switches(), re.MULTILINE) == []

    def test_what_other_clients_want_can_be_switched_and_is_not_the_usual(self):
        wanted = re.findall(r"`(\{.*?\})`", part("## Other clients"))
        assert wanted and all(Switches.read(yaml.safe_load(text)) != Switches() for text in wanted)

    def test_every_key_of_a_scenario_is_explained_and_no_other(self):
        assert first_cells(part("## Scenarios").split("###")[0].split("| key |")[1]) == set(KEYS)

    def test_every_scenario_that_ships_is_named(self):
        assert first_cells(part("## Scenarios").split("| key |")[0]) == set(scenarios.names())

    def test_every_parameter_of_a_fault_is_explained(self):
        text = part("## Faults").split("<!-- faults -->")[0]
        assert set(FAULT_KEYS) - {"name"} == first_cells(text)
        assert [m for m in MATCHES if f"`{m}`" not in text] == []

    def test_every_point_is_explained(self):
        text = part("## Faults").split("<!-- faults -->")[0]
        assert [point for point in POINTS if f"`{point}`" not in text] == []

    def test_every_option_is_explained_and_exists(self):
        options = {name for action in parser()._actions for name in action.option_strings if name.startswith("--")}
        named = {cell.split()[0] for cell in first_cells(part("## Start")) if cell.startswith("--")}
        assert named == options - {"--help"}

    def test_every_call_of_the_control_server_is_explained_and_exists(self):
        routes = {f"{r.method} {r.resource.canonical}" for r in Control(None, None, None).app().router.routes()}
        routes = {route for route in routes if not route.startswith("HEAD")}
        assert first_cells(part("## The control server")) == routes


class TestExamples:
    @pytest.fixture(scope="class")
    def kis(self):
        with start() as simulated:
            yield simulated

    def test_the_walk_through_in_curl(self, kis, tmp_path):
        ready = tmp_path / "ready.json"
        ready.write_text(json.dumps(kis.info))
        done = subprocess.run(
            ["bash", "-eu"],
            input=block("bash"),
            capture_output=True,
            text=True,
            env={"READY": str(ready), "PATH": str(Path(sys.executable).parent) + ":/usr/local/bin:/usr/bin:/bin"},
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        price, order, listed, balance, booked = (json.loads(line) for line in done.stdout.split("\n") if line.strip())
        assert [a["rt_cd"] for a in (price, order, listed, balance)] == ["0"] * 4
        assert listed["output"][0]["odno"] == order["output"]["ODNO"]
        assert balance["output1"][0]["ovrs_cblc_qty"] == "3"
        assert booked["orders"][0]["filled"] == 3

    def test_the_same_in_python(self):
        done = subprocess.run(
            [sys.executable, "-c", block("python")], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[2:] == ["NVDA", "3"]

    def test_the_socket_in_python(self, kis):
        code = f"ready = {kis.info!r}\n" + block("python with ready")
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 3
        assert "HDFSCNT0" in done.stdout


@pytest.mark.parametrize("page", ["docs/simulator.md", "docs/simulator-market.md"])
def test_every_link_inside_the_house_leads_somewhere(page):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (folder / link).exists()] == []
