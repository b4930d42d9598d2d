"""Rule files: a rule as text that a person writes, without a database; and back."""

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.words import Action, EvaluateOn, Exchange, Timeframe
from rules.domain import evaluate
from rules.fields import DEFAULTS, read_fields, with_defaults
from rules.files import RuleFileInvalid, read_rule, write_rule

CROSS = """symbol: AAPL
timeframe: 1m
buy_amount_usd: 10000
entry_condition: sma(10) crosses_above sma(30)
exit_condition: sma(10) crosses_below sma(30)
"""
CODE = """def decide(market, position, params):
    if position.qty == 0 and market.close[-1] > params["level"]:
        return "enter"
    return None
"""


def problems_of(text: str) -> list[tuple[str, str, int | None]]:
    with pytest.raises(RuleFileInvalid) as caught:
        read_rule(text)
    return [(p.field, p.code, p.line) for p in caught.value.problems]


class TestReading:
    def test_five_lines_are_a_whole_rule_that_the_domain_judges(self, market):
        found = read_rule(CROSS)
        rule = found.rule
        assert (rule.symbol, rule.exchange, rule.timeframe) == ("AAPL", Exchange.NASDAQ, Timeframe.M1)
        assert (rule.evaluate_on, rule.buy_amount_usd) == (EvaluateOn.BAR_CLOSE, Decimal(10000))
        assert rule.max_position == DEFAULTS["max_position"]
        assert set(found.given) == {
            "symbol", "timeframe", "buy_amount_usd", "entry_condition", "exit_condition",
        }  # fmt: skip
        rising_at_last = [100 - i for i in range(40)] + [400]
        assert evaluate(rule, market(rising_at_last)).action is Action.ENTRY

    def test_it_needs_no_django_and_no_database(self):
        code = (
            f"import sys; from rules.files import read_rule; read_rule({CROSS!r}); assert 'django' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_stops_parameters_and_price_are_in_the_rule(self):
        text = CROSS.replace("sma(10)", "sma($fast)") + "params: {fast: 10}\nstop_loss_pct: 3.5\norder_price: passive\n"
        rule = read_rule(text).rule
        assert rule.params == {"fast": Decimal(10)}
        assert (rule.stop_loss_pct, rule.order_price, rule.price_offset_bps) == (Decimal("3.5"), "passive", 0)
        assert rule.look_back == read_rule(CROSS).rule.look_back

    def test_the_value_that_was_set_outranks_the_default(self):
        text = CROSS.replace("sma(10)", "sma($fast)") + "params:\n  fast: {default: 10, value: 12, min: 2, max: 20}\n"
        assert read_rule(text).rule.params == {"fast": Decimal(12)}

    def test_a_stop_alone_may_end_what_the_rule_owns(self):
        text = CROSS.replace("exit_condition: sma(10) crosses_below sma(30)", "stop_loss_pct: 5")
        assert read_rule(text).rule.stop_loss_pct == 5

    def test_a_python_strategy_is_a_whole_rule(self):
        text = "symbol: AAPL\nbuy_amount_usd: 100\nmode: python\nparams: {level: 5}\ncode: |\n"
        rule = read_rule(text + "".join(f"  {line}\n" for line in CODE.splitlines())).rule
        assert (rule.mode, rule.params) == ("python", {"level": Decimal(5)})
        assert rule.program is not None

    def test_code_that_cannot_run_is_said_at_its_line_of_the_file(self):
        text = "symbol: AAPL\nbuy_amount_usd: 100\nmode: python\ncode: |\n  import math\n  import os\n"
        assert ("code", "bad_code", 6) in problems_of(text)

    def test_numbers_and_words_mean_what_a_person_reads(self):
        found = read_rule(CROSS + "max_position: 010\nname: on\nstop_loss_pct: 0.1\n")
        assert (found.fields["max_position"], found.fields["name"]) == (10, "on")
        assert found.fields["stop_loss_pct"] == Decimal("0.1")

    def test_everything_wrong_is_said_at_once(self):
        text = CROSS.replace("sma(30)", "smaa(30)") + "max_position: 0\n"
        assert problems_of(text) == [
            ("max_position", "invalid", 6),
            ("entry_condition", "unknown_indicator", 4),
            ("exit_condition", "unknown_indicator", 5),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "a: &a [1]\nb: [" + "*a, " * 6000 + "]\n",
            "a: " + "[" * 3000,
            "? {a: 1}\n: 2\n",
            "<<: *x\n",
            "--- \n---\n",
            "\0",
        ],
    )
    def test_a_hostile_file_is_refused_and_no_crash(self, text):
        with pytest.raises(RuleFileInvalid):
            read_rule(text)

    @given(st.text(max_size=300))
    def test_whatever_the_text_it_is_a_rule_or_refused(self, text):
        with pytest.raises(RuleFileInvalid):
            read_rule(text)

    @given(st.integers(0, len(CROSS)), st.text(max_size=3))
    def test_whatever_slips_in_it_is_a_rule_or_refused_with_words(self, at, slip):
        try:
            read_rule(CROSS[:at] + slip + CROSS[at:])
        except RuleFileInvalid as invalid:
            assert all(p.text.ko and p.text.en for p in invalid.problems)


words = st.text("abcdefghij 가나다:#'\"-", max_size=20).map(str.strip)
percents = st.none() | st.decimals("0.0001", "99.9999", places=4)
rules = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(["AAPL", "BRK/B", "ON", "NO"]),
        "buy_amount_usd": st.decimals("0.0001", "99999999", places=4),
        "entry_condition": st.sampled_from(["rsi($fast) < 30", "price > 3 and\n  volume > 2", "close > 1.5"]),
        "exit_condition": st.sampled_from(["false", "rsi(14) > 70 or $level < price"]),
    },
    optional={
        "name": words,
        "timeframe": st.sampled_from(list(Timeframe)),
        "max_position": st.integers(1, 10**6),
        "params": st.just({"fast": {"type": "int", "default": 3}, "level": {"type": "number", "default": 0.1}}),
        "stop_loss_pct": percents,
        "take_profit_pct": percents,
        "trailing_stop_pct": percents,
        "sessions": st.lists(st.sampled_from(["pre", "regular", "after"]), min_size=1, unique=True),
        "order_price": st.sampled_from(["last", "touch", "passive"]),
        "price_offset_bps": st.integers(-1000, 1000),
        "price_offset_ticks": st.integers(-1000, 1000),
        "cancel_after_sec": st.none() | st.integers(1, 10**6),
    },
)


class TestWriting:
    @given(rules)
    def test_what_is_written_reads_back_as_it_was(self, raw):
        fields, problems = read_fields({"params": {"fast": 3, "level": 0.1}, **raw})
        assert not problems
        whole = with_defaults(fields)
        assert read_rule(write_rule(whole)).fields == whole

    @pytest.mark.parametrize(
        "name", ["1e5", "08", "010", "1_000", "true", "~", "1:30", "a\x85b", "a\u2028b", "'", "- a"]
    )
    def test_a_name_stays_the_same_text(self, name):
        fields, _ = read_fields({"symbol": "AAPL", "buy_amount_usd": 1, "name": name, "exit_condition": "false"})
        whole = with_defaults({**fields, "entry_condition": "true", "params": {"p": {"default": 5, "title": name}}})
        whole = {**whole, "params": read_fields({"params": whole["params"]})[0]["params"]}
        back = read_rule(write_rule(whole)).fields
        assert (back["name"], back["params"]) == (name, whole["params"])

    @pytest.mark.parametrize(
        "param",
        [
            {"default": 1, "title": {"ko": "가" * 201, "en": "a"}},
            {"default": "a", "choices": ["a"] * 101},
        ],
    )
    def test_what_is_said_of_a_parameter_is_bounded(self, param):
        assert [p.field for p in read_fields({"params": {"p": param}})[1]] == ["params"]

    def test_code_with_a_sign_that_yaml_takes_for_the_end_of_a_line_stays_the_same(self):
        code = CODE.replace("return", "x = 'a\x85b'\n    return", 1)
        fields, _ = read_fields({"symbol": "AAPL", "buy_amount_usd": 1, "mode": "python", "code": code})
        fields = {**fields, **read_fields({"params": {"level": 1}})[0]}
        assert read_rule(write_rule(with_defaults(fields))).fields["code"] == fields["code"]

    def test_only_what_differs_is_said_and_code_stays_readable(self):
        assert write_rule(read_rule(CROSS).fields) == CROSS.replace("timeframe: 1m\n", "")
        fields, _ = read_fields({"symbol": "AAPL", "buy_amount_usd": 1, "mode": "python", "code": CODE})
        text = write_rule(with_defaults(fields))
        assert "code: |\n  def decide(market, position, params):\n" in text
