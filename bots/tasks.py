"""What Celery runs: a bot for as long as its lease lasts, and the short tasks of the schedule."""

import logging
from uuid import UUID

from asgiref.sync import async_to_sync
from celery import shared_task
from celery.signals import worker_ready
from django.core.cache import cache
from django.utils import timezone

from backtests.selectors import runs_without_candles
from backtests.tasks import enqueue
from bots import candles, errand, master_files, renewal, services
from bots.hooks import tasks as _hooks  # noqa: F401  (hooks and what is cleaned up)
from bots.worker import run_account_bot
from instruments.services import ImportRefused
from market.errors import TradingError

__all__ = ["ensure_bots", "fetch_candles", "import_instruments", "renew_tokens", "run_account_bot", "run_errand"]
log = logging.getLogger("bots")

FETCH_WITHIN_SEC = 900  # after that another task may try


@shared_task(name="bots.ensure_bots")
def ensure_bots(**_later: object) -> int:
    """Start what should run and does not beat, do what is asked where no bot runs. Bots asked to start.

    Candles that a replay waits for are fetched here too: what asks for them may not ask us.
    """
    for run_id in runs_without_candles():
        fetch_candles.apply_async(args=[str(run_id)], expires=9)
    for account_id in errand.accounts_waiting():
        run_errand.apply_async(args=[str(account_id)], expires=9)
    return services.ensure_bots()


@shared_task(name="bots.run_errand")
def run_errand(account_id: str, **_later: object) -> None:
    """Do what a person asked of an account whose bot is off."""
    try:
        async_to_sync(errand.run)(UUID(account_id))
    except TradingError as e:
        log.warning("errand for %s waits: %s", account_id, e.message.en)


@shared_task(name="bots.fetch_candles")
def fetch_candles(run_id: str, **_later: object) -> int:
    """Fetch what a replay waits for and let it run; bars that were new. One task at a time reads for one run."""
    if not cache.add(f"candles:{run_id}", 1, timeout=FETCH_WITHIN_SEC):
        return 0
    try:
        stored = async_to_sync(candles.fetch_for)(UUID(run_id), timezone.now())
    finally:
        cache.delete(f"candles:{run_id}")
    enqueue(UUID(run_id))
    return stored


@shared_task(name="bots.renew_tokens")
def renew_tokens(**_later: object) -> int:
    """Renew access tokens that would end before the next morning; how many are new."""
    return async_to_sync(renewal.renew_all)(timezone.now())


@shared_task(name="bots.import_instruments")
def import_instruments(**_later: object) -> int:
    """Bring the instrument master files in; how many instruments they tell of, 0 when it could not be done."""
    try:
        return master_files.import_published(now=timezone.now()).told
    except (TradingError, ImportRefused) as e:
        log.warning("instruments are as they were: %s", e.message.en)
        return 0


@worker_ready.connect
def start_bots_at_once(**_: object) -> None:
    """A restarted worker need not wait for the schedule's next turn."""
    ensure_bots.apply_async(expires=10)
