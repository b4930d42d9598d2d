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
from credentials.selectors import trade_credential
from market.errors import Text
from market.words import Environment


class CredentialOut(Out):
    id = serializers.UUIDField()
    purpose = serializers.CharField()
    environment = serializers.ChoiceField(choices=[e.value for e in Environment])
    app_key = serializers.CharField(help_text="masked but for its last four characters")
    opens = serializers.BooleanField(help_text="false when no key of the house opens it any more")
    has_hts_id = serializers.BooleanField()
    token_expire_at = serializers.DateTimeField(allow_null=True)
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


class AccountCredentials(APIView):
    """The key of an account, for its owner and admins."""

    @extend_schema(operation_id="account_credentials_get", responses=CredentialOut)
    def get(self, request: Request, pk: UUID) -> Response:
        credential = trade_credential(owned_account(request.user, pk))
        if credential is None:
            text = Text("아직 등록된 앱키가 없습니다.", "No app key has been entered yet.")
            raise ApiError("no_credentials", text, 404)
        return Response(CredentialOut(services.masked(credential)).data)

    @extend_schema(operation_id="account_credentials_set", request=CredentialIn, responses={201: CredentialOut})
    def post(self, request: Request, pk: UUID) -> Response:
        account = owned_account(request.user, pk)
        given = CredentialIn(data=request.data)
        given.is_valid(raise_exception=True)
        credential = services.set_credentials(account=account, by=request.user, **given.validated_data)
        return Response(CredentialOut(services.masked(credential)).data, status=201)
