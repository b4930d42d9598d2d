"""A database that goes away and comes back: what that looks like, and how a long-lived process connects anew."""

import asyncio
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections

from market.errors import Text

AWAY = (OperationalError, InterfaceError)
AGAIN_SEC = 1.0

TROUBLE = Text(
    "데이터베이스가 응답하지 않습니다. 돌아올 때까지 주문을 보내지 않습니다.",
    "The database does not answer. No orders are sent until it does.",
)


async def mend() -> None:
    """Drop a connection that is of no use any more; the next query opens another."""
    await sync_to_async(close_old_connections)()


async def patiently[T](ask: Callable[[], T], give_up: Callable[[], bool]) -> T | None:
    """The answer of a blocking function, as soon as the database gives one; None when there is no point any more."""
    while not give_up():
        try:
            return await sync_to_async(ask)()
        except AWAY:
            await mend()
            await asyncio.sleep(AGAIN_SEC)
    return None
