"""GET and POST /accounts/{id}/credentials: secrets go in and never come out."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import owned_account
from api.problems import ApiError
from api.serializers import In, Out
from credentials import services
from credentials.models import ApiCredential
from credentials.selectors import trade_credential
from market.errors import Text
from market.words import Environment


class TokenProblemOut(Out):
    ko = serializers.CharField()
    en = serializers.CharField()


class CredentialOut(Out):
    id = serializers.UUIDField()
    purpose = serializers.CharField()
    environment = serializers.ChoiceField(choices=[e.value for e in Environment])
    app_key = serializers.CharField(help_text="masked but for its last four characters")
    opens = serializers.BooleanField(help_text="false when no key of the house opens it any more")
    has_hts_id = serializers.BooleanField()
    lends_prices = serializers.BooleanField(help_text="the owner's paper accounts read prices with it")
    token_state = serializers.ChoiceField(
        choices=["none", "good", "expired", "refused", "dead"],
        help_text="refused: will be issued anew. dead: no orders or cancels before token_dead_until",
    )
    token_issued_at = serializers.DateTimeField(allow_null=True)
    token_expire_at = serializers.DateTimeField(allow_null=True)
    token_dead_until = serializers.DateTimeField(allow_null=True)
    token_problem = TokenProblemOut(allow_null=True, help_text="why the latest issue failed")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class Secret(serializers.CharField):
    """Never shown again, so it is a password to browsers and to the schema."""

    def __init__(self, **options: Any) -> None:
        super().__init__(write_only=True, style={"input_type": "password"}, **options)


class CredentialIn(In):
    app_key = Secret(max_length=128)
    app_secret = Secret(max_length=512)
    account_no = Secret(max_length=16)
    hts_id = Secret(max_length=64, required=False, allow_blank=True, default="")


class CredentialChangeIn(In):
    lends_prices = serializers.BooleanField(help_text="may the owner's paper accounts read prices with this real key?")


class AccountCredentials(APIView):
    """The key of an account, for its owner and admins."""

    @extend_schema(operation_id="account_credentials_get", responses=CredentialOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return _shown(_credential(request, pk))

    @extend_schema(operation_id="account_credentials_set", request=CredentialIn, responses={201: CredentialOut})
    def post(self, request: Request, pk: UUID) -> Response:
        account = owned_account(request.user, pk)
        given = CredentialIn(data=request.data)
        given.is_valid(raise_exception=True)
        return _shown(services.set_credentials(account=account, by=request.user, **given.validated_data), 201)

    @extend_schema(operation_id="account_credentials_change", request=CredentialChangeIn, responses=CredentialOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        credential = _credential(request, pk)
        given = CredentialChangeIn(data=request.data)
        given.is_valid(raise_exception=True)
        return _shown(services.lend_prices(credential, given.validated_data["lends_prices"]))


def _credential(request: Request, pk: UUID) -> ApiCredential:
    credential = trade_credential(owned_account(request.user, pk))
    if credential is None:
        text = Text("아직 등록된 앱키가 없습니다.", "No app key has been entered yet.")
        raise ApiError("no_credentials", text, 404)
    return credential


def _shown(credential: ApiCredential, status: int = 200) -> Response:
    return Response(CredentialOut(services.masked(credential)).data, status=status)
