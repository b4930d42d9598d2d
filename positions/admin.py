"""Positions in the admin: looked at; a person may take the broker's figure for ours, or decide about a held symbol."""

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from api.problems import ApiError
from market.errors import Text
from positions.jumps import ratio_from
from positions.models import AccountBook, CashFlow, DailyLedger, EquityPoint, Position
from positions.services import accept_broker_quantity, release_symbol
from theme.admin import ReadOnlyAdmin
from theme.language import both, said


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = [
        "account", "symbol", "qty", "avg_price", "last_price", "unrealized_pnl", "realized_pnl", "broker_qty",
        "needs_person", "hold", "reconciled_at",
    ]  # fmt: skip
    fields = [
        "account", "symbol", "exchange", "qty", "avg_price", "last_price", "close_price", "close_day",
        "unrealized_pnl", "realized_pnl", "broker_qty", "broker_sellable_qty", "reconciled_at", "needs_person",
        "hold", "evidence", "rescaled_at", "updated_at",
    ]  # fmt: skip
    list_select_related = ["account"]
    list_filter = ["needs_person", ("held_because", admin.EmptyFieldListFilter), "account"]
    search_fields = ["symbol"]
    ordering = ["account", "symbol"]
    actions = ["accept_broker", "release_as_proposed", "release_unchanged"]

    @admin.display(description=both("보류한 까닭", "held because"))
    def hold(self, position: Position) -> str:
        return said(Text(position.held_because["ko"], position.held_because["en"])) if position.held_because else "-"

    @admin.display(description=both("근거", "evidence"))
    def evidence(self, position: Position) -> str:
        shown = {k: v for k, v in (position.held_because or {}).items() if k not in {"ko", "en"}}
        return format_html("<pre>{}</pre>", json.dumps(shown, ensure_ascii=False, indent=2)) if shown else "-"

    @admin.action(description=both("증권사 수량으로 고치기", "Accept the broker's quantity"), permissions=["accept"])
    def accept_broker(self, request: HttpRequest, positions: QuerySet[Position]) -> None:
        for position in positions:
            try:
                fixed = accept_broker_quantity(position=position, by=request.user, now=timezone.now())
            except ApiError as problem:
                self.message_user(request, f"{position.symbol}: {said(problem.message)}", messages.WARNING)
            else:
                self.message_user(request, str(fixed), messages.SUCCESS)

    @admin.action(
        description=both("제안된 비율로 고치고 풀기", "Rescale as proposed and release"), permissions=["accept"]
    )
    def release_as_proposed(self, request: HttpRequest, positions: QuerySet[Position]) -> None:
        for position in positions:
            proposed = (position.held_because or {}).get("ratio")
            if proposed is None:
                none = Text(f"{position.symbol}: 제안된 비율이 없습니다.", f"{position.symbol}: no ratio is proposed.")
                self.message_user(request, said(none), messages.WARNING)
                continue
            self._release(request, position, proposed)

    @admin.action(description=both("그대로 두고 풀기", "Release as it is"), permissions=["accept"])
    def release_unchanged(self, request: HttpRequest, positions: QuerySet[Position]) -> None:
        for position in positions.filter(held_because__isnull=False):
            self._release(request, position, None)

    def _release(self, request: HttpRequest, position: Position, proposed: str | None) -> None:
        ratio = ratio_from(proposed) if proposed else None
        try:
            freed = release_symbol(position=position, by=request.user, now=timezone.now(), ratio=ratio)
        except ApiError as problem:
            self.message_user(request, f"{position.symbol}: {said(problem.message)}", messages.WARNING)
        else:
            self.message_user(request, str(freed), messages.SUCCESS)

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


@admin.register(AccountBook)
class AccountBookAdmin(ReadOnlyAdmin):
    list_display = ["account", "equity_alone", "peak_equity", "peak_at", "external_net", "gap_usd", "reconciled_at"]
    list_select_related = ["account"]


@admin.register(CashFlow)
class CashFlowAdmin(ReadOnlyAdmin):
    """Told by a person through the API, or found in the broker's cash; never edited."""

    list_display = ["at", "account", "amount_usd", "kind", "source", "note", "recorded_by"]
    list_select_related = ["account", "recorded_by"]
    list_filter = ["account", "kind", "source"]
    ordering = ["-at"]
