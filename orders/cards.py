"""The orders' card on the admin's first page."""

from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.selectors import accounts_for
from instruments.selectors import session_spans
from market.errors import Text
from market.sessions import session_at
from orders.domain import OPEN, State
from orders.models import Order
from theme.cards import Card, Cell, register

NEW_YORK = ZoneInfo("America/New_York")


@register
def orders_today(request: HttpRequest) -> Card | None:
    """Orders of this US trading day, by account."""
    if not request.user.has_perm("orders.view_order"):
        return None
    now = timezone.now()
    day = session_at(now, session_spans(now)).trading_day or now.astimezone(NEW_YORK).date()
    rows = (
        Order.objects.filter(trading_day=day, account__in=accounts_for(request.user))
        .values("account__nickname")
        .annotate(
            placed=Count("id"),
            open=Count("id", filter=Q(status__in=OPEN)),
            filled=Count("id", filter=Q(status=State.FILLED)),
            person=Count("id", filter=Q(needs_person=True)),
        )
        .order_by("account__nickname")
    )
    return Card(
        name="orders",
        title=Text(f"오늘의 주문 ({day} 미국 거래일)", f"Orders today ({day}, US trading day)"),
        headers=[
            Text("계좌", "Account"),
            Text("주문", "Orders"),
            Text("진행 중", "Open"),
            Text("체결", "Filled"),
            Text("확인 필요", "Needs a person"),
        ],
        rows=[_row(row) for row in rows],
        empty=Text("이 거래일에는 아직 주문이 없습니다.", "No order on this trading day yet."),
        url=reverse("admin:orders_order_changelist"),
    )


def _row(row: dict) -> list[Cell]:
    return [
        Cell(row["account__nickname"]),
        Cell(row["placed"]),
        Cell(row["open"]),
        Cell(row["filled"], "good" if row["filled"] else "plain"),
        Cell(row["person"], "bad" if row["person"] else "plain"),
    ]
