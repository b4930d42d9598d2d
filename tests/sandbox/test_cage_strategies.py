"""What a strategy sees, what it may answer, and that the same moment always gives the same decision."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.data import MarketData
from market.words import Action, EvaluateOn, Timeframe
from rules.domain import Rule, StrategyBroke, Wish, evaluate
from rules.indicators.values import value_at
from rules.language import parse
from rules.language.look import Look, closed_bars
from rules.language.names import NAMES
from rules.language.nodes import OWN, Series
from rules.sandbox import LIMITS, CagedProgram
from rules.sandbox.answers import read_answer
from rules.sandbox.view import POSITION
from rules.sandbox.workers import WORKERS

Market = Callable[..., MarketData]


def _printed(body: str, market: MarketData, rule: Rule, **params: Decimal | str) -> str:
    program = CagedProgram(f"def decide(market, position, params):\n    print({body})\n", params)
    assert program.decide(market, rule) == Wish(Action.NONE)
    return program.printed[0]


def _answer(answer: str, market: MarketData, rule: Rule) -> Wish:
    code = f"from decimal import Decimal\ndef decide(market, position, params):\n    return {answer}\n"
    return CagedProgram(code).decide(market, rule)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("market.symbol, market.timeframe, market.now, market.epoch", "AAPL 1m 2026-01-05T19:30:01Z 1767641401.0"),
        ("market.price, market.bid, market.ask, market.spread", "102.99 102.98 103.0 0.02"),
        ("market.session, market.minutes_since_open, market.minutes_to_close", "regular 300.0 89.0"),
        ("market.open[-1], market.high[-1], market.low[-1], market.close[-1]", "102.99 103.0 102.98 102.99"),
        ("market.volume[-2:], market.time[-1], len(market.close)", "[1298.0, 1299.0] 1767641340 300"),
        ("market.forming, position.qty, position.avg_price, position.return_pct", "None 0 None None"),
        ("params['fast'], params['std'], params['kind'], type(params['fast']) is int", "10 2.5 up True"),
    ],
)
def test_a_strategy_sees_the_market_and_its_parameters(body: str, said: str, market_of: Market, rule: Rule) -> None:
    assert _printed(body, market_of(), rule, fast=Decimal("10"), std=Decimal("2.5"), kind="up") == said


def test_a_position_is_what_the_language_says_it_is(market_of: Market, rule: Rule) -> None:
    market = market_of(held=5)
    look = Look(market, closed_bars(market))
    wanted = [NAMES[f"position.{name}"].read(0, OWN)(look) for name in POSITION]
    said = _printed(f"repr([{', '.join(f'float(position.{name})' for name in POSITION)}])", market, rule)
    assert said == repr([float(value) for value in wanted])  # type: ignore[arg-type]


def test_it_gets_as_many_bars_as_it_asks_for_and_no_later_ones(market_of: Market, rule: Rule) -> None:
    program = CagedProgram("BARS = 7\ndef decide(market, position, params):\n    print(market.close)\n")
    market = market_of(50)
    program.decide(replace(market, now=market.now.replace(minute=10)), rule)
    assert program.printed == ("[100.33, 100.34, 100.35, 100.36, 100.37, 100.38, 100.39]",)


def test_on_every_price_it_sees_the_price_of_the_bar_that_is_forming(market_of: Market, rule: Rule) -> None:
    market = market_of()
    assert market.quote is not None
    moving = replace(market, quote=replace(market.quote, last=Decimal("110.5")))
    tick = replace(rule, evaluate_on=EvaluateOn.TICK)
    said = _printed("market.forming, market.close[-1], indicator('sma', 1)", moving, tick)
    assert said == "110.5 102.99 110.5"


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ('indicator("sma", 20)', ("sma", (20,))),
        ('indicator("sma", "volume", 20)', ("sma", (20,), None, "volume")),
        ('indicator("rsi", 14, offset=1)', ("rsi", (14,), None, "close", 1)),
        ('indicator("macd", 12, 26, 9, output="signal")', ("macd", (12, 26, 9), "signal")),
        ('indicator("rsi", period=9)', ("rsi", (9,))),
        ('indicator("sma", params["n"])', ("sma", (20,))),
        ('indicator(*["sma", 20])', ("sma", (20,))),
    ],
)
def test_an_indicator_has_the_bits_that_the_language_has(
    call: str, asked: tuple[str, tuple[int, ...]], market_of: Market, rule: Rule
) -> None:
    market = market_of()
    value = value_at(market.bars.columns, *asked)
    assert value is not None
    assert _printed(f"repr({call})", market, rule, n=Decimal(20)) == repr(value)


def test_an_indicator_of_another_timeframe_reads_that_series(market_of: Market, rule: Rule) -> None:
    said = _printed(
        'indicator("sma", 5, timeframe="1d"), indicator("sma", 5, timeframe="1h")', market_of(daily=30), rule
    )
    assert said == "100.27 None"


def test_what_it_will_need_is_known_before_it_runs() -> None:
    code = (
        "BARS = 50\ndef decide(market, position, params):\n    x = market.close\n"
        '    return indicator("rsi", 14, timeframe="1d"), indicator("sma", params["slow"])\n'
    )
    needs = CagedProgram(code, {"slow": Decimal(90)}).needs
    assert needs[OWN].bars == 90
    assert needs[Series(None, Timeframe.D1)].anchored is not None


@pytest.mark.parametrize(
    ("answer", "wish"),
    [
        ("None", Wish(Action.NONE)),
        ('"enter"', Wish(Action.ENTRY)),
        ('"exit"', Wish(Action.EXIT)),
        ('{"action": "exit"}', Wish(Action.EXIT)),
        ('{"action": "enter", "quantity": 6 / 2}', Wish(Action.ENTRY, 3)),
        ('{"action": "enter", "quantity": None, "limit_price": 0.1 + 0.2}', Wish(Action.ENTRY, None, Decimal("0.3"))),
        ('{"action": "enter", "limit_price": "12.50"}', Wish(Action.ENTRY, None, Decimal("12.50"))),
        ('{"action": "enter", "limit_price": Decimal("12.5")}', Wish(Action.ENTRY, None, Decimal("12.5"))),
        ('{"action": "enter", "reason": "  다섯 번\\n올랐다 "}', Wish(Action.ENTRY, reason="다섯 번 올랐다")),
    ],
)
def test_an_answer_becomes_a_wish(answer: str, wish: Wish, market_of: Market, rule: Rule) -> None:
    assert _answer(answer, market_of(), rule) == wish


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("True", "is True"),
        ("1", "is 1"),
        ('"buy"', "has the action 'buy'"),
        ("[]", "is []"),
        ('{"quantity": 3}', "has the action None"),
        ('{"action": "enter", "qty": 3}', "has an unknown entry 'qty'"),
        ('{"action": "enter", "quantity": 0}', "has the quantity 0"),
        ('{"action": "enter", "quantity": "3"}', "has the quantity '3'"),
        ('{"action": "enter", "limit_price": "-1"}', "has the limit_price '-1'"),
        ('{"action": "enter", "limit_price": 1e7}', "has the limit_price 10000000.0"),
        ('{"action": "enter", "reason": "x" * 201}', "has a reason of more than 200 characters"),
    ],
)
def test_anything_else_breaks_the_rule_and_is_named(answer: str, said: str, market_of: Market, rule: Rule) -> None:
    with pytest.raises(StrategyBroke) as broke:
        _answer(answer, market_of(), rule)
    assert f"What decide() returned {said}" in broke.value.text.en
    assert "돌려준 값" in broke.value.text.ko


@given(st.one_of(st.text(max_size=200), st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["action", "quantity", "limit_price", "reason", "x"]), inner, max_size=4),
).map(repr)))  # fmt: skip
def test_whatever_comes_back_is_a_sound_wish_or_breaks_the_rule(text: str) -> None:
    try:
        wish = read_answer(text, LIMITS)
    except StrategyBroke:
        return
    assert wish.quantity is None or (isinstance(wish.quantity, int) and 1 <= wish.quantity <= LIMITS.quantity)
    assert wish.limit_price is None or (wish.limit_price.is_finite() and 0 < wish.limit_price <= LIMITS.price)
    assert wish.reason is None or (wish.reason.isprintable() and len(wish.reason) <= LIMITS.reason)


def test_an_error_names_the_line_in_both_languages(market_of: Market, rule: Rule) -> None:
    code = "def helper(x):\n    return 1 / x\n\ndef decide(market, position, params):\n    return helper(0)\n"
    with pytest.raises(StrategyBroke) as broke:
        CagedProgram(code).decide(market_of(), rule)
    assert broke.value.text.en == "Line 2: The strategy's code failed: ZeroDivisionError: division by zero"
    assert broke.value.text.ko == "2행: 전략 코드가 실패했습니다: ZeroDivisionError: division by zero"


def test_what_it_prints_is_kept_for_the_journal_up_to_twenty_lines(market_of: Market, rule: Rule) -> None:
    code = "def decide(market, position, params):\n    for n in range(100):\n        print(n, 'a' * 300, '\\x00')\n"
    program = CagedProgram(code)
    program.decide(market_of(), rule)
    assert len(program.printed) == 20
    assert all(len(line) <= 200 and line.isprintable() for line in program.printed)


def test_bars_with_holes_are_not_shown_to_it(market_of: Market, rule: Rule) -> None:
    always = CagedProgram('def decide(market, position, params):\n    return "enter"\n')
    assert always.decide(market_of(complete=False), rule) == Wish(Action.NONE)


CHANCE = """
import random
def decide(market, position, params):
    print(random.random(), random.Random().random(), list({"a", "b", "c"}), id([]))
"""


def test_the_same_moment_gives_the_same_chance_in_any_process(market_of: Market, rule: Rule) -> None:
    program, market, seen = CagedProgram(CHANCE), market_of(), set()
    for _ in range(3):
        program.decide(market, rule)
        seen.add(program.printed)
        WORKERS.close()
    assert len(seen) == 1


def test_another_bar_gives_another_chance(market_of: Market, rule: Rule) -> None:
    program, seen = CagedProgram(CHANCE), set()
    for count in (300, 301):
        program.decide(market_of(count), rule)
        seen.add(program.printed)
    assert len(seen) == 2


def test_evaluate_asks_the_program_and_breaks_with_its_words(market_of: Market, rule: Rule) -> None:
    caged = replace(
        rule,
        program=CagedProgram('def decide(market, position, params):\n    return {"action": "enter", "quantity": 2}'),
    )
    decision = evaluate(caged, market_of())
    assert (decision.action, decision.quantity) == (Action.ENTRY, 2)
    failing = replace(rule, program=CagedProgram("def decide(market, position, params):\n    return 1 / 0"))
    broken = evaluate(failing, market_of())
    assert broken.action is Action.NONE
    assert broken.broke is not None and "ZeroDivisionError" in broken.broke.en


def test_a_strategy_and_a_condition_that_say_the_same_decide_the_same(market_of: Market, rule: Rule) -> None:
    text = "sma(5) > sma(20) and rsi(14) < 101"
    code = (
        "def decide(market, position, params):\n"
        '    fast, slow, rsi = indicator("sma", 5), indicator("sma", 20), indicator("rsi", 14)\n'
        "    if None in (fast, slow, rsi):\n        return None\n"
        '    return "enter" if fast > slow and rsi < 101 else None\n'
    )
    for count in (5, 15, 19, 20, 21, 60):
        market = market_of(count)
        spoken = evaluate(replace(rule, entry=parse(text)), market)
        written = evaluate(replace(rule, program=CagedProgram(code)), market)
        assert spoken.action == written.action


def test_a_rule_needs_the_bars_of_its_program(rule: Rule) -> None:
    code = 'def decide(market, position, params):\n    return indicator("sma", 90, timeframe="1d") and market.close\n'
    needs = replace(rule, program=CagedProgram(code)).needs
    assert (needs[OWN].bars, needs[Series(None, Timeframe.D1)].bars) == (300, 90)
