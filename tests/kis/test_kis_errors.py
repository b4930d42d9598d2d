"""What proves that an order was refused: one whitelist. Everything else about an order is unknown."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import errors, messages
from kis.wire.answers import Answer
from kis.wire.order_answers import accepted
from kis.wire.values import json_object
from market.errors import CredentialProblem, NotInPaper, OutcomeUnknown, Refused, Throttled
from market.words import Environment

NOW = datetime(2026, 3, 12, 14, 15, 9, tzinfo=UTC)


def answered(status: int, code: str = "", rt_cd: str = "1", **more: object) -> Answer:
    body = {"rt_cd": rt_cd, "msg_cd": code, "msg1": "이유"} | more
    return Answer(status, json_object(json.dumps(body).encode()), "", NOW)


def unreadable(status: int) -> Answer:
    return Answer(status, None, "", NOW)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(answered(200, "APBK0952", "7"), Refused, id="the ledger says not enough money"),
        pytest.param(answered(200, "APBK0656"), Refused, id="the ledger does not know the symbol"),
        pytest.param(answered(200, "APAC0489"), Refused, id="the ledger refuses the account type"),
        pytest.param(answered(200, "40570000"), Refused, id="paper says before the open"),
        pytest.param(answered(200, "40330000"), Refused, id="nothing is left to cancel"),
        pytest.param(answered(200, "EGW00201"), Throttled, id="rate limit with 200"),
        pytest.param(answered(500, "EGW00201"), Throttled, id="rate limit with 500"),
        pytest.param(answered(500, "EGW00215"), Throttled, id="the ledger's own limit"),
        pytest.param(unreadable(429), Throttled, id="HTTP 429 without a body"),
        pytest.param(answered(500, "EGW00123"), Throttled, id="expired token: a new one, a new attempt"),
        pytest.param(answered(200, "EGW00121"), Throttled, id="invalid token"),
        pytest.param(answered(200, "90020000"), OutcomeUnknown, id="paper is overloaded"),
        pytest.param(answered(200, "IGW00007"), OutcomeUnknown, id="message could not be composed (07)"),
        pytest.param(answered(200, "IGW00009"), OutcomeUnknown, id="message could not be composed (09)"),
        pytest.param(answered(500, "EGW00302"), OutcomeUnknown, id="backend timeout"),
        pytest.param(answered(500, "EGW00304"), OutcomeUnknown, id="wrong secret is not on the whitelist"),
        pytest.param(answered(200, "OPSQ2001"), OutcomeUnknown, id="field error is not on the whitelist"),
        pytest.param(answered(200, "90000000"), OutcomeUnknown, id="not offered on paper is not on the whitelist"),
        pytest.param(answered(500, "APBK0952", "7"), OutcomeUnknown, id="a ledger code with HTTP 500"),
        pytest.param(answered(502, "EGW00201"), OutcomeUnknown, id="a rate limit told by a proxy"),
        pytest.param(answered(200, "APBK0952", ""), OutcomeUnknown, id="a refusal without rt_cd"),
        pytest.param(answered(200, "APBK09521", "7"), OutcomeUnknown, id="a code of the wrong length"),
        pytest.param(
            answered(200, "APBK0952", "7", output={"ODNO": "0000000012"}),
            OutcomeUnknown,
            id="a refusal that names an order",
        ),
        pytest.param(answered(200, "APBK0013", "0"), OutcomeUnknown, id="success without an order number"),
        pytest.param(
            answered(200, "APBK0013", "0", output={"ODNO": ""}), OutcomeUnknown, id="success with a blank number"
        ),
        pytest.param(answered(200, "", ""), OutcomeUnknown, id="an answer without words"),
        pytest.param(unreadable(200), OutcomeUnknown, id="200 and no JSON"),
        pytest.param(unreadable(503), OutcomeUnknown, id="503 and no JSON"),
        pytest.param(unreadable(404), OutcomeUnknown, id="404"),
        pytest.param(unreadable(302), OutcomeUnknown, id="a redirect"),
    ],
)
def test_what_an_answer_to_an_order_means(answer, kind):
    assert accepted(answer) is None
    assert type(errors.order_error(answer)) is kind


@given(st.integers(200, 599), st.text(max_size=9), st.sampled_from(["", "0", "1", "7"]))
def test_nothing_outside_the_whitelist_is_a_refusal(status, code, rt_cd):
    found = errors.order_error(answered(status, code, rt_cd))
    if isinstance(found, Refused):
        assert status == 200
        assert rt_cd in ("1", "7")
        assert code.strip().startswith(("APBK", "APAC", "40"))


@pytest.mark.parametrize(
    ("answer", "environment", "kind"),
    [
        (answered(500, "EGW00201"), Environment.REAL, Throttled),
        (unreadable(429), Environment.REAL, Throttled),
        (answered(500, "EGW00304"), Environment.REAL, CredentialProblem),
        (answered(200, "OPSQ2000"), Environment.REAL, CredentialProblem),
        (answered(500, "EGW00123"), Environment.REAL, CredentialProblem),
        (answered(500, "EGW02006"), Environment.PAPER, NotInPaper),
        (answered(500, "EGW02006"), Environment.REAL, errors.ReadFailed),
        (answered(200, "OPSQ2001"), Environment.REAL, errors.ReadFailed),
        (unreadable(200), Environment.REAL, errors.ReadFailed),
        (unreadable(503), Environment.REAL, errors.ReadFailed),
    ],
)
def test_what_a_failed_question_means(answer, environment, kind):
    assert type(errors.read_error(answer, environment)) is kind


def test_an_answered_question_is_no_error():
    assert errors.read_error(answered(200, "KIOK0510", "0"), Environment.REAL) is None


@pytest.mark.parametrize("code", [*messages.MESSAGES])
def test_every_known_code_has_words_in_both_languages(code):
    words = messages.MESSAGES[code]
    assert any("가" <= letter <= "힣" for letter in words.ko)
    assert words.en.isascii()
    assert words.ko.endswith(".")
    assert words.en.endswith(".")


def test_an_unknown_code_is_told_in_the_brokers_words():
    told = errors.order_error(answered(200, "APBK7777"))
    assert "이유 (APBK7777)" in told.message.ko
    assert told.code == "APBK7777"
