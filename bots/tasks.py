"""What Celery runs: a bot for as long as its lease lasts, and the short tasks of the schedule."""

from celery import shared_task
from celery.signals import worker_ready

from bots import services
from bots.worker import run_account_bot

__all__ = ["ensure_bots", "run_account_bot"]


@shared_task(name="bots.ensure_bots")
def ensure_bots(**_later: object) -> int:
    """Start what should run and does not beat; mark what has fallen silent. Bots asked to start."""
    return services.ensure_bots()


@worker_ready.connect
def start_bots_at_once(**_: object) -> None:
    """A restarted worker need not wait for the schedule's next turn."""
    ensure_bots.apply_async(expires=10)
