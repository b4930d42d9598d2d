"""What the schedule runs of hooks."""

from celery import shared_task

from bots import rebalancing
from bots.hooks import running, work
from bots.selectors import db_now


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
