"""Hooks, rebalancings and closures in the admin; and the schedule's card on its first page."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from api.problems import ApiError
from bots.closures import enter_closure, lift_closure
from bots.models import HookRun, RebalanceRun
from bots.schedules import FAULTS, Condition, Standing, standings
from bots.selectors import db_now
from instruments.models import Closure
from market.errors import Text
from theme.admin import HouseAdmin, ReadOnlyAdmin
from theme.cards import Card, Cell, register
from theme.language import said


@admin.register(HookRun)
class HookRunAdmin(ReadOnlyAdmin):
    list_display = ["due_at", "hook", "account", "trading_day", "status", "attempts", "done_at", "holder"]
    list_select_related = ["account"]
    list_filter = ["status", "account"]
    search_fields = ["hook"]
    date_hierarchy = "trading_day"
    ordering = ["-due_at"]


@admin.register(RebalanceRun)
class RebalanceRunAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "plan", "trading_day", "status", "requested_by", "done_at"]
    list_select_related = ["plan", "requested_by"]
    list_filter = ["status"]
    search_fields = ["plan__name"]
    ordering = ["-created_at"]


@admin.register(Closure)
class ClosureAdmin(HouseAdmin):
    """Entered and lifted, never edited: the journal then says what held when."""

    list_display = ["trading_day", "closed_from", "closed_until", "note", "entered_by", "created_at"]
    list_select_related = ["entered_by"]
    fields = ["trading_day", "closed_from", "closed_until", "note"]

    def has_change_permission(self, request: HttpRequest, obj: Closure | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        try:
            entered = enter_closure(**form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except ApiError as refused:
            self.message_user(request, str(refused.message), messages.ERROR)
        else:
            obj.pk = entered.pk

    def delete_model(self, request: HttpRequest, obj: Closure) -> None:
        lift_closure(closure=obj, by=request.user, now=timezone.now())  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Closure]) -> None:
        for closure in queryset:
            self.delete_model(request, closure)


SAYINGS = {
    Condition.AS_IT_COMES: Text("정상", "fine"),
    Condition.CHANGED: Text("바뀜", "changed"),
    Condition.MISSING: Text("없음", "missing"),
    Condition.OFF: Text("꺼짐", "off"),
    Condition.BROKEN: Text("고장", "broken"),
}


@register
def schedules_card(request: HttpRequest) -> Card | None:
    """Every schedule: when it was sent last, and whether its row is as it should be."""
    if not request.user.has_perm("django_celery_beat.view_periodictask"):
        return None
    now = db_now()
    return Card(
        name="schedules",
        title=Text("예약 작업", "Schedules"),
        headers=[Text("이름", "Name"), Text("마지막 실행", "Last sent"), Text("상태", "State")],
        rows=[_row(standing, standing.late(now)) for standing in standings()],
        empty=Text("예약 작업이 없습니다.", "There are no schedules."),
        url=reverse("admin:django_celery_beat_periodictask_changelist"),
    )


def _row(standing: Standing, late: bool) -> list[Cell]:
    last = standing.last_run_at
    at = date_format(localtime(last), "m-d H:i") if last else "–"
    fault = standing.condition in FAULTS
    url = ""
    if standing.row is not None:
        url = reverse("admin:django_celery_beat_periodictask_change", args=[standing.row.pk])
    return [
        Cell(standing.schedule.name, url=url),
        Cell(at, "warning" if late else "plain"),
        Cell(said(SAYINGS[standing.condition]), "bad" if fault else "plain"),
    ]
