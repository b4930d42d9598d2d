"""Orders and fills over HTTP: read them, ask for a cancel."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import ByRole
from accounts.selectors import readable_account
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, Money, Out, Price, paged
from market.words import Exchange, Freshness, OrderType, Side
from orders import selectors, services
from orders.domain import State
from orders.models import Order, Outcome, RequestKind, Wish, WishStatus
from orders.settlement import Finding
from orders.settling import Decision, evidence, request_settle
from orders.shapes import execution_shape, instruction_shape, order_shape, request_shape


def _choices(enum: Any) -> list[str]:
    return [member.value for member in enum]


class FailureOut(Out):
    """Why the broker said no: its own code, and a sentence in both languages."""

    code = serializers.CharField(allow_blank=True)
    ko = serializers.CharField()
    en = serializers.CharField()


class OrderOut(Out):
    """An order and how it stands; `reason` says why it was made and how every guard voted."""

    id = serializers.UUIDField()
    account_id = serializers.UUIDField()
    rule_id = serializers.UUIDField(allow_null=True)
    rule_version = serializers.IntegerField(allow_null=True)
    symbol = serializers.CharField()
    exchange = serializers.ChoiceField(choices=_choices(Exchange))
    order_type = serializers.ChoiceField(choices=_choices(OrderType))
    side = serializers.ChoiceField(choices=_choices(Side))
    qty = serializers.IntegerField()
    price = Price()
    status = serializers.ChoiceField(choices=_choices(State))
    filled_qty = serializers.IntegerField()
    avg_fill_price = Price(allow_null=True)
    broker_order_id = serializers.CharField(allow_null=True)
    needs_person = serializers.BooleanField()
    reason = serializers.DictField()
    failure = FailureOut(allow_null=True)
    created_at = serializers.DateTimeField()
    placed_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class RequestOut(Out):
    """One message to the broker about an order, and what became of it."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=_choices(RequestKind))
    attempt = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=_choices(Outcome))
    broker_order_id = serializers.CharField(allow_null=True)
    us_order_date = serializers.DateField(allow_null=True)
    failure = FailureOut(allow_null=True)
    committed_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class ExecutionOut(Out):
    """A fill: the difference of two cumulative readings of its order."""

    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    account_id = serializers.UUIDField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=_choices(Side))
    qty = serializers.IntegerField()
    price = Price()
    fee = Money()
    at = serializers.DateTimeField()


class OrderDetailOut(OrderOut):
    """The order with every request about it and every fill."""

    requests = RequestOut(many=True)
    executions = ExecutionOut(many=True)


class InstructionOut(Out):
    """What a person asked for; the account's bot carries it out."""

    id = serializers.UUIDField()
    account_id = serializers.UUIDField()
    order_id = serializers.UUIDField(allow_null=True)
    wish = serializers.ChoiceField(choices=_choices(Wish))
    status = serializers.ChoiceField(choices=_choices(WishStatus))
    result = serializers.DictField(allow_null=True)
    created_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


class CandidateOut(Out):
    """A row of the broker's list; `fits`: it could be the order by everything that is known."""

    us_order_date = serializers.DateField()
    broker_order_id = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=_choices(Side))
    qty = serializers.IntegerField()
    price = Price()
    filled_qty = serializers.IntegerField()
    open_qty = serializers.IntegerField()
    status_text = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(allow_blank=True)
    placed_at = serializers.DateTimeField(allow_null=True)
    fits = serializers.BooleanField()


class ClaimableOut(CandidateOut):
    """The same, with the order of ours that has the number already."""

    claimed_by = serializers.UUIDField(allow_null=True)


class LookOut(Out):
    """What the list showed, from `at` until `last_at`, in `times` looks."""

    at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    times = serializers.IntegerField()
    read_at = serializers.DateTimeField()
    freshness = serializers.ChoiceField(choices=_choices(Freshness))
    complete = serializers.BooleanField()
    finding = serializers.ChoiceField(choices=_choices(Finding))
    candidates = CandidateOut(many=True)


class WindowOut(Out):
    """When the request can have reached the broker, on the broker's clock."""

    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()


class EvidenceOut(Out):
    """All that is known of an order of unknown outcome, newest look first."""

    order = OrderOut()
    requests = RequestOut(many=True)
    window = WindowOut()
    looks = LookOut(many=True)
    candidates = ClaimableOut(many=True)
    may_decide = serializers.BooleanField()


class SettleIn(serializers.Serializer):
    """What a person says became of the order."""

    decision = serializers.ChoiceField(choices=_choices(Decision))
    broker_order_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=20)
    us_order_date = serializers.DateField(required=False, allow_null=True, default=None)
    confirm = serializers.CharField(help_text="the account's nickname, typed by the person", trim_whitespace=False)


class OrderQuery(serializers.Serializer):
    """What may be asked of the list of orders."""

    account_id = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(required=False, choices=_choices(State))
    symbol = serializers.CharField(required=False, max_length=16)


FILTERS = [
    OpenApiParameter("account_id", OpenApiTypes.UUID),
    OpenApiParameter("symbol", str),
]


def _conditions(request: Request) -> dict[str, Any]:
    """The filters of the query as conditions; NotFound for an account that is not the person's to see."""
    query = OrderQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    asked = dict(query.validated_data)
    if account_id := asked.pop("account_id", None):
        asked["account"] = readable_account(request.user, account_id)
    if symbol := asked.pop("symbol", None):
        asked["symbol"] = symbol.strip().upper()
    return asked


class Orders(APIView):
    @extend_schema(
        operation_id="orders_list",
        parameters=[*FILTERS, OpenApiParameter("status", str, enum=_choices(State)), *PAGE_PARAMETERS],
        responses={200: paged(OrderOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request) -> Response:
        """Orders of the accounts that the person may read, newest first."""
        rows = selectors.orders_for(request.user).filter(**_conditions(request))
        return Response(page(request, rows, shape=lambda found: [order_shape(o) for o in found]))


class OrderDetail(APIView):
    @extend_schema(operation_id="orders_retrieve", responses={200: OrderDetailOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        """One order: why it was made, every request about it, every fill."""
        order = selectors.readable_order(request.user, id)
        if order is None:
            raise NotFound
        return Response(_whole(order))


def _whole(order: Order) -> dict[str, Any]:
    return {
        **order_shape(order),
        "requests": [request_shape(r) for r in order.requests.order_by("committed_at", "attempt")],
        "executions": [execution_shape(e) for e in order.executions.order_by("cumulative_qty")],
    }


class OrderCancel(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="orders_cancel",
        request=None,
        responses={202: InstructionOut, **problems(401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Ask for a cancel; the account's bot sends it. 409 when the order has ended."""
        order = selectors.operable_order(request.user, id)
        if order is None:
            raise NotFound
        return Response(instruction_shape(services.request_cancel(order=order, by=request.user)), status=202)


class OrderEvidence(APIView):
    @extend_schema(operation_id="orders_evidence", responses={200: EvidenceOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        """What is known of an order whose outcome is not: its requests, every look at the list, the rows like it."""
        order = selectors.readable_order(request.user, id)
        if order is None:
            raise NotFound
        return Response(evidence(order, may_decide=selectors.may_operate(request.user, order)))


class OrderSettle(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="orders_settle",
        request=SettleIn,
        responses={202: InstructionOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Say what became of an order; the account's bot adopts it. 409 when the decision contradicts what is known."""
        order = selectors.operable_order(request.user, id)
        if order is None:
            raise NotFound
        told = SettleIn(data=request.data)
        told.is_valid(raise_exception=True)
        said = dict(told.validated_data)
        asked = request_settle(order=order, by=request.user, **said | {"decision": Decision(said["decision"])})
        return Response(instruction_shape(asked), status=202)


class Executions(APIView):
    @extend_schema(
        operation_id="executions_list",
        parameters=[*FILTERS, *PAGE_PARAMETERS],
        responses={200: paged(ExecutionOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request) -> Response:
        """Fills of the accounts that the person may read, newest first."""
        asked = _conditions(request)
        asked.pop("status", None)
        rows = selectors.executions_for(request.user).filter(**asked)
        shape = page(request, rows, ordering=("-at", "-id"), shape=lambda found: [execution_shape(e) for e in found])
        return Response(shape)
