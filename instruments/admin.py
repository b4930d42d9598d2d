"""What can be traded and when, in the admin. A closure nobody planned is entered here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from instruments.models import Candle, Instrument, TradingDay
from instruments.selectors import forget_sessions
from theme.admin import HouseAdmin, ReadOnlyAdmin


@admin.register(Instrument)
class InstrumentAdmin(HouseAdmin):
    list_display = ["symbol", "exchange", "name_ko", "name_en", "kind", "tradable", "updated_at"]
    list_filter = ["exchange", "kind", "etp_class", "tradable", "in_master"]
    search_fields = ["symbol", "name_ko", "name_en"]


@admin.register(TradingDay)
class TradingDayAdmin(HouseAdmin):
    list_display = ["trading_day", "session", "start", "end", "source"]
    list_filter = ["session", "source"]
    date_hierarchy = "trading_day"
    search_fields = ["trading_day"]

    def save_model(self, request: HttpRequest, obj: TradingDay, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget_sessions()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TradingDay]) -> None:
        super().delete_queryset(request, queryset)
        forget_sessions()


@admin.register(Candle)
class CandleAdmin(ReadOnlyAdmin):
    list_display = ["symbol", "timeframe", "start", "close", "volume", "session", "source", "version", "complete"]
    list_filter = ["timeframe", "session", "source"]
    search_fields = ["symbol"]
