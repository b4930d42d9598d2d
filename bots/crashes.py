"""A bot that ended badly: say it, count it, and wait longer each time before the next try.

Too many ends within a while put the account to `reducing`: its bot goes on being started, so that exits go on.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, HealthStatus
from bots import health, lease
from bots.lease import Crashes, backoff_sec
from logs.services import record
from market.errors import Text, TradingError
from market.words import TradingState


def note_crash(account_id: UUID, broken: BaseException) -> None:
    """A bot ended with an error: keep it, count it, and say when it is tried again."""
    first = _first(broken)
    error = f"{type(first).__name__}: {first}"
    because = first.message if isinstance(first, TradingError) else Text(error, error)
    ended = Text(f"봇이 오류로 끝났습니다({because.ko}).", f"The bot ended with an error ({because.en}).")
    counted = lease.note_crash(account_id, error, holder=lease.me())
    if counted is not None:
        _say(account_id, ended, type(first).__name__, counted)


def note_silent_end(account_id: UUID, token: int, holder: str) -> bool:
    """The holder of this lease never let go: killed, out of memory, stuck. Counted once, whoever notices first."""
    ended = Text(
        f"봇이 인사 없이 끝났습니다({holder}). 강제로 종료되었거나 메모리가 모자랐거나 멈춰 있습니다.",
        f"The bot ended without a word ({holder}): it was killed, ran out of memory, or hangs.",
    )
    counted = lease.note_crash(account_id, ended.en, token=token, holder=holder)
    if counted is not None:
        _say(account_id, ended, "silent", counted)
    return counted is not None


def _say(account_id: UUID, ended: Text, error: str, counted: Crashes) -> None:
    account = BrokerageAccount.objects.get(pk=account_id)
    seconds = backoff_sec(counted.in_a_row) + lease.START_EXPIRES_SEC
    message = Text(
        f"{ended.ko} 약 {seconds}초 안에 다시 시작합니다.", f"{ended.en} It is started again within about {seconds} s."
    )
    now = timezone.now()
    ctx = {"event": "crash", "error": error, "crashes": counted.in_a_row, "lately": counted.lately}
    record(account=account, kind="account", level="error", message=message, ctx=ctx, at=now)
    health.show(account, HealthStatus.UNHEALTHY, message, now)
    if counted.lately >= settings.BOT_CRASH_LIMIT:
        _reduce(account, ended, counted, now)


@transaction.atomic
def _reduce(account: BrokerageAccount, ended: Text, counted: Crashes, now: datetime) -> None:
    """No entries until a person says so. Said once: an account that is reducing or halted stays as it is."""
    minutes = settings.BOT_CRASH_WINDOW_SEC / 60
    why = Text(
        f"봇이 {minutes:g}분 안에 {counted.lately}번 비정상 종료되어 새로 매수하지 않습니다(매도는 계속). "
        f"마지막 원인: {ended.ko} 원인을 고친 뒤 거래를 다시 시작하세요.",
        f"The bot crashed {counted.lately} times within {minutes:g} min, so nothing new is bought (exits go on). "
        f"The last time: {ended.en} Mend the cause, then resume trading.",
    )
    active = BrokerageAccount.objects.filter(pk=account.pk, trading_state=TradingState.ACTIVE)
    if active.update(trading_state=TradingState.REDUCING, trading_state_reason=why.as_dict(), updated_at=now):
        ctx = {"event": "crash_limit", "crashes": counted.lately, "within_sec": settings.BOT_CRASH_WINDOW_SEC}
        record(account=account, kind="account", level="error", message=why, ctx=ctx, at=now)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
