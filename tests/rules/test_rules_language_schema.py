"""The schemas that editors read: they accept what the language accepts, and name what it does not know."""

import pytest
from hypothesis import example, given, settings
from jsonschema import Draft202012Validator

from rules.fields import READERS
from rules.language import parse, to_json
from rules.language.schema import condition_schema, rule_schema
from tests.rules.test_rules_language import conditions

CONDITION = Draft202012Validator(condition_schema())
RULE = Draft202012Validator(rule_schema())


def test_both_are_schemas():
    Draft202012Validator.check_schema(condition_schema())
    Draft202012Validator.check_schema(rule_schema())


@given(conditions)
@example(parse("alpha(period=252, symbol=spy) > 0"))
@settings(max_examples=40, deadline=None)
def test_every_tree_fits(node):
    CONDITION.validate(to_json(node))


@pytest.mark.parametrize(
    "value",
    [
        {"rsi": 14},
        {"call": "rsj", "args": [14]},
        {"call": "sma", "named": {"perod": 3}},
        {"call": "sma", "args": [20], "output": "upper"},
        {"call": "sma", "args": ["close", 20, 30]},
        {"name": "prise"},
        {"pattern": "engulfin", "signal": "bullish"},
        {"op": "<<", "left": 1, "right": 2},
        {"all": []},
        {"between": "price", "low": 1},
        {"name": "close", "timeframe": "2h"},
        None,
    ],
)
def test_what_is_no_condition_does_not_fit(value):
    assert not CONDITION.is_valid(value)


def test_a_rule_needs_little():
    RULE.validate({"symbol": "AAPL", "buy_amount_usd": 10000, "entry_condition": "rsi(14) < 30"})
    RULE.validate({"symbol": "AAPL", "buy_amount_usd": "10000", "mode": "python", "code": "def decide(): ..."})
    assert not RULE.is_valid({"symbol": "AAPL", "buy_amount_usd": 0, "entry_condition": "true"})
    assert not RULE.is_valid({"symbol": "AAPL", "buy_amount_usd": 10})
    assert not RULE.is_valid({"symbol": "AAPL", "buy_amount_usd": 10, "entry_condition": "true", "colour": 1})


def test_it_knows_every_field_of_a_rule():
    assert set(rule_schema()["properties"]) == set(READERS)
