"""A bot inside a Celery worker: one account, one process of the pool, for as long as its lease lasts."""

import asyncio
import gc
import logging
import os
import signal
from contextlib import suppress
from multiprocessing import RawValue
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from celery import shared_task
from celery.signals import worker_before_create_process, worker_ready, worker_shutting_down
from django.db import DatabaseError, connections

from bots import overseer, preload, running
from bots.crashes import note_crash

log = logging.getLogger("bots")

# Set in the parent when the worker is told to stop. Shared memory without a lock, made before the fork: a child
# killed while it reads cannot leave anything locked.
_stopping = RawValue("b", 0)


@shared_task(name="bots.run_account_bot")
def run_account_bot(account_id: str, **_later: object) -> None:
    """Run one account's bot in this process until it is told to stop. Delivered twice it does nothing."""
    account = UUID(str(account_id))
    try:
        asyncio.run(_until_told(account))
    except Exception as broken:
        with suppress(DatabaseError):  # who cannot say it here is found silent by the next
            note_crash(account, broken)
        raise


async def _until_told(account: UUID) -> None:
    told = asyncio.Event()
    parent = os.getppid()
    events = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        events.add_signal_handler(number, told.set)

    def asked_to_stop() -> bool:
        return told.is_set() or bool(_stopping.value) or os.getppid() != parent

    try:
        await running.run(account, asked_to_stop)
    finally:
        await sync_to_async(connections.close_all)()


@worker_shutting_down.connect
def tell_bots_to_stop(**_: object) -> None:
    _stopping.value = 1


@worker_before_create_process.connect
def share_memory_with_children(**_: object) -> None:
    """Load what bots need, once, and move it out of the collector's sight: forked children go on sharing its pages."""
    preload.load()
    gc.collect()
    gc.freeze()


@worker_ready.connect
def watch_over_children(sender: Any = None, **_: object) -> None:
    """In the worker that runs bots: see bots.overseer."""
    if "bots" in sender.app.amqp.queues.consume_from:
        overseer.watch(lambda: sender.pool.info.get("processes", ()))
