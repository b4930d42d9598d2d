"""Which work belongs to which hook."""

from datetime import datetime
from typing import Any

from bots import rebalancing
from bots.hooks import planning
from bots.hooks.before_open import before_open
from bots.hooks.running import Work
from bots.hooks.sessions import at_close, at_end_of_day, at_open
from bots.models import HookRun

WORK: dict[str, Work] = {
    planning.BEFORE_OPEN: before_open,
    planning.OPEN: at_open,
    planning.CLOSE: at_close,
    planning.END_OF_DAY: at_end_of_day,
}


async def do(run: HookRun, now: datetime) -> dict[str, Any]:
    """Do what the run's hook is for. Raises NotYet, or what went wrong."""
    if run.hook.startswith(planning.REBALANCE):
        return await rebalancing.carry_out(run, now)
    return await WORK[run.hook](run, now)
