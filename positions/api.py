"""Positions and the equity curve over HTTP."""

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import accounts_for, operable_account, owned_account, readable_account
from accounts.services import ConfirmationMismatch
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, In, Money, Out, Price, paged
from market.errors import Text
from market.words import Exchange
from positions import services
from positions.jumps import JumpKind, ratio_from
from positions.models import CashFlow, EquityPoint, FlowKind, FlowSource, Position
from positions.selectors import losses_of
from positions.shapes import cash_flow_shape, decimal_text, equity_shape, position_shape


class JumpEvidenceOut(Out):
    """What a hold comes from; what is not known is null or left out."""

    our_qty = serializers.IntegerField(allow_null=True)
    broker_qty = serializers.IntegerField(allow_null=True)
    our_close = Price(allow_null=True)
    previous_close = Price(allow_null=True)
    to = serializers.CharField(allow_null=True, help_text="the symbol that seems to have taken its place")


class HoldOut(Out):
    """Why entries and exits by price of the symbol wait; `ratio` as "2:1", new shares for old ones, is a proposal."""

    kind = serializers.ChoiceField(choices=[k.value for k in JumpKind])
    ko = serializers.CharField()
    en = serializers.CharField()
    at = serializers.DateTimeField()
    ratio = serializers.CharField(allow_null=True)
    evidence = JumpEvidenceOut()


class PositionOut(Out):
    """What an account holds of a symbol; `needs_person`: the broker says something else and nothing explains it."""

    id = serializers.UUIDField()
    account_id = serializers.UUIDField()
    symbol = serializers.CharField()
    exchange = serializers.ChoiceField(choices=[e.value for e in Exchange])
    qty = serializers.IntegerField()
    avg_price = Price(allow_null=True)
    last_price = Price(allow_null=True)
    market_value = Money(allow_null=True)
    unrealized_pnl = Money()
    realized_pnl = Money()
    needs_person = serializers.BooleanField()
    broker_qty = serializers.IntegerField(allow_null=True)
    held_because = HoldOut(allow_null=True)
    updated_at = serializers.DateTimeField()


class EquityPointOut(Out):
    """The account's worth at a moment, in US dollars; cash is null until the broker has said it once."""

    at = serializers.DateTimeField()
    trading_day = serializers.DateField()
    cash = Money(allow_null=True)
    positions_value = Money()
    equity = Money()
    realized_today = Money()
    unrealized = Money()


class CashFlowOut(Out):
    """Cash that came or (below zero) went without a trade of ours."""

    id = serializers.UUIDField()
    account_id = serializers.UUIDField()
    trading_day = serializers.DateField()
    at = serializers.DateTimeField()
    amount_usd = Money()
    kind = serializers.ChoiceField(choices=[k.value for k in FlowKind])
    source = serializers.ChoiceField(choices=[s.value for s in FlowSource])
    note = serializers.CharField(allow_blank=True)
    recorded_by = serializers.CharField(allow_null=True)


class CashFlowIn(In):
    """What a person tells of; `again`: it is not the one that was already booked from the broker's cash."""

    amount_usd = Money()
    kind = serializers.ChoiceField(choices=[k.value for k in FlowKind])
    at = serializers.DateTimeField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=200)
    again = serializers.BooleanField(required=False, default=False)

    def validate_at(self, at: datetime) -> datetime:
        if at > timezone.now():
            raise serializers.ValidationError(str(Text("미래의 시각입니다.", "This is in the future.")))
        return at


class DecideIn(In):
    """A decision about a position, confirmed by name."""

    confirm = serializers.CharField(help_text="the account's nickname, typed", trim_whitespace=False)


class ReleaseIn(DecideIn):
    """`ratio`: new shares for old ones, such as 2:1 or 1:10; left out or null when it was no split."""

    ratio = serializers.CharField(required=False, allow_null=True, max_length=20)

    def validate_ratio(self, text: str | None) -> Fraction | None:
        try:
            return None if text is None else ratio_from(text)
        except (ValueError, ZeroDivisionError):
            asked = Text("새 주식 수:옛 주식 수로 적어 주세요. 예: 2:1", "Write new shares for old ones, such as 2:1.")
            raise serializers.ValidationError(str(asked)) from None


class LossesOut(Out):
    """Where the account stands to its limits on losses; paying in or out moves neither."""

    realized_today = Money()
    drawdown_pct = serializers.DecimalField(max_digits=9, decimal_places=4, allow_null=True)


class PositionQuery(serializers.Serializer):
    account_id = serializers.UUIDField(required=False)


class Positions(APIView):
    @extend_schema(
        operation_id="positions_list",
        parameters=[OpenApiParameter("account_id", OpenApiTypes.UUID), *PAGE_PARAMETERS],
        responses={200: paged(PositionOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request) -> Response:
        """What the accounts that the person may read hold now, by symbol."""
        query = PositionQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = Position.objects.filter(account__in=accounts_for(request.user)).exclude(
            qty=0, needs_person=False, held_because__isnull=True
        )
        if account_id := query.validated_data.get("account_id"):
            rows = rows.filter(account=readable_account(request.user, account_id))
        shape = page(request, rows, ordering=("symbol", "id"), shape=lambda found: [position_shape(p) for p in found])
        return Response(shape)


class Equity(APIView):
    @extend_schema(
        operation_id="accounts_equity",
        parameters=PAGE_PARAMETERS,
        responses={200: paged(EquityPointOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request, id: UUID) -> Response:
        """The equity curve of an account, newest first."""
        rows = EquityPoint.objects.filter(account=readable_account(request.user, id))
        shape = page(request, rows, ordering=("-at", "-id"), shape=lambda found: [equity_shape(p) for p in found])
        return Response(shape)


class CashFlows(APIView):
    @extend_schema(
        operation_id="accounts_cash_flows_list",
        parameters=PAGE_PARAMETERS,
        responses={200: paged(CashFlowOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Cash that came and went without a trade of ours, newest first."""
        rows = CashFlow.objects.filter(account=readable_account(request.user, id)).select_related("recorded_by")
        shape = page(request, rows, ordering=("-at", "-id"), shape=lambda found: [cash_flow_shape(f) for f in found])
        return Response(shape)

    @extend_schema(
        operation_id="accounts_cash_flows_create",
        request=CashFlowIn,
        responses={201: CashFlowOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Tell of a deposit, a withdrawal or the like. It moves neither the day's loss nor the drawdown."""
        account = owned_account(request.user, id)
        body = CashFlowIn(data=request.data)
        body.is_valid(raise_exception=True)
        told = dict(body.validated_data)
        flow = services.record_cash_flow(
            account=account,
            amount=told.pop("amount_usd"),
            kind=FlowKind(told.pop("kind")),
            by=request.user,
            now=timezone.now(),
            **told,
        )
        return Response(cash_flow_shape(flow), status=201)


class AccountLosses(APIView):
    @extend_schema(operation_id="accounts_losses", responses={200: LossesOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        """What the trading day realised, and how far the account is below its peak."""
        account = readable_account(request.user, id)
        losses = losses_of(account.pk, services.trading_day_of(timezone.now()))
        drawdown = losses.drawdown_pct
        return Response(
            {
                "realized_today": decimal_text(losses.realized_today),
                "drawdown_pct": None if drawdown is None else f"{drawdown:.4f}",
            }
        )


def _decided(request: Request, id: UUID, form: type[DecideIn]) -> tuple[Position, dict]:
    """The position and what was decided; NotFound for what is not theirs to see, and the account's name typed."""
    position = Position.objects.filter(pk=id).first()
    if position is None:
        raise NotFound
    account = operable_account(request.user, position.account_id)
    body = form(data=request.data)
    body.is_valid(raise_exception=True)
    if body.validated_data["confirm"] != account.nickname:
        raise ConfirmationMismatch
    return position, body.validated_data


class ReleasePosition(APIView):
    @extend_schema(
        operation_id="positions_release",
        request=ReleaseIn,
        responses={200: PositionOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Trade a held symbol again; with a ratio, position, rules and highs are turned to the new scale first."""
        position, told = _decided(request, id, ReleaseIn)
        ratio, now = told.get("ratio"), timezone.now()
        return Response(
            position_shape(services.release_symbol(position=position, by=request.user, now=now, ratio=ratio))
        )


class AcceptPosition(APIView):
    @extend_schema(
        operation_id="positions_accept",
        request=DecideIn,
        responses={200: PositionOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Take the broker's quantity for ours: a correction that belongs to no rule."""
        position, _ = _decided(request, id, DecideIn)
        fixed = services.accept_broker_quantity(position=position, by=request.user, now=timezone.now())
        return Response(position_shape(fixed))
