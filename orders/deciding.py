"""The evidence of an order on its admin page, and the small form with which a superuser decides."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from accounts.models import User
from api.problems import ApiError
from market.errors import Text
from orders.evidence import awaits_decision
from orders.models import Instruction, Order
from orders.settling import Decision, evidence, request_settle
from theme.language import said

CHOOSE = Text("증권사 주문 하나를 고르거나, 도착하지 않았다고 고르세요.", "Choose a row, or that it never arrived.")
ASKED = Text("결정을 받았습니다. 계좌의 봇이 곧 반영합니다.", "Decided. The account's bot adopts it in a moment.")


class EvidenceMixin:
    """For the admin of orders: evidence above the fields, and a view that takes the decision."""

    change_form_outer_before_template = "orders/evidence.html"

    def get_urls(self) -> list[URLPattern]:
        settle = path(
            "<uuid:order_id>/settle/", self.admin_site.admin_view(self.settle_view), name="orders_order_settle"
        )
        return [settle, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if order is not None and (awaits_decision(order) or order.looks.exists()):
            context["evidence"] = evidence(order, may_decide=request.user.is_superuser)
            context["settle_url"] = reverse("admin:orders_order_settle", args=[order.pk])
        return super().change_view(request, object_id, form_url, context)

    def settle_view(self, request: HttpRequest, order_id: Any) -> HttpResponse:
        """POST `choice` ("<US date>/<number>" or "never_arrived") and `confirm`, the account's nickname."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.is_superuser:
            raise PermissionDenied
        order = Order.objects.select_related("account").filter(pk=order_id).first()
        if order is None:
            raise Http404
        try:
            decide(order, request.user, request.POST.get("choice", ""), request.POST.get("confirm", ""))
        except ApiError as problem:
            self.message_user(request, said(problem.message), messages.ERROR)
        else:
            self.message_user(request, said(ASKED), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))


def decide(order: Order, by: User, choice: str, confirm: str) -> Instruction:
    """Turn what the form sent into the request of a decision. Raises ApiError."""
    if choice == Decision.NEVER_ARRIVED:
        return request_settle(order=order, decision=Decision.NEVER_ARRIVED, by=by, confirm=confirm)
    day, _, number = choice.partition("/")
    try:
        us_date = date.fromisoformat(day)
    except ValueError:
        raise ApiError("nothing_chosen", CHOOSE, 400) from None
    return request_settle(
        order=order, decision=Decision.CLAIM, by=by, confirm=confirm, broker_order_id=number, us_order_date=us_date
    )
