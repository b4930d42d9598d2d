"""/ws/stream: the same events from the same hub, over Channels."""

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from channels.generic.websocket import AsyncWebsocketConsumer
from rest_framework import serializers

from logs.access import HEADERS, scope_for
from logs.api import LogQuery
from logs.events import DENIED, Beat, Ended
from logs.stream import Follower, the_hub

TOKEN_WITHIN = 10.0  # seconds for the first message, when no header named a token
MALFORMED, UNAUTHENTICATED, ENDED = 4400, 4401, 4408  # close codes, in the range left to applications


class StreamConsumer(AsyncWebsocketConsumer):
    """A token comes in a header or as the first message: {"token": "…", "after": 17}. Cookies are never read.

    A token in a message is a session's, or a personal one with "Bearer " before it.
    """

    following: asyncio.Task | None = None
    waiting: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        await self.accept()
        query = LogQuery(data=dict(parse_qsl(self.scope["query_string"].decode("latin-1"))))
        if not query.is_valid():
            await self.close(MALFORMED, reason=f"not valid: {', '.join(query.errors)}")
            return
        self.query = query
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}
        headers = {name: sent[name.lower()] for name in HEADERS if name.lower() in sent}
        if headers:
            self._follow(headers, query.validated_data.get("after"))
        else:
            loop = asyncio.get_running_loop()
            self.waiting = loop.call_later(TOKEN_WITHIN, lambda: asyncio.ensure_future(self._refuse()))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.following is not None:
            return  # nothing more is expected
        first = _first_message(text_data)
        if first is None:
            await self._refuse()
        else:
            self._follow(*first)

    async def disconnect(self, code: int) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
        if self.following is not None:
            self.following.cancel()
            await asyncio.gather(self.following, return_exceptions=True)

    def _follow(self, headers: Mapping[str, str], after: int | None) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
        follower = Follower(the_hub(), self.query.which(), partial(scope_for, headers), after=after)
        self.following = asyncio.create_task(self._forward(follower))

    async def _forward(self, follower: Follower) -> None:
        async for item in follower.events():
            if isinstance(item, Beat):
                continue  # the server's own pings say that the line is alive
            await self.send(item.message)
            if isinstance(item, Ended):
                await self.close(UNAUTHENTICATED if item is DENIED else ENDED, reason=item.code)

    async def _refuse(self) -> None:
        if self.following is None:
            await self.send(DENIED.message)
            await self.close(UNAUTHENTICATED, reason=DENIED.code)


def _first_message(text: str | None) -> tuple[dict[str, str], int | None] | None:
    """The headers that the message stands for, and where to go on; None for anything else."""
    try:
        said: Any = json.loads(text or "")
        token = said["token"]
        after = serializers.IntegerField(min_value=0, allow_null=True).run_validation(said.get("after"))
    except (ValueError, TypeError, KeyError, AttributeError, serializers.ValidationError):
        return None
    if not isinstance(token, str) or not token.isascii():
        return None
    return {"Authorization" if token.startswith("Bearer ") else "X-Session-Token": token}, after
