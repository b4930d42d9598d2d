"""The broker's list and holdings, read for a hook: by the account's bot, or by us with its lease when none runs."""

from datetime import datetime

from asgiref.sync import sync_to_async

import orders.services as order_desk
from accounts.models import BrokerageAccount
from bots import desk
from bots.hooks.running import NotYet
from bots.selectors import bot_states, db_now
from market.errors import Text
from positions.selectors import book_of

WAITS_FOR_BOT = Text(
    "계좌의 봇이 증권사 내역을 읽기를 기다립니다.", "It waits for the account's bot to read the broker's list."
)


async def looked_since(account: BrokerageAccount, since: datetime) -> None:
    """Come back when orders and holdings were read at the broker after `since`.

    Raises NotYet while a bot has the account and has not done so, and whatever keeps the broker from answering.
    """
    if await sync_to_async(_has_looked)(account, since):
        return
    if await sync_to_async(_is_running)(account):
        raise NotYet(WAITS_FOR_BOT)
    async with desk.taken(account) as ours:
        if ours is None:
            raise NotYet(WAITS_FOR_BOT)
        now = await sync_to_async(db_now)()
        await order_desk.recover(account=account, broker=ours.broker, fence=ours.lease.fence, now=now)


def _has_looked(account: BrokerageAccount, since: datetime) -> bool:
    at = book_of(account.pk).reconciled_at
    return at is not None and at >= since


def _is_running(account: BrokerageAccount) -> bool:
    state = bot_states([account]).get(account.pk)
    return bool(state and state["running"])
