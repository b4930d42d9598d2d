"""From a start message to a bot that runs, and back: who takes the account, and how it is let go again."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async

from accounts.models import BrokerageAccount
from bots import crashes, database, desk, overseer
from bots import lease as leases
from bots.health import Pulse
from bots.lease import Lease, LostLease
from bots.loop import AccountBot
from credentials.selectors import data_credential_for
from logs.services import record
from market.errors import Text
from orders.moves import uptime

log = logging.getLogger("bots")


async def run(account_id: UUID, asked_to_stop: Callable[[], bool]) -> bool:
    """Take the account's lease and run its bot. False when somebody else already does, or it should not run.

    A bot that lost its lease begins anew, from its recovery, if nobody has taken the account meanwhile.
    """
    ran = False
    while not asked_to_stop():
        try:
            return await _run_once(account_id, asked_to_stop) or ran
        except* LostLease as lost:
            log.warning("bot of %s: %s", account_id, lost.exceptions[0])
        finally:
            overseer.tell_ended()
        ran = True
        await asyncio.sleep(database.AGAIN_SEC)
    return ran


async def _run_once(account_id: UUID, asked_to_stop: Callable[[], bool]) -> bool:
    account = await database.patiently(partial(_arrive, account_id), asked_to_stop)
    if account is None or not account.enabled:
        return False
    asked_at = uptime()
    async with desk.taken(account) as ours:
        if ours is None:
            return False
        data_key = await sync_to_async(data_credential_for)(account)
        bot = AccountBot(account, ours.lease, ours.key, ours.broker, ours.redis, data_key, asked_to_stop, Pulse(_now()))
        bot.holds_since(asked_at)
        await sync_to_async(_say_started)(account, ours.lease)
        await bot.run()
        stopped = Text("봇을 멈췄습니다.", "The bot has stopped.")
        with suppress(*database.AWAY):
            await sync_to_async(_journal)(account, stopped, {"holder": ours.lease.holder})
    return True


def _arrive(account_id: UUID) -> BrokerageAccount:
    """The start was taken. An earlier bot that never let go counts as a crash, if nobody has counted it."""
    leases.note_arrival(account_id)
    silent = leases.fell_silent(account_id)
    if silent is not None and silent[1] != leases.me():
        crashes.note_silent_end(account_id, *silent)
    return BrokerageAccount.objects.get(pk=account_id)


def _say_started(account: BrokerageAccount, lease: Lease) -> None:
    started = Text("봇을 시작했습니다.", "The bot has started.")
    if lease.taken_from:
        started = Text(
            "이전 봇이 인사 없이 끝나서 새 봇이 이어받았습니다. 주문 내역부터 확인합니다.",
            "The bot before ended without a word; this one takes over and reads the order list first.",
        )
    ctx = {"holder": lease.holder, "token": lease.token, "taken_from": lease.taken_from}
    _journal(account, started, ctx, level="warning" if lease.taken_from else "info")


def _journal(account: BrokerageAccount, message: Text, ctx: dict, *, level: str = "info") -> None:
    record(account=account, kind="account", level=level, message=message, ctx=ctx, at=_now())


def _now() -> datetime:
    return datetime.now(UTC)
