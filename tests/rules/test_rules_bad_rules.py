"""Wrong conditions and rule files, and exactly what each is told: code, place, suggestion, and the sentences.

The sentences stand in docs/rule-errors.md, which is written from this table:
`.venv/bin/python tests/rules/test_rules_bad_rules.py`
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from rules.checking import check_condition_text, check_fields, check_file

PAGE = Path(__file__).parents[2] / "docs" / "rule-errors.md"
RULE = """symbol: AAPL
buy_amount_usd: 1000
entry_condition: rsi(14) < 30
exit_condition: rsi(14) > 70
"""


class Bad(NamedTuple):
    text: str  # a condition, or the whole file
    code: str
    line: int | None = 1
    column: int | None = 1
    suggestion: str | None = None


CONDITIONS = (
    Bad("", "empty"),
    Bad("price > ", "unexpected", 1, 9),
    Bad("(price > 3", "unexpected", 1, 11),
    Bad("price > 3)", "unexpected", 1, 10),
    Bad("price > 3 and and volume > 2", "unexpected", 1, 15),
    Bad("price = 3", "bad_character", 1, 7, "=="),
    Bad("price > 3 && volume > 100", "bad_character", 1, 11, "and"),
    Bad("price > 1e400", "bad_number", 1, 9),
    Bad("3 < price < 5", "chained", 1, 11),
    Bad("prise < 3", "unknown_name", suggestion="price"),
    Bad("qty > 0", "unknown_name", suggestion="position.qty"),
    Bad("return_pct > 5", "unknown_name", suggestion="position.return_pct"),
    Bad("close crosses above sma(20)", "unexpected", 1, 7, "crosses_above"),
    Bad("close crosses under sma(20)", "unexpected", 1, 7, "crosses_below"),
    Bad("close crosses sma(20)", "unexpected", 1, 7),
    Bad("close > highest(20)", "unknown_indicator", 1, 9, "maximum(20)"),
    Bad("position.return_pct > 5%", "bad_character", 1, 24),
    Bad("price > 1 and\n  position.qyt > 0", "unknown_name", 2, 3, "position.qty"),
    Bad("rsj(14) < 30", "unknown_indicator", suggestion="rsi"),
    Bad("rsi < 30", "unknown_name", suggestion="rsi(14)"),
    Bad("rsi(0) < 30", "bad_argument", 1, 5),
    Bad("rsi(14, 3) < 30", "wrong_arguments"),
    Bad("sma(20.5) > 1", "bad_argument", 1, 5),
    Bad("macd(26, 12, 9).signal > 0", "bad_argument", suggestion="macd(12, 26, 9)"),
    Bad("bollinger(20, 2).uper < close", "unknown_output", suggestion="upper"),
    Bad("bullish(enguling)", "unknown_pattern", suggestion="engulfing"),
    Bad("close(timeframe=2m) > 3", "bad_timeframe", 1, 17),
    Bad("QQQ.clsoe > 3", "unknown_name", suggestion="QQQ.close"),
    Bad("session.phase == lunch", "unknown_word", 1, 18),
    Bad("price", "not_a_condition"),
    Bad("price > 3 or 5", "wrong_kind", 1, 14),
    Bad("rsi(14) > close", "wrong_unit", 1, 11),
    Bad("volume > close", "wrong_unit", 1, 10),
    Bad("close[-1] > close", "look_ahead", 1, 7),
    Bad("5 crosses_above 3", "nothing_moves"),
    Bad("rsi(14) > 130", "never_true"),
    Bad("rsi(14) < 30 and rsi(14) > 70", "contradiction", 1, 18),
    Bad("rsi(14) between 70 and 30", "never_true", suggestion="rsi(14) between 30 and 70"),
    Bad("maximum(20) < close", "never_true", suggestion="maximum(20)[1]"),
    Bad("price / 0 > 1", "never_known"),
    Bad("$fast > 3", "undefined_param"),
)
FILES = (
    Bad("symbol: [AAPL\n", "not_yaml", 2, 1),
    Bad("just words\n", "not_a_mapping", None, None),
    Bad(RULE + "symbol: MSFT\n", "twice", 5, 1),
    Bad(RULE + "stop_lose: 3\n", "unknown_field", 5, 1, "stop_loss_pct"),
    Bad(RULE.replace("symbol: AAPL\n", ""), "required", None, None),
    Bad(RULE.replace("exit_condition: rsi(14) > 70\n", ""), "exit_missing", None, None),
    Bad(RULE.replace("1000", "-5"), "invalid", 2, 17),
    Bad(RULE.replace("rsi(14) < 30", "rsj(14) < 30"), "unknown_indicator", 3, 18, "rsi"),
    Bad(RULE.replace("rsi(14) < 30", "|\n  price > 1 and\n  rsi(14) < thirty"), "unknown_name", 5, 13, None),
    Bad(RULE.replace("rsi(14) > 70", "\n  any:\n    - price > 9\n    - rsi(14) > 700"), "never_true", 5, 3),
    Bad(RULE + "timeframe: 1min\n", "unknown_word", 5, 12, "1m"),
    Bad(RULE + "stop_loss_pct: 100\n", "invalid", 5, 16),
    Bad(RULE + "sessions: regular\n", "invalid", 5, 11),
    Bad(RULE + "price_offset_bps: 5000\n", "invalid", 5, 19),
    Bad(RULE.replace("(14) <", "($perod) <") + "params: {period: 14}\n", "unknown_param", 3, 22, "$period"),
    Bad(RULE + "params:\n  fast: {default: 3, min: 5}\n", "bad_param", 6, 19),
    Bad(RULE + "params:\n  fast: {default: 3, mim: 5}\n", "bad_param", 6, 27, "min"),
    Bad(RULE + "code: |\n  def decide(market, position, params):\n    return None\n", "not_used", 5, 7),
    Bad("symbol: AAPL\nbuy_amount_usd: 1000\nmode: python\n", "required", None, None),
    Bad(RULE.replace("14", "1000") + "timeframe: 1d\nmax_position: 1.5\n", "invalid", 6, 15),
)
# What only an account forbids: the same rule may be in a file.
ON_PAPER = (Bad(RULE + "time_in_force: at_open\n", "not_on_paper", 5, 16, "day"),)
TOO_FAR = (Bad(RULE.replace("rsi(14) < 30", "sma(500) > 0") + "timeframe: 1h\n", "too_long_history", 3, 18),)


def told(case: Bad, check) -> dict:
    answer = check(case.text)
    assert not answer["valid"]
    return answer["errors"][0]


def for_paper(text: str) -> dict:
    return check_file(text, environment="paper")


CASES = [
    *((case, check_condition_text) for case in CONDITIONS),
    *((case, check_file) for case in FILES),
    *((case, for_paper) for case in (*ON_PAPER, *TOO_FAR)),
]


@pytest.mark.parametrize(("case", "check"), CASES, ids=[case.text[:40] for case, _ in CASES])
def test_what_is_wrong_is_said_with_its_place_and_the_nearest_right_thing(case, check):
    error = told(case, check)
    found = Bad(case.text, error["code"], error["line"], error["column"], error["suggestion"])
    assert found == case
    assert error["message"]["ko"] != error["message"]["en"]


def test_what_is_right_is_told_nothing():
    assert check_file(RULE)["errors"] == check_file(RULE)["warnings"] == []


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"timeframe": "1d", "evaluate_on": "tick"}, "evaluate_on", "moving_day"),
        ({"timeframe": "1d", "time_in_force": "at_close"}, "time_in_force", "a_day_later"),
        ({"price_offset_bps": 300}, "price_offset_bps", "beyond_collar"),
        ({"order_price": "passive", "price_offset_bps": 5, "cancel_after_sec": 9}, "order_price", "not_passive"),
        ({"order_price": "passive"}, "cancel_after_sec", "may_rest"),
        ({"params": {"fast": 3}}, "params", "unused_param"),
        ({"entry_condition": "rsi(14) >= 0"}, "entry_condition", "always_true"),
        ({"exit_condition": "rsi(14) < 30"}, "exit_condition", "same_condition"),
        ({"timeframe": "1h"}, "entry_condition", "short_history"),
        ({"timeframe": "1h", "entry_condition": "sma(500) > 1"}, "entry_condition", "too_long_history"),
    ],
)
def test_what_is_odd_but_possible_is_a_warning(fields, field, code):
    plain = {"symbol": "AAPL", "buy_amount_usd": 1000, "entry_condition": "rsi(14) < 30"}
    answer = check_fields(plain | {"exit_condition": "rsi(14) > 70"} | fields)
    assert answer["valid"]
    assert (field, code) in [(warning["field"], warning["code"]) for warning in answer["warnings"]]


def test_the_page_says_what_is_said():
    assert PAGE.read_text() == page()


def page() -> str:
    """docs/rule-errors.md: every input of the tables and what a person reads about it."""
    parts = ["# What a wrong rule is told / 틀린 규칙이 받는 말", _INTRODUCTION]
    parts += ["## Conditions / 조건", _table(CONDITIONS, check_condition_text)]
    parts += ["## Rule files / 규칙 파일", *(_file(case, check_file) for case in FILES)]
    parts += ["## What only an account forbids / 계좌가 허락하지 않는 것"]
    parts += [_file(case, for_paper) for case in (*ON_PAPER, *TOO_FAR)]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = (
    "`POST /api/rules:check` answers like this while a rule is written, and nothing is saved that it refuses. Lines "
    "and columns\ncount from 1. The page is made from `tests/rules/test_rules_bad_rules.py`.\n\n"
    "규칙을 쓰는 동안 `POST /api/rules:check` 가 이렇게 답하고, 여기서 거절된 것은 저장되지 않습니다. 행과 열은 1부터 "
    "셉니다."
)


def _table(cases: tuple[Bad, ...], check) -> str:
    rows = ["| condition | code | line:column | 한국어 | English |", "|---|---|---|---|---|"]
    for case in cases:
        error = told(case, check)
        shown = f"`{case.text}`" if case.text.strip() else "(empty)"
        place = f"{error['line']}:{error['column']}"
        rows.append(f"| {_cell(shown)} | `{error['code']}` | {place} | {_said(error, 'ko')} | {_said(error, 'en')} |")
    return "\n".join(rows)


def _file(case: Bad, check) -> str:
    error = told(case, check)
    place = f"{error['line']}:{error['column']}" if error["line"] else error["field"] or "file"
    return f"```yaml\n{case.text}```\n\n`{error['code']}` at {place}\n\n- {_said(error, 'ko')}\n- {_said(error, 'en')}"


def _said(error: dict, language: str) -> str:
    parts = [error["message"][language]]
    if error["expected"]:
        parts.append(f"{'필요한 것' if language == 'ko' else 'Expected'}: {error['expected'][language]}.")
    if error["suggestion"]:
        ask = "혹시 `{}` 인가요?" if language == "ko" else "Did you mean `{}`?"
        parts.append(ask.format(error["suggestion"]))
    return _cell(" ".join(parts))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ⏎ ")


if __name__ == "__main__":
    PAGE.write_text(page())
