"""Closures that no calendar knew of, over HTTP; admins enter them, everybody sees them."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsAdmin, SignedIn
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, In, ModelOut, paged
from bots.closures import enter_closure, lift_closure
from instruments.models import Closure


class ClosureOut(ModelOut):
    """A trading day closed against the calendar: all of it, or from or until a moment."""

    class Meta:
        model = Closure
        fields = ["id", "trading_day", "closed_from", "closed_until", "note", "created_at"]


class ClosureIn(In):
    trading_day = serializers.DateField()
    closed_from = serializers.DateTimeField(required=False, allow_null=True, help_text="the day ends there")
    closed_until = serializers.DateTimeField(required=False, allow_null=True, help_text="the day begins there")
    note = serializers.CharField(required=False, allow_blank=True, max_length=200)


class Closures(APIView):
    def get_permissions(self) -> list[BasePermission]:
        return [SignedIn()] if self.request.method == "GET" else [IsAdmin()]

    @extend_schema(
        operation_id="closures_list",
        parameters=PAGE_PARAMETERS,
        responses={200: paged(ClosureOut), **problems(400, 401)},
    )
    def get(self, request: Request) -> Response:
        shape = lambda found: ClosureOut(found, many=True).data  # noqa: E731
        return Response(page(request, Closure.objects.all(), shape=shape))

    @extend_schema(
        operation_id="closures_create", request=ClosureIn, responses={201: ClosureOut, **problems(400, 401, 403, 409)}
    )
    def post(self, request: Request) -> Response:
        """Close a trading day, or a part of it; every bot knows it within half a minute."""
        asked = ClosureIn(data=request.data)
        asked.is_valid(raise_exception=True)
        closure = enter_closure(**asked.validated_data, by=request.user, now=timezone.now())
        return Response(ClosureOut(closure).data, status=201)


class ClosureDetail(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(operation_id="closures_delete", responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, id: UUID) -> Response:
        """The calendar holds again."""
        lift_closure(closure=get_object_or_404(Closure, pk=id), by=request.user, now=timezone.now())
        return Response(status=204)
