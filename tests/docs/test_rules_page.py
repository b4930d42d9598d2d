"""The guide to the language: what it shows is what the language reads, in both languages."""

import re
from pathlib import Path

import pytest

from rules.language import check_condition, from_json, parse, to_json
from rules.language.names import NAMES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("rules.md", "rules.ko.md")}


def examples(page: str) -> list[str]:
    blocks = re.findall(r"```rule\n(.*?)```", page, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.mark.parametrize("text", examples(PAGES["rules.md"]))
def test_every_example_is_a_condition(text):
    node = parse(text)
    assert check_condition(node).warnings == ()
    assert from_json(to_json(node)) == node


def test_both_languages_show_the_same_examples():
    assert examples(PAGES["rules.md"]) == examples(PAGES["rules.ko.md"])


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_name_is_in_the_tables(page):
    assert [name for name in NAMES if f"`{name}`" not in page] == []
