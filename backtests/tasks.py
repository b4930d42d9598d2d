"""What Celery runs: one replay a task, on a queue of its own, so that no short task waits behind a long one."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from backtests import execution, services

QUEUE = "backtests"


@shared_task(name="backtests.run", queue=QUEUE)
def run_backtest(run_id: str, **_later: object) -> str | None:
    """Reckon the run; how it ended. Delivered twice it runs once."""
    return execution.execute(UUID(run_id))


@shared_task(name="backtests.end_silent", queue="tasks")
def end_silent(**_later: object) -> int:
    """Runs whose process is gone are said to have failed; how many."""
    return services.end_silent(timezone.now())


def enqueue(run_id: UUID) -> None:
    """Put the run in the queue; call it after the transaction that made it."""
    run_backtest.apply_async(args=[str(run_id)], queue=QUEUE)
