"""The page about Python strategies says what is so: its examples are accepted, its lists are whole."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from market.data import MarketData
from market.words import Action
from rules.domain import Rule
from rules.sandbox import LIMITS, CagedProgram, check_code
from rules.sandbox.limits import PRINTED_LINES, USUAL_BARS
from rules.sandbox.reading import MODULES
from rules.sandbox.view import MARKET, POSITION

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [(DOCS / name).read_text() for name in ("python-strategies.md", "python-strategies.ko.md")]
PARAMS = {"margin": Decimal("1.0001"), "period": Decimal(14)}


def _examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=["english", "korean"])
def test_the_examples_may_be_pasted_as_they_are(page: str) -> None:
    examples = _examples(page)
    assert len(examples) == 2
    assert [check_code(example, PARAMS) for example in examples] == [[], []]


@pytest.mark.parametrize("page", PAGES, ids=["english", "korean"])
def test_everything_that_a_strategy_gets_and_every_limit_is_named(page: str) -> None:
    assert all(f"`{name}`" in page for name in (*MARKET, *POSITION, *MODULES))
    sizes = (LIMITS.seconds * 1000, LIMITS.memory / 2**20, LIMITS.printed / 1024, LIMITS.code, LIMITS.bars)
    counts = (LIMITS.indicator_calls, LIMITS.depth, LIMITS.reason, USUAL_BARS, PRINTED_LINES)
    for said in (*sizes, *counts):
        assert f"{said:,.0f}" in page


def test_the_first_example_enters_a_rise_and_leaves_a_fall(market_of: Callable[..., MarketData], rule: Rule) -> None:
    crossing = CagedProgram(_examples(PAGES[0])[0], PARAMS)
    rising = market_of(60)
    assert crossing.decide(rising, rule).action is Action.ENTRY
    rows = tuple(replace(bar, close=Decimal(200) - bar.close) for bar in rising.bars.rows)
    falling = replace(market_of(60, held=3), bars=replace(rising.bars, rows=rows))
    assert crossing.decide(falling, rule).action is Action.EXIT


def test_the_second_example_leaves_when_the_strength_is_back(market_of: Callable[..., MarketData], rule: Rule) -> None:
    dip = CagedProgram(_examples(PAGES[0])[1], PARAMS)
    assert dip.decide(market_of(60), rule).action is Action.NONE
    wish = dip.decide(market_of(60, held=3), rule)
    assert wish.action is Action.EXIT
    assert wish.reason == "rsi 100.0 after 60 minutes"
