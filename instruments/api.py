"""GET /instruments."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.pagination import page
from api.serializers import PAGE_PARAMETERS, ModelOut, paged
from instruments.models import Instrument
from instruments.selectors import instruments_like


class InstrumentOut(ModelOut):
    class Meta:
        model = Instrument
        fields = ["id", "symbol", "exchange", "name_ko", "name_en", "currency", "tradable"]


class Instruments(APIView):
    """What can be traded."""

    @extend_schema(
        operation_id="instruments_list",
        parameters=[OpenApiParameter("q", str, description="symbol or name"), *PAGE_PARAMETERS],
        responses=paged(InstrumentOut),
    )
    def get(self, request: Request) -> Response:
        rows = instruments_like(request.query_params.get("q", ""))
        shape = lambda found: InstrumentOut(found, many=True).data  # noqa: E731
        return Response(page(request, rows, ordering=("symbol",), shape=shape))
