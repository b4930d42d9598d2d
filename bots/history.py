"""Fills bars from the broker's history: through the key that may read market data, days through the account's own."""

from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from redis.asyncio import Redis

from bots.broker import open_broker
from bots.watch import Watch
from credentials.models import ApiCredential
from kis.errors import ReadFailed
from market.broker import Broker
from market.data import Bar
from market.errors import Text, TradingError
from market.words import Exchange, Timeframe

MINUTES_PAGE = 120  # one page of minute bars (kis-protocol 4.21)
DAYS_PAGE = 100  # one page of daily bars (kis-protocol 4.20)


class History:
    """`own`: the account's broker. Paper has daily bars but no minute bars, so these need a data key."""

    def __init__(self, data_key: ApiCredential | None, redis: Redis, own: Broker) -> None:
        self._key = data_key
        self._redis = redis
        self._own = own
        self._data: Broker | None = None

    async def fill(self, watches: list[Watch]) -> None:
        """Give every watch that lacks them the bars before now. Without a data key minute bars grow from ticks alone.

        One that fails does not keep the others waiting; the first failure is raised in the end.
        """
        failure: TradingError | None = None
        for watch in watches:
            if watch.bars.has_history:
                continue
            try:
                await self._fill(watch)
            except TradingError as e:
                failure = failure or e
        if failure is not None:
            raise failure

    async def _fill(self, watch: Watch) -> None:
        gaps = watch.bars.gaps
        rows = await (self._days(watch) if watch.bars.timeframe is Timeframe.D1 else self._minutes(watch))
        if rows is not None:
            watch.bars.fill(rows, datetime.now(UTC), gaps=gaps)

    async def _minutes(self, watch: Watch) -> tuple[Bar, ...] | None:
        broker = await self._data_broker()
        if broker is None:
            return None
        return await broker.minute_bars(
            watch.row.symbol,
            Exchange(watch.row.exchange),
            minutes=watch.bars.timeframe.seconds // 60,
            count=max(MINUTES_PAGE, watch.rule.look_back + 5),
        )

    async def _days(self, watch: Watch) -> tuple[Bar, ...]:
        """Adjusted for splits. A series with a hole is not used: a rule then goes on warming up."""
        broker = await self._data_broker() or self._own
        count = max(DAYS_PAGE, watch.rule.look_back + 5)
        found = await broker.daily_bars(watch.row.symbol, Exchange(watch.row.exchange), count=count)
        if not found.complete:
            raise ReadFailed(
                Text(
                    f"{watch.row.symbol} 일봉을 다 받지 못했습니다. 다시 시도합니다.",
                    f"Not all daily bars of {watch.row.symbol} could be read. They will be asked for again.",
                )
            )
        return found.rows

    async def _data_broker(self) -> Broker | None:
        if self._data is None and self._key is not None:
            self._data = await sync_to_async(open_broker)(self._key, self._redis, for_data=True)
        return self._data

    async def aclose(self) -> None:
        if self._data is not None:
            await self._data.aclose()
