"""What is said when code is saved: where, in both languages, and what to write instead."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sandbox import check_code
from rules.sandbox.reading import read_code

HEAD = "def decide(market, position, params):\n"


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("", 1, "There is no function `decide`"),
        ("decide = 1\n", 1, "There is no function `decide`"),
        ("def decide(market, position):\n    return None\n", 1, "of three arguments"),
        ("\nasync def decide(market, position, params):\n    return None\n", 2, "of three arguments"),
        ("def decide(*args):\n    return None\n", 1, "of three arguments"),
        (HEAD + "    return (\n", 2, "no Python: '(' was never closed"),
        (HEAD + "    retrun None\n", 2, "no Python: invalid syntax"),
        ("import numpy\n" + HEAD + "    return None\n", 1, "`numpy` cannot be imported"),
        (HEAD + "    import os\n", 2, "`os` cannot be imported"),
        ("from math import *\n" + HEAD + "    return None\n", 1, "Imports name each thing"),
        ("class A(dict):\n    pass\n" + HEAD + "    return None\n", 1, "`class A(B)`"),
        (HEAD + "    x = 1\n    del x\n", 3, "`del`"),
        (HEAD + "    yield 1\n", 2, "`yield`"),
        (HEAD + "    return open('x')\n", 2, "`open`"),
        (HEAD + "    return eval('1')\n", 2, "`eval`"),
        (HEAD + "    return type(market).__class__\n", 2, "`.__class__`"),
        (HEAD + "    return market.clsoe[-1]\n", 2, "There is no `market.clsoe`"),
        (HEAD + "    return position.quantity\n", 2, "There is no `position.quantity`"),
        (HEAD + "    return indicator('smaa', 10)\n", 2, "do you mean 'sma'?"),
        (HEAD + "    return indicator('sma', 0)\n", 2, "period of sma is a whole number from"),
        (HEAD + "    return indicator('macd', output='line')\n", 2, "macd has the outputs"),
        (HEAD + "    return indicator('sma', 5, timeframe='2m')\n", 2, "timeframe is one of"),
        ("BARS = 10**6\n" + HEAD + "    return None\n", 1, "`BARS` is a whole number"),
        ("BARS = 99999\n" + HEAD + "    return None\n", 1, "`BARS` is a whole number"),
        (HEAD + "    return 1 / 0\n", 2, "ZeroDivisionError"),
        (HEAD + "    return pirce\n", 2, "NameError: name 'pirce'"),
        (HEAD + "    return 'enter' if market.close[-30] else None\n", 2, "With only 1 bar it fails"),
        (HEAD + "    return 'enter' if indicator('rsi', 14) < 30 else None\n", 2, "test for that before comparing"),
        (HEAD + "    return 'buy'\n", 1, "has the action 'buy'"),
        (HEAD + "    if position.qty:\n        return 5\n", 1, "What decide() returned is 5"),
        (HEAD + "    while True:\n        pass\n", 1, "more than 50 ms"),
        ("x = '" + "a" * 30000 + "'\n", 1, "20,000 are allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(code: str, line: int, said: str) -> None:
    problem = check_code(code)[0]
    assert said in problem.message.en
    assert problem.line == line
    assert problem.column >= 1
    assert problem.message.ko != problem.message.en


@pytest.mark.parametrize(
    ("code", "suggestion"),
    [
        (HEAD + "    return market.clsoe\n", "market.close"),
        ("import maths\n" + HEAD + "    return None\n", "import math"),
        ("def decide(x):\n    return None\n", "def decide(market, position, params):"),
        ("BARS = 0\n" + HEAD + "    return None\n", "BARS = 300"),
    ],
)
def test_what_to_write_instead_is_suggested(code: str, suggestion: str) -> None:
    assert check_code(code)[0].suggestion == suggestion


def test_everything_wrong_in_the_text_is_said_at_once_in_order() -> None:
    problems = check_code("import os\nimport sys\n" + HEAD + "    del x\n    yield 1\n")
    assert [problem.line for problem in problems] == [1, 2, 4, 5]


def test_a_missing_parameter_is_said_and_without_parameters_they_are_made_up() -> None:
    code = HEAD + "    return 'enter' if market.price > params['level'] else None\n"
    assert check_code(code) == []
    assert check_code(code, {"level": Decimal(5)}) == []
    assert "KeyError" in check_code(code, {})[0].message.en


def test_much_of_python_is_there() -> None:
    code = """
import math, re, json, itertools, functools, random, bisect, copy
from collections import deque, Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

@dataclass
class Level:
    price: float
    name: str = "x"

    def above(self, price: float) -> bool:
        return price > self.price

def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)

def decide(market, position, params):
    levels = [Level(mean(market.close[-n:]), f"mean {n:>3}") for n in (5, 10, 20) if len(market.close) >= n]
    match levels:
        case []:
            return None
        case [first, *rest] if all(level.above(market.price) for level in (first, *rest)):
            return {"action": "enter", "reason": first.name}
    best = max(levels, key=lambda level: level.price)
    try:
        limit = Decimal(str(round(best.price, 2)))
    except ArithmeticError:
        return None
    return {"action": "exit", "limit_price": limit} if position.qty else None
"""
    assert check_code(code) == []


@given(st.text(max_size=300))
def test_any_text_can_be_read(code: str) -> None:
    assert read_code(code).problems
