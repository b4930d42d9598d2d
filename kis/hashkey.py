"""The hash that goes with the body of an order (sheet 2.4)."""

import os
import time
from collections.abc import Mapping

from kis import errors
from kis.client import KisClient
from kis.config import KisConfig
from kis.transport import ATTEMPTS, Line, backoff, post_blocking, unreadable
from kis.wire import answers, calls
from market.errors import TradingError
from market.words import Lane


def sign_order(payload: dict[str, str], *, client: KisClient | None = None) -> str:
    """The hash of an order's body. Blocking: inside an event loop use `sign_order_async`.

    Asked again when KIS throttles. Raises Throttled, Unreachable, ReadFailed, CredentialProblem.
    """
    config = client.config if client else KisConfig.from_env(os.environ)
    failure: TradingError = unreadable("HASH")
    for attempt in range(ATTEMPTS):
        answer = post_blocking(config, calls.hashkey(payload))
        found = answers.body_hash(answer)
        if found:
            return found
        failure = errors.read_error(answer, config.environment) or unreadable("HASH")
        if not errors.is_throttled(answer):
            break
        time.sleep(backoff(attempt, config.environment))
    raise failure


async def sign_order_async(
    payload: Mapping[str, str], *, client: KisClient, lane: Lane = Lane.ENTRY, line: Line | None = None
) -> str:
    """The hash of an order's body, asked on `line` when given. It costs one slot of the rate. Raises as above."""
    answer = await client.transport.read(
        calls.hashkey(payload),
        budget=client.budget,
        lane=lane,
        tokens=None,
        http=line.http if line else None,
    )
    found = answers.body_hash(answer)
    if not found:
        raise unreadable("HASH")
    return found
