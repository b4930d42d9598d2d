"""What is known about bots."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q

from accounts.models import BrokerageAccount
from bots.models import BotLease
from orders.domain import OPEN
from orders.models import Execution, Order, WishStatus


def db_now() -> datetime:
    """The database's clock, by which leases live."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def wanted() -> list[tuple[BrokerageAccount, BotLease | None]]:
    """Accounts whose bot should run, with their lease if they ever had one. An account without a key cannot run."""
    accounts = BrokerageAccount.objects.filter(enabled=True, credential__isnull=False).select_related("lease")
    return [(account, getattr(account, "lease", None)) for account in accounts]


def bot_states(accounts: Iterable[BrokerageAccount]) -> dict[Any, dict | None]:
    """By account id: {running, holder, since}, or None when it never ran."""
    now = db_now()
    rows = BotLease.objects.filter(account__in=[a.pk for a in accounts])
    return {row.pk: bot_state(row, now) for row in rows}


def bot_state(row: BotLease, now: datetime) -> dict:
    running = row.expires_at is not None and row.expires_at > now
    return {"running": running, "holder": row.holder if running else "", "since": row.acquired_at if running else None}


def overview() -> list[dict[str, Any]]:
    """Every account with its bot, for people who operate the house. `crashes` within BOT_CRASH_WINDOW_SEC."""
    now = db_now()
    since = now - timedelta(seconds=settings.BOT_CRASH_WINDOW_SEC)
    accounts = BrokerageAccount.objects.select_related("lease").order_by("created_at")
    counted = accounts.annotate(lately=Count("crashes", filter=Q(crashes__at__gt=since)))
    return [_bot_row(account, getattr(account, "lease", None), now) for account in counted]


def _bot_row(account: Any, lease: BotLease | None, now: datetime) -> dict[str, Any]:
    state = bot_state(lease, now) if lease else {"running": False, "holder": "", "since": None}
    return {
        "id": str(account.pk),
        "nickname": account.nickname,
        "environment": account.environment,
        "wanted": account.enabled,
        "bot": "running" if state["running"] else "stopped",
        "health": account.health_status,
        "trading": account.trading_state,
        "holder": state["holder"],
        "since": state["since"],
        "crashes": account.lately,
        "last_error": lease.last_error if lease else "",
    }


def is_asked(account: BrokerageAccount) -> bool:
    """Whether a person's wish waits. Asked three times a second by every bot, so it is bare SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM orders_instruction WHERE account_id = %s AND status = %s)",
            [account.pk, WishStatus.PENDING.value],
        )
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Activity:
    """Orders that are not final, and fills booked so far: the same twice means that nothing happened between."""

    open_orders: int
    fills: int


def activity(account: BrokerageAccount) -> Activity:
    """While orders are open the broker's list is read more often."""
    open_orders = Order.objects.filter(account=account, status__in=[state.value for state in OPEN])
    return Activity(open_orders.count(), Execution.objects.filter(account=account).count())
