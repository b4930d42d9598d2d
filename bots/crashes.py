"""A bot that ended badly: say it, count it, and wait longer each time before the next try."""

from uuid import UUID

from django.utils import timezone

from accounts.models import BrokerageAccount, HealthStatus
from bots import health, lease
from logs.services import record
from market.errors import Text, TradingError

START_EXPIRES_SEC = 9  # a start message expires before the next is due
LONGEST_BACKOFF_SEC = 120


def backoff_sec(crashes: int) -> int:
    """Seconds between two starts after so many crashes in a row."""
    return min(START_EXPIRES_SEC * 2 ** min(crashes, 10), LONGEST_BACKOFF_SEC)


def note_crash(account_id: UUID, broken: BaseException) -> None:
    """A bot ended with an error: keep it, count it, and say when it is tried again."""
    first = _first(broken)
    crashes = lease.note_crash(account_id, f"{type(first).__name__}: {first}")
    account = BrokerageAccount.objects.get(pk=account_id)
    because = first.message if isinstance(first, TradingError) else Text(str(first), str(first))
    seconds = backoff_sec(crashes)
    message = Text(
        f"봇이 오류로 끝났습니다({because.ko}). 약 {seconds}초 안에 다시 시작합니다.",
        f"The bot ended with an error ({because.en}). It is started again within about {seconds} s.",
    )
    now = timezone.now()
    record(
        account=account,
        kind="account",
        level="error",
        message=message,
        ctx={"crashes": crashes, "error": type(first).__name__},
        at=now,
    )
    health.show(account, HealthStatus.UNHEALTHY, message, now)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
