"""Starting, stopping and watching over bots. Commands, the API and the schedule call these."""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, HealthStatus, HouseLimits, Role, User
from accounts.selectors import accounts_operable_by
from accounts.services import set_enabled
from bots import health, lease
from bots.crashes import START_EXPIRES_SEC, backoff_sec
from bots.models import BotLease
from bots.selectors import db_now, wanted
from bots.worker import run_account_bot
from logs.services import record
from market.errors import Text
from market.words import TradingState

log = logging.getLogger("bots")

SILENT_SEC = 20


def ask_to_start(account_id: UUID) -> bool:
    """Put one start message on the bots queue, unless one is pending or the bot runs."""
    row = BotLease.objects.filter(pk=account_id).first()
    crashes = row.crashes if row else 0
    if not lease.claim_start(account_id, backoff_sec(crashes)):
        return False
    run_account_bot.apply_async(args=[str(account_id)], queue="bots", expires=START_EXPIRES_SEC)
    return True


def ensure_bots() -> int:
    """Start every enabled account's bot that does not beat, and say which have fallen silent. Starts asked for."""
    asked = 0
    for account, row in wanted():
        if _silent(row):
            _say_silent(account)
        asked += ask_to_start(account.pk)
    return asked


def _silent(row: BotLease | None) -> bool:
    if row is None or row.beat_at is None or not row.holder:  # never ran, or let go of it
        return False
    return (db_now() - row.beat_at).total_seconds() > SILENT_SEC


def _say_silent(account: BrokerageAccount) -> None:
    silent = Text("봇이 응답하지 않아 다시 시작합니다.", "The bot is silent and is being started again.")
    health.show(account, HealthStatus.UNHEALTHY, silent, timezone.now())


def start_bot(*, account: BrokerageAccount, confirm: str, by: User | None) -> None:
    """Want the account's bot to run. `confirm` must be the account's name."""
    set_enabled(account=account, enabled=True, confirm=confirm, by=by)
    transaction.on_commit(lambda: ask_to_start(account.pk))


def stop_bot(*, account: BrokerageAccount, confirm: str, by: User | None) -> None:
    """Want it stopped. Working orders are left to their rules' policy."""
    set_enabled(account=account, enabled=False, confirm=confirm, by=by)


def halt(*, by: User, reason: Text | None) -> None:
    """Nothing more is sent, from the next transaction on: an admin halts the house, a trader what they operate.

    Positions are left without exits; the journal says so.
    """
    _set_state(TradingState.HALTED, reason, by)


def resume(*, by: User) -> None:
    """Trade again, within the same reach as `halt`."""
    _set_state(TradingState.ACTIVE, None, by)


@transaction.atomic
def _set_state(state: TradingState, reason: Text | None, by: User) -> None:
    fields = {"trading_state": state, "trading_state_reason": reason.as_dict() if reason else None}
    if by.role == Role.ADMIN:
        HouseLimits.objects.get_or_create(pk=1)
        HouseLimits.objects.filter(pk=1).update(**fields)
        _journal_state(None, state, reason, by)
        return
    for account in accounts_operable_by(by).order_by("pk").select_for_update():
        BrokerageAccount.objects.filter(pk=account.pk).update(**fields)
        _journal_state(account, state, reason, by)


def _journal_state(account: BrokerageAccount | None, state: TradingState, reason: Text | None, by: User) -> None:
    halted = Text(
        "거래를 멈췄습니다. 보유 종목은 매도되지 않은 채 남아 있습니다.",
        "Trading is halted. Positions are left without exits.",
    )
    resumed = Text("거래를 다시 시작했습니다.", "Trading has resumed.")
    record(
        account=account,
        kind="account",
        level="warning",
        message=halted if state is TradingState.HALTED else resumed,
        ctx={"trading_state": state.value, "by": by.email, "reason": reason.as_dict() if reason else None},
        at=timezone.now(),
    )
