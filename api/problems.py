"""The one door out for errors: application/problem+json with a sentence in both languages."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelInvalid
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema_serializer
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from market.errors import Next, Text, TradingError

CONTENT_TYPE = "application/problem+json"

# What a broker's error means to a program: do not repeat, wait, ask first, call a person.
STATUS = {Next.GIVE_UP: 409, Next.WAIT: 503, Next.RECONCILE: 504, Next.STOP: 424}

Fields = Mapping[str, list[Text]]


class ApiError(Exception):
    """Something the caller can put right. `code` is for programs, `message` for people, `fields` per input."""

    def __init__(self, code: str, message: Text, status: int = 400, fields: Fields | None = None) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


@extend_schema_serializer(component_name="Text")
class TextOut(serializers.Serializer):
    """One sentence in both languages."""

    ko = serializers.CharField()
    en = serializers.CharField()


@extend_schema_serializer(component_name="Problem")
class ProblemOut(serializers.Serializer):
    """What every error answer looks like."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    message = TextOut()
    fields = serializers.DictField(child=serializers.ListField(child=TextOut()), required=False)  # type: ignore[assignment]


def problem(*, status: int, code: str, message: Text, fields: Fields | None = None, **more: Any) -> dict[str, Any]:
    """The body of a problem answer; `fields` only when there are any."""
    body = {
        "type": f"urn:bamsae:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "message": message.as_dict(),
        **more,
    }
    if fields:
        body["fields"] = {name: [text.as_dict() for text in texts] for name, texts in fields.items()}
    return body


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """For `extend_schema(responses={200: …, **problems(404, 409)})`."""
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemOut) for status in statuses}


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The problem as DRF's response."""
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def explain(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know is a bug of ours and rises with its traceback."""
    match exc:
        case ApiError():
            return answer(problem(status=exc.status, code=exc.code, message=exc.message, fields=exc.fields))
        case TradingError():
            return _trading(exc)
        case exceptions.ValidationError():
            return _invalid(exc)
        case ModelInvalid():
            return _invalid(exceptions.ValidationError(serializers.as_serializer_error(exc)))
        case Http404():
            return _known(exceptions.NotFound())
        case RequestDataTooBig():
            return answer(problem(status=413, code="too_large", message=TOO_LARGE))
        case PermissionDenied():
            return _known(exceptions.PermissionDenied())
        case exceptions.APIException():
            return _known(exc)
    return None


def _trading(exc: TradingError) -> Response:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(exc).__name__).lower()
    headers = {"Retry-After": str(max(1, round(exc.retry_after)))} if exc.retry_after else None
    more = {"broker_code": exc.code} if exc.code else {}
    return answer(problem(status=STATUS[exc.next], code=name, message=exc.message, **more), headers)


KNOWN = {
    "parse_error": Text("요청 본문을 읽을 수 없습니다. JSON인지 확인하세요.",
                        "The request body cannot be read. Send JSON."),
    "not_authenticated": Text("로그인이 필요합니다.", "Sign in first."),
    "authentication_failed": Text("로그인이 끝났거나 토큰이 올바르지 않습니다. 다시 로그인하세요.",
                                  "The session has ended or the token is not valid. Sign in again."),
    "permission_denied": Text("이 작업을 할 권한이 없습니다.", "You may not do this."),
    "not_found": Text("찾을 수 없습니다.", "There is no such thing, or it is not yours to see."),
    "method_not_allowed": Text("이 주소에서 쓸 수 없는 방식입니다.",
                               "This address does not accept that method."),
    "not_acceptable": Text("요청한 형식으로 답할 수 없습니다.",
                           "The answer is not available in that format."),
    "unsupported_media_type": Text("JSON으로 보내 주세요.", "Send JSON (Content-Type: application/json)."),
    "throttled": Text("요청이 너무 잦습니다. 잠시 후 다시 시도하세요.", "Too many requests. Wait a little."),
}  # fmt: skip


def _known(exc: exceptions.APIException) -> Response:
    code = exc.get_codes() if isinstance(exc.get_codes(), str) else exc.default_code
    said = str(exc.detail)
    body = problem(status=exc.status_code, code=code, message=KNOWN.get(code, Text(said, said)))
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return answer(body, headers)


TOO_LARGE = Text("요청이 너무 큽니다.", "The request is too large.")
INVALID = Text("입력값을 확인하세요.", "Some of what was sent is not valid.")

# DRF writes its sentences in one language; a program may want the other. {0} is the limit in DRF's sentence.
FIELD_TEXTS = {
    "required": Text("필수 항목입니다.", "This field is required."),
    "null": Text("비워 둘 수 없습니다.", "This field may not be null."),
    "blank": Text("비워 둘 수 없습니다.", "This field may not be empty."),
    "invalid_choice": Text("선택할 수 없는 값입니다.", "This is not one of the choices."),
    "does_not_exist": Text("찾을 수 없습니다.", "There is no such thing."),
    "unique": Text("이미 쓰이고 있습니다.", "This is already in use."),
    "max_length": Text("{0}자 이하여야 합니다.", "At most {0} characters."),
    "min_length": Text("{0}자 이상이어야 합니다.", "At least {0} characters."),
    "max_value": Text("{0} 이하여야 합니다.", "At most {0}."),
    "min_value": Text("{0} 이상이어야 합니다.", "At least {0}."),
    "max_digits": Text("{0}자리 이하의 수여야 합니다.", "At most {0} digits."),
    "max_decimal_places": Text("소수점 아래 {0}자리까지입니다.", "At most {0} decimal places."),
    "max_whole_digits": Text("소수점 위 {0}자리까지입니다.", "At most {0} digits before the point."),
}


def _field_text(detail: exceptions.ErrorDetail) -> Text:
    text = FIELD_TEXTS.get(detail.code)
    if text is None:
        return Text(str(detail), str(detail))
    limit = re.search(r"-?\d+(\.\d+)?", detail)
    limit_text = limit.group() if limit else "?"
    return Text(text.ko.format(limit_text), text.en.format(limit_text))


def _flat(detail: Any, path: str = "") -> dict[str, list[Text]]:
    """Nested details as `{"limits.daily_buy_usd": [Text, …]}`; what concerns the whole is named ""."""
    if isinstance(detail, exceptions.ErrorDetail):
        return {path: [_field_text(detail)]}
    pairs = detail.items() if isinstance(detail, Mapping) else ((None, item) for item in detail)
    found: dict[str, list[Text]] = {}
    for name, inner in pairs:
        whole = name is None or name == "non_field_errors"
        deeper = path if whole else f"{path}.{name}" if path else str(name)
        for key, texts in _flat(inner, deeper).items():
            found.setdefault(key, []).extend(texts)
    return found


def _invalid(exc: exceptions.ValidationError) -> Response:
    fields = _flat(exc.detail)
    message = fields[""][0] if list(fields) == [""] else INVALID
    return answer(problem(status=exc.status_code, code="invalid", message=message, fields=fields))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: an address that no view answers."""
    return _plain(404, "not_found", KNOWN["not_found"])


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: the traceback is in the log, not in the answer."""
    return _plain(500, "server_error", Text(
        "서버에 문제가 생겼습니다. 기록을 확인하세요.", "Something broke on the server. See its log."
    ))  # fmt: skip


def _plain(status: int, code: str, message: Text) -> HttpResponse:
    body = problem(status=status, code=code, message=message)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
