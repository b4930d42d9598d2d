"""Orders in the admin: looked at, never edited; a cancel is asked for."""

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from market.errors import Text
from orders import cards as _cards  # noqa: F401  (fills the admin's first page)
from orders.asking import OrderFinal, request_cancel
from orders.deciding import EvidenceMixin
from orders.models import Execution, ForeignOrder, Instruction, Order, OrderLook, Request
from theme.admin import ReadOnlyAdmin, ReadOnlyInline
from theme.language import both, said


class RequestInline(ReadOnlyInline):
    model = Request
    fields = ["kind", "attempt", "outcome", "broker_order_id", "us_order_date", "committed_at", "answered_at"]
    ordering = ["committed_at"]


class ExecutionInline(ReadOnlyInline):
    model = Execution
    fields = ["at", "qty", "price", "fee", "cumulative_qty"]
    ordering = ["cumulative_qty"]


@admin.register(Order)
class OrderAdmin(EvidenceMixin, ReadOnlyAdmin):
    list_display = [
        "created_at", "account", "symbol", "side", "qty", "price", "status", "filled_qty", "avg_fill_price",
        "needs_person",
    ]  # fmt: skip
    list_select_related = ["account"]
    list_filter = ["status", "side", "needs_person", "trading_day", "account"]
    search_fields = ["symbol", "broker_order_id"]
    ordering = ["-created_at", "-id"]
    inlines = [RequestInline, ExecutionInline]
    actions = ["ask_cancel"]
    fields = [
        "account", "rule", "rule_version", "symbol", "exchange", "side", "qty", "price", "order_type", "time_in_force",
        "status", "filled_qty", "possible_filled_qty", "avg_fill_price", "fees", "broker_order_id", "us_order_date",
        "trading_day", "day_read_at", "amend_qty", "amend_price", "replaces", "needs_person", "failure", "why",
        "decision_key", "created_at", "placed_at", "final_at",
    ]  # fmt: skip

    @admin.display(description=both("까닭", "reason"))
    def why(self, order: Order) -> str:
        text = json.dumps(order.reason, ensure_ascii=False, indent=2)
        return format_html('<pre class="overflow-x-auto">{}</pre>', text)

    @admin.action(description=both("취소 요청", "Ask for a cancel"), permissions=["cancel"])
    def ask_cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        for order in orders:
            try:
                request_cancel(order=order, by=request.user)
            except OrderFinal as problem:
                self.message_user(request, f"{order}: {said(problem.message)}", messages.WARNING)
            else:
                asked = Text("취소를 요청했습니다.", "The cancel was asked for.")
                self.message_user(request, f"{order}: {said(asked)}", messages.SUCCESS)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """The page itself is read-only; asking the broker for a cancel is not an edit of the row."""
        return request.user.is_superuser


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    list_display = ["committed_at", "order", "kind", "attempt", "outcome", "broker_order_id", "answered_at"]
    list_select_related = ["order"]
    list_filter = ["kind", "outcome"]
    search_fields = ["broker_order_id"]
    ordering = ["-committed_at", "-id"]


@admin.register(OrderLook)
class OrderLookAdmin(ReadOnlyAdmin):
    list_display = ["last_at", "order", "finding", "freshness", "complete", "times"]
    list_select_related = ["order"]
    list_filter = ["finding", "complete"]
    ordering = ["-last_at", "-id"]


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = ["at", "account", "symbol", "side", "qty", "price", "fee", "order"]
    list_select_related = ["account", "order"]
    list_filter = ["side", "trading_day", "account"]
    search_fields = ["symbol"]
    ordering = ["-at", "-id"]


@admin.register(ForeignOrder)
class ForeignOrderAdmin(ReadOnlyAdmin):
    list_display = ["seen_at", "account", "symbol", "side", "qty", "filled_qty", "price", "channel", "broker_order_id"]
    list_select_related = ["account"]
    list_filter = ["channel", "account"]
    search_fields = ["symbol", "broker_order_id"]
    ordering = ["-seen_at"]


@admin.register(Instruction)
class InstructionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "account", "wish", "order", "status", "requested_by", "done_at"]
    list_select_related = ["account", "order", "requested_by"]
    list_filter = ["status", "wish", "account"]
    ordering = ["-created_at"]
