"""The rate budgets' card on the admin's first page."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from bots.budgets import KeyBudget, budgets_of, credentials_of
from credentials.services import masked
from kis.throttle import Usage
from market.errors import Text
from theme.cards import Card, Cell, register
from theme.language import said

MOST = 20


@register
def budgets_card(request: HttpRequest) -> Card | None:
    """Every key with how much of its rate at KIS is in use."""
    if not request.user.has_perm("credentials.view_apicredential"):
        return None
    return Card(
        name="budgets",
        title=Text("한국투자증권 호출 한도", "Rate budgets at KIS"),
        headers=[
            Text("앱키", "App key"),
            Text("초당 한도", "Allowed per second"),
            Text("지난 1초", "Last second"),
            Text("지난 1분", "Last minute"),
            Text("대기", "Waiting"),
            Text("마지막 초과", "Last refused"),
        ],
        rows=[_row(budget) for budget in budgets_of(credentials_of(request.user)[:MOST])],
        empty=Text("아직 앱키가 없습니다. 계좌에 앱키를 등록하세요.", "No app key yet. Enter one for an account."),
        url=reverse("admin:credentials_apicredential_changelist"),
    )


def _row(budget: KeyBudget) -> list[Cell]:
    credential, usage = budget.credential, budget.usage
    name = credential.account.nickname if credential.account else said(Text("시세용", "prices"))
    key = Cell(
        f"{name} {masked(credential)['app_key'][-6:]}",
        url=reverse("admin:credentials_apicredential_change", args=[credential.pk]),
    )
    if usage is None:
        unknown = Cell(said(Text("알 수 없음 (Redis 무응답)", "unknown (Redis does not answer)")), "warning")
        return [key, Cell(f"{budget.allowed:g}"), unknown, Cell("–"), Cell("–"), Cell("–")]
    return [key, _rate(usage), _sum(usage.last_second), _sum(usage.last_minute), _waiting(usage), _refused(usage)]


def _rate(usage: Usage) -> Cell:
    if usage.learned < usage.allowed:
        return Cell(f"{usage.learned:.1f} / {usage.allowed:g}", "warning")
    return Cell(f"{usage.allowed:g}")


def _sum(by_lane: dict) -> Cell:
    return Cell(sum(by_lane.values()))


def _waiting(usage: Usage) -> Cell:
    waiting = sum(usage.waiting.values())
    return Cell(waiting, "warning" if waiting > usage.allowed else "plain")


def _refused(usage: Usage) -> Cell:
    if usage.throttled_at is None:
        return Cell("–")
    return Cell(f"{date_format(localtime(usage.throttled_at), 'm-d H:i:s')} {usage.throttled_code}", "warning")
