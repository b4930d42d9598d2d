"""Rebalancing plans over HTTP: read, write, switch, preview, run; permissions as for rules."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import ByRole
from accounts.selectors import accounts_for, operable_account, readable_account
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, In, ModelOut, Money, Out, Price, paged
from bots import rebalancing
from bots.models import RebalanceRun, RebalanceStatus
from bots.rebalancing import order_of
from market.words import Side
from orders.models import Instruction
from rules import plans
from rules.models import RebalancePlan
from rules.rebalancing import HUNDRED, LEAST_BAND, Rhythm

PERCENT = {"max_digits": 9, "decimal_places": 4}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class Weights(serializers.JSONField):
    """Symbol to percent of the whole, as decimal strings."""


class RebalanceOut(ModelOut):
    """A plan as it stands. `cash_pct` is what no symbol has."""

    account_id = serializers.UUIDField()
    weights = Weights()
    cash_pct = serializers.SerializerMethodField()
    band_pct = serializers.DecimalField(**PERCENT, help_text="percentage points by which a symbol may be off")
    schedule = serializers.ChoiceField(choices=[r.value for r in Rhythm])

    class Meta:
        model = RebalancePlan
        fields = [
            "id", "account_id", "name", "weights", "cash_pct", "band_pct", "schedule", "weekday", "month_day",
            "minutes_after_open", "include_rule_positions", "enabled", "version", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_cash_pct(self, plan: RebalancePlan) -> str:
        return f"{(HUNDRED - sum(plan.pure().weights.values())).normalize():f}"


class RebalanceIn(serializers.Serializer):
    """Only for the schema: the fields are read by `rules.plans`."""

    name = serializers.CharField(max_length=80)
    weights = Weights(help_text='such as {"SPY": "60", "KO": "30"}; together at most 100, the rest stays cash')
    band_pct = serializers.DecimalField(**PERCENT, required=False, min_value=LEAST_BAND, max_value=50)
    schedule = serializers.ChoiceField(choices=[r.value for r in Rhythm], required=False)
    weekday = serializers.IntegerField(required=False, min_value=0, max_value=4, help_text="Monday is 0")
    month_day = serializers.IntegerField(required=False, min_value=1, max_value=31)
    minutes_after_open = serializers.IntegerField(required=False, min_value=0, max_value=360)
    include_rule_positions = serializers.BooleanField(
        required=False, help_text="shares that rules own count too and may be sold"
    )


class NewRebalanceIn(RebalanceIn):
    account_id = serializers.UUIDField()


class AccountIn(serializers.Serializer):
    account_id = serializers.UUIDField()


class PlanToggleIn(In):
    enabled = serializers.BooleanField()
    confirm = serializers.CharField(help_text="the account's nickname, typed")


class RebalanceLineOut(Out):
    """A symbol as it is and as it should be; percent of the whole."""

    symbol = serializers.CharField()
    qty = serializers.IntegerField()
    price = Price()
    value = Money()
    weight_pct = serializers.CharField()
    target_pct = serializers.CharField()
    target_value = Money()


class RebalanceTradeOut(Out):
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=[s.value for s in Side])
    qty = serializers.IntegerField()
    price = Price(help_text="the limit")
    guards = serializers.DictField(help_text="every guard's vote on this order, now")


class RebalancePreviewOut(Out):
    at = serializers.DateTimeField()
    cash = Money(help_text="what may be spent")
    total = Money()
    lines = RebalanceLineOut(many=True)
    trades = RebalanceTradeOut(many=True)


class RebalanceOrderOut(Out):
    """An order that a run asked for. `order_id` is null until it was made, `status` then says how the wish stands."""

    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=[s.value for s in Side])
    qty = serializers.IntegerField()
    price = Price()
    order_id = serializers.UUIDField(allow_null=True)
    status = serializers.CharField()
    filled_qty = serializers.IntegerField()


class RebalanceFailureOut(Out):
    """Why a run ended without its orders."""

    code = serializers.CharField()
    ko = serializers.CharField()
    en = serializers.CharField()


class RebalanceRunOut(Out):
    id = serializers.UUIDField()
    plan_id = serializers.UUIDField()
    trading_day = serializers.DateField()
    status = serializers.ChoiceField(choices=[s.value for s in RebalanceStatus])
    requested_by = serializers.CharField(allow_null=True, help_text="null: by its schedule")
    orders = RebalanceOrderOut(many=True)
    failure = RebalanceFailureOut(allow_null=True)
    created_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


def _readable(request: Request, plan_id: UUID) -> RebalancePlan:
    """The plan, or 404: what is not yours to see does not exist."""
    rows = RebalancePlan.objects.filter(account__in=accounts_for(request.user)).select_related("account")
    if (plan := rows.filter(pk=plan_id).first()) is None:
        raise NotFound
    return plan


def _operable(request: Request, plan_id: UUID) -> RebalancePlan:
    """The plan if its account may be operated; 404 when it may not be seen, 403 when only that."""
    plan = _readable(request, plan_id)
    operable_account(request.user, plan.account_id)
    return plan


def _mapping(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ParseError
    return dict(request.data)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments for the service; a stranger is refused before it can meet an argument of another name."""
    plans.read_fields({name: None for name in given if name not in plans.READERS})
    return given


def _answer(plan: RebalancePlan, status: int = 200) -> Response:
    return Response(RebalanceOut(plan).data, status=status, headers={"ETag": f'"{plan.version}"'})


def _seen_version(request: Request) -> int | None:
    """The version in If-Match; 0, which no plan has, when it is not one of ours."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if text in ("", "*"):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class Rebalances(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="rebalances_list",
        parameters=[OpenApiParameter("account_id", OpenApiTypes.UUID), *PAGE_PARAMETERS],
        responses={200: paged(RebalanceOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request) -> Response:
        """Plans of the accounts that the person may read, newest first."""
        rows: QuerySet[RebalancePlan] = RebalancePlan.objects.filter(account__in=accounts_for(request.user))
        query = AccountIn(data=request.query_params, partial=True)
        query.is_valid(raise_exception=True)
        if account_id := query.validated_data.get("account_id"):
            rows = rows.filter(account=readable_account(request.user, account_id))
        return Response(page(request, rows, shape=lambda found: RebalanceOut(found, many=True).data))

    @extend_schema(
        operation_id="rebalances_create",
        request=NewRebalanceIn,
        responses={201: RebalanceOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """A new plan, switched off."""
        fields = _mapping(request)
        asked = AccountIn(data={"account_id": fields.pop("account_id", None)})
        asked.is_valid(raise_exception=True)
        account = operable_account(request.user, asked.validated_data["account_id"])
        return _answer(plans.create_plan(account=account, by=request.user, **_fields(fields)), 201)


class RebalanceDetail(APIView):
    permission_classes = [ByRole]

    @extend_schema(operation_id="rebalances_retrieve", responses={200: RebalanceOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        return _answer(_readable(request, id))

    @extend_schema(
        operation_id="rebalances_update",
        request=RebalanceIn(partial=True),
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="the version you read")],
        responses={200: RebalanceOut, **problems(400, 401, 403, 404, 409, 412)},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """The named fields changed."""
        plan = plans.update_plan(
            plan=_operable(request, id),
            by=request.user,
            seen_version=_seen_version(request),
            **_fields(_mapping(request)),
        )
        return _answer(plan)

    @extend_schema(operation_id="rebalances_delete", responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, id: UUID) -> Response:
        """The plan and the history of its runs; its orders stay."""
        plans.delete_plan(plan=_operable(request, id), by=request.user)
        return Response(status=204)


class RebalanceToggle(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="rebalances_toggle",
        request=PlanToggleIn,
        responses={200: RebalanceOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Switch on or off; `confirm` is the account's nickname. What was due before is not caught up."""
        asked = PlanToggleIn(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(plans.set_plan_enabled(plan=_operable(request, id), by=request.user, **asked.validated_data))


class RebalancePreview(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="rebalances_preview",
        request=None,
        responses={200: RebalancePreviewOut, **problems(401, 403, 404, 409, 424, 503)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """What the plan would do now, with every guard's vote. Nothing is ordered."""
        found = rebalancing.preview(_operable(request, id), timezone.now())
        return Response(RebalancePreviewOut(found).data)


class RebalanceNow(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="rebalances_run",
        request=None,
        responses={202: RebalanceRunOut, **problems(401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Carry the plan out now, once a trading day, in the regular session."""
        run = rebalancing.ask_to_run(plan=_operable(request, id), by=request.user, now=timezone.now())
        return Response(RebalanceRunOut(run_shapes([run])[0]).data, status=202)


class RebalanceRuns(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="rebalances_runs",
        parameters=PAGE_PARAMETERS,
        responses={200: paged(RebalanceRunOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request, id: UUID) -> Response:
        """What came of the plan, newest first."""
        rows = RebalanceRun.objects.filter(plan=_readable(request, id)).select_related("requested_by")
        shape = lambda found: RebalanceRunOut(run_shapes(found), many=True).data  # noqa: E731
        return Response(page(request, rows, shape=shape))


def run_shapes(runs: list[RebalanceRun]) -> list[dict[str, Any]]:
    """Runs with the orders that came of them, in two queries more for any number."""
    keys = [trade["key"] for run in runs for trade in run.trades]
    asked = {one.key: one for one in Instruction.objects.filter(key__in=keys).select_related("order")}
    return [
        {
            "id": run.pk,
            "plan_id": run.plan_id,
            "trading_day": run.trading_day,
            "status": run.status,
            "requested_by": run.requested_by.email if run.requested_by else None,
            "orders": [_order(trade, asked.get(trade["key"])) for trade in run.trades],
            "failure": run.failure,
            "created_at": run.created_at,
            "done_at": run.done_at,
        }
        for run in runs
    ]


def _order(trade: dict[str, Any], asked: Instruction | None) -> dict[str, Any]:
    order = order_of(asked) if asked else None
    shape = {name: trade[name] for name in ("symbol", "side", "qty", "price")}
    if order is None:
        return shape | {"order_id": None, "status": asked.status if asked else "failed", "filled_qty": 0}
    return shape | {"order_id": order.pk, "status": order.status, "filled_qty": order.filled_qty}
