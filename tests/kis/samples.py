"""What the tests of the wire format share: two keys, answers made of Python values, and records bent out of shape."""

import json
import string
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from kis.config import KisConfig
from kis.wire import values
from kis.wire.answers import Answer
from market.orders import OrderTicket
from market.words import Environment, Exchange, Side

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)  # 23:15:09 in Korea, 10:15:09 in New York
REAL = KisConfig(Environment.REAL, "k" * 36, "s" * 180, "5012345601")
PAPER = KisConfig(Environment.PAPER, "k" * 36, "s" * 180, "50123456-01")
ACCOUNT = {"CANO": "50123456", "ACNT_PRDT_CD": "01"}


def answer(body: object, status: int = 200, tr_cont: str = "") -> Answer:
    return Answer(status, values.json_object(json.dumps(body).encode()), tr_cont, NOW)


def ticket(**changes: Any) -> OrderTicket:
    """A buy of 10 NVDA at 184.25, with changes."""
    fields = {"symbol": "NVDA", "exchange": Exchange.NASDAQ, "side": Side.BUY, "quantity": 10}
    return OrderTicket(**{**fields, "limit_price": Decimal("184.25"), **changes})


words = st.one_of(
    st.text(max_size=12),
    st.text(string.digits + " .+-", max_size=14),
    st.none(),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@st.composite
def bent(draw: Any, row: dict[str, Any]) -> dict[str, Any]:
    """The row with fields dropped, blanked, padded, replaced and added."""
    made = {}
    for name, value in row.items():
        match draw(st.integers(0, 9)):
            case 0:
                continue
            case 1:
                made[name] = ""
            case 2:
                made[name] = f"  {value}   "
            case 3:
                made[name] = draw(words)
            case 4:
                made[name.upper()] = value
            case _:
                made[name] = value
    return made | draw(st.dictionaries(st.text(max_size=5), words, max_size=2))


def containers(row: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What may stand where rows are expected: one bent row, several, or something else altogether."""
    return st.one_of(bent(row), st.lists(st.one_of(bent(row), words), max_size=3), words)
