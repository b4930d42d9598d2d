"""Who am I, and my accounts."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors, services, shapes
from accounts.models import BrokerageAccount, HealthStatus, User
from accounts.permissions import SignedIn
from api.pagination import page
from api.serializers import PAGE_PARAMETERS, In, ModelOut, Money, Out, TextOut, paged
from market.words import Environment, MarginMode, TradingState


def choices(enum: Any) -> list[str]:
    """The words of an enumeration, for a ChoiceField."""
    return [member.value for member in enum]


class MeOut(ModelOut):
    class Meta:
        model = User
        fields = ["id", "email", "role", "language"]


class MeIn(In):
    language = serializers.ChoiceField(choices=User._meta.get_field("language").choices)


class Me(APIView):
    """The person behind the token; the role comes from here and never from a cookie."""

    permission_classes: list[type[BasePermission]] = [SignedIn]

    @extend_schema(operation_id="me_get", responses=MeOut)
    def get(self, request: Request) -> Response:
        return Response(MeOut(request.user).data)

    @extend_schema(operation_id="me_update", request=MeIn, responses=MeOut)
    def patch(self, request: Request) -> Response:
        given = MeIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_language(user=request.user, **given.validated_data)
        return Response(MeOut(request.user).data)


class AccountBotOut(Out):
    running = serializers.BooleanField()
    holder = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)


class PnlOut(Out):
    realized_today = Money()
    unrealized = Money()
    equity = Money(allow_null=True)
    currency = serializers.CharField()


class AccountOut(Out):
    id = serializers.UUIDField()
    nickname = serializers.CharField()
    broker = serializers.CharField()
    market = serializers.CharField()
    environment = serializers.ChoiceField(choices=choices(Environment))
    margin_mode = serializers.ChoiceField(choices=choices(MarginMode))
    enabled = serializers.BooleanField()
    trading_state = serializers.ChoiceField(choices=choices(TradingState))
    trading_state_reason = TextOut(allow_null=True)
    health_status = serializers.ChoiceField(choices=choices(HealthStatus))
    health_reason = TextOut(allow_null=True)
    last_heartbeat = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    bot = AccountBotOut(allow_null=True)
    pnl = PnlOut()
    role = serializers.ChoiceField(choices=["owner", "operate", "view", "admin"])


PLAIN = [name for name in AccountOut().fields if name not in {"bot", "pnl", "role"}]


def accounts_out(accounts: list[BrokerageAccount], user: User) -> list[dict[str, Any]]:
    """The accounts as this person sees them; what higher apps know of them is asked once for all."""
    parts, shared = shapes.parts_of(accounts), selectors.share_levels(user)
    rows = [
        {
            **{name: getattr(account, name) for name in PLAIN},
            **parts[account.pk],
            "role": selectors.role_in(user, account, shared),
        }
        for account in accounts
    ]
    return AccountOut(rows, many=True).data


def _one(account: BrokerageAccount, user: User) -> dict[str, Any]:
    return accounts_out([account], user)[0]


class AccountIn(In):
    nickname = serializers.CharField(max_length=60)
    environment = serializers.ChoiceField(choices=choices(Environment))
    margin_mode = serializers.ChoiceField(choices=choices(MarginMode), default=MarginMode.USD.value)


class AccountPatch(In):
    nickname = serializers.CharField(max_length=60, required=False)
    margin_mode = serializers.ChoiceField(choices=choices(MarginMode), required=False)


class AccountToggleIn(In):
    enabled = serializers.BooleanField()
    confirm = serializers.CharField(help_text="the account's nickname, typed by the person", trim_whitespace=False)


class Accounts(APIView):
    """Accounts that may be seen; new ones belong to who makes them."""

    @extend_schema(operation_id="accounts_list", parameters=PAGE_PARAMETERS, responses=paged(AccountOut))
    def get(self, request: Request) -> Response:
        rows = selectors.accounts_for(request.user)
        return Response(
            page(
                request,
                rows,
                ordering=("created_at", "id"),
                shape=lambda found: accounts_out(found, request.user),
            )
        )

    @extend_schema(operation_id="accounts_create", request=AccountIn, responses={201: AccountOut})
    def post(self, request: Request) -> Response:
        given = AccountIn(data=request.data)
        given.is_valid(raise_exception=True)
        account = services.create_account(user=request.user, by=request.user, **given.validated_data)
        return Response(_one(account, request.user), status=201)


class Account(APIView):
    """One account."""

    @extend_schema(operation_id="accounts_get", responses=AccountOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(_one(selectors.readable_account(request.user, pk), request.user))

    @extend_schema(operation_id="accounts_update", request=AccountPatch, responses=AccountOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        account = selectors.owned_account(request.user, pk)
        given = AccountPatch(data=request.data)
        given.is_valid(raise_exception=True)
        services.update_account(account=account, by=request.user, **given.validated_data)
        return Response(_one(account, request.user))


class ToggleAccount(APIView):
    """The wanted state of the account's bot, said outright and confirmed by name."""

    @extend_schema(operation_id="accounts_toggle", request=AccountToggleIn, responses=AccountOut)
    def post(self, request: Request, pk: UUID) -> Response:
        account = selectors.operable_account(request.user, pk)
        given = AccountToggleIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_enabled(account=account, by=request.user, **given.validated_data)
        return Response(_one(account, request.user))
