"""What the schedule runs beside the bots themselves."""

import logging
import subprocess
from uuid import UUID

from asgiref.sync import async_to_sync
from celery import shared_task

from bots import closures, errand, nightly, rebalancing, retention
from bots.hooks import running, work
from bots.selectors import db_now
from market.errors import TradingError

log = logging.getLogger("bots")


@shared_task(name="bots.run_hooks")
def run_hooks(**_later: object) -> int:
    """Send a task for each hook that is due; how many. Sent twice they are done once."""
    now = db_now()
    found = running.run_due(now)
    rebalancing.close_broken(now)
    for pk in found:
        run_hook.apply_async(args=[pk], expires=9)
    return len(found)


@shared_task(name="bots.run_hook")
def run_hook(pk: int, **_later: object) -> bool:
    """Do one hook, if nobody else does."""
    return running.run_one(pk, db_now(), work.do)


@shared_task(name="bots.clean_up_orders")
def clean_up_orders(**_later: object) -> int:
    """Send for the orders of accounts whose bot is off, so that they get their end; how many accounts."""
    accounts = nightly.accounts_with_orders_left()
    for account_id in accounts:
        look_after.apply_async(args=[str(account_id)], expires=50)
    return len(accounts)


@shared_task(name="bots.look_after")
def look_after(account_id: str, **_later: object) -> int:
    """Read what became of an account's orders, and do what its rules say of unfilled ones."""
    try:
        return async_to_sync(errand.run)(UUID(account_id))
    except TradingError as e:
        log.warning("orders of %s wait: %s", account_id, e.message.en)
        return 0


@shared_task(name="bots.watch_closures")
def watch_closures(**_later: object) -> bool:
    """Look whether anything trades while the market should be open."""
    try:
        return async_to_sync(closures.suspect)(db_now())
    except TradingError as e:
        log.warning("nobody knows whether the market trades: %s", e.message.en)
        return False


@shared_task(name="bots.import_candles")
def import_candles(**_later: object) -> int:
    """Store the bars that rules look at; how many were new."""
    return async_to_sync(nightly.import_candles)(db_now())


@shared_task(name="bots.import_trading_days")
def import_trading_days(**_later: object) -> bool:
    """Bring the exchange's calendar in, a year ahead."""
    try:
        return nightly.import_trading_days(db_now())
    except subprocess.SubprocessError as e:
        log.warning("the calendar is as it was: %s", e)
        return False


@shared_task(name="bots.delete_old_rows")
def delete_old_rows(**_later: object) -> dict[str, int]:
    """Delete what is older than the settings say; by kind, how many rows."""
    return retention.delete_old(db_now())
