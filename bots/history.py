"""Fills bars from the broker's history, through the key that may read market data."""

from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from redis.asyncio import Redis

from bots.broker import open_broker
from bots.watch import Watch
from credentials.models import ApiCredential
from market.broker import Broker
from market.words import Exchange, Timeframe

PAGE = 120  # one page of minute bars (kis-protocol 4.21)


class History:
    def __init__(self, data_key: ApiCredential | None, redis: Redis) -> None:
        self._key = data_key
        self._redis = redis
        self._broker: Broker | None = None

    async def fill(self, watches: list[Watch]) -> None:
        """Give every watch the bars before now. Without a data key bars grow from ticks alone."""
        if self._key is None:
            return
        if self._broker is None:
            self._broker = await sync_to_async(open_broker)(self._key, self._redis)
        for watch in watches:
            timeframe = watch.bars.timeframe
            if timeframe is Timeframe.D1:
                continue
            count = max(PAGE, watch.rule.look_back + 5)
            rows = await self._broker.minute_bars(
                watch.row.symbol, Exchange(watch.row.exchange), minutes=timeframe.seconds // 60, count=count
            )
            watch.bars.fill(rows, datetime.now(UTC))

    async def aclose(self) -> None:
        if self._broker is not None:
            await self._broker.aclose()
