"""How well a bot is, from what it can prove: when the broker last answered, and when prices last moved."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import BrokerageAccount, HealthStatus
from accounts.services import mark_health
from logs.services import record
from market.errors import Text

BROKER_SILENT = timedelta(seconds=12)
PRICES_SILENT = timedelta(seconds=12)


@dataclass
class Pulse:
    """Times of the last good answers; `trouble` what the broker said last, if it was bad."""

    started_at: datetime
    answered_at: datetime | None = None
    priced_at: datetime | None = None
    trouble: Text | None = None
    data_trouble: Text | None = None  # the same of the key that reads prices
    strategy_trouble: Text | None = None  # why a Python strategy could not be asked

    def answered(self, now: datetime) -> None:
        self.answered_at, self.trouble = now, None

    def priced(self, now: datetime) -> None:
        self.priced_at = now

    def judge(self, now: datetime, *, market_open: bool, wants_prices: bool) -> tuple[HealthStatus, Text | None]:
        """The account's health and, when it is not good, the reason and what happens meanwhile."""
        if now - (self.answered_at or self.started_at) > BROKER_SILENT:
            return HealthStatus.UNHEALTHY, self.trouble or Text(
                "증권사가 응답하지 않습니다. 응답이 돌아올 때까지 새 주문을 내지 않습니다.",
                "The broker does not answer. No new orders until it does.",
            )
        if trouble := self.trouble or self.data_trouble or self.strategy_trouble:
            return HealthStatus.DEGRADED, trouble
        if market_open and wants_prices and now - (self.priced_at or self.started_at) > PRICES_SILENT:
            return HealthStatus.DEGRADED, Text(
                "새 시세가 들어오지 않습니다. 시세가 돌아올 때까지 진입하지 않습니다.",
                "No new prices arrive. No entries until they do.",
            )
        if self.answered_at is None:
            return HealthStatus.UNKNOWN, None
        return HealthStatus.HEALTHY, None


def show(account: BrokerageAccount, status: HealthStatus, reason: Text | None, now: datetime) -> None:
    """Mark the account's health; a change is one line of the journal. `account`: as it was read a moment ago."""
    said = reason.as_dict() if reason else None
    if (account.health_status, account.health_reason) == (status, said):
        return
    if not mark_health(account=account, status=status, reason=reason, now=now):
        return
    message = reason or SAYINGS[status]
    record(
        account=account,
        kind="account",
        level="info" if status in (HealthStatus.HEALTHY, HealthStatus.UNKNOWN) else "warning",
        message=message,
        ctx={"health_status": status, "health_reason": reason.as_dict() if reason else None},
        at=now,
    )


SAYINGS = {
    HealthStatus.UNKNOWN: Text("계좌 상태를 아직 모릅니다.", "The account's health is not known yet."),
    HealthStatus.HEALTHY: Text("계좌가 정상입니다.", "The account is healthy."),
    HealthStatus.DEGRADED: Text("계좌에 일부 문제가 있습니다.", "The account has some trouble."),
    HealthStatus.UNHEALTHY: Text("계좌에 문제가 있습니다.", "The account is in trouble."),
    HealthStatus.HALTED: Text("계좌가 정지되었습니다.", "The account is halted."),
}
