"""What the READMEs tell people to type exists, in both languages alike; every dependency has its reason."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
READMES = ["README.md", "README.ko.md"]
CLI = (ROOT / "infra/launch/cli.py").read_text()
WORDS = set(re.findall(r"^(?:USAGE = \"\"\")?\./run ([a-z]+)", CLI, re.MULTILINE))


def commands(readme: str) -> list[str]:
    """Everything after `./run` that stands in code."""
    return re.findall(r"(?:^|`)\./run ([^`\n#]+?)\s*(?:`|#|$)", (ROOT / readme).read_text(), re.MULTILINE)


def words(readme: str) -> set[str]:
    return {command.split()[0] for command in commands(readme)} - {"<command>"}


@pytest.mark.parametrize("readme", READMES)
def test_every_command_exists_in_run_or_manage_py(readme):
    assert words(readme) - WORDS - set(get_commands()) == set()


@pytest.mark.parametrize("readme", READMES)
def test_every_option_is_one_the_launcher_knows(readme):
    flags = set(re.findall(r"`?(--[a-z][a-z-]+)", (ROOT / readme).read_text()))

    assert {flag for flag in flags if flag not in CLI} == set()


@pytest.mark.parametrize("readme", READMES)
def test_every_command_of_the_launcher_is_explained(readme):
    assert WORDS - words(readme) == set()


def test_both_languages_name_the_same_commands_and_variables():
    def names(readme: str) -> tuple[list[str], set[str]]:
        return sorted(commands(readme)), set(re.findall(r"`([A-Z][A-Z_]{4,})[=`]", (ROOT / readme).read_text()))

    assert names("README.md") == names("README.ko.md")


@pytest.mark.parametrize("readme", READMES)
def test_every_variable_is_in_the_example(readme):
    named = set(re.findall(r"`([A-Z][A-Z_]{5,})[=`]", (ROOT / readme).read_text())) - {"ACCOUNT"}
    example = (ROOT / ".env.example").read_text()

    assert {name for name in named if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)} == set()


@pytest.mark.parametrize("page", [*READMES, "docs/decisions/README.md", "CHANGELOG.md"])
def test_every_link_inside_the_house_leads_somewhere(page):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text())

    assert [link for link in links if not (folder / link).exists()] == []


def dependencies() -> set[str]:
    python = [
        re.split(r"[\[=<>]", line)[0]
        for name in ("requirements.in", "requirements-dev.in")
        for line in (ROOT / name).read_text().splitlines()
        if line and line[0] not in "#-"
    ]
    packages = [json.loads((ROOT / p / "package.json").read_text()) for p in ("frontend", "theme/static_src")]
    node = [
        name for package in packages for part in ("dependencies", "devDependencies") for name in package.get(part, {})
    ]
    return {*python, *node}


def test_every_dependency_has_a_line_that_says_why_and_no_other_has():
    page = (ROOT / "docs/decisions/dependencies.md").read_text()
    explained = {
        name for row in re.findall(r"^\| (`.+?`) \|", page, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    }

    assert explained == dependencies()
