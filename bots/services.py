"""Starting, stopping and watching over bots. Commands, the API and the schedule call these."""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, HealthStatus, User
from accounts.services import mark_health, set_enabled
from bots import crashes, lease
from bots.halting import halt, resume
from bots.lease import START_EXPIRES_SEC
from bots.models import BotLease
from bots.selectors import db_now, wanted
from bots.worker import run_account_bot
from logs.services import record
from market.errors import Text

__all__ = ["ask_to_start", "ensure_bots", "halt", "resume", "start_bot", "stop_bot"]

log = logging.getLogger("bots")

SHORT_AFTER = 2  # starts in a row that no worker took


def ask_to_start(account_id: UUID) -> bool:
    """Put one start message on the bots queue, unless one is pending, the bot runs, or a crash is waited out."""
    if not lease.claim_start(account_id, START_EXPIRES_SEC):
        return False
    run_account_bot.apply_async(args=[str(account_id)], queue="bots", expires=START_EXPIRES_SEC)
    return True


def ensure_bots() -> int:
    """Start every enabled account's bot that does not beat, and say which ended without a word. Starts asked for.

    What goes wrong with one account keeps no other waiting.
    """
    asked = 0
    for account, row in wanted():
        try:
            asked += _ensure(account, row)
        except Exception:
            log.exception("the bot of %s could not be asked to start", account.nickname)
    return asked


def _ensure(account: BrokerageAccount, row: BotLease | None) -> bool:
    silent = lease.fell_silent(account.pk) if row is not None and row.holder else None
    if silent is not None:
        crashes.note_silent_end(account.pk, *silent)
    if not ask_to_start(account.pk):
        return False
    missed = BotLease.objects.values_list("starts_missed", flat=True).get(pk=account.pk)
    if missed >= SHORT_AFTER:
        _say_short(account, news=missed == SHORT_AFTER)
    return True


def _say_short(account: BrokerageAccount, *, news: bool) -> None:
    """Nobody takes the start messages: more bots are wanted than the workers have slots, or no worker runs."""
    now = timezone.now()
    why = Text(
        "봇을 시작할 빈자리가 없습니다. 봇 작업자가 켜져 있는지 보고, BOT_SLOTS를 늘리거나 작업자를 더 두세요.",
        "No slot is free for this bot. See that a bots worker runs; raise BOT_SLOTS or add a worker.",
    )
    mark_health(account=account, status=HealthStatus.UNHEALTHY, reason=why, now=now)
    if news:
        running = BotLease.objects.filter(expires_at__gt=db_now()).count()
        ctx = {"event": "slots_short", "wanted": len(wanted()), "running": running}
        record(account=account, kind="account", level="error", message=why, ctx=ctx, at=now)


def start_bot(*, account: BrokerageAccount, confirm: str, by: User | None) -> None:
    """Want the account's bot to run, and at once, even after crashes. `confirm` must be the account's name."""
    set_enabled(account=account, enabled=True, confirm=confirm, by=by)
    lease.forget_wait(account.pk)
    transaction.on_commit(lambda: ask_to_start(account.pk))


def stop_bot(*, account: BrokerageAccount, confirm: str, by: User | None) -> None:
    """Want it stopped. Working orders are left to their rules' policy."""
    set_enabled(account=account, enabled=False, confirm=confirm, by=by)
