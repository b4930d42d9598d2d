"""Replays over HTTP: ask for one, follow it, read its report; and the preview of a rule."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import ByRole
from accounts.selectors import readable_account
from api.pagination import page
from api.problems import ApiError, problems
from api.serializers import PAGE_PARAMETERS, In, ModelOut, Money, Out, TextOut, paged
from backtests import selectors, services
from backtests.asked import Asked, Source
from backtests.models import BacktestRun, Kind, Status, Study
from backtests.preview import MOST_SESSIONS, preview
from backtests.report import html_of
from backtests.tasks import enqueue
from backtests.texts import asked_text
from market.errors import Text
from market.words import Timeframe
from rules.selectors import readable_rule

LONGEST_CSV = 60_000_000
MOST_RULES, MOST_SERIES = 20, 50
DATES = [MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2100, 1, 1))]  # what clocks can reckon with


def _choices(enum: Any) -> list[str]:
    return [member.value for member in enum]


def _number(least: str, most: str, **more: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=20, decimal_places=6, min_value=Decimal(least), max_value=Decimal(most), required=False, **more
    )


class RuleTextIn(In):
    """One of the three: a saved rule, a rule's fields, or a rule file (our own, or `.kis.yaml` with what it lacks)."""

    rule_id = serializers.UUIDField(required=False)
    fields_ = serializers.DictField(required=False)
    text = serializers.CharField(required=False, max_length=60_000, trim_whitespace=False)
    symbol = serializers.CharField(required=False, max_length=16)
    buy_amount_usd = serializers.CharField(required=False, max_length=30)

    def get_fields(self) -> dict[str, serializers.Field]:
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class CsvIn(In):
    """Candles brought along: `time,open,high,low,close,volume`."""

    symbol = serializers.CharField(max_length=16)
    timeframe = serializers.ChoiceField(choices=_choices(Timeframe))
    csv = serializers.CharField(max_length=LONGEST_CSV, trim_whitespace=False)


class BacktestIn(In):
    """What is replayed, on which candles, at what costs. What is not said is what a cautious person would take."""

    rules = RuleTextIn(many=True, allow_empty=False, max_length=MOST_RULES)
    account_id = serializers.UUIDField(required=False, help_text="whose limits the guards hold")
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    study = serializers.ChoiceField(choices=_choices(Study), required=False)
    source = serializers.ChoiceField(choices=_choices(Source), required=False)
    candles = CsvIn(many=True, required=False, max_length=MOST_SERIES)
    first = serializers.DateField(required=False, allow_null=True, validators=DATES)
    last = serializers.DateField(required=False, allow_null=True, validators=DATES)
    cash = Money(required=False, min_value=Decimal("0.01"))
    commission_pct = _number("0", "10", allow_null=True, help_text="null: the broker's, with the exchanges' fees")
    slippage_bps = _number("0", "1000")
    spread_bps = _number("0", "1000")
    volume_limit_pct = _number("0.001", "100", allow_null=True)
    limit_orders = serializers.BooleanField(required=False)
    ticks = serializers.BooleanField(required=False)
    sessions = serializers.BooleanField(required=False)
    settlement_days = serializers.IntegerField(required=False, min_value=0, max_value=5)
    guards = serializers.BooleanField(required=False)
    benchmark = serializers.CharField(
        max_length=16, required=False, allow_null=True, help_text="a symbol to compare with, such as SPY"
    )
    grid = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=200),
        required=False,
        help_text="values to try, by parameter or field",
    )
    train_bars = serializers.IntegerField(required=False, min_value=0)
    test_bars = serializers.IntegerField(required=False, min_value=0)
    monte_carlo = serializers.IntegerField(required=False, min_value=0, max_value=20_000)


class HeadlineOut(Out):
    """What a list shows of a result: the return, or what speaks against believing it."""

    return_pct = serializers.FloatField(allow_null=True)
    note = TextOut(allow_null=True)
    warned = serializers.BooleanField()


class BacktestOut(ModelOut):
    """A run: where it stands and, when it is done, what came of it (`GET /backtests/{id}` has the result)."""

    account_id = serializers.UUIDField(allow_null=True)
    rule_id = serializers.UUIDField(allow_null=True)
    kind = serializers.ChoiceField(choices=_choices(Kind))
    study = serializers.ChoiceField(choices=_choices(Study))
    status = serializers.ChoiceField(choices=_choices(Status))
    rules = serializers.ListField(child=serializers.DictField())
    options = serializers.DictField()
    problem = TextOut(allow_null=True)
    headline = HeadlineOut(allow_null=True)

    class Meta:
        model = BacktestRun
        fields = [
            "id", "account_id", "rule_id", "kind", "study", "name", "rules", "options", "status", "progress",
            "problem", "headline", "bars", "seconds", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class BacktestDetailOut(BacktestOut):
    result = serializers.DictField(allow_null=True)

    class Meta(BacktestOut.Meta):
        fields = [*BacktestOut.Meta.fields, "result"]


class PreviewIn(In):
    """A rule as it would be; `rule_id` is the one it would replace, which keeps its position and memory."""

    rule = RuleTextIn()
    rule_id = serializers.UUIDField(required=False)
    account_ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=20)
    sessions = serializers.IntegerField(required=False, min_value=1, max_value=MOST_SESSIONS)


class PreviewOut(Out):
    """On each account: what it would have sent, cash used, guards hit, the difference to the rule it would replace,
    and what it would do now."""

    sessions = serializers.IntegerField()
    first = serializers.DateTimeField(allow_null=True)
    last = serializers.DateTimeField(allow_null=True)
    bars = serializers.IntegerField()
    accounts = serializers.ListField(child=serializers.DictField())


class Backtests(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="backtests_list",
        parameters=[
            OpenApiParameter("rule_id", OpenApiTypes.UUID),
            OpenApiParameter("status", str, enum=_choices(Status)),
            *PAGE_PARAMETERS,
        ],
        responses={200: paged(BacktestOut), **problems(400, 401)},
    )
    def get(self, request: Request) -> Response:
        """The person's runs, newest first, without their results."""
        rows = selectors.runs_for(request.user)
        if rule_id := request.query_params.get("rule_id"):
            rows = rows.filter(rule_id=serializers.UUIDField().run_validation(rule_id))
        if status := request.query_params.get("status"):
            rows = rows.filter(status=serializers.ChoiceField(choices=_choices(Status)).run_validation(status))
        return Response(page(request, rows, shape=lambda found: BacktestOut(found, many=True).data))

    @extend_schema(
        operation_id="backtests_create",
        request=BacktestIn,
        responses={202: BacktestOut, **problems(400, 401, 403, 404, 409, 429)},
    )
    def post(self, request: Request) -> Response:
        """Replay rules over candles. The answer is the run; `GET /backtests/{id}` follows it."""
        body = BacktestIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        texts = [asked_text(request.user, **text) for text in given.pop("rules")]
        account_id = given.pop("account_id", None)
        account = readable_account(request.user, account_id) if account_id else None
        csvs = [
            services.Csv(one["symbol"].strip().upper(), Timeframe(one["timeframe"]), one["csv"])
            for one in given.pop("candles", ())
        ]
        with transaction.atomic():
            run = services.start(
                person=request.user,
                texts=texts,
                account=account,
                given=csvs,
                study=Study(given.pop("study", Study.SINGLE)),
                name=given.pop("name", ""),
                asked=Asked.of(given | {"benchmark": (given.get("benchmark") or "").strip().upper() or None}),
                now=timezone.now(),
            )
            if run.status == Status.QUEUED:
                transaction.on_commit(lambda: enqueue(run.pk))
        return Response(BacktestOut(run).data, status=202)


def _run(request: Request, run_id: UUID) -> BacktestRun:
    run = selectors.readable_run(request.user, run_id)
    if run is None:
        raise NotFound
    return run


class BacktestDetail(APIView):
    permission_classes = [ByRole]

    @extend_schema(operation_id="backtests_retrieve", responses={200: BacktestDetailOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        """The run, with its result when it is done."""
        return Response(BacktestDetailOut(_run(request, id)).data)

    @extend_schema(operation_id="backtests_delete", responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, id: UUID) -> Response:
        """Forget the run; one that still runs is called off."""
        run = _run(request, id)
        services.cancel(run=run, now=timezone.now())
        run.delete()
        return Response(status=204)


class BacktestCancel(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="backtests_cancel",
        request=None,
        responses={200: BacktestOut, **problems(401, 403, 404)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Call the run off; one that has ended stays as it is."""
        run = _run(request, id)
        services.cancel(run=run, now=timezone.now())
        return Response(BacktestOut(run).data)


class BacktestReport(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="backtests_report",
        parameters=[OpenApiParameter("language", str, enum=["ko", "en"])],
        responses={(200, "text/html"): OpenApiTypes.STR, **problems(401, 404, 409)},
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """The report as one HTML file that needs nothing else."""
        run = _run(request, id)
        if run.result is None:
            raise ApiError("not_done", Text("아직 끝나지 않았습니다.", "The run is not done."), 409)
        language = "en" if request.query_params.get("language") == "en" else "ko"
        html = html_of(run.result, title=str(run), language=language)
        name = f"backtest-{run.pk}.html"
        return HttpResponse(html, headers={"Content-Disposition": f'inline; filename="{name}"', **REPORT_HEADERS})


# The report carries its own script and style, and may load or send nothing.
REPORT_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; sandbox allow-scripts",
}


class RulePreview(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="rules_preview",
        request=PreviewIn,
        responses={200: PreviewOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """What this rule would have done on these accounts over the latest sessions, and what it would do now.

        Nothing is saved and nothing is sent. 409 `no_candles` when no bars of its symbol are stored.
        """
        body = PreviewIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        replaced = None
        if "rule_id" in asked:
            replaced = readable_rule(request.user, asked["rule_id"])
            if replaced is None:
                raise NotFound
        found = preview(
            text=asked_text(request.user, **asked["rule"]),
            accounts=[readable_account(request.user, account_id) for account_id in asked["account_ids"]],
            replaces=replaced,
            sessions=asked.get("sessions"),
            now=timezone.now(),
        )
        return Response(found)
