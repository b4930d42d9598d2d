"""Fills bars from the broker's history: through the key that may read market data, days through the account's own."""

from collections.abc import Callable
from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from redis.asyncio import Redis

from bots.bars import Difference
from bots.broker import open_broker
from bots.series import Followed, SeriesBook, bars_to_ask, covered
from credentials.models import ApiCredential
from kis.errors import ReadFailed
from market.broker import Broker
from market.data import Bar
from market.errors import Text, TradingError
from market.words import Timeframe

MINUTES_PAGE = 120  # one page of minute bars (kis-protocol 4.21)
DAYS_PAGE = 100  # one page of daily bars (kis-protocol 4.20)


class History:
    """`own`: the account's broker. Paper has daily bars but no minute bars, so these need a data key.

    `on_difference` is told where a bar that our ticks made is another than the broker's, of what came in as history.
    """

    def __init__(
        self,
        data_key: ApiCredential | None,
        redis: Redis,
        own: Broker,
        on_difference: Callable[[Followed, list[Difference]], None] = lambda *_: None,
    ) -> None:
        self._tell = on_difference
        self._key = data_key
        self._redis = redis
        self._own = own
        self._data: Broker | None = None

    async def fill(self, book: SeriesBook) -> None:
        """Give every series that lacks them the bars before now. Without a data key minute bars grow from ticks alone.

        One that fails does not keep the others waiting; the first failure is raised in the end.
        """
        failure: TradingError | None = None
        for followed in book:
            if followed.bars.has_history:
                continue
            try:
                await self._fill(followed)
            except TradingError as e:
                failure = failure or e
        if failure is not None:
            raise failure

    async def check(self, book: SeriesBook) -> None:
        """Compare the bars that our ticks made since the last time with the broker's, which count."""
        for followed in book:
            now = datetime.now(UTC)
            due = followed.bars.unchecked(now)
            if not due:
                continue
            length = followed.key.timeframe.seconds
            count = min(int((now - due[0]).total_seconds()) // length + 2, followed.bars.keep)
            found = await self._read(followed, count)
            different = followed.bars.correct(found[0], datetime.now(UTC)) if found else []
            if different:
                self._tell(followed, different)

    async def _fill(self, followed: Followed) -> None:
        """Further and further back, until what the rules look at is covered or the broker has nothing older."""
        timeframe = followed.key.timeframe
        page = DAYS_PAGE if timeframe is Timeframe.D1 else MINUTES_PAGE
        count = bars_to_ask(followed.need, timeframe, page)
        while True:
            gaps = followed.bars.gaps
            found = await self._read(followed, count)
            if found is None:
                followed.bars.begin_anew()
                return
            rows, begins = found
            different = followed.bars.fill(rows, datetime.now(UTC), gaps=gaps, begins=begins)
            if different:
                self._tell(followed, different)
            if begins or count >= followed.bars.keep or covered(followed.bars.view(), followed.need):
                return
            count = min(2 * count, followed.bars.keep)

    async def _read(self, followed: Followed, count: int) -> tuple[tuple[Bar, ...], bool] | None:
        """The newest `count` bars, and whether the broker has nothing older; None when nobody can be asked."""
        if followed.key.timeframe is Timeframe.D1:
            return await self._days(followed, count)
        broker = await self._data_broker()
        if broker is None:
            return None
        minutes = followed.key.timeframe.seconds // 60
        rows = await broker.minute_bars(followed.key.symbol, followed.exchange, minutes=minutes, count=count)
        return rows, len(rows) < count

    async def _days(self, followed: Followed, count: int) -> tuple[tuple[Bar, ...], bool]:
        """Adjusted for splits. A series with a hole is not used: a rule then goes on warming up."""
        broker = await self._data_broker() or self._own
        symbol = followed.key.symbol
        found = await broker.daily_bars(symbol, followed.exchange, count=count)
        if not found.complete:
            raise ReadFailed(
                Text(
                    f"{symbol} 일봉을 다 받지 못했습니다. 다시 시도합니다.",
                    f"Not all daily bars of {symbol} could be read. They will be asked for again.",
                )
            )
        return found.rows, found.exhausted

    async def _data_broker(self) -> Broker | None:
        if self._data is None and self._key is not None:
            self._data = await sync_to_async(open_broker)(self._key, self._redis, for_data=True)
        return self._data

    async def aclose(self) -> None:
        if self._data is not None:
            await self._data.aclose()
