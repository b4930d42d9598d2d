"""The worker's parent watches over its children: one that lost its lease and does not end is killed (safety.md 5.4).

Each child writes into memory that it shares with its parent until when its lease is sure, on a clock that counts
sleep too. A child that hangs, or was paused, stops writing. As soon as the database says that its account has another
holder, or after a while anyway, it is killed: it may send nothing any more, and it keeps a slot that somebody needs.
"""

import ctypes
import logging
import os
import signal
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from uuid import UUID

from billiard import current_process
from django.db import DatabaseError, connection

from bots.lease import Lease
from orders.moves import uptime

log = logging.getLogger("bots.overseer")

MOST = 1024  # slots of one worker
LOOK_SEC = 1.0
GRACE_SEC = 3.0  # for a child to find out for itself
PATIENCE_SEC = 30.0  # while nobody can say who has the lease: perhaps it is the database that hangs


class _Slot(ctypes.Structure):
    _fields_ = [("pid", ctypes.c_long), ("token", ctypes.c_longlong), ("until", ctypes.c_double),
                ("account", ctypes.c_char * 32)]  # fmt: skip


_slots = RawArray(_Slot, MOST)  # made before the fork; each child writes its own slot, the parent reads


@dataclass(frozen=True, slots=True)
class Child:
    """What a child said last: its lease, and until when on `uptime` it is sure of it."""

    pid: int
    account_id: UUID
    token: int
    until: float


def _slot() -> _Slot | None:
    """This process's own; None where it is no child of a worker."""
    index = getattr(current_process(), "index", None)
    return _slots[index] if isinstance(index, int) and 0 <= index < MOST else None


def tell(lease: Lease, until: float) -> None:
    """A child: our lease is sure until then."""
    slot = _slot()
    if slot is None:
        return
    slot.until = 0.0  # not to be judged while half of it is written
    slot.account, slot.token, slot.pid = lease.account_id.hex.encode(), lease.token, os.getpid()
    slot.until = until


def tell_ended() -> None:
    """A child: we have no lease, and send nothing."""
    slot = _slot()
    if slot is not None:
        slot.until = 0.0


def children() -> list[Child]:
    """Those that hold a lease, or believe so."""
    rows = [(slot.pid, bytes(slot.account), slot.token, slot.until) for slot in _slots if slot.until]
    return [Child(pid, UUID(hex=account.decode()), token, until) for pid, account, token, until in rows]


def overdue(child: Child, now: float, holds: Callable[[Child], bool | None]) -> bool:
    """Whether it must go. `holds`: whether the database says that the lease is still its own; None: it says nothing."""
    late = now - child.until
    if late <= GRACE_SEC:
        return False
    return late > PATIENCE_SEC or holds(child) is False


def look(ours: Collection[int], now: float) -> list[Child]:
    """Kill which must go, if they are `ours`; who was killed."""
    killed = []
    for child in children():
        if child.pid in ours and overdue(child, now, _holds):
            log.error("bot %d of account %s lost its lease and does not end: killed", child.pid, child.account_id)
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child)
            for slot in _slots:
                if slot.pid == child.pid:
                    slot.until = 0.0
    return killed


def _holds(child: Child) -> bool | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT token FROM bots_botlease WHERE account_id = %s", [child.account_id])
            row = cursor.fetchone()
            return row is not None and row[0] == child.token
    except DatabaseError:
        return None
    finally:
        connection.close()  # the parent forks: it keeps no connection


def watch(ours: Callable[[], Collection[int]]) -> threading.Thread:
    """A thread of the parent that looks every second. `ours`: the pids of its children."""

    def forever() -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_SEC):
            try:
                look(ours(), uptime())
            except Exception:
                log.exception("the watch over bots stumbled")

    thread = threading.Thread(target=forever, name="bots-overseer", daemon=True)
    thread.start()
    return thread
