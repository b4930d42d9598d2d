"""The journal in the admin: read, never written."""

import json
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime

from logs import selectors
from logs.models import Channel, Delivery, ExecutionLog, Level
from logs.notifications.services import update_channel
from market.errors import Text
from theme.admin import ReadOnlyAdmin
from theme.cards import Card, Cell, register
from theme.language import both, said

LINES = 12
TONES = {Level.WARNING: "warning", Level.ERROR: "bad"}


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ReadOnlyAdmin):
    list_display = ["seq", "created_at", "account", "kind", "level", "sentence"]
    list_select_related = ["account"]
    list_filter = ["level", "kind", "account"]
    search_fields = ["message", "message_en"]
    ordering = ["-seq"]
    fields = ["seq", "created_at", "account", "rule_id", "kind", "level", "message", "message_en", "context"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExecutionLog]:
        return super().get_queryset(request).filter(seq__isnull=False)

    @admin.display(description=both("내용", "message"))
    def sentence(self, row: ExecutionLog) -> str:
        return said(Text(row.message, row.message_en))

    @admin.display(description=both("자세히", "context"))
    def context(self, row: ExecutionLog) -> str:
        text = json.dumps(row.ctx, ensure_ascii=False, indent=2)
        return format_html('<pre class="overflow-x-auto">{}</pre>', text)


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    """Everybody's channels: whether they work. The address is nobody's business; its owner changes it."""

    list_display = ["user", "kind", "name", "shown", "level", "enabled", "works", "last_sent_at"]
    list_select_related = ["user"]
    list_filter = ["kind", "enabled"]
    fields = [
        "user", "kind", "name", "shown", "accounts", "events", "level", "quiet_from", "quiet_to", "enabled",
        "works", "failures", "retry_at", "last_sent_at", "created_at",
    ]  # fmt: skip
    actions = ["switch_off"]

    @admin.display(description=both("상태", "state"))
    def works(self, channel: Channel) -> str:
        return said(Text(channel.trouble["ko"], channel.trouble["en"])) if channel.trouble else "✓"

    @admin.action(description=both("끄기", "Switch off"), permissions=["switch"])
    def switch_off(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        for channel in channels:
            update_channel(channel=channel, enabled=False)

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "channel", "seq", "event", "level", "status", "attempts", "done_at"]
    list_select_related = ["channel"]
    list_filter = ["status", "event"]
    ordering = ["-id"]


@partial(register, order=200)
def latest_lines(request: HttpRequest) -> Card | None:
    """The newest lines of the journal that this person may read."""
    if not request.user.has_perm("logs.view_executionlog"):
        return None
    rows = selectors.events(**selectors.everything_of(request.user)).select_related("account").order_by("-seq")[:LINES]
    return Card(
        name="journal",
        title=Text("최근 기록", "Latest journal lines"),
        headers=[Text("시각", "Time"), Text("계좌", "Account"), Text("내용", "Message")],
        rows=[_line(row) for row in rows],
        empty=Text(
            "아직 기록이 없습니다. 봇을 켜면 여기에 나타납니다.", "Nothing yet. Start a bot and it appears here."
        ),
        url=reverse("admin:logs_executionlog_changelist"),
        wide=True,
    )


def _line(row: ExecutionLog) -> list[Cell]:
    return [
        Cell(date_format(localtime(row.created_at), "m-d H:i:s")),
        Cell(row.account.nickname if row.account else said(Text("시스템", "house"))),
        Cell(
            said(Text(row.message, row.message_en)),
            TONES.get(Level(row.level), "plain"),
            reverse("admin:logs_executionlog_change", args=[row.pk]),
        ),
    ]
