"""Bots over HTTP: who runs, start, stop, halt."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import BrokerageAccount
from accounts.permissions import ByRole
from accounts.selectors import accounts_for, house_limits, operable_account, owned_account
from api.problems import problems
from api.serializers import In, Out, TextOut
from bots import services
from bots.budgets import KeyBudget, budgets_of, credentials_of
from bots.selectors import bot_states
from credentials.services import masked
from kis.throttle import Usage
from market.errors import Text
from market.words import Environment, TradingState
from orders.models import Instruction


class BotOut(Out):
    account_id = serializers.UUIDField()
    nickname = serializers.CharField()
    wanted = serializers.BooleanField()
    running = serializers.BooleanField()
    holder = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class HouseOut(Out):
    """The house's state; after a halt also what was asked of the broker."""

    trading_state = serializers.CharField()
    reason = TextOut(allow_null=True)
    instructions = serializers.ListField(child=serializers.UUIDField(), default=list)


class ConfirmIn(In):
    confirm = serializers.CharField(help_text="the account's nickname, typed")


class HaltIn(In):
    """Without `account_id`: the whole house by an admin, every account that they operate by a trader."""

    account_id = serializers.UUIDField(required=False, allow_null=True)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500)
    state = serializers.ChoiceField(
        choices=[TradingState.HALTED.value, TradingState.REDUCING.value],
        default=TradingState.HALTED.value,
        help_text="reducing: exits and cancels only",
    )
    cancel_orders = serializers.BooleanField(default=False, help_text="also cancel what works at the broker")
    sell_out = serializers.BooleanField(
        default=False, help_text="sell everything first: reducing until nothing is left, then halted"
    )
    confirm = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="with sell_out: the account's nickname, or for several `전량 매도` or `SELL OUT`",
    )


class ResumeIn(In):
    account_id = serializers.UUIDField(required=False, allow_null=True)


class LanesOut(Out):
    """Requests by lane, most urgent first."""

    exit = serializers.IntegerField()
    entry = serializers.IntegerField()
    tracking = serializers.IntegerField()
    scan = serializers.IntegerField()


class BudgetUsageOut(Out):
    learned_per_second = serializers.FloatField(help_text="what KIS's refusals have left of the allowed rate")
    last_second = LanesOut(help_text="requests of the last whole second")
    last_minute = LanesOut(help_text="requests of the last sixty whole seconds")
    waiting = LanesOut(help_text="requests that wait for their turn, in all processes")
    under_way = serializers.IntegerField(help_text="requests that count against the limit now")
    throttled_at = serializers.DateTimeField(allow_null=True, help_text="when KIS last refused for rate")
    throttled_code = serializers.CharField(help_text="the broker's code of that refusal, empty when there was none")
    throttled_reason = TextOut(allow_null=True)
    ledger_paused_until = serializers.DateTimeField(allow_null=True, help_text="account functions pause until then")


class BudgetOut(Out):
    credential_id = serializers.UUIDField()
    account_id = serializers.UUIDField(allow_null=True, help_text="null for a key that only reads prices")
    nickname = serializers.CharField(help_text="of the account, empty for a key that only reads prices")
    purpose = serializers.CharField()
    environment = serializers.ChoiceField(choices=[e.value for e in Environment])
    app_key = serializers.CharField(help_text="masked but for its last four characters")
    allowed_per_second = serializers.FloatField(help_text="what KIS allows the key")
    usage = BudgetUsageOut(allow_null=True, help_text="null while Redis does not answer")


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

    @extend_schema(request=HaltIn, responses={200: HouseOut, **problems(400, 403, 404, 409)})
    def post(self, request: Request) -> Response:
        """From the answer on nothing is submitted; cancels and sales are carried out by the bots."""
        body = HaltIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        reason = asked.get("reason")
        instructions = services.halt(
            by=request.user,
            reason=Text(reason, reason) if reason else None,
            account=_one_account(request, asked),
            state=TradingState(asked["state"]),
            cancel_orders=asked["cancel_orders"],
            sell_out=asked["sell_out"],
            confirm=asked.get("confirm", ""),
        )
        return Response(_house(instructions))


class Resume(APIView):
    permission_classes = [ByRole]

    @extend_schema(request=ResumeIn, responses={200: HouseOut, **problems(400, 403, 404, 409)})
    def post(self, request: Request) -> Response:
        """Trade again: one account, or what a halt without `account_id` stopped."""
        body = ResumeIn(data=request.data or {})
        body.is_valid(raise_exception=True)
        services.resume(by=request.user, account=_one_account(request, body.validated_data))
        return Response(_house())


class Budgets(APIView):
    """How much of its rate at KIS each of the caller's keys uses, over all processes."""

    permission_classes = [ByRole]

    @extend_schema(responses={200: BudgetOut(many=True)})
    def get(self, request: Request) -> Response:
        rows = [_budget(found) for found in budgets_of(credentials_of(request.user))]
        return Response(BudgetOut(rows, many=True).data)


def _budget(found: KeyBudget) -> dict[str, Any]:
    credential = found.credential
    return {
        "credential_id": credential.pk,
        "account_id": credential.account_id,
        "nickname": credential.account.nickname if credential.account else "",
        "purpose": credential.purpose,
        "environment": credential.environment,
        "app_key": masked(credential)["app_key"],
        "allowed_per_second": found.allowed,
        "usage": _usage(found.usage, found.throttled_text) if found.usage else None,
    }


def _usage(usage: Usage, why: Text | None) -> dict[str, Any]:
    return {
        "learned_per_second": usage.learned,
        **{name: dict(getattr(usage, name)) for name in ("last_second", "last_minute", "waiting")},
        "under_way": usage.under_way,
        "throttled_at": usage.throttled_at,
        "throttled_code": usage.throttled_code,
        "throttled_reason": why.as_dict() if why else None,
        "ledger_paused_until": usage.ledger_paused_until,
    }


def _confirm(request: Request) -> str:
    body = ConfirmIn(data=request.data)
    body.is_valid(raise_exception=True)
    return body.validated_data["confirm"]


def _one_account(request: Request, asked: Mapping[str, Any]) -> BrokerageAccount | None:
    account_id = asked.get("account_id")
    return operable_account(request.user, account_id) if account_id else None


def _house(instructions: Sequence[Instruction] = ()) -> dict:
    house = house_limits()
    asked = [row.pk for row in instructions]
    state = {"trading_state": house.trading_state, "reason": house.trading_state_reason, "instructions": asked}
    return HouseOut(state).data
