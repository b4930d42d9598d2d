"""The rules that ship: whole, faultless rule files that say what they believe and when it hurts."""

from decimal import Decimal

import pytest

from market.words import EvaluateOn, Timeframe
from rules.files import read_rule, write_rule
from rules.language import parse, to_text
from rules.ready import READY

IDEAS = [
    "golden_cross",
    "momentum",
    "week52_high",
    "consecutive",
    "disparity",
    "failed_breakout",
    "strong_close",
    "volatility_expansion",
    "mean_reversion",
    "trend_filter",
]
BY_SLUG = {ready.slug: ready for ready in READY}
each = pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.slug)


def test_there_are_ten_one_for_each_idea():
    assert [ready.slug for ready in READY] == IDEAS


@each
def test_it_is_read_without_an_error_or_a_warning(ready):
    read = read_rule(ready.text)
    assert read.warnings == ()
    assert read.rule.timeframe in (Timeframe.D1, Timeframe.M15, Timeframe.M5)
    assert read.rule.evaluate_on is EvaluateOn.BAR_CLOSE
    assert read.rule.stop_loss_pct is not None


@each
def test_it_is_named_and_explained_in_both_languages(ready):
    assert read_rule(ready.text).fields["name"] == f"{ready.title.ko} / {ready.title.en}"
    assert any("가" <= letter <= "힣" for letter in ready.description.ko)
    assert ready.description.en.isascii()
    assert min(len(ready.description.ko), len(ready.description.en)) > 80


@each
def test_every_number_to_play_with_has_a_range_and_a_title(ready):
    params = read_rule(ready.text).fields["params"]
    assert params
    for given in params.values():
        assert given["min"] <= given["default"] <= given["max"]
        assert set(given["title"]) == {"ko", "en"}


@each
def test_it_can_be_said_with_both_ends_of_every_range(ready):
    read = read_rule(ready.text)
    for name, given in read.fields["params"].items():
        for end in (given["min"], given["max"]):
            params = {**read.fields["params"], name: {**given, "value": end}}
            changed = read_rule(write_rule({**read.fields, "params": params}))
            assert changed.rule.params[name] == Decimal(str(end))


@each
def test_it_reads_back_from_what_is_exported(ready):
    fields = read_rule(ready.text).fields
    assert read_rule(write_rule(fields)).fields == fields


@each
def test_its_conditions_are_said_as_the_language_would_say_them(ready):
    for name in ("entry_condition", "exit_condition"):
        text = read_rule(ready.text).fields[name]
        assert parse(to_text(parse(text))) == parse(text)


@pytest.mark.parametrize("slug", ["week52_high", "failed_breakout", "volatility_expansion"])
def test_a_high_or_low_to_be_broken_leaves_out_the_bar_that_breaks_it(slug):
    text = BY_SLUG[slug].text
    for extreme in ("maximum(", "minimum("):
        for after in text.split(extreme)[1:]:
            assert after.split(")", 1)[1].startswith("[1]")
