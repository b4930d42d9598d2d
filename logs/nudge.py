"""The tap on the shoulder of every reader of the journal: a message in Redis that says "look".

Only a hint. Readers also look by themselves every second, so a lost tap costs a second and never an event.
"""

import logging
import time
from functools import cache

import redis
from django.conf import settings

CHANNEL = "bamsae:journal"
LOOK = b"look"  # new rows
SCOPE = b"scope"  # somebody may see more, or less, than before
QUIET = 5.0  # seconds without trying after Redis failed: a trade does not wait for a tap

logger = logging.getLogger(__name__)
_quiet_until = 0.0


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


def nudge(message: bytes = LOOK) -> None:
    """Tap every reader. Never raises: with Redis away the readers find the rows by themselves."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        _client().publish(CHANNEL, message)
    except redis.RedisError as error:
        _quiet_until = time.monotonic() + QUIET
        logger.warning("Redis does not answer; the live stream is up to a second late: %s", error)
