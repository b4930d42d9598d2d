"""A process that would own the socket of the only data key, and says what it hears. For the tests of the take-over."""

import asyncio
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from redis.asyncio import Redis  # noqa: E402

from bots import lease  # noqa: E402
from bots.feed import Feed  # noqa: E402
from bots.sockets import SocketOwner  # noqa: E402
from credentials.models import ApiCredential  # noqa: E402
from market.data import SessionView  # noqa: E402
from market.words import Exchange, Session  # noqa: E402


async def main(symbol: str) -> None:
    key = await ApiCredential.objects.select_related("account").aget(environment="real")
    redis = Redis.from_url(settings.REDIS_URL)
    feed = Feed(
        redis,
        key,
        lambda quote: print("quote", quote.source, quote.volume, flush=True),
        lambda: print("gap", flush=True),
        wanted={symbol: Exchange.NASDAQ},
        session=SessionView(Session.REGULAR),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(feed.run())
        group.create_task(SocketOwner(redis, key, lease.me()).run())


asyncio.run(main(sys.argv[1]))
