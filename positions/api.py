"""Positions and the equity curve over HTTP."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import accounts_for, readable_account
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, Money, Out, Price, paged
from market.words import Exchange
from positions.models import EquityPoint, Position
from positions.shapes import equity_shape, position_shape


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
        rows = Position.objects.filter(account__in=accounts_for(request.user)).exclude(qty=0, needs_person=False)
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
