"""Old rows go, in small batches. Orders, executions, requests and the audit log never do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from bots.models import BotCrash, HookRun, HookStatus, RebalanceRun
from bots.rebalancing import ENDS
from logs.models import Delivery, DeliveryStatus, ExecutionLog
from orders.domain import OPEN
from orders.models import OrderLook
from positions.models import EquityPoint
from rules.models import StrategySignal

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of rows, the setting that says for how many days, and which rows are older than a moment."""

    name: str
    setting: str
    old: Callable[[datetime], QuerySet]

    @property
    def days(self) -> int:
        return getattr(settings, self.setting)


def _journal(before: datetime) -> QuerySet:
    # a row without a number is not committed to the stream yet
    return ExecutionLog.objects.filter(created_at__lt=before, seq__isnull=False)


def _signals(before: datetime) -> QuerySet:
    return StrategySignal.objects.filter(created_at__lt=before)


def _looks(before: datetime) -> QuerySet:
    """The evidence of an order that is not final stays, however old."""
    return OrderLook.objects.filter(last_at__lt=before).exclude(order__status__in=[s.value for s in OPEN])


def _equity(before: datetime) -> QuerySet:
    """The last point of each day stays: the curve goes back to the first day."""
    later = EquityPoint.objects.filter(
        account=OuterRef("account"), trading_day=OuterRef("trading_day"), at__gt=OuterRef("at")
    )
    return EquityPoint.objects.filter(Exists(later), at__lt=before)


def _hooks(before: datetime) -> QuerySet:
    ends = [HookStatus.DONE, HookStatus.GIVEN_UP, HookStatus.MISSED]
    return HookRun.objects.filter(until__lt=before, status__in=ends)


def _rebalances(before: datetime) -> QuerySet:
    return RebalanceRun.objects.filter(created_at__lt=before, status__in=ENDS)


def _crashes(before: datetime) -> QuerySet:
    return BotCrash.objects.filter(at__lt=before)


def _deliveries(before: datetime) -> QuerySet:
    ends = [DeliveryStatus.SENT, DeliveryStatus.FAILED]
    return Delivery.objects.filter(created_at__lt=before, status__in=ends)


KEPT = (
    Kept("journal", "RETENTION_LOGS_DAYS", _journal),
    Kept("signals", "RETENTION_SIGNALS_DAYS", _signals),
    Kept("looks", "RETENTION_LOOKS_DAYS", _looks),
    Kept("equity", "RETENTION_EQUITY_DAYS", _equity),
    Kept("hooks", "RETENTION_HOOKS_DAYS", _hooks),
    Kept("rebalances", "RETENTION_HOOKS_DAYS", _rebalances),
    Kept("crashes", "RETENTION_CRASHES_DAYS", _crashes),
    Kept("deliveries", "RETENTION_DELIVERIES_DAYS", _deliveries),
)


def delete_old(now: datetime) -> dict[str, int]:
    """Delete what is older than its setting says (0: nothing); by kind, how many rows."""
    return {kept.name: sum(_batches(kept, now)) for kept in KEPT if kept.days > 0}


def _batches(kept: Kept, now: datetime) -> Iterator[int]:
    """Each batch is a transaction of its own and short, so that nobody waits for it."""
    before = now - timedelta(days=kept.days)
    while True:
        rows = kept.old(before)
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        deleted, _ = rows.model._default_manager.filter(pk__in=keys).delete()
        if not deleted:
            return
        yield deleted
