"""GET /api/instruments?q="""

import pytest

from api.problems import ApiError
from instruments.selectors import exchange_of, instrument
from instruments.services import ensure_instruments
from market.words import Exchange

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _listed():
    ensure_instruments()


def symbols(answer) -> list[str]:
    return [row["symbol"] for row in answer.json()["results"]]


def test_found_by_the_beginning_of_the_symbol_and_by_either_name(as_, viewer):
    client = as_(viewer, scope="read")

    assert symbols(client.get("/api/instruments", {"q": "aa"})) == ["AAPL"]
    assert symbols(client.get("/api/instruments", {"q": "테슬"})) == ["TSLA"]
    assert symbols(client.get("/api/instruments", {"q": "coca"})) == ["KO"]
    assert symbols(client.get("/api/instruments", {"q": "zzz"})) == []


def test_pages_neither_repeat_nor_skip(as_, viewer):
    client, seen, cursor = as_(viewer), [], None
    while True:
        answer = client.get("/api/instruments", {"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [row["symbol"] for row in answer["results"]]
        if (cursor := answer["next"]) is None:
            break
    assert seen == sorted(seen) == ["AAPL", "AMZN", "IBM", "KO", "MSFT", "NVDA", "SPY", "TSLA"]


def test_making_sure_twice_changes_nothing():
    assert ensure_instruments() == 0


def test_a_symbol_knows_its_exchange_and_an_unknown_one_is_a_problem():
    assert exchange_of(" ko ") is Exchange.NYSE
    assert instrument("spy").exchange == Exchange.AMEX
    with pytest.raises(ApiError, match="NOPE"):
        instrument("NOPE")
