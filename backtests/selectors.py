"""Who may see which replay: who asked for it, and an admin."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Role, User
from backtests.models import BacktestRun, Status


def runs_for(user: User) -> QuerySet[BacktestRun]:
    """The person's own runs; an admin sees all. Results are left out: a list needs none."""
    runs = BacktestRun.objects.defer("result")
    return runs if user.role == Role.ADMIN else runs.filter(person=user)


def readable_run(user: User, run_id: UUID) -> BacktestRun | None:
    """The run with its result, or None when it is not the person's to see."""
    return runs_for(user).defer(None).filter(pk=run_id).first()


def runs_without_candles() -> list[UUID]:
    """Runs that wait for candles of the broker's, the oldest first."""
    waiting = BacktestRun.objects.filter(status=Status.NEEDS_CANDLES).order_by("created_at")
    return list(waiting.values_list("pk", flat=True))
