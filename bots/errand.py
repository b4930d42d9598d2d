"""What is asked of the broker while no bot runs: take the lease, do it, look until its end is known, let go.

Every row of what somebody asks starts an errand at once (`ask`); the schedule starts those that got lost on the way.
"""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.db.models import Q

import orders.services as order_desk
from accounts.models import BrokerageAccount
from bots import desk
from bots import lease as leases
from bots.desk import Desk
from bots.lease import LostLease
from bots.models import BotLease
from bots.selectors import db_now
from credentials.selectors import trade_credential
from market.errors import Text
from orders.domain import State
from orders.instructions import give_up
from orders.models import Instruction, Order, WishStatus
from orders.tending import wants_a_cancel

LONGEST_SEC = 30.0  # what is not known by then is looked at again by the next errand
PAUSE_SEC = 0.4
BEAT_SEC = 2.0
# Whoever has the account may be about to let go of it; a bot that stays does it itself.
WAIT_FOR_DESK_SEC = 5.0
SOON = timedelta(seconds=5)
LOOK_EVERY = timedelta(seconds=60)
MAY_FILL_AT_ONCE = timedelta(seconds=15)  # so long an order that was just sent is watched
NO_KEY = Text(
    "계좌에 앱 키가 없어 증권사에 보낼 수 없습니다. 앱 키를 등록하세요.",
    "The account has no app key, so nothing can be sent to the broker. Register one.",
)


def ask(account_id: UUID) -> bool:
    """Start an errand, unless the account's bot runs and sees for itself. True when one was asked for."""
    from bots.tasks import run_errand

    runs = BotLease.objects.filter(pk=account_id, expires_at__gt=db_now())
    if BrokerageAccount.objects.filter(pk=account_id, enabled=True).exists() and runs.exists():
        return False
    run_errand.apply_async(args=[str(account_id)], expires=9)
    return True


def accounts_waiting() -> list[UUID]:
    """Accounts that nobody has, and of whose broker something is wanted: by a person, or by a rule's policy.

    Orders that work while no bot is wanted are looked at every minute, so that their fills are known.
    """
    now = datetime.now(UTC)
    taken = BotLease.objects.filter(expires_at__gt=db_now()).values("account_id")
    free = BrokerageAccount.objects.filter(credential__isnull=False).exclude(pk__in=taken)
    asked = set(free.filter(pk__in=_due(now).values("account_id")).values_list("pk", flat=True))
    idle = free.filter(enabled=False, orders__status__in=_AT_THE_BROKER).exclude(pk__in=asked).distinct()
    lately = set(BotLease.objects.filter(acquired_at__gt=db_now() - LOOK_EVERY).values_list("account_id", flat=True))
    due = (account.pk for account in idle if account.pk not in lately or wants_a_cancel(account, now))
    return sorted([*asked, *due])


_AT_THE_BROKER = [State.WORKING.value, State.PARTIALLY_FILLED.value, State.PENDING_CANCEL.value]
_UNDER_WAY = [State.SUBMITTING.value, State.UNKNOWN.value, State.PENDING_CANCEL.value, State.PENDING_AMEND.value]


def _due(now: datetime):
    return Instruction.objects.filter(Q(not_before=None) | Q(not_before__lte=now), status=WishStatus.PENDING)


async def run(account_id: UUID) -> int:
    """Carry out what is asked of the account; how much was done. 0 when a bot has the account.

    Raises what keeps the broker from answering: the wish stays, and the schedule sends the errand again.
    """
    account = await BrokerageAccount.objects.aget(pk=account_id)
    if await sync_to_async(trade_credential)(account) is None:
        return int(await sync_to_async(give_up)(account, NO_KEY, _now()))
    done, until = 0, time.monotonic() + WAIT_FOR_DESK_SEC
    while True:
        async with desk.taken(account) as ours:
            if ours is not None:
                done += await _with(ours)
                until = 0.0
        if ours is not None or time.monotonic() > until:
            break
        await asyncio.sleep(PAUSE_SEC)
        if not await sync_to_async(_due(_now()).filter(account=account).exists)():
            break  # who has the account has done it
    if ours is not None and await sync_to_async(_asked_meanwhile)(account):
        return done + await run(account_id)
    return done


def _asked_meanwhile(account: BrokerageAccount) -> bool:
    """Asked while we were letting go: nobody else was told of it. What we had seen already waits for the schedule."""
    return _due(_now()).filter(account=account, claimed_by=None).exists()


async def _with(ours: Desk) -> int:
    beat = asyncio.create_task(_beat(ours))
    try:
        return await _do(ours)
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError, LostLease, DatabaseError):
            await beat


async def _beat(ours: Desk) -> None:
    """While it takes longer than the lease. A lease that is lost is found at the next fence."""
    while True:
        await asyncio.sleep(BEAT_SEC)
        await sync_to_async(leases.renew)(ours.lease)


async def _do(ours: Desk) -> int:
    account, broker, fence = ours.account, ours.broker, ours.lease.fence
    report = await order_desk.recover_orders(account=account, broker=broker, fence=fence, now=_now())
    prices, done, fills = order_desk.Prices(broker), 0, report.fills
    done += await order_desk.carry_out_instructions(
        account=account, broker=broker, fence=fence, now=_now(), prices=prices, only=order_desk.URGENT
    )
    if await sync_to_async(_due(_now()).filter(account=account).exists)():  # orders want the holdings compared first
        await order_desk.reconcile(account=account, broker=broker, now=_now())
    ends = time.monotonic() + LONGEST_SEC
    while True:
        done += await order_desk.carry_out_instructions(
            account=account, broker=broker, fence=fence, now=_now(), prices=prices
        )
        done += await order_desk.tend_unfilled(account=account, broker=broker, fence=fence, now=_now())
        fills += (await order_desk.track(account=account, broker=broker, now=_now())).fills
        if time.monotonic() > ends or not await sync_to_async(_goes_on)(account):
            break
        await asyncio.sleep(PAUSE_SEC)
    if fills:
        await order_desk.reconcile(account=account, broker=broker, now=_now())
    return done


def _goes_on(account: BrokerageAccount) -> bool:
    """Something is due soon, or what was sent just now has no known end yet."""
    now = _now()
    if _due(now + SOON).filter(account=account).exists():
        return True
    recent = Q(status__in=_UNDER_WAY, updated_at__gte=now - timedelta(seconds=LONGEST_SEC))
    new = Q(status__in=_AT_THE_BROKER, placed_at__gte=now - MAY_FILL_AT_ONCE)
    return Order.objects.filter(recent | new, account=account).exists()


def _now() -> datetime:
    return datetime.now(UTC)
