"""The bars of one bot: history before its first tick and after every gap, and later a check of what its ticks made."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings

from bots import corrections
from bots.bars import Difference
from bots.history import History
from bots.series import Followed, SeriesBook
from market.errors import Text, TradingError, Unreachable

if TYPE_CHECKING:
    from bots.loop import AccountBot

LONGEST_PAUSE_SEC = 30.0
OTHERS_READ = Text(
    "Redis가 응답하지 않아, 시세 키를 함께 쓰는 다른 봇이 대신 시세를 묻습니다.",
    "Redis does not answer, so another bot that shares the key for prices asks instead of this one.",
)


class BarKeeper:
    """`may_read`: not while Redis is away and another of those who share the key is to ask (safety.md 4.3)."""

    def __init__(self, bot: "AccountBot", may_read: Callable[[], bool]) -> None:
        self._bot = bot
        self._may_read = may_read
        self._found: list[tuple[Followed, list[Difference]]] = []
        self._history = History(bot.data_key, bot.redis, bot.broker, self._differ)

    def _differ(self, followed: Followed, found: list[Difference]) -> None:
        if settings.BOT_BARS_CHECK_SEC:
            self._found.append((followed, found))

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep())
                if settings.BOT_BARS_CHECK_SEC:
                    group.create_task(self._bot.every(settings.BOT_BARS_CHECK_SEC, self._check))
        finally:
            await self._history.aclose()

    async def _keep(self) -> None:
        """Longer pauses while it does not work."""
        pause, wanted = 1.0, self._bot.need_history
        while True:
            await wanted.wait()
            wanted.clear()
            if await self._bot.survive(self._read, self._history.fill):
                pause = 1.0
                continue
            pause = min(pause * 2, LONGEST_PAUSE_SEC)
            await asyncio.sleep(pause)
            wanted.set()

    async def _check(self) -> None:
        try:
            await self._read(self._history.check)
        finally:
            while self._found:
                await sync_to_async(corrections.keep)(self._bot.account, *self._found[-1], datetime.now(UTC))
                self._found.pop()

    async def _read(self, read: Callable[[SeriesBook], Awaitable[None]]) -> None:
        pulse = self._bot.pulse
        try:
            if not self._may_read():
                raise Unreachable(OTHERS_READ)
            await read(self._bot.series)
        except TradingError as e:
            pulse.data_trouble = e.message
            raise
        pulse.data_trouble = None
