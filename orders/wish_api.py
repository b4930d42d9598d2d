"""What people ask of the broker over HTTP, beside a cancel: an amend, every cancel, everything sold."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import ByRole
from accounts.selectors import operable_account
from api.problems import problems
from api.serializers import In, Price
from orders import selectors, services
from orders.api import InstructionOut
from orders.shapes import instruction_shape


class AmendIn(In):
    """`qty` is of the whole order, what is filled included."""

    qty = serializers.IntegerField(min_value=1)
    price = Price()


class ConfirmedIn(In):
    confirm = serializers.CharField(help_text="the account's nickname, typed")


class SellOutIn(ConfirmedIn):
    when_closed = serializers.ChoiceField(
        choices=["wait", "end"], default="wait", help_text="while the market is closed: go on at the open, or give up"
    )


class OrderAmend(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="orders_amend",
        request=AmendIn,
        responses={202: InstructionOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Ask for another quantity and price; the account's bot sends it. 409 when the order has ended."""
        order = selectors.operable_order(request.user, id)
        if order is None:
            raise NotFound
        body = AmendIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        instruction = services.request_amend(order=order, qty=asked["qty"], price=asked["price"], by=request.user)
        return Response(instruction_shape(instruction), status=202)


class CancelAll(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="accounts_cancel_all",
        request=ConfirmedIn,
        responses={202: InstructionOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Ask for a cancel of every open order of the account."""
        account = operable_account(request.user, id)
        body = ConfirmedIn(data=request.data)
        body.is_valid(raise_exception=True)
        services.must_confirm(body.validated_data["confirm"], account)
        return Response(instruction_shape(services.request_cancel_all(account=account, by=request.user)), status=202)


class SellOut(APIView):
    permission_classes = [ByRole]

    @extend_schema(
        operation_id="accounts_sell_out",
        request=SellOutIn,
        responses={202: InstructionOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Ask for everything to be sold: the account is reducing at once, and halted when nothing is left."""
        account = operable_account(request.user, id)
        body = SellOutIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        services.must_confirm(asked["confirm"], account)
        instruction = services.request_sell_out(account=account, by=request.user, when_closed=asked["when_closed"])
        return Response(instruction_shape(instruction), status=202)
