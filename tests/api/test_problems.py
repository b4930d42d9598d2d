"""Every error leaves by one door, in one shape, in both languages."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers

from api.problems import ApiError, explain
from market.errors import (
    CredentialProblem,
    NotInPaper,
    OutcomeUnknown,
    Refused,
    Text,
    Throttled,
    TradingError,
    Unreachable,
)

SAID = Text("안 됩니다", "No")


def told(exc: Exception) -> tuple[int, dict]:
    answer = explain(exc, {})
    assert answer.content_type == "application/problem+json"
    assert answer.status_code == answer.data["status"]
    assert {"type", "title", "status", "code", "message"} <= set(answer.data)
    assert set(answer.data["message"]) == {"ko", "en"}
    return answer.status_code, answer.data


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        pytest.param(Refused(SAID), 409, "refused", id="refused: do not send again"),
        pytest.param(NotInPaper(SAID), 409, "not_in_paper", id="paper lacks it"),
        pytest.param(Throttled(SAID), 503, "throttled", id="wait"),
        pytest.param(Unreachable(SAID), 503, "unreachable", id="wait, it never left"),
        pytest.param(OutcomeUnknown(SAID), 504, "outcome_unknown", id="ask before doing anything else"),
        pytest.param(CredentialProblem(SAID), 424, "credential_problem", id="call a person"),
        pytest.param(TradingError(SAID), 409, "trading_error", id="the base class"),
    ],
)
def test_a_brokers_error_says_what_to_do_next(error, status, code):
    assert told(error)[0] == status
    assert told(error)[1]["code"] == code
    assert told(error)[1]["message"] == {"ko": "안 됩니다", "en": "No"}


def test_how_long_to_wait_and_the_brokers_own_code_are_passed_on():
    answer = explain(Throttled(SAID, code="EGW00201", retry_after=1.4), {})

    assert answer.headers["Retry-After"] == "1"
    assert answer.data["broker_code"] == "EGW00201"


def test_our_own_errors_keep_their_code_and_name_their_fields():
    status, body = told(ApiError("account_number_fixed", SAID, 409, {"account_no": [SAID]}))

    assert (status, body["code"]) == (409, "account_number_fixed")
    assert body["fields"] == {"account_no": [SAID.as_dict()]}


def test_a_problem_without_fields_says_nothing_of_fields():
    assert "fields" not in told(ApiError("nope", SAID))[1]


class Limits(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=6, decimal_places=2, min_value=0)


class Whole(serializers.Serializer):
    name = serializers.CharField(max_length=3)
    side = serializers.ChoiceField(choices=["buy", "sell"])
    limits = Limits()


@pytest.mark.parametrize(
    ("data", "field", "ko", "en"),
    [
        ({}, "name", "필수 항목입니다.", "This field is required."),
        ({"name": "abcd"}, "name", "3자 이하여야 합니다.", "At most 3 characters."),
        ({"side": "hold"}, "side", "선택할 수 없는 값입니다.", "This is not one of the choices."),
        ({"limits": {"amount": "-1"}}, "limits.amount", "0 이상이어야 합니다.", "At least 0."),
        ({"limits": {}}, "limits.amount", "필수 항목입니다.", "This field is required."),
    ],
)
def test_what_is_wrong_with_a_field_is_said_in_both_languages(data, field, ko, en):
    serializer = Whole(data=data)
    assert not serializer.is_valid()

    status, body = told(exceptions.ValidationError(serializer.errors))

    assert (status, body["code"]) == (400, "invalid")
    assert body["fields"][field] == [{"ko": ko, "en": en}]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (PermissionDenied(), 403, "permission_denied"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.Throttled(wait=9), 429, "throttled"),
    ],
)
def test_the_frameworks_errors_look_the_same(error, status, code):
    assert told(error)[0] == status
    assert told(error)[1]["code"] == code


def test_a_bug_of_ours_rises():
    assert explain(KeyError("bug"), {}) is None


@pytest.mark.django_db
def test_an_address_that_nobody_answers_is_a_problem_too(client):
    answer = client.get("/api/nothing-here")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


@pytest.mark.django_db
def test_a_body_that_is_no_json_is_a_problem(as_, trader):
    answer = as_(trader).post("/api/accounts", "{", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
