"""Limits over HTTP: a person's for an account, the admin's for the house, and how much of each is used now."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services
from accounts.models import BrokerageAccount, HouseLimits, RiskLimits
from accounts.permissions import IsAdmin
from api.serializers import In, ModelOut, Money, Out
from market.words import TradingState
from orders.limits import used_by, used_by_house

COMMON = [
    "daily_buy_usd", "max_order_usd", "max_position_usd", "max_position_qty", "max_open_positions", "max_spread_bps",
    "max_slippage_bps", "orders_per_minute", "daily_loss_usd", "max_drawdown_pct", "no_entry_before_close_sec",
]  # fmt: skip
OWN = [*COMMON, "failure_streak", "failure_cooldown_sec"]
A_CENT = Decimal("0.01")
BOUNDS: dict[str, dict[str, Any]] = {
    **{name: {"min_value": 0} for name in OWN},
    "max_spread_bps": {"min_value": 0, "max_value": 10_000},
    "max_slippage_bps": {"min_value": 0, "max_value": 10_000},
    "daily_loss_usd": {"min_value": A_CENT},
    "max_drawdown_pct": {"min_value": A_CENT, "max_value": 100},
    "no_entry_before_close_sec": {"min_value": 0, "max_value": 86_400},
}
# Beyond what a column holds a number is told in words too, and not by the database.
for _name in OWN:
    if not _name.endswith(("usd", "pct")):
        BOUNDS[_name].setdefault("max_value", 2_147_483_647)


class CommonLimitsOut(ModelOut):
    """The admin's limits of every account, for those who look at one."""

    class Meta:
        model = HouseLimits
        fields = COMMON


class LimitsUsedOut(Out):
    """What is used of each limit, in its unit; null where nothing adds up or it is not known."""

    daily_buy_usd = Money(allow_null=True)
    max_order_usd = Money(allow_null=True)
    max_position_usd = Money(allow_null=True)
    max_position_qty = serializers.IntegerField(allow_null=True)
    max_open_positions = serializers.IntegerField(allow_null=True)
    max_spread_bps = serializers.IntegerField(allow_null=True)
    max_slippage_bps = serializers.IntegerField(allow_null=True)
    orders_per_minute = serializers.IntegerField(allow_null=True)
    daily_loss_usd = Money(allow_null=True)
    max_drawdown_pct = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    no_entry_before_close_sec = serializers.IntegerField(allow_null=True)


class AccountLimitsUsedOut(LimitsUsedOut):
    failure_streak = serializers.IntegerField()


class LimitsOut(ModelOut):
    """The account's own limits; `house`: the admin's, of which the tighter wins; `used`: how much of them is used."""

    used = serializers.SerializerMethodField()
    house = serializers.SerializerMethodField()

    class Meta:
        model = RiskLimits
        fields = [*OWN, "updated_at", "used", "house"]

    @extend_schema_field(AccountLimitsUsedOut)
    def get_used(self, row: RiskLimits) -> dict[str, Any]:
        return AccountLimitsUsedOut(used_by(row.account, timezone.now())).data

    @extend_schema_field(CommonLimitsOut)
    def get_house(self, row: RiskLimits) -> dict[str, Any]:
        return CommonLimitsOut(selectors.house_limits()).data


class HouseLimitsOut(ModelOut):
    """The house's limits; daily_buy_usd, orders_per_minute and daily_loss_usd are sums over all accounts."""

    trading_state = serializers.ChoiceField(choices=[state.value for state in TradingState])
    used = serializers.SerializerMethodField()

    class Meta:
        model = HouseLimits
        fields = [*COMMON, "trading_state", "updated_at", "used"]

    @extend_schema_field(LimitsUsedOut)
    def get_used(self, row: HouseLimits) -> dict[str, Any]:
        return LimitsUsedOut(used_by_house(timezone.now())).data


class LimitsIn(serializers.ModelSerializer, In):
    class Meta:
        model = RiskLimits
        fields = OWN
        extra_kwargs = BOUNDS


class HouseLimitsIn(serializers.ModelSerializer, In):
    class Meta:
        model = HouseLimits
        fields = COMMON
        extra_kwargs = {name: BOUNDS[name] for name in COMMON}


class AccountLimits(APIView):
    """The person's own limits; the house's may be tighter."""

    @extend_schema(operation_id="account_limits_get", responses=LimitsOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(_own(selectors.readable_account(request.user, pk)))

    @extend_schema(operation_id="account_limits_update", request=LimitsIn, responses=LimitsOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        account = selectors.owned_account(request.user, pk)
        given = LimitsIn(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        services.set_limits(account=account, by=request.user, **given.validated_data)
        return Response(_own(account))


class TheHouseLimits(APIView):
    """The admin's limits, for the whole house and for each account of it."""

    permission_classes: list[type[BasePermission]] = [IsAdmin]

    @extend_schema(operation_id="house_limits_get", responses=HouseLimitsOut)
    def get(self, request: Request) -> Response:
        return Response(HouseLimitsOut(selectors.house_limits()).data)

    @extend_schema(operation_id="house_limits_update", request=HouseLimitsIn, responses=HouseLimitsOut)
    def patch(self, request: Request) -> Response:
        given = HouseLimitsIn(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        services.set_house_limits(by=request.user, **given.validated_data)
        return Response(HouseLimitsOut(selectors.house_limits()).data)


def _own(account: BrokerageAccount) -> dict[str, Any]:
    return LimitsOut(selectors.limits_of(account)).data
