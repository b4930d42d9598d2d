"""docs/patterns.md is what the code says."""

from pathlib import Path

from rules.indicators.pattern_catalogue import page
from rules.indicators.patterns import PATTERNS

PAGE = Path(__file__).parents[2] / "docs/patterns.md"


def test_the_page_of_patterns_is_current():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_pattern_is_on_the_page_with_both_titles():
    for name, each in PATTERNS.items():
        assert f"| `{name}` {each.title.ko} / {each.title.en} |" in page()
        assert "|" not in each.definition.ko + each.definition.en
