"""What may come in at all: JSON of bounded size and depth, in texts that can be kept."""

import pytest

pytestmark = pytest.mark.django_db


def post(client, body: str, **headers):
    return client.post("/api/rules:check", body, content_type="application/json", **headers)


@pytest.mark.parametrize(
    "text", [r"a\u0000b", r"\ud800", r"x\udc00y", r"\udfff\ud800"], ids=["NUL", "high half", "low half", "swapped"]
)
@pytest.mark.parametrize(
    "body", ['{"condition": "%s"}', '{"fields": {"params": {"%s": 1}}}', '{"fields": {"name": ["%s"]}}']
)
def test_a_text_that_no_database_keeps_is_refused(as_, trader, text, body):
    answer = post(as_(trader), body % text)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_text")


def test_other_signs_of_any_script_come_in(as_, trader):
    answer = post(as_(trader), r'{"fields": {"name": "밤새 \ud83d\udc26 \u001b", "symbol": "AAPL"}}')
    assert answer.status_code == 200


@pytest.mark.parametrize("depth", [201, 5_000, 200_000])
def test_what_is_nested_without_end_is_no_request(as_, trader, depth):
    answer = post(as_(trader), '{"condition": ' + "[" * depth + "]" * depth + "}")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_candles_of_years_may_be_brought_along(as_, trader):
    answer = as_(trader).post("/api/rules:check", {"condition": " " * 3_000_000 + "close > 1"}, format="json")
    assert answer.status_code == 200


def test_a_request_beyond_all_measure_is_not_read(as_, trader):
    answer = post(as_(trader), "{}", CONTENT_LENGTH="64000001")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
