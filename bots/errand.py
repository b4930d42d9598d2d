"""What a person asks of the broker while no bot runs: take the lease, do it, look, let go (safety.md 5.3)."""

from datetime import UTC, datetime
from uuid import UUID

import orders.services as order_desk
from accounts.models import BrokerageAccount
from bots import desk
from orders.models import Instruction, WishStatus


def accounts_waiting() -> list[UUID]:
    """Accounts without a wanted bot of which somebody asked something."""
    asked = Instruction.objects.filter(status=WishStatus.PENDING, account__enabled=False)
    return list(asked.filter(account__credential__isnull=False).values_list("account_id", flat=True).distinct())


async def run(account_id: UUID) -> int:
    """Carry out what is asked of the account; how much was done. 0 when another process has the account.

    Raises what keeps the broker from answering: the wish stays, and the schedule sends the errand again.
    """
    account = await BrokerageAccount.objects.aget(pk=account_id)
    async with desk.taken(account) as ours:
        if ours is None:
            return 0
        fence = ours.lease.fence
        await order_desk.recover(account=account, broker=ours.broker, fence=fence, now=_now())
        done = await order_desk.carry_out_instructions(account=account, broker=ours.broker, fence=fence, now=_now())
        await order_desk.track(account=account, broker=ours.broker, now=_now())
        return done


def _now() -> datetime:
    return datetime.now(UTC)
