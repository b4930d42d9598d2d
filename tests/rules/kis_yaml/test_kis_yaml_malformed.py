"""Malformed files: every point that the official tools forbid, one by one, gets its line and what was expected.

What one of the tools still takes, with a meaning that is clear, is read and remarked upon; the rest is refused.
"""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import kis_yaml
from rules.kis_yaml import KisYamlError, NotExpressible, Severity
from rules.kis_yaml.official import ALL_CANDLESTICKS, INDICATORS
from rules.language import to_text
from rules.language.nodes import Comparison

SOUND = """\
version: "1.0"
metadata:
  name: "Cross"
  description: ""
  author: "user"
  tags: []
strategy:
  id: cross
  category: trend
  params:
    fast: {default: 5, min: 2, max: 50, type: int}
  indicators:
    - {id: sma, alias: fast, params: {period: $fast}}
    - {id: sma, alias: slow, params: {period: 20}}
  candlesticks: []
  entry:
    logic: AND
    conditions:
      - {indicator: fast, operator: cross_above, compare_to: slow}
  exit:
    logic: OR
    conditions:
      - {indicator: fast, operator: cross_below, compare_to: slow}
risk:
  stop_loss: {enabled: true, percent: 5}
"""
FAST = "    - {id: sma, alias: fast, params: {period: $fast}}"
SLOW = "    - {id: sma, alias: slow, params: {period: 20}}"
BUY = "      - {indicator: fast, operator: cross_above, compare_to: slow}"
STOP = "  stop_loss: {enabled: true, percent: 5}"


def changed(old, new, text=SOUND):
    assert old in text, old
    return text.replace(old, new, 1)


def test_the_sound_file_has_nothing_to_be_warned_of():
    found = kis_yaml.read(SOUND)
    assert to_text(found.entry) == "sma($fast) crosses_above sma(20)"
    assert [note.code for note in found.notes if note.severity is not Severity.INFO] == []


# old text, new text, line, code, a word of what was expected (English)
REFUSED = {
    # 1.1 the file
    "empty": (SOUND, "", 1, "empty", "metadata"),
    "only a comment": (SOUND, "# nothing\n", 1, "empty", "metadata"),
    "a list": (SOUND, "- a\n- b\n", 1, "not_a_mapping", "metadata"),
    "a text": (SOUND, "hello\n", 1, "not_a_mapping", "metadata"),
    "two documents": ("risk:\n", "---\nrisk:\n", 24, "two_documents", "one document"),
    "a duplicate key": ("  id: cross\n", "  id: cross\n  id: again\n", 9, "duplicate_key", "once"),
    "a tab for indentation": ("  id: cross\n", "\tid: cross\n", 8, "tab", "blanks"),
    "an open bracket": ("  tags: []", "  tags: [a", 7, "yaml", "bracket"),
    "an open quotation": ('  name: "Cross"', '  name: "Cross', 4, "yaml", ""),
    "a colon too many": ('  name: "Cross"', "  name: Cross: over", 3, "yaml", "indentation"),
    "wrong indentation": ("  category: trend\n", "   category: trend\n", 9, "yaml", ""),
    "a tag of Python": ("  id: cross", "  id: !!python/object:os.system cross", 8, "bad_tag", "without a tag"),
    "an unknown anchor": ("  id: cross", "  id: *nobody", 8, None, ""),
    "a key that is a list": ("  id: cross", "  [a]: cross", 8, "bad_key", "name: value"),
    "a control character": ("  id: cross", "  id: cr\x07oss", 8, "yaml", ""),
    # 1.2 the top
    "strategy missing": (SOUND[SOUND.index("strategy:") : SOUND.index("risk:")], "", 1, "strategy_missing", "entry"),
    "strategy empty": (SOUND[SOUND.index("strategy:") :], "strategy:\n", 7, "strategy_missing", "entry"),
    "strategy a list": (SOUND[SOUND.index("strategy:") :], "strategy: [a]\n", 7, "not_a_mapping", "strategy"),
    "metadata a text": (SOUND[SOUND.index("metadata:") : SOUND.index("strategy:")], "metadata: x\n", 2,
                        "not_a_mapping", "name"),
    "version a mapping": ('version: "1.0"', "version: {a: 1}", 1, "not_a_value", "1.0"),
    # 1.3 metadata
    "name a list": ('  name: "Cross"', "  name: [a]", 3, "not_a_value", "text"),
    "tags a text": ("  tags: []", "  tags: trend", 6, "not_a_list", "- "),
    "a tag a mapping": ("  tags: []", "  tags: [{a: 1}]", 6, "not_a_value", "text"),
    # 1.4 strategy
    "indicators a mapping": (f"{FAST}\n{SLOW}", "    id: sma", 13, "not_a_list", "- "),
    "an indicator a text": (FAST, "    - sma", 13, "not_a_mapping", "id"),
    "params a list": ("  params:\n    fast: {default: 5, min: 2, max: 50, type: int}", "  params: [fast]", 10,
                      "not_a_mapping", "default"),
    "a param a list": ("fast: {default: 5, min: 2, max: 50, type: int}", "fast: [5]", 11, "bad_param", "default"),
    # 1.5 indicators
    "an id missing": (FAST, "    - {alias: fast, params: {period: 5}}", 13, "id_missing", "id: sma"),
    "an unknown id": ("{id: sma, alias: slow", "{id: smaa, alias: slow", 14, "unknown_indicator", "sma"),
    "an id of another tool": ("{id: sma, alias: slow", "{id: bb, alias: slow", 14, "unknown_indicator", "sma"),
    "a duplicate alias": ("alias: slow", "alias: fast", 14, "duplicate_alias", "differ"),
    "a duplicate alias over both lists": ("candlesticks: []", "candlesticks: [{id: doji, alias: fast}]", 15,
                                          "duplicate_alias", "differ"),
    "an indicator's params a list": ("params: {period: 20}", "params: [20]", 14, "not_a_mapping", "period"),
    "a period that is no number": ("params: {period: 20}", "params: {period: long}", 14, "not_a_number", "number"),
    "a fraction of a period": ("params: {period: 20}", "params: {period: 20.5}", 14, "not_whole", "whole"),
    "an octal period": ("params: {period: 20}", "params: {period: 020}", 14, "octal", "leading zero"),
    "a direction that is none": (SLOW, "    - {id: consecutive, alias: slow, params: {direction: left}}", 14,
                                 "bad_param_value", "up or down"),
    "a pattern that is none": ("candlesticks: []", "candlesticks: [{id: dojii}]", 15, "unknown_candlestick", "hammer"),
    "an output that is none": (BUY, BUY.replace("compare_to: slow", "compare_to: slow, compare_output: upper"), 19,
                               "unknown_output", "value"),
    # 1.6 params and references
    "an unknown reference": ("period: $fast", "period: $fsat", 13, "unknown_param", "params"),
    "a reference without a default": ("{default: 5, min: 2, max: 50, type: int}", "{min: 2}", 13, "no_default",
                                      "line 11"),
    "an expression for a reference": ("period: $fast", "period: $fast*2", 13, "not_a_number", "number"),
    # 1.7 groups
    "logic that is none": ("logic: AND", "logic: XOR", 17, "bad_logic", "AND or OR"),
    "a bare list for a group": ("  entry:\n    logic: AND\n    conditions:\n", "  entry:\n", 17, "bare_list", "logic"),
    "a nested group": (BUY, "      - {logic: OR, conditions: []}", 19, "nested_group", "flat list"),
    "conditions a mapping": (f"    conditions:\n{BUY}", f"    conditions:\n{BUY.replace('- ', '  ')}", 19,
                             "not_a_list", "- "),
    "a condition a text": (BUY, "      - fast > slow", 19, "not_a_condition", "indicator"),
    "no entry": (f"    conditions:\n{BUY}", "    conditions: []", 18, "no_entry", "at least one"),
    "an entry of null": (f"  entry:\n    logic: AND\n    conditions:\n{BUY}", "  entry:", 16, "no_entry", "at least"),
    "neither an exit nor a stop": (
        SOUND[SOUND.index("  exit:") :], "risk: {}\n", 8, "no_exit", "stop_loss"),
    # 2 conditions
    "an unknown operator": ("cross_above", "crosses_over", 19, "unknown_operator", "cross_above"),
    "an operator of other tools": ("cross_above", "above", 19, "unknown_operator", "greater_than"),
    "between": ("cross_above", "between", 19, "between", "two conditions"),
    "an unknown alias": ("compare_to: slow", "compare_to: slwo", 19, "unknown_alias", "slow"),
    "an unknown left side": ("indicator: fast, operator: cross_above", "indicator: ma, operator: cross_above", 19,
                             "unknown_alias", "fast"),
    "no right side": (", compare_to: slow}", "}", 19, "right_missing", "compare_to"),
    "true for a right side": ("compare_to: slow", "compare_to: yes", 19, "not_a_number", "number"),
    "a list for a right side": ("compare_to: slow", "compare_to: [1]", 19, "not_a_value", "number"),
    "infinity": ("compare_to: slow", "value: .inf", 19, "unknown_alias", "slow"),
    "a number beyond measure": ("compare_to: slow", "value: 1000000000000000", 19, "not_a_number", "10^15"),
    "division by zero": ("compare_to: slow", "compare_to: slow, compare_scalar: 0, compare_operation: div", 19,
                         "division_by_zero", "other than zero"),
    "an unknown pattern in a condition": (BUY, "      - {candlestick: engulfin_1, signal: bullish}", 19,
                                          "unknown_candlestick", "pattern"),
    # 5 risk
    "risk a number": (f"risk:\n{STOP}", "risk: 5", 24, "not_a_mapping", "stop_loss"),
    "a stop as a number": (STOP, "  stop_loss: 5", 25, "not_a_mapping", "percent"),
    "a negative percent": ("percent: 5}", "percent: -5}", 25, "negative_percent", "above 0"),
    "a percent that is text": ("percent: 5}", "percent: five}", 25, "not_a_number", "number"),
    "enabled in quotes": ("enabled: true", 'enabled: "false"', 25, "not_a_boolean", "without quotes"),
    "enabled as a number": ("enabled: true", "enabled: 1", 25, "not_a_boolean", "without quotes"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_meaning_is_refused_with_its_line_and_what_was_expected(case):
    old, new, line, code, expected = REFUSED[case]
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read(changed(old, new))
    error = refused.value
    assert (error.line, error.code) == (line, code or error.code), error.text.en
    assert error.column >= 1
    assert expected in error.text.en
    assert f"{line}행" in error.text.ko and f"Line {line}" in error.text.en
    assert re.search("[가-힣]", error.text.ko) and not re.search("[가-힣]", error.text.en)
    assert error.as_dict()["line"] == line


@pytest.mark.parametrize(
    ("old", "new", "suggestion"),
    [
        ("{id: sma, alias: slow", "{id: smaa, alias: slow", "sma"),
        ("{id: sma, alias: slow", "{id: bb, alias: slow", "bollinger"),
        ("{id: sma, alias: slow", "{id: bolinger, alias: slow", "bollinger"),
        ("cross_above", "crosses_abov", "crosses_above"),
        ("cross_above", "neq", "not_equal"),
        ("compare_to: slow", "compare_to: slwo", "slow"),
        ("compare_to: slow", "compare_to: colse", "close"),
        ("period: $fast", "period: $fsat", "$fast"),
        ("candlesticks: []", "candlesticks: [{id: engulfng}]", "engulfing"),
    ],
)
def test_an_unknown_word_names_the_nearest_known(old, new, suggestion):
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read(changed(old, new))
    assert refused.value.suggestion == suggestion
    assert f"`{suggestion}`" in refused.value.text.ko


# old text, new text, line, code, severity
REMARKED = {
    # 1.2, 1.3
    "version a float": ('version: "1.0"', "version: 1.0", 1, "version_type", "warning"),
    "version an int": ('version: "1.0"', "version: 1", 1, "version_type", "warning"),
    "version v1": ('version: "1.0"', "version: v1", 1, "version_text", "warning"),
    "an unknown key at the top": ("risk:", "symbols: [A]\nrisk:", 24, "unknown_key", "lost"),
    "an unknown key in metadata": ("  tags: []", "  tags: []\n  licence: x", 7, "unknown_key", "lost"),
    "an unknown key in strategy": ("  category: trend", "  category: trend\n  symbols: []", 10, "unknown_key", "lost"),
    "metadata missing": (SOUND[SOUND.index("metadata:") : SOUND.index("strategy:")], "", 1, "metadata_missing",
                         "warning"),
    "name missing": ('  name: "Cross"\n', "", 3, "name_missing", "warning"),
    "name unquoted yes": ('  name: "Cross"', "  name: yes", 3, "not_text", "warning"),
    "description null": ('  description: ""', "  description:", 4, "null_text", "warning"),
    "tags null": ("  tags: []", "  tags:", 6, "null_list", "warning"),
    "a number for a tag": ("  tags: []", "  tags: [52]", 6, "not_text", "warning"),
    "garbage for a time": ("  tags: []", "  tags: []\n  created_at: soon", 7, "bad_time", "warning"),
    # 1.4
    "id missing": ("  id: cross\n", "", 8, "id_missing", "warning"),
    "id a number": ("  id: cross", "  id: 52", 8, "not_text", "warning"),
    "id on": ("  id: cross", "  id: on", 8, "not_text", "warning"),
    "candlesticks null": ("  candlesticks: []", "  candlesticks:", 15, "null_list", "warning"),
    "a scalar param": ("{default: 5, min: 2, max: 50, type: int}", "5", 11, "scalar_param", "warning"),
    "an unused param": ("    fast: {", "    lost: {default: 1}\n    fast: {", 11, "unused_param", "warning"),
    "a default out of range": ("min: 2, max: 50", "min: 8, max: 50", 11, "param_range", "lost"),
    "a fraction of type int": ("params:\n", "params:\n    x: {default: 0.5, type: int}\n", 11, "param_type", "warning"),
    "an unknown key of a param": ("min: 2, max: 50", "minimum: 2", 11, "unknown_key", "lost"),
    # 1.5
    "max for maximum": ("{id: sma, alias: slow", "{id: max, alias: slow", 14, "id_spelling", "warning"),
    "params null": ("params: {period: 20}", "params: ", 14, "null_params", "warning"),
    "a parameter missing": ("{id: sma, alias: slow, params: {period: 20}}", "{id: sma, alias: slow}", 14,
                            "param_missing", "warning"),
    "a parameter too many": ("{period: 20}", "{period: 20, source: close}", 14, "unknown_param_of_indicator", "lost"),
    "a float for a period": ("{period: 20}", "{period: 20.0}", 14, "number_type", "warning"),
    "a quoted period": ("{period: 20}", '{period: "20"}', 14, "number_type", "warning"),
    "a period out of range": ("{period: 20}", "{period: 1001}", 14, "out_of_range", "warning"),
    "fast above slow": (SLOW, SLOW + "\n    - {id: macd, alias: m, params: {fast: 26, slow: 12, signal: 9}}", 15,
                        "fast_not_below_slow", "warning"),
    "an unused indicator": (SLOW, SLOW + "\n    - {id: atr, alias: a, params: {period: 9}}", 15, "unused_indicator",
                            "warning"),
    "an unused pattern": ("candlesticks: []", "candlesticks: [{id: doji, alias: doji_1}]", 15, "unused_candlestick",
                          "warning"),
    "an alias of Python": (SLOW, SLOW + "\n    - {id: atr, alias: for, params: {period: 9}}", 15, "alias_text",
                           "warning"),
    "a pattern among the indicators": (SLOW, SLOW + "\n    - {id: doji, alias: d}", 15, "candle_as_indicator",
                                       "warning"),
    # 1.6
    "a reference": ("period: $fast", "period: $fast", 13, "reference", "info"),
    # 1.7
    "logic in lower case": ("logic: AND", "logic: and", 17, "logic_case", "warning"),
    "an exit of null with a stop": (SOUND[SOUND.index("  exit:") : SOUND.index("risk:")], "  exit:\n", 20, "no_exit",
                                    "warning"),
    "exit conditions of null with a stop": (
        "      - {indicator: fast, operator: cross_below, compare_to: slow}\n", "", 22, "null_list", "warning"),
    # 2
    "no operator": ("operator: cross_above, ", "", 19, "operator_missing", "warning"),
    "event for operator": ("operator: cross_above", "event: cross_above", 19, "operator_key", "warning"),
    "breaks": ("cross_above", "breaks", 19, "breaks", "warning"),
    "a sign for an operator": ("cross_above", '">"', 19, "builder_misreads", "warning"),
    "an operator in capitals": ("cross_above", "CROSS_ABOVE", 19, "builder_misreads", "warning"),
    "equals": ("cross_above", "equals", 19, "backtester_refuses", "warning"),
    "no left side": ("indicator: fast, operator: cross_above", "operator: cross_above", 19, "left_missing", "warning"),
    "a number in value": ("compare_to: slow", "value: 30", 19, "builder_ignores_value", "warning"),
    "a number in compare_to": ("compare_to: slow", "compare_to: 30", 19, "number_in_compare_to", "warning"),
    "a quoted number": ("compare_to: slow", 'compare_to: "30"', 19, "number_in_compare_to", "warning"),
    "an exponent": ("compare_to: slow", "value: 1e3", 19, "exponent", "warning"),
    "noise behind the point": ("compare_to: slow", "value: 0.19999999999999996", 19, "rounded", "info"),
    "two right sides": ("compare_to: slow", "value: 30, compare_to: slow", 19, "two_right_sides", "warning"),
    "two aliases": ("compare_to: slow", "value: fast, compare_to: slow", 19, "two_right_sides", "lost"),
    "a scalar of a number": ("compare_to: slow", "value: 30, compare_scalar: 2", 19, "scalar_ignored", "lost"),
    "a scalar in a cross": ("compare_to: slow", "compare_to: slow, compare_scalar: 2", 19, "scalar_in_cross",
                            "warning"),
    "a scalar": ("cross_above, compare_to: slow", "gt, compare_to: slow, compare_scalar: 0.9", 19,
                 "builder_drops_scalar", "warning"),
    "an unknown key": ("compare_to: slow", "compare_to: slow, note: x", 19, "unknown_key", "lost"),
    "with itself": ("compare_to: slow", "compare_to: fast", 19, "self_comparison", "warning"),
    "a cross with the open": ("compare_to: slow", "compare_to: open", 19, "cross_without_memory", "warning"),
    "a cross": ("compare_to: slow", "compare_to: slow", 19, "cross", "info"),
    "the high": ("cross_above, compare_to: slow", "lt, compare_to: high", 19, "high_low_in_builder", "info"),
    "a price below zero": ("cross_above, compare_to: slow", "lt, value: 0", 19, "price_below_zero", "warning"),
    "the volume": ("indicator: fast, operator: cross_above, compare_to: slow",
                   "indicator: volume, operator: gt, compare_to: 5", 19, "builder_misreads", "warning"),
    "a signal that is none": (BUY, "      - {candlestick: doji_1, signal: up}", 19, "unknown_signal", "warning"),
    "a signal that never comes": (BUY, "      - {candlestick: hammer_1, signal: bearish}", 19, "never_true", "warning"),
    "a pattern by the older spelling": (BUY, "      - {indicator: doji_1}", 19, "legacy_candlestick", "warning"),
    "keys beside a pattern": (BUY, "      - {candlestick: doji_1, operator: gt}", 19, "ignored_beside_candlestick",
                              "lost"),
    "a pattern without Lean": (BUY, "      - {candlestick: tweezer_top_1, signal: bearish}", 19, "backtester_refuses",
                               "warning"),
    # 5
    "risk missing": (SOUND[SOUND.index("risk:") :], "", 1, "risk_missing", "warning"),
    "a stop that nobody enabled": (STOP, "  stop_loss: {percent: 5}", 25, "stop_not_enabled", "warning"),
    "a stop without a percent": (STOP, "  stop_loss: {enabled: true}", 25, "stop_without_percent", "lost"),
    "a stop of zero": ("percent: 5}", "percent: 0}", 25, "zero_percent", "lost"),
    "a stop above 100": ("percent: 5}", "percent: 150}", 25, "backtester_refuses", "warning"),
    "yes for true": ("enabled: true", "enabled: yes", 25, "not_true_or_false", "warning"),
    "a reference in a stop": ("percent: 5}", "percent: $fast}", 25, "stop_is_fixed", "lost"),
    "the spelling of the program": (STOP, "  stop_loss_pct: 5", 25, "risk_spelling", "lost"),
    "a position size": (STOP, STOP + "\n  max_position_size: 0.2", 26, "position_size", "lost"),
    "a stop": (STOP, STOP, 25, "stop_basis", "info"),
    "daily bars": ("  id: cross", "  id: cross", 8, "daily_bars", "info"),
}  # fmt: skip


@pytest.mark.parametrize("case", REMARKED)
def test_what_a_tool_refuses_or_takes_otherwise_is_read_and_said_with_its_line(case):
    old, new, line, code, severity = REMARKED[case]
    found = kis_yaml.read(changed(old, new))
    told = [note for note in found.notes if note.code == code]
    assert (line, severity) in [(note.line, note.severity) for note in told], [(n.line, n.code) for n in found.notes]
    for note in told:
        assert re.search("[가-힣]", note.text.ko) and not re.search("[가-힣]", note.text.en)
        assert note.as_dict()["line"] == note.line


def test_notes_come_in_the_order_of_the_lines():
    lines = [note.line for note in kis_yaml.read(changed("compare_to: slow", "value: 30")).notes]
    assert lines == sorted(lines)


# ---- what is read all the same


def test_a_byte_order_mark_is_no_matter():
    assert kis_yaml.read(b"\xef\xbb\xbf" + SOUND.encode()).name == "Cross"


def test_a_file_in_another_encoding_is_refused_with_the_line_of_the_first_bad_byte():
    korean = SOUND.replace("Cross", "교차").encode("cp949")
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read(korean)
    assert (refused.value.line, refused.value.code) == (3, "not_utf8")
    with pytest.raises(KisYamlError, match="UTF-8"):
        kis_yaml.read(SOUND.encode("utf-16"))


def test_one_document_may_be_marked_as_such():
    assert kis_yaml.read("---\n" + SOUND).name == "Cross"


def test_block_and_flow_anchors_and_merged_mappings_are_equally_fine():
    text = changed(SLOW, "    - &slow {id: sma, alias: slow, params: {period: 20}}")
    text = changed("candlesticks: []", "candlesticks: []\n  copy: *slow", text)
    text = changed(STOP, "  stop_loss: &stop {enabled: true, percent: 5}\n  take_profit: {<<: *stop, percent: 7}", text)
    found = kis_yaml.read(text)
    assert (found.stops.stop_loss_pct, found.stops.take_profit_pct) == (5, 7)


def test_a_bomb_of_aliases_is_refused_at_once():
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    began = time.perf_counter()
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read("\n".join(layers))
    assert refused.value.code == "too_large"
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 70_000, "too_large"),
        ("a: [" * 50, None),
        ("[" * 10_000, None),
        ("- " * 5_000, None),
        ("a:\n- " + "\n- ".join("b" * 1 for _ in range(9_000)), "too_large"),
        ("&a [*a]", "unknown_anchor"),
        ("\x00", None),
    ],
)
def test_no_text_however_odd_takes_more_than_a_moment(text, code):
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read(text)
    assert code in (None, refused.value.code)


def test_more_conditions_than_a_rule_can_hold_are_refused():
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read(changed(BUY, "\n".join([BUY] * 200)))
    assert (refused.value.line, refused.value.code) == (17, "too_large")


# ---- aliases that the tools generate


def test_an_alias_that_both_tools_generate_alike_is_taken():
    text = SOUND.replace(", alias: fast", "").replace("indicator: fast", "indicator: sma_1")
    assert to_text(kis_yaml.read(text).entry) == "sma($fast) crosses_above sma(20)"
    assert "generated_alias" not in {note.code for note in kis_yaml.read(text).notes}


@pytest.mark.parametrize("alias", ["sma_1", "sma_2"])
def test_an_alias_that_one_tool_alone_generates_is_taken_and_said(alias):
    text = SOUND.replace(", alias: slow", "").replace("compare_to: slow", f"compare_to: {alias}")
    found = kis_yaml.read(text)
    assert to_text(found.entry) == "sma($fast) crosses_above sma(20)"
    assert [note.line for note in found.notes if note.code == "generated_alias"] == [19, 23]


def test_an_alias_that_the_tools_bind_to_different_indicators_is_refused():
    third = "\n    - {id: sma, params: {period: 60}}"
    text = SOUND.replace(", alias: slow", "").replace("{period: 20}}", "{period: 20}}" + third)
    with pytest.raises(KisYamlError) as refused:
        kis_yaml.read(text.replace("compare_to: slow", "compare_to: sma_2"))
    assert refused.value.code == "ambiguous_alias"
    assert "line 15" in refused.value.text.en and "line 14" in refused.value.text.en


def test_a_multi_output_indicator_without_an_output_takes_its_own_or_the_catalogues():
    band = "    - {id: bollinger, alias: slow, params: {period: 20, std: 2}}"
    own = band.replace("}}", "}, output: upper}")
    for line, output in ((band, "middle"), (own, "upper")):
        found = kis_yaml.read(changed(SLOW, line))
        assert to_text(found.entry) == f"sma($fast) crosses_above bollinger(20, 2).{output}"
        assert [note.line for note in found.notes if note.code == "output_missing"] == [19, 23]


def test_parameters_keep_their_type_range_and_description():
    text = changed("min: 2, max: 50, type: int}", "min: 2, max: 50, type: int, description: 빠른 평균}")
    spec = kis_yaml.read(text).params["fast"]
    assert spec.as_dict() == {"type": "int", "default": 5, "min": 2, "max": 50, "title": "빠른 평균"}


def test_a_default_that_is_a_word_stands_for_an_alias():
    text = changed("    fast: {", "    other: {default: slow}\n    fast: {")
    found = kis_yaml.read(changed("compare_to: slow", "compare_to: $other", text))
    assert to_text(found.entry) == "sma($fast) crosses_above sma(20)"
    assert "param_is_alias" in {note.code for note in found.notes}


EVERY_OUTPUT = [(id, output) for id, official in INDICATORS.items() for output in official.outputs]


@pytest.mark.parametrize(("id", "output"), EVERY_OUTPUT)
def test_every_official_indicator_and_output_is_one_of_ours(id, output):
    params = ", ".join(f"{param.name}: {param.default}" for param in INDICATORS[id].params)
    text = changed(SLOW, f"    - {{id: {id}, alias: slow, params: {{{params}}}}}")
    text = changed("compare_to: slow", f"compare_to: slow, compare_output: {output}", text)
    found = kis_yaml.read(text)
    assert isinstance(found.entry, Comparison) and found.entry.right.name == id
    ours = {"wrong_arguments", "bad_argument", "unknown_indicator", "unknown_output", "param_missing", "out_of_range"}
    assert not ours & {note.code for note in found.notes}


@pytest.mark.parametrize("id", ALL_CANDLESTICKS)
def test_every_candle_pattern_of_the_tools_is_one_of_ours(id):
    found = kis_yaml.read(changed(BUY, f"      - {{candlestick: {id}}}"))
    assert to_text(found.entry) == f"detected({id})"
    assert "unknown_pattern" not in {note.code for note in found.notes}


def test_beta_is_measured_against_the_usual_symbol_and_that_is_said():
    text = changed("{id: sma, alias: slow", "{id: beta, alias: b").replace("compare_to: slow", "value: 1")
    found = kis_yaml.read(changed("indicator: fast, operator: cross_a", "indicator: b, operator: cross_a", text))
    assert to_text(found.entry) == "beta(20, SPY) crosses_above 1"
    assert [note.line for note in found.notes if note.code == "backtester_differs"] == [14]


# ---- whatever else a file holds

ODD = [
    "null", "[]", "{}", '""', "$x", "1e3", "010", "-5", "true", '"30"', "[1, 2]", "{a: 1}", "close", "volume", "doji",
    "*a", "&a x", "!!str 5", "-0.0", "1e400", "12:30", "2024-01-01", "sma", "between", "|\n x", "<<", "%", "@", "'",
    '"', "#", "교차", ".nan", "+7", "1e-20", "?", "- ", "\t",
]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 24), st.sampled_from(ODD), st.booleans()), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_file_with_odd_values_is_read_or_refused_with_a_line_of_the_file(edits):
    lines = SOUND.splitlines()
    for number, odd, whole in edits:
        key, colon, _ = lines[number].rpartition(":")
        lines[number] = odd if whole or not colon else f"{key}: {odd}"
    text = "\n".join(lines)
    try:
        found = kis_yaml.read(text)
    except KisYamlError as error:
        assert 1 <= error.line <= len(text.splitlines()) + 1
        return
    assert all(1 <= note.line <= len(text.splitlines()) for note in found.notes)
    try:
        again = kis_yaml.read(kis_yaml.write(found, "backtester"))
    except NotExpressible as refused:
        assert refused.reasons
        return
    assert (again.entry, again.exit, again.stops) == (found.entry, found.exit, found.stops)
