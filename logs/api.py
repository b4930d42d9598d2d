"""GET /api/logs: a page of the journal, or, when Accept names text/event-stream, the journal live."""

from collections.abc import AsyncIterator, Callable
from functools import partial

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import readable_account
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, Out, TextOut, paged
from logs import selectors
from logs.access import HEADERS, scope_for
from logs.events import Which, as_log
from logs.models import Kind, Level
from logs.stream import Follower, the_hub

EVENT_STREAM = "text/event-stream"
RETRY_MS = 1000  # how long a browser waits before it connects again


class LogOut(Out):
    """One event of the journal; `id` is its place in the order of commits."""

    id = serializers.IntegerField()
    account_id = serializers.UUIDField(allow_null=True)
    rule_id = serializers.UUIDField(allow_null=True)
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    level = serializers.ChoiceField(choices=[level.value for level in Level])
    message = TextOut()
    ctx = serializers.DictField()
    created_at = serializers.DateTimeField()


class LogQuery(serializers.Serializer):
    """What may be asked of the journal."""

    account_id = serializers.UUIDField(required=False)
    rule_id = serializers.UUIDField(required=False)
    level = serializers.ChoiceField(required=False, choices=[level.value for level in Level])
    after = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    def which(self) -> Which:
        asked = self.validated_data
        return Which(asked.get("account_id"), asked.get("rule_id"), asked.get("level"))


class JsonAlways(BaseContentNegotiation):
    """The view has already looked at Accept; problems are JSON for a stream too."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Logs(APIView):
    """A page, newest first."""

    content_negotiation_class = JsonAlways

    @extend_schema(
        operation_id="logs_list",
        summary="The journal: a page, or live",
        description=(
            "JSON, newest first. With `Accept: text/event-stream` the same events arrive live as server-sent events: "
            "`id:` is the sequence, `event:` is log, order, fill, position or account, `data:` is the Log object. "
            "`Last-Event-ID` (or `after`) resumes without gap or repeat; a comment is sent every 15 s; before the "
            "server ends a stream it sends `event: end` with a code (slow, denied, renew, unavailable) and a message. "
            "Events without an account are the house's, for admins."
        ),
        parameters=[
            OpenApiParameter("account_id", OpenApiTypes.UUID, description="only this account"),
            OpenApiParameter("rule_id", OpenApiTypes.UUID, description="only this rule"),
            OpenApiParameter(
                "level", str, enum=[level.value for level in Level], description="this level and graver ones"
            ),
            OpenApiParameter("after", int, description="live only: go on after this id, as Last-Event-ID"),
            OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER, description="live only: the last id seen"),
            *PAGE_PARAMETERS,
        ],
        responses={
            (200, "application/json"): paged(LogOut),
            (200, EVENT_STREAM): OpenApiTypes.STR,
            **problems(400, 401, 404),
        },
    )
    def get(self, request: Request) -> Response:
        rows = selectors.events(**self.asked(request).query(selectors.scope_of(request.user)))
        return Response(page(request, rows, ordering=("-seq",), shape=lambda found: map(as_log, found)))

    def asked(self, request: Request) -> Which:
        """What the query wants; raises for what is malformed or not this person's to see."""
        query = LogQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        which = query.which()
        if which.account_id is not None:
            readable_account(request.user, which.account_id)
        return which


class LiveLogs(Logs):
    """The door of the live stream: signs in, checks, and leaves what was asked for on the request."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        wanted = {"after": request.headers.get("Last-Event-ID") or request.query_params.get("after")}
        resume = LogQuery(data={name: value for name, value in wanted.items() if value})
        resume.is_valid(raise_exception=True)
        request._request.follow = (self.asked(request), resume.validated_data.get("after"))
        return Response()


def _briefly(view: Callable[[HttpRequest], HttpResponseBase], request: HttpRequest) -> HttpResponseBase:
    """Without keeping a database connection for as long as the stream lives."""
    try:
        return view(request)
    finally:
        if not connection.in_atomic_block:
            connection.close()


async def logs(request: HttpRequest) -> HttpResponseBase:
    """The one address of the journal; what Accept names decides."""
    if request.method != "GET" or EVENT_STREAM not in request.headers.get("Accept", ""):
        return await sync_to_async(Logs.as_view())(request)
    answer = await sync_to_async(_briefly)(LiveLogs.as_view(), request)
    if answer.status_code != 200:
        return answer
    which, after = request.follow  # type: ignore[attr-defined]
    headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
    return StreamingHttpResponse(
        _frames(which, after, headers),
        content_type=EVENT_STREAM,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(which: Which, after: int | None, headers: dict[str, str]) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()  # at once, so that the browser knows it is connected
    follower = Follower(the_hub(), which, partial(scope_for, headers), after=after)
    async for item in follower.events():
        yield item.sse


# What the schema generator looks for on a view; a token is no cookie, so there is nothing to forge.
logs.cls = Logs  # type: ignore[attr-defined]
logs.initkwargs = {}  # type: ignore[attr-defined]
logs.csrf_exempt = True  # type: ignore[attr-defined]
