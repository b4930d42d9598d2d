"""What proves that an order was refused: one whitelist. Everything else about an order is unknown."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis import codes, errors, messages, outcomes
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


# Every code of the sheet that is an error: what an order answered so is at HTTP 200 and at 500, what a question is.
SHEET = """
8.1   unknown   unknown   temporary     EGW00001 EGW00002 EGW00202 EGW00203 EGW00204 EGW00300 EGW00301 EGW00302
8.1   unknown   unknown   credential    EGW00003 EGW00004 EGW00102 EGW00103 EGW00104 EGW00105 EGW00205 EGW00206
8.1   unknown   unknown   credential    EGW00207 EGW00210 EGW00303 EGW00304
8.1   unknown   unknown   failed        EGW00101 EGW00106 EGW00107 EGW00108 EGW00109 EGW00110 EGW00111 EGW00112
8.1   unknown   unknown   failed        EGW00113 EGW00114 EGW00115 EGW00116 EGW00117 EGW00118 EGW00119 EGW00120
8.1   unknown   unknown   failed        EGW00124 EGW00125 EGW00126 EGW00127 EGW00128 EGW00129 EGW00130 EGW00131
8.1   unknown   unknown   failed        EGW00132 EGW00208 EGW00209 EGW00211 EGW00212 EGW00356
8.1   throttled throttled credential    EGW00121 EGW00122 EGW00123
8.1   unknown   unknown   throttled     EGW00133
8.1   throttled throttled throttled     EGW00201 EGW00215
8.1   unknown   unknown   not_in_paper  EGW00213 EGW00310 EGW02006
8.2   unknown   unknown   not_in_paper  OPSQ0002
8.2   unknown   unknown   temporary     OPSQ0001 OPSQ0003 OPSQ0004 OPSQ0005 OPSQ0006 OPSQ0007 OPSQ0008 OPSQ0009
8.2   unknown   unknown   temporary     OPSQ0010 OPSQ0011 OPSQ1002 OPSQ2003 OPSQ3001 OPSQ3002 OPSQ3004
8.2   unknown   unknown   credential    OPSQ2000
8.2   unknown   unknown   failed        OPSQ2001 OPSQ2002 OPSQ9995 OPSQ9996 OPSQ9997 OPSQ9998 OPSQ9999
8.3   refused   unknown   failed        APBK0656 APBK0400 APBK0952 APBK0918 APBK0919 APBK1664 APBK1507 APBK1672
8.3   refused   unknown   failed        APBK1680 APBK1681 APBK1271 APBK1234 APAC0489
8.3   refused   unknown   failed        40070000 40100000 40240000 40250000 40320000 40330000 40570000 40580000
8.3   refused   unknown   credential    40910000
8.3   unknown   unknown   credential    IGW00002
8.3   unknown   unknown   failed        IGW00007 IGW00009 IGW00036 MCA00124
8.3   unknown   unknown   not_in_paper  90000000
8.3   unknown   unknown   temporary     90020000
E     refused   unknown   failed        APBK0988
E     unknown   unknown   failed        APTR0057 IGW00019 KIER3672
3.6   unknown   unknown   failed        70070000 KIOK0560
"""
ROWS = [
    pytest.param(code, at_200, at_500, question, id=f"{code} ({section})")
    for section, at_200, at_500, question, *found in map(str.split, SHEET.strip().splitlines())
    for code in found
]
ORDERS = {"refused": Refused, "unknown": OutcomeUnknown, "throttled": Throttled}
QUESTIONS = {
    "throttled": Throttled,
    "credential": CredentialProblem,
    "not_in_paper": NotInPaper,
    "temporary": errors.ReadFailed,
    "failed": errors.ReadFailed,
}


@pytest.mark.parametrize(("code", "at_200", "at_500", "question"), ROWS)
def test_every_code_of_the_sheet_says_what_to_do_next(code, at_200, at_500, question):
    for status, kind in ((200, at_200), (500, at_500)):
        for answer in (answered(status, code), answered(status, code, "7")):
            found = errors.order_error(answer)
            assert (type(found), found.code) == (ORDERS[kind], code)
            asked = errors.read_error(answer, Environment.PAPER)
            assert isinstance(asked, QUESTIONS[question])
            assert asked.code == code
            temporary = question == "temporary" or code in ("EGW00201", "EGW00215")
            assert errors.may_ask_again(answer) is temporary
        if question == "not_in_paper":
            assert isinstance(errors.read_error(answered(status, code), Environment.REAL), errors.ReadFailed)


@pytest.mark.parametrize(("code", "at_200", "at_500", "question"), ROWS)
def test_every_code_of_the_sheet_has_words(code, at_200, at_500, question):
    words = messages.MESSAGES[code]
    for error in (errors.order_error(answered(200, code)), errors.read_error(answered(200, code), Environment.REAL)):
        assert words.ko in error.message.ko or code in messages.TOLD_BY_TEXT
        assert error.message.en.isascii() or code in messages.TOLD_BY_TEXT


# 5.3, by what the socket does
SOCKET = {
    codes.WS_OK: "OPSP0000 OPSP0001 OPSP0002 OPSP0003",
    frozenset({codes.WS_FULL}): "OPSP0008",
    frozenset({codes.WS_IN_USE}): "OPSP8996",
    codes.WS_NEW_APPROVAL: "OPSP0010 OPSP0011 OPSP9994",
    codes.WS_LATER: "OPSP0007 OPSP0009 OPSP8999 OPSP9993 OPSP9995",
}
WRONG_REQUEST = [
    *("OPSP8991", "OPSP8992", "OPSP8993", "OPSP8994", "OPSP8995", "OPSP8997", "OPSP8998"),
    *("OPSP9990", "OPSP9991", "OPSP9992", "OPSP9996", "OPSP9997", "OPSP9998", "OPSP9999"),
]


def test_every_control_code_of_the_socket_has_its_class():
    for known, listed in SOCKET.items():
        assert known == set(listed.split())
    classed = frozenset().union(*SOCKET)
    assert not classed & set(WRONG_REQUEST)


@pytest.mark.parametrize("code", [*" ".join(SOCKET.values()).split(), *WRONG_REQUEST])
def test_every_control_code_that_is_an_error_has_words(code):
    assert code in messages.MESSAGES or code in ("OPSP0000", "OPSP0001")


def test_every_entry_of_the_whitelist_has_its_source_and_year():
    for entry in outcomes.ENTRIES:
        assert entry.section
        assert set(entry.evidence.split()) <= set("AWNEFIP")
        assert 2023 <= entry.year <= 2026


def test_the_whitelist_of_refusals_is_the_one_of_the_safety_rules():
    assert {"EGW00201", "EGW00215"} == outcomes.THROTTLED
    assert {"EGW00121", "EGW00122", "EGW00123"} == outcomes.TOKEN_REFUSED
    assert {"90020000", "IGW00007", "IGW00009"} <= outcomes.NEVER_A_REFUSAL
    families = {"APBK0000": True, "APAC0000": True, "40000000": True, "APTR0057": False, "4000000": False}
    assert {code: bool(outcomes.LEDGER_REFUSAL.fullmatch(code)) for code in families} == families


@pytest.mark.parametrize("code", ["APBK0013", "APBK1711", "40590000", "40600000", "40620000", "40630000"])
def test_a_no_in_words_of_success_proves_nothing(code):
    assert type(errors.order_error(answered(200, code))) is OutcomeUnknown


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        ("APBK0918", "장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능)", messages.MARKET_CLOSED),
        ("APBK0919", "주문가능금액이 부족합니다", messages.NOT_ENOUGH_CASH),
        ("APBK0919", "예수금 부족", messages.NOT_ENOUGH_CASH),
        ("APBK0988", "주문 가능 금액을 초과 했습니다", messages.NOT_ENOUGH_CASH),
        ("APBK1664", "매도가능수량이 부족합니다", messages.NOT_ENOUGH_SHARES),
        ("APBK1234", "잔고가 부족합니다", messages.NOT_ENOUGH_SHARES),
    ],
)
def test_a_code_of_several_meanings_is_told_by_the_brokers_text(code, said, told):
    for rt_cd in ("1", "7"):
        assert errors.order_error(answered(200, code, rt_cd, msg1=said)).message == told


def test_a_code_of_several_meanings_with_an_unknown_text_keeps_it():
    found = errors.order_error(answered(200, "APBK1664", msg1="처음 보는 말"))
    assert found.message.ko == messages.MESSAGES["APBK1664"].ko + " (처음 보는 말)"


def test_an_unknown_outcome_says_why():
    found = errors.order_error(answered(500, "EGW00302"))
    assert messages.MESSAGES["EGW00302"].en in found.message.en
    assert "EGW00302" in found.message.ko
    assert "order list" in found.message.en


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
