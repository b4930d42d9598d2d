"""Positions in the admin: looked at; a person may take the broker's figure for ours."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from positions.models import DailyLedger, EquityPoint, Position
from positions.services import accept_broker_quantity
from theme.admin import ReadOnlyAdmin
from theme.language import both


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = [
        "account", "symbol", "qty", "avg_price", "last_price", "unrealized_pnl", "realized_pnl", "broker_qty",
        "needs_person", "reconciled_at",
    ]  # fmt: skip
    list_select_related = ["account"]
    list_filter = ["needs_person", "account"]
    search_fields = ["symbol"]
    ordering = ["account", "symbol"]
    actions = ["accept_broker"]

    @admin.action(description=both("증권사 수량으로 고치기", "Accept the broker's quantity"), permissions=["accept"])
    def accept_broker(self, request: HttpRequest, positions: QuerySet[Position]) -> None:
        for position in positions:
            fixed = accept_broker_quantity(position=position, by=request.user, now=timezone.now())
            self.message_user(request, str(fixed), messages.SUCCESS)

    def has_accept_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser


@admin.register(EquityPoint)
class EquityPointAdmin(ReadOnlyAdmin):
    list_display = ["at", "account", "equity", "cash", "positions_value", "realized_today", "unrealized"]
    list_select_related = ["account"]
    list_filter = ["account", "trading_day"]
    ordering = ["-at"]


@admin.register(DailyLedger)
class DailyLedgerAdmin(ReadOnlyAdmin):
    list_display = ["trading_day", "account", "bought_usd", "sold_usd", "fees_usd", "realized_pnl"]
    list_select_related = ["account"]
    list_filter = ["account", "trading_day"]
    ordering = ["-trading_day"]
