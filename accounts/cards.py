"""The accounts' card on the admin's first page."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from accounts.models import BrokerageAccount, HealthStatus
from accounts.selectors import accounts_for
from market.errors import Text
from theme.cards import Card, Cell, Tone, register
from theme.language import said

MOST = 20
TONES: dict[str, Tone] = {
    HealthStatus.HEALTHY: "good",
    HealthStatus.DEGRADED: "warning",
    HealthStatus.UNHEALTHY: "bad",
    HealthStatus.HALTED: "bad",
}
HEALTH = {
    HealthStatus.UNKNOWN: Text("아직 모름", "unknown"),
    HealthStatus.HEALTHY: Text("정상", "healthy"),
    HealthStatus.DEGRADED: Text("주의", "degraded"),
    HealthStatus.UNHEALTHY: Text("이상", "unhealthy"),
    HealthStatus.HALTED: Text("정지", "halted"),
}


@register
def accounts_card(request: HttpRequest) -> Card | None:
    """Every account with its health and the last sign of life of its bot."""
    if not request.user.has_perm("accounts.view_brokerageaccount"):
        return None
    return Card(
        name="accounts",
        title=Text("계좌", "Accounts"),
        headers=[Text("계좌", "Account"), Text("봇", "Bot"), Text("상태", "Health"), Text("마지막 신호", "Last beat")],
        rows=[_row(account) for account in accounts_for(request.user)[:MOST]],
        empty=Text("아직 계좌가 없습니다. 계좌를 추가하세요.", "No account yet. Add one."),
        url=reverse("admin:accounts_brokerageaccount_changelist"),
    )


def _row(account: BrokerageAccount) -> list[Cell]:
    beat = account.last_heartbeat
    reason = f": {said(Text(**account.health_reason))}" if account.health_reason else ""
    return [
        Cell(str(account), url=reverse("admin:accounts_brokerageaccount_change", args=[account.pk])),
        Cell(said(Text("켜짐", "on") if account.enabled else Text("꺼짐", "off"))),
        Cell(said(HEALTH[HealthStatus(account.health_status)]) + reason, TONES.get(account.health_status, "plain")),
        Cell(date_format(localtime(beat), "m-d H:i:s") if beat else "–"),
    ]
