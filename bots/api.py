"""Bots over HTTP: who runs, start, stop, halt."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import ByRole
from accounts.selectors import accounts_for, house_limits, operable_account, owned_account
from api.problems import problems
from api.serializers import In, Out, TextOut
from bots import services
from bots.selectors import bot_states
from market.errors import Text


class BotOut(Out):
    account_id = serializers.UUIDField()
    nickname = serializers.CharField()
    wanted = serializers.BooleanField()
    running = serializers.BooleanField()
    holder = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class HouseOut(Out):
    trading_state = serializers.CharField()
    reason = TextOut(allow_null=True)


class ConfirmIn(In):
    confirm = serializers.CharField(help_text="the account's nickname, typed")


class HaltIn(In):
    reason = serializers.CharField(required=False, allow_blank=True)


class Bots(APIView):
    permission_classes = [ByRole]

    @extend_schema(responses={200: BotOut(many=True)})
    def get(self, request: Request) -> Response:
        accounts = list(accounts_for(request.user))
        states = bot_states(accounts)
        idle = {"running": False, "holder": "", "since": None}
        rows = [
            {"account_id": a.pk, "nickname": a.nickname, "wanted": a.enabled, **(states.get(a.pk) or idle)}
            for a in accounts
        ]
        return Response(BotOut(rows, many=True).data)


class StartBot(APIView):
    permission_classes = [ByRole]

    @extend_schema(request=ConfirmIn, responses={202: None, **problems(403, 404, 422)})
    def post(self, request: Request, account_id: UUID) -> Response:
        services.start_bot(account=owned_account(request.user, account_id), confirm=_confirm(request), by=request.user)
        return Response(status=202)


class StopBot(APIView):
    permission_classes = [ByRole]

    @extend_schema(request=ConfirmIn, responses={202: None, **problems(403, 404, 422)})
    def post(self, request: Request, account_id: UUID) -> Response:
        services.stop_bot(
            account=operable_account(request.user, account_id), confirm=_confirm(request), by=request.user
        )
        return Response(status=202)


class Halt(APIView):
    """An admin halts the whole house, a trader the accounts they operate."""

    permission_classes = [ByRole]

    @extend_schema(responses={200: HouseOut})
    def get(self, request: Request) -> Response:
        return Response(_house())

    @extend_schema(request=HaltIn, responses={200: HouseOut, **problems(403)})
    def post(self, request: Request) -> Response:
        body = HaltIn(data=request.data)
        body.is_valid(raise_exception=True)
        reason = body.validated_data.get("reason")
        services.halt(by=request.user, reason=Text(reason, reason) if reason else None)
        return Response(_house())


class Resume(APIView):
    permission_classes = [ByRole]

    @extend_schema(request=None, responses={200: HouseOut, **problems(403)})
    def post(self, request: Request) -> Response:
        services.resume(by=request.user)
        return Response(_house())


def _confirm(request: Request) -> str:
    body = ConfirmIn(data=request.data)
    body.is_valid(raise_exception=True)
    return body.validated_data["confirm"]


def _house() -> dict:
    house = house_limits()
    return HouseOut({"trading_state": house.trading_state, "reason": house.trading_state_reason}).data
