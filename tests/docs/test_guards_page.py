"""docs/guards.md and docs/guards.ko.md are what the code says."""

from pathlib import Path

import pytest

from accounts.models import HouseLimits, RiskLimits
from orders.risk import GUARDS, Limits
from orders.risk.catalogue import page
from rules.models import TradeRule

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "guards.md", "ko": DOCS / "guards.ko.md"}


@pytest.mark.parametrize("language", PAGES)
def test_the_page_of_guards_is_current(language):
    assert PAGES[language].read_text(encoding="utf-8") == page(language)


@pytest.mark.parametrize("language", PAGES)
def test_every_guard_has_its_row(language):
    for name, guard in GUARDS.items():
        assert f"| `{name}` {getattr(guard.title, language)} |" in page(language)
        assert "|" not in guard.says.ko + guard.says.en + guard.setting.ko + guard.setting.en


@pytest.mark.parametrize("limit", Limits.__dataclass_fields__)
def test_every_limit_has_a_guard_that_names_it_and_a_column_on_both_sides(limit):
    assert any(f"`{limit}`" in guard.setting.en for guard in GUARDS.values())
    for model in (RiskLimits, HouseLimits):
        assert model._meta.get_field(limit).null


@pytest.mark.parametrize(
    "field", ["enabled", "sessions", "time_in_force", "max_position", "max_entries", "cooldown_sec"]
)
def test_what_a_guard_says_of_a_rule_is_a_field_of_it(field):
    assert any(f"`{field}`" in guard.setting.en for guard in GUARDS.values())
    assert TradeRule._meta.get_field(field)
