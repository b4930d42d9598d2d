"""Every preset, template and example of the official tools: read, checked, written again for each tool."""

from pathlib import Path

import pytest

from rules import kis_yaml
from rules.kis_yaml import Severity
from rules.language import bind_params, check, to_text
from rules.language.errors import ConditionError
from tests.rules.kis_yaml.official_tools import Refused, backtester, builder

FILES = {path.name.removesuffix(".kis.yaml"): path for path in sorted((Path(__file__).parent / "files").iterdir())}
# Rewritten for the builder, which drops a scaled right side.
REWRITTEN = {
    "backtester_ma_divergence": ("disparity(20) < 90", "disparity(20) > 110"),
    "backtester_short_term_reversal": ("disparity(5) < 97", "disparity(5) > 103"),
}
# A close above the highest of closes that include it.
NEVER_TRUE = {
    "backtester_false_breakout": 36,
    "backtester_week52_high": 36,
    "builder_breakout_fail": 30,
    "builder_week52_high": 23,
    "template_false_breakout": 44,
    "template_week52_high": 44,
}


def text_of(name):
    return FILES[name].read_text(encoding="utf-8")


@pytest.fixture(params=FILES)
def name(request):
    return request.param


def test_all_three_sets_and_the_single_examples_are_here():
    sets = {
        prefix: [n for n in FILES if n.startswith(f"{prefix}_")] for prefix in ("builder", "backtester", "template")
    }
    assert [len(names) for names in sets.values()] == [10, 10, 10]
    assert len([n for n in FILES if n.startswith(("example_", "companion_"))]) == 23


def test_each_reads_and_keeps_its_name(name):
    found = kis_yaml.read(text_of(name))
    assert found.name and found.id
    assert found.entry != found.exit


def test_its_conditions_pass_our_check_or_the_note_says_which_line_does_not(name):
    found = kis_yaml.read(text_of(name))
    refused = []
    for node in (found.entry, found.exit):
        try:
            check(bind_params(node, found.values))
        except ConditionError as e:
            refused.append(e.code)
    told = [note for note in found.notes if note.code == "never_true"]
    assert refused == ["never_true"] * len(told)
    assert [note.line for note in told] == ([NEVER_TRUE[name]] if name in NEVER_TRUE else [])


def test_written_for_the_backtester_it_reads_as_the_same_conditions_parameters_and_stops(name):
    found = kis_yaml.read(text_of(name))
    again = kis_yaml.read(kis_yaml.write(found, "backtester"))
    assert (again.entry, again.exit) == (found.entry, found.exit)
    assert (again.stops, again.params, again.name) == (found.stops, found.params, found.name)


def test_written_for_both_tools_it_reads_as_the_same_conditions_with_the_parameters_in_place(name):
    found = kis_yaml.read(text_of(name))
    again = kis_yaml.read(kis_yaml.write(found, "both"))
    bound = tuple(bind_params(node, found.values) for node in (found.entry, found.exit))
    if name in REWRITTEN:
        assert (to_text(again.entry), to_text(again.exit)) == REWRITTEN[name]
    else:
        assert (again.entry, again.exit) == bound
    assert again.stops == found.stops
    assert kis_yaml.write(again, "both") == kis_yaml.write(found, "both")


def test_what_is_written_for_both_means_the_same_to_the_page_and_to_the_builder(name):
    text = kis_yaml.write(kis_yaml.read(text_of(name)), "both")
    assert backtester(text) == builder(text)


def test_what_is_written_for_the_backtester_means_to_its_page_what_the_original_meant(name):
    original, written = text_of(name), kis_yaml.write(kis_yaml.read(text_of(name)), "backtester")
    try:
        meant = backtester(original)
    except Refused as e:
        # `max` is refused where the original is; a cross with its own maximum needs no more.
        assert "unknown indicator max" in str(e)
        meant = backtester(original.replace("id: max\n", "id: maximum\n"))
    found = backtester(written)
    assert {**found, "exit": None, "entry": None} == {**meant, "exit": None, "entry": None}
    assert sorted(map(str, found["entry"][1])) == sorted(map(str, meant["entry"][1]))
    assert sorted(map(str, found["exit"][1])) == sorted(map(str, rounded(meant["exit"][1])))


def rounded(conditions):
    """The presets' noise: 0.19999999999999996 and -0.0."""
    return [(left, op, round(right, 10) + 0.0 if isinstance(right, float) else right, scalar)
            for left, op, right, scalar in conditions]  # fmt: skip


def test_files_of_the_builder_mean_to_it_what_they_meant(name):
    if not name.startswith(("builder_", "example_state_")):
        return
    original = text_of(name)
    assert builder(kis_yaml.write(kis_yaml.read(original), "both")) == builder(original)


def test_without_parameters_mcp_reads_what_is_written_for_the_backtester(name):
    found = kis_yaml.read(text_of(name))
    if "$" not in to_text(found.entry) + to_text(found.exit):
        text = kis_yaml.write(found, "backtester")
        assert backtester(text, tool="mcp") == backtester(text)


def test_what_the_tools_take_differently_is_said_line_by_line(name):
    lines = text_of(name).splitlines()
    found = kis_yaml.read(text_of(name))
    for note in found.notes:
        assert 1 <= note.line <= len(lines)
        assert note.text.ko and note.text.en and note.text.ko != note.text.en
    crosses = [n for n, line in enumerate(lines, 1) if "operator: cross_" in line]
    assert len(crosses) == len([note for note in found.notes if note.code == "cross"])


def test_nothing_of_them_is_lost_but_what_is_named(name):
    lost = [note.code for note in kis_yaml.read(text_of(name)).notes if note.severity is Severity.LOST]
    assert lost == []


def test_ids_that_the_backtester_refuses_are_read_as_meant():
    found = kis_yaml.read(text_of("template_week52_high"))
    assert to_text(found.entry) == "close crosses_above maximum($lookback)"
    assert "id_spelling" in {note.code for note in found.notes}


def test_a_stop_that_the_backtesters_export_lost_is_missed():
    found = kis_yaml.read(text_of("backtester_sma_crossover"))
    assert not found.stops
    assert [(note.line, note.severity) for note in found.notes if note.code == "stop_not_in_risk"] == [
        (21, "warning"),
        (26, "warning"),
    ]
    assert "stop_not_in_risk" not in {note.code for note in kis_yaml.read(text_of("template_momentum")).notes}


# ---- the builder's quick conditions, and what it proposes with an indicator

QUICK = [
    ("rsi", "period: 14", "less_than", "30", "rsi(14) < 30"),
    ("rsi", "period: 14", "greater_than", "70", "rsi(14) > 70"),
    ("macd", "fast: 12, slow: 26, signal: 9", "cross_above", "a, compare_output: signal",
     "macd(12, 26, 9) crosses_above macd(12, 26, 9).signal"),
    ("macd", "fast: 12, slow: 26, signal: 9", "cross_below", "a, compare_output: signal",
     "macd(12, 26, 9) crosses_below macd(12, 26, 9).signal"),
    ("stochastic", "k_period: 14, d_period: 3", "less_than", "20, output: k", "stochastic(14, 3).k < 20"),
    ("stochastic", "k_period: 14, d_period: 3", "greater_than", "80, output: k", "stochastic(14, 3).k > 80"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "params", "op", "right", "expected"), QUICK)
def test_a_quick_condition_of_the_builder(id, params, op, right, expected):
    text = one(
        f"{{id: {id}, alias: a, params: {{{params}}}}}", f"{{indicator: a, operator: {op}, compare_to: {right}}}"
    )
    found = kis_yaml.read(text)
    assert to_text(found.entry) == expected
    written = kis_yaml.write(found)
    assert backtester(written) == builder(written) == builder(text)


@pytest.mark.parametrize(("output", "op", "sign"), [("lower", "less_equal", "<="), ("upper", "greater_equal", ">=")])
def test_a_quick_condition_on_a_band(output, op, sign):
    text = one(
        "{id: bollinger, alias: bb, params: {period: 20, std: 2}}",
        f"{{indicator: close, operator: {op}, compare_to: bb, compare_output: {output}}}",
    )
    found = kis_yaml.read(text)
    assert to_text(found.entry) == f"close {sign} bollinger(20, 2).{output}"
    assert backtester(kis_yaml.write(found)) == builder(text)


@pytest.mark.parametrize("signal", ["bullish", "bearish", "detected"])
@pytest.mark.parametrize("id", ["hammer", "engulfing", "doji", "morning_star"])
def test_a_quick_condition_on_a_candle_pattern(id, signal):
    text = one("{id: sma, alias: a, params: {period: 5}}", f"{{candlestick: {id}_1, signal: {signal}}}")
    found = kis_yaml.read(text)
    assert to_text(found.entry) == f"{signal}({id})"
    written = kis_yaml.write(found)
    assert backtester(written) == builder(written)
    assert backtester(written)["entry"] == ("AND", [("candle", id, signal)])


def one(indicator, condition):
    return f"""version: "1.0"
metadata: {{name: "Quick"}}
strategy:
  id: quick
  indicators:
    - {indicator}
  entry:
    logic: AND
    conditions:
      - {condition}
  exit:
    logic: OR
    conditions:
      - {{indicator: close, operator: less_than, compare_to: 1}}
risk: {{}}
"""
